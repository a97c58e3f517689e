//! Reads a message in one pass over its text.
use super::{
    content::{InboundContent, Text},
    inbound::{List, One, lenient},
    message::InboundMessage,
    quick::{Str, once},
};
use serde::{
    Deserialize, Deserializer,
    de::{Error, IgnoredAny, IntoDeserializer, MapAccess, Visitor, value::StrDeserializer},
};
use std::{fmt, marker::PhantomData};

/// A message whose content has the form of its type. Everything else about it is optional.
pub(super) struct QuickMessage(pub(super) Box<InboundMessage>);

/// A property of a message.
#[derive(Clone, Copy, PartialEq, PartialOrd, Deserialize)]
#[serde(field_identifier, rename_all = "snake_case")]
enum Key {
    Id,
    From,
    FromUserId,
    Timestamp,
    GroupId,
    Context,
    Referral,
    Identity,
    Errors,
    Type,
    // Contents, each named as its type.
    Text,
    Image,
    Video,
    Audio,
    Voice,
    Document,
    Sticker,
    Location,
    Contacts,
    Reaction,
    Interactive,
    Button,
    Order,
    System,
    Unsupported,
    #[serde(other)]
    Other,
}

impl Key {
    fn of(name: &str) -> Self {
        let name: StrDeserializer<'_, serde::de::value::Error> = name.into_deserializer();
        Self::deserialize(name).unwrap_or(Self::Other)
    }
    fn is_content(self) -> bool {
        self >= Self::Text && self < Self::Other
    }
}

/// What `unsupported` contains.
#[derive(Deserialize)]
struct Unsupported {
    #[serde(rename = "type", default, deserialize_with = "lenient")]
    kind: Option<String>,
}

impl<'de> Deserialize<'de> for QuickMessage {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Properties)
    }
}

struct Properties;

impl<'de> Visitor<'de> for Properties {
    type Value = QuickMessage;
    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<QuickMessage, A::Error> {
        let mut message = Box::new(InboundMessage::empty());
        let (mut kind, mut content) = (None, None);
        let mut seen = 0_u32;
        macro_rules! set {
            ($field:ident) => {{
                message.$field = map.next_value_seed(One(PhantomData))?;
                continue;
            }};
        }
        while let Some(key) = map.next_key::<Key>()? {
            let bit = 1 << key as u32;
            if seen & bit != 0 && key != Key::Other {
                return Err(A::Error::custom("a property that occurs twice"));
            }
            seen |= bit;
            let read = match key {
                Key::Id => set!(id),
                Key::From => set!(from),
                Key::FromUserId => set!(from_user_id),
                Key::Timestamp => set!(timestamp),
                Key::GroupId => set!(group_id),
                Key::Context => set!(context),
                Key::Referral => set!(referral),
                Key::Identity => set!(identity),
                Key::Errors => {
                    message.errors = map.next_value_seed(List(PhantomData))?.unwrap_or_default();
                    continue;
                }
                Key::Type => {
                    kind = Some(map.next_value::<Str<'de>>()?);
                    continue;
                }
                Key::Other => {
                    map.next_value::<IgnoredAny>()?;
                    continue;
                }
                Key::Text => InboundContent::Text(map.next_value::<Text>()?.body),
                Key::Image => InboundContent::Image(map.next_value()?),
                Key::Video => InboundContent::Video(map.next_value()?),
                Key::Audio | Key::Voice => InboundContent::Audio(map.next_value()?),
                Key::Document => InboundContent::Document(map.next_value()?),
                Key::Sticker => InboundContent::Sticker(map.next_value()?),
                Key::Location => InboundContent::Location(map.next_value()?),
                Key::Contacts => {
                    let cards = map.next_value_seed(List(PhantomData))?;
                    InboundContent::Contacts(cards.ok_or_else(|| A::Error::custom("no list of contacts"))?)
                }
                Key::Reaction => InboundContent::Reaction(map.next_value()?),
                Key::Interactive => InboundContent::Interactive(map.next_value()?),
                Key::Button => InboundContent::Button(map.next_value()?),
                Key::Order => InboundContent::Order(map.next_value()?),
                Key::System => InboundContent::System(map.next_value()?),
                Key::Unsupported => InboundContent::Unsupported(map.next_value::<Unsupported>()?.kind),
            };
            once(&mut content, (key, read))?;
        }
        let kind = kind.filter(|kind| !kind.0.is_empty()).ok_or_else(|| A::Error::missing_field("type"))?;
        let expected = if kind.0 == "unknown" { Key::Unsupported } else { Key::of(&kind.0) };
        message.content = match content {
            Some((key, content)) if key == expected => content,
            None if expected == Key::Unsupported => InboundContent::Unsupported(None),
            None if !expected.is_content() => InboundContent::Other(kind.0.into_owned()),
            _ => return Err(A::Error::custom("the content is not that of the type")),
        };
        Ok(QuickMessage(message))
    }
}
