//! A finding, and what the gateway does with it.
use d360::migrate::{Note, NoteKind};
use serde_json::Value;

/// Something that an old program sends, reads or stores.
pub(super) struct Found {
    pub(super) place: String,
    pub(super) what: String,
    pub(super) gateway: Gateway,
    pub(super) cloud: Option<Value>,
    /// The Cloud calls for a call in source code, or that there is none.
    pub(super) on_cloud: Option<Vec<&'static str>>,
    pub(super) notes: Vec<Note>,
}

/// What the gateway does with it.
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
