//! The table of keys: what a configuration file may say. The reader, `--print-config` and the guide all come from it.
use super::{
    number::{Draft, SecretName},
    settings::Config,
};
use crate::place::Place;
use std::{collections::BTreeMap, path::PathBuf, time::Duration};

/// A key of a table that becomes a `T`.
pub(super) struct Key<T> {
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// The option of `d360 gateway` that overrides it.
    pub(super) flag: Option<&'static str>,
    pub(super) kind: Kind<T>,
    /// What stands in the example where there is no default, as TOML has it.
    pub(super) example: &'static str,
}

/// What a value has to be, and where it goes.
pub(super) enum Kind<T> {
    /// A text that the function accepts.
    Text {
        get: fn(&T) -> Option<String>,
        set: fn(&mut T, String),
        check: Check,
    },
    /// The name of an environment variable, or of a file, with a secret.
    SecretEnv {
        of: SecretName,
        set: fn(&mut T, SecretName, String),
    },
    SecretFile {
        of: SecretName,
        set: fn(&mut T, SecretName, String),
    },
    Texts {
        set: fn(&mut T, Vec<String>),
    },
    Flag {
        get: fn(&T) -> bool,
        set: fn(&mut T, bool),
    },
    /// A whole number of these.
    Whole {
        get: fn(&T) -> Option<u64>,
        set: fn(&mut T, u64),
        unit: &'static str,
        least: u64,
        most: u64,
    },
    /// Texts by names.
    Map {
        set: fn(&mut T, BTreeMap<String, String>),
    },
}

/// What a text has to be, where it is not.
pub(super) type Check = fn(&str) -> Option<&'static str>;

fn any(_: &str) -> Option<&'static str> {
    None
}

fn url(text: &str) -> Option<&'static str> {
    let problem = "a URL that begins with http:// or https:// and holds no password";
    Place::of(text).is_none().then_some(problem)
}

fn address(text: &str) -> Option<&'static str> {
    let port = text.rsplit_once(':').filter(|(host, _)| !host.is_empty()).map(|(_, port)| port);
    let good = port.is_some_and(|port| port.parse::<u16>().is_ok());
    (!good).then_some("an address with a port, such as 127.0.0.1:8080")
}

fn path(text: &str) -> Option<&'static str> {
    text.is_empty().then_some("the name of a file")
}

/// Ten years: what is more is a slip, and sums of times must not overflow.
const LONGEST: u64 = 10 * 365 * 24 * 60 * 60;

fn seconds(time: Duration) -> Option<u64> {
    Some(time.as_secs())
}

fn whole(number: usize) -> Option<u64> {
    u64::try_from(number).ok()
}

fn size(number: u64) -> usize {
    usize::try_from(number).unwrap_or(usize::MAX)
}

/// The keys before the first `[[number]]`.
pub(super) const TOP: &[Key<Config>] = &[
    Key {
        name: "listen",
        about: "Address and port of the On-Premise API. Port 0 picks a free port.",
        flag: Some("--listen"),
        kind: Kind::Text {
            get: |config| Some(config.listen.clone()),
            set: |config, text| config.listen = text,
            check: address,
        },
        example: "",
    },
    Key {
        name: "state",
        about: "State file. It keeps webhooks, tokens and idempotency keys, and belongs to one gateway.",
        flag: Some("--state"),
        kind: Kind::Text {
            get: |config| Some(config.state.display().to_string()),
            set: |config, text| config.state = text.into(),
            check: path,
        },
        example: "",
    },
    Key {
        name: "metrics_listen",
        about: "Address and port where /healthz, /readyz and /metrics need no key.",
        flag: Some("--metrics-listen"),
        kind: Kind::Text {
            get: |config| config.metrics_listen.clone(),
            set: |config, text| config.metrics_listen = Some(text),
            check: address,
        },
        example: "\"127.0.0.1:9090\"",
    },
    Key {
        name: "base_url",
        about: "Base URL of Cloud, or of a sandbox. The default is 360dialog Cloud.",
        flag: Some("--base-url"),
        kind: Kind::Text {
            get: |config| config.base_url.clone(),
            set: |config, text| config.base_url = Some(text),
            check: url,
        },
        example: "\"http://127.0.0.1:4360\"",
    },
    Key {
        name: "upstream_hosts",
        about: "Hosts, beside the one of base_url, that a number's own base_url may be on.",
        flag: None,
        kind: Kind::Texts { set: |config, texts| config.upstream_hosts = texts },
        example: "[\"waba-v2.360dialog.io\"]",
    },
    Key {
        name: "webhook_hosts",
        about: "Hosts, beside those of webhook_to, that an old program may set its webhook to: \"host\" for every port, or \
            \"host:port\".",
        flag: None,
        kind: Kind::Texts { set: |config, texts| config.webhook_hosts = texts },
        example: "[\"app.example.com\", \"10.0.0.5:9000\"]",
    },
    Key {
        name: "old_ids",
        about: "Return message IDs without . + / =, for old programs that put them into URLs or short columns.",
        flag: Some("--old-ids"),
        kind: Kind::Flag { get: |config| config.old_ids, set: |config, on| config.old_ids = on },
        example: "",
    },
    Key {
        name: "pass_new_types",
        about: "Forward message types that On-Premise never had with their own type. The default is to forward them as unknown, \
            with error 501.",
        flag: Some("--pass-new-types"),
        kind: Kind::Flag {
            get: |config| config.pass_new_types,
            set: |config, on| config.pass_new_types = on,
        },
        example: "",
    },
    Key {
        name: "max_body",
        about: "Largest body of a request that is not a file. Webhooks may have 4 MiB.",
        flag: None,
        kind: Kind::Whole {
            get: |config| whole(config.max_body),
            set: |config, number| config.max_body = size(number),
            unit: "bytes",
            least: 1,
            most: 1 << 30,
        },
        example: "",
    },
    Key {
        name: "max_bytes_in_flight",
        about: "Bytes of bodies in memory at once, over all connections. Webhooks whose signature is not verified yet have a \
            quarter of it for themselves.",
        flag: None,
        kind: Kind::Whole {
            get: |config| whole(config.max_bytes_in_flight),
            set: |config, number| config.max_bytes_in_flight = size(number),
            unit: "bytes",
            least: 1,
            most: 1 << 40,
        },
        example: "",
    },
    Key {
        name: "max_connections",
        about: "Connections at once. Beyond it the longest idle one is closed; if none is idle, new ones get 503.",
        flag: None,
        kind: Kind::Whole {
            get: |config| whole(config.max_connections),
            set: |config, number| config.max_connections = size(number),
            unit: "connections",
            least: 1,
            most: 1 << 20,
        },
        example: "",
    },
    Key {
        name: "header_timeout_seconds",
        about: "Time for a client to send the head of a request.",
        flag: None,
        kind: Kind::Whole {
            get: |config| seconds(config.header_timeout),
            set: |config, number| config.header_timeout = Duration::from_secs(number),
            unit: "seconds",
            least: 1,
            most: LONGEST,
        },
        example: "",
    },
    Key {
        name: "call_timeout_seconds",
        about: "Time for a call to Cloud, including its wait for the rate limit.",
        flag: None,
        kind: Kind::Whole {
            get: |config| seconds(config.call_timeout),
            set: |config, number| config.call_timeout = Duration::from_secs(number),
            unit: "seconds",
            least: 1,
            most: LONGEST,
        },
        example: "",
    },
    Key {
        name: "hold_seconds",
        about: "Time to retry a webhook that the old program answers with 408, 425, 429, 5xx or nothing, before it is put aside. \
            Later webhooks of the same user wait. Other 4xx put it aside after 4 attempts within seconds.",
        flag: None,
        kind: Kind::Whole {
            get: |config| seconds(config.hold_for),
            set: |config, number| config.hold_for = Duration::from_secs(number),
            unit: "seconds",
            least: 0,
            most: LONGEST,
        },
        example: "",
    },
    Key {
        name: "give_up_after_seconds",
        about: "Time to retry a webhook while the old program cannot be reached, before it is put aside.",
        flag: None,
        kind: Kind::Whole {
            get: |config| seconds(config.give_up_after),
            set: |config, number| config.give_up_after = Duration::from_secs(number),
            unit: "seconds",
            least: 0,
            most: LONGEST,
        },
        example: "",
    },
];

/// The secrets of a number: whoever writes one into the file is told the keys for it.
pub(super) const SECRETS: [SecretName; 6] =
    ["key", "client_key", "password", "webhook_secret", "app_secret", "verify_token"];

const fn env(name: &'static str, of: SecretName, about: &'static str, example: &'static str) -> Key<Draft> {
    let set = |number: &mut Draft, of, text| drop(number.env.insert(of, text));
    Key { name, about, flag: None, kind: Kind::SecretEnv { of, set }, example }
}

const fn file(name: &'static str, of: SecretName, about: &'static str, example: &'static str) -> Key<Draft> {
    let set = |number: &mut Draft, of, text: String| drop(number.files.insert(of, PathBuf::from(text)));
    Key { name, about, flag: None, kind: Kind::SecretFile { of, set }, example }
}

/// The keys of a `[[number]]`.
pub(super) const NUMBER: &[Key<Draft>] = &[
    Key {
        name: "name",
        about: "Name of the number in webhook paths, logs and metrics: letters, digits, - _ and . only. Not the phone number.",
        flag: None,
        kind: Kind::Text {
            get: |_| Some("default".to_owned()),
            set: |number, text| number.name = Some(text),
            check: any,
        },
        example: "",
    },
    env(
        "key_env",
        "key",
        "Environment variable with the API key of Cloud. Required, or key_file.",
        "\"D360_API_KEY\"",
    ),
    file(
        "key_file",
        "key",
        "File with the API key of Cloud. Only its owner may be able to read it.",
        "\"/etc/d360/key\"",
    ),
    env(
        "client_key_env",
        "client_key",
        "Environment variable with the key that the old program shows. The default is the API key of Cloud.",
        "\"D360_CLIENT_KEY\"",
    ),
    file(
        "client_key_file",
        "client_key",
        "File with the key that the old program shows.",
        "\"/etc/d360/client-key\"",
    ),
    Key {
        name: "user",
        about: "User of POST /v1/users/login.",
        flag: None,
        kind: Kind::Text {
            get: |_| Some("admin".to_owned()),
            set: |number, text| number.user = Some(text),
            check: any,
        },
        example: "",
    },
    env(
        "password_env",
        "password",
        "Environment variable with the password of POST /v1/users/login. The default is the key that the old program shows.",
        "\"D360_PASSWORD\"",
    ),
    file(
        "password_file",
        "password",
        "File with the password of POST /v1/users/login.",
        "\"/etc/d360/password\"",
    ),
    Key {
        name: "webhook_to",
        about: "URL where the old program takes webhooks. Webhooks wait until there is one.",
        flag: Some("--webhook-to"),
        kind: Kind::Text {
            get: |number| number.webhook_to.clone(),
            set: |number, text| number.webhook_to = Some(text),
            check: url,
        },
        example: "\"http://127.0.0.1:9000/hook\"",
    },
    Key {
        name: "phone_number_id",
        about: "Phone number ID that webhooks of Cloud have to name. Webhooks of other numbers are refused.",
        flag: None,
        kind: Kind::Text {
            get: |number| number.phone_number_id.clone(),
            set: |number, text| number.phone_number_id = Some(text),
            check: any,
        },
        example: "\"106540352242922\"",
    },
    Key {
        name: "webhook_secret_header",
        about: "Header of Cloud webhooks with the secret of webhook_secret_env or webhook_secret_file. Without a secret, webhooks \
            are taken from programs of this machine only.",
        flag: Some("--secret-header"),
        kind: Kind::Text {
            get: |number| number.webhook_secret_header.clone(),
            set: |number, text| number.webhook_secret_header = Some(text),
            check: any,
        },
        example: "\"x-webhook-secret\"",
    },
    env(
        "webhook_secret_env",
        "webhook_secret",
        "Environment variable with the secret of webhook_secret_header.",
        "\"D360_WEBHOOK_SECRET\"",
    ),
    file(
        "webhook_secret_file",
        "webhook_secret",
        "File with the secret of webhook_secret_header.",
        "\"/etc/d360/webhook-secret\"",
    ),
    env(
        "app_secret_env",
        "app_secret",
        "Environment variable with the app secret of Meta, which signs webhooks that Meta posts directly.",
        "\"D360_APP_SECRET\"",
    ),
    file("app_secret_file", "app_secret", "File with the app secret of Meta.", "\"/etc/d360/app-secret\""),
    env(
        "verify_token_env",
        "verify_token",
        "Environment variable with the token of Meta's challenge for a new webhook URL.",
        "\"D360_VERIFY_TOKEN\"",
    ),
    file(
        "verify_token_file",
        "verify_token",
        "File with the token of Meta's challenge.",
        "\"/etc/d360/verify-token\"",
    ),
    Key {
        name: "base_url",
        about: "Base URL of this number. Its host has to be in upstream_hosts.",
        flag: None,
        kind: Kind::Text {
            get: |number| number.base_url.clone(),
            set: |number, text| number.base_url = Some(text),
            check: url,
        },
        example: "\"https://waba-v2.360dialog.io\"",
    },
    Key {
        name: "messages_per_second",
        about: "Rate limit of the number.",
        flag: Some("--messages-per-second"),
        kind: Kind::Whole {
            get: |number| number.messages_per_second.or(Some(80)).map(u64::from),
            set: |number, rate| number.messages_per_second = u32::try_from(rate).ok(),
            unit: "messages",
            least: 1,
            most: 1000,
        },
        example: "",
    },
    Key {
        name: "media",
        about: "Media IDs of On-Premise, and the IDs of the same files on Cloud.",
        flag: None,
        kind: Kind::Map { set: |number, media| number.media = media },
        example: "{ \"f043afd0-f0ae-4b9c-ab3d-696fb4c8cd68\" = \"4490709327384033\" }",
    },
];
