//! A number at work: its client, what it looks up, and who may speak for it.
use crate::{blocker::Blocker, config};
use d360::{cloud::Client, migrate::Options, webhook::Verification};
use secrecy::SecretString;
use std::{sync::Mutex, time::Instant};

#[derive(Debug)]
pub(crate) struct Number {
    pub(crate) name: String,
    pub(crate) client: Client,
    pub(crate) client_key: SecretString,
    pub(crate) user: String,
    pub(crate) password: SecretString,
    pub(crate) verification: Option<Verification>,
    pub(crate) verify_token: Option<SecretString>,
    pub(crate) options: Options,
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
            client_key: config.client_key.clone(),
            user: config.user.clone(),
            password: config.password.clone(),
            verification: config.verification.clone(),
            verify_token: config.verify_token.clone(),
            options,
            blocked: Mutex::new(None),
        }
    }
}
