//! Meta's own Cloud API, of which 360dialog Cloud is a proxy: the same endpoints at another host.
use d360_transport::{AuthScheme, Host, Media, Path, Scope};
use std::{fmt, str::FromStr};

/// Where Meta Graph is; paths begin with `/{version}/{phone_number_id}`.
pub const GRAPH_URL: &str = "https://graph.facebook.com";

/// A version of the Graph API, such as `v25.0`. A version lives for at least two years.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct GraphVersion {
    major: u16,
    minor: u16,
}

/// Why a text is no [`GraphVersion`], [`PhoneNumberId`] or [`AccountId`].
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum InvalidGraph {
    /// Not `vN.N`.
    Version,
    /// Not digits.
    PhoneNumberId,
    /// Not digits.
    AccountId,
}

impl InvalidGraph {
    /// What is wrong, without the subject: for a message that names the place already.
    #[must_use]
    pub const fn problem(&self) -> &'static str {
        match self {
            Self::Version => "is no Graph version: expected the form v25.0",
            Self::PhoneNumberId => {
                "is no phone number ID: expected digits, as the app's dashboard shows them"
            }
            Self::AccountId => {
                "is no account ID (WABA ID): expected digits, as the app's dashboard shows them"
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
    /// Version `v{major}.{minor}`.
    #[must_use]
    pub const fn new(major: u16, minor: u16) -> Self {
        Self { major, minor }
    }
}

impl Default for GraphVersion {
    /// `v25.0`, by whose documents this client is written; Meta keeps it until 2028-07-29. (The newest is v27.0, since 2026-11-04;
    /// Meta "Changelog", read 2026-11-26.)
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

/// An ID at Meta: digits.
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
            /// The digits.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
    )+};
}
meta_id! {
    /// The ID of a business phone number at Meta: digits. It is not the number.
    PhoneNumberId, PhoneNumberId;
    /// The ID of a WhatsApp Business Account (WABA) at Meta: digits.
    AccountId, AccountId;
}

/// Meta Graph for a number: `https://graph.facebook.com/{version}/{phone_number_id}`, `Authorization: Bearer <token>`.
///
/// The endpoints of this crate run on it unchanged, but for those of 360dialog's gateway (webhooks, health), which it does not have,
/// and templates, which want [`host_with_account`].
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
        .expect("a constant URL, which a test reads")
        .with_prefix(&version.clone().segment(number.as_str()))
        .with_scope(Scope::Object, &version)
        .without_scope(
            Scope::Account,
            "templates belong to an account, whose ID Graph wants: host_with_account",
        )
        .without_scope(Scope::Gateway, "360dialog alone has this call; Meta's own API has none like it")
        .media(Media::At(crate::MEDIA_HOST))
}

/// The same with the WhatsApp Business Account of the number, for templates: `/{version}/{waba_id}/message_templates`.
#[must_use]
pub fn host_with_account(version: GraphVersion, number: &PhoneNumberId, account: &AccountId) -> Host {
    let prefix = Path::default().segment(&version.to_string()).segment(account.as_str());
    host(version, number).with_scope(Scope::Account, &prefix)
}
