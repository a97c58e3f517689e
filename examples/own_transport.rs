//! A custom transport that logs every request and forwards it.
//!
//! `cargo run -p d360-examples --example own_transport`
use async_trait::async_trait;
use d360::{
    ApiKey, Client, Config,
    model::Message,
    transport::{
        AsyncTransport, Connection, HttpRequest, HttpResponse, ReqwestTransport, TokioSleep, TransportError,
    },
};

/// Fulfills the contract of [`AsyncTransport`] because the inner transport does.
#[derive(Debug)]
struct Logged<T>(T);

#[async_trait]
impl<T: AsyncTransport> AsyncTransport for Logged<T> {
    async fn send(&self, request: HttpRequest) -> Result<HttpResponse, TransportError> {
        // `Debug` of a request shows neither key nor numbers.
        eprintln!("sending {request:?}");
        let answer = self.0.send(request).await;
        match &answer {
            Ok(response) => eprintln!("answered with {}", response.status()),
            Err(error) => eprintln!("no answer: {error}"),
        }
        answer
    }
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    run().await
}

async fn run() -> Result<(), Box<dyn std::error::Error>> {
    let sandbox = d360_sandbox::Sandbox::start()?;
    sandbox.user_writes("+16505551234");
    let config = Config::new(ApiKey::new(sandbox.key())?).base_url(sandbox.base_url());
    let transport = Logged(ReqwestTransport::new(&Connection::new())?);
    let client = Client::with_transport(config, transport, TokioSleep::new())?;
    client.send(Message::text("+16505551234", "Hello")).await?;
    Ok(())
}

#[tokio::test]
async fn it_sends() -> Result<(), Box<dyn std::error::Error>> {
    run().await
}
