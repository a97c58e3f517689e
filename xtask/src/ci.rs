//! What CI runs.
use crate::Result;
pub(crate) fn run(_: &[&str]) -> Result {
    Ok(())
}
