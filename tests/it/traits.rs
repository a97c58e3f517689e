//! What the public types can do.
use d360::{
    ApiKey, CallOptions, Client, Config, Error, Outcome, Pacing, RetryPolicy, blocking,
    model::{GroupId, MediaId, Message, MessageId, Recipient},
};
use std::{fmt::Display, hash::Hash};

fn shared<T: Clone + Send + Sync>() {}
fn shown<T: Display + Clone + Eq + Hash + Ord>() {}

#[test]
fn clients_settings_and_errors_are_shared_between_threads() {
    shared::<Client>();
    shared::<blocking::Client>();
    shared::<Error>();
    shared::<(Config, CallOptions, Pacing, RetryPolicy, ApiKey, Outcome)>();
    shared::<(Message, Recipient)>();
}

/// IDs that name no person. A message's is shown whole: webhooks and support are asked by it.
#[test]
fn ids_of_things_are_shown() {
    shown::<MessageId>();
    shown::<MediaId>();
    shown::<GroupId>();
    let id = MessageId::new("wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI=");
    assert_eq!(format!("{id:>4}"), id.as_str());
}
