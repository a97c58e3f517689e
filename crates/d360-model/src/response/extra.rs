//! Properties that this version does not know.
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use std::fmt;

/// Properties that this version does not know, unchanged. `Debug` shows only their names, because they may contain
/// numbers.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(transparent)]
#[allow(clippy::exhaustive_structs, reason = "it is a map, which will not change")]
pub struct Extra(pub Map<String, Value>);

impl Extra {
    /// Returns the property of this name.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&Value> {
        self.0.get(name)
    }
}

impl fmt::Debug for Extra {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.0.keys().map(|name| crate::mask(name))).finish()
    }
}
