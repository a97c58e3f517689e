//! Translates WhatsApp's On-Premise API to Cloud, and back: requests, answers, errors and webhooks.
//!
//! Pure functions: the input is a JSON value, and the result is a [`Translation`] with the translated value and
//! [`Note`]s. A note names by path what was changed, assumed, lost or refused, why, and what to do. Nothing is
//! dropped silently. No I/O, no HTTP.
//!
//! Meta retired On-Premise on 2025-10-23.
//!
//! ```
//! use d360_migrate::{NoteKind, Options, message};
//! let old = serde_json::json!({"to": "16505551234", "type": "text", "text": {"body": "Hi"}, "preview_url": true});
//! let new = message::to_cloud(&old, &Options::new());
//! assert_eq!(new.value.as_ref().unwrap()["text"]["preview_url"], true);
//! assert_eq!(new.value.as_ref().unwrap()["to"], "+16505551234");
//! assert!(new.notes.iter().all(|note| note.kind == NoteKind::Changed));
//! ```
//!
//! | what | On-Premise to Cloud | Cloud to On-Premise |
//! |---|---|---|
//! | messages | [`message::to_cloud`] | [`message::to_onprem`] |
//! | other calls | [`calls::to_cloud`] | |
//! | answers | | [`answers`] |
//! | templates | [`templates::to_cloud`] | [`templates::listed`], [`templates::created`] |
//! | errors | [`errors::to_cloud`] | [`errors::to_onprem`] |
//! | webhooks | [`webhook::to_cloud`] | [`webhook::to_onprem`] |
//! | ids | [`ids::message_to_cloud`], [`ids::media_to_cloud`] | [`ids::message_to_onprem`], [`ids::media_to_onprem`] |
#![cfg_attr(docsrs, feature(doc_cfg))]

mod answer;
pub mod answers;
pub mod calls;
pub mod errors;
pub mod ids;
mod json;
pub mod message;
mod note;
mod numbers;
mod options;
mod settings;
pub mod templates;
mod titles;
pub mod webhook;

pub use note::{Note, NoteKind, Translation};
pub use numbers::{phone_number, user};
pub use options::Options;
pub use settings::Settings;
