//! The keys before the first `[[number]]`.
use super::kind::{Key, Kind, address, path, url};
use crate::config::settings::Config;
use std::time::Duration;

/// Ten years. A larger value is a mistake, and sums of times must not overflow.
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

pub(in crate::config) const TOP: &[Key<Config>] = &[
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
        about: "Additional hosts allowed in a number's base_url.",
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
            separate budget of a quarter of it.",
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
