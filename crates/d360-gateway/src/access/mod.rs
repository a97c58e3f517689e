//! Authentication by the configured key, or by a token of a login, compared in constant time.
use crate::{
    hash::{Hash, hash, login_hash},
    number::Number,
    state::{
        error::StoreError,
        store::{Store, now},
    },
    web::body::{self, Response},
};
use base64::{Engine as _, prelude::BASE64_STANDARD};
use d360::migrate::errors::Answer;
use http::{HeaderMap, header};
use serde_json::{Map, json};
use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Arc, Mutex, PoisonError},
};
use subtle::ConstantTimeEq as _;

pub(crate) mod guesses;
use guesses::Guesses;

/// How long a token is valid, the same as On-Premise's.
const TOKEN_SECONDS: i64 = 7 * 24 * 60 * 60;
/// The maximum number of valid tokens per number, so that a program that logs in for every call does not fill the
/// memory. Beyond it the oldest is revoked.
const MOST_TOKENS: usize = 10_000;

/// Issued tokens. Only their hashes are kept, in memory and on disk.
#[derive(Debug, Default)]
pub(crate) struct Tokens(Mutex<HashMap<Hash, (String, i64)>>);

impl Tokens {
    /// Loads the tokens that are still valid: not expired, and of a number with the same user and password.
    pub(crate) async fn load(store: &Store, numbers: &[Arc<Number>]) -> Result<Self, StoreError> {
        let now = now();
        let logins: HashMap<String, Hash> =
            numbers.iter().map(|number| (number.name.clone(), number.login)).collect();
        let all = store
            .run(move |db| {
                db.execute("DELETE FROM tokens WHERE until <= ?1", [now])?;
                let mut statement = db.prepare("SELECT hash, number, login, until FROM tokens")?;
                let rows = statement.query_map([], |row| {
                    Ok((
                        row.get::<_, Hash>(0)?,
                        row.get::<_, String>(1)?,
                        row.get::<_, Hash>(2)?,
                        row.get::<_, i64>(3)?,
                    ))
                })?;
                let mut good = HashMap::new();
                for row in rows.collect::<rusqlite::Result<Vec<_>>>()? {
                    let (hash, number, login, until) = row;
                    if logins.get(&number) == Some(&login) {
                        good.insert(hash, (number, until));
                    } else {
                        db.execute("DELETE FROM tokens WHERE hash = ?1", [hash])?;
                    }
                }
                Ok(good)
            })
            .await?;
        Ok(Self(Mutex::new(all)))
    }

    fn number(&self, token: &str) -> Option<String> {
        let all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let (number, until) = all.get(&hash(token))?;
        (*until > now()).then(|| number.clone())
    }

    /// Adds a token. Returns the one that was revoked for it, if any.
    fn give(&self, hash: Hash, number: &str, until: i64) -> Option<Hash> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let own = || all.iter().filter(|(_, (name, _))| name == number);
        let oldest =
            (own().count() >= MOST_TOKENS).then(|| own().min_by_key(|(_, (_, until))| *until)).flatten();
        let gone = oldest.map(|(hash, _)| *hash);
        if let Some(gone) = gone {
            all.remove(&gone);
        }
        all.insert(hash, (number.to_owned(), until));
        gone
    }

    /// Deletes expired tokens.
    pub(crate) fn prune(&self, store: &Store) {
        let now = now();
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|_, (_, until)| *until > now);
        store.later(move |db| db.execute("DELETE FROM tokens WHERE until <= ?1", [now]).map(drop));
    }

    fn forget(&self, token: &str) -> Hash {
        let hash = hash(token);
        self.0.lock().unwrap_or_else(PoisonError::into_inner).remove(&hash);
        hash
    }
}

/// Returns whether a request has a token or key.
pub(crate) fn shows(headers: &HeaderMap) -> bool {
    shown(headers).is_some_and(|text| !text.is_empty())
}

/// Returns the token or key of a request.
fn shown(headers: &HeaderMap) -> Option<&str> {
    let text = |name: header::HeaderName| headers.get(name)?.to_str().ok();
    if let Some(key) = headers.get("d360-api-key").and_then(|key| key.to_str().ok()) {
        return Some(key.trim());
    }
    let authorization = text(header::AUTHORIZATION)?;
    let (scheme, token) = authorization.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// Returns the number that a request is authenticated for.
pub(crate) fn number<'n>(
    numbers: &'n [Arc<Number>],
    tokens: &Tokens,
    headers: &HeaderMap,
) -> Option<&'n Arc<Number>> {
    let shown = shown(headers)?;
    // All keys are compared, so that the time does not depend on the match.
    let shown_hash = hash(shown);
    let by_key = numbers.iter().fold(None, |found, number| {
        if bool::from(shown_hash.ct_eq(&number.client_key)) { Some(number) } else { found }
    });
    by_key.or_else(|| {
        let name = tokens.number(shown)?;
        numbers.iter().find(|number| number.name == name)
    })
}

pub(crate) fn denied() -> Response {
    let details = "Send the gateway's key in D360-API-KEY, or a token of /v1/users/login as a bearer token";
    body::answer(&Answer::error_with(401, 1005, details))
}

/// Returns the number of a login with HTTP Basic authentication, or the error. A wrong login waits for its error.
pub(crate) async fn logged_in<'n>(
    numbers: &'n [Arc<Number>],
    guesses: &Arc<Guesses>,
    peer: IpAddr,
    headers: &HeaderMap,
) -> Result<&'n Arc<Number>, Response> {
    let basic = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let basic = basic
        .and_then(|value| value.split_once(' '))
        .filter(|(scheme, _)| scheme.eq_ignore_ascii_case("basic"));
    let decoded = basic.and_then(|(_, text)| BASE64_STANDARD.decode(text.trim()).ok());
    let text = decoded.and_then(|bytes| String::from_utf8(bytes).ok());
    let Some((user, password)) = text.as_deref().and_then(|text| text.split_once(':')) else {
        return Err(denied());
    };
    if guesses.is_full(peer) {
        let details = "Too many wrong logins from this address; try again later";
        let refused = body::answer(&Answer::error_with(429, 1015, details));
        return Err(body::with(refused, header::RETRY_AFTER, "5"));
    }
    let given = login_hash(user, password);
    let found =
        numbers.iter().fold(
            None,
            |found, number| {
                if bool::from(given.ct_eq(&number.login)) { Some(number) } else { found }
            },
        );
    if let Some(number) = found {
        guesses.right(peer);
        return Ok(number);
    }
    tracing::warn!(%peer, "login failed: wrong user or password");
    guesses.wrong(peer).await;
    let details = "wrong user or password";
    Err(body::answer(&Answer::error_with(401, 1005, details)))
}

/// `POST /v1/users/login`, authenticated: issues a token, `{"users": [{"token", "expires_after"}], "meta"}`.
pub(crate) async fn login(number: &Number, tokens: &Tokens, store: &Store, sent: &[u8]) -> Response {
    let asks = serde_json::from_slice::<Map<String, serde_json::Value>>(sent).unwrap_or_default();
    if asks.contains_key("new_password") {
        return body::answer(&Answer::error(
            1005,
            "The password is set in the gateway's configuration, not through its API",
        ));
    }
    let mut random = [0_u8; 32];
    if getrandom::fill(&mut random).is_err() {
        return body::answer(&Answer::error(1014, "No random numbers are available to create a token"));
    }
    let token: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
    let (hash, until, name, login) = (hash(&token), now() + TOKEN_SECONDS, number.name.clone(), number.login);
    let gone = tokens.give(hash, &name, until);
    let kept = store
        .run(move |db| {
            if let Some(gone) = gone {
                db.execute("DELETE FROM tokens WHERE hash = ?1", [gone])?;
            }
            let insert = "INSERT INTO tokens (hash, number, login, until) VALUES (?1, ?2, ?3, ?4)";
            db.execute(insert, (hash, name, login, until))
        })
        .await;
    if kept.is_err() {
        tokens.forget(&token);
        return body::answer(&Answer::error(1023, "The token could not be stored"));
    }
    let expires =
        jiff::Timestamp::from_second(until).map(|at| at.strftime("%Y-%m-%d %H:%M:%S+00:00").to_string());
    let user = json!({ "token": token, "expires_after": expires.unwrap_or_default() });
    body::answer(&Answer::ok(200, Map::from_iter([("users".to_owned(), json!([user]))])))
}

/// `POST /v1/users/logout`: revokes the token.
pub(crate) fn logout(tokens: &Tokens, store: &Store, headers: &HeaderMap) -> Response {
    if let Some(token) = shown(headers) {
        let hash = tokens.forget(token);
        store.later(move |db| db.execute("DELETE FROM tokens WHERE hash = ?1", [hash]).map(drop));
    }
    body::answer(&d360::migrate::answers::done())
}
