//! A transport that shows what passes through it, for the demo.
use crate::output;
use async_trait::async_trait;
use d360::transport::{AsyncTransport, BlockingTransport, HttpRequest, HttpResponse, TransportError};
use serde_json::Value;

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
            let line = format!("  {mark} {line}");
            let line = line.trim_end();
            if self.to_stderr { eprintln!("{line}") } else { println!("{line}") }
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
    let value = serde_json::from_slice::<Value>(body).and_then(|value| serde_json::to_string_pretty(&value));
    value.unwrap_or_else(|_| String::from_utf8_lossy(body).into_owned())
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
