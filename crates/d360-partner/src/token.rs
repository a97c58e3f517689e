//! `/token`: creates a bearer token for a user name and password.
use crate::{Partner, endpoints};
use d360_model::Findings;
use d360_transport::{ApiKey, Body, BuildError, Endpoint, HttpResponse, Meta, Unreadable, json};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use std::fmt;

/// `POST /api/v2/token` `{"username", "password"}`: creates a bearer token. A partner key (`X-API-Key`) is preferred.
///
/// Call it on a client with [`login_host`](crate::login_host), which sends no key. Then create a client with
/// [`bearer_host`](crate::bearer_host) and [`Token::key`] (360dialog Partner API reference).
#[derive(Clone)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct CreateToken {
    username: String,
    password: SecretString,
}

impl CreateToken {
    /// Creates the request for a user. The password is sent unchanged.
    pub fn new(username: impl Into<String>, password: impl Into<String>) -> Self {
        Self { username: username.into(), password: SecretString::from(password.into()) }
    }
}

impl fmt::Debug for CreateToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("CreateToken(••••)")
    }
}

/// A token. `Debug` does not show it.
pub struct Token {
    key: ApiKey,
    /// The lifetime in seconds, if the server reports it.
    pub expires_in: Option<u64>,
}

impl Token {
    /// Returns the token for a client with [`bearer_host`](crate::bearer_host).
    #[must_use]
    pub fn key(&self) -> ApiKey {
        self.key.clone()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Token").field("expires_in", &self.expires_in).finish_non_exhaustive()
    }
}

#[derive(Deserialize)]
struct Wire {
    access_token: String,
    #[serde(default)]
    expires_in: Option<u64>,
}

impl Endpoint for CreateToken {
    type Api = Partner;
    type Response = Token;
    const META: Meta = endpoints::TOKEN_CREATE;

    fn body(&self) -> Result<Body, BuildError> {
        Body::json(
            &serde_json::json!({ "username": self.username, "password": self.password.expose_secret() }),
        )
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        findings.require("username", &self.username);
        if self.password.expose_secret().is_empty() {
            findings.error("password", "is required");
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<Token, Unreadable> {
        let wire: Wire = json(response)?;
        // The reason must not contain the token.
        let key = ApiKey::new(&wire.access_token)
            .map_err(|_| Unreadable::Shape("the token is not a valid header value".into()))?;
        Ok(Token { key, expires_in: wire.expires_in })
    }
}
