//! A router for axum 0.8. Needs feature `axum`.
use crate::{NotTaken, Receiver};
use ::axum::{
    Router,
    body::{Body, to_bytes},
    extract::Request,
    response::Response,
    routing::any,
};
use bytes::Bytes;
use d360_model::webhook::Event;
use http::StatusCode;
use std::{sync::Arc, time::Duration};

/// How long a body may take.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// A router that takes webhooks at `path`, answers them at once and hands their events on to `take`, which is to put them into a
/// queue and return. A webhook whose events it does not take is answered with 503, and comes again: a full queue loses nothing.
///
/// A body has 10 seconds to arrive (408 after that); how long a client may take over its headers is for the server to limit.
///
/// ```
/// use d360_webhook::{NotTaken, Receiver, Verification, axum::router};
/// let (queue, mut events) = tokio::sync::mpsc::channel(1_000);
/// let receiver = Receiver::new(Verification::header("x-webhook-secret", "a long random text")?);
/// let app: axum::Router =
///     router("/webhook", receiver, move |events| queue.try_send(events).map_err(NotTaken::because));
/// // tokio::spawn(async move { while let Some(events) = events.recv().await { … } });
/// // axum::serve(tokio::net::TcpListener::bind("0.0.0.0:8080").await?, app).await?;
/// # Ok::<(), d360_webhook::InvalidVerification>(())
/// ```
pub fn router(
    path: &str,
    receiver: impl Into<Arc<Receiver>>,
    take: impl Fn(Vec<Event>) -> Result<(), NotTaken> + Send + Sync + 'static,
) -> Router {
    let (receiver, take) = (receiver.into(), Arc::new(take));
    let answer = move |request: Request| {
        let (receiver, take) = (receiver.clone(), take.clone());
        async move {
            match whole(&receiver, request).await {
                Ok(request) => receiver.answer(&request, |events| take(events)).map(Body::from),
                Err(refused) => refused,
            }
        }
    };
    Router::new().route(path, any(answer))
}

/// A request with its body, for a handler of your own: what [`Receiver::answer`] takes.
///
/// # Errors
/// The answer: 401 where the headers prove nothing, or 403 (see [`Receiver::check_head`]), before the body is read; 413 where the body is longer than the receiver takes,
/// 408 where it does not arrive within 10 seconds.
pub async fn whole(receiver: &Receiver, request: Request) -> Result<http::Request<Bytes>, Response> {
    if let Err(refused) = receiver.check_head(&request) {
        let mut response = status(refused.status);
        *response.body_mut() = Body::from(refused.reason.unwrap_or_default());
        return Err(response);
    }
    let (parts, body) = request.into_parts();
    // One byte more than is taken, so that the receiver sees that it is too many.
    let most = receiver.longest_body().saturating_add(1);
    match tokio::time::timeout(BODY_LIMIT, to_bytes(body, most)).await {
        Ok(Ok(body)) => Ok(http::Request::from_parts(parts, body)),
        Ok(Err(_)) => Err(status(StatusCode::PAYLOAD_TOO_LARGE)),
        Err(_) => Err(status(StatusCode::REQUEST_TIMEOUT)),
    }
}

fn status(status: StatusCode) -> Response {
    let mut response = http::Response::new(Bytes::new()).map(Body::from);
    *response.status_mut() = status;
    response
}
