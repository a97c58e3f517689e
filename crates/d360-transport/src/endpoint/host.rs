//! The address of an API, and how it receives the key.
use super::{build_error::BuildError, key::ApiKey, meta::Scope, path::Path};
use http::{HeaderName, HeaderValue, Uri, uri};
use std::fmt;

/// How the key is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AuthScheme {
    /// `D360-API-KEY: <key>`: 360dialog Cloud and On-Premise.
    D360ApiKey,
    /// `X-API-Key: <key>`: the Partner API.
    XApiKey,
    /// `Authorization: Bearer <token>`: Meta Graph.
    Bearer,
    /// No key, for calls that create a token.
    None,
}

impl AuthScheme {
    /// Returns the header with `key`, unless the scheme sends none.
    #[must_use]
    pub fn header(self, key: &ApiKey) -> Option<(HeaderName, HeaderValue)> {
        match self {
            Self::D360ApiKey => Some((HeaderName::from_static("d360-api-key"), key.header(""))),
            Self::XApiKey => Some((HeaderName::from_static("x-api-key"), key.header(""))),
            Self::Bearer => Some((http::header::AUTHORIZATION, key.header("Bearer "))),
            Self::None => None,
        }
    }
}

/// A host: the address of an API, the prefix of its paths, and how it receives the key.
///
/// It must use `https`. `http` is accepted for loopback only (localhost, 127.0.0.0/8, `[::1]`).
#[derive(Clone, PartialEq, Eq)]
pub struct Host {
    scheme: uri::Scheme,
    authority: uri::Authority,
    /// The path of the base URL followed by that of the API, without a trailing slash.
    base_path: String,
    prefix: String,
    /// The prefixes for paths of these scopes instead of the default, or the reason why the host does not have them.
    scopes: Vec<(Scope, Result<String, &'static str>)>,
    media: Media,
    auth: AuthScheme,
}

/// Where the media URLs in responses are downloaded from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Media {
    /// This host, in place of the named one: 360dialog, for URLs of Meta. The key is sent nowhere else.
    From(&'static str),
    /// The named host as well as this one: Meta's own, with Meta's token.
    At(&'static str),
}

/// Why a text is not a base URL.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidHost {
    /// The text is not a URL with scheme and host.
    #[error("{0:?} is not a base URL; use a scheme and a host, such as https://waba-v2.360dialog.io")]
    Malformed(String),
    /// The URL contains a user name, password, query or fragment.
    #[error("{0:?} is not a base URL: remove the user name, query or fragment")]
    NotABase(String),
    /// The URL is not encrypted and not on loopback.
    #[error(
        "{0:?} is not encrypted, which would expose the API key; use https (http is accepted for localhost only)"
    )]
    Insecure(String),
    /// The URL ends with the prefix of the API, which would then appear twice.
    #[error("remove {0:?} from the base URL; the client appends it")]
    HoldsPrefix(String),
}

impl Host {
    /// Creates a host at `base_url`.
    ///
    /// # Errors
    /// Returns [`InvalidHost`] if `base_url` is invalid or not encrypted.
    pub fn new(base_url: &str, auth: AuthScheme) -> Result<Self, InvalidHost> {
        let malformed = || InvalidHost::Malformed(base_url.to_owned());
        if base_url.contains(['?', '#', '@']) {
            return Err(InvalidHost::NotABase(redact_user(base_url)));
        }
        let parts = base_url.trim().parse::<Uri>().map_err(|_| malformed())?.into_parts();
        let (Some(scheme), Some(authority)) = (parts.scheme, parts.authority) else {
            return Err(malformed());
        };
        // The parser accepts more than is valid: `[::1]4360`, a port above 65535, raw UTF-8 in the path.
        let port = authority.port_u16().map(|port| format!(":{port}")).unwrap_or_default();
        let is_whole = authority.as_str() == format!("{}{port}", authority.host());
        if !is_whole || !base_url.trim().bytes().all(|byte| byte.is_ascii_graphic()) {
            return Err(malformed());
        }
        if scheme != uri::Scheme::HTTPS && !(scheme == uri::Scheme::HTTP && is_loopback(authority.host())) {
            return Err(InvalidHost::Insecure(base_url.to_owned()));
        }
        let path = parts.path_and_query.map(|path| path.path().trim_end_matches('/').to_owned());
        Ok(Self {
            scheme,
            authority,
            base_path: path.unwrap_or_default(),
            prefix: String::new(),
            scopes: Vec::new(),
            media: Media::From(""),
            auth,
        })
    }

    /// Returns the same API at another base URL: scheme, host, port and leading path are replaced. The prefix of the
    /// API (`/v1`, …) and the way the key is sent stay.
    ///
    /// # Errors
    /// Returns [`InvalidHost`] if `base_url` is invalid or not encrypted.
    pub fn with_base_url(&self, base_url: &str) -> Result<Self, InvalidHost> {
        // Another base URL, such as a sandbox or a proxy, serves media itself: its token is not sent to Meta.
        let (Media::From(named) | Media::At(named)) = self.media;
        let other = Self {
            prefix: self.prefix.clone(),
            scopes: self.scopes.clone(),
            media: Media::From(named),
            ..Self::new(base_url, self.auth)?
        };
        if !other.prefix.is_empty() && other.base_path.ends_with(&other.prefix) {
            return Err(InvalidHost::HoldsPrefix(other.prefix));
        }
        Ok(other)
    }

    /// Adds `prefix`, such as `/v1`, before every path.
    #[must_use]
    pub fn with_prefix(mut self, prefix: &Path) -> Self {
        prefix.as_str().trim_end_matches('/').clone_into(&mut self.prefix);
        self
    }

    /// Sets another prefix for paths of `scope`.
    #[must_use]
    pub fn with_scope(mut self, scope: Scope, prefix: &Path) -> Self {
        self.scopes.insert(0, (scope, Ok(prefix.as_str().trim_end_matches('/').to_owned())));
        self
    }
    /// Declares that the host has no resources of `scope`. Calls to them fail with the reason `why`.
    #[must_use]
    pub fn without_scope(mut self, scope: Scope, why: &'static str) -> Self {
        self.scopes.insert(0, (scope, Err(why)));
        self
    }
    /// Sets where the media URLs in responses are downloaded from. By default only from this host.
    #[must_use]
    pub fn media(mut self, media: Media) -> Self {
        self.media = media;
        self
    }

    /// Returns how the key is sent.
    #[must_use]
    pub fn auth(&self) -> AuthScheme {
        self.auth
    }

    #[cfg(any(feature = "reqwest", feature = "hyper", feature = "ureq"))]
    pub(crate) fn is_https(&self) -> bool {
        self.scheme == uri::Scheme::HTTPS
    }

    /// Returns the URL of `path` on this host.
    pub(crate) fn uri(&self, path: Path, scope: Scope) -> Result<Uri, BuildError> {
        if let Some((scheme, authority)) = path.origin.clone() {
            return self.media_uri(scheme, authority, path);
        }
        let path = path.finish()?;
        let scoped = self.scopes.iter().find(|(of, _)| *of == scope).map(|(_, prefix)| prefix);
        let prefix = match scoped {
            Some(Ok(prefix)) => prefix,
            Some(Err(why)) => return Err(BuildError::Scope(why)),
            None => &self.prefix,
        };
        let whole = if self.base_path.is_empty() && prefix.is_empty() {
            path
        } else {
            format!("{}{prefix}{path}", self.base_path)
        };
        url(self.scheme.clone(), self.authority.clone(), whole)
    }

    /// Returns the URL for downloading a media URL on `authority`.
    fn media_uri(
        &self,
        scheme: uri::Scheme,
        authority: uri::Authority,
        path: Path,
    ) -> Result<Uri, BuildError> {
        let path = path.finish()?;
        let same = |a: &str, b: &str| a.eq_ignore_ascii_case(b);
        let foreign = || BuildError::ForeignHost(redact_user(authority.as_str()));
        if authority.as_str().contains('@') {
            return Err(foreign());
        }
        if scheme == self.scheme && same(authority.as_str(), self.authority.as_str()) {
            return url(scheme, authority, path);
        }
        let named =
            |name: &str| same(authority.host(), name) && matches!(authority.port_u16(), None | Some(443));
        match self.media {
            Media::From(name) if named(name) => {
                url(self.scheme.clone(), self.authority.clone(), format!("{}{path}", self.base_path))
            }
            Media::At(name) if named(name) && scheme == uri::Scheme::HTTPS => url(scheme, authority, path),
            _ => Err(foreign()),
        }
    }
}

fn url(scheme: uri::Scheme, authority: uri::Authority, path: String) -> Result<Uri, BuildError> {
    let mut parts = uri::Parts::default();
    parts.scheme = Some(scheme);
    parts.authority = Some(authority);
    parts.path_and_query = Some(path.try_into().map_err(http::Error::from)?);
    Ok(Uri::from_parts(parts).map_err(http::Error::from)?)
}

impl fmt::Display for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}{}{}", self.scheme, self.authority, self.base_path, self.prefix)
    }
}

impl fmt::Debug for Host {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Host({self}, {:?})", self.auth)
    }
}

/// Removes everything before an `@`, which may be a password.
fn redact_user(url: &str) -> String {
    url.rsplit_once('@').map_or(url.to_owned(), |(_, rest)| format!("••••@{rest}"))
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<std::net::IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn host(url: &str) -> Result<Host, InvalidHost> {
        Host::new(url, AuthScheme::D360ApiKey)
    }

    #[test]
    fn only_encrypted_hosts_and_this_machine_are_taken() {
        for good in [
            "https://waba-v2.360dialog.io",
            "http://127.0.0.1:4360",
            "http://localhost:1/",
            "http://[::1]:2/a",
        ] {
            host(good).unwrap();
        }
        for bad in [
            "http://waba-v2.360dialog.io",
            "http://localhost.evil.example",
            "ftp://x",
            "waba-v2.360dialog.io",
            "",
            "/x",
            "http://1.2.3.4",
            "http://[::1]4360",
            "http://localhost:99999",
            "http://localhost:",
            "https://x.example/\u{e9}",
            "https://x.example/a b",
        ] {
            host(bad).unwrap_err();
        }
    }

    #[test]
    fn a_password_in_a_url_is_not_shown() {
        let error = host("https://me:hush@x.example/?a").unwrap_err().to_string();
        assert!(!error.contains("hush"), "{error}");
    }

    #[test]
    fn the_prefix_outlives_another_base_url() {
        let host = host("https://waba.360dialog.io").unwrap().with_prefix(&Path::fixed("/v1"));
        assert_eq!(
            host.uri(Path::fixed("/messages"), Scope::Number).unwrap(),
            "https://waba.360dialog.io/v1/messages"
        );
        host.with_base_url("https://waba-sandbox.360dialog.io/v1/").unwrap_err();
        let host = host.with_base_url("http://localhost:1/deep/").unwrap();
        assert_eq!(
            host.uri(Path::fixed("/messages"), Scope::Number).unwrap(),
            "http://localhost:1/deep/v1/messages"
        );
    }

    #[test]
    fn each_scope_has_its_prefix() {
        let host = host("https://graph.example/x").unwrap().with_prefix(&Path::fixed("/v1/7"));
        let host =
            host.with_scope(Scope::Object, &Path::fixed("/v1")).without_scope(Scope::Gateway, "not here");
        let uri = |host: &Host, scope| host.uri(Path::fixed("/a"), scope).map(|uri| uri.to_string());
        assert_eq!(uri(&host, Scope::Number).unwrap(), "https://graph.example/x/v1/7/a");
        assert_eq!(uri(&host, Scope::Object).unwrap(), "https://graph.example/x/v1/a");
        assert_eq!(uri(&host, Scope::Gateway).unwrap_err().to_string(), "not here");
        let account = host
            .clone()
            .without_scope(Scope::Account, "no")
            .with_scope(Scope::Account, &Path::fixed("/v1/9"));
        let account = account.with_base_url("https://y.example").unwrap();
        assert_eq!(uri(&account, Scope::Account).unwrap(), "https://y.example/v1/9/a");
    }

    #[test]
    fn a_media_url_is_fetched_where_the_key_may_go() {
        let own = "https://own.example";
        let proxy = host(own).unwrap().media(Media::From("cdn.example"));
        let direct = host(own).unwrap().media(Media::At("cdn.example"));
        let path = "/a/?mid=1&x=%2F";
        let at =
            |host: &Host, url: &str| host.uri(Path::of_url(url), Scope::Object).map(|uri| uri.to_string());
        for url in ["https://cdn.example/a/?mid=1&x=%2F", "https://CDN.example:443/a/?mid=1&x=%2F#f"] {
            assert_eq!(at(&proxy, url).unwrap(), format!("{own}{path}"));
            assert!(at(&direct, url).unwrap().to_ascii_lowercase().starts_with("https://cdn.example"));
            // Another base URL serves media itself.
            let moved = direct.with_base_url("http://localhost:1/deep").unwrap();
            assert_eq!(at(&moved, url).unwrap(), format!("http://localhost:1/deep{path}"));
        }
        for host in [&proxy, &direct] {
            assert_eq!(
                at(host, "https://OWN.example/a").unwrap().to_ascii_lowercase(),
                "https://own.example/a"
            );
            for foreign in [
                "https://evil.example/a",
                "https://cdn.example.evil.example/a",
                "https://xcdn.example/a",
                "https://cdn.example@evil.example/a",
                "https://evil.example@cdn.example/a",
                "https://cdn.example:444/a",
                "http://own.example/a",
                "https://own.example:8443/a",
                "https://127.0.0.1/a",
            ] {
                let error = at(host, foreign).unwrap_err();
                assert!(matches!(error, BuildError::ForeignHost(_)), "{foreign}: {error}");
            }
            for bad in [
                "",
                "/a",
                "https://own.example/../x",
                "https://own.example/%2e%2E/x",
                "https://own.example/\u{e9}",
            ] {
                assert!(matches!(at(host, bad), Err(BuildError::Path(_))), "{bad}");
            }
        }
        assert!(at(&direct, "http://cdn.example/a").is_err());
        assert!(at(&host(own).unwrap(), "https://cdn.example/a").is_err());
    }
}
