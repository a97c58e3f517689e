//! The control API of a running sandbox.
use crate::failure::Failure;
use d360::transport::{BlockingTransport as _, Connection, HttpRequest, Payload, UreqTransport};
use http::{HeaderValue, Method, header};
use serde_json::Value;
use std::time::Duration;

type Step<T> = Result<T, Box<Failure>>;

/// The default URL of `d360 sandbox`.
const DEFAULT: &str = "http://127.0.0.1:4360";

/// A running sandbox. Its control API gets no key.
pub(super) struct Control {
    url: String,
    transport: UreqTransport,
}

impl Control {
    /// Connects to the sandbox at a URL.
    pub(super) fn find(url: Option<&str>) -> Step<Self> {
        let url = url.unwrap_or(DEFAULT).trim().trim_end_matches('/').to_owned();
        let is_http = |scheme: &str| url.get(..scheme.len()).is_some_and(|s| s.eq_ignore_ascii_case(scheme));
        if !is_http("http://") && !is_http("https://") {
            return Err(Failure::usage(format!(
                "the URL of the sandbox, {}, does not begin with http://; give one such as {DEFAULT} with --url",
                d360::model::mask(&url)
            )));
        }
        let transport =
            UreqTransport::new(&Connection::new()).map_err(|error| Box::new(Failure::Setup(error)))?;
        let control = Self { url, transport };
        // Another server must not receive requests meant for a sandbox.
        match control.call(&Method::GET, "", None)? {
            (200, about) if about["control"].is_object() => Ok(control),
            (status, _) => Err(Failure::local(format!(
                "the server at {} is not a sandbox (it answered {status} to GET /_sandbox); \
                 give the URL of one with --url, or start one with `d360 sandbox`",
                control.shown()
            ))),
        }
    }

    fn shown(&self) -> String {
        d360::model::mask(&self.url)
    }

    fn call(&self, method: &Method, route: &str, body: Option<&Value>) -> Step<(u16, Value)> {
        let path = if route.is_empty() { String::new() } else { format!("/{route}") };
        let uri = format!("{}/_sandbox{path}", self.url).parse().map_err(|_| {
            Failure::usage(format!(
                "the URL of the sandbox, {}, is malformed; give one such as {DEFAULT}",
                self.shown()
            ))
        })?;
        let mut request = HttpRequest::new(method.clone(), uri);
        if let Some(body) = body {
            request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
            request.payload = Payload::Bytes(body.to_string().into_bytes().into());
        }
        request.time_limit = Duration::from_secs(10);
        request.response_limit = 64 << 20;
        let answer = self.transport.send(request).map_err(|error| {
            Failure::local(format!(
                "no sandbox answers at {}: {}; start one with `d360 sandbox`, or give its URL with --url",
                self.shown(),
                d360::model::mask(&error.to_string())
            ))
        })?;
        Ok((answer.status().as_u16(), serde_json::from_slice(answer.body()).unwrap_or_default()))
    }

    fn done(&self, method: &Method, route: &str, body: Option<&Value>) -> Step<Value> {
        match self.call(method, route, body)? {
            (200, answer) => Ok(answer),
            (404, _) => Err(Failure::local(format!(
                "the sandbox at {} does not know {method} /_sandbox/{route}; it is older than this program",
                self.shown()
            ))),
            (status, answer) => {
                let why = answer["error"].as_str().map_or_else(|| format!("HTTP {status}"), str::to_owned);
                Err(Failure::invalid(
                    "",
                    format!("the sandbox refused the request: {}", d360::model::mask(&why)),
                ))
            }
        }
    }

    pub(super) fn get(&self, route: &str) -> Step<Value> {
        self.done(&Method::GET, route, None)
    }
    pub(super) fn post(&self, route: &str, body: &Value) -> Step<Value> {
        self.done(&Method::POST, route, Some(body))
    }
    pub(super) fn delete(&self, route: &str) -> Step<Value> {
        self.done(&Method::DELETE, route, None)
    }
    /// The URL, for hints.
    pub(super) fn url(&self) -> &str {
        &self.url
    }
}
