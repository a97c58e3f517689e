//! Contact cards with `ims`. (Meta shut On-Premise on 2025-10-23.)
pub use crate::enums::ImService;
use d360_model::{
    Address, At, Birthday, Card, Email, Findings, Name, Org, Phone, Url, Validate, wire_struct,
};

wire_struct! {
    /// Somebody's name on a messenger. (Meta shut On-Premise on 2025-10-23; Cloud has nothing in its place.)
    pub struct Im {
        opt {
            /// The messenger.
            service: ImService = "service",
            /// The name there.
            user_id: String = "user_id",
        }
    }
}

wire_struct! {
    /// A contact card: as on Cloud, and with [`Im`]s. (Meta shut On-Premise on 2025-10-23; `d360_model::Contact` replaces it.)
    pub struct Contact {
        req {
            /// The name.
            name: Name = "name",
        }
        opt {
            /// Day of birth.
            birthday: Birthday = "birthday",
            /// Where the person works.
            org: Org = "org",
        }
        many {
            /// Postal addresses.
            addresses: Address = "addresses", by address,
            /// E-mail addresses.
            emails: Email = "emails", by email,
            /// Names on messengers; On-Premise alone.
            ims: Im = "ims", by im,
            /// Phone numbers.
            phones: Phone = "phones", by phone,
            /// Web addresses.
            urls: Url = "urls", by url,
        }
    }
}

impl Contact {
    /// A card with a name, which every card needs.
    #[must_use]
    pub fn new(name: Name) -> Self {
        Self { name, ..Self::default() }
    }
    /// The same card without [`Im`]s, as Cloud takes it.
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
