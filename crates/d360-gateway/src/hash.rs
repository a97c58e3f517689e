//! Hashes of keys, tokens and logins. They are compared and stored instead of the secrets.
use sha2::{Digest as _, Sha256};

pub(crate) type Hash = [u8; 32];

pub(crate) fn hash(token: &str) -> Hash {
    Sha256::digest(token.as_bytes()).into()
}

/// Returns the hash of a user and password.
pub(crate) fn login_hash(user: &str, password: &str) -> Hash {
    Sha256::new().chain_update(Sha256::digest(user)).chain_update(Sha256::digest(password)).finalize().into()
}
