//! Receives webhooks: verification, deduplication, parsing. No I/O: pass it the requests of your server.
//!
//! ```
//! use d360_webhook::{Receiver, Verification};
//! // 360dialog returns the headers that were set together with the webhook's URL.
//! let receiver = Receiver::new(Verification::header("x-webhook-secret", "a long random text")?);
//! let request = http::Request::post("/webhook")
//!     .header("x-webhook-secret", "a long random text")
//!     .body(br#"{"messages": [{"id": "gBG", "from": "16505551234", "type": "text", "text": {"body": "Hi"}}]}"#.as_slice().into())?;
//! let received = receiver.receive(&request);
//! assert_eq!(received.status, 200); // answer this at once
//! assert_eq!(received.events.len(), 1); // and process these afterwards
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! 360dialog expects a response within 5 seconds, mostly within 250 ms. It repeats webhooks without a 200 for up to seven
//! days, so they arrive at least once, and not in order (360dialog, "Receiving messages via webhook", "Signature
//! validation"; Meta, "Webhooks"; 2025 to 2026).
//!
//! In a server, use [`Receiver::answer`] or [`Receiver::answer_async`] with the `http` crate's types, or the router of
//! feature `axum` (`d360_webhook::axum::router`). They pass the new events to a closure, and respond with 200 only after
//! it has stored them.
#![cfg_attr(docsrs, feature(doc_cfg))]

#[cfg(feature = "axum")]
#[cfg_attr(docsrs, doc(cfg(feature = "axum")))]
pub mod axum;
pub mod origin;
mod receiver;
mod seen;
mod verify;

pub use receiver::{MAX_BODY, Received, Receiver};
pub use seen::Seen;
pub use verify::{InvalidVerification, Refused, Verification, answer_challenge};
