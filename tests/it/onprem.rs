//! Messages of On-Premise: parsed, validated and sent, through both clients against the sandbox.
use d360::{
    ApiKey, Config, RateLimit,
    model::{Document, Image, Interactive, MessageId, interactive::ReplyButton},
    onprem::{self, Hsm, Media, Message, Template, Ttl},
};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};

const TO: &str = "16505551234";

/// One message of every type, as documented.
fn every_type() -> Vec<Value> {
    let language = json!({"policy": "deterministic", "code": "en"});
    let contents = [
        json!({"type": "text", "text": {"body": "See https://example.com"}, "preview_url": true}),
        json!({"type": "text", "recipient_type": "individual", "text": {"body": "Hi"}, "context": {"message_id": "gBEG"}}),
        json!({"type": "contacts", "contacts": [{"name": {"formatted_name": "A B", "first_name": "A"},
            "ims": [{"service": "AIM", "user_id": "kfish"}]}]}),
        json!({"type": "location", "location": {"latitude": 37.75, "longitude": -122.42, "name": "HQ", "address": "1 Way"}}),
        json!({"type": "image", "image": {"link": "http://example.com/i.jpg", "provider": {"name": "bearer"}, "caption": "c"}}),
        json!({"type": "video", "video": {"id": "e1f2", "caption": "c"}}),
        json!({"type": "audio", "audio": {"id": "e1f2"}}),
        json!({"type": "voice", "voice": {"id": "e1f2"}}),
        json!({"type": "document", "document": {"id": "e1f2", "filename": "a.pdf", "caption": "c"}}),
        json!({"type": "sticker", "sticker": {"id": "e1f2"}}),
        json!({"type": "reaction", "reaction": {"message_id": "gBEG", "emoji": "\u{1f44d}\u{1f3fd}"}}),
        json!({"type": "template", "ttl": 86400, "template": {"namespace": "n", "name": "t", "language": language, "components": [
            {"type": "header", "parameters": [{"type": "image", "image": {"link": "https://example.com/i.jpg", "provider": {"name": "p"}}}]},
            {"type": "body", "parameters": [
                {"type": "text", "text": "x"},
                {"type": "currency", "currency": {"fallback_value": "$100.99", "code": "USD", "amount_1000": 100_990}},
                {"type": "date_time", "date_time": {"fallback_value": "February 25, 1977", "day_of_week": 5, "day_of_month": 25,
                    "year": 1977, "month": 2, "hour": 15, "minute": 33, "timestamp": 1_485_470_276}},
            ]},
            {"type": "button", "sub_type": "quick_reply", "parameters": [{"type": "payload", "payload": "yes"}]},
        ]}}),
        json!({"type": "hsm", "ttl": "P1D", "hsm": {"namespace": "n", "element_name": "e", "language": language, "localizable_params": [
            {"default": "1234"},
            {"default": "$10", "currency": {"currency_code": "USD", "amount_1000": 10_000}},
            {"default": "Monday", "date_time": {"component": {"day_of_week": 1}}},
        ]}}),
        json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "b"}, "action": {"buttons": [
            {"type": "reply", "reply": {"id": "1", "title": "One"}}]}}}),
        json!({"type": "interactive", "interactive": {"type": "list", "body": {"text": "b"}, "action": {"button": "Choose", "sections": [
            {"title": "s", "rows": [{"id": "1", "title": "One", "description": "d"}]}]}}}),
        json!({"type": "interactive", "interactive": {"type": "product_list", "header": {"type": "text", "text": "h"}, "body": {"text": "b"},
            "action": {"catalog_id": "c", "sections": [{"title": "s", "product_items": [{"product_retailer_id": "p"}]}]}}}),
    ];
    contents
        .into_iter()
        .map(|mut message| {
            message["to"] = json!(TO);
            message
        })
        .collect()
}

#[test]
fn every_type_is_sent_unchanged() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.user_writes(TO);
        let config = Config::new(ApiKey::new(sandbox.key()).unwrap())
            .base_url(sandbox.base_url())
            .rate_limit(RateLimit::off());
        for expected in every_type() {
            let (message, _) = Message::from_json(expected.to_string().as_bytes())
                .unwrap_or_else(|invalid| panic!("{expected}: {invalid}"));
            let sent = if blocking {
                onprem::blocking::Client::new(config.clone()).unwrap().send(message)
            } else {
                let client = onprem::Client::new(config.clone()).unwrap();
                crate::rig::runtime().block_on(client.send(message))
            };
            assert!(sent.unwrap().message_id().is_some_and(|id: &MessageId| id.as_str().starts_with("gBEG")));
            assert_eq!(sandbox.messages().pop().unwrap(), expected);
        }
    }
}

#[test]
fn built_messages_equal_parsed_ones() {
    let to = || d360::model::WaId::new(TO);
    let image = Media::hosted(Image::link("https://example.com/i.jpg").caption("c"), "bearer");
    for (built, sent) in [
        (
            Message::text(to(), "Hi").preview_url(false).reply_to("gBEG"),
            json!({"type": "text", "text": {"body": "Hi"}, "preview_url": false, "context": {"message_id": "gBEG"}}),
        ),
        (
            Message::image(to(), image),
            json!({"type": "image", "image": {"link": "https://example.com/i.jpg", "caption": "c", "provider": {"name": "bearer"}}}),
        ),
        (
            Message::document(to(), Document::id("e1f2").filename("a.pdf")),
            json!({"type": "document", "document": {"id": "e1f2", "filename": "a.pdf"}}),
        ),
        (
            Message::template(to(), Template::new("n", "t", "en_US")).ttl(Ttl::days(2)),
            json!({"type": "template", "ttl": 172_800, "template": {"namespace": "n", "name": "t",
                "language": {"code": "en_US", "policy": "deterministic"}}}),
        ),
        (
            Message::hsm(to(), Hsm::new("n", "e", "en").param("1234")),
            json!({"type": "hsm", "hsm": {"namespace": "n", "element_name": "e",
                "language": {"code": "en", "policy": "deterministic"}, "localizable_params": [{"default": "1234"}]}}),
        ),
        (
            Message::interactive(
                to(),
                Interactive::buttons("Well?", [ReplyButton::new("y", "Yes"), ReplyButton::new("n", "No")]),
            ),
            json!({"type": "interactive", "interactive": {"type": "button", "body": {"text": "Well?"}, "action": {"buttons": [
                {"type": "reply", "reply": {"id": "y", "title": "Yes"}}, {"type": "reply", "reply": {"id": "n", "title": "No"}}]}}}),
        ),
        (
            Message::raw(to(), "stickerpack", json!({"id": "7"})),
            json!({"type": "stickerpack", "stickerpack": {"id": "7"}}),
        ),
        (
            Message::text("group:abc", "Hi"),
            json!({"type": "text", "recipient_type": "group", "to": "abc", "text": {"body": "Hi"}}),
        ),
    ] {
        let mut expected = sent;
        if expected.get("to").is_none() {
            expected["to"] = json!(TO);
        }
        assert!(!built.validate().refuses(false), "{expected}: {:?}", built.validate());
        assert_eq!(serde_json::to_value(&built).unwrap(), expected);
        let (read, _) = Message::from_json(expected.to_string().as_bytes()).unwrap();
        assert_eq!(serde_json::to_value(read).unwrap(), expected);
    }
}

#[test]
fn errors_name_their_path() {
    for (message, path) in [
        (json!({"type": "text", "text": {"body": "x".repeat(4097)}}), "text.body"),
        (json!({"type": "text", "text": {"body": "x", "preview_url": true}}), "text.preview_url"),
        (
            json!({"type": "text", "messaging_product": "whatsapp", "text": {"body": "x"}}),
            "messaging_product",
        ),
        (json!({"type": "image", "image": {}}), "image.id"),
        (json!({"type": "image", "image": {"link": "x"}}), "image.link"),
        (
            json!({"type": "image", "image": {"link": "https://x.example", "provider": {}}}),
            "image.provider.name",
        ),
        (json!({"type": "audio", "audio": {"id": "1", "voice": true}}), "audio.voice"),
        (
            json!({"type": "template", "template": {"name": "t", "language": {"code": "en"}}}),
            "template.namespace",
        ),
        (json!({"type": "template", "template": {"namespace": "n", "name": "t"}}), "template.language"),
        (
            json!({"type": "template", "ttl": 60, "template": {"namespace": "n", "name": "t", "language": {"code": "en"}}}),
            "ttl",
        ),
        (json!({"type": "hsm", "hsm": {"namespace": "n", "language": {"code": "en"}}}), "hsm.element_name"),
        (json!({"type": "reaction", "reaction": {"emoji": "x"}}), "reaction.message_id"),
        (json!({"type": "contacts", "contacts": []}), "contacts"),
        (json!({"type": "contacts", "contacts": [{"name": {}}]}), "contacts[0].name.formatted_name"),
    ] {
        let mut message = message;
        message["to"] = json!(TO);
        let invalid = Message::from_json(message.to_string().as_bytes()).unwrap_err();
        assert!(invalid.findings().errors().any(|found| found.path == path), "{message}: {invalid}");
    }
    let bsuid = Message::text("US.13491208655302741918", "Hi");
    assert!(bsuid.validate().refuses(false), "BSUIDs did not exist on On-Premise");
}
