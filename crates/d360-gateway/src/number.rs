//! The runtime state of a number: its client, access and caches.
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
    /// The hash of the key that the old program sends, compared in constant time.
    pub(crate) client_key: Hash,
    /// The hash of user and password.
    pub(crate) login: Hash,
    pub(crate) verification: Option<Verification>,
    pub(crate) verify_token: Option<SecretString>,
    /// The only phone number ID whose webhooks are accepted, if configured.
    pub(crate) phone_number_id: Option<String>,
    pub(crate) options: Options,
    pub(crate) notes: Notes,
    /// Whether `sent` statuses are delivered to the old program.
    pub(crate) sent_status: AtomicBool,
    pub(crate) blocker: Blocker,
    /// The cached blocklist and when it was fetched. Without it, each page would fetch the whole list again.
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
