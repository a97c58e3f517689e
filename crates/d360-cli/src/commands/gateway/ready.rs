//! `d360 gateway ready`.
use super::config;
use crate::{
    Result,
    args::{Gateway, Global, Ready},
    failure::{Exit, Failure},
    output::Output,
};
use d360::{
    ApiKey,
    transport::{
        AuthScheme, BlockingTransport as _, Connection, Host, HttpRequest, HttpResponse, UreqTransport,
    },
};
use http::{Method, Uri};
use secrecy::ExposeSecret as _;
use serde_json::json;
use std::time::Duration;

const TIME: Duration = Duration::from_secs(10);

pub(super) fn run(global: &Global, args: &Gateway, ready: &Ready, output: Output) -> Result {
    let url = match &ready.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => config::url_of(&config::read(global, args)?),
    };
    Host::new(&url, AuthScheme::D360ApiKey).map_err(|error| Failure::usage(format!("--url: {error}")))?;
    let uri: Uri =
        format!("{url}/readyz").parse().map_err(|_| Failure::usage(format!("{url} is not a URL")))?;
    let transport =
        UreqTransport::new(&Connection::new()).map_err(|error| Box::new(Failure::Setup(error)))?;
    let ask = |key: Option<&ApiKey>| {
        let mut request = HttpRequest::new(Method::GET, uri.clone());
        if let Some((name, value)) = key.and_then(|key| AuthScheme::D360ApiKey.header(key)) {
            request.headers.insert(name, value);
        }
        request.time_limit = TIME;
        transport.send(request).map_err(|error| {
            Failure::local(format!(
                "no gateway answers at {url}: {}; start one, or give its URL with --url",
                d360::model::mask(&error.to_string())
            ))
        })
    };
    let mut answer = ask(None)?;
    // The operations port needs no key. The API port does.
    if answer.status() == 401 {
        let config = config::read(global, args)?;
        let key = config.numbers.first().map(|number| ApiKey::new(number.client_key.expose_secret()));
        let key = key.transpose().map_err(|error| Failure::usage(error.to_string()))?;
        answer = ask(key.as_ref())?;
    }
    if answer.status() != 200 {
        return Err(Failure::local(format!("the gateway at {url} is not ready: {}", why(&answer))));
    }
    if output.is_json() {
        output.document(&json!({ "ready": true }));
    } else {
        output.line("ready");
    }
    Ok(Exit::Done)
}

fn why(answer: &HttpResponse) -> String {
    let text: String = String::from_utf8_lossy(answer.body()).trim().chars().take(200).collect();
    format!("it answered {}: {}", answer.status().as_u16(), d360::model::mask(&text))
}
