//! Contact cards that users share.
use super::macros::inbound;
use crate::id::WaId;

inbound! {
    /// A contact card. A user may leave out anything, the name included.
    InboundContact {
        /// The name.
        name: InboundName = "name",
        /// Where the person works.
        org: InboundOrg = "org",
        /// Day of birth.
        birthday: String = "birthday",
        /// The picture, in Base64 (On-Premise).
        contact_image: String = "contact_image",
        /// `contact_request` where we asked for it, else `other` (since 2026).
        origin: String = "origin",
        /// The card as a vCard file (since 2026, `other` alone).
        vcard: String = "vcard",
        ; many
        /// Phone numbers.
        phones: InboundPhone = "phones",
        /// E-mail addresses.
        emails: InboundEmail = "emails",
        /// Postal addresses.
        addresses: InboundAddress = "addresses",
        /// Web addresses.
        urls: InboundUrl = "urls",
        /// Names on messengers (On-Premise).
        ims: InboundIm = "ims",
    }
    /// A name.
    InboundName {
        /// As it is shown.
        formatted_name: String = "formatted_name",
        /// First name.
        first_name: String = "first_name",
        /// Last name.
        last_name: String = "last_name",
        /// Middle name.
        middle_name: String = "middle_name",
        /// What stands before it.
        prefix: String = "prefix",
        /// What stands behind it.
        suffix: String = "suffix",
    }
    /// A number. Its type is free text, in any language.
    InboundPhone {
        /// As it is shown.
        phone: String = "phone",
        /// Such as `CELL`, or `Cellulare`.
        kind: String = "type",
        /// The WhatsApp ID, which may be another number.
        wa_id: WaId = "wa_id",
    }
    /// An e-mail address.
    InboundEmail {
        /// The address.
        email: String = "email",
        /// Free text.
        kind: String = "type",
    }
    /// A postal address.
    InboundAddress {
        /// Street name and number.
        street: String = "street",
        /// City.
        city: String = "city",
        /// State.
        state: String = "state",
        /// Postal code.
        zip: String = "zip",
        /// Country.
        country: String = "country",
        /// Its code.
        country_code: String = "country_code",
        /// Free text.
        kind: String = "type",
    }
    /// A web address.
    InboundUrl {
        /// The URL.
        url: String = "url",
        /// Free text.
        kind: String = "type",
    }
    /// Where somebody works.
    InboundOrg {
        /// The company.
        company: String = "company",
        /// The department.
        department: String = "department",
        /// The title.
        title: String = "title",
    }
    /// Somebody's name on a messenger (On-Premise).
    InboundIm {
        /// The messenger.
        service: String = "service",
        /// The name.
        user_id: String = "user_id",
    }
}
