//! Meta's own Cloud API, which 360dialog Cloud proxies: the same endpoints at another host.
use d360_transport::{AuthScheme, Host, Media, Path, Scope};
use std::{fmt, str::FromStr};

/// The base URL of Meta Graph; paths begin with `/{version}/{phone_number_id}`.
pub const GRAPH_URL: &str = "https://graph.facebook.com";

/// A version of the Graph API, such as `v25.0`. A version is supported for at least two years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GraphVersion {
    major: u16,
    minor: u16,
}

/// Why a text is not a [`GraphVersion`], [`PhoneNumberId`] or [`AccountId`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidGraph {
    /// The version does not have the form `vN.N`.
    Version,
    /// The phone number ID does not consist of digits.
    PhoneNumberId,
    /// The account ID does not consist of digits.
    AccountId,
}

impl InvalidGraph {
    /// Returns the problem without the subject, for a message that already names the place.
    #[must_use]
    pub const fn problem(&self) -> &'static str {
        match self {
            Self::Version => "is not a Graph version: expected the form v25.0",
            Self::PhoneNumberId => {
                "is not a phone number ID: expected digits, as shown in the app's dashboard"
            }
            Self::AccountId => {
                "is not an account ID (WABA ID): expected digits, as shown in the app's dashboard"
            }
        }
    }
}

impl fmt::Display for InvalidGraph {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = match self {
            Self::Version => "Graph version",
            Self::PhoneNumberId => "phone number ID",
            Self::AccountId => "account ID",
        };
        write!(f, "invalid {subject}: {}", self.problem())
    }
}

impl std::error::Error for InvalidGraph {}

impl GraphVersion {
    /// Creates version `v{major}.{minor}`.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl Default for GraphVersion {
    /// Returns `v25.0`, the version that this client is written for; Meta supports it until 2028-07-29. The newest is
    /// v27.0, since 2026-11-04 (Meta, "Changelog", read 2026-11-26).
    fn default() -> Self {
        Self::new(25, 0)
    }
}

impl fmt::Display for GraphVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "v{}.{}", self.major, self.minor)
    }
}

impl FromStr for GraphVersion {
    type Err = InvalidGraph;
    fn from_str(text: &str) -> Result<Self, InvalidGraph> {
        let number = |text: &str| {
            let digits = !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit());
            digits.then(|| text.parse().ok()).flatten().ok_or(InvalidGraph::Version)
        };
        let (major, minor) =
            text.strip_prefix('v').and_then(|text| text.split_once('.')).ok_or(InvalidGraph::Version)?;
        Ok(Self::new(number(major)?, number(minor)?))
    }
}

/// An ID at Meta, which consists of digits.
macro_rules! meta_id {
    ($($(#[$meta:meta])* $name:ident, $invalid:ident;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        pub struct $name(String);

        impl $name {
            /// An ID as the app's dashboard shows it.
            ///
            /// # Errors
            #[doc = concat!("[`InvalidGraph::", stringify!($invalid), "`].")]
            pub fn new(text: impl Into<String>) -> Result<Self, InvalidGraph> {
                let text = text.into();
                let good = !text.is_empty() && text.len() <= 32 && text.bytes().all(|b| b.is_ascii_digit());
                if good { Ok(Self(text)) } else { Err(InvalidGraph::$invalid) }
            }
            /// Returns the digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}
meta_id! {
    /// The ID of a business phone number at Meta, which is not the number itself.
    PhoneNumberId, PhoneNumberId;
    /// The ID of a WhatsApp Business Account (WABA) at Meta.
    AccountId, AccountId;
}

/// Returns Meta Graph for a number: `https://graph.facebook.com/{version}/{phone_number_id}`,
/// `Authorization: Bearer <token>`.
///
/// The endpoints of this crate work unchanged, with two exceptions: Graph has no counterpart of 360dialog's gateway
/// calls (webhooks, health), and templates need [`host_with_account`].
///
/// ```
/// use d360_cloud::graph::{GraphVersion, PhoneNumberId, host};
/// let host = host(GraphVersion::default(), &PhoneNumberId::new("106540352242922")?);
/// assert_eq!(host.to_string(), "https://graph.facebook.com/v25.0/106540352242922");
/// # Ok::<(), d360_cloud::graph::InvalidGraph>(())
/// ```
#[must_use]
pub fn host(version: GraphVersion, number: &PhoneNumberId) -> Host {
    let version = Path::default().segment(&version.to_string());
    Host::new(GRAPH_URL, AuthScheme::Bearer)
        .expect("a constant URL, which a test parses")
        .with_prefix(&version.clone().segment(number.as_str()))
        .with_scope(Scope::Object, &version)
        .without_scope(
            Scope::Account,
            "templates belong to an account; Graph needs its ID (host_with_account)",
        )
        .without_scope(Scope::Gateway, "only 360dialog has this call; Meta's own API has no counterpart")
        .media(Media::At(crate::MEDIA_HOST))
}

/// Returns Meta Graph with the WhatsApp Business Account of the number, for templates:
/// `/{version}/{waba_id}/message_templates`.
#[must_use]
pub fn host_with_account(version: GraphVersion, number: &PhoneNumberId, account: &AccountId) -> Host {
    let prefix = Path::default().segment(&version.to_string()).segment(account.as_str());
    host(version, number).with_scope(Scope::Account, &prefix)
}
