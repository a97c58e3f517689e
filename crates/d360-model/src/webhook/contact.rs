//! Contacts that users share.
use super::inbound::inbound;
use crate::id::WaId;

inbound! {
    /// A contact. Every field is optional, including the name.
    InboundContact {
        /// The name.
        name: InboundName = "name",
        /// The employer.
        org: InboundOrg = "org",
        /// The date of birth.
        birthday: String = "birthday",
        /// The picture, in Base64 (On-Premise).
        contact_image: String = "contact_image",
        /// `contact_request` for a requested contact, otherwise `other` (since 2026).
        origin: String = "origin",
        /// The contact as a vCard file (since 2026, only with `other`).
        vcard: String = "vcard",
        ; many
        /// The phone numbers.
        phones: InboundPhone = "phones",
        /// The e-mail addresses.
        emails: InboundEmail = "emails",
        /// The postal addresses.
        addresses: InboundAddress = "addresses",
        /// The web addresses.
        urls: InboundUrl = "urls",
        /// The messenger names (On-Premise).
        ims: InboundIm = "ims",
    }
    /// A name.
    InboundName {
        /// The name as shown.
        formatted_name: String = "formatted_name",
        /// The first name.
        first_name: String = "first_name",
        /// The last name.
        last_name: String = "last_name",
        /// The middle name.
        middle_name: String = "middle_name",
        /// The prefix.
        prefix: String = "prefix",
        /// The suffix.
        suffix: String = "suffix",
    }
    /// A phone number. Its type is free text, in any language.
    InboundPhone {
        /// The number as shown.
        phone: String = "phone",
        /// The type, such as `CELL` or `Cellulare`.
        kind: String = "type",
        /// The WhatsApp ID, which may be another number.
        wa_id: WaId = "wa_id",
    }
    /// An e-mail address.
    InboundEmail {
        /// The address.
        email: String = "email",
        /// The type, as free text.
        kind: String = "type",
    }
    /// A postal address.
    InboundAddress {
        /// The street name and number.
        street: String = "street",
        /// The city.
        city: String = "city",
        /// The state.
        state: String = "state",
        /// The postal code.
        zip: String = "zip",
        /// The country.
        country: String = "country",
        /// The country code.
        country_code: String = "country_code",
        /// The type, as free text.
        kind: String = "type",
    }
    /// A web address.
    InboundUrl {
        /// The URL.
        url: String = "url",
        /// The type, as free text.
        kind: String = "type",
    }
    /// The employer of a contact.
    InboundOrg {
        /// The company.
        company: String = "company",
        /// The department.
        department: String = "department",
        /// The title.
        title: String = "title",
    }
    /// A messenger name of a contact (On-Premise).
    InboundIm {
        /// The messenger.
        service: String = "service",
        /// The name.
        user_id: String = "user_id",
    }
}
