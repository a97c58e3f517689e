//! Checks whether numbers are on WhatsApp.
pub use crate::enums::ContactStatus;
use crate::{OnPrem, endpoints};
use d360_model::{Findings, PhoneNumber, WaId, wire};
use d360_transport::{Body, BuildError, Endpoint, HttpResponse, Meta, Unreadable, json};
use serde::{Deserialize, Serialize};

/// `POST /v1/contacts`: checks whether numbers are on WhatsApp. (Meta retired On-Premise on 2025-10-23; **nothing on
/// Cloud replaces it**: a wrong number fails with 131026.)
///
/// Since client v2.43 the answer was `valid` for every number. Misuse could get a number banned (Meta, On-Premise
/// reference).
#[derive(Clone, Debug, Serialize)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct CheckContacts {
    blocking: &'static str,
    contacts: Vec<PhoneNumber>,
    #[serde(skip_serializing_if = "Option::is_none")]
    force_check: Option<bool>,
}

/// The response of [`CheckContacts`]. (Meta retired On-Premise on 2025-10-23; nothing on Cloud replaces it.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckedContacts {
    /// The requested numbers.
    #[serde(deserialize_with = "wire::lenient_list")]
    pub contacts: Vec<CheckedContact>,
}

/// A checked number. (Meta retired On-Premise on 2025-10-23; nothing on Cloud replaces it.)
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct CheckedContact {
    /// The number as requested.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub input: Option<PhoneNumber>,
    /// Whether it is on WhatsApp; absent if the server does not say.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub status: Option<ContactStatus>,
    /// The WhatsApp ID, if it is on WhatsApp.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub wa_id: Option<WaId>,
}

impl CheckContacts {
    /// Checks `numbers` in any form, and waits for the result (`blocking` `wait`).
    pub fn new(numbers: impl IntoIterator<Item = PhoneNumber>) -> Self {
        Self { blocking: "wait", contacts: numbers.into_iter().collect(), force_check: None }
    }
    /// Does not wait: the first result may be `processing` (`blocking` `no_wait`).
    pub fn no_wait(mut self) -> Self {
        self.blocking = "no_wait";
        self
    }
    /// Bypasses the cache of seven days.
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
            findings.error("contacts", "is empty; add at least one number");
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
