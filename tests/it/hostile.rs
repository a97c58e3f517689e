//! Malformed bytes from servers and people: nothing panics, and a message is sent once.
use d360::{
    cloud::{
        block_users::{BlockUsers, ListBlockedUsers},
        messages::SendMessage,
    },
    model::{
        Content, Message,
        block::{BlockReport, User},
        error::ApiError,
    },
    transport::{Effect, Endpoint},
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// JSON of any shape, with the property names that the parsers use.
fn any_json() -> impl Strategy<Value = Value> {
    let names = prop_oneof![
        Just("error"),
        Just("errors"),
        Just("meta"),
        Just("detail"),
        Just("message"),
        Just("code"),
        Just("messages"),
        Just("id"),
        Just("contacts"),
        Just("block_users"),
        Just("added_users"),
        Just("failed_users"),
        Just("input"),
        Just("wa_id"),
        Just("data"),
        Just("paging"),
        Just("cursors"),
        Just("after"),
        Just("to"),
        Just("type"),
        Just("location"),
        Just("latitude"),
        Just("name"),
        Just("formatted_name"),
        Just("birthday"),
        Just("phones"),
        Just("error_data"),
        Just("details"),
        Just("developerMessage"),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("contacts")),
        Just(json!("location")),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            proptest::collection::btree_map(names.clone(), inner, 0..6)
                .prop_map(|map| map.into_iter().map(|(k, v)| (k.to_owned(), v)).collect::<Value>()),
        ]
    })
}

fn bytes() -> impl Strategy<Value = Vec<u8>> {
    prop_oneof![
        3 => any_json().prop_map(|value| value.to_string().into_bytes()),
        1 => proptest::collection::vec(any::<u8>(), 0..200),
        1 => (any_json(), any::<prop::sample::Index>(), any::<u8>()).prop_map(|(value, at, byte)| {
            let mut text = value.to_string().into_bytes();
            let at = at.index(text.len());
            text[at] = byte;
            text
        }),
    ]
}

fn response(status: u16, body: &[u8]) -> d360::transport::HttpResponse {
    http::Response::builder().status(status).body(bytes::Bytes::copy_from_slice(body)).unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn no_answer_panics(body in bytes(), status in 100u16..600) {
        let response = response(status, &body);
        if let Ok(sent) = SendMessage::decode(&response) {
            prop_assert!(status / 100 == 2 && sent.message_id().is_some());
        }
        if let Ok(answer) = BlockUsers::decode(&response) {
            let users: Vec<User> = vec!["+16505550123".parse().unwrap(), "US.1a".parse().unwrap()];
            let mut report = BlockReport::default();
            answer.report(&users, &mut report);
            prop_assert_eq!(report.done.len() + report.failed.len(), 2, "no user is lost");
            prop_assert!(report.failed.iter().all(|failed| !failed.errors.is_empty()));
        }
        if let Ok(page) = ListBlockedUsers::decode(&response) {
            let _ = page.after();
        }
        let error = ApiError::read(status, &body);
        let _ = (error.to_string(), format!("{error:?}"), error.hint(), error.retry_rule(), error.is_throttled());
        prop_assert_eq!(error.body(), &body[..]);
    }

    #[test]
    fn no_body_panics(body in bytes()) {
        let _ = Message::from_json(&body);
        let _ = d360::onprem::Message::from_json(&body);
    }

    #[test]
    fn a_body_round_trips_exactly(
        latitude in -90f64..=90.0, longitude in -180f64..=180.0, text in proptest::option::of("\\PC{1,30}"),
        name in "[^\\s]{1,30}", kind in proptest::option::of("\\PC{0,12}"), reply in any::<bool>(),
    ) {
        let mut place = json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+16505550123",
            "type": "location", "location": {"latitude": latitude, "longitude": longitude}});
        let mut cards = json!({"messaging_product": "whatsapp", "recipient_type": "individual", "to": "+16505550123",
            "type": "contacts", "contacts": [{"name": {"formatted_name": name, "last_name": "x"}, "phones": [{"phone": "1"}]}]});
        if let Some(text) = text {
            place["location"]["name"] = text.clone().into();
            cards["contacts"][0]["addresses"] = json!([{"street": text, "country_code": "US"}]);
        }
        if let Some(kind) = kind {
            cards["contacts"][0]["phones"][0]["type"] = kind.into();
        }
        if reply {
            place["context"] = json!({"message_id": "wamid.x"});
            cards["biz_opaque_callback_data"] = "order 7".into();
        }
        for body in [place, cards] {
            let (message, _) = Message::from_json(body.to_string().as_bytes()).unwrap();
            prop_assert_eq!(serde_json::to_value(&message).unwrap(), body);
        }
    }
}

#[test]
fn deep_nesting_is_an_error_not_an_overflow() {
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    assert!(Message::from_json(deep.as_bytes()).is_err());
    assert!(SendMessage::decode(&response(200, deep.as_bytes())).is_err());
    assert_eq!(ApiError::read(400, deep.as_bytes()).status(), 400);
}

#[test]
fn an_empty_message_is_refused_before_it_is_sent() {
    let message = SendMessage::new(Message::new("+16505550123", Content::Contacts(Vec::new())));
    assert!(message.check().refuses(false));
    assert_eq!(SendMessage::META.effect, Effect::Once);
}
