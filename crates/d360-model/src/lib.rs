//! Data types of the 360dialog and WhatsApp APIs: messages, contacts, locations, identities, blocking, webhooks and
//! errors.
//!
//! No HTTP, no I/O and no clock. *Outgoing* data is built with constructors that require what the API requires.
//! `validate()` reports **all** problems with their JSON paths. *Incoming* data is parsed leniently: every documented
//! variant is accepted.
//!
//! ```
//! use d360_model::{Contact, Message, Name, Phone};
//!
//! let card = Contact::new(Name::new("Barbara J. Johnson").first_name("Barbara"))
//!     .phone(Phone::new("+16505559999").wa_id("16505559999"));
//! let message = Message::contacts("+16505551234", [card]);
//! assert!(message.validate().is_empty());
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
pub mod block;
mod check;
mod country;
mod enums;
pub mod error;
mod id;
mod message;
mod redact;
mod response;
pub mod webhook;
#[doc(hidden)]
pub mod wire;

pub use account::{
    CanSend, Health, HealthEntity, HealthStatus, MediaInfo, MediaKind, MediaType, WebhookConfig,
};
#[doc(hidden)]
pub use check::{At, Validate};
pub use check::{Finding, Findings, Invalid, Severity};
pub use country::{COUNTRIES, Country};
pub use id::{Bsuid, GroupId, InvalidId, MediaId, MessageId, ParentBsuid, PhoneNumber, Recipient, WaId};
#[doc(hidden)]
pub use message::Card;
pub use message::{
    Address, AddressType, Audio, Birthday, Contact, Content, Document, Email, EmailType, Image, Interactive,
    InvalidCoordinate, InvalidDate, Latitude, Location, Longitude, MAX_CALLBACK_DATA, MAX_CONTACTS,
    MAX_MESSAGE_ID, MediaSource, Message, MessageCategory, Name, Org, Phone, PhoneType, Raw, Reaction,
    Sticker, Template, Text, Url, UrlType, Video, interactive, template,
};
#[doc(hidden)]
pub use redact::Masked;
pub use redact::mask;
pub use response::{Extra, MessageStatus, SendResponse, SentMessage, SentTo};
pub use wire::open_enum;

validated!(Message, Contact, Location);
