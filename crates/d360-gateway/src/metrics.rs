//! What is counted, as Prometheus reads it. No label holds anything of a person.
use prometheus_client::{
    encoding::{EncodeLabelSet, text::encode},
    metrics::{counter::Counter, family::Family, gauge::Gauge, histogram::Histogram},
    registry::Registry,
};

#[derive(Clone, Debug, PartialEq, Eq, Hash, EncodeLabelSet)]
pub(crate) struct CallLabels {
    pub(crate) number: String,
    /// A method and a path of a table, never one that somebody asked for.
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

#[derive(Debug)]
pub(crate) struct Metrics {
    registry: Registry,
    pub(crate) calls: Family<CallLabels, Counter>,
    pub(crate) seconds: Histogram,
    pub(crate) webhooks: Family<OutcomeLabels, Counter>,
    pub(crate) deliveries: Family<OutcomeLabels, Counter>,
    pub(crate) waiting: Family<NumberLabel, Gauge>,
    pub(crate) notes: Family<OutcomeLabels, Counter>,
    pub(crate) connections: Gauge,
}

impl Metrics {
    pub(crate) fn new() -> Self {
        let mut registry = Registry::with_prefix("d360_gateway");
        let bounds =
            [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];
        let metrics = Self {
            calls: Family::default(),
            seconds: Histogram::new(bounds),
            webhooks: Family::default(),
            deliveries: Family::default(),
            waiting: Family::default(),
            notes: Family::default(),
            connections: Gauge::default(),
            registry: Registry::default(),
        };
        registry.register("calls", "Calls of old programs, by their HTTP status", metrics.calls.clone());
        registry.register("call_seconds", "How long they took, Cloud included", metrics.seconds.clone());
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
        registry.register("waiting", "Webhooks that wait for delivery", metrics.waiting.clone());
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
        // Writing into a string does not fail.
        let _ = encode(&mut out, &self.registry);
        out
    }
}
