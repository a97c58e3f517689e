//! A long webhook delays no other connection of the gateway: it is translated outside the async workers.
use d360_gateway::{Config, Gateway, Number};
use serde_json::{Value, json};

/// The runtime has one thread, so the allocations of that thread are those of the async workers. (Counted, because
/// time is unreliable on a busy machine.)
#[test]
fn a_long_webhook_is_translated_on_another_thread() {
    let folder = tempfile::tempdir().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let config = Config::new("127.0.0.1:0", folder.path().join("s.db")).base_url("http://127.0.0.1:9");
    let gateway = runtime.block_on(Gateway::start(config.number(Number::new("a", "k")))).unwrap();
    let url = format!("http://{}/webhook", gateway.address());
    let post = |messages: usize| {
        let messages: Vec<Value> = (0..messages)
            .map(|at| json!({ "from": "16505551234", "id": format!("wamid.{at}"), "timestamp": "1", "type": "text", "text": { "body": "Hi" } }))
            .collect();
        let value = json!({ "metadata": { "phone_number_id": "2" }, "messages": messages });
        let body = json!({ "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] })
            .to_string();
        let (client, length) = (reqwest::Client::new(), body.len() as u64);
        let mut status = 0;
        let counted = allocation_counter::measure(|| {
            let sent = runtime.block_on(client.post(&url).body(body).send());
            status = sent.unwrap().status().as_u16();
        });
        assert_eq!(status, 200);
        (counted.bytes_total, length)
    };
    post(1);
    let (bytes, length) = post(5_000);
    // Reading the body takes a few copies of it. JSON and 5,000 translated webhooks take more than twenty.
    assert!(bytes < 8 * length, "{bytes} bytes on the runtime's own thread for a webhook of {length}");
    runtime.block_on(gateway.stop());
}
