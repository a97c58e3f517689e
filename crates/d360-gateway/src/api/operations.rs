//! `/healthz`, `/readyz` and `/metrics`.
use super::{held, shared::Shared};
use crate::{
    number::Number,
    web::body::{self, Response},
};
use http::StatusCode;
use std::sync::{Arc, atomic::Ordering};

/// Whether it can do its work at all: without its state it has to be started anew.
pub(super) fn alive(shared: &Shared) -> Response {
    if shared.store.is_alive() {
        body::text(StatusCode::OK, "ok\n")
    } else {
        body::text(StatusCode::SERVICE_UNAVAILABLE, "the file of state is given up; start the gateway anew\n")
    }
}

/// What needs no key where it is asked for on a port of its own. Whoever has a number's key sees that number's metrics alone.
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

/// Whether a webhook could be kept: one of the usual size, or as large as the last that could not be.
async fn ready(shared: &Shared) -> Response {
    let size = shared.needs.load(Ordering::Relaxed);
    let filler = i64::try_from(size.max(4 << 10)).unwrap_or(4 << 10);
    let probe = shared.store.run(move |db| {
        // Written and taken away again, it would cost no disk space at all: it is written anew each time.
        db.execute("INSERT OR REPLACE INTO probe (id, filler) VALUES (1, randomblob(?1))", [filler])
    });
    match probe.await {
        Ok(_) => {
            // Another may have failed meanwhile.
            let _ = shared.needs.compare_exchange(size, 0, Ordering::Relaxed, Ordering::Relaxed);
            body::text(StatusCode::OK, "ready\n")
        }
        Err(error) => body::text(StatusCode::SERVICE_UNAVAILABLE, error.to_string()),
    }
}
