//! Message bodies as collections, forms and libraries create them.
use super::wrong;
use d360::{cloud::messages::SendRaw, model::Message, onprem};
use serde_json::{Value, json};

/// Forms and Postman collections fill in every kind of header.
#[test]
fn empty_media_in_a_text_header_are_omitted() {
    let body = |header: Value| {
        json!({"to": "+16505551234", "type": "interactive", "interactive": {
            "type": "button", "header": header, "body": {"text": "Sure?"},
            "action": {"buttons": [{"type": "reply", "reply": {"id": "y", "title": "Yes"}}]},
        }})
    };
    for empty in [
        json!({}),
        json!({"id": "", "link": null}),
        json!({"link": "", "caption": ""}),
        json!({"provider": {}}),
    ] {
        let header =
            json!({"type": "text", "text": "Order 7", "image": empty, "video": empty, "document": empty});
        let (message, found) = Message::from_json(body(header).to_string().as_bytes()).unwrap();
        let paths: Vec<&str> = found.advice().map(|finding| &*finding.path).collect();
        assert_eq!(
            paths,
            ["interactive.header.image", "interactive.header.video", "interactive.header.document"]
        );
        let sent = serde_json::to_value(&message).unwrap();
        assert_eq!(sent["interactive"]["header"], json!({"type": "text", "text": "Order 7"}));
    }
    // Texts and footers work the same way, and so does an empty header.
    let mut filled = body(json!({"type": "image", "text": "", "image": {"id": "1"}, "video": {}}));
    filled["interactive"]["footer"] = json!({"text": ""});
    let (message, found) = Message::from_json(filled.to_string().as_bytes()).unwrap();
    assert_eq!(found.advice().count(), 3, "{found:?}");
    let sent = serde_json::to_value(&message).unwrap();
    assert_eq!(sent["interactive"]["header"], json!({"type": "image", "image": {"id": "1"}}));
    assert!(sent["interactive"].get("footer").is_none());
    let (message, _) =
        Message::from_json(body(json!({"type": "", "text": ""})).to_string().as_bytes()).unwrap();
    assert!(serde_json::to_value(&message).unwrap()["interactive"].get("header").is_none());
    assert_eq!(wrong(&body(json!({"type": "text", "text": ""}))), ["interactive.header.text"]);
    // The medium of the header itself is required.
    assert_eq!(wrong(&body(json!({"type": "image", "image": {}}))), ["interactive.header.image"]);
    // A property with content is not dropped silently.
    assert!(!wrong(&body(json!({"type": "text", "text": "A", "image": {"id": 7}}))).is_empty());
}

#[test]
fn a_read_mark_is_not_a_message() {
    let marks = [
        json!({"messaging_product": "whatsapp", "status": "read", "message_id": "wamid.abc"}),
        json!({"status": "read", "message_id": "wamid.abc", "typing_indicator": {"type": "text"}}),
        json!({"status": "read"}),
    ];
    for mark in marks {
        let text = mark.to_string();
        for error in [
            Message::from_json(text.as_bytes()).unwrap_err().to_string(),
            onprem::Message::from_json(text.as_bytes()).unwrap_err().to_string(),
        ] {
            assert!(error.contains("status: is a read mark") && error.contains("d360 read"), "{error}");
            assert!(!error.contains("type: is required"), "{error}");
        }
        let raw = SendRaw::new(mark.as_object().cloned().unwrap());
        let found = d360::transport::Endpoint::check(&raw);
        assert!(found.errors().any(|finding| finding.message.contains("d360 read")), "{found:?}");
    }
}

#[test]
fn an_object_instead_of_a_list_is_explained() {
    let card = json!({"name": {"formatted_name": "A", "first_name": "A"}});
    let one = json!({"to": "+16505551234", "type": "contacts", "contacts": card}).to_string();
    let phones = json!({"to": "+16505551234", "type": "contacts", "contacts": [{
        "name": {"formatted_name": "A", "first_name": "A"}, "phones": {"phone": "+16505551234"},
    }]})
    .to_string();
    for error in [
        Message::from_json(one.as_bytes()).unwrap_err().to_string(),
        Message::from_json(phones.as_bytes()).unwrap_err().to_string(),
        onprem::Message::from_json(one.as_bytes()).unwrap_err().to_string(),
    ] {
        assert!(error.contains("expected an array of objects: [{…}], found an object"), "{error}");
    }
}
