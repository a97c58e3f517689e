//! What travels: messages, cards, places, identities, blocking and errors of the 360dialog and WhatsApp APIs.
//!
//! No HTTP, no I/O and no clock in here. What is *sent* is built with constructors that ask for what the API
//! requires, and is checked by `validate()`, which reports **all** problems with their JSON paths. What is
//! *received* is read leniently: every variant that the documents show is accepted.
//!
//! ```
//! use d360_model::{Contact, Message, Name, Phone};
//!
//! let card = Contact::new(Name::new("Barbara J. Johnson").first_name("Barbara"))
//!     .phone(Phone::new("+16505559999").wa_id("16505559999"));
//! let message = Message::contacts("+16505551234".parse()?, [card]);
//! assert!(message.validate().is_empty());
//! # Ok::<(), d360_model::InvalidId>(())
//! ```
#![cfg_attr(docsrs, feature(doc_cfg))]

mod account;
pub mod block;
mod check;
mod contact;
mod content;
mod country;
mod date;
mod enums;
pub mod error;
mod extra;
mod id;
pub mod interactive;
mod location;
mod media;
mod media_file;
mod message;
pub mod open_enum;
mod paging;
mod redact;
mod sent;
pub mod template;
pub mod webhook;
#[doc(hidden)]
pub mod wire;

pub use account::{CanSend, Health, HealthEntity, HealthStatus, WebhookConfig};
#[doc(hidden)]
pub use check::{At, Validate};
pub use check::{Finding, Findings, Invalid, Severity};
pub use contact::{
    Address, AddressType, Contact, Email, EmailType, Name, Org, Phone, PhoneType, Url, UrlType,
};
#[doc(hidden)]
pub use content::Card;
pub use content::{Content, MAX_CONTACTS, Raw, Text};
pub use country::{COUNTRIES, Country};
pub use date::{Birthday, InvalidDate};
pub use extra::Extra;
pub use id::{Bsuid, GroupId, InvalidId, MediaId, MessageId, ParentBsuid, PhoneNumber, Recipient, WaId};
pub use interactive::Interactive;
pub use location::{InvalidCoordinate, Latitude, Location, Longitude};
pub use media::{Audio, Document, Image, MediaSource, Reaction, Sticker, Video};
pub use media_file::{MediaInfo, MediaKind, MediaType};
pub use message::{MAX_CALLBACK_DATA, MAX_MESSAGE_ID, Message, MessageCategory};
#[doc(hidden)]
pub use redact::Masked;
pub use redact::mask;
pub use sent::{MessageStatus, SendResponse, SentMessage, SentTo};
pub use template::Template;

validated!(Message, Contact, Location);
