//! `--wait`: waits for the final status of accepted messages.
use super::signals;
use crate::{
    failure::{Exit, Failure},
    statuses::{Silence, Status, Watch},
    table::Tone,
};
use serde_json::{Value, json};
use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

type Step<T> = std::result::Result<T, Box<Failure>>;

/// How often to check whether the program was interrupted.
const SLICE: Duration = Duration::from_millis(100);

/// Receives statuses as they arrive.
pub(crate) struct Waiting {
    watch: Watch,
    pub(crate) limit: Duration,
    heard: HashMap<String, Status>,
    ended: bool,
}

/// The outcome of a message.
pub(crate) struct Fate {
    /// The last status that arrived.
    status: Option<Status>,
    /// Why no final status arrived.
    silent: Option<String>,
}

impl Waiting {
    /// Starts listening, before anything is sent.
    pub(crate) fn start(limit: Duration, base_url: Option<&str>) -> Step<Self> {
        let watch = Watch::start(base_url.and_then(local_port)).ok_or_else(|| {
            Failure::local(
                "no webhook listener is running on this machine, so --wait would get no status; nothing was sent; start \
                    `d360 webhook listen` and point the number's webhook to it, or omit --wait",
            )
        })?;
        signals::notice();
        Ok(Self { watch, limit, heard: HashMap::new(), ended: false })
    }

    /// Returns the outcome of a message if it is known or can no longer arrive.
    pub(crate) fn fate(&mut self, id: &str, until: Instant) -> Option<Fate> {
        if self.heard.get(id).is_some_and(Status::is_final) {
            return Some(Fate { status: self.heard.remove(id), silent: None });
        }
        let silent = if self.ended {
            "the webhook listener stopped".to_owned()
        } else if signals::interrupted() {
            "interrupted".to_owned()
        } else if Instant::now() >= until {
            format!("no status within {} s", self.limit.as_secs())
        } else {
            return None;
        };
        Some(Fate { status: self.heard.remove(id), silent: Some(silent) })
    }

    /// Waits up to `within` for a status, then takes all available ones.
    pub(crate) fn hear(&mut self, within: Duration) {
        let mut within = within.min(SLICE);
        while !self.ended {
            match self.watch.next(within) {
                // Webhooks may arrive out of order: keep the later state.
                Ok(status) if self.heard.get(&status.id).is_some_and(Status::is_final) => {}
                Ok(status) => {
                    self.heard.insert(status.id.clone(), status);
                }
                Err(Silence::Late) => return,
                Err(Silence::Ended) => self.ended = true,
            }
            within = Duration::ZERO;
        }
    }

    /// Waits for the outcome of one message.
    pub(crate) fn wait(&mut self, id: &str) -> Fate {
        let until = Instant::now() + self.limit;
        loop {
            self.hear(Duration::ZERO);
            if let Some(fate) = self.fate(id, until) {
                return fate;
            }
            self.hear(SLICE);
        }
    }
}

/// Returns the port of a local URL.
fn local_port(url: &str) -> Option<u16> {
    let uri: http::Uri = url.trim().parse().ok()?;
    let host = uri.host()?.trim_matches(['[', ']']);
    let is_local =
        host == "localhost" || host.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback());
    uri.port_u16().filter(|_| is_local)
}

impl Fate {
    pub(crate) fn exit(&self) -> Exit {
        match (&self.silent, &self.status) {
            (Some(_), _) => Exit::Unknown,
            (None, Some(status)) if status.has_failed() => Exit::Refused,
            _ => Exit::Done,
        }
    }
    /// Returns why there is no final status.
    pub(crate) fn silent(&self) -> Option<&str> {
        self.silent.as_deref()
    }
    pub(crate) fn has_failed(&self) -> bool {
        self.exit() == Exit::Refused
    }
    pub(crate) fn tone(&self) -> Tone {
        match self.exit() {
            Exit::Done => Tone::Good,
            Exit::Refused => Tone::Bad,
            _ => Tone::Waiting,
        }
    }
    /// Returns the outcome as text: `delivered`, `failed: 131026 Message undeliverable`.
    pub(crate) fn text(&self) -> String {
        let last = self.status.as_ref().map_or("accepted", |status| status.status.as_str());
        if let Some(silent) = &self.silent {
            return format!("{last}, {silent}");
        }
        let errors = self.status.iter().flat_map(|status| &status.errors);
        let errors = errors.map(|error| {
            let parts = [error.code.map(|code| code.to_string()), error.title.clone()];
            parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
        });
        let errors: Vec<String> = errors.collect();
        if errors.is_empty() { last.to_owned() } else { format!("{last}: {}", errors.join("; ")) }
    }
    pub(crate) fn document(&self) -> Value {
        let status = self.status.as_ref();
        json!({
            "status": status.map(|status| &status.status),
            "errors": status.map(|status| &status.errors).into_iter().flatten().collect::<Vec<_>>(),
            "message": self.silent,
        })
    }
}
