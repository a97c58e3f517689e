//! The same calls written directly on the HTTP libraries, with the same types.
use d360::model::{Message, SendResponse};
use std::time::Duration;

/// On reqwest, as its documentation recommends.
#[derive(Clone)]
pub(crate) struct Reqwest {
    client: reqwest::Client,
    url: String,
}

impl Reqwest {
    pub(crate) fn new(base: &str) -> Self {
        let client = reqwest::Client::builder().timeout(Duration::from_secs(30)).build().unwrap();
        Self { client, url: format!("{base}/messages") }
    }
    pub(crate) async fn send(&self, message: &Message) -> SendResponse {
        let request = self.client.post(&self.url).header("D360-API-KEY", "k").json(message);
        request.send().await.unwrap().error_for_status().unwrap().json().await.unwrap()
    }
}

/// On ureq, as its documentation recommends.
#[derive(Clone)]
pub(crate) struct Ureq {
    agent: ureq::Agent,
    url: String,
}

impl Ureq {
    pub(crate) fn new(base: &str) -> Self {
        let agent =
            ureq::Agent::config_builder().timeout_global(Some(Duration::from_secs(30))).build().into();
        Self { agent, url: format!("{base}/messages") }
    }
    pub(crate) fn send(&self, message: &Message) -> SendResponse {
        let request = self.agent.post(&self.url).header("D360-API-KEY", "k");
        request.send_json(message).unwrap().into_body().read_json().unwrap()
    }
}
