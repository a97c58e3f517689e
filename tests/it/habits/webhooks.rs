//! Webhooks as they arrive in practice.
use d360::model::webhook::{self, EventKind, InboundContent};
use d360::{
    model::webhook::{Event, Windows},
    webhook::Seen,
};
use serde_json::{Value, json};

fn read(body: &Value) -> Vec<Event> {
    webhook::read(body.to_string().as_bytes()).unwrap()
}

fn hook(field: &Value, value: &Value) -> Value {
    json!({"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [{"field": field, "value": value}]}]})
}

fn items() -> Value {
    json!({
        "messaging_product": "whatsapp", "metadata": {"phone_number_id": "7"},
        "contacts": [{"wa_id": "16505551234", "user_id": "US.1a", "profile": {"name": "Ada"}}],
        "messages": [{"id": "wamid.a", "from": "16505551234", "timestamp": "1750000000", "type": "text", "text": {"body": "Hi"}}],
        "statuses": [{"id": "wamid.b", "status": "sent", "recipient_id": "16505551234", "timestamp": "1750000001"}],
    })
}

/// Since August 2026 a number with Meta Business Agent also gets the agent's conversations, in a separate field.
#[test]
fn only_the_field_messages_has_messages_and_statuses() {
    let fields = [
        "standby",
        "message_echoes",
        "smb_message_echoes",
        "history",
        "messaging_handovers",
        "consumer_profile",
        "account_settings_update",
        "user_id_update",
        "brand_new",
        "Messages",
        "7",
    ];
    for field in fields {
        let fields = [json!(field), field.parse::<u64>().map_or(json!(field), |number| json!(number))];
        for field in fields {
            let flat = {
                let mut flat = items();
                flat["field"] = field.clone();
                flat
            };
            let bare = json!({"field": field, "value": items()});
            // Old programs do not get them either.
            let old =
                d360::migrate::webhook::to_onprem(&hook(&field, &items()), &d360::migrate::Options::new());
            assert!(old.value.is_none_or(|bodies| bodies.is_empty()), "{field}");
            for body in [hook(&field, &items()), bare, flat] {
                let events = read(&body);
                let mut windows = Windows::default();
                let mut seen = String::new();
                for event in &events {
                    assert!(
                        !matches!(event.kind, EventKind::Message(_) | EventKind::Status(_)),
                        "{field}: {event:?}"
                    );
                    windows.saw(event);
                    seen.push_str(&event.raw().to_string());
                }
                assert!(windows.closes("+16505551234").is_none(), "{field}");
                assert!(
                    seen.contains("wamid.a") && seen.contains("wamid.b"),
                    "{field}: nothing is lost: {seen}"
                );
                assert!(events.iter().all(|event| event.field().is_some()), "{field}");
            }
        }
    }
    for field in [json!("messages"), Value::Null, json!("")] {
        let events = read(&hook(&field, &items()));
        assert!(matches!(
            events[..],
            [Event { kind: EventKind::Message(_), .. }, Event { kind: EventKind::Status(_), .. }]
        ));
    }
}

#[test]
fn standby_messages_can_be_read() {
    let events = read(&hook(&json!("standby"), &items()));
    let EventKind::Standby(message) = &events[0].kind else { panic!("{events:?}") };
    assert_eq!(message.content, InboundContent::Text("Hi".to_owned()));
    assert_eq!(message.sender_name(), Some("Ada"));
    assert_eq!(
        (&events[1].kind, &events[1].raw()["statuses"][0]["id"]),
        (&EventKind::Other, &json!("wamid.b"))
    );
    // Once this program has control of the conversation, the same message is new.
    let mut seen = Seen::new(10);
    assert!(seen.is_new(&events[0]) && !seen.is_new(&events[0]));
    assert!(seen.is_new(&read(&hook(&json!("messages"), &items()))[0]));
}

/// The IDs of a user change: by a field until August 2026, by a system message since.
#[test]
fn a_changed_user_id_is_one_event_in_the_old_form_and_the_new() {
    let system = |from: Value, system: Value| {
        let mut message =
            json!({"id": "wamid.s", "timestamp": "1750000000", "type": "system", "system": system});
        message.as_object_mut().unwrap().extend(from.as_object().cloned().unwrap());
        hook(&json!("messages"), &json!({"messages": [message]}))
    };
    let ids = json!({"user_id": "US.2b", "parent_user_id": "US.ENT.2b", "previous_user_id": "US.1a",
        "previous_parent_user_id": "US.ENT.1a", "body": "User changed"});
    let with = |more: Value| {
        let mut all = ids.clone();
        all.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        all
    };
    let old = json!({"wa_id": "12195555358", "detail": "User changed", "timestamp": "1750000000",
        "user_id": {"previous": "US.1a", "current": "US.2b"}, "parent_user_id": {"previous": "US.ENT.1a", "current": "US.ENT.2b"}});
    let bodies = [
        hook(&json!("user_id_update"), &json!({"user_id_update": [old]})),
        system(json!({"from_user_id": "US.2b"}), with(json!({"type": "user_changed_user_id"}))),
        system(
            json!({"from": "16505551234"}),
            with(json!({"type": "user_changed_number", "wa_id": "12195555358"})),
        ),
    ];
    for body in &bodies {
        let events = read(body);
        let [Event { kind: EventKind::UserIdUpdate(update), .. }] = &events[..] else { panic!("{events:?}") };
        let (ids, parents) = (update.user_id.as_ref().unwrap(), update.parent_user_id.as_ref().unwrap());
        assert_eq!(
            (ids.previous.as_ref().unwrap().as_str(), ids.current.as_ref().unwrap().as_str()),
            ("US.1a", "US.2b")
        );
        assert_eq!(parents.previous.as_ref().unwrap().as_str(), "US.ENT.1a");
        assert_eq!(parents.current.as_ref().unwrap().as_str(), "US.ENT.2b");
        assert_eq!(
            (update.detail.as_deref(), update.timestamp.unwrap().seconds()),
            (Some("User changed"), 1_750_000_000)
        );
    }
    let update = |body: &Value| match read(body).remove(0).kind {
        EventKind::UserIdUpdate(update) => update,
        other => panic!("{other:?}"),
    };
    let moved = update(&bodies[2]);
    assert_eq!(moved.wa_id.unwrap().as_str(), "12195555358");
    assert_eq!(moved.previous_wa_id.unwrap().as_str(), "16505551234");
    assert!(update(&bodies[1]).previous_wa_id.is_none());
    let mut seen = Seen::new(10);
    let event = &read(&bodies[1])[0];
    assert!(seen.is_new(event) && !seen.is_new(event), "duplicates are recognized by the message ID");
    // A number that changes without IDs is unaffected.
    let number = system(
        json!({"from": "16505551234"}),
        json!({"type": "user_changed_number", "wa_id": "12195555358", "body": "b"}),
    );
    let EventKind::Message(message) = &read(&number)[0].kind else { panic!() };
    assert!(matches!(message.content, InboundContent::System(_)));
}

/// Test tools and old proxies omit the type.
#[test]
fn a_message_without_type_takes_the_type_of_its_only_content() {
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
