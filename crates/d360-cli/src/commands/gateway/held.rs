//! `d360 gateway waiting` and `aside`: calls to a running gateway.
use super::config;
use crate::{
    Result,
    args::{Chosen, Gateway, GatewayVerb, Global, Held, HeldVerb},
    failure::{Exit, Failure},
    output::Output,
    table::Table,
};
use d360::{
    ApiKey,
    transport::{AuthScheme, BlockingTransport as _, Connection, Host, HttpRequest, UreqTransport},
};
use http::Method;
use secrecy::ExposeSecret as _;
use serde_json::{Map, Value, json};

type Step<T> = std::result::Result<T, Box<Failure>>;

/// A gateway, for one number.
struct Number {
    name: String,
    key: ApiKey,
    url: String,
    transport: UreqTransport,
}

pub(crate) fn run(global: &Global, args: &Gateway, output: Output) -> Result {
    let (which, held) = match &args.verb {
        Some(GatewayVerb::Waiting(held)) => ("waiting", held),
        Some(GatewayVerb::Aside(held)) => ("aside", held),
        _ => return Err(Failure::usage("no command was given; use waiting or aside")),
    };
    let numbers = numbers(global, args, held)?;
    match &held.verb {
        None => list(&numbers, which, None, output),
        Some(HeldVerb::List { user }) => list(&numbers, which, user.as_deref(), output),
        Some(HeldVerb::Show { id }) => {
            let path = format!("/{which}/{id}");
            let found = first(&numbers, |number| number.call(&Method::GET, &path))?;
            let found = found.ok_or_else(|| no_such(which, *id))?;
            if output.is_json() {
                output.document(&found);
            } else {
                let text = serde_json::to_string_pretty(&found);
                output.line(text.map_err(|error| Failure::local(error.to_string()))?);
            }
            Ok(Exit::Done)
        }
        Some(HeldVerb::Retry(chosen)) => change(&numbers, which, chosen, true, output),
        Some(HeldVerb::Drop(chosen)) => change(&numbers, which, chosen, false, output),
    }
}

/// Returns the requested numbers from the configuration that the gateway was started with.
fn numbers(global: &Global, args: &Gateway, held: &Held) -> Step<Vec<Number>> {
    let config = config::read(global, args)?;
    let url = match &held.url {
        Some(url) => url.trim_end_matches('/').to_owned(),
        None => config::url_of(&config),
    };
    Host::new(&url, AuthScheme::D360ApiKey).map_err(|error| Failure::usage(format!("--url: {error}")))?;
    let cannot = |error: d360::transport::SetupError| Box::new(Failure::Setup(error));
    let transport = UreqTransport::new(&Connection::new()).map_err(cannot)?;
    let mut numbers = Vec::new();
    for number in &config.numbers {
        if held.number.as_ref().is_none_or(|name| *name == number.name) {
            let key = ApiKey::new(number.client_key.expose_secret())
                .map_err(|error| Failure::usage(format!("number {:?}: {error}", number.name)))?;
            let (name, url, transport) = (number.name.clone(), url.clone(), transport.clone());
            numbers.push(Number { name, key, url, transport });
        }
    }
    if numbers.is_empty() {
        return Err(Failure::usage("--number: --config has no number with this name"));
    }
    Ok(numbers)
}

impl Number {
    /// Returns `None` if there is no such webhook.
    fn call(&self, method: &Method, path: &str) -> Step<Option<Value>> {
        let url = format!("{}{path}", self.url);
        let uri = url.parse().map_err(|_| Failure::usage(format!("{} is not a URL", self.url)))?;
        let mut request = HttpRequest::new(method.clone(), uri);
        if let Some((name, value)) = AuthScheme::D360ApiKey.header(&self.key) {
            request.headers.insert(name, value);
        }
        request.response_limit = 64 << 20;
        let answer = self.transport.send(request).map_err(|error| {
            let error = error.to_string();
            Failure::local(format!(
                "no gateway answers at {}: {}; give its configuration (--config) or its URL (--url)",
                self.url,
                d360::model::mask(&error)
            ))
        })?;
        let body: Value = serde_json::from_slice(answer.body()).unwrap_or_default();
        match answer.status().as_u16() {
            200 => Ok(Some(body)),
            404 if body["errors"][0]["code"] == 1006 => Ok(None),
            status => {
                let why = body["errors"][0]["details"].as_str().unwrap_or("the server is not a gateway");
                Err(Failure::local(format!("{} answered {status}: {}", self.url, d360::model::mask(why))))
            }
        }
    }
}

fn no_such(which: &str, id: u64) -> Box<Failure> {
    Failure::local(format!("there is no webhook with ID {id} in `d360 gateway {which} list`"))
}

/// Returns the answer of the first number that has one.
fn first(numbers: &[Number], call: impl Fn(&Number) -> Step<Option<Value>>) -> Step<Option<Value>> {
    for number in numbers {
        if let Some(mut found) = call(number)? {
            if let Some(found) = found.as_object_mut() {
                found.insert("number".to_owned(), number.name.clone().into());
            }
            return Ok(Some(found));
        }
    }
    Ok(None)
}

fn of_user(user: &str) -> String {
    let bare = user.trim_start_matches('+');
    let encoded: String = bare
        .bytes()
        .map(|byte| match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'-' | b'_' | b'.' => char::from(byte).to_string(),
            byte => format!("%{byte:02X}"),
        })
        .collect();
    format!("user={encoded}")
}

fn list(numbers: &[Number], which: &str, user: Option<&str>, output: Output) -> Result {
    let mut all = Vec::new();
    for number in numbers {
        let mut after = 0;
        loop {
            let user = user.map(|user| format!("&{}", of_user(user))).unwrap_or_default();
            let path = format!("/{which}?limit=1000&after={after}{user}");
            let page = number.call(&Method::GET, &path)?.unwrap_or_default();
            for item in page[which].as_array().into_iter().flatten() {
                let mut item = item.as_object().cloned().unwrap_or_default();
                item.insert("number".to_owned(), number.name.clone().into());
                all.push(item);
            }
            match page["next"].as_i64().filter(|next| *next > after) {
                Some(next) => after = next,
                None => break,
            }
        }
    }
    if output.is_json() {
        output.document(&json!({ which: all }));
        return Ok(Exit::Done);
    }
    if all.is_empty() {
        output.note(match which {
            "waiting" => "no webhooks are waiting",
            _ => "no webhooks were put aside",
        });
    }
    let several = numbers.len() > 1;
    let mut table = Table::new(HEADS);
    for item in &all {
        if output.is_table() {
            table.row(cells(item, several).map(Some).into());
        } else {
            output.line(line(item, several));
        }
    }
    output.table(&table);
    Ok(Exit::Done)
}

const HEADS: &[&str] = &["ID", "NUMBER", "USER", "TYPE", "MESSAGE ID", "RECEIVED", "TRIES", "WHY"];

/// Formats a webhook: `12  16505551234  reaction  wamid.…  2026-11-27T10:00:00Z  4 tries: answered 400`.
fn line(item: &Map<String, Value>, several: bool) -> String {
    let [id, number, user, kind, message_id, received, tries, why] = cells(item, several);
    let tries = if why.is_empty() { format!("{tries} tries") } else { format!("{tries} tries: {why}") };
    let mut parts = vec![id, number, user, kind, message_id, received, tries];
    parts.retain(|part| !part.is_empty());
    parts.join("  ")
}

/// Returns the values of the [`HEADS`].
fn cells(item: &Map<String, Value>, several: bool) -> [String; 8] {
    let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
    [
        item.get("id").map(Value::to_string).unwrap_or_default(),
        if several { text("number") } else { String::new() },
        text("user"),
        format!("{} {}", text("type"), text("status")).trim().to_owned(),
        text("message_id"),
        text("received"),
        item.get("tries").and_then(Value::as_u64).unwrap_or_default().to_string(),
        text("why"),
    ]
}

fn change(numbers: &[Number], which: &str, chosen: &Chosen, retry: bool, output: Output) -> Result {
    let (method, suffix, name) =
        if retry { (Method::POST, "/retry", "retried") } else { (Method::DELETE, "", "dropped") };
    let mut done: Vec<Value> = Vec::new();
    let ids = |value: &Value| value[name].as_array().cloned().unwrap_or_default();
    if chosen.ids.is_empty() {
        let query = chosen.user.as_deref().map(|user| format!("?{}", of_user(user))).unwrap_or_default();
        for number in numbers {
            let answer = number.call(&method, &format!("/{which}{suffix}{query}"))?;
            done.extend(answer.as_ref().map(ids).unwrap_or_default());
        }
    }
    let mut missing = Vec::new();
    for id in &chosen.ids {
        let path = format!("/{which}/{id}{suffix}");
        match first(numbers, |number| number.call(&method, &path))? {
            Some(answer) => done.extend(ids(&answer)),
            None => missing.push(*id),
        }
    }
    if output.is_json() {
        output.document(&json!({ name: done, "missing": missing }));
    } else {
        output.line(format!("{name}: {}", done.len()));
        missing.iter().for_each(|id| output.error(format!("there is no webhook with ID {id} in `{which}`")));
    }
    Ok(match (missing.is_empty(), done.is_empty()) {
        (true, _) => Exit::Done,
        (false, false) => Exit::Partly,
        (false, true) => Exit::Local,
    })
}
