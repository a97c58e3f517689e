//! Webhooks of Cloud and of On-Premise as one kind of event: messages, statuses and errors.
//!
//! [`read`] parses a posted body into all its events, in order; a body may have a thousand. An item that cannot be
//! parsed becomes [`EventKind::Unreadable`] with the reason, and does not affect the others. [`Event::raw`] returns the
//! original item, with the properties that this version does not know.
//!
//! ```
//! use d360_model::webhook::{self, EventKind};
//! let body = r#"{"messages": [{"from": "16505551234", "id": "gBG", "timestamp": "1518694235", "type": "text", "text": {"body": "Hi"}}]}"#;
//! for event in webhook::read(body.as_bytes())? {
//!     match event.kind {
//!         EventKind::Message(message) => println!("{:?} from {:?}", message.content, message.from),
//!         EventKind::Status(status) => println!("{:?} is {}", status.id, status.status.as_str()),
//!         _ => {}
//!     }
//! }
//! # Ok::<(), webhook::NotAWebhook>(())
//! ```
mod contact;
mod content;
mod error;
mod event;
pub(crate) mod inbound;
mod message;
mod people;
mod quick;
mod quick_message;
mod read;
mod repair;
mod sender;
mod status;
mod timestamp;
mod tolerant;
mod window;

pub use contact::{
    InboundAddress, InboundContact, InboundEmail, InboundIm, InboundName, InboundOrg, InboundPhone,
    InboundUrl,
};
pub use content::{
    InboundContent, InboundContext, InboundIdentity, InboundInteractive, InboundLocation, InboundMedia,
    InboundOrder, InboundReaction, InboundReply, InboundSystem, OrderItem, Referral, WelcomeMessage,
};
pub use error::WebhookError;
pub use message::InboundMessage;
pub use sender::{Profile, Sender};
pub use status::{
    Conversation, ConversationOrigin, MessageStatusEvent, Pricing, StatusKind, UserIdChange, UserIdUpdate,
};

pub use event::{Event, EventKind, Generation, NotAWebhook};
pub use read::read;
pub use timestamp::Timestamp;
pub use tolerant::{json, read_value};
pub use window::Windows;
