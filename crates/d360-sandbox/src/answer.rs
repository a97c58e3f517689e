//! Responses in the documented shapes.
use crate::{
    codes, route,
    world::{failure::Failure, ids::encode},
};
use axum::{
    body::{Body, Bytes},
    http::{Response, StatusCode, header},
};
use serde_json::{Value, json};
use std::borrow::Cow;

/// A response before it is converted to HTTP.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) body: Bytes,
    pub(crate) content_type: Cow<'static, str>,
    pub(crate) retry_after: Option<u64>,
}

impl Answer {
    pub(crate) fn json(status: u16, body: &Value) -> Self {
        Self {
            status,
            body: body.to_string().into(),
            content_type: "application/json".into(),
            retry_after: None,
        }
    }
    pub(crate) fn ok(body: &Value) -> Self {
        Self::json(200, body)
    }
    /// Returns a file.
    pub(crate) fn file(content_type: String, body: Bytes) -> Self {
        Self { status: 200, body, content_type: content_type.into(), retry_after: None }
    }
    /// Returns Meta's error object, with the title and HTTP status of Meta's documentation.
    pub(crate) fn error(code: i64, details: &str) -> Self {
        Self::json(known(code).0, &json!({ "error": error_object(code, details) }))
    }
    /// Returns 360dialog's answer to an unknown key: HTTP 401 with 404 in the body.
    pub(crate) fn unauthorized() -> Self {
        let meta = json!({"httpCode": 404, "developerMessage": "Invalid api_key or token expired", "success": false});
        Self::json(401, &json!({ "meta": meta }))
    }
    /// Returns the error for a route that the sandbox does not serve.
    pub(crate) fn not_found(method: &str, path: &str) -> Self {
        let error = format!("the sandbox does not serve {method} {path}; GET /_sandbox lists what it serves");
        Self::json(404, &json!({ "error": error }))
    }
    /// Returns Graph's error for an unknown path (2500) or an unsupported method (100).
    pub(crate) fn graph_path(code: i64, method: &str, path: &str) -> Self {
        let rest = route::without_version(path);
        let message = match code {
            2500 => format!("Unknown path components: {rest}"),
            _ => format!(
                "Unsupported {} request. The object does not exist, cannot be loaded due to missing permissions, or does not support this operation",
                method.to_lowercase()
            ),
        };
        let hint = format!(
            "The sandbox does not serve {method} {path}: paths of Graph are /v25.0/{{phone_number_id}}/messages and so on; GET /_sandbox lists them"
        );
        let mut error = error_object(code, &hint);
        error["message"] = json!(message);
        error["type"] = json!(if code == 2500 { "OAuthException" } else { "GraphMethodException" });
        Self::json(400, &json!({ "error": error }))
    }
    /// Returns On-Premise's error list with one error.
    pub(crate) fn onprem_error(code: i64, details: &str) -> Self {
        let (status, title) = look_up(codes::ONPREM, code);
        let error = json!({ "code": code, "title": title, "details": details });
        Self::json(status, &json!({ "errors": [error], "meta": onprem_meta() }))
    }
    /// Returns an error of the partner API.
    pub(crate) fn hub_error(status: u16, message: &str) -> Self {
        Self::json(status, &json!({ "detail": {}, "message": message }))
    }
    /// Returns an injected error.
    pub(crate) fn failure(failure: &Failure, onprem: bool) -> Self {
        const ASKED: &str = "Injected through the sandbox's control API.";
        let mut answer = match (failure.code, failure.http) {
            (Some(code), _) if onprem => Self::onprem_error(code, ASKED),
            (Some(code), _) => Self::error(code, ASKED),
            (None, Some(401)) => Self::unauthorized(),
            (None, Some(status @ 500..)) => Self {
                status,
                body: format!("<html><head><title>{status}</title></head><body>{status}</body></html>")
                    .into(),
                content_type: "text/html".into(),
                retry_after: None,
            },
            (None, Some(429)) => {
                Self { status: 429, body: Bytes::new(), content_type: "text/plain".into(), retry_after: None }
            }
            (None, _) => Self::json(400, &json!({ "error": "Invalid request" })),
        };
        answer.status = failure.http.unwrap_or(answer.status);
        answer.retry_after = failure.retry_after;
        if let Some(body) = &failure.body {
            answer.body = body.clone().into();
        }
        answer
    }

    pub(crate) fn into_response(self) -> Response<Body> {
        let mut response = Response::new(Body::from(self.body));
        *response.status_mut() =
            StatusCode::from_u16(self.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        if let Ok(content_type) = header::HeaderValue::try_from(&*self.content_type) {
            response.headers_mut().insert(header::CONTENT_TYPE, content_type);
        }
        if let Some(seconds) = self.retry_after {
            response.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        response
    }
}

/// The `meta` object of every On-Premise answer.
pub(crate) fn onprem_meta() -> Value {
    json!({ "api_status": "stable", "version": "2.53.3" })
}

/// Returns the HTTP status and title of a Cloud code.
fn known(code: i64) -> (u16, &'static str) {
    look_up(codes::CLOUD, code)
}

/// Returns the HTTP status and title of a code. The table lists single codes before the ranges that contain them.
fn look_up(table: &[(i64, i64, u16, &'static str)], code: i64) -> (u16, &'static str) {
    let row = table.iter().find(|(first, last, ..)| (*first..=*last).contains(&code));
    row.map_or((400, "Error"), |(_, _, status, title)| (*status, title))
}

/// Returns the `error` object of an answer.
pub(crate) fn error_object(code: i64, details: &str) -> Value {
    json!({
        "message": format!("(#{code}) {}", known(code).1),
        "type": "OAuthException",
        "code": code,
        "error_data": { "messaging_product": "whatsapp", "details": details },
        "fbtrace_id": format!("A{}", encode(&format!("trace{code}"))),
    })
}

/// Returns an error in the form of webhooks.
pub(crate) fn webhook_error(code: i64, onprem: bool) -> Value {
    if onprem {
        let title = look_up(codes::ONPREM, code).1;
        return json!({ "code": code, "title": title, "href": "https://developers.facebook.com/docs/whatsapp/api/errors/" });
    }
    let title = known(code).1;
    json!({ "code": code, "title": title, "message": title, "error_data": { "details": title }, "href": "/documentation/business-messaging/whatsapp/support/error-codes" })
}
