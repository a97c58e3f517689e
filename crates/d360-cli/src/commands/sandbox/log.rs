//! The log of a sandbox: one line per request and webhook.
use crate::{
    commands::log::{colored, personal, time},
    visible::{json_visible, visible},
};
use d360::model::mask;
use d360_sandbox::Activity;
use serde_json::json;

/// Returns the log line of an activity.
pub(super) fn line(activity: &Activity<'_>, json: bool) -> Option<String> {
    // Commands for a running sandbox send this request first.
    if let Activity::Request { method: "GET", path, status: 200, .. } = activity
        && path.starts_with("/_sandbox")
    {
        return None;
    }
    if json { document(activity) } else { text(activity) }
}

/// `14:03:07  POST /messages  400  131047  text to +•••••••••34`.
fn text(activity: &Activity<'_>) -> Option<String> {
    let time = time();
    let parts = match activity {
        Activity::Request { method, path, status, code, kind, recipient, .. } => {
            let message = match (kind, recipient) {
                (Some(kind), Some(to)) => Some(format!("{} to {}", visible(kind), personal(to))),
                _ => None,
            };
            vec![
                Some(format!("{} {}", visible(method), personal(path))),
                Some(colored(*status)),
                code.map(|code| code.to_string()),
                message,
            ]
        }
        Activity::Webhook { url, events, attempt, status, error, .. } => vec![
            Some(format!("webhook: {}", visible(events))),
            Some(format!("POST {}", personal(without_query(url)))),
            status.map(colored).or(error.map(personal)),
            (*attempt > 1).then(|| format!("attempt {attempt}")),
        ],
        _ => return None,
    };
    let parts: Vec<String> = std::iter::once(time).chain(parts.into_iter().flatten()).collect();
    Some(parts.join("  "))
}

fn document(activity: &Activity<'_>) -> Option<String> {
    let time = jiff::Timestamp::now().to_string();
    let document = match activity {
        Activity::Request { method, path, status, code, kind, recipient, .. } => {
            json!({ "time": time, "event": "request",
            "method": method, "path": mask(path), "status": status, "code": code, "type": kind, "to": recipient.map(mask) })
        }
        Activity::Webhook { url, events, attempt, status, error, .. } => {
            json!({ "time": time, "event": "webhook",
            "url": mask(without_query(url)), "events": events, "attempt": attempt, "status": status, "error": error.map(mask) })
        }
        _ => return None,
    };
    Some(json_visible(&document.to_string()))
}

/// Removes the query of a webhook's URL, which may hold a token.
fn without_query(url: &str) -> &str {
    url.split(['?', '#']).next().unwrap_or_default()
}
