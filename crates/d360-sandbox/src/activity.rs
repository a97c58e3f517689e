//! Activity of a sandbox, for logs.
use serde_json::Value;
use std::{fmt, sync::Arc};

/// An event of a sandbox. Phone numbers and paths are not masked: mask them before logging.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub enum Activity<'a> {
    /// A request was answered.
    #[non_exhaustive]
    Request {
        /// The method.
        method: &'a str,
        /// The path with its query.
        path: &'a str,
        /// The HTTP status of the answer.
        status: u16,
        /// The error code of the answer.
        code: Option<i64>,
        /// The `type` of the message in the request.
        kind: Option<&'a str>,
        /// The recipient of the message in the request.
        recipient: Option<&'a str>,
    },
    /// An accepted message got a status. Reported even if no webhook is set.
    #[non_exhaustive]
    Status {
        /// The message's ID.
        id: &'a str,
        /// The status, for example `delivered`.
        status: &'a str,
        /// The error code of `failed`.
        code: Option<i64>,
        /// The title of the error.
        title: Option<&'a str>,
    },
    /// A webhook was posted.
    #[non_exhaustive]
    Webhook {
        /// The target.
        url: &'a str,
        /// A summary of its events, for example `message text`, `status read` or `12 events`.
        events: &'a str,
        /// The number of the attempt, starting at 1.
        attempt: usize,
        /// The HTTP status of the receiver's answer.
        status: Option<u16>,
        /// Why there was no answer.
        error: Option<&'a str>,
    },
}

type Watch = dyn Fn(&Activity<'_>) + Send + Sync;

/// The callback for activity, if any.
#[derive(Clone, Default)]
pub(crate) struct Watcher(Option<Arc<Watch>>);

impl Watcher {
    pub(crate) fn new(watch: impl Fn(&Activity<'_>) + Send + Sync + 'static) -> Self {
        Self(Some(Arc::new(watch)))
    }

    pub(crate) fn request(&self, method: &str, path: &str, sent: &[u8], status: u16, answer: &[u8]) {
        let Some(watch) = &self.0 else { return };
        let sent: Value = serde_json::from_slice(sent).unwrap_or_default();
        let answer: Value =
            if status < 400 { Value::Null } else { serde_json::from_slice(answer).unwrap_or_default() };
        let code = answer.pointer("/error/code").or_else(|| answer.pointer("/errors/0/code"));
        let text = |name: &str| sent.get(name).and_then(Value::as_str);
        let recipient = text("to").or_else(|| text("recipient"));
        let kind = text("type").filter(|_| recipient.is_some());
        watch(&Activity::Request {
            method,
            path,
            status,
            code: code.and_then(Value::as_i64),
            kind,
            recipient,
        });
    }

    pub(crate) fn is_there(&self) -> bool {
        self.0.is_some()
    }

    pub(crate) fn status(&self, id: &str, status: &str, error: Option<&Value>) {
        if let Some(watch) = &self.0 {
            let code = error.and_then(|error| error["code"].as_i64());
            let title = error.and_then(|error| error["title"].as_str());
            watch(&Activity::Status { id, status, code, title });
        }
    }

    pub(crate) fn webhook(
        &self,
        url: &str,
        events: &str,
        attempt: usize,
        status: Option<u16>,
        error: Option<&str>,
    ) {
        if let Some(watch) = &self.0 {
            watch(&Activity::Webhook { url, events, attempt, status, error });
        }
    }
}

impl fmt::Debug for Watcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Watcher").field(&self.0.is_some()).finish()
    }
}
