//! A transport that shows what passes through it, for the demo.
use crate::output;
use async_trait::async_trait;
use d360::transport::{AsyncTransport, BlockingTransport, HttpRequest, HttpResponse, TransportError};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{MapAccess, SeqAccess, Visitor},
};
use serde_json::Value;
use std::io::Write as _;

#[derive(Debug)]
pub(crate) struct Shown<T> {
    inner: T,
    to_stderr: bool,
}

impl<T> Shown<T> {
    pub(crate) fn new(inner: T, to_stderr: bool) -> Self {
        Self { inner, to_stderr }
    }
    fn print(&self, mark: char, text: &str) {
        for line in text.lines() {
            let line = output::json_visible(&format!("  {mark} {line}"));
            let line = line.trim_end();
            // A reader who has gone away is no failure.
            let _ = if self.to_stderr {
                writeln!(std::io::stderr(), "{line}")
            } else {
                writeln!(std::io::stdout(), "{line}")
            };
        }
    }
    fn request(&self, request: &HttpRequest) {
        self.print('>', &format!("{} {}", request.method, request.uri));
        output::headers(request).for_each(|(name, value)| self.print('>', &format!("{name}: {value}")));
        if let Some(body) = request.payload.bytes().filter(|body| !body.is_empty()) {
            self.print('>', &pretty(body));
        }
    }
    fn answer(&self, answer: &Result<HttpResponse, TransportError>) {
        match answer {
            Ok(response) => {
                self.print('<', &format!("HTTP {}\n{}", response.status(), pretty(response.body())))
            }
            Err(error) => self.print('<', &error.to_string()),
        }
    }
}

fn pretty(body: &[u8]) -> String {
    let text = serde_json::from_slice::<Ordered>(body).and_then(|value| serde_json::to_string_pretty(&value));
    text.unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned())
}

/// JSON whose properties stay in the order in which they were written, for people to compare.
enum Ordered {
    Object(Vec<(String, Ordered)>),
    List(Vec<Ordered>),
    Plain(Value),
}

impl<'de> Deserialize<'de> for Ordered {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(OrderedVisitor)
    }
}

struct OrderedVisitor;

impl<'de> Visitor<'de> for OrderedVisitor {
    type Value = Ordered;
    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("JSON")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Ordered, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(Ordered::Object(entries))
    }
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Ordered, A::Error> {
        let mut items = Vec::new();
        while let Some(item) = list.next_element()? {
            items.push(item);
        }
        Ok(Ordered::List(items))
    }
    fn visit_str<E>(self, text: &str) -> Result<Ordered, E> {
        Ok(Ordered::Plain(text.into()))
    }
    fn visit_bool<E>(self, value: bool) -> Result<Ordered, E> {
        Ok(Ordered::Plain(value.into()))
    }
    fn visit_u64<E>(self, number: u64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(number.into()))
    }
    fn visit_i64<E>(self, number: i64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(number.into()))
    }
    fn visit_f64<E>(self, number: f64) -> Result<Ordered, E> {
        Ok(Ordered::Plain(number.into()))
    }
    fn visit_unit<E>(self) -> Result<Ordered, E> {
        Ok(Ordered::Plain(Value::Null))
    }
}

impl Serialize for Ordered {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Object(entries) => serializer.collect_map(entries.iter().map(|(key, value)| (key, value))),
            Self::List(items) => serializer.collect_seq(items),
            Self::Plain(value) => value.serialize(serializer),
        }
    }
}

#[async_trait]
impl<T: AsyncTransport> AsyncTransport for Shown<T> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.request(&request);
        let answer = self.inner.send(request).await;
        self.answer(&answer);
        answer
    }
}

impl<T: BlockingTransport> BlockingTransport for Shown<T> {
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        self.request(&request);
        let answer = self.inner.send(request);
        self.answer(&answer);
        answer
    }
}
