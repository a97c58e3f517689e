//! Parses error bodies: nine forms, tried from the most specific one down. Never panics, never loses data.
use super::{CodeInfo, ErrorCode, RetryRule};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::{fmt, time::Duration};

/// The maximum depth of JSON inside texts.
const MOST_NESTED: u8 = 3;
/// The maximum size of a body that an error keeps.
const KEPT_BODY: usize = 64 * 1024;

/// The form of an error body.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum ErrorShape {
    /// `{"error": {"message", "code", …}}`: Meta.
    Object,
    /// `{"error": "text"}`: 360dialog's message pages.
    Text,
    /// `{"errors": [{"code", "title", "details"}]}`: On-Premise.
    List,
    /// `{"meta": {"httpCode" or "http_code", "developerMessage" or "developer_message"}}`: 360dialog's gateway.
    Meta,
    /// `{"detail": …, "message": "text"}`: 360dialog's block pages and hub.
    Detail,
    /// JSON of another form, including `null`.
    OtherJson,
    /// HTML, from a proxy.
    Html,
    /// Text of another form.
    Plain,
    /// An empty body.
    Empty,
}

/// A refusal, with everything that the response contains, whatever its form.
///
/// `Display` and `Debug` mask phone numbers; the accessors return the original text.
#[derive(Clone, PartialEq)]
pub struct ApiError {
    status: u16,
    shape: ErrorShape,
    code: Option<ErrorCode>,
    subcode: Option<i64>,
    kind: Option<String>,
    title: Option<String>,
    message: Option<String>,
    details: Option<ErrorDetails>,
    trace_id: Option<String>,
    is_transient: Option<bool>,
    user_title: Option<String>,
    user_message: Option<String>,
    retry_after: Option<Duration>,
    body: Vec<u8>,
}

/// Additional information of an error: text, or an object that usually contains `details`.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ErrorDetails(Value);

impl ErrorDetails {
    /// Returns the text, or the text of `details`. `None` for anything else; see [`value`](Self::value).
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        self.0.as_str().or_else(|| self.0.get("details")?.as_str())
    }
    /// Returns the original value.
    #[must_use]
    pub fn value(&self) -> &Value {
        &self.0
    }
}

impl fmt::Debug for ErrorDetails {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::mask(&self.0.to_string()))
    }
}

impl ApiError {
    /// Parses a response with HTTP status `status`.
    #[must_use]
    pub fn read(status: u16, body: &[u8]) -> Self {
        let mut error = Self {
            status,
            shape: ErrorShape::Empty,
            code: None,
            subcode: None,
            kind: None,
            title: None,
            message: None,
            details: None,
            trace_id: None,
            is_transient: None,
            user_title: None,
            user_message: None,
            retry_after: None,
            body: body[..body.len().min(KEPT_BODY)].to_vec(),
        };
        let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
        let text = String::from_utf8_lossy(&error.body).trim_start_matches('\u{feff}').trim().to_owned();
        error.shape = match serde_json::from_slice::<Value>(body) {
            Ok(body) => error.take_value(&body, 0),
            Err(_) if text.is_empty() => ErrorShape::Empty,
            Err(_) if is_html(&text) => ErrorShape::Html,
            Err(_) => {
                error.message = Some(text.chars().take(300).collect());
                ErrorShape::Plain
            }
        };
        // Meta's texts begin with the code, `(#130429) Rate limit hit`, and some gateways forward only the text.
        error.code = error.code.or_else(|| error.message.as_deref().and_then(code_in_text));
        error
    }

    /// Adds the wait that the server requested (`Retry-After`).
    #[must_use]
    pub fn with_retry_after(mut self, wait: Option<Duration>) -> Self {
        self.retry_after = wait;
        self
    }

    /// Parses a body, or JSON inside a text: some gateways forward an error of the system behind them that way.
    fn take_value(&mut self, value: &Value, depth: u8) -> ErrorShape {
        match value {
            Value::Object(map) => self.take_object(map, depth),
            // A list of responses. The first object is the error.
            Value::Array(list) => match list.iter().find(|item| item.is_object()) {
                Some(item) if depth < MOST_NESTED => self.take_value(item, depth + 1),
                _ => ErrorShape::OtherJson,
            },
            Value::String(text) => match nested(text) {
                Some(inner) if depth < MOST_NESTED => self.take_value(&inner, depth + 1),
                _ => {
                    self.message = Some(text.clone());
                    ErrorShape::Text
                }
            },
            _ => ErrorShape::OtherJson,
        }
    }

    /// Tries the forms of an object.
    fn take_object(&mut self, map: &Map<String, Value>, depth: u8) -> ErrorShape {
        let shape = self.take_known(map);
        // An object without a code may contain another error as text.
        if self.code.is_none() && depth < MOST_NESTED {
            let texts = [self.message.as_deref(), self.details.as_ref().and_then(ErrorDetails::text)];
            let inner = texts.into_iter().flatten().find_map(nested);
            if let Some(inner) = inner {
                let mut found = Self { body: Vec::new(), ..self.clone() };
                found.take_value(&inner, depth + 1);
                if found.code.is_some() {
                    *self = Self { body: std::mem::take(&mut self.body), ..found };
                }
            }
        }
        self.code = self.code.or_else(|| code(map));
        shape
    }

    fn take_known(&mut self, map: &Map<String, Value>) -> ErrorShape {
        let named = ["error", "errors"].into_iter().filter_map(|name| map.get(name));
        let each = named.flat_map(|value| match value {
            Value::Array(items) => items.iter().map(|item| (item, true)).collect::<Vec<_>>(),
            one => vec![(one, false)],
        });
        let all: Vec<(&Value, bool)> = each.filter(|(error, _)| says(error)).collect();
        // The first error with a code is used; the body keeps all of them.
        let has_code = |error: &Value| error.as_object().is_some_and(|error| code(error).is_some());
        let error = all.iter().find(|(error, _)| has_code(error)).or(all.first());
        match error {
            Some((Value::Object(error), listed)) => {
                self.take_error(error);
                return if *listed { ErrorShape::List } else { ErrorShape::Object };
            }
            Some((Value::String(error), listed)) => {
                self.message = Some(error.clone());
                self.details = map.get("details").or(map.get("message")).cloned().map(ErrorDetails);
                return if *listed { ErrorShape::List } else { ErrorShape::Text };
            }
            Some((number @ Value::Number(_), listed)) => {
                self.code = ErrorCode::deserialize(*number).ok();
                self.message = text(map, &["message", "error_description", "detail"]);
                return if *listed { ErrorShape::List } else { ErrorShape::Object };
            }
            _ => {}
        }
        if let Some(meta) = map.get("meta").and_then(Value::as_object).filter(|meta| is_refusal(meta)) {
            self.message = text(meta, &["developerMessage", "developer_message"]);
            self.details = meta.get("details").filter(|details| says(details)).cloned().map(ErrorDetails);
            self.code = code(meta);
            ErrorShape::Meta
        } else if map.contains_key("detail") || map.contains_key("message") {
            self.message = text(map, &["message"]).or_else(|| text(map, &["detail"]));
            let detail = map.get("detail").filter(|detail| says(detail));
            self.details = detail.cloned().map(ErrorDetails);
            let inner = ["detail", "message"].into_iter().filter_map(|name| map.get(name)?.as_object());
            let inner = inner.flat_map(|inner| [Some(inner), inner.get("error").and_then(Value::as_object)]);
            self.code = code(map).or_else(|| inner.flatten().find_map(code));
            ErrorShape::Detail
        } else {
            if map.contains_key("code") {
                self.take_error(map);
            }
            ErrorShape::OtherJson
        }
    }

    /// Reads the members of an error object of Meta or On-Premise.
    fn take_error(&mut self, error: &Map<String, Value>) {
        self.code = code(error);
        self.subcode = error.get("error_subcode").and_then(Value::as_i64);
        self.kind = text(error, &["type"]);
        self.title = text(error, &["title"]);
        self.message = text(error, &["message"]);
        self.details = error.get("error_data").or(error.get("details")).cloned().map(ErrorDetails);
        self.trace_id = text(error, &["fbtrace_id"]);
        self.is_transient = error.get("is_transient").and_then(Value::as_bool);
        self.user_title = text(error, &["error_user_title"]);
        self.user_message = text(error, &["error_user_msg"]);
    }

    /// Returns the HTTP status. Decide by [`code`](Self::code) instead, because 360dialog throttles with 400.
    #[must_use]
    pub fn status(&self) -> u16 {
        self.status
    }
    /// Returns the form of the body.
    #[must_use]
    pub fn shape(&self) -> ErrorShape {
        self.shape
    }
    /// Whether only an error has such a body. Distinguishes an error under a 2xx status from a result.
    #[must_use]
    pub fn is_certain(&self) -> bool {
        matches!(self.shape, ErrorShape::Object | ErrorShape::Text | ErrorShape::List)
            || (self.shape == ErrorShape::Meta && !self.says_success())
    }
    fn says_success(&self) -> bool {
        let body = serde_json::from_slice::<Value>(&self.body).unwrap_or_default();
        body.pointer("/meta/success").and_then(Value::as_bool).unwrap_or(false)
    }
    /// Returns the error code, the basis for decisions.
    #[must_use]
    pub fn code(&self) -> Option<ErrorCode> {
        self.code
    }
    /// Returns the documentation of the code.
    #[must_use]
    pub fn info(&self) -> Option<CodeInfo> {
        self.code?.info()
    }
    /// Returns `error_subcode`; deprecated by Meta.
    #[must_use]
    pub fn subcode(&self) -> Option<i64> {
        self.subcode
    }
    /// Returns `type`, such as `OAuthException`.
    #[must_use]
    pub fn kind(&self) -> Option<&str> {
        self.kind.as_deref()
    }
    /// Returns `title`, which On-Premise and webhooks have.
    #[must_use]
    pub fn title(&self) -> Option<&str> {
        self.title.as_deref()
    }
    /// Returns `message`, or its counterpart in a body of another form.
    #[must_use]
    pub fn message(&self) -> Option<&str> {
        self.message.as_deref()
    }
    /// Returns `error_data`, `details` or `detail`.
    #[must_use]
    pub fn details(&self) -> Option<&ErrorDetails> {
        self.details.as_ref()
    }
    /// Returns `fbtrace_id`, which Meta's support asks for.
    #[must_use]
    pub fn trace_id(&self) -> Option<&str> {
        self.trace_id.as_deref()
    }
    /// Returns `is_transient`.
    #[must_use]
    pub fn is_transient(&self) -> Option<bool> {
        self.is_transient
    }
    /// Returns `error_user_title`.
    #[must_use]
    pub fn user_title(&self) -> Option<&str> {
        self.user_title.as_deref()
    }
    /// Returns `error_user_msg`.
    #[must_use]
    pub fn user_message(&self) -> Option<&str> {
        self.user_message.as_deref()
    }
    /// Returns the wait that the server requested.
    #[must_use]
    pub fn retry_after(&self) -> Option<Duration> {
        self.retry_after
    }
    /// Returns the original body, up to 64 KiB. It may contain phone numbers.
    #[must_use]
    pub fn body(&self) -> &[u8] {
        &self.body
    }

    /// Returns the documented retry rule: by code, or else by the gateway's text or the status. `None` if there is
    /// none.
    #[must_use]
    pub fn retry_rule(&self) -> Option<RetryRule> {
        // The gateway's own words. A proxy's complaint about its upstream is different.
        let limited = |text: &str| {
            let text = text.to_lowercase();
            text.contains("you have exceeded the endpoint rate limit")
                || text.contains("you have exceeded the limit of")
        };
        match self.info() {
            Some(info) => Some(info.retry),
            None if self.status < 500 && self.message.as_deref().is_some_and(limited) => {
                Some(RetryRule::Backoff)
            }
            None if self.status == 429 => Some(RetryRule::Backoff),
            None => None,
        }
    }

    /// Whether too much was sent, by code, by the gateway's text or by status 429.
    #[must_use]
    pub fn is_throttled(&self) -> bool {
        const CODES: [ErrorCode; 7] = [
            ErrorCode::API_TOO_MANY_CALLS,
            ErrorCode::RATE_LIMIT_ISSUES,
            ErrorCode::RATE_LIMIT_HIT,
            ErrorCode::PAIR_RATE_LIMIT_HIT,
            ErrorCode::GROUP_RATE_LIMIT_HIT,
            ErrorCode::ONPREM_RATE_LIMIT_HIT,
            ErrorCode::ONPREM_TOO_MANY_REQUESTS,
        ];
        match self.info() {
            Some(info) => CODES.contains(&info.code),
            None => self.retry_rule() == Some(RetryRule::Backoff),
        }
    }
    /// Whether the key or token was refused.
    #[must_use]
    pub fn is_auth(&self) -> bool {
        self.status == 401 || matches!(self.code, Some(ErrorCode(0 | 104 | 190)))
    }
    /// Whether more than 24 hours have passed since the user last wrote, so that only a template can be sent.
    #[must_use]
    pub fn is_reengagement(&self) -> bool {
        let codes = [
            ErrorCode::RE_ENGAGEMENT_MESSAGE,
            ErrorCode::ONPREM_RE_ENGAGEMENT_MESSAGE,
            ErrorCode::NOT_ENGAGED_CONTACT,
        ];
        self.code.is_some_and(|code| codes.contains(&code))
    }
    /// Whether this business has blocked the recipient.
    #[must_use]
    pub fn is_blocked_by_us(&self) -> bool {
        self.code == Some(ErrorCode::BUSINESS_BLOCKED_USER)
    }

    /// Returns what to do next, as one sentence.
    #[must_use]
    pub fn hint(&self) -> &'static str {
        let has = |word: &str| self.message.as_deref().is_some_and(|text| text.to_lowercase().contains(word));
        match self.info() {
            Some(info) => info.hint.unwrap_or(info.retry.advice()),
            // Neither 360dialog nor Meta sends such a response.
            None if self.is_from_elsewhere() => {
                "the response is not from the API; check the proxy and the base URL"
            }
            None if self.status == 408 => {
                "the server or a proxy closed the connection because the request took too long; check the network"
            }
            None if self.status == 401 => {
                "check that the key is this number's current key; creating a new key revokes the old one"
            }
            None if has("overdue invoices") => "settle the overdue payment at 360dialog",
            None if has("has been disabled") => "the account is disabled; contact 360dialog's support",
            None if self.status == 403 => {
                "the endpoint is blocked for the account; contact 360dialog's support"
            }
            None if self.is_throttled() => RetryRule::Backoff.advice(),
            None if self.status >= 500 => "the server failed; the request may have taken effect",
            None => "correct the request; the response body may say more",
        }
    }
}

impl ApiError {
    /// Whether something other than the API responded: with a page, or with a redirect, which the API never sends.
    fn is_from_elsewhere(&self) -> bool {
        let redirects = (300..400).contains(&self.status);
        let page = self.shape == ErrorShape::Html && self.status < 500;
        let no_such_path = self.status == 404 && matches!(self.shape, ErrorShape::Plain | ErrorShape::Empty);
        let wants_login = matches!(self.status, 407 | 511);
        redirects || page || no_such_path || wants_login
    }
}

/// Whether a value contains anything.
fn says(value: &Value) -> bool {
    match value {
        Value::Null => false,
        Value::String(text) => !text.is_empty(),
        Value::Array(list) => !list.is_empty(),
        Value::Object(map) => !map.is_empty(),
        _ => true,
    }
}

/// Whether the `meta` of a body is an error: On-Premise adds one to results too.
fn is_refusal(meta: &Map<String, Value>) -> bool {
    ["developerMessage", "developer_message", "details"]
        .iter()
        .any(|key| meta.get(*key).is_some_and(|v| !v.is_null()))
}

fn text(map: &Map<String, Value>, keys: &[&str]) -> Option<String> {
    keys.iter().find_map(|key| map.get(*key)?.as_str()).map(str::to_owned)
}

fn code(map: &Map<String, Value>) -> Option<ErrorCode> {
    ErrorCode::deserialize(map.get("code")?).ok()
}

/// Returns the JSON inside a text.
fn nested(text: &str) -> Option<Value> {
    let text = text.trim();
    text.starts_with(['{', '[', '"']).then(|| serde_json::from_str(text).ok()).flatten()
}

/// Returns the code at the beginning of a text of Meta.
fn code_in_text(text: &str) -> Option<ErrorCode> {
    let (code, _) = text.trim_start().strip_prefix("(#")?.split_once(')')?;
    code.parse().ok().map(ErrorCode)
}

fn is_html(text: &str) -> bool {
    let start: String = text.chars().take(200).collect::<String>().to_ascii_lowercase();
    start.starts_with('<') && (start.contains("<html") || start.contains("<!doctype"))
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "HTTP {}", self.status)?;
        if let Some(code) = self.code {
            write!(f, ", code {code}")?;
        }
        let said = self.message.as_deref().or(self.title.as_deref()).map(crate::mask);
        let instead = match self.shape {
            ErrorShape::Html => "an HTML page instead of JSON",
            ErrorShape::Empty => "an empty body",
            _ => "a body without a reason",
        };
        write!(f, ": {}", said.as_deref().unwrap_or(instead))?;
        if let Some(details) = &self.details {
            let text = details.text().map_or_else(|| details.value().to_string(), str::to_owned);
            write!(f, " ({})", crate::mask(&text))?;
        }
        if let Some(text) = super::for_the_user(self) {
            write!(f, "; {text}")?;
        }
        if let Some(trace) = &self.trace_id {
            write!(f, " [trace {}]", crate::mask(trace))?;
        }
        Ok(())
    }
}

impl fmt::Debug for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ApiError({:?}: {self}; body of {} bytes)", self.shape, self.body.len())
    }
}

impl std::error::Error for ApiError {}
