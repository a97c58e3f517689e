//! `/healthz`, `/readyz` and `/metrics`.
use super::{held, shared::Shared};
use crate::{
    number::Number,
    web::body::{self, Response},
};
use http::StatusCode;
use std::sync::{Arc, atomic::Ordering};

/// Returns whether the gateway works at all. If the state thread has ended, it has to be restarted.
pub(super) fn alive(shared: &Shared) -> Response {
    if shared.store.is_alive() {
        body::text(StatusCode::OK, "ok\n")
    } else {
        body::text(
            StatusCode::SERVICE_UNAVAILABLE,
            "the state file is no longer usable; restart the gateway\n",
        )
    }
}

/// Answers the routes that need no key on the operations port. On the main port a number's key shows only that number's
/// metrics.
pub(super) async fn answer(shared: &Arc<Shared>, path: &str, number: Option<&Number>) -> Option<Response> {
    match path {
        "/healthz" => Some(alive(shared)),
        "/readyz" => Some(ready(shared).await),
        "/metrics" => {
            held::count_aside(shared).await;
            let own = number.filter(|_| shared.numbers.len() > 1);
            let text =
                own.map_or_else(|| shared.metrics.text(), |number| shared.metrics.text_of(&number.name));
            Some(body::text(StatusCode::OK, text))
        }
        _ => None,
    }
}

/// Returns whether a webhook could be stored: one of the usual size, or of the largest size that failed.
async fn ready(shared: &Shared) -> Response {
    let size = shared.needs.load(Ordering::Relaxed);
    let filler = i64::try_from(size.max(4 << 10)).unwrap_or(4 << 10);
    let probe = shared.store.run(move |db| {
        // The row is replaced and not rolled back, because only a commit needs disk space.
        db.execute("INSERT OR REPLACE INTO probe (id, filler) VALUES (1, randomblob(?1))", [filler])
    });
    match probe.await {
        Ok(_) => {
            // Keeps a larger size that failed meanwhile.
            let _ = shared.needs.compare_exchange(size, 0, Ordering::Relaxed, Ordering::Relaxed);
            body::text(StatusCode::OK, "ready\n")
        }
        Err(error) => body::text(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}
