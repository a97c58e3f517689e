//! Assigns contacts to the items of a value.
use super::sender::Sender;
use crate::id::{Bsuid, WaId};
use std::collections::HashMap;

/// The `contacts` of a value. A body has up to a thousand items, and as many contacts.
#[derive(Default)]
pub(super) struct People {
    all: Vec<Sender>,
    index: Option<Index>,
}

/// The first contact with each ID.
struct Index {
    by_number: HashMap<WaId, usize>,
    by_id: HashMap<Bsuid, usize>,
}

impl Index {
    /// The number of contacts that are compared one by one.
    const FEW: usize = 8;

    fn new(all: &[Sender]) -> Self {
        let (mut by_number, mut by_id) = (HashMap::new(), HashMap::new());
        for (at, person) in all.iter().enumerate() {
            if let Some(number) = &person.wa_id {
                by_number.entry(number.clone()).or_insert(at);
            }
            if let Some(id) = &person.user_id {
                by_id.entry(id.clone()).or_insert(at);
            }
        }
        Self { by_number, by_id }
    }
}

impl People {
    pub(super) fn new(all: Vec<Sender>) -> Self {
        let index = (all.len() > Index::FEW).then(|| Index::new(&all));
        Self { all, index }
    }

    /// Returns the contact with these IDs, or the only one, unless an ID says that it is another.
    pub(super) fn find(&self, number: Option<&WaId>, id: Option<&Bsuid>) -> Option<&Sender> {
        let first = match &self.index {
            Some(Index { by_number, by_id }) => {
                let of_number = number.and_then(|number| by_number.get(number));
                of_number.into_iter().chain(id.and_then(|id| by_id.get(id))).min().copied()
            }
            None => self.all.iter().position(|person| {
                (number.is_some() && person.wa_id.as_ref() == number)
                    || (id.is_some() && person.user_id.as_ref() == id)
            }),
        };
        let another = |person: &&Sender| {
            let number_differs = number.is_some() && person.wa_id.is_some();
            let id_differs = id.is_some() && person.user_id.is_some();
            number_differs || id_differs
        };
        let only = || if let [one] = &self.all[..] { Some(one).filter(|one| !another(one)) } else { None };
        first.and_then(|at| self.all.get(at)).or_else(only)
    }

    /// Returns the contact like [`find`](Self::find). The only contact of an only item is moved, not copied.
    pub(super) fn of(&mut self, is_only: bool, number: Option<&WaId>, id: Option<&Bsuid>) -> Option<Sender> {
        let found = self.find(number, id);
        if is_only && self.all.len() == 1 {
            return found.is_some().then(|| self.all.pop()).flatten();
        }
        found.cloned()
    }
}
