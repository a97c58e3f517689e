//! A gateway that serves WhatsApp's On-Premise API to an old program on top of 360dialog Cloud.
//!
//! Meta retired On-Premise on 2025-10-23. A program written for it only needs its base URL changed to this gateway.
//! `GET /notes` and the response header `x-d360-notes` list, per call, what to change in the program to no longer
//! need it.
//!
//! ```no_run
//! # async fn f() -> Result<(), Box<dyn std::error::Error>> {
//! use d360_gateway::{Config, Gateway, Number};
//!
//! let number = Number::new("main", "the Cloud API key").webhook_to("http://127.0.0.1:9000/hook");
//! let gateway = Gateway::start(Config::new("127.0.0.1:8080", "gateway.db").number(number)).await?;
//! println!("old programs: {}", gateway.address());
//! gateway.stop().await;
//! # Ok(()) }
//! ```
//!
//! Calls of an old program and how they are translated:
//!
//! | call | on Cloud |
//! |---|---|
//! | `POST /v1/messages` | `POST /messages`, translated; never retried |
//! | `PUT /v1/messages/{id}` | `POST /messages` with `status` `read` |
//! | `POST /v1/contacts` | none: every number is `valid`, as since v2.43; the response has `x-d360-gateway: contacts-not-checked` |
//! | `POST /v1/contacts/{phone_number}/block`, `/unblock` | `/block_users`; simultaneous calls are batched |
//! | `POST /v1/contacts/{phone_number}/report` | none (`x-d360-gateway: not-reported`), except for a requested block |
//! | `GET /v1/contacts/blocklist` | `GET /block_users`, all pages |
//! | `POST /v1/media`, `GET`, `DELETE /v1/media/{id}` | `/media`, `/{media-id}`; ids have On-Premise's form |
//! | `POST /v1/users/login`, `/logout` | none: the gateway issues its own tokens |
//! | `GET /v1/health` | `GET /health_status` |
//! | `/v1/configs/templates` | `/message_templates`, in the old form |
//! | `/v1/settings/application`, `/v1/configs/webhook` | none: sets the webhook URL, and whether `sent` statuses are delivered |
//! | `PUT /v1/services/message/gc` | none |
//! | everything else | an On-Premise error with the reason |
//!
//! Cloud posts its webhooks to `/webhook`, or to `/webhook/{name}` if there are several numbers. The gateway writes
//! them to disk before it answers. It then delivers them in the old form, at least once, in order for each user. A
//! webhook that the old program rejects, or fails on for too long, is put aside. With the number's key, `/waiting`
//! and `/aside` list, show, retry and drop webhooks.
//!
//! The gateway never fetches links in messages, and only calls hosts from its configuration.
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
