//! `d360 whoami`.
use crate::{
    Result,
    args::{ApiName, Global, Whoami},
    client,
    failure::{Exit, Failure, failure_document},
    output::Output,
    settings::Origin,
};
use d360::{
    cloud::{Cloud, graph, health::GetHealth},
    onprem::OnPrem,
    partner::{Partner, channels::ListChannels},
    transport::{Api, BlocksUsers as _},
};
use serde_json::{Map, Value, json};

type Step<T> = std::result::Result<T, Box<Failure>>;

pub(crate) fn run(global: &Global, args: &Whoami, output: Output) -> Result {
    let mut known = Map::new();
    let api = global.api.unwrap_or(ApiName::Cloud);
    let active = global.active.as_ref();
    known.insert("profile".to_owned(), json!(active.map(|active| &active.name)));
    known.insert("file".to_owned(), json!(active.map(|active| &active.file)));
    known.insert("api".to_owned(), api.name().into());
    known.insert("base_url".to_owned(), global.base_url.clone().unwrap_or_else(|| default_url(api)).into());
    known.insert("base_url_from".to_owned(), global.base_url_from.name().into());
    let origin = client::key_origin(global);
    known.insert("key_from".to_owned(), json!(origin.map(Origin::name)));
    known.insert("key_source".to_owned(), json!(origin.map(|origin| source(global, origin))));
    let number = global.phone_number_id.clone().or_else(|| active?.phone_number_id.clone());
    known.insert("phone_number_id".to_owned(), json!(number));
    known.insert("partner_id".to_owned(), json!(global.partner_id));
    known.insert("channel_id".to_owned(), json!(global.channel_id));
    known.retain(|_, value| !value.is_null());
    let asked = if args.offline { Ok(None) } else { ask(global, api).map(Some) };
    let (number, failure) = match asked {
        Ok(number) => (number, None),
        Err(failure) => (None, Some(failure)),
    };
    if output.is_json() {
        known.insert("number".to_owned(), json!(number));
        if let Some(failure) = &failure {
            known.insert("error".to_owned(), failure_document(failure, false)["error"].clone());
        }
        output.document(&known);
    } else {
        print(&known, number.as_ref(), output);
        if let Some(failure) = &failure {
            output.error("the number could not be queried; the lines above are local settings");
            output.failure(failure);
        }
    }
    Ok(failure.map_or(Exit::Done, |failure| failure.exit()))
}

fn print(known: &Map<String, Value>, number: Option<&Value>, output: Output) {
    let text = |name: &str| known.get(name).and_then(Value::as_str);
    let from =
        |name: &str| text(name).filter(|from| *from != "default").map(|from| format!(" (from {from})"));
    let profile = match text("profile").zip(text("file")) {
        Some((name, file)) => format!("{name} (in {file})"),
        None => "none".to_owned(),
    };
    let url = text("base_url").unwrap_or_default();
    let mut lines = vec![
        ("profile".to_owned(), profile),
        ("system".to_owned(), text("api").unwrap_or_default().to_owned()),
        ("base URL".to_owned(), format!("{url}{}", from("base_url_from").unwrap_or_default())),
        ("key".to_owned(), text("key_source").unwrap_or("none").to_owned()),
    ];
    let told = number.and_then(Value::as_object);
    let ids = ["phone_number_id", "partner_id", "channel_id"];
    let ids = ids.into_iter().filter(|id| told.is_none_or(|told| !told.contains_key(*id)));
    let known = ids.filter_map(|id| Some((id, known.get(id)?)));
    let told = told.into_iter().flatten().map(|(name, value)| (name.as_str(), value));
    for (name, value) in known.chain(told) {
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let name = name.replace('_', " ").replace(" id", " ID").replace("waba", "WABA");
        lines.push((name, value));
    }
    let width = lines.iter().map(|(name, _)| name.len() + 1).max().unwrap_or_default();
    for (name, value) in lines {
        output.line(format!("{:width$} {value}", name + ":"));
    }
}

fn default_url(api: ApiName) -> String {
    match api {
        ApiName::Cloud => Cloud::default_host().to_string(),
        ApiName::Graph => graph::GRAPH_URL.to_owned(),
        ApiName::Onprem => OnPrem::default_host().to_string(),
        ApiName::Partner => Partner::default_host().to_string(),
    }
}

/// Describes the source of the key.
fn source(global: &Global, origin: Origin) -> String {
    let active = || global.active.as_ref().and_then(|active| Some((active, active.key.as_ref()?)));
    match (origin, &global.key_file, active()) {
        (Origin::Flag, Some(path), _) => format!("--key-file {}", path.display()),
        (Origin::Environment, ..) => "environment (D360_API_KEY)".to_owned(),
        (_, _, Some((active, key))) => format!("profile {} ({})", active.name, key.setting()),
        _ => "none".to_owned(),
    }
}

/// Asks the API about the number.
fn ask(global: &Global, api: ApiName) -> Step<Value> {
    let mut told = Map::new();
    match api {
        ApiName::Cloud => {
            let health = client::cloud(global, true)?.call(GetHealth::new())?;
            let mut put = |name: &str, id: Option<&String>| {
                if let Some(id) = id {
                    told.insert(name.to_owned(), id.as_str().into());
                }
            };
            let entities = &health.health_status.entities;
            let id =
                |kind: &str| entities.iter().find(|it| it.entity_type.as_deref() == Some(kind))?.id.as_ref();
            put("phone_number_id", health.id.as_ref().or(id("PHONE_NUMBER")));
            put("waba_id", id("WABA"));
            put("business_id", id("BUSINESS"));
            put("app_id", id("APP"));
            let can = health.health_status.can_send_message.as_ref();
            told.insert("can_send_message".to_owned(), json!(can.map(d360::model::CanSend::as_str)));
        }
        // No call returns the number, so the shortest call shows whether the key is accepted.
        ApiName::Graph => {
            client::cloud(global, true)?.call(Cloud::list(Some(1)))?;
            told.insert("key_accepted".to_owned(), true.into());
        }
        ApiName::Onprem => {
            client::onprem(global, true)?.call(OnPrem::list(Some(1)))?;
            told.insert("key_accepted".to_owned(), true.into());
        }
        ApiName::Partner => {
            let partner = client::partner_id(global)?;
            let client = client::partner(global)?;
            let wanted = global.channel_id.as_deref();
            let mut list = ListChannels::new(&partner);
            if let Some(id) = wanted {
                list = list.filters(Map::from_iter([("id".to_owned(), id.into())]));
            }
            let (mut count, mut found) = (0_u64, None);
            client.pages(list, |channel| {
                count += 1;
                if wanted.is_some() && channel.id.as_deref() == wanted {
                    found = Some(channel);
                }
            })?;
            match (wanted, found) {
                (None, _) => told.insert("channels".to_owned(), count.into()),
                (Some(id), None) => {
                    return Err(Failure::invalid(
                        "channel_id",
                        format!("{id} is not a channel of this partner"),
                    ));
                }
                (Some(_), Some(channel)) => {
                    let info = channel.setup_info.unwrap_or_default();
                    told.insert("phone_number".to_owned(), json!(info.phone_number));
                    told.insert("name".to_owned(), json!(info.phone_name));
                    told.insert("status".to_owned(), json!(channel.status))
                }
            };
        }
    }
    told.retain(|_, value| !value.is_null());
    Ok(told.into())
}
