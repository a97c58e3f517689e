//! The gateway as a library: refused configurations, and the state after a stop. (Other behavior is tested through
//! the program.)
use crate::server::{Server, answer};
use d360_gateway::{Config, Gateway, Number};
use serde_json::{Value, json};
use std::{
    path::Path,
    time::{Duration, Instant},
};

fn number(name: &str, key: &str) -> Number {
    Number::new(name, key)
}

fn config(state: &Path, numbers: impl IntoIterator<Item = Number>) -> Config {
    let config = Config::new("127.0.0.1:0", state).base_url("http://127.0.0.1:9");
    numbers.into_iter().fold(config, Config::number)
}

async fn post(gateway: &Gateway, webhook: &Value) -> u16 {
    let url = format!("http://{}/webhook", gateway.address());
    reqwest::Client::new().post(url).json(webhook).send().await.unwrap().status().as_u16()
}

fn status(timestamp: &str) -> Value {
    let status = json!({ "id": "wamid.a", "status": "failed", "type": "payment", "timestamp": timestamp, "recipient_id": "16505551234" });
    json!({ "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": { "statuses": [status] } }] }] })
}

#[tokio::test(flavor = "multi_thread")]
async fn ambiguous_numbers_and_revealing_names_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let two = |second: Number| [number("a", "key-one"), second];
    for (numbers, why) in [
        (two(number("b", "key-one")), "the same client key"),
        (two(number("b", "key-two").client_key(" key-one ")), "the same client key"),
        (two(number("a", "key-two")), "the same name"),
        (two(number("16505551234", "key-two")), "looks like a phone number"),
        (two(same_login()), "the same user and password"),
    ] {
        let error = Gateway::start(config(&folder.path().join("s.db"), numbers)).await.unwrap_err();
        let error = error.to_string();
        assert!(error.contains(why) && !error.contains("16505551234"), "{error}");
    }
}

/// A number with its own key, and the first number's key as the password.
fn same_login() -> Number {
    let mut number = number("b", "key-two");
    number.password = "key-one".to_owned().into();
    number
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stopped_gateway_releases_its_state_and_stops_delivering() {
    let folder = tempfile::tempdir().unwrap();
    let state = folder.path().join("s.db");
    let hanging = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nowhere = format!("http://{}/hook", hanging.local_addr().unwrap());
    let gateway = Gateway::start(config(&state, [number("a", "k").webhook_to(nowhere)])).await.unwrap();
    assert_eq!(post(&gateway, &status("1")).await, 200);
    let began = Instant::now();
    gateway.stop().await;
    assert!(began.elapsed() < Duration::from_secs(20), "a post ends within 10 s");
    // The next process can lock the file, and delivers the rest, once for each of the two failures.
    let old = Server::start(vec![answer(200, ""), answer(200, "")]);
    let url = format!("{}/hook", old.url());
    let gateway = Gateway::start(config(&state, [number("a", "k").webhook_to(url)])).await.unwrap();
    assert_eq!(post(&gateway, &status("2")).await, 200);
    assert_eq!(post(&gateway, &status("1")).await, 200, "the duplicate is acknowledged");
    let until = Instant::now() + Duration::from_secs(20);
    while old.seen().len() < 2 && Instant::now() < until {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    gateway.stop().await;
    let seen = old.seen();
    let times: Vec<Value> = seen
        .iter()
        .map(|seen| serde_json::from_slice::<Value>(&seen.body).unwrap()["statuses"][0]["timestamp"].take())
        .collect();
    assert_eq!(times, ["1", "2"]);
}

/// SQLite would treat some names as an in-memory or temporary database.
#[tokio::test(flavor = "multi_thread")]
async fn a_state_that_is_not_its_own_file_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["", ":memory:", "file:state.db", "file::memory:?cache=shared", "."] {
        let error = Gateway::start(config(Path::new(name), [number("a", "k")])).await.unwrap_err();
        assert!(error.to_string().contains("name a file"), "{name:?}: {error}");
    }
    // One file belongs to one gateway, even within one process.
    let state = folder.path().join("s.db");
    let first = Gateway::start(config(&state, [number("a", "k")])).await.unwrap();
    let second = Gateway::start(config(&state, [number("a", "k")])).await.unwrap_err();
    assert!(second.to_string().contains("used by another process"), "{second}");
    assert_eq!(post(&first, &status("1")).await, 200, "the first still works");
    first.stop().await;
    Gateway::start(config(&state, [number("a", "k")])).await.unwrap().stop().await;
}
