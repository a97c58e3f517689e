//! What is found, and what happens to it through the gateway.
use d360::migrate::{Note, NoteKind};
use serde_json::Value;

/// Something that an old program sends, reads or holds.
pub(super) struct Found {
    pub(super) place: String,
    pub(super) what: String,
    pub(super) gateway: Gateway,
    pub(super) cloud: Option<Value>,
    /// Cloud's calls for what stands in a source, or that there is none.
    pub(super) on_cloud: Option<Vec<&'static str>>,
    pub(super) notes: Vec<Note>,
}

/// What happens to it through the gateway.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Gateway {
    AsItIs,
    WithLoss,
    Refused,
}

impl Gateway {
    pub(super) const fn word(self) -> &'static str {
        match self {
            Self::AsItIs => "works as it is",
            Self::WithLoss => "works, with a loss",
            Self::Refused => "has to change",
        }
    }
}

pub(super) fn through(notes: &[Note]) -> Gateway {
    match notes.iter().map(|note| note.kind).max() {
        Some(NoteKind::Refused) => Gateway::Refused,
        Some(NoteKind::Lost) => Gateway::WithLoss,
        _ => Gateway::AsItIs,
    }
}
