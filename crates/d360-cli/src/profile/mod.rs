//! Profiles: the settings of one number each, in the user's TOML file.
mod edit;
mod key;
mod read;

pub(crate) use edit::change;
pub(crate) use key::KeySource;
pub(crate) use read::{Profile, Profiles, check_name};

/// The name that means no profile.
pub(crate) const NONE: &str = "none";
