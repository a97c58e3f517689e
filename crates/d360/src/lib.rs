//! A client of 360dialog's WhatsApp APIs for async and blocking Rust.
//!
//! ```no_run
//! # #[cfg(all(feature = "cloud", feature = "reqwest"))]
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! use d360::{Config, cloud::Client, model::{Contact, Message, Name, Phone}};
//!
//! let client = Client::new(Config::from_env()?)?; // D360_API_KEY
//! let card = Contact::new(Name::new("Barbara J. Johnson").first_name("Barbara"))
//!     .phone(Phone::new("+16505559999").wa_id("16505559999"));
//! let sent = client.send(Message::contacts("+16505551234".parse()?, [card])).await?;
//! println!("accepted as {:?}", sent.message_id());
//! # Ok(()) }
//! ```
//!
//! The blocking client is [`cloud::blocking::Client`] and differs by `.await`, and by lists as streams. [`guide::tour`] leads from here to production.
//!
//! # What a failure means
//!
//! [`Error::outcome`] tells whether nothing was sent, the server refused, or the outcome is unknown; [`Error::hint`]
//! what to do next. A message whose outcome is unknown is never sent again by itself. That a message was accepted does
//! not mean that it is delivered: that is told by webhook.
//!
//! # How fast
//!
//! Messages keep a pace, so as not to be refused: 80 a second and number, and to one recipient 45 at once, then one in 6 s. What
//! comes too early waits; `try_send` fails at once instead. [`Config::pacing`](transport::Config::pacing) sets it, and
//! [`CallOptions`] give single calls a deadline, no retries, or a label by which a message of unknown outcome is found again.
//!
//! # Features
//!
//! All of them only add. `cloud`, `reqwest` and `rustls` are on by default.
//!
//! | feature | what it adds |
//! |---|---|
//! | `cloud` | 360dialog Cloud, and Meta Graph as another host of it: [`cloud`] |
//! | `onprem` | the On-Premise API, which Meta shut on 2025-10-23: `onprem` |
//! | `partner` | 360dialog's Partner API: `partner` |
//! | `reqwest` | the async transport, on tokio |
//! | `http2` | HTTP/2 for the async transport, where [`Connection::protocol`](transport::Connection::protocol) asks for it; HTTP/1.1 stays the default |
//! | `ureq` | the blocking transport; no tokio |
//! | `rustls` | TLS by rustls with aws-lc-rs and the platform's certificates, for both transports; needs a C compiler |
//! | `webpki-roots` | Mozilla's root certificates, compiled in |
//! | `vcard` | vCard files to contact cards and back: `vcard` |
//! | `webhook` | receiving webhooks: verification, duplicates, events: `webhook` (reading them alone is in [`model`]) |
//! | `axum` | an axum 0.8 router that receives webhooks: `webhook::axum` |
//! | `migrate` | On-Premise to Cloud and back: requests, answers, errors, webhooks: `migrate` |
//! | `mock` | mockall's mocks of the transport traits |
//! | `tracing` | a span for each call, target `d360`: endpoint, attempts, outcome, code, time waited; no bodies, numbers or keys |
#![cfg_attr(docsrs, feature(doc_cfg))]

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
pub use d360_transport::{ApiKey, CallOptions, Config, Error, Outcome, Pacing, RetryPolicy};
#[cfg(feature = "vcard")]
#[cfg_attr(docsrs, doc(cfg(feature = "vcard")))]
pub use d360_vcard as vcard;
#[cfg(feature = "webhook")]
#[cfg_attr(docsrs, doc(cfg(feature = "webhook")))]
pub use d360_webhook as webhook;

/// What to read beside the reference.
pub mod guide {
    #[cfg_attr(
        all(feature = "cloud", feature = "ureq", feature = "webhook", feature = "migrate"),
        doc = include_str!("../docs/tour.md")
    )]
    #[cfg_attr(
        not(all(feature = "cloud", feature = "ureq", feature = "webhook", feature = "migrate")),
        doc = "From the first message to production: needs features `cloud`, `ureq`, `webhook` and `migrate`."
    )]
    pub mod tour {}
    #[cfg_attr(feature = "migrate", doc = include_str!("../docs/migration.md"))]
    #[cfg_attr(not(feature = "migrate"), doc = "From On-Premise to Cloud: needs feature `migrate`.")]
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

/// What most programs name.
///
/// ```
/// use d360::prelude::*;
/// let message = Message::text("+16505551234".parse()?, "Hello");
/// # Ok::<(), InvalidId>(())
/// ```
pub mod prelude {
    pub use d360_model::{
        Contact, InvalidId, Latitude, Location, Longitude, Message, Name, Phone, Recipient, SendResponse,
        block::User,
    };
    pub use d360_transport::{ApiKey, Config, Error, Outcome};
}
