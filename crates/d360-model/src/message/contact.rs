//! Contact cards.

use super::birthday::Birthday;
pub use crate::enums::{AddressType, EmailType, PhoneType, UrlType};
use crate::{
    check::{At, Findings, Validate, blank},
    id::{PhoneNumber, WaId, wa_id_problem},
    wire_struct,
};
wire_struct! {
    /// A postal address. Every part is optional.
    pub struct Address {
        opt {
            /// Street name and number.
            street: String = "street",
            /// City.
            city: String = "city",
            /// State, abbreviated.
            state: String = "state",
            /// Postal code.
            zip: String = "zip",
            /// Country, in full.
            country: String = "country",
            /// Country, as two letters (ISO 3166-1).
            country_code: String = "country_code",
            /// Kind of address (`type` on the wire).
            kind: AddressType = "type",
        }
    }
}

wire_struct! {
    /// An e-mail address.
    pub struct Email {
        opt {
            /// The address.
            email: String = "email",
            /// Kind of address (`type` on the wire).
            kind: EmailType = "type",
        }
    }
}

wire_struct! {
    /// A name. `formatted_name` stands in the message beside the profile arrow.
    pub struct Name {
        req {
            /// The whole name, as it is normally written.
            formatted_name: String = "formatted_name",
        }
        opt {
            /// Given name.
            first_name: String = "first_name",
            /// Family name.
            last_name: String = "last_name",
            /// Middle name.
            middle_name: String = "middle_name",
            /// What follows the name, such as `Esq.`.
            suffix: String = "suffix",
            /// What precedes the name, such as `Dr.`.
            prefix: String = "prefix",
        }
    }
}

wire_struct! {
    /// Where somebody works, and as what.
    pub struct Org {
        opt {
            /// Company.
            company: String = "company",
            /// Department in it.
            department: String = "department",
            /// Job title.
            title: String = "title",
        }
    }
}

wire_struct! {
    /// A phone number on a card.
    ///
    /// With a `wa_id` the message shows the buttons **Message** and **Save contact**; without one it shows
    /// **Invite to WhatsApp** instead (Meta, "Contacts messages", 2026-05-21).
    pub struct Phone {
        opt {
            /// The number. Where it is left out, the API fills it from the WhatsApp ID (360dialog, "Contacts").
            phone: PhoneNumber = "phone",
            /// Kind of number (`type` on the wire).
            kind: PhoneType = "type",
            /// WhatsApp ID of its owner: with it **Message** and **Save contact**, without it **Invite to WhatsApp**.
            wa_id: WaId = "wa_id" typo "wa-id",
        }
    }
}

wire_struct! {
    /// A web address.
    pub struct Url {
        opt {
            /// The URL.
            url: String = "url",
            /// Kind of URL (`type` on the wire).
            kind: UrlType = "type",
        }
    }
}

wire_struct! {
    /// A contact card. Up to 257 go into one message; fewer are recommended.
    ///
    /// What a phone shows of it (addresses, birthday, …) depends on the recipient's device.
    /// Source: 360dialog "Contacts" and Meta "Contacts messages" (2026-05-21).
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
            /// Phone numbers.
            phones: Phone = "phones", by phone,
            /// Web addresses.
            urls: Url = "urls", by url,
        }
    }
}

impl Name {
    /// A name as it is normally written. 360dialog asks for at least one other part beside it, Meta does not.
    pub fn new(formatted_name: impl Into<String>) -> Self {
        Self { formatted_name: formatted_name.into(), ..Self::default() }
    }
}

impl Contact {
    /// A card with a name, which every card needs: a [`Name`], or the formatted name as text.
    ///
    /// ```
    /// use d360_model::{Contact, Phone};
    /// let card = Contact::new("Barbara J. Johnson")
    ///     .phone(Phone::new("+16505559999").wa_id("16505559999"))
    ///     .email("barbara@example.com")
    ///     .url("https://example.com")
    ///     .company("Example Inc.");
    /// ```
    pub fn new(name: impl Into<Name>) -> Self {
        Self { name: name.into(), ..Self::default() }
    }
    /// Sets the company (`org.company`).
    #[must_use]
    pub fn company(mut self, company: impl Into<String>) -> Self {
        self.org = Some(self.org.unwrap_or_default().company(company));
        self
    }
    /// Sets the job title (`org.title`).
    #[must_use]
    pub fn job_title(mut self, title: impl Into<String>) -> Self {
        self.org = Some(self.org.unwrap_or_default().title(title));
        self
    }

    /// Reads a list of cards as the documents show it, with everything that is wrong with any of them: paths begin
    /// with `[0]`. Where an error is among the findings, the cards are not fit to be sent.
    #[must_use]
    pub fn list_from_value(list: &serde_json::Value) -> (Vec<Self>, Findings) {
        let mut reader = crate::wire::Reader::default();
        let contacts = <Vec<Self> as crate::wire::FromJson>::read(list, &mut reader).unwrap_or_default();
        let mut findings = reader.into_findings();
        let mut checked = Findings::new();
        for (i, contact) in contacts.iter().enumerate() {
            contact.check(&At::ROOT.index(i), &mut checked);
        }
        findings.merge(checked);
        (contacts, findings)
    }
}

impl Phone {
    /// A number; give it with `+` and country code.
    pub fn new(phone: impl Into<PhoneNumber>) -> Self {
        Self { phone: Some(phone.into()), ..Self::default() }
    }
}

impl Email {
    /// An e-mail address.
    pub fn new(email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), ..Self::default() }
    }
}

impl Url {
    /// A web address.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::default() }
    }
}

impl Address {
    /// An empty address.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Org {
    /// An empty organization.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Validate for Contact {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        self.name.check(&at.key("name"), out);
        at.each("addresses", &self.addresses, out);
        at.each("phones", &self.phones, out);
        let emails = at.key("emails");
        for (i, email) in self.emails.iter().enumerate() {
            if email.email.as_deref().is_none_or(blank) {
                out.advise(emails.index(i), "has no email: there is nothing to show");
            }
        }
        let urls = at.key("urls");
        for (i, url) in self.urls.iter().enumerate() {
            if url.url.as_deref().is_none_or(blank) {
                out.advise(urls.index(i), "has no url: there is nothing to show");
            }
        }
    }
}

impl Validate for Name {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        out.require(at.key("formatted_name"), &self.formatted_name);
        let parts = [&self.first_name, &self.last_name, &self.middle_name, &self.suffix, &self.prefix];
        if parts.iter().all(|part| part.as_deref().is_none_or(blank)) {
            out.advise(
                at,
                "has formatted_name alone; 360dialog asks for at least one of first_name, last_name, middle_name, \
                 suffix, prefix beside it (Meta does not)",
            );
        }
    }
}

impl Validate for Address {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        if let Some(code) = &self.country_code
            && crate::Country::of(code).is_none()
        {
            out.advise(at.key("country_code"), "is documented as two letters of ISO 3166-1, such as US");
        }
    }
}

impl Validate for Phone {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        match (&self.phone, &self.wa_id) {
            (None, None) => out.advise(at, "has neither phone nor wa_id: there is nothing to show"),
            (Some(phone), _) if !phone.as_str().contains(|c: char| c.is_numeric()) => {
                out.advise(at.key("phone"), "holds no digit");
            }
            _ => {}
        }
        if let Some(problem) = self.wa_id.as_ref().and_then(|id| wa_id_problem(id.as_str())) {
            out.advise(at.key("wa_id"), problem);
        }
    }
}

/// The full forms from the text alone.
macro_rules! from_text {
    ($($ty:ident),+) => {$(
        impl<T: Into<String>> From<T> for $ty {
            fn from(text: T) -> Self {
                Self::new(text.into())
            }
        }
    )+};
}
from_text!(Name, Phone, Email, Url);
