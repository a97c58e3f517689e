//! Identities of contacts, which change with their phone.
use super::{check_user, contact};
use crate::{OnPrem, endpoints};
use d360_model::{Findings, block::User};
use d360_transport::{Body, BuildError, Endpoint, HttpResponse, Meta, Path, Unreadable, json, success};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

/// `GET /v1/contacts/{wa_id}/identity`: returns the identity of a contact (Meta, On-Premise reference). (Meta retired
/// On-Premise on 2025-10-23; Cloud has `identity_key_hash` in webhooks.)
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct GetIdentity(User);

/// The identity of a contact. (Meta retired On-Premise on 2025-10-23; Cloud has `identity_key_hash` in webhooks.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Identity {
    /// The hash, to be sent back to acknowledge the identity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hash: Option<String>,
    /// Whether it was acknowledged.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acknowledged: Option<bool>,
    /// The time of creation: milliseconds as a number, or text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub created_timestamp: Option<Value>,
}

/// `{"contacts": {"identity": …}}`, `{"identity": …}` or the identity itself: no remaining page shows the form.
#[derive(Deserialize)]
#[serde(untagged)]
enum IdentityAnswer {
    Contacts { contacts: Holder },
    Holder(Holder),
    Itself(Identity),
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Holder {
    One { identity: Identity },
    Many(Vec<HolderItem>),
}

#[derive(Deserialize)]
struct HolderItem {
    identity: Identity,
}

impl Holder {
    fn identity(self) -> Identity {
        match self {
            Self::One { identity } => identity,
            Self::Many(mut items) if !items.is_empty() => items.remove(0).identity,
            Self::Many(_) => Identity::default(),
        }
    }
}

impl GetIdentity {
    /// Requests the identity of `user`.
    pub fn new(user: impl Into<User>) -> Self {
        Self(user.into())
    }
}

impl Endpoint for GetIdentity {
    type Api = OnPrem;
    type Response = Identity;
    const META: Meta = endpoints::CONTACTS_IDENTITY_GET;

    fn path(&self) -> Path {
        contact(&self.0).then("/identity")
    }
    fn check(&self) -> Findings {
        check_user(&self.0)
    }
    fn decode(response: &HttpResponse) -> Result<Identity, Unreadable> {
        let identity = match json(response)? {
            IdentityAnswer::Contacts { contacts } => contacts.identity(),
            IdentityAnswer::Holder(holder) => holder.identity(),
            IdentityAnswer::Itself(identity) => identity,
        };
        match identity.hash {
            Some(_) => Ok(identity),
            None => Err(Unreadable::Shape("the response contains no hash".into())),
        }
    }
}

/// `PUT /v1/contacts/{wa_id}/identity` `{"hash": …}`: acknowledges a changed identity (480, 1028), so that messages
/// can be sent again (Meta, On-Premise reference). (Meta retired On-Premise on 2025-10-23; on Cloud
/// `recipient_identity_key_hash` of a message replaces it.)
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct AcknowledgeIdentity {
    user: User,
    hash: String,
}

impl AcknowledgeIdentity {
    /// Acknowledges the identity of `user` with this hash.
    pub fn new(user: impl Into<User>, hash: impl Into<String>) -> Self {
        Self { user: user.into(), hash: hash.into() }
    }
}

impl Endpoint for AcknowledgeIdentity {
    type Api = OnPrem;
    type Response = ();
    const META: Meta = endpoints::CONTACTS_IDENTITY_ACKNOWLEDGE;

    fn path(&self) -> Path {
        contact(&self.user).then("/identity")
    }
    fn body(&self) -> Result<Body, BuildError> {
        Body::json(&json!({ "hash": self.hash }))
    }
    fn check(&self) -> Findings {
        let mut findings = check_user(&self.user);
        findings.require("hash", &self.hash);
        findings
    }
    fn decode(response: &HttpResponse) -> Result<(), Unreadable> {
        success(response)
    }
}
