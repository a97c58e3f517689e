//! `Idempotency-Key`: the same key and request get the first answer again, and nothing is done twice.
use crate::{
    body::{self, Response},
    store::{Store, now},
};
use d360::migrate::errors::Answer;
use rusqlite::OptionalExtension as _;
use sha2::{Digest as _, Sha256};

/// How long an answer is kept.
const KEPT_SECONDS: i64 = 24 * 60 * 60;
/// Longest key, in bytes.
const LONGEST: usize = 255;

/// A request under a key.
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
    /// The process that began it is gone.
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
            return Err(Answer::error(1009, "Idempotency-Key has to have 1 to 255 characters"));
        }
        let request = Sha256::new().chain_update(call).chain_update([0]).chain_update(body).finalize().into();
        Ok(Self { number: number.to_owned(), key: key.to_owned(), request, process })
    }

    /// `None` where the request is new: it may be done. Otherwise the answer.
    pub(crate) async fn begin(&self, store: &Store) -> Option<Response> {
        let (this, at) = (self.clone(), now());
        let known = store
            .run(move |db| {
                let row = db
                    .query_row(
                        "SELECT request, process, status, body FROM idempotency WHERE number = ?1 AND key = ?2 AND at > ?3",
                        (&this.number, &this.key, at - KEPT_SECONDS),
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
                    None => {
                        db.execute(
                            "INSERT OR REPLACE INTO idempotency (number, key, request, process, at) VALUES (?1, ?2, ?3, ?4, ?5)",
                            (&this.number, &this.key, this.request, this.process, at),
                        )?;
                        Known::Nothing
                    }
                    Some((request, ..)) if request != this.request => Known::OtherRequest,
                    Some((_, _, Some(status), body)) => Known::Answered(status, body.unwrap_or_default()),
                    Some((_, process, None, _)) if process == this.process => Known::UnderWay,
                    Some(_) => Known::Abandoned,
                })
            })
            .await;
        let answer = match known {
            Ok(Known::Nothing) => return None,
            Ok(Known::Answered(status, text)) => {
                return Some(body::with(body::json_text(status, text), body::GATEWAY, "answered-before"));
            }
            Ok(Known::OtherRequest) => Answer::error_with(
                422,
                1009,
                "This Idempotency-Key was used for another request; take a new one",
            ),
            Ok(Known::UnderWay) => Answer::error_with(
                409,
                1004,
                "The first request with this Idempotency-Key is still under way",
            ),
            Ok(Known::Abandoned) => d360::migrate::answers::unknown(
                "The gateway ended while the first request with this Idempotency-Key was under way.",
            ),
            Err(error) => {
                tracing::error!(%error, "an Idempotency-Key could not be looked up");
                Answer::error(1023, "Nothing was done: the gateway's state cannot be written")
            }
        };
        Some(body::answer(&answer))
    }

    /// Keeps the answer; where nothing was done, the key is free again.
    pub(crate) async fn end(self, store: &Store, status: u16, body: String, free: bool) {
        let ended = store
            .run(move |db| {
                if free {
                    db.execute(
                        "DELETE FROM idempotency WHERE number = ?1 AND key = ?2",
                        (&self.number, &self.key),
                    )
                } else {
                    db.execute(
                        "UPDATE idempotency SET status = ?3, body = ?4 WHERE number = ?1 AND key = ?2",
                        (&self.number, &self.key, status, body),
                    )
                }
            })
            .await;
        if let Err(error) = ended {
            tracing::error!(%error, "the answer under an Idempotency-Key could not be kept");
        }
    }
}

/// Forgets what is too old.
pub(crate) fn prune(store: &Store) {
    let before = now() - KEPT_SECONDS;
    store.later(move |db| db.execute("DELETE FROM idempotency WHERE at <= ?1", [before]).map(drop));
}
