//! Prometheus metrics. Labels never contain personal data.
use crate::state::store::Counts;
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CallLabels {
    pub(crate) number: String,
    /// The path of a known route, never one from a request.
    pub(crate) call: &'static str,
    pub(crate) status: u16,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct NumberLabel {
    pub(crate) number: String,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct OutcomeLabels {
    pub(crate) number: String,
    pub(crate) outcome: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct ReasonLabels {
    pub(crate) number: String,
    pub(crate) reason: &'static str,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct KindLabel {
    pub(crate) kind: &'static str,
}

const SECONDS: [f64; 15] =
    [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) calls: Family<CallLabels, Counter>,
    pub(crate) seconds: Family<NumberLabel, Histogram, fn() -> Histogram>,
    pub(crate) webhooks: Family<OutcomeLabels, Counter>,
    pub(crate) deliveries: Family<OutcomeLabels, Counter>,
    pub(crate) waiting: Family<NumberLabel, Gauge>,
    pub(crate) aside: Family<NumberLabel, Gauge>,
    pub(crate) put_aside: Family<ReasonLabels, Counter>,
    pub(crate) refused: Family<ReasonLabels, Counter>,
    pub(crate) failed_logins: Family<KindLabel, Counter>,
    pub(crate) state: Counts,
    pub(crate) notes: Family<OutcomeLabels, Counter>,
    pub(crate) connections: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("d360_gateway");
        let metrics = Self {
            calls: Family::default(),
            seconds: Family::new_with_constructor(|| Histogram::new(SECONDS)),
            webhooks: Family::default(),
            deliveries: Family::default(),
            waiting: Family::default(),
            aside: Family::default(),
            put_aside: Family::default(),
            refused: Family::default(),
            failed_logins: Family::default(),
            state: Counts::default(),
            notes: Family::default(),
            connections: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("calls", "Calls of old programs, by HTTP status", metrics.calls.clone());
        registry.register(
            "call_seconds",
            "Duration of calls of old programs, including Cloud",
            metrics.seconds.clone(),
        );
        registry.register(
            "webhooks",
            "Webhook items of Cloud: accepted, duplicate, without_counterpart",
            metrics.webhooks.clone(),
        );
        registry.register(
            "deliveries",
            "Attempts to deliver to old programs: taken, refused, unreachable, put_aside",
            metrics.deliveries.clone(),
        );
        registry.register("waiting", "Webhooks waiting for delivery", metrics.waiting.clone());
        registry.register(
            "aside",
            "Webhooks put aside and not yet dropped or retried",
            metrics.aside.clone(),
        );
        registry.register(
            "put_aside",
            "Webhooks put aside: refused, failing, too_old",
            metrics.put_aside.clone(),
        );
        registry.register(
            "webhooks_refused",
            "Webhook requests of Cloud that were not accepted: unproven, malformed, too_large, too_slow, overload, state, other_number",
            metrics.refused.clone(),
        );
        registry.register(
            "failed_logins",
            "Requests without access: login (wrong user or password), key (wrong key or token)",
            metrics.failed_logins.clone(),
        );
        registry.register(
            "failed_commits",
            "Failed commits to the state file",
            metrics.state.failed_commits.clone(),
        );
        registry.register(
            "unwritten_changes",
            "State changes waiting to be written to the state file",
            metrics.state.unwritten.clone(),
        );
        registry.register(
            "notes",
            "Notes of translations: changed, assumed, lost, refused",
            metrics.notes.clone(),
        );
        registry.register("connections", "Open connections", metrics.connections.clone());
        Self { registry, ..metrics }
    }

    pub(crate) fn text(&self) -> String {
        let mut out = String::new();
        // Writing to a String cannot fail.
        let _ = encode(&mut out, &self.registry);
        out
    }

    /// Returns the metrics of one number.
    pub(crate) fn text_of(&self, number: &str) -> String {
        // Names have no characters that need escaping.
        let label = format!("number=\"{number}\"");
        let text = self.text();
        let own = text.lines().filter(|line| line.starts_with('#') || line.contains(&label));
        own.flat_map(|line| [line, "\n"]).collect()
    }
}
