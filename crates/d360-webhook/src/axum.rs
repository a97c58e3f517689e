//! A router for axum 0.8. Needs feature `axum`.
use crate::Receiver;
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
use std::{future::Future, sync::Arc, time::Duration};

/// The time limit for a body.
const BODY_LIMIT: Duration = Duration::from_secs(10);

/// Creates a router that receives webhooks at `path`. The response is 200 only after `store` returned `Ok`. Otherwise it
/// is 503, and the webhook is repeated.
///
/// `store` receives the new events. Write them where they survive a crash: a program that queues them in memory loses
/// the queue when it is killed (measured: 220 of 300 events). 360dialog waits for 5 seconds and recommends a response
/// within 250 ms, so store the events here and process them afterwards. `store` runs to its end even if the client
/// closes the connection.
///
/// A body must arrive within 10 seconds (otherwise 408). The server limits the time for headers.
///
/// ```
/// use d360_webhook::{Receiver, Verification, axum::router};
/// use tokio::{fs::OpenOptions, io::AsyncWriteExt as _};
///
/// let receiver = Receiver::new(Verification::header("x-webhook-secret", "a long random text")?);
/// let app: axum::Router = router("/webhook", receiver, async |events| {
///     let mut lines = String::new();
///     for event in &events {
///         lines += &(serde_json::to_string(event)? + "\n");
///     }
///     let mut inbox = OpenOptions::new().create(true).append(true).open("inbox.jsonl").await?;
///     inbox.write_all(lines.as_bytes()).await?;
///     inbox.sync_data().await
/// });
/// // axum::serve(tokio::net::TcpListener::bind("0.0.0.0:8080").await?, app).await?;
/// # Ok::<(), d360_webhook::InvalidVerification>(())
/// ```
pub fn router<E, F>(
    path: &str,
    receiver: impl Into<Arc<Receiver>>,
    store: impl Fn(Vec<Event>) -> F + Send + Sync + 'static,
) -> Router
where
    F: Future<Output = Result<(), E>> + Send + 'static,
{
    let (receiver, store) = (receiver.into(), Arc::new(store));
    let answer = move |request: Request| {
        let (receiver, store) = (receiver.clone(), store.clone());
        async move {
            let request = match whole(&receiver, request).await {
                Ok(request) => request,
                Err(refused) => return refused,
            };
            // A task of its own: the server drops this future when the client closes the connection.
            let storing = tokio::spawn(async move {
                receiver.answer_async(&request, |events| store(events)).await.map(Body::from)
            });
            storing.await.unwrap_or_else(|_| status(StatusCode::INTERNAL_SERVER_ERROR))
        }
    };
    Router::new().route(path, any(answer))
}

/// Reads a request with its body, for a custom handler: the input of [`Receiver::answer`].
///
/// # Errors
/// Returns the response for a request that is refused: 401 if the headers do not verify the sender, or 403 (see
/// [`Receiver::check_head`]), before the body is read; 413 if the body is longer than the receiver accepts; 408 if it
/// does not arrive within 10 seconds.
pub async fn whole(receiver: &Receiver, request: Request) -> Result<http::Request<Bytes>, Response> {
    if let Err(refused) = receiver.check_head(&request) {
        let mut response = status(refused.status);
        *response.body_mut() = Body::from(refused.reason.unwrap_or_default());
        return Err(response);
    }
    let (parts, body) = request.into_parts();
    // One byte more than accepted, so that the receiver detects the excess.
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
