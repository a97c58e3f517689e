//! A client for 360dialog's WhatsApp APIs, for async and blocking Rust.
//!
//! [`Client`] sends messages through 360dialog Cloud. `D360_API_KEY` contains the number's key. `D360_BASE_URL`
//! selects another server, such as the local sandbox (`d360 sandbox`).
//!
//! ```no_run
//! # #[cfg(all(feature = "cloud", feature = "reqwest"))]
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! use d360::{Client, Config, model::{Contact, Message, Name, Phone}};
//!
//! let client = Client::new(Config::from_env()?)?;
//! let card = Contact::new(Name::new("Barbara J. Johnson").first_name("Barbara"))
//!     .phone(Phone::new("+16505559999").wa_id("16505559999"));
//! let sent = client.send(Message::contacts("+16505551234", [card])).await?;
//! if let Some(id) = sent.message_id() {
//!     println!("accepted as {id}");
//! }
//! # Ok(()) }
//! ```
//!
//! [`blocking::Client`] is the same without `.await`, and without tokio. It needs feature `ureq`:
//!
//! ```no_run
//! # #[cfg(all(feature = "cloud", feature = "ureq"))]
//! # fn f() -> Result<(), Box<dyn std::error::Error>> {
//! use d360::{Config, blocking::Client, model::Message};
//!
//! let client = Client::new(Config::from_env()?)?;
//! client.send(Message::text("+16505551234", "Your parcel is on its way"))?;
//! for user in client.blocked_users(None) {
//!     println!("{}", user?.key().unwrap_or("?"));
//! }
//! # Ok(()) }
//! ```
//!
//! Handles by resource lead to the other calls, such as `client.templates().list()` and `client.media().upload(…)`;
//! `client.send_file(to, "invoice.pdf")` uploads and sends a file.
//!
//! The other systems have their own clients: `onprem::Client`, `partner::Client`, and [`cloud::graph`] for Meta's
//! API. The [`guide::tour`] continues from here to production.
//!
//! # Errors
//!
//! [`Error::outcome`] says whether nothing was sent, the server refused, or the outcome is unknown. [`Error::hint`] says what to do next.
//! A message whose outcome is unknown is never retried.
//!
//! ```no_run
//! # #[cfg(all(feature = "cloud", feature = "ureq"))]
//! # fn f(client: d360::blocking::Client, message: d360::model::Message) {
//! use d360::Outcome;
//!
//! if let Err(error) = client.send(message) {
//!     match error.outcome() {
//!         Outcome::NotSent => println!("nothing was sent: {error}"),
//!         Outcome::Refused { retryable } => println!("refused (retryable: {retryable}): {error}"),
//!         _ => println!("unknown, look for its status webhook: {error}"),
//!     }
//!     println!("{}", error.hint());
//! }
//! # }
//! ```
//!
//! Accepted does not mean delivered: the delivery status arrives by webhook ([`model::webhook`]; feature `webhook`
//! receives them).
//!
//! # Rate limits
//!
//! Sends are rate limited before they leave: 80 messages per second per phone number, and per recipient a burst of 45
//! followed by one message every 6 seconds. `send` waits for the rate limit, `try_send` fails immediately.
//! [`Config::rate_limit`](transport::Config::rate_limit) sets the limits. [`CallOptions`] give single calls a
//! deadline, no retries, or a label that identifies a message whose outcome is unknown.
//!
//! # Features
//!
//! Features are additive. `cloud`, `reqwest` and `rustls` are on by default.
//!
//! | feature | what it adds |
//! |---|---|
//! | `cloud` | 360dialog Cloud, and Meta Graph as another host of it: [`cloud`] |
//! | `onprem` | the On-Premise API, which Meta retired on 2025-10-23: `onprem` |
//! | `partner` | 360dialog's Partner API: `partner` |
//! | `reqwest` | the async transport over reqwest, on tokio |
//! | `hyper` | the lean async transport over hyper, on tokio, HTTP/1.1 only: `Client::hyper`, or `Client::new` without `reqwest` |
//! | `http2` | HTTP/2 for the transport over reqwest, where [`Connection::protocol`](transport::Connection::protocol) asks for it; HTTP/1.1 stays the default |
//! | `ureq` | the blocking transport; no tokio |
//! | `rustls` | TLS by rustls with aws-lc-rs and the platform's certificates, for every transport; needs a C compiler |
//! | `webpki-roots` | Mozilla's root certificates, compiled in |
//! | `vcard` | vCard files to contact cards and back: `vcard` |
//! | `webhook` | receiving webhooks: verification, duplicates, events: `webhook` (reading them alone is in [`model`]) |
//! | `axum` | an axum 0.8 router that receives webhooks: `webhook::axum` |
//! | `migrate` | On-Premise to Cloud and back: requests, answers, errors, webhooks: `migrate` |
//! | `mock` | mockall's mocks of the transport traits |
//! | `tracing` | a span for each call, target `d360`: endpoint, attempts, outcome, code, time waited; no bodies, numbers or keys |
#![cfg_attr(docsrs, feature(doc_cfg))]

/// The async client of 360dialog Cloud, cheap to clone. The same as [`cloud::Client`].
#[cfg(feature = "cloud")]
#[cfg_attr(docsrs, doc(cfg(feature = "cloud")))]
#[doc(inline)]
pub use d360_cloud::Client;

/// The blocking client of 360dialog Cloud.
#[cfg(feature = "cloud")]
#[cfg_attr(docsrs, doc(cfg(feature = "cloud")))]
pub mod blocking {
    #[doc(inline)]
    pub use d360_cloud::blocking::Client;
}

#[cfg(feature = "cloud")]
#[cfg_attr(docsrs, doc(cfg(feature = "cloud")))]
pub use d360_cloud as cloud;
#[cfg(feature = "migrate")]
#[cfg_attr(docsrs, doc(cfg(feature = "migrate")))]
pub use d360_migrate as migrate;
pub use d360_model as model;
#[cfg(feature = "onprem")]
#[cfg_attr(docsrs, doc(cfg(feature = "onprem")))]
pub use d360_onprem as onprem;
#[cfg(feature = "partner")]
#[cfg_attr(docsrs, doc(cfg(feature = "partner")))]
pub use d360_partner as partner;
pub use d360_transport as transport;
pub use d360_transport::{ApiKey, CallOptions, Config, Error, Outcome, RateLimit, RetryPolicy};
#[cfg(feature = "vcard")]
#[cfg_attr(docsrs, doc(cfg(feature = "vcard")))]
pub use d360_vcard as vcard;
#[cfg(feature = "webhook")]
#[cfg_attr(docsrs, doc(cfg(feature = "webhook")))]
pub use d360_webhook as webhook;

/// Guides.
pub mod guide {
    #[cfg_attr(
        all(feature = "cloud", feature = "ureq", feature = "webhook", feature = "migrate"),
        doc = include_str!("../docs/tour.md")
    )]
    #[cfg_attr(
        not(all(feature = "cloud", feature = "ureq", feature = "webhook", feature = "migrate")),
        doc = "The tour needs the features `cloud`, `ureq`, `webhook` and `migrate`."
    )]
    pub mod tour {}
    #[cfg_attr(feature = "migrate", doc = include_str!("../docs/migration.md"))]
    #[cfg_attr(not(feature = "migrate"), doc = "The migration guide needs the feature `migrate`.")]
    pub mod migration {}
    #[doc = include_str!("../docs/endpoints.md")]
    pub mod endpoints {}
    #[doc = include_str!("../docs/errors.md")]
    pub mod errors {}
    #[doc = include_str!("../docs/contracts.md")]
    pub mod contracts {}
    #[doc = include_str!("../docs/performance.md")]
    pub mod performance {}
}

/// The most common items.
///
/// ```
/// use d360::prelude::*;
/// let message = Message::text("+16505551234", "Hello");
/// # Ok::<(), InvalidId>(())
/// ```
pub mod prelude {
    pub use d360_model::{
        Contact, InvalidId, Latitude, Location, Longitude, Message, Name, Phone, Recipient, SendResponse,
        block::User,
    };
    pub use d360_transport::{ApiKey, Config, Error, Outcome};
}
