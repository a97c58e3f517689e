//! Compares cards, checks and webhooks with plain serde.
use crate::table::{Table, median, ratio};
use d360::model::{Address, Contact, Email, Message, Name, Org, Phone, Url, webhook};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::{hint::black_box, time::Instant};

pub(crate) fn card(at: usize) -> Contact {
    Contact::new(Name::new(format!("Barbara J. Johnson {at}")).first_name("Barbara").last_name("Johnson"))
        .phone(Phone::new("+16505559999").kind("Mobile").wa_id("16505559999"))
        .email(Email::new("barbara@example.com").kind("Work"))
        .url(Url::new("https://www.example.com").kind("Company"))
        .address(
            Address::default()
                .street("1 Lucky Shrub Way")
                .city("Menlo Park")
                .state("CA")
                .zip("94025")
                .country("United States")
                .country_code("US")
                .kind("Office"),
        )
        .org(Org::default().company("Lucky Shrub").department("Legal").title("Lead Counsel"))
}

pub(crate) fn message(cards: usize) -> Message {
    Message::contacts("+16505551234", (0..cards).map(card))
}

/// The same structure for plain serde.
#[derive(Serialize)]
struct Plain<'m> {
    messaging_product: &'static str,
    recipient_type: &'static str,
    to: &'m str,
    r#type: &'static str,
    contacts: &'m [Contact],
}

/// A webhook as a plain serde program declares it: owned, and without support for malformed items.
#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as ours is")]
struct Envelope {
    entry: Vec<Entry>,
}
#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as ours is")]
struct Entry {
    id: String,
    changes: Vec<Change>,
}
#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as ours is")]
struct Change {
    field: String,
    value: PlainValue,
}
#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as ours is")]
struct PlainValue {
    metadata: Metadata,
    contacts: Vec<PlainSender>,
    messages: Vec<PlainMessage>,
}
#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as ours is")]
struct Metadata {
    display_phone_number: String,
    phone_number_id: String,
}
#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as ours is")]
struct PlainSender {
    wa_id: String,
    profile: PlainProfile,
}
#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as ours is")]
struct PlainProfile {
    name: String,
}
#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as ours is")]
struct PlainMessage {
    from: String,
    id: String,
    timestamp: String,
    r#type: String,
    text: Text,
}
#[derive(Deserialize)]
#[allow(dead_code, reason = "read, as ours is")]
struct Text {
    body: String,
}

/// Reads a webhook with plain serde.
pub(crate) fn plain(body: &[u8]) -> impl Sized + use<> {
    serde_json::from_slice::<Envelope>(body).unwrap()
}

pub(crate) fn batch(count: usize) -> Vec<u8> {
    batch_of(count, "Does it come in another color?")
}

fn batch_of(count: usize, text: &str) -> Vec<u8> {
    let messages: Vec<Value> = (0..count)
        .map(|at| json!({ "from": "16505551234", "id": format!("wamid.{at}"), "timestamp": "1744344496", "type": "text", "text": { "body": text } }))
        .collect();
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "102290129340398", "changes": [{ "field": "messages", "value": {
        "messaging_product": "whatsapp", "metadata": { "display_phone_number": "15550783881", "phone_number_id": "106540352242922" },
        "contacts": [{ "profile": { "name": "Sheena Nelson" }, "wa_id": "16505551234" }], "messages": messages } }] }] })
    .to_string()
    .into_bytes()
}

pub(crate) fn run(table: &mut Table) {
    for (cards, times) in [(1, 2_000), (257, 20)] {
        let message = message(cards);
        let d360::model::Content::Contacts(contacts) = &message.content else { unreachable!() };
        let plain = || Plain {
            messaging_product: "whatsapp",
            recipient_type: "individual",
            to: "+16505551234",
            r#type: "contacts",
            contacts,
        };
        let written = ratio(
            times,
            || drop(black_box(serde_json::to_vec(&message).unwrap())),
            || drop(black_box(serde_json::to_vec(&plain()).unwrap())),
        );
        table.at_most(format!("model: writing {cards} cards, to plain serde"), written, "ratio", 1.05);
        let checked = ratio(
            times,
            || drop(black_box(message.validate())),
            || drop(black_box(serde_json::to_vec(&message).unwrap())),
        );
        table.at_most(format!("model: checking {cards} cards, to writing them"), checked, "ratio", 0.10);
    }
    for (messages, times) in [(1, 2_000), (1_000, 4)] {
        let body = batch(messages);
        let ours = || drop(black_box(webhook::read(&body).unwrap()));
        let read = ratio(times, ours, || drop(black_box(plain(&body))));
        let what = format!("model: a webhook of {messages} to events, to serde into plain structs");
        table.at_most(what, read, "ratio", 1.3);
    }
    // The largest webhook has 1,000 messages and 3 MB.
    let large = batch_of(1_000, &"Does it come in another color? ".repeat(95));
    let mut times: Vec<f64> = (0..21)
        .map(|_| {
            let since = Instant::now();
            drop(black_box(webhook::read(&large).unwrap()));
            since.elapsed().as_secs_f64() * 1_000.0
        })
        .collect();
    table.at_most("model: a webhook of 1,000 messages and 3 MB to events", median(&mut times), "ms", 10.0);
    let (small, large) = (batch(100), batch(1_000));
    let linear = ratio(
        3,
        || drop(black_box(webhook::read(&large).unwrap())),
        || {
            (0..10).for_each(|_| drop(black_box(webhook::read(&small).unwrap())));
        },
    );
    table.at_most("model: a webhook of 1,000 items, to ten of 100", linear, "ratio", 1.15);
}
