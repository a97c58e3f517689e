//! Tests code that sends, without a server: with a mock transport (feature `mock`) and with a hand-written fake.
//!
//! `cargo test -p d360-examples --example mock_in_your_tests`
use d360::{Error, blocking::Client, model::Message};

/// The code under test: greets a customer, and returns whether a retry later makes sense.
fn greet(client: &Client, to: &str) -> Result<bool, Box<dyn std::error::Error>> {
    match client.send(Message::text(to, "Welcome!")) {
        Ok(_) => Ok(true),
        Err(error) if is_closed(&error) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

fn is_closed(error: &Error) -> bool {
    error.api().is_some_and(|api| api.is_reengagement())
}

fn main() {
    println!("see the tests in this file: cargo test -p d360-examples --example mock_in_your_tests");
    // Only the tests use the function; this avoids a warning about unused code.
    let _ = greet;
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;
    use d360::{
        ApiKey, Config,
        transport::{HttpRequest, HttpResponse, MockBlockingSleep, MockBlockingTransport, TransportError},
    };

    fn client(status: u16, body: &'static str) -> Client {
        let mut transport = MockBlockingTransport::new();
        transport.expect_send().once().returning(
            move |request: HttpRequest| -> Result<HttpResponse, TransportError> {
                let sent: serde_json::Value =
                    serde_json::from_slice(request.payload.bytes().unwrap()).unwrap();
                assert_eq!(sent["text"]["body"], "Welcome!");
                Ok(http::Response::builder()
                    .status(status)
                    .body(Bytes::from_static(body.as_bytes()))
                    .unwrap())
            },
        );
        let config = Config::new(ApiKey::new("any").unwrap());
        Client::with_transport(config, transport, MockBlockingSleep::new()).unwrap()
    }

    #[test]
    fn greets_a_customer() {
        let client = client(200, r#"{"messages":[{"id":"wamid.1"}]}"#);
        assert!(greet(&client, "+16505551234").unwrap());
    }

    #[test]
    fn a_closed_window_is_not_a_failure() {
        let client = client(400, r#"{"error":{"code":131047,"message":"Re-engagement message"}}"#);
        assert!(!greet(&client, "+16505551234").unwrap());
    }
}
