//! A gateway that speaks WhatsApp's On-Premise API to an old program, and 360dialog Cloud behind it.
//!
//! Meta retired On-Premise on 2025-10-23. A program that was written for it points its base URL here and works on; `GET /notes` and the
//! header `x-d360-notes` of every answer tell, call by call, what to change to do without.
//!
//! ```no_run
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! use d360_gateway::{Config, Gateway, Number};
//!
//! let number = Number::new("main", "the key of Cloud").webhook_to("http://127.0.0.1:9000/hook");
//! let gateway = Gateway::start(Config::new("127.0.0.1:8080", "gateway.db").number(number)).await?;
//! println!("old programs: {}", gateway.address());
//! gateway.stop().await;
//! # Ok(()) }
//! ```
//!
//! What an old program calls, and what becomes of it:
//!
//! | call | on Cloud |
//! |---|---|
//! | `POST /v1/messages` | `POST /messages`, translated; never sent twice |
//! | `PUT /v1/messages/{id}` | `POST /messages` with `status` `read` |
//! | `POST /v1/contacts` | nothing: every number is `valid`, as since v2.43; the answer has `x-d360-gateway: contacts-not-checked` |
//! | `POST /v1/contacts/{phone_number}/block`, `/unblock` | `/block_users`: calls that come together go out as one |
//! | `POST /v1/contacts/{phone_number}/report` | nothing (`x-d360-gateway: not-reported`), but a block where it asks for one |
//! | `GET /v1/contacts/blocklist` | `GET /block_users`, all pages |
//! | `POST /v1/media`, `GET`, `DELETE /v1/media/{id}` | `/media`, `/{media-id}`; ids have the form of On-Premise's |
//! | `POST /v1/users/login`, `/logout` | nothing: tokens of the gateway's own |
//! | `GET /v1/health` | `GET /health_status` |
//! | `/v1/configs/templates` | `/message_templates`, in the old shape |
//! | `/v1/settings/application`, `/v1/configs/webhook` | nothing: where webhooks go, and whether statuses `sent` do |
//! | `PUT /v1/services/message/gc` | nothing |
//! | everything else | an error of On-Premise that says why |
//!
//! Webhooks of Cloud come in at `/webhook` (`/webhook/{name}` where there are several numbers), are written to disk, answered, and
//! delivered in the old form until they are taken: in order for each user, at least once. One that the old program refuses, or fails on
//! for too long, is put aside: `/aside` and `/waiting` list, show, retry and drop, for whoever has the number's key.
//!
//! The gateway fetches no link of a message, and calls no host but those of its configuration.
#![cfg_attr(docsrs, feature(doc_cfg))]

mod access;
mod api;
mod blocker;
mod config;
mod delivery;
mod gateway;
mod hash;
mod metrics;
mod notes;
mod number;
mod place;
mod recorder;
mod sent_status;
mod state;
mod web;

pub use config::{Config, ConfigKey, InvalidConfig, Number, Problem};
pub use gateway::{Gateway, StartError};
pub use recorder::{RecordedCall, Recorder, RecorderConfig};
