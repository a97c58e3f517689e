//! A transport that prints requests and responses, for `--verbose` and the demo.
use crate::{failure::causes, ordered::Ordered, output};
use async_trait::async_trait;
use d360::{
    model::mask,
    transport::{AsyncTransport, BlockingTransport, HttpRequest, HttpResponse, Payload, TransportError},
};
use std::{
    io::Write as _,
    time::{Duration, Instant},
};

/// The maximum number of bytes of a body that `--verbose` prints.
const MOST: usize = 16 * 1024;
const HIDDEN: &str = "••••";

/// What to print, and where.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Manner {
    /// Nothing.
    Silent,
    /// Unmasked bodies. The demo's phone numbers are made up.
    Whole { to_stderr: bool },
    /// Times, headers and bodies on standard error, with secrets and phone numbers masked.
    Masked,
}

#[derive(Debug)]
pub(crate) struct Shown<T> {
    inner: T,
    manner: Manner,
}

impl<T> Shown<T> {
    pub(crate) fn new(inner: T, manner: Manner) -> Self {
        Self { inner, manner }
    }

    fn print(&self, mark: char, text: &str) {
        let text = match self.manner {
            Manner::Whole { .. } | Manner::Silent => text.to_owned(),
            Manner::Masked => mask(text),
        };
        for line in text.lines() {
            let line = crate::visible::json_visible(&format!("  {mark} {line}"));
            let line = line.trim_end();
            // A closed pipe does not change the result of the call.
            let _ = if matches!(self.manner, Manner::Whole { to_stderr: false }) {
                writeln!(std::io::stdout(), "{line}")
            } else {
                writeln!(std::io::stderr(), "{line}")
            };
        }
    }

    fn request(&self, request: &HttpRequest) {
        self.print('>', &format!("{} {}", request.method, request.uri));
        output::headers(request).for_each(|(name, value)| self.print('>', &format!("{name}: {value}")));
        match &request.payload {
            Payload::Parts(_) => self.print('>', &format!("({} bytes of parts)", request.payload.length())),
            payload => self.body('>', payload.bytes().unwrap_or_default()),
        }
    }

    fn answer(&self, answer: &Result<HttpResponse, TransportError>, took: Duration) {
        let masked = matches!(self.manner, Manner::Masked);
        match answer {
            Ok(response) if masked => {
                self.print('<', &format!("HTTP {} in {:.3} s", response.status(), took.as_secs_f64()));
                for (name, value) in response.headers() {
                    let hidden = value.is_sensitive() || is_secret(name.as_str());
                    let value = if hidden { HIDDEN } else { value.to_str().unwrap_or(HIDDEN) };
                    self.print('<', &format!("{name}: {value}"));
                }
                self.body('<', response.body());
            }
            Ok(response) => {
                self.print('<', &format!("HTTP {}", response.status()));
                self.body('<', response.body());
            }
            Err(error) => {
                let text = match causes(error).first() {
                    Some(cause) if masked => format!("{error}: {cause} (after {:.3} s)", took.as_secs_f64()),
                    _ => error.to_string(),
                };
                self.print('<', &text);
            }
        }
    }

    fn body(&self, mark: char, body: &[u8]) {
        if body.is_empty() {
            return;
        }
        let json = serde_json::from_slice::<Ordered>(body);
        let text = match (self.manner, json) {
            (Manner::Whole { .. } | Manner::Silent, Ok(value)) => pretty(&value),
            (Manner::Masked, Ok(value)) => pretty(&value.without(is_secret, HIDDEN)),
            (_, Err(_)) => String::from_utf8(body.to_vec()).ok(),
        };
        let text = text.unwrap_or_else(|| format!("({} bytes)", body.len()));
        if matches!(self.manner, Manner::Masked) && text.len() > MOST {
            // Mask before truncating: part of a number may be too short to be recognized.
            let text = mask(&text);
            let end = (0..=MOST).rev().find(|at| text.is_char_boundary(*at)).unwrap_or_default();
            self.print(mark, &text[..end]);
            self.print(mark, &format!("… ({} bytes)", body.len()));
        } else {
            self.print(mark, &text);
        }
    }
}

fn pretty(value: &Ordered) -> Option<String> {
    serde_json::to_string_pretty(value).ok()
}

/// Whether a property or header of this name holds a secret. `headers` belongs to the webhook configuration.
fn is_secret(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "headers"
        || name == "pin"
        || ["token", "password", "secret", "api_key", "api-key", "apikey", "authorization", "cookie"]
            .iter()
            .any(|part| name.contains(part))
}

#[async_trait]
impl<T: AsyncTransport> AsyncTransport for Shown<T> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if matches!(self.manner, Manner::Silent) {
            return self.inner.send(request).await;
        }
        self.request(&request);
        let started = Instant::now();
        let answer = self.inner.send(request).await;
        self.answer(&answer, started.elapsed());
        answer
    }
}

impl<T: BlockingTransport> BlockingTransport for Shown<T> {
    fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        if matches!(self.manner, Manner::Silent) {
            return self.inner.send(request);
        }
        self.request(&request);
        let started = Instant::now();
        let answer = self.inner.send(request);
        self.answer(&answer, started.elapsed());
        answer
    }
}
