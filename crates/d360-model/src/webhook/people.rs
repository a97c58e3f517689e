//! Assigns contacts to the items of a value.
use super::sender::Sender;
use crate::id::{Bsuid, WaId};
use std::collections::HashMap;

/// The `contacts` of a value by their IDs. A body has up to a thousand items, and as many contacts.
pub(super) struct People {
    all: Vec<Sender>,
    by_number: HashMap<WaId, usize>,
    by_id: HashMap<Bsuid, usize>,
}

impl People {
    pub(super) fn new(all: Vec<Sender>) -> Self {
        let (mut by_number, mut by_id) = (HashMap::new(), HashMap::new());
        for (at, person) in all.iter().enumerate() {
            if let Some(number) = &person.wa_id {
                by_number.entry(number.clone()).or_insert(at);
            }
            if let Some(id) = &person.user_id {
                by_id.entry(id.clone()).or_insert(at);
            }
        }
        Self { all, by_number, by_id }
    }

    /// Returns the contact with these IDs, or the only one, unless an ID says that it is another.
    pub(super) fn find(&self, number: Option<&WaId>, id: Option<&Bsuid>) -> Option<Sender> {
        let of_number = number.and_then(|number| self.by_number.get(number));
        let first = of_number.into_iter().chain(id.and_then(|id| self.by_id.get(id))).min();
        let another = |person: &&Sender| {
            let number_differs = number.is_some() && person.wa_id.is_some();
            let id_differs = id.is_some() && person.user_id.is_some();
            number_differs || id_differs
        };
        let only = || if let [one] = &self.all[..] { Some(one).filter(|one| !another(one)) } else { None };
        first.and_then(|at| self.all.get(*at)).or_else(only).cloned()
    }
}
