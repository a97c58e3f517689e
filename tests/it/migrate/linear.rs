//! The work per item does not grow with the number of items, measured in allocated bytes.
use d360::{
    migrate::{Options, calls, message, webhook},
    model::webhook as events,
    webhook::{Receiver, Verification},
};
use serde_json::{Value, json};

/// Returns the number of bytes that `work` allocates.
fn bytes(work: &mut dyn FnMut()) -> u64 {
    allocation_counter::measure(work).bytes_total
}

/// Runs `work` on the input that `make` returns for n, 2n and 4n items. Each doubling may cost 2.3 times as much.
/// (Growing vectors and longer indexes cost a little more; quadratic work costs four times as much.)
fn grows_linearly<T>(what: &str, n: usize, make: impl Fn(usize) -> T, work: impl Fn(&T)) {
    let cost = |items: usize| {
        let made = make(items);
        bytes(&mut || work(&made))
    };
    let costs = [cost(n), cost(2 * n), cost(4 * n)];
    for pair in costs.windows(2) {
        assert!(
            pair[1] * 10 <= pair[0] * 23,
            "{what}: {costs:?} bytes for {n}, {} and {} items",
            2 * n,
            4 * n
        );
    }
}

fn item(at: usize) -> Value {
    json!({ "from": format!("1650555{at:05}"), "id": format!("wamid.{at}"), "timestamp": "1700000000", "type": "text",
        "text": { "body": "Hi" } })
}

fn contact(at: usize) -> Value {
    json!({ "wa_id": format!("1650555{at:05}"), "user_id": format!("US.{at}"), "profile": { "name": "A" },
        "identity_key_hash": format!("h{at}") })
}

fn status(at: usize) -> Value {
    json!({ "id": format!("wamid.{at}"), "status": "failed", "timestamp": "1", "recipient_id": format!("1650555{at:05}"),
        "errors": [{ "code": 131_047, "title": "Re-engagement message", "error_data": { "details": "d" } }] })
}

fn many(n: usize, of: fn(usize) -> Value) -> Vec<Value> {
    (0..n).map(of).collect()
}

fn metadata() -> Value {
    json!({ "display_phone_number": "15550783881", "phone_number_id": "2" })
}

fn webhook_of(changes: Vec<Value>) -> Value {
    json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "time": 1, "note": "x".repeat(2_000), "changes": changes }] })
}

fn change(value: Value) -> Value {
    json!({ "field": "messages", "value": value })
}

/// Creates a webhook of n items.
type Make = fn(usize) -> Value;

/// Webhooks of n items, with the items in different places.
fn shapes() -> Vec<(&'static str, Make)> {
    vec![
        ("messages of as many users", |n| {
            let value = json!({ "messaging_product": "whatsapp", "metadata": metadata(), "contacts": many(n, contact), "messages": many(n, item) });
            webhook_of(vec![change(value)])
        }),
        ("statuses", |n| {
            let value =
                json!({ "metadata": metadata(), "contacts": many(n, contact), "statuses": many(n, status) });
            webhook_of(vec![change(value)])
        }),
        ("messages of one user who is named each time", |n| {
            let value = json!({ "metadata": metadata(), "contacts": many(n, |_| contact(1)), "messages": many(n, |at| {
                let mut item = item(at);
                item["from"] = contact(1)["wa_id"].clone();
                item
            }) });
            webhook_of(vec![change(value)])
        }),
        ("changes", |n| {
            let one = |at| {
                change(json!({ "metadata": metadata(), "contacts": [contact(at)], "messages": [item(at)] }))
            };
            webhook_of((0..n).map(one).collect())
        }),
        ("entries", |n| {
            let one = |at| json!({ "id": "1", "changes": [change(json!({ "metadata": metadata(), "messages": [item(at)] }))] });
            json!({ "object": "o", "entry": (0..n).map(one).collect::<Vec<_>>() })
        }),
        ("messages next to a property as long as they are", |n| {
            let value = json!({ "metadata": metadata(), "messages": many(n, item), "statuses": many(n, status), "notes": many(n, item) });
            webhook_of(vec![change(value)])
        }),
        ("changes of another field", |n| {
            let one = |at| json!({ "field": "account_update", "value": item(at) });
            webhook_of((0..n).map(one).collect())
        }),
        ("standby", |n| {
            webhook_of(vec![
                json!({ "field": "standby", "value": { "contacts": many(n, contact), "messages": many(n, item) } }),
            ])
        }),
    ]
}

#[test]
fn webhook_translation_is_linear() {
    for (shape, make) in shapes() {
        let options = Options::new().old_ids(true);
        grows_linearly(&format!("split, {shape}"), 250, make, |hook| drop(webhook::split(hook)));
        grows_linearly(&format!("to_onprem, {shape}"), 250, make, |hook| {
            drop(webhook::to_onprem(hook, &options));
        });
        grows_linearly(&format!("as a gateway does, {shape}"), 250, make, |hook| {
            for part in webhook::split(hook) {
                let _ = webhook::to_onprem(&part, &options);
            }
        });
        let flat = |n| webhook::to_onprem(&make(n), &options).value.unwrap();
        grows_linearly(&format!("to_cloud, {shape}"), 250, flat, |flat| {
            flat.iter().for_each(|flat| drop(webhook::to_cloud(flat, &options)));
        });
        grows_linearly(&format!("read, {shape}"), 250, make, |hook| {
            drop(events::read_value(hook.clone()).unwrap());
        });
        let request = |n| {
            http::Request::post("/")
                .header("x-secret", "s")
                .body(bytes::Bytes::from(make(n).to_string()))
                .unwrap()
        };
        grows_linearly(&format!("receive, {shape}"), 250, request, |request| {
            let receiver = Receiver::new(Verification::header("x-secret", "s").unwrap());
            assert_eq!(receiver.receive(request).status, 200);
        });
    }
}

#[test]
fn message_and_call_translation_is_linear() {
    let options = Options::new();
    let cards = |n| {
        let card = json!({ "name": { "formatted_name": "A", "first_name": "A" }, "ims": [{ "service": "AIM", "user_id": "a" }], "pets": 1 });
        json!({ "to": "16505551234", "type": "contacts", "contacts": vec![card; n] })
    };
    grows_linearly("cards", 60, cards, |old| drop(message::to_cloud(old, &options)));
    let template = |n| {
        let parameters = vec![json!({ "type": "text", "text": "x", "odd": 1 }); n];
        json!({ "to": "16505551234", "type": "template", "template": { "name": "t", "language": { "code": "en" },
            "components": [{ "type": "body", "parameters": parameters }] } })
    };
    grows_linearly("template", 100, template, |old| drop(message::to_cloud(old, &options)));
    // A long name above many values must not be copied for each of them.
    let long_name = |n| {
        let values = vec![json!({ "text": "x" }); n];
        json!({ "to": "16505551234", "type": "interactive", "interactive": { "type": "button", "x".repeat(10 * n): values } })
    };
    grows_linearly("a long name", 100, long_name, |old| drop(message::to_cloud(old, &options)));
    let contacts = |n| json!({ "contacts": (0..n).map(|at| format!("1650555{at:05}")).collect::<Vec<_>>() });
    grows_linearly("contacts", 250, contacts, |body| {
        drop(calls::to_cloud("POST", "/v1/contacts", body, &options));
    });
}
