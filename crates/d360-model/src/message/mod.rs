//! Outgoing messages.
mod birthday;
mod contact;
mod content;
pub mod interactive;
mod location;
mod media;
mod outgoing;
pub mod template;

pub(crate) use self::media::{is_url, without_scheme};
pub use self::{
    birthday::{Birthday, InvalidDate},
    contact::{Address, AddressType, Contact, Email, EmailType, Name, Org, Phone, PhoneType, Url, UrlType},
    content::{Card, Content, MAX_CONTACTS, Raw, Text},
    interactive::Interactive,
    location::{InvalidCoordinate, Latitude, Location, Longitude},
    media::{Audio, Document, Image, MediaSource, Reaction, Sticker, Video},
    outgoing::{MAX_CALLBACK_DATA, MAX_MESSAGE_ID, Message, MessageCategory},
    template::Template,
};
