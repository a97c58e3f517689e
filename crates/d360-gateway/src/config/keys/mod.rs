//! The table of keys: what a configuration file may say. The reader, `--print-config` and the guide all come from it.

mod kind;
mod number;
mod top;

pub(super) use kind::{Key, Kind};
pub(super) use number::{NUMBER, SECRETS};
pub(super) use top::TOP;
