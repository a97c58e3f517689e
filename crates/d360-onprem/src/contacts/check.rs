//! Whether numbers are on WhatsApp.
pub use crate::enums::ContactStatus;
use crate::{OnPrem, endpoints};
use d360_model::{Findings, PhoneNumber, WaId, wire};
use d360_transport::{Body, BuildError, Endpoint, HttpResponse, Meta, Unreadable, json};
use serde::{Deserialize, Serialize};

/// `POST /v1/contacts`: asks whether numbers are on WhatsApp. (Meta shut On-Premise on 2025-10-23; **nothing on Cloud
/// replaces it**: a wrong number fails with 131026.)
///
/// Since client v2.43 every number was called `valid`. Misuse could get a number banned. Source: Meta's On-Premise reference.
#[derive(Clone, Debug, Serialize)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct CheckContacts {
    blocking: &'static str,
    contacts: Vec<PhoneNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_check: Option<bool>,
}

/// Answer of [`CheckContacts`]. (Meta shut On-Premise on 2025-10-23; nothing on Cloud replaces it.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckedContacts {
    /// The numbers, as they were asked for.
    #[serde(deserialize_with = "wire::lenient_list")]
    pub contacts: Vec<CheckedContact>,
}

/// A number that was asked for. (Meta shut On-Premise on 2025-10-23; nothing on Cloud replaces it.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckedContact {
    /// As it was asked for.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub input: Option<PhoneNumber>,
    /// Whether it is on WhatsApp; absent where the server says neither.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub status: Option<ContactStatus>,
    /// Its WhatsApp ID, where it is.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub wa_id: Option<WaId>,
}

impl CheckContacts {
    /// Asks about `numbers`, in any form; waits for the answer (`blocking` `wait`).
    pub fn new(numbers: impl IntoIterator<Item = PhoneNumber>) -> Self {
        Self { blocking: "wait", contacts: numbers.into_iter().collect(), force_check: None }
    }
    /// Does not wait: the first answer may be `processing` (`blocking` `no_wait`).
    pub fn no_wait(mut self) -> Self {
        self.blocking = "no_wait";
        self
    }
    /// Passes by the cache of seven days.
    pub fn force_check(mut self, force: bool) -> Self {
        self.force_check = Some(force);
        self
    }
}

impl Endpoint for CheckContacts {
    type Api = OnPrem;
    type Response = CheckedContacts;
    const META: Meta = endpoints::CONTACTS_CHECK;

    fn body(&self) -> Result<Body, BuildError> {
        Body::json(self)
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        if self.contacts.is_empty() {
            findings.error("contacts", "is empty; name one number at least");
        }
        for (i, _) in self.contacts.iter().enumerate().filter(|(_, number)| number.as_str().trim().is_empty())
        {
            findings.error(format_args!("contacts[{i}]"), "is empty");
        }
        findings
    }
    fn decode(response: &HttpResponse) -> Result<CheckedContacts, Unreadable> {
        json(response)
    }
}
