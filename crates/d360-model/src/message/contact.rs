//! Contacts.

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
            /// The street name and number.
            street: String = "street",
            /// The city.
            city: String = "city",
            /// The state, abbreviated.
            state: String = "state",
            /// The postal code.
            zip: String = "zip",
            /// The name of the country.
            country: String = "country",
            /// The two-letter country code (ISO 3166-1).
            country_code: String = "country_code",
            /// The kind of address (`type` on the wire).
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
            /// The kind of address (`type` on the wire).
            kind: EmailType = "type",
        }
    }
}

wire_struct! {
    /// A name. `formatted_name` is shown in the message beside the profile arrow.
    pub struct Name {
        req {
            /// The complete name, as it is normally written.
            formatted_name: String = "formatted_name",
        }
        opt {
            /// The given name.
            first_name: String = "first_name",
            /// The family name.
            last_name: String = "last_name",
            /// The middle name.
            middle_name: String = "middle_name",
            /// The suffix, such as `Esq.`.
            suffix: String = "suffix",
            /// The prefix, such as `Dr.`.
            prefix: String = "prefix",
        }
    }
}

wire_struct! {
    /// The employer of a contact.
    pub struct Org {
        opt {
            /// The company.
            company: String = "company",
            /// The department.
            department: String = "department",
            /// The job title.
            title: String = "title",
        }
    }
}

wire_struct! {
    /// A phone number of a contact.
    ///
    /// With a `wa_id` the message shows the buttons **Message** and **Save contact**, and without one **Invite to
    /// WhatsApp** (Meta, "Contacts messages", 2026-05-21).
    pub struct Phone {
        opt {
            /// The number. If it is missing, the API derives it from the WhatsApp ID (360dialog, "Contacts").
            phone: PhoneNumber = "phone",
            /// The kind of number (`type` on the wire).
            kind: PhoneType = "type",
            /// The WhatsApp ID of its owner. It shows **Message** and **Save contact** instead of **Invite to
            /// WhatsApp**.
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
            /// The kind of URL (`type` on the wire).
            kind: UrlType = "type",
        }
    }
}

wire_struct! {
    /// A contact. A message may have up to 257; fewer are recommended.
    ///
    /// The recipient's device determines which fields are shown (360dialog, "Contacts"; Meta, "Contacts messages",
    /// 2026-05-21).
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
            /// The phone numbers.
            phones: Phone = "phones", by phone,
            /// The web addresses.
            urls: Url = "urls", by url,
        }
    }
}

impl Name {
    /// Creates a name from its usual form. 360dialog requires at least one other part, Meta does not.
    pub fn new(formatted_name: impl Into<String>) -> Self {
        Self { formatted_name: formatted_name.into(), ..Self::default() }
    }
}

impl Contact {
    /// Creates a contact with its required name: a [`Name`], or the formatted name as text.
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

    /// Parses a list of contacts in the documented form, with all problems of all of them. Paths begin with `[0]`. If
    /// there is an error among the findings, the contacts cannot be sent.
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
    /// Creates a number; use `+` and country code.
    pub fn new(phone: impl Into<PhoneNumber>) -> Self {
        Self { phone: Some(phone.into()), ..Self::default() }
    }
}

impl Email {
    /// Creates an e-mail address.
    pub fn new(email: impl Into<String>) -> Self {
        Self { email: Some(email.into()), ..Self::default() }
    }
}

impl Url {
    /// Creates a web address.
    pub fn new(url: impl Into<String>) -> Self {
        Self { url: Some(url.into()), ..Self::default() }
    }
}

impl Address {
    /// Creates an empty address.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }
}

impl Org {
    /// Creates an empty organization.
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
                out.advise(emails.index(i), "has no email; there is nothing to show");
            }
        }
        let urls = at.key("urls");
        for (i, url) in self.urls.iter().enumerate() {
            if url.url.as_deref().is_none_or(blank) {
                out.advise(urls.index(i), "has no url; there is nothing to show");
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
            (None, None) => out.advise(at, "has neither phone nor wa_id; there is nothing to show"),
            (Some(phone), _) if !phone.as_str().contains(|c: char| c.is_numeric()) => {
                out.advise(at.key("phone"), "contains no digit");
            }
            _ => {}
        }
        if let Some(problem) = self.wa_id.as_ref().and_then(|id| wa_id_problem(id.as_str())) {
            out.advise(at.key("wa_id"), problem);
        }
    }
}

/// Conversions of text to the complete types.
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
