//! Profiles: the settings of one number each, in a TOML file of the user's.
mod edit;
mod key;
mod read;

pub(crate) use edit::change;
pub(crate) use key::KeySource;
pub(crate) use read::{Profile, Profiles, check_name};

/// The name that stands for no profile.
pub(crate) const NONE: &str = "none";
