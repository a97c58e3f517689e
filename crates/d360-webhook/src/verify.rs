//! Verifies the sender. Secrets are compared in constant time.
use hmac::{Hmac, KeyInit as _, Mac as _};
use http::{HeaderMap, HeaderName, Uri, header::InvalidHeaderName};
use secrecy::{ExposeSecret as _, SecretString};
use sha2::Sha256;
use std::fmt;
use subtle::ConstantTimeEq as _;

/// How a webhook proves its sender.
#[derive(Clone)]
pub struct Verification(Kind);

#[derive(Clone)]
enum Kind {
    /// A signature of the body in this header.
    Signature {
        header: HeaderName,
        secret: SecretString,
    },
    /// A secret in this header.
    Header {
        header: HeaderName,
        secret: SecretString,
    },
    Nothing,
}

/// Why a verification cannot be set up.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidVerification {
    /// The secret is empty.
    #[error("the secret is empty; anybody could sign with it")]
    EmptySecret,
    /// The secret is not valid in a header.
    #[error("the secret has surrounding white space or a control character; a header allows neither")]
    Surrounded,
    /// The name of the header is malformed.
    #[error("the name of the header is malformed")]
    Header,
}

impl From<InvalidHeaderName> for InvalidVerification {
    fn from(_: InvalidHeaderName) -> Self {
        Self::Header
    }
}

/// Why a webhook was refused.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Refused {
    /// The header with the proof is missing.
    #[error("the header with the secret or signature is missing")]
    Missing,
    /// The proof is wrong.
    #[error("the signature or secret is wrong")]
    Wrong,
}

impl Verification {
    /// Verifies Meta's own webhooks: `X-Hub-Signature-256`, with the app's secret. 360dialog does not forward it.
    ///
    /// # Errors
    /// Returns [`InvalidVerification`] if the secret is empty.
    pub fn app_secret(secret: impl Into<String>) -> Result<Self, InvalidVerification> {
        Self::signature("x-hub-signature-256", secret)
    }
    /// Verifies 360dialog's webhooks to partners: `x-360dialog-signature`, with the platform's secret, in hex, with
    /// or without `sha256=`.
    ///
    /// # Errors
    /// Returns [`InvalidVerification`] if the secret is empty.
    pub fn platform_secret(secret: impl Into<String>) -> Result<Self, InvalidVerification> {
        Self::signature("x-360dialog-signature", secret)
    }
    /// Verifies 360dialog's webhooks to clients by a custom header, which was set together with the webhook's URL and
    /// is sent with every webhook.
    ///
    /// # Errors
    /// Returns [`InvalidVerification`] if the name or the secret is invalid.
    pub fn header(name: &str, secret: impl Into<String>) -> Result<Self, InvalidVerification> {
        Ok(Self(Kind::Header {
            header: name.to_ascii_lowercase().parse()?,
            secret: not_empty(secret.into())?,
        }))
    }
    /// Accepts every sender, for tests and for servers behind a verifying proxy.
    #[must_use]
    pub fn none() -> Self {
        Self(Kind::Nothing)
    }

    fn signature(header: &'static str, secret: impl Into<String>) -> Result<Self, InvalidVerification> {
        Ok(Self(Kind::Signature {
            header: HeaderName::from_static(header),
            secret: not_empty(secret.into())?,
        }))
    }

    /// Checks what the headers alone can prove, so that the body of an unverified sender need not be kept. Returns
    /// `true` if [`verify`](Self::verify) would accept any body, and `false` if that depends on the body.
    ///
    /// # Errors
    /// Returns [`Refused`] if no body would be accepted.
    pub fn verify_head(&self, headers: &HeaderMap) -> Result<bool, Refused> {
        match &self.0 {
            Kind::Nothing => Ok(true),
            Kind::Header { .. } => self.verify(headers, b"").map(|()| true),
            Kind::Signature { header, .. } => {
                signature(headers.get(header).ok_or(Refused::Missing)?.as_bytes())?;
                Ok(false)
            }
        }
    }
    /// Whether every sender is accepted.
    #[must_use]
    pub fn is_none(&self) -> bool {
        matches!(self.0, Kind::Nothing)
    }

    /// Verifies the raw bytes of a body, as received.
    ///
    /// # Errors
    /// Returns [`Refused`] if the proof is missing or wrong.
    pub fn verify(&self, headers: &HeaderMap, body: &[u8]) -> Result<(), Refused> {
        match &self.0 {
            Kind::Nothing => Ok(()),
            Kind::Header { header, secret } => {
                let given = headers.get(header).ok_or(Refused::Missing)?.as_bytes();
                let same = given.ct_eq(secret.expose_secret().as_bytes());
                if bool::from(same) { Ok(()) } else { Err(Refused::Wrong) }
            }
            Kind::Signature { header, secret } => {
                let signature = signature(headers.get(header).ok_or(Refused::Missing)?.as_bytes())?;
                // HMAC accepts a key of any length.
                let mac = Hmac::<Sha256>::new_from_slice(secret.expose_secret().as_bytes());
                let mac = mac.map_err(|_| Refused::Wrong)?.chain_update(body);
                mac.verify_slice(&signature).map_err(|_| Refused::Wrong)
            }
        }
    }
}

pub(crate) fn not_empty(secret: String) -> Result<SecretString, InvalidVerification> {
    if secret.trim().is_empty() {
        Err(InvalidVerification::EmptySecret)
    } else if secret.trim() != secret || secret.chars().any(char::is_control) {
        Err(InvalidVerification::Surrounded)
    } else {
        Ok(secret.into())
    }
}

fn signature(given: &[u8]) -> Result<[u8; 32], Refused> {
    from_hex(given.strip_prefix(b"sha256=").unwrap_or(given)).ok_or(Refused::Wrong)
}

/// Parses 32 bytes from 64 hexadecimal digits.
fn from_hex(text: &[u8]) -> Option<[u8; 32]> {
    let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
    let mut out = [0; 32];
    if text.len() != 64 {
        return None;
    }
    for (place, pair) in out.iter_mut().zip(text.chunks_exact(2)) {
        *place = digit(pair[0])? << 4 | digit(pair[1])?;
    }
    Some(out)
}

impl fmt::Debug for Verification {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Signature { header, .. } => write!(f, "Verification(signature in {header})"),
            Kind::Header { header, .. } => write!(f, "Verification(secret in {header})"),
            Kind::Nothing => f.write_str("Verification(none)"),
        }
    }
}

/// Returns the response to Meta's `GET ?hub.mode=subscribe&hub.verify_token=…&hub.challenge=…`, which checks a new
/// URL: the challenge, if the token matches. 360dialog sends no such request.
///
/// # Errors
/// Returns [`Refused`] if the token or the challenge is missing or wrong.
pub fn answer_challenge(uri: &Uri, verify_token: &str) -> Result<String, Refused> {
    let query = uri.query().ok_or(Refused::Missing)?;
    let parameter = |name: &str| {
        form_urlencoded::parse(query.as_bytes())
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.into_owned())
    };
    let (Some(mode), Some(token), Some(challenge)) =
        (parameter("hub.mode"), parameter("hub.verify_token"), parameter("hub.challenge"))
    else {
        return Err(Refused::Missing);
    };
    let same = bool::from(token.as_bytes().ct_eq(verify_token.as_bytes())) && !verify_token.is_empty();
    if mode == "subscribe" && same { Ok(challenge) } else { Err(Refused::Wrong) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: &'static str, value: &str) -> HeaderMap {
        HeaderMap::from_iter([(HeaderName::from_static(name), value.parse().unwrap())])
    }

    /// RFC 4231, test case 2.
    const SIGNED: (&str, &[u8], &str) = (
        "Jefe",
        b"what do ya want for nothing?",
        "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
    );

    #[test]
    fn a_signature_is_checked_on_the_raw_bytes() {
        let (secret, body, hex) = SIGNED;
        for (verification, name) in [
            (Verification::app_secret(secret).unwrap(), "x-hub-signature-256"),
            (Verification::platform_secret(secret).unwrap(), "x-360dialog-signature"),
        ] {
            for good in [hex.to_owned(), format!("sha256={hex}"), hex.to_uppercase()] {
                assert_eq!(verification.verify(&headers(name, &good), body), Ok(()), "{good}");
            }
            for bad in
                ["", "sha256=", "x", &hex[..62], &format!("{hex}00"), &hex.replace('5', "6"), &"é".repeat(32)]
            {
                let refused = verification.verify(&headers(name, bad), body);
                assert_eq!(refused, Err(Refused::Wrong), "{bad}");
            }
            assert_eq!(
                verification.verify(&headers(name, hex), b"what do ya want for nothing!"),
                Err(Refused::Wrong)
            );
            assert_eq!(verification.verify(&HeaderMap::new(), body), Err(Refused::Missing));
            assert!(!format!("{verification:?}").contains(secret));
        }
    }

    /// Escapes and emoji make no difference: the signature covers the bytes.
    #[test]
    fn no_body_is_rewritten_before_it_is_checked() {
        let verification = Verification::app_secret("secret").unwrap();
        for body in ["{\"name\": \"J\u{f6}rg \u{1f600}\"}", "{\"name\":\"J\\u00f6rg\"}", "{ }", ""] {
            let mac = Hmac::<Sha256>::new_from_slice(b"secret").unwrap().chain_update(body);
            let hex: String = mac.finalize().into_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
            let signed = headers("x-hub-signature-256", &format!("sha256={hex}"));
            assert_eq!(verification.verify(&signed, body.as_bytes()), Ok(()));
            let longer = format!("{body} ");
            assert_eq!(verification.verify(&signed, longer.as_bytes()), Err(Refused::Wrong));
        }
    }

    #[test]
    fn what_headers_prove_needs_no_body() {
        let own = Verification::header("x-secret", "s3cret").unwrap();
        assert_eq!(own.verify_head(&headers("x-secret", "s3cret")), Ok(true));
        assert_eq!(own.verify_head(&headers("x-secret", "x")), Err(Refused::Wrong));
        assert_eq!(own.verify_head(&HeaderMap::new()), Err(Refused::Missing));
        let signed = Verification::app_secret("s").unwrap();
        assert_eq!(signed.verify_head(&headers("x-hub-signature-256", &"0".repeat(64))), Ok(false));
        assert_eq!(signed.verify_head(&headers("x-hub-signature-256", "sha256=0")), Err(Refused::Wrong));
        assert_eq!(signed.verify_head(&HeaderMap::new()), Err(Refused::Missing));
        assert_eq!(Verification::none().verify_head(&HeaderMap::new()), Ok(true));
    }

    #[test]
    fn a_header_of_ones_own_is_compared() {
        let verification = Verification::header("X-Secret", "s3cret").unwrap();
        assert_eq!(verification.verify(&headers("x-secret", "s3cret"), b""), Ok(()));
        for bad in ["", "s3cre", "s3crets", "S3CRET"] {
            assert_eq!(verification.verify(&headers("x-secret", bad), b""), Err(Refused::Wrong), "{bad}");
        }
        for empty in ["", "  "] {
            assert_eq!(Verification::header("x", empty).unwrap_err(), InvalidVerification::EmptySecret);
            assert!(
                Verification::app_secret(empty).is_err() && Verification::platform_secret(empty).is_err()
            );
        }
        assert_eq!(Verification::header("a b", "x").unwrap_err(), InvalidVerification::Header);
    }

    #[test]
    fn a_challenge_is_answered_to_who_knows_the_token() {
        let ask = |query: &str, token: &str| answer_challenge(&format!("/w?{query}").parse().unwrap(), token);
        let good = "hub.mode=subscribe&hub.challenge=11%2B58&hub.verify_token=m%C3%BCll+er";
        assert_eq!(ask(good, "m\u{fc}ll er").as_deref(), Ok("11+58"));
        assert_eq!(ask(good, "other"), Err(Refused::Wrong));
        assert_eq!(ask("hub.mode=subscribe&hub.challenge=1&hub.verify_token=", ""), Err(Refused::Wrong));
        assert_eq!(ask("hub.mode=x&hub.challenge=1&hub.verify_token=t", "t"), Err(Refused::Wrong));
        let malformed = "hub.mode=subscribe&hub.verify_token=%&hub.challenge=1";
        assert_eq!(ask(malformed, "t"), Err(Refused::Wrong));
        for missing in ["", "hub.mode=subscribe", "hub.mode=subscribe&hub.verify_token=t"] {
            assert_eq!(ask(missing, "t"), Err(Refused::Missing), "{missing}");
        }
    }
}
