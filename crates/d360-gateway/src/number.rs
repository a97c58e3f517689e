//! A number at work: its client, what it looks up, and who may speak for it.
use crate::{
    blocker::Blocker,
    config,
    hash::{Hash, hash, login_hash},
    notes::Notes,
};
use d360::{cloud::Client, migrate::Options, webhook::Verification};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    sync::{Mutex, atomic::AtomicBool},
    time::Instant,
};

#[derive(Debug)]
pub(crate) struct Number {
    pub(crate) name: String,
    pub(crate) client: Client,
    /// The hash of what the old program shows: compared in constant time.
    pub(crate) client_key: Hash,
    /// The hash of user and password.
    pub(crate) login: Hash,
    pub(crate) verification: Option<Verification>,
    pub(crate) verify_token: Option<SecretString>,
    /// Whose webhooks it takes alone, if that is configured.
    pub(crate) phone_number_id: Option<String>,
    pub(crate) options: Options,
    pub(crate) notes: Notes,
    /// Whether statuses `sent` go to the old program.
    pub(crate) sent_status: AtomicBool,
    pub(crate) blocker: Blocker,
    /// The list of blocked users and when it was fetched: a program that pages through it would fetch it for every page.
    pub(crate) blocked: Mutex<Option<(Instant, std::sync::Arc<Vec<String>>)>>,
}

impl Number {
    pub(crate) fn new(config: &config::Number, client: Client, options: Options) -> Self {
        Self {
            name: config.name.clone(),
            blocker: Blocker::new(client.clone()),
            client,
            client_key: hash(config.client_key.expose_secret().trim()),
            login: login_hash(&config.user, config.password.expose_secret()),
            verification: config.verification.clone(),
            verify_token: config.verify_token.clone(),
            phone_number_id: config.phone_number_id.clone(),
            options,
            notes: Notes::default(),
            sent_status: AtomicBool::new(true),
            blocked: Mutex::new(None),
        }
    }
}
