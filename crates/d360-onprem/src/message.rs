//! The outgoing message: Cloud's without `messaging_product`, and cards with `ims`.
use d360_model::{
    Address, At, Birthday, Email, Findings, Invalid, Location, MAX_CONTACTS, Name, Org, Phone, Recipient,
    Url, Validate, open_enum,
    wire::{self, FromJson, Reader},
    wire_struct,
};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::Value;

open_enum! {
    /// A messenger. (Meta shut On-Premise on 2025-10-23; Cloud has no `ims`.)
    pub enum ImService {
        /// AIM.
        Aim = "AIM",
        /// Skype.
        Skype = "SKYPE",
        /// WhatsApp.
        WhatsApp = "WHATSAPP",
    }
}

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

/// A message of the On-Premise API (shut by Meta on 2025-10-23). `d360_model::Message` replaces it on Cloud.
///
/// Differs from Cloud's: no `messaging_product`; `recipient_type` is sent for groups alone; a WhatsApp ID goes into `to`
/// without `+`.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Message {
    /// Who it goes to: a WhatsApp ID, a phone number (since client v2.39.1) or a group.
    pub to: Recipient,
    /// What it says.
    pub content: Content,
    /// Whether `recipient_type` is sent for an individual too, as it was read.
    says_individual: bool,
}

/// What a message says; its kind is the message's `type`. (Meta shut On-Premise on 2025-10-23; `d360_model::Content` replaces
/// it.)
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub enum Content {
    /// Contact cards.
    Contacts(Vec<Contact>),
    /// A place on the map.
    Location(Location),
}

impl Message {
    /// A message of any content.
    #[must_use]
    pub fn new(to: Recipient, content: Content) -> Self {
        Self { to, content, says_individual: false }
    }
    /// Contact cards.
    pub fn contacts(to: Recipient, contacts: impl IntoIterator<Item = impl Into<Contact>>) -> Self {
        Self::new(to, Content::Contacts(contacts.into_iter().map(Into::into).collect()))
    }
    /// A place on the map.
    #[must_use]
    pub fn location(to: Recipient, location: Location) -> Self {
        Self::new(to, Content::Location(location))
    }
    /// Reads a whole message body as the documents show it, and checks it; see `d360_model::Message::from_json`.
    ///
    /// # Errors
    /// [`Invalid`] with all problems.
    pub fn from_json(json: &[u8]) -> Result<(Self, Findings), Invalid> {
        wire::from_slice_checked(json, Self::validate)
    }
}

d360_model::validated!(Message);

impl Validate for Message {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        if let Recipient::Bsuid(_) | Recipient::ParentBsuid(_) = self.to {
            out.error(
                at.key("to"),
                "is a BSUID, which On-Premise does not know; give a WhatsApp ID or a phone number",
            );
        } else if let Some(problem) = self.to.problem() {
            out.error(at.key("to"), problem);
        }
        match &self.content {
            Content::Contacts(contacts) => {
                if contacts.is_empty() || contacts.len() > MAX_CONTACTS {
                    let found = contacts.len();
                    out.error(
                        at.key("contacts"),
                        format!("has {found} contacts; 1 to {MAX_CONTACTS} are allowed"),
                    );
                }
                let array = at.key("contacts");
                for (i, contact) in contacts.iter().enumerate() {
                    contact.to_cloud().check(&array.index(i), out);
                }
            }
            Content::Location(location) => location.check(&at.key("location"), out),
        }
    }
}

impl Serialize for Message {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        if let Recipient::Group(_) = self.to {
            map.serialize_entry("recipient_type", "group")?;
        } else if self.says_individual {
            map.serialize_entry("recipient_type", "individual")?;
        }
        map.serialize_entry("to", self.to.as_str())?;
        match &self.content {
            Content::Contacts(contacts) => {
                map.serialize_entry("type", "contacts")?;
                map.serialize_entry("contacts", contacts)?;
            }
            Content::Location(location) => {
                map.serialize_entry("type", "location")?;
                map.serialize_entry("location", location)?;
            }
        }
        map.end()
    }
}

impl FromJson for Message {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        let mut object = reader.object(value)?;
        let to: String = object.required("to", reader);
        let says_group = object.says_group(reader);
        let to =
            if says_group == Some(true) { Recipient::Group(to.into()) } else { Recipient::Phone(to.into()) };
        let kind: String = object.required("type", reader);
        let content = match kind.as_str() {
            // A page says `contact` of it, where every example says `contacts`, which is sent.
            "contacts" | "contact" => Some(Content::Contacts(object.required("contacts", reader))),
            "location" => Some(Content::Location(object.required("location", reader))),
            "" => None,
            other => {
                let message = format!(
                    "{:?} is no type that this version knows: contacts, location",
                    d360_model::mask(other)
                );
                reader.at_key("type", |r| r.error(message));
                None
            }
        };
        let content = content?;
        object.finish(reader);
        Some(Self { to, content, says_individual: says_group == Some(false) })
    }
}
