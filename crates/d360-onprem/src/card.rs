//! Contact cards with `ims`. (Meta retired On-Premise on 2025-10-23.)
pub use crate::enums::ImService;
use d360_model::{
    Address, At, Birthday, Card, Email, Findings, Name, Org, Phone, Url, Validate, wire_struct,
};

wire_struct! {
    /// A messenger name of a contact. (Meta retired On-Premise on 2025-10-23; Cloud has no replacement.)
    pub struct Im {
        opt {
            /// The messenger.
            service: ImService = "service",
            /// The name.
            user_id: String = "user_id",
        }
    }
}

wire_struct! {
    /// A contact: as on Cloud, with [`Im`]s. (Meta retired On-Premise on 2025-10-23; `d360_model::Contact` replaces
    /// it.)
    pub struct Contact {
        req {
            /// The name.
            name: Name = "name",
        }
        opt {
            /// The date of birth.
            birthday: Birthday = "birthday",
            /// The employer.
            org: Org = "org",
        }
        many {
            /// The postal addresses.
            addresses: Address = "addresses", by address,
            /// The e-mail addresses.
            emails: Email = "emails", by email,
            /// The messenger names; only on On-Premise.
            ims: Im = "ims", by im,
            /// The phone numbers.
            phones: Phone = "phones", by phone,
            /// The web addresses.
            urls: Url = "urls", by url,
        }
    }
}

impl Contact {
    /// Creates a contact with its required name.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self { name, ..Self::default() }
    }
    /// Returns the contact without [`Im`]s, as Cloud accepts it.
    #[must_use]
    pub fn to_cloud(&self) -> d360_model::Contact {
        let Self { name, birthday, org, addresses, emails, phones, urls, .. } = self.clone();
        let mut card = d360_model::Contact::new(name);
        (card.birthday, card.org, card.addresses) = (birthday, org, addresses);
        (card.emails, card.phones, card.urls) = (emails, phones, urls);
        card
    }
}

impl From<d360_model::Contact> for Contact {
    fn from(card: d360_model::Contact) -> Self {
        Self {
            name: card.name,
            birthday: card.birthday,
            org: card.org,
            addresses: card.addresses,
            emails: card.emails,
            ims: Vec::new(),
            phones: card.phones,
            urls: card.urls,
        }
    }
}

impl Validate for Contact {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        self.to_cloud().check(at, out);
    }
}

impl Card for Contact {}
