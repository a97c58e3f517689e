//! The table of configuration keys, the source of the reader, `--print-config` and the guide.

mod kind;
mod number;
mod top;

pub(super) use kind::{Key, Kind};
pub(super) use number::{NUMBER, SECRETS};
pub(super) use top::TOP;
