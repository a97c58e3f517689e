//! The keys of a `[[number]]`.
use super::kind::{Key, Kind, any, url};
use crate::config::number::{Draft, SecretName};
use std::path::PathBuf;

/// The secrets of a number. Writing one into the file is an error that names the keys to use.
pub(in crate::config) const SECRETS: [SecretName; 6] =
    ["key", "client_key", "password", "webhook_secret", "app_secret", "verify_token"];

const fn env(name: &'static str, of: SecretName, about: &'static str, example: &'static str) -> Key<Draft> {
    let set = |number: &mut Draft, of, text| drop(number.env.insert(of, text));
    Key { name, about, flag: None, kind: Kind::SecretEnv { of, set }, example }
}

const fn file(name: &'static str, of: SecretName, about: &'static str, example: &'static str) -> Key<Draft> {
    let set = |number: &mut Draft, of, text: String| drop(number.files.insert(of, PathBuf::from(text)));
    Key { name, about, flag: None, kind: Kind::SecretFile { of, set }, example }
}

pub(in crate::config) const NUMBER: &[Key<Draft>] = &[
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
        "Environment variable with the key that the old program sends. The default is the API key of Cloud.",
        "\"D360_CLIENT_KEY\"",
    ),
    file(
        "client_key_file",
        "client_key",
        "File with the key that the old program sends.",
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
        "Environment variable with the password of POST /v1/users/login. The default is the key that the old program sends.",
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
        about: "URL where the old program receives webhooks. Webhooks are queued until it is set.",
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
            are accepted from programs of this machine only.",
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
