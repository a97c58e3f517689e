//! `Idempotency-Key`: a repeated request with the same key gets the first answer and is not executed again.
use crate::{
    state::{
        error::StoreError,
        store::{Store, now},
    },
    web::body::{self, Response},
};
use d360::migrate::errors::Answer;
use rusqlite::{Connection, OptionalExtension as _};
use sha2::{Digest as _, Sha256};
use std::{
    collections::HashMap,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
};

/// How long an answer is kept.
const KEPT_SECONDS: i64 = 24 * 60 * 60;
/// The maximum length of a key in bytes.
const LONGEST: usize = 255;

/// A request with an idempotency key.
#[derive(Clone, Debug)]
pub(crate) struct Attempt {
    number: String,
    key: String,
    request: [u8; 32],
    process: i64,
}

/// What is known about a key.
#[derive(Debug)]
enum Known {
    Nothing,
    Answered(u16, String),
    OtherRequest,
    UnderWay,
    /// The process that started it is gone.
    Abandoned,
}

impl Attempt {
    pub(crate) fn new(
        number: &str,
        key: &str,
        call: &str,
        body: &[u8],
        process: i64,
    ) -> Result<Self, Answer> {
        if key.trim().is_empty() || key.len() > LONGEST {
            return Err(Answer::error(1009, "Idempotency-Key must have 1 to 255 characters"));
        }
        let request = Sha256::new().chain_update(call).chain_update([0]).chain_update(body).finalize().into();
        Ok(Self { number: number.to_owned(), key: key.to_owned(), request, process })
    }

    /// Registers the request. Returns `None` if it is new and may be executed, otherwise the answer.
    pub(crate) async fn begin(&self, store: &Store, ended: &Ended) -> Option<Response> {
        let at = now();
        if let Some(known) = ended.known(self) {
            return self.answer(Ok(known));
        }
        let this = self.clone();
        let known = store
            .run(move |db| {
                let known = this.look_up(db, at)?;
                if matches!(known, Known::Nothing) {
                    db.execute(
                        "INSERT OR REPLACE INTO idempotency (number, key, request, process, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                        (&this.number, &this.key, this.request, this.process, at),
                    )?;
                }
                Ok(known)
            })
            .await;
        let known = match known {
            Err(error) => {
                // If the state cannot be written, it may still be readable.
                let this = self.clone();
                match store.read(move |db| this.look_up(db, at)).await {
                    Ok(Known::Nothing) | Err(_) => Err(error),
                    // Nothing was done with this key, but the request cannot be registered again now.
                    Ok(Known::UnderWay) if ended.is_free(self) => Err(error),
                    known => known,
                }
            }
            known => known,
        };
        // The first request may have finished meanwhile.
        match (known, ended.known(self)) {
            (Ok(Known::UnderWay), Some(known)) => self.answer(Ok(known)),
            (known, _) => self.answer(known),
        }
    }

    fn look_up(&self, db: &Connection, at: i64) -> rusqlite::Result<Known> {
        let row = db
            .query_row(
                "SELECT request, process, status, body FROM idempotency WHERE number = ?1 AND key = ?2 AND at > ?3",
                (&self.number, &self.key, at - KEPT_SECONDS),
                |row| {
                    Ok((
                        row.get::<_, [u8; 32]>(0)?,
                        row.get::<_, i64>(1)?,
                        row.get::<_, Option<u16>>(2)?,
                        row.get::<_, Option<String>>(3)?,
                    ))
                },
            )
            .optional()?;
        Ok(match row {
            None => Known::Nothing,
            Some((request, ..)) if request != self.request => Known::OtherRequest,
            Some((_, _, Some(status), body)) => Known::Answered(status, body.unwrap_or_default()),
            Some((_, process, None, _)) if process == self.process => Known::UnderWay,
            Some(_) => Known::Abandoned,
        })
    }

    fn answer(&self, known: Result<Known, StoreError>) -> Option<Response> {
        let answer = match known {
            Ok(Known::Nothing) => return None,
            Ok(Known::Answered(status, text)) => {
                return Some(body::with(body::json_text(status, text), body::GATEWAY, "answered-before"));
            }
            Ok(Known::OtherRequest) => Answer::error_with(
                422,
                1009,
                "This Idempotency-Key was used for another request; use a new one",
            ),
            Ok(Known::UnderWay) => Answer::error_with(
                409,
                1004,
                "The first request with this Idempotency-Key is still in flight",
            ),
            Ok(Known::Abandoned) => d360::migrate::answers::unknown(
                "The answer to the first request with this Idempotency-Key was not stored: the gateway was stopped meanwhile.",
            ),
            Err(error) => {
                tracing::error!(%error, "an Idempotency-Key could not be looked up");
                Answer::error(1023, "Nothing was done: the gateway's state cannot be written")
            }
        };
        Some(body::answer(&answer))
    }

    /// Stores the answer. If nothing was done (`free`), releases the key. If the state cannot be written, the answer
    /// stays in memory until it is written.
    pub(crate) async fn end(self, store: &Store, ended: &Arc<Ended>, status: u16, body: String, free: bool) {
        let this = Arc::new(self);
        let known = (!free).then_some((status, body));
        let write = {
            let (this, known) = (this.clone(), known.clone());
            move |db: &Connection| match &known {
                None => db
                    .execute(
                        "DELETE FROM idempotency WHERE number = ?1 AND key = ?2",
                        (&this.number, &this.key),
                    )
                    .map(drop),
                Some((status, body)) => db
                    .execute(
                        "UPDATE idempotency SET status = ?3, body = ?4 WHERE number = ?1 AND key = ?2",
                        (&this.number, &this.key, status, body),
                    )
                    .map(drop),
            }
        };
        let written = store.run(write.clone()).await;
        if let Err(error) = written {
            tracing::error!(%error, "the answer of an Idempotency-Key could not be written and is kept in memory until it can be");
            ended.keep(&this, known);
            let ended = ended.clone();
            store.later_and(write, move || ended.forget(&this));
        }
    }
}

/// Answers that are not written yet, by number and key. The answer is `None` if nothing was done.
#[derive(Debug, Default)]
pub(crate) struct Ended(Mutex<HashMap<(String, String), Unwritten>>);

#[derive(Debug)]
struct Unwritten {
    request: [u8; 32],
    answer: Option<(u16, String)>,
}

impl Ended {
    fn all(&self) -> MutexGuard<'_, HashMap<(String, String), Unwritten>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
    fn keep(&self, attempt: &Attempt, answer: Option<(u16, String)>) {
        let unwritten = Unwritten { request: attempt.request, answer };
        self.all().insert((attempt.number.clone(), attempt.key.clone()), unwritten);
    }
    fn forget(&self, attempt: &Attempt) {
        self.all().remove(&(attempt.number.clone(), attempt.key.clone()));
    }
    /// Returns the unwritten answer of a key. A released key is left to the state file, whose queue writes the
    /// release first.
    fn known(&self, attempt: &Attempt) -> Option<Known> {
        let all = self.all();
        let unwritten = all.get(&(attempt.number.clone(), attempt.key.clone()))?;
        let (status, body) = unwritten.answer.clone()?;
        Some(if unwritten.request == attempt.request {
            Known::Answered(status, body)
        } else {
            Known::OtherRequest
        })
    }
    fn is_free(&self, attempt: &Attempt) -> bool {
        let all = self.all();
        all.get(&(attempt.number.clone(), attempt.key.clone()))
            .is_some_and(|unwritten| unwritten.answer.is_none())
    }
}

/// Deletes expired answers.
pub(crate) fn prune(store: &Store) {
    let before = now() - KEPT_SECONDS;
    store.later(move |db| db.execute("DELETE FROM idempotency WHERE at <= ?1", [before]).map(drop));
}
