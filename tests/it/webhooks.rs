//! Webhooks of both systems: every event, in order, none lost.
//!
//! `data/webhooks.json` holds the examples of Meta's pages (Cloud: 2025 to 2026; On-Premise: before 2025-10-23).
use d360::model::{
    error::ErrorCode,
    webhook::{self, Event, EventKind, Generation, InboundContent, InboundMessage, StatusKind, Windows},
};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use std::sync::OnceLock;

const EXAMPLES: &str = include_str!("data/webhooks.json");

fn events(body: &Value) -> Vec<Event> {
    webhook::read(body.to_string().as_bytes()).unwrap()
}

fn message(event: &Event) -> &InboundMessage {
    let EventKind::Message(message) = &event.kind else { panic!("{event:?}") };
    message
}

/// Cloud's envelope around these values of field `messages`.
fn envelope(values: impl IntoIterator<Item = Value>) -> Value {
    let changes: Vec<Value> =
        values.into_iter().map(|value| json!({ "field": "messages", "value": value })).collect();
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "102290129340398", "changes": changes }] })
}

fn text(id: &str) -> Value {
    json!({ "from": "16505551234", "id": id, "timestamp": "1744344496", "type": "text", "text": { "body": "Hi" } })
}

#[test]
fn every_example_is_read() {
    let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap();
    assert_eq!(examples.len(), 27);
    for (name, body) in &examples {
        let events = events(body);
        assert!(!events.is_empty(), "{name}");
        for event in &events {
            let onprem = event.generation == Generation::OnPremise;
            assert_eq!(onprem, name.starts_with("onprem"), "{name}");
            assert!(!matches!(event.kind, EventKind::Unreadable(_) | EventKind::Other), "{name}: {event:?}");
            if let EventKind::Message(message) = &event.kind {
                assert!(!matches!(message.content, InboundContent::Other(_)), "{name}: {event:?}");
            }
            assert_eq!(event.phone_number_id().is_some(), !onprem, "{name}");
        }
        let shown = format!("{events:?}");
        assert!(!shown.contains("16505551234") && !shown.contains("16315551234"), "{name}: {shown}");
    }
    let one = |name: &str| events(&examples[name]).remove(0);
    let card = one("cloud/contacts_shared_vcard");
    let InboundContent::Contacts(cards) = &message(&card).content else { panic!() };
    assert!(cards[0].name.is_none() && cards[0].vcard.as_deref().unwrap().starts_with("BEGIN:VCARD"));
    assert_eq!(cards[0].origin.as_deref(), Some("other"));
    assert!(message(&card).from.is_none());
    assert_eq!(message(&card).from_user_id.as_ref().unwrap().as_str(), "US.13491208655302741918");
    let pin = one("cloud/location_reply_pin_only");
    let InboundContent::Location(place) = &message(&pin).content else { panic!() };
    assert!(place.name.is_none() && place.latitude.degrees() == 40.782_910_059_774);
    assert!(message(&pin).context.as_ref().unwrap().id.is_some());
    for (name, number) in
        [("cloud/system_number_change", "12195555358"), ("onprem/system_number_changed", "16315558890")]
    {
        let event = one(name);
        let InboundContent::System(system) = &message(&event).content else { panic!() };
        assert_eq!(system.new_number().unwrap().as_str(), number);
    }
    let EventKind::Status(failed) = one("cloud/status_failed").kind else { panic!() };
    assert_eq!((&failed.status, failed.errors[0].code), (&StatusKind::Failed, Some(ErrorCode(131_049))));
    assert!(failed.errors[0].details.as_deref().unwrap().starts_with("In order to maintain"));
    let EventKind::Status(old) = one("onprem/status_sent_v239").kind else { panic!() };
    assert_eq!(old.recipient_id.unwrap().as_str(), "16315555555");
    let EventKind::Status(sent) = one("cloud/status_sent_v23").kind else { panic!() };
    assert_eq!(sent.timestamp.unwrap().seconds(), 1_750_030_073);
    assert_eq!(sent.conversation.unwrap().origin.unwrap().kind.as_deref(), Some("marketing"));
    let EventKind::UserIdUpdate(update) = one("cloud/user_id_update").kind else { panic!() };
    assert_eq!(update.user_id.unwrap().current.unwrap().as_str(), "US.2");
    let EventKind::Error(error) = one("onprem/errors").kind else { panic!() };
    assert_eq!((error.code, error.details.unwrap().is_empty()), (Some(ErrorCode(400)), false));
}

/// Payloads on which other clients lose events.
#[test]
fn events_that_other_clients_lose_are_read() {
    let card = json!({ "from": "16505551234", "id": "a", "timestamp": "1", "type": "contacts",
        "contacts": [{ "name": { "formatted_name": "A" }, "phones": [{ "phone": "+39 1", "type": "Cellulare" }] }] });
    let read = events(&envelope([json!({ "messages": [card, text("b")] })]));
    let InboundContent::Contacts(cards) = &message(&read[0]).content else { panic!() };
    assert_eq!(cards[0].phones.as_ref().unwrap()[0].kind.as_deref(), Some("Cellulare"));
    assert_eq!(message(&read[1]).id.as_ref().unwrap().as_str(), "b");
    // An unknown type next to a valid text.
    let read = events(&envelope([
        json!({ "messages": [{ "id": "a", "type": "hologram", "hologram": {} }, text("b")] }),
    ]));
    assert_eq!(message(&read[0]).content, InboundContent::Other("hologram".to_owned()));
    assert_eq!(message(&read[1]).content, InboundContent::Text("Hi".to_owned()));
    // Two changes in one post, and two entries.
    let mut body = envelope([json!({ "messages": [text("a")] }), json!({ "messages": [text("b")] })]);
    let entry = body["entry"][0].clone();
    body["entry"].as_array_mut().unwrap().push(entry);
    let ids: Vec<_> =
        events(&body).iter().map(|event| message(event).id.clone().unwrap().as_str().to_owned()).collect();
    assert_eq!(ids, ["a", "b", "a", "b"]);
    // An unknown field.
    let body = json!({ "entry": [{ "id": "1", "changes": [{ "field": "message_template_status_update",
        "value": { "event": "APPROVED", "message_template_id": 7 } }] }] });
    let read = events(&body);
    assert_eq!((&read[0].kind, read[0].field()), (&EventKind::Other, Some("message_template_status_update")));
    assert_eq!(read[0].raw()["event"], "APPROVED");
    // A voice message that was played, for a user without a number, and an unknown status.
    let statuses = json!({ "statuses": [
        { "id": "a", "status": "played", "timestamp": 1, "recipient_user_id": "US.1" },
        { "id": "b", "status": "teleported", "timestamp": "1" },
        { "id": "c", "status": "delivered", "recipient_type": "group", "recipient_id": "Y2FwaV9n" },
    ] });
    let read = events(&envelope([statuses]));
    let status = |i: usize| if let EventKind::Status(status) = &read[i].kind { status } else { panic!() };
    assert_eq!(status(0).status, StatusKind::Played);
    assert_eq!(status(1).status.as_str(), "teleported");
    assert!(status(2).recipient_id.is_none() && status(2).group.is_some());
    // Meta's test button.
    let read = events(
        &json!({ "field": "messages", "value": { "metadata": { "phone_number_id": "1" }, "messages": [text("a")] } }),
    );
    assert_eq!((message(&read[0]).id.is_some(), read[0].phone_number_id()), (true, Some("1")));
    // On-Premise's `unknown`, with the reason.
    let read =
        events(&json!({ "messages": [{ "id": "a", "type": "unknown", "errors": [{ "code": "501" }] }] }));
    assert_eq!(message(&read[0]).content, InboundContent::Unsupported(None));
    assert_eq!(message(&read[0]).errors[0].code, Some(ErrorCode(501)));
}

/// An odd scalar affects only itself.
#[test]
fn odd_scalars_do_not_affect_other_items() {
    for odd in [r#""cut \ud83d""#, "1e400", "\"\u{1}\"", &format!("{}{}", "[".repeat(300), "]".repeat(300))] {
        let body = format!(
            r#"{{"messages":[{},{{"id":"b","type":"text","text":{{"body":"x"}},"odd":{odd}}},{}]}}"#,
            text("a"),
            text("c")
        );
        let read = webhook::read(body.as_bytes()).unwrap();
        let ids: Vec<_> = read.iter().map(|event| message(event).id.as_ref().unwrap().as_str()).collect();
        assert_eq!(ids, ["a", "b", "c"], "{odd}");
    }
    let mut body = json!({ "messages": [text("a")] }).to_string().into_bytes();
    let at = body.windows(2).position(|pair| pair == b"Hi").unwrap();
    body[at] = 0xff;
    let read = webhook::read(&body).unwrap();
    assert_eq!(message(&read[0]).content, InboundContent::Text("\u{fffd}i".to_owned()));
}

#[test]
fn senders_and_metadata_are_kept() {
    let body = json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "time": 5, "changes": [{ "field": "messages", "value": {
        "metadata": { "phone_number_id": "2", "new": true },
        "contacts": [{ "wa_id": "16505551234", "user_id": "US.1", "profile": { "name": "Ann", "username": "ann" }, "new": 1 }],
        "messages": [{ "id": "a", "from": "16505551234", "type": "text", "text": { "body": "x" } },
            { "id": "b", "from": "16505559999", "type": "text", "text": { "body": "x" } },
            { "id": "c", "type": "text", "text": { "body": "x" } }],
        "statuses": [{ "id": "d", "status": "read", "recipient_user_id": "US.1" }] } }] }] });
    let read = events(&body);
    let name = |event: &Event| {
        let sender = match &event.kind {
            EventKind::Message(message) => message.contact.clone(),
            EventKind::Status(status) => status.contact.clone(),
            _ => None,
        };
        sender.and_then(|sender| sender.profile?.name)
    };
    let names: Vec<_> = read.iter().map(name).collect();
    // A message of another user does not get the only contact's name; one without a sender does.
    let ann = || Some("Ann".to_owned());
    assert_eq!(names, [ann(), None, ann(), ann()]);
    for event in &read {
        assert_eq!(
            (&event.envelope()["time"], &event.envelope()["metadata"]["new"]),
            (&json!(5), &json!(true))
        );
        assert_eq!(event.envelope()["contacts"][0]["new"], 1);
    }
    let mut windows = Windows::default();
    let mut late = read[1].clone();
    let EventKind::Message(message) = &mut late.kind else { panic!() };
    message.timestamp = Some(serde_json::from_value(json!(1000)).unwrap());
    windows.saw(&late);
    assert!(!windows.may_block("US.1", 1000), "another user wrote");
    // An item without an event is returned unchanged.
    for empty in [
        json!({ "entry": [{ "id": "1", "changes": [], "messaging": [{}] }] }),
        json!({ "entry": [{ "id": "1", "changes": null }] }),
    ] {
        let read = events(&empty);
        assert!(read.len() == 1 && read[0].raw()["id"] == "1", "{read:?}");
    }
    let none = json!({ "object": "whatsapp_business_account", "entry": [] });
    let read = events(&none);
    assert!(read.len() == 1 && *read[0].raw() == none, "{read:?}");
    let read = events(&json!({ "entry": null, "messages": [text("a")] }));
    assert_eq!(read[0].generation, Generation::OnPremise);
}

#[test]
fn malformed_parts_do_not_affect_others() {
    let card = json!({ "id": "a", "type": "contacts", "contacts": [7, { "phones": [{ "phone": "1" }, null, { "phone": "2" }],
        "contact_image": "/9j/" }] });
    let read = events(&json!({ "messages": [card] }));
    let InboundContent::Contacts(cards) = &message(&read[0]).content else { panic!() };
    assert_eq!((cards.len(), cards[0].phones.as_ref().unwrap().len()), (1, 2));
    assert_eq!(cards[0].contact_image.as_deref(), Some("/9j/"));
    let read = events(&json!({ "statuses": [
        { "id": "a", "status": "failed", "errors": { "code": 470, "title": "T" } },
        { "id": "b", "status": "failed", "errors": [{ "title": "no code" }, { "code": "x" }] },
        { "id": "w", "status": "read", "recipient_type": "group", "recipient_id": "g", "recipient_participant_id": "1",
          "recipient_participant_user_id": "US.1", "recipient_identity_key_hash": "h" } ] }));
    let status = |i: usize| if let EventKind::Status(status) = &read[i].kind { status } else { panic!() };
    assert_eq!(status(0).errors[0].code, Some(ErrorCode(470)));
    assert_eq!((status(1).errors.len(), status(1).errors[0].title.as_deref()), (2, Some("no code")));
    let member = status(2);
    assert_eq!(member.participant_id.as_ref().unwrap().as_str(), "1");
    assert_eq!(member.participant_user_id.as_ref().unwrap().as_str(), "US.1");
    assert_eq!(member.recipient_identity_key_hash.as_deref(), Some("h"));
    let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap();
    let identity = message(&events(&examples["onprem/identity"])[0]).identity.clone().unwrap();
    assert_eq!((identity.acknowledged, identity.created_timestamp), (Some(true), Some(1_602_532_300_000)));
}

#[test]
fn replies_orders_and_reactions_are_read() {
    let of = |kind: &str, content: Value| {
        let mut item = json!({ "from": "1", "id": "a", "timestamp": "1", "type": kind });
        item[kind] = content;
        message(&events(&json!({ "messages": [item] })).remove(0)).content.clone()
    };
    let InboundContent::Interactive(reply) = of(
        "interactive",
        json!({ "type": "list_reply", "list_reply": { "id": "r", "title": "T", "description": "D" } }),
    ) else {
        panic!()
    };
    assert_eq!(reply.list_reply.unwrap().id.as_deref(), Some("r"));
    let InboundContent::Interactive(flow) = of(
        "interactive",
        json!({ "type": "nfm_reply", "nfm_reply": { "name": "flow", "response_json": "{}" } }),
    ) else {
        panic!()
    };
    assert_eq!(flow.nfm_reply.unwrap()["response_json"], "{}");
    let InboundContent::Button(button) = of("button", json!({ "text": "Yes", "payload": "p" })) else {
        panic!()
    };
    assert_eq!(button.payload.as_deref(), Some("p"));
    let InboundContent::Order(order) = of(
        "order",
        json!({ "catalog_id": "1", "product_items": [{ "product_retailer_id": "2", "quantity": "3", "item_price": 4.5 }] }),
    ) else {
        panic!()
    };
    assert_eq!(order.product_items.unwrap()[0].quantity, Some(json!("3")));
    let InboundContent::Reaction(gone) = of("reaction", json!({ "message_id": "wamid.x" })) else { panic!() };
    assert!(gone.emoji.is_none());
    let InboundContent::Audio(voice) = of("voice", json!({ "id": 7, "mime_type": "audio/ogg" })) else {
        panic!()
    };
    assert_eq!(voice.id.unwrap().as_str(), "7");
    for content in [of("text", json!({ "body": "call +1 650 555 1234" })), of("16505551234", json!({}))] {
        let shown = format!("{content:?}");
        assert!(!shown.contains("6505551234") && !shown.contains("555 1234"), "{shown}");
    }
    let InboundContent::Location(place) = of("location", json!({ "latitude": "1.5", "longitude": 2 })) else {
        panic!()
    };
    assert_eq!(place.latitude.degrees(), 1.5);
}

#[test]
fn unreadable_items_report_why_and_do_not_affect_others() {
    let read = events(&envelope([json!({ "messages": [
        text("a"), { "id": "no type" }, 7, { "id": "x", "type": "text" }, { "id": "y", "type": "location", "location": { "latitude": 91 } }, text("b"),
    ], "statuses": [{ "id": "s" }, { "id": "t", "status": "read" }] })]));
    let kinds: Vec<&str> = read
        .iter()
        .map(|event| match &event.kind {
            EventKind::Message(_) => "message",
            EventKind::Status(_) => "status",
            EventKind::Unreadable(reason) => {
                assert!(!reason.is_empty());
                "unreadable"
            }
            _ => "other",
        })
        .collect();
    assert_eq!(
        kinds,
        [
            "message",
            "unreadable",
            "unreadable",
            "unreadable",
            "unreadable",
            "message",
            "unreadable",
            "status"
        ]
    );
    assert_eq!(*read[1].raw(), json!({ "id": "no type" }));
    for (body, reason) in [("", "EOF"), ("[]", "object"), ("nonsense", "expected"), ("\"x\"", "object")] {
        let error = webhook::read(body.as_bytes()).unwrap_err().to_string();
        assert!(error.starts_with("not a webhook") && error.contains(reason), "{error}");
    }
    assert_eq!(events(&json!({}))[0].kind, EventKind::Other);
    assert_eq!(events(&json!({ "entry": [{ "id": "1" }, { "changes": [{}, { "value": 3 }] }] })).len(), 3);
}

#[test]
fn the_window_is_open_for_a_day_after_the_last_message() {
    let wrote = |at: i64, from: Value| {
        let mut item =
            json!({ "id": "a", "timestamp": at.to_string(), "type": "text", "text": { "body": "Hi" } });
        item.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
        events(&json!({ "messages": [item] })).remove(0)
    };
    let mut windows = Windows::default();
    let (number, id) = ("+1 (650) 555-1234", "US.1a");
    assert!(!windows.is_open(number, 0) && windows.closes(number).is_none());
    windows.saw(&wrote(1000, json!({ "from": "16505551234", "from_user_id": "US.1a" })));
    let day = 24 * 3600;
    for to in [number, id] {
        assert!(
            windows.is_open(to, 1000) && windows.is_open(to, 999 + day) && !windows.is_open(to, 1000 + day)
        );
    }
    assert!(windows.may_block("+16505551234", 999 + day));
    assert!(!windows.may_block("+16505551235", 1000));
    // A late message does not shorten the window; system messages and groups do not open it.
    windows.saw(&wrote(500, json!({ "from": "16505551234" })));
    assert_eq!(windows.closes(number).unwrap().seconds(), 1000 + day);
    windows.saw(&wrote(9000, json!({ "from": "16505551234", "type": "system", "system": {} })));
    windows.saw(&wrote(9000, json!({ "from": "16505551234", "group_id": "g" })));
    assert_eq!(windows.closes(number).unwrap().seconds(), 1000 + day);
    windows.forget_closed(1000 + day);
    assert!(windows.closes(number).is_none());
}

/// The messages of all examples.
fn messages() -> &'static [Value] {
    static MESSAGES: OnceLock<Vec<Value>> = OnceLock::new();
    MESSAGES.get_or_init(|| {
        let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap();
        let all = examples.values().flat_map(events);
        all.filter(|event| matches!(event.kind, EventKind::Message(_)))
            .map(|event| event.raw().clone())
            .collect()
    })
}

/// Replaces the value at position `at` by another.
fn changed(value: &Value, at: &mut usize, with: &Value) -> Value {
    if *at == 0 {
        *at = usize::MAX;
        return with.clone();
    }
    *at -= 1;
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| (key.clone(), changed(value, at, with)))
            .collect::<Map<_, _>>()
            .into(),
        Value::Array(items) => items.iter().map(|item| changed(item, at, with)).collect::<Vec<_>>().into(),
        other => other.clone(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn a_mutated_item_does_not_affect_others(which in any::<prop::sample::Index>(), mut at in 0usize..30, with in 0usize..12) {
        let with = [json!(null), json!(0), json!(-1.5), json!(""), json!("x"), json!([]), json!({}), json!([null]), json!({"a": {}}),
            json!(true), json!("16505551234"), json!(u64::MAX)][with].clone();
        let items = messages();
        let item = changed(&items[which.index(items.len())], &mut at, &with);
        for body in [
            envelope([json!({ "messages": [text("a"), item.clone(), text("b")] })]),
            json!({ "messages": [text("a"), item.clone(), text("b")] }),
        ] {
            let read = events(&body);
            prop_assert_eq!(read.len(), 3);
            prop_assert_eq!(message(&read[0]).id.as_ref().map(|id| id.as_str()), Some("a"));
            prop_assert_eq!(message(&read[2]).id.as_ref().map(|id| id.as_str()), Some("b"));
            prop_assert_eq!(read[1].raw(), &item);
            let shown = format!("{read:?}");
            prop_assert!(!shown.contains("16505551234"), "{}", shown);
        }
    }

    /// Whole bodies, changed anywhere: other entries are still parsed, and nothing panics.
    #[test]
    fn a_mutated_entry_does_not_affect_others(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), with in 0usize..8) {
        let with = [json!(null), json!(0), json!(""), json!([]), json!({}), json!([[]]), json!("16505551234"), json!({"a": {}})][with].clone();
        let bodies = bodies();
        let body = &bodies[which.index(bodies.len())];
        let changed = changed(body, &mut at.index(places(body)), &with);
        let beside = json!({ "id": "1", "changes": [{ "field": "messages", "value": { "messages": [text("z")] } }] });
        let entry = changed.get("entry").and_then(|entry| entry.get(0)).cloned().unwrap_or(changed.clone());
        let both = json!({ "object": "whatsapp_business_account", "entry": [entry, beside] });
        let read = events(&both);
        let last = read.last().unwrap();
        prop_assert_eq!(message(last).id.as_ref().map(|id| id.as_str()), Some("z"));
        prop_assert!(read.len() > 1, "the changed entry is reported too");
        let _ = webhook::read(changed.to_string().as_bytes());
    }

    /// An item with changed bytes: if the body is still JSON, the other items are parsed.
    #[test]
    fn mutated_bytes_do_not_affect_other_items(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let items = messages();
        let item = items[which.index(items.len())].to_string().into_bytes();
        let mut changed = item.clone();
        let at = at.index(item.len());
        changed[at] = byte;
        let around = json!([text("a"), "HERE", text("b")]).to_string();
        let (before, behind) = around.split_once("\"HERE\"").unwrap();
        let body = [b"{\"messages\":", before.as_bytes(), &changed, behind.as_bytes(), b"}"].concat();
        if let Ok(read) = webhook::read(&body) {
            // A quote or a bracket may end the item early, but the items before it are complete.
            prop_assert_eq!(message(&read[0]).id.as_ref().map(|id| id.as_str()), Some("a"));
            if !matches!(byte, b'"' | b'\\' | b'{' | b'}' | b'[' | b']' | b',' | b':') && item[at].is_ascii_alphanumeric() {
                prop_assert_eq!(message(read.last().unwrap()).id.as_ref().map(|id| id.as_str()), Some("b"));
            }
        }
    }
}

/// All examples, as posted.
fn bodies() -> &'static [Value] {
    static BODIES: OnceLock<Vec<Value>> = OnceLock::new();
    BODIES.get_or_init(|| {
        let examples: Map<String, Value> = serde_json::from_str(EXAMPLES).unwrap();
        examples.into_iter().map(|(_, body)| body).collect()
    })
}

/// The number of positions in a value.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Object(map) => map.values().map(places).sum(),
        Value::Array(items) => items.iter().map(places).sum(),
        _ => 0usize,
    }
}

/// A count is exact, so it is a test and not only a figure of the bench. Nothing is built for what nobody asks for.
#[test]
fn a_text_message_takes_twelve_allocations() {
    let value = json!({
        "messaging_product": "whatsapp",
        "metadata": { "display_phone_number": "15550783881", "phone_number_id": "106540352242922" },
        "contacts": [{ "profile": { "name": "Sheena Nelson" }, "wa_id": "16505551234" }],
        "messages": [text("a")],
    });
    let body = envelope([value]).to_string();
    let mut read = Vec::new();
    let allocations = |read: &mut Vec<Event>| {
        allocation_counter::measure(|| *read = webhook::read(body.as_bytes()).unwrap()).count_total
    };
    assert_eq!((allocations(&mut read), read.len()), (12, 1));
    let event = &read[0];
    let asked = allocation_counter::measure(|| assert_eq!(event.raw()["id"], "a")).count_total;
    assert!(asked > 12, "the tree is built on request: {asked}");
    let again =
        allocation_counter::measure(|| assert_eq!(event.envelope()["contacts"][0]["wa_id"], "16505551234"));
    assert_eq!(again.count_total, 0, "once");
}

/// One pass over the text and the tolerant reader of a JSON tree return the same events.
fn assert_both_readers_agree(body: &[u8]) {
    let tree = webhook::json(body).and_then(webhook::read_value);
    assert_eq!(webhook::read(body), tree, "{}", String::from_utf8_lossy(body));
}

#[test]
fn one_pass_and_the_tolerant_reader_agree() {
    for body in bodies() {
        assert_both_readers_agree(body.to_string().as_bytes());
        assert_both_readers_agree(serde_json::to_string_pretty(body).unwrap().as_bytes());
    }
    let seeds = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/seeds/webhooks");
    let seeds: Vec<_> = std::fs::read_dir(seeds).unwrap().map(|seed| seed.unwrap().path()).collect();
    assert!(!seeds.is_empty());
    seeds.iter().for_each(|seed| assert_both_readers_agree(&std::fs::read(seed).unwrap()));
    let message = r#""messages":[{"id":"a","type":"text","text":{"body":"x"},"from":"16505551234"}]"#;
    for (field, value) in [
        ("messages", r#"{"messages":[]}"#.to_owned()),
        ("messages", format!(r#"{{{message},"errors":[{{"code":1}}],"new":1}}"#)),
        ("messages", format!(r#"{{{message},"contacts":null}}"#)),
        ("messages", format!(r#"{{{message},"contacts":[{{"wa_id":"16505551234"}},{{"user_id":"US.1"}}]}}"#)),
        ("messages", format!(r#"{{{message},{message}}}"#)),
        ("messages", r#"{"messages":[{"id":"a","id":"b","type":"text","text":{"body":"x"}}]}"#.to_owned()),
        (
            "messages",
            r#"{"messages":[{"id":7,"timestamp":8,"type":"text","text":{"body":"\u00e4\ud83d"}}]}"#
                .to_owned(),
        ),
        ("messages", r#"{"messages":[{"id":"\u0061","type":"new","new":1e999,"text":null}]}"#.to_owned()),
        (
            "messages",
            r#"{"messages":[{"type":"unknown","unsupported":{"type":7}},{"type":"id"},{"type":""}]}"#
                .to_owned(),
        ),
        ("messages", r#"{"statuses":[{"id":"a","status":"failed","type":"payment"},{"id":"b"}]}"#.to_owned()),
        ("standby", format!(r#"{{{message},"statuses":[]}}"#)),
        ("user_id_update", r#"{"user_id_update":[{"wa_id":"1"}],"messages":[]}"#.to_owned()),
        ("account_\\u0061lerts", r#"{"messages":[{}],"a":[1e400]}"#.to_owned()),
        ("history", format!("{{{message}}}")),
    ] {
        for change in [
            format!(r#"{{"field":"{field}","value":{value}}}"#),
            format!(r#"{{"value":{value},"field":"{field}"}}"#),
            format!(r#"{{"value":{value}}}"#),
        ] {
            for entry in [
                format!(r#"{{"id":"1","changes":[{change}]}}"#),
                format!(r#"{{"changes":[{change},{change}],"time":5,"id":"\u0031"}}"#),
                format!(r#"{{"changes":{change}}}"#),
            ] {
                assert_both_readers_agree(
                    format!(r#"{{"object":"x","entry":[{entry}, {entry}]}} "#).as_bytes(),
                );
                assert_both_readers_agree(
                    format!(r#"{{"entry":[{entry}],"object":"x","more":1}}"#).as_bytes(),
                );
                assert_both_readers_agree(format!(r#"{{"entry":[{entry}]}}}}"#).as_bytes());
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(10_000))]

    #[test]
    fn readers_agree_on_changed_values(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), with in 0usize..10) {
        let with = [json!(null), json!(0), json!(-1.5), json!(""), json!("text"), json!([]), json!({}), json!([{}]), json!(true),
            json!({"a": {}})][with].clone();
        let body = &bodies()[which.index(bodies().len())];
        assert_both_readers_agree(changed(body, &mut at.index(places(body)), &with).to_string().as_bytes());
    }

    #[test]
    fn readers_agree_on_changed_bytes(which in any::<prop::sample::Index>(), at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>()) {
        let mut body = bodies()[which.index(bodies().len())].to_string().into_bytes();
        let at = at.index(body.len());
        body[at] = byte;
        if cut {
            body.remove(at);
        }
        assert_both_readers_agree(&body);
    }
}
