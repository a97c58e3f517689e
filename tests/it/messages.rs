//! `POST /messages`: requests and responses.
use crate::{
    rig::{KEY, everywhere, sent},
    server::answer,
};
use d360::{
    cloud::messages::SendMessage,
    model::{
        Address, Birthday, Bsuid, Contact, Content, Email, GroupId, Location, Message, Name, Org, Phone,
        Recipient, Url,
    },
};
use serde_json::{Value, json};

const SENT: &str = r#"{"messaging_product":"whatsapp","contacts":[{"input":"+16505550123","wa_id":"16505550123"}],
    "messages":[{"id":"wamid.abc"}]}"#;

fn to() -> Recipient {
    "+16505550123".parse().unwrap()
}

fn body_of(message: &Message) -> Value {
    let seen = sent(answer(200, SENT), |client| {
        client.call(SendMessage::new(message.clone())).unwrap();
    });
    assert_eq!((seen.method.as_str(), seen.target.as_str()), ("POST", "/messages"));
    assert_eq!(seen.headers["d360-api-key"], KEY);
    assert_eq!(seen.headers["content-type"], "application/json");
    assert!(seen.headers["user-agent"].starts_with("d360/"));
    assert!(!String::from_utf8_lossy(&seen.body).contains("null"), "a null is refused by Cloud");
    serde_json::from_slice(&seen.body).unwrap()
}

#[test]
fn a_card_with_every_field_of_the_documents() {
    let card = Contact::new(
        Name::new("Dr. Ada King")
            .first_name("Ada")
            .last_name("King")
            .middle_name("A.")
            .suffix("PhD")
            .prefix("Dr."),
    )
    .birthday(Birthday::new(1985, 12, 10).unwrap())
    .org(Org::new().company("Engines").department("Analysis").title("Countess"))
    .address(
        Address::new()
            .street("12 Square")
            .city("London")
            .state("LDN")
            .zip("SW1")
            .country("United Kingdom")
            .country_code("GB")
            .kind("HOME"),
    )
    .address(Address::new().city("Ockham").kind("Country house"))
    .email(Email::new("ada@example.org").kind("WORK"))
    .phone(Phone::new("+44 20 7946 0018").kind("Landline"))
    .phone(Phone::new("+447700900123").kind("CELL").wa_id("447700900123"))
    .url(Url::new("https://example.org").kind("WORK"));
    let body = body_of(&Message::contacts(to(), [card]));
    assert_eq!(
        body,
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+16505550123", "type": "contacts",
            "contacts": [{
                "addresses": [
                    {"street": "12 Square", "city": "London", "state": "LDN", "zip": "SW1",
                     "country": "United Kingdom", "country_code": "GB", "type": "HOME"},
                    {"city": "Ockham", "type": "Country house"},
                ],
                "birthday": "1985-12-10",
                "emails": [{"email": "ada@example.org", "type": "WORK"}],
                "name": {"formatted_name": "Dr. Ada King", "first_name": "Ada", "last_name": "King",
                         "middle_name": "A.", "suffix": "PhD", "prefix": "Dr."},
                "org": {"company": "Engines", "department": "Analysis", "title": "Countess"},
                "phones": [
                    {"phone": "+44 20 7946 0018", "type": "Landline"},
                    {"phone": "+447700900123", "type": "CELL", "wa_id": "447700900123"},
                ],
                "urls": [{"url": "https://example.org", "type": "WORK"}],
            }],
        })
    );
}

#[test]
fn a_location_is_sent_with_numeric_coordinates() {
    let place = Location::new(-33.8, -122.4).unwrap();
    let body = body_of(&Message::location(to(), place.clone()));
    assert_eq!(body["location"], json!({"latitude": -33.8, "longitude": -122.4}));
    let body = body_of(&Message::location(to(), place.name("Here").address("1 Way")));
    let location = json!({"latitude": -33.8, "longitude": -122.4, "name": "Here", "address": "1 Way"});
    assert_eq!(body["location"], location);
    assert_eq!(body["type"], "location");
}

#[test]
fn common_fields_are_sent() {
    let message = Message::text(to(), "Hello")
        .reply_to("wamid.before")
        .biz_opaque_callback_data("order 7")
        .recipient_identity_key_hash("DF2lS5v2W6x=");
    assert_eq!(
        body_of(&message),
        json!({
            "messaging_product": "whatsapp", "recipient_type": "individual", "to": "+16505550123", "type": "text",
            "text": {"body": "Hello"}, "context": {"message_id": "wamid.before"},
            "biz_opaque_callback_data": "order 7", "recipient_identity_key_hash": "DF2lS5v2W6x=",
        })
    );
}

#[test]
fn the_kind_of_recipient_decides_the_property() {
    let recipient = |to: Recipient| {
        let body = body_of(&Message::text(to, "x"));
        (body.get("to").cloned(), body.get("recipient").cloned(), body["recipient_type"].clone())
    };
    let individual = json!("individual");
    let some = |text: &str| Some(json!(text));
    assert_eq!(recipient("+1 (650) 555-0123".into()), (some("+1 (650) 555-0123"), None, individual.clone()));
    assert_eq!(
        recipient("16505550123@s.whatsapp.net".into()),
        (some("+16505550123"), None, individual.clone())
    );
    let bsuid = "US.13491208655302741918";
    assert_eq!(recipient(Bsuid::new(bsuid).into()), (None, some(bsuid), individual.clone()));
    let parent = "US.ENT.11815799212886844830";
    assert_eq!(recipient(parent.parse().unwrap()), (None, some(parent), individual));
    assert_eq!(recipient(GroupId::new("Y2Fw").into()), (some("Y2Fw"), None, json!("group")));
}

#[test]
fn every_documented_answer_is_read() {
    let bodies = [
        SENT.to_owned(),
        r#"{"contacts":[{"input":"text","wa_id":"text"}],"messages":[{"id":"text","message_status":"accepted"}],"messaging_product":"text"}"#.to_owned(),
        r#"{"messaging_product":"whatsapp","contacts":[{"input":"US.1","user_id":"US.1"}],"messages":[{"id":"wamid.x"}]}"#.to_owned(),
        // An undocumented property must not hide the message ID: the message was accepted.
        r#"{"messages":[{"id":"wamid.x","message_status":"brand_new","group_id":"g"}],"contacts":{"odd":1},"new":[1]}"#.to_owned(),
        r#"{"messages":[{"id":"wamid.x"}],"contacts":[{"wa_id":16505550123},7]}"#.to_owned(),
        r#"{"messages":[{"id":"wamid.x","message_status":1}],"messaging_product":7}"#.to_owned(),
        r#"{"messages":[{"id":"wamid.x"}],"error":{"code":130429}}"#.to_owned(),
        r#"{"messages":[{"id":"wamid.x"}],"error":""}"#.to_owned(),
    ];
    for body in bodies {
        for run in everywhere(&[answer(200, &body)], |client| {
            client.call(SendMessage::new(Message::text(to(), "x")))
        }) {
            let sent = run.result.unwrap_or_else(|error| panic!("{}: {error}: {body}", run.who));
            assert!(sent.message_id().is_some());
        }
    }
    for run in everywhere(&[answer(200, r#"{"messages":[{"id":"wamid.x"}],"later":1}"#)], |client| {
        client.call(SendMessage::new(Message::text(to(), "x")))
    }) {
        assert_eq!(run.result.unwrap().extra.get("later"), Some(&json!(1)), "unknown properties are kept");
    }
}

#[test]
fn a_checked_body_is_sent_unchanged() {
    let documented = json!({
        "messaging_product": "whatsapp", "to": "+16505550123", "type": "contacts",
        "contacts": [{
            "name": {"formatted_name": "A B", "first_name": "A"},
            "phones": [{"phone": "+16505550124", "wa-id": "16505550124", "type": "MAIN"}],
        }],
    });
    let (message, advice) = Message::from_json(documented.to_string().as_bytes()).unwrap();
    assert!(advice.advice().any(|finding| finding.path == "contacts[0].phones[0].wa-id"));
    let body = body_of(&message);
    assert_eq!(
        body["contacts"][0]["phones"][0],
        json!({"phone": "+16505550124", "wa_id": "16505550124", "type": "MAIN"})
    );
    let strings = json!({"to": "+16505550123", "type": "location", "messaging_product": "whatsapp",
        "location": {"latitude": "37.44216251868683", "longitude": "-122.16153582049394"}});
    let (message, _) = Message::from_json(strings.to_string().as_bytes()).unwrap();
    let location = body_of(&message)["location"].clone();
    assert_eq!(location, json!({"latitude": 37.44216251868683, "longitude": -122.16153582049394}));
}

fn problems(body: &Value) -> Vec<String> {
    match Message::from_json(body.to_string().as_bytes()) {
        Ok((_, findings)) => findings.iter().map(|finding| format!("advice {}", finding.path)).collect(),
        Err(invalid) => invalid.findings().errors().map(|finding| finding.path.clone()).collect(),
    }
}

#[test]
fn every_problem_is_reported_with_its_path() {
    let card = json!({"name": {"formatted_name": "A", "first_name": "A"}});
    let contacts = |contacts: Value| json!({"to": "+16505550123", "type": "contacts", "contacts": contacts});
    assert_eq!(problems(&contacts(json!([]))), ["contacts"]);
    assert_eq!(problems(&contacts(vec![card.clone(); 258].into())), ["contacts"]);
    assert_eq!(problems(&contacts(vec![card.clone(); 257].into())), [""; 0]);
    assert_eq!(
        problems(&contacts(json!([{"name": {"first_name": "A"}}]))),
        ["contacts[0].name.formatted_name"]
    );
    assert_eq!(problems(&contacts(json!([{}]))), ["contacts[0].name"]);
    assert_eq!(problems(&contacts(json!({}))), ["contacts"]);
    let many = json!([card, 7, {
        "name": {"formatted_name": " ", "nick": "B"}, "birthday": "2023-02-30", "phones": {"phone": 1},
        "emails": [{"email": 5}], "ims": [],
    }]);
    assert_eq!(
        problems(&contacts(many)),
        [
            "contacts[1]",
            "contacts[2].name.nick",
            "contacts[2].birthday",
            "contacts[2].emails[0].email",
            "contacts[2].phones",
            "contacts[2].ims",
            "contacts[2].name.formatted_name",
        ]
    );
    let location = |location: Value| json!({"to": "+16505550123", "type": "location", "location": location});
    let place = json!({"latitude": "NaN", "longitude": 180.1});
    assert_eq!(problems(&location(place)), ["location.latitude", "location.longitude"]);
    assert_eq!(
        problems(&location(json!({"latitude": 91, "lon": 1}))),
        ["location.latitude", "location.longitude", "location.lon"]
    );
    assert_eq!(
        problems(&location(json!({"latitude": 1, "longitude": 1, "address": "x"}))),
        ["advice location.address"]
    );
    assert_eq!(problems(&json!({"to": "", "type": "text", "text": {"body": "x"}})), ["to"]);
    assert_eq!(problems(&json!({"to": "16505550123", "type": "text", "text": {"body": "x"}})), ["advice to"]);
    assert_eq!(problems(&json!({"type": "text", "text": {"body": "x"}})), ["to"]);
    // Types newer than this version are sent unchanged. A type that names no property is an error.
    assert_eq!(problems(&json!({"to": "+16505550123", "type": "fax", "fax": {}})), ["advice type"]);
    assert_eq!(problems(&json!({"to": "+16505550123", "type": "fax", "text": {"body": "x"}})), ["type"]);
    assert_eq!(problems(&json!({"to": "+16505550123", "text": {"body": "x"}})), ["advice type"]);
    assert_eq!(
        problems(&json!({"to": "+16505550123", "text": {"body": "x"}, "image": {"id": "1"}})),
        ["type"]
    );
    assert_eq!(
        problems(&json!({"to": "+16505550123", "type": "text", "text": {"body": "x"}, "location": {}})),
        ["location"]
    );
    assert_eq!(problems(&json!([])), [""]);
    let long = "ü".repeat(4097);
    assert_eq!(
        problems(&json!({"to": "+16505550123", "type": "text", "text": {"body": long}})),
        ["text.body"]
    );
    let just = "ü".repeat(4096);
    assert_eq!(problems(&json!({"to": "+16505550123", "type": "text", "text": {"body": just}})), [""; 0]);
}

#[test]
fn invalid_messages_are_not_sent() {
    let empty = Message::new(to(), Content::Contacts(Vec::new()));
    for run in everywhere(&[], |client| client.call(SendMessage::new(empty.clone()))) {
        let error = run.result.unwrap_err();
        assert_eq!(error.invalid().unwrap().findings().errors().next().unwrap().path, "contacts");
        assert_eq!(error.outcome(), d360::Outcome::NotSent);
        assert!(run.seen.is_empty());
    }
}
