//! Webhook targets: the configured URL, or the one that the old program has set, which is stored on disk.
use crate::{
    place::Place,
    state::{error::StoreError, store::Store},
};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::{
    collections::{BTreeMap, HashMap},
    fmt,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};
use tokio::sync::Notify;

/// The webhook URL of an old program, and the headers to send.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Target {
    pub(crate) url: String,
    #[serde(default)]
    pub(crate) headers: BTreeMap<String, String>,
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Target(••••)")
    }
}

/// The targets of all numbers.
#[derive(Debug)]
pub(crate) struct Targets {
    store: Arc<Store>,
    configured: HashMap<String, Target>,
    current: Mutex<HashMap<String, Target>>,
    /// Notified whenever a target changes.
    pub(crate) changed: Notify,
}

impl Targets {
    /// Loads the targets that old programs have set. A target that is no longer in `allowed` is ignored.
    pub(crate) async fn load(
        store: Arc<Store>,
        configured: HashMap<String, Target>,
        allowed: &[String],
    ) -> Result<Self, StoreError> {
        let set = store
            .run(|db| {
                let mut statement = db.prepare("SELECT number, json FROM settings")?;
                let rows = statement
                    .query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?)))?;
                rows.collect::<rusqlite::Result<Vec<_>>>()
            })
            .await?;
        let mut current = configured.clone();
        for (number, json) in set {
            match serde_json::from_str::<Target>(&json) {
                Ok(target)
                    if target.url.is_empty()
                        || Place::of(&target.url).is_some_and(|place| place.is_among(allowed)) =>
                {
                    tracing::info!(
                        number,
                        "webhooks are delivered to the URL that the old program has set, not to the configured one"
                    );
                    current.insert(number, target);
                }
                _ => tracing::warn!(
                    number,
                    "webhooks are delivered to the configured URL, because the one that the old program has set is no longer allowed"
                ),
            }
        }
        Ok(Self { store, configured, current: Mutex::new(current), changed: Notify::new() })
    }

    fn current(&self) -> MutexGuard<'_, HashMap<String, Target>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, number: &str) -> Option<Target> {
        // An empty URL means that the program has removed its webhook.
        self.current().get(number).filter(|target| !target.url.is_empty()).cloned()
    }

    pub(crate) async fn set(&self, number: &str, target: Target) -> Result<(), StoreError> {
        let (name, json) = (number.to_owned(), serde_json::to_string(&target).unwrap_or_default());
        let write = move |db: &Connection| {
            db.execute("INSERT OR REPLACE INTO settings (number, json) VALUES (?1, ?2)", (name, json))
                .map(drop)
        };
        self.store.run(write).await?;
        self.current().insert(number.to_owned(), target);
        self.changed.notify_waiters();
        Ok(())
    }

    /// Restores the configured target.
    pub(crate) async fn reset(&self, number: &str) -> Result<(), StoreError> {
        let name = number.to_owned();
        self.store
            .run(move |db| db.execute("DELETE FROM settings WHERE number = ?1", [name]).map(drop))
            .await?;
        match self.configured.get(number) {
            Some(target) => self.current().insert(number.to_owned(), target.clone()),
            None => self.current().remove(number),
        };
        self.changed.notify_waiters();
        Ok(())
    }
}
