//! Webhooks as they arrive.
use d360::model::webhook::{self, EventKind, InboundContent};
use serde_json::json;

/// Test tools and old proxies leave the type out.
#[test]
fn a_message_without_type_is_its_only_content() {
    let message = |content: serde_json::Value| {
        let mut message = json!({"id": "wamid.a", "from": "16505551234", "timestamp": "1750000000"});
        message.as_object_mut().unwrap().extend(content.as_object().cloned().unwrap());
        let body = json!({"entry": [{"id": "1", "changes": [{"field": "messages", "value": {"messages": [message]}}]}]});
        webhook::read(body.to_string().as_bytes()).unwrap().remove(0).kind
    };
    for content in [
        json!({"text": {"body": "Hi"}}),
        json!({"type": null, "text": {"body": "Hi"}}),
        json!({"type": "", "text": {"body": "Hi"}, "image": null}),
    ] {
        let EventKind::Message(read) = message(content.clone()) else { panic!("{content}") };
        assert_eq!(read.content, InboundContent::Text("Hi".to_owned()));
    }
    let EventKind::Message(read) = message(json!({"location": {"latitude": 1.0, "longitude": 2.0}})) else {
        panic!()
    };
    assert!(matches!(read.content, InboundContent::Location(_)));
    for unclear in [json!({}), json!({"text": {"body": "a"}, "image": {"id": "1"}}), json!({"brand_new": {}})]
    {
        assert!(matches!(message(unclear.clone()), EventKind::Unreadable(_)), "{unclear}");
    }
}
