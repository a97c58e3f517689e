//! State shared by all requests.
use super::idempotency::Ended;
use crate::{
    access::{Tokens, guesses::Guesses},
    delivery::{outbox::Outbox, targets::Targets},
    metrics::{Metrics, OutcomeLabels},
    number::Number,
    state::store::Store,
    web::body::Budget,
};
use d360::migrate::Note;
use std::{
    sync::{Arc, atomic::AtomicUsize},
    time::Duration,
};

/// State and settings of a running gateway.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) numbers: Vec<Arc<Number>>,
    pub(crate) tokens: Tokens,
    pub(crate) store: Arc<Store>,
    pub(crate) outbox: Arc<Outbox>,
    pub(crate) targets: Arc<Targets>,
    pub(crate) metrics: Arc<Metrics>,
    pub(crate) ended: Arc<Ended>,
    pub(crate) guesses: Arc<Guesses>,
    /// The budget for bodies of authenticated requests.
    pub(crate) budget: Budget,
    /// The budget for bodies of webhooks whose signature is not verified yet.
    pub(crate) unproven: Budget,
    /// The size of the largest webhook that could not be stored, until one of that size can be.
    pub(crate) needs: AtomicUsize,
    pub(crate) webhook_hosts: Vec<String>,
    pub(crate) max_body: usize,
    pub(crate) call_timeout: Duration,
    /// A random id that distinguishes unfinished requests of this process from those of an earlier one.
    pub(crate) process: i64,
}

impl Shared {
    pub(crate) fn noted(&self, number: &Number, call: &'static str, notes: &[Note]) {
        for note in notes {
            let labels = OutcomeLabels { number: number.name.clone(), outcome: note.kind.as_str() };
            self.metrics.notes.get_or_create(&labels).inc();
        }
        number.notes.take(call, notes);
    }
}
