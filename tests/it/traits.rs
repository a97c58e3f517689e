//! The traits of the public types. A new type needs a line here.
use d360::{
    ApiKey, CallOptions, Client, Config, Error, Outcome, RateLimit, RetryPolicy, blocking,
    model::{self, webhook, *},
    transport,
};
use serde::{Serialize, de::DeserializeOwned};
use std::{
    error::Error as StdError,
    fmt::{Debug, Display},
    hash::Hash,
    str::FromStr,
};

fn shared<T: Clone + Debug + Send + Sync + 'static>() {}
fn value<T: Clone + Debug + Eq + Hash + Send + Sync + 'static>() {}
fn ordered<T: Clone + Debug + Eq + Hash + Ord + Send + Sync + 'static>() {}
fn shown<T: Display>() {}
fn parsed<T: FromStr<Err: StdError + Send + Sync>>() {}
fn saved<T: Serialize + DeserializeOwned + Clone + Debug + PartialEq + Send + Sync + 'static>() {}
fn error<T: StdError + Send + Sync + 'static>() {}

macro_rules! each {
    ($check:ident: $($ty:ty),+ $(,)?) => { $($check::<$ty>();)+ };
}

#[test]
fn clients_and_settings_are_shared_between_threads() {
    each!(shared: Client, blocking::Client, Config, CallOptions, RateLimit, RetryPolicy, ApiKey, Error, Message);
    each!(shared: d360::onprem::Client, d360::onprem::blocking::Client, d360::onprem::Message);
    each!(shared: d360::partner::Client, d360::partner::blocking::Client);
    each!(shared: transport::Connection, transport::Proxy, transport::Roots, transport::Host, transport::HttpRequest);
    each!(value: Outcome, transport::Protocol, transport::Effect, transport::Scope, transport::AuthScheme);
    each!(value: transport::TransportErrorKind);
}

#[test]
fn ids_are_values_and_object_ids_are_displayed() {
    each!(ordered: PhoneNumber, WaId, Bsuid, ParentBsuid, GroupId, MediaId, MessageId, Recipient, block::User);
    each!(saved: PhoneNumber, WaId, Bsuid, ParentBsuid, GroupId, MediaId, MessageId, Recipient);
    each!(shown: GroupId, MediaId, MessageId);
    each!(parsed: Recipient, block::User, Latitude, Longitude, Birthday);
    let id = MessageId::new("wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI=");
    assert_eq!(format!("{id:>4}"), id.as_str());
}

/// Enums of the API: kinds, states, categories.
#[test]
fn enums_of_the_api_are_values_and_displayed() {
    each!(value: webhook::StatusKind, template::Category, template::TemplateStatus, MessageStatus, CanSend);
    each!(shown: webhook::StatusKind, template::Category, template::TemplateStatus, MessageStatus, CanSend, Outcome);
    each!(ordered: error::ErrorCode, webhook::Timestamp, Birthday);
    each!(shown: error::ErrorCode, Birthday);
}

#[test]
fn sent_types_round_trip() {
    each!(saved: Message, Contact, Name, Phone, model::Email, Url, Address, Org, Location, Latitude, Longitude);
    each!(saved: Image, Video, Audio, Document, Sticker, Reaction, Text, Template, Interactive, Birthday);
    each!(saved: template::TemplateComponent, template::TemplateParameter, template::TemplateCard);
    each!(saved: d360::onprem::Message, d360::onprem::Template);
}

#[test]
fn received_types_round_trip() {
    each!(saved: webhook::Event, webhook::EventKind, webhook::InboundMessage, webhook::InboundContent);
    each!(saved: webhook::InboundContact, webhook::InboundMedia, webhook::InboundLocation, webhook::InboundReply);
    each!(saved: webhook::InboundReaction, webhook::InboundInteractive, webhook::InboundOrder, webhook::OrderItem);
    each!(saved: webhook::InboundSystem, webhook::InboundContext, webhook::Referral, webhook::InboundIdentity);
    each!(saved: webhook::MessageStatusEvent, webhook::WebhookError, webhook::Conversation, webhook::Pricing);
    each!(saved: webhook::UserIdUpdate, webhook::Sender, webhook::Profile, webhook::Timestamp, webhook::Generation);
    each!(saved: webhook::Windows, SendResponse, block::BlockedUser, block::UserError, Health, WebhookConfig);
    each!(saved: MediaInfo, template::TemplateInfo, template::NewTemplate);
}

#[test]
fn errors_are_errors() {
    each!(error: Error, transport::SetupError, transport::TransportError, transport::BuildError, transport::InvalidHost);
    each!(error: transport::InvalidKey, transport::BlockUsersError, InvalidId, InvalidDate, InvalidCoordinate, Invalid);
    each!(error: webhook::NotAWebhook);
}

/// Values that are built, saved to a file and loaded are equal.
#[test]
fn saved_is_loaded() {
    for text in [
        "+16505551234",
        "national:6505551234",
        "16505551234@s.whatsapp.net",
        "US.1a",
        "US.ENT.1a",
        "group:abc",
    ] {
        let recipient: Recipient = text.parse().unwrap();
        assert_eq!(recipient.to_text(), text);
        let json = serde_json::to_string(&recipient).unwrap();
        assert_eq!(serde_json::from_str::<Recipient>(&json).unwrap(), recipient);
    }
    let refused = serde_json::from_str::<Recipient>("\"6505551234\"").unwrap_err().to_string();
    assert!(refused.contains("has no + and no country code"), "{refused}");
    let body = br#"{"messages": [{"from": "16505551234", "id": "a", "timestamp": "7", "type": "text", "text": {"body": "x"}}]}"#;
    let mut windows = webhook::Windows::default();
    webhook::read(body).unwrap().iter().for_each(|event| windows.saw(event));
    let json = serde_json::to_string(&windows).unwrap();
    assert_eq!(json, r#"{"16505551234":7}"#);
    assert_eq!(serde_json::from_str::<webhook::Windows>(&json).unwrap(), windows);
}
