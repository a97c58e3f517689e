//! Posts a webhook to an old program and interprets the answer. Only the head of the answer counts. A broken or endless
//! body does not mean that the webhook failed.
use super::targets::Target;
use d360::transport::{
    AsyncTransport as _, BodySink, HttpRequest, Payload, ReqwestTransport, TransportError, TransportErrorKind,
};
use http::{HeaderName, HeaderValue, Method, StatusCode, Uri, header};
use serde_json::Value;
use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};
use tokio::sync::Notify;

/// The time for an old program to answer.
const POST_TIME: Duration = Duration::from_secs(10);
/// How long the body of an answer is read, so that the program can finish writing.
const BODY_TIME: Duration = Duration::from_millis(500);
/// The maximum number of bytes read of an answer's body.
const BODY: usize = 64 << 10;

/// The result of a post.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Posted {
    Taken,
    /// The program rejects this webhook. A retry does not help.
    Refused(u16),
    /// The program fails to process it, or does not answer in time.
    Failed(String),
    /// The program cannot be reached. The webhook is not the cause.
    Unreachable(String),
}

impl Posted {
    fn answered(status: StatusCode) -> Self {
        match status.as_u16() {
            200..300 => Self::Taken,
            // Timeout, too early, too many requests: a retry may succeed.
            status @ (408 | 425 | 429) => Self::Failed(format!("answered {status}")),
            status @ 400..500 => Self::Refused(status),
            status => Self::Failed(format!("answered {status}")),
        }
    }

    fn failed(error: &TransportError) -> Self {
        let mut why = error.to_string();
        if let Some(source) = std::error::Error::source(error) {
            why = format!("{why}: {source}");
        }
        let why = d360::model::mask(&why);
        if error.kind() == TransportErrorKind::NotSent { Self::Unreachable(why) } else { Self::Failed(why) }
    }
}

/// Stores the head of an answer and discards its body.
#[derive(Debug, Default)]
struct Head {
    status: Mutex<Option<StatusCode>>,
    length: Mutex<usize>,
    came: Notify,
}

impl Head {
    fn status(&self) -> Option<StatusCode> {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl BodySink for Head {
    fn head(&self, status: StatusCode) {
        *self.status.lock().unwrap_or_else(PoisonError::into_inner) = Some(status);
        self.came.notify_one();
    }
    fn begin(&self) -> io::Result<()> {
        Ok(())
    }
    fn write(&self, piece: &[u8]) -> io::Result<()> {
        let mut length = self.length.lock().unwrap_or_else(PoisonError::into_inner);
        *length += piece.len();
        if *length > BODY { Err(io::Error::other("the body of the answer is too long")) } else { Ok(()) }
    }
}

pub(crate) async fn post(transport: &ReqwestTransport, target: &Target, body: &Arc<str>) -> Posted {
    let Ok(uri) = target.url.parse::<Uri>() else {
        return Posted::Unreachable("its URL is malformed".to_owned());
    };
    let mut request = HttpRequest::new(Method::POST, uri);
    for (name, value) in &target.headers {
        if let (Ok(name), Ok(mut value)) = (HeaderName::try_from(name), HeaderValue::try_from(value)) {
            value.set_sensitive(true);
            request.headers.insert(name, value);
        }
    }
    request.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static("application/json"));
    // Some old programs write more than Content-Length, or a body after a 204. On a reused connection the extra bytes
    // would corrupt the next answer, and an accepted webhook would be posted again.
    request.headers.insert(header::CONNECTION, HeaderValue::from_static("close"));
    request.payload = Payload::Bytes(bytes::Bytes::copy_from_slice(body.as_bytes()));
    request.time_limit = POST_TIME;
    request.response_limit = BODY as u64;
    let head = Arc::<Head>::default();
    request.sink = Some(head.clone());
    let mut sending = transport.send(request);
    let ended = tokio::select! {
        ended = &mut sending => Some(ended),
        () = head.came.notified() => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        // The webhook has been answered already.
        None => match tokio::time::timeout(BODY_TIME, sending).await {
            Ok(ended) => ended,
            Err(_) => {
                Err(TransportError::new(TransportErrorKind::Timeout, "the body of the answer did not end"))
            }
        },
    };
    match (head.status(), ended) {
        (Some(status), _) => Posted::answered(status),
        (None, Ok(answer)) => Posted::answered(answer.status()),
        (None, Err(error)) => Posted::failed(&error),
    }
}

/// The id and type of a webhook's message, or the message id of a status.
pub(crate) struct Named {
    pub(crate) id: String,
    pub(crate) kind: String,
}

impl Named {
    /// Returns the masked id and type, for logs.
    pub(crate) fn of(body: &str) -> Self {
        let value: Value = serde_json::from_str(body).unwrap_or_default();
        let text = |path: &str| value.pointer(path).and_then(Value::as_str);
        let (id, kind) = match text("/statuses/0/id") {
            Some(id) => (id, format!("status {}", text("/statuses/0/status").unwrap_or_default())),
            None => (
                text("/messages/0/id").unwrap_or_default(),
                text("/messages/0/type").unwrap_or_default().to_owned(),
            ),
        };
        Self { id: d360::model::mask(id), kind: d360::model::mask(&kind) }
    }
}
