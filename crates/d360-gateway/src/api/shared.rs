//! What all requests share.
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
    /// For bodies of whoever is known, and of whoever is not proven yet.
    pub(crate) budget: Budget,
    pub(crate) unproven: Budget,
    /// Bytes of the largest webhook that could not be kept, until that many can be.
    pub(crate) needs: AtomicUsize,
    pub(crate) webhook_hosts: Vec<String>,
    pub(crate) max_body: usize,
    pub(crate) call_timeout: Duration,
    /// Tells this process's unfinished requests from an earlier one's.
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
