//! The setting `sent_status`: whether `sent` statuses are delivered to the old program. Stored on disk.
use crate::{
    number::Number,
    state::{error::StoreError, store::Store},
};
use std::sync::{Arc, atomic::Ordering};

/// Loads the setting of each number.
pub(crate) async fn load(store: &Store, numbers: &[Arc<Number>]) -> Result<(), StoreError> {
    let withheld = store
        .run(|db| {
            db.execute_batch("CREATE TABLE IF NOT EXISTS sent_withheld (number TEXT PRIMARY KEY) STRICT")?;
            let mut statement = db.prepare("SELECT number FROM sent_withheld")?;
            statement.query_map([], |row| row.get(0))?.collect::<rusqlite::Result<Vec<String>>>()
        })
        .await?;
    for number in numbers {
        number.sent_status.store(!withheld.contains(&number.name), Ordering::Relaxed);
    }
    Ok(())
}

/// Stores the setting of a number.
pub(crate) async fn set(store: &Store, number: &Number, posted: bool) -> Result<(), StoreError> {
    let name = number.name.clone();
    let change = if posted {
        "DELETE FROM sent_withheld WHERE number = ?1"
    } else {
        "INSERT OR IGNORE INTO sent_withheld (number) VALUES (?1)"
    };
    store.run(move |db| db.execute(change, [name]).map(drop)).await?;
    number.sent_status.store(posted, Ordering::Relaxed);
    Ok(())
}
