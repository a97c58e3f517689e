//! Users, identified by number, business-scoped user id, or both.
use super::ids::{self, is_bsuid, user_key};
use serde_json::{Map, Value, json};
use std::collections::HashMap;

/// What is known about users beyond their keys.
#[derive(Debug, Default)]
pub(crate) struct Users {
    /// Numbers by the user ids that were given out for them.
    phones: HashMap<String, String>,
    /// The profiles of users with a name or username.
    profiles: HashMap<String, Profile>,
}

#[derive(Debug, Default)]
struct Profile {
    name: Option<String>,
    username: Option<String>,
}

impl Users {
    /// Returns the key of a user. A user id that belongs to a known number has the key of the number.
    pub(crate) fn key(&self, text: &str) -> String {
        let key = user_key(text);
        self.phones.get(&key).cloned().unwrap_or(key)
    }
    /// Returns the user id of a user, and remembers which number it belongs to.
    pub(crate) fn id(&mut self, user: &str) -> String {
        if is_bsuid(user) {
            return user.to_owned();
        }
        let id = ids::bsuid(user);
        self.phones.insert(id.clone(), user.to_owned());
        id
    }
    /// Stores the name and username of a user.
    pub(crate) fn introduce(&mut self, user: &str, asked: &Map<String, Value>) {
        let text = |name: &str| asked.get(name).and_then(Value::as_str).map(str::to_owned);
        let (name, username) = (text("name"), text("username"));
        if name.is_some() || username.is_some() {
            let profile = self.profiles.entry(user.to_owned()).or_default();
            profile.name = name.or(profile.name.take());
            profile.username = username.or(profile.username.take());
        }
    }
    /// Returns the name of a user.
    pub(crate) fn name(&self, user: &str) -> &str {
        let profile = self.profiles.get(user);
        profile.and_then(|profile| profile.name.as_deref()).unwrap_or("Sheena Nelson")
    }
    /// Returns an item of a webhook's `contacts`. Before April 2026 it had a user id only if the user had no number.
    pub(crate) fn contact(&mut self, user: &str, with_username: bool, with_user_id: bool) -> Value {
        let mut contact = json!({ "profile": { "name": self.name(user) } });
        let username = self.profiles.get(user).and_then(|profile| profile.username.as_ref());
        if let Some(username) = username.filter(|_| with_username) {
            contact["profile"]["username"] = json!(username);
        }
        if !is_bsuid(user) {
            contact["wa_id"] = json!(user);
        }
        if with_user_id || is_bsuid(user) {
            contact["user_id"] = json!(self.id(user));
        }
        contact
    }
}
