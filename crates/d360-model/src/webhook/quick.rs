//! Reads Cloud's webhooks in one pass over the text, where every part has its documented form.
//!
//! Anything else fails here, and is read by [`tolerant`](super::tolerant) instead. Both return the same events.
use super::{
    error::WebhookError,
    event::{Body, Event, EventKind, Origin, Text},
    inbound::List,
    people::People,
    quick_message::QuickMessage,
    sender::Sender,
    status::{MessageStatusEvent, UserIdUpdate},
    tolerant::Holds,
};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeSeed, Error, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use std::{
    borrow::Cow,
    fmt,
    marker::PhantomData,
    sync::{Arc, OnceLock},
};

/// Parses a webhook, or returns `None` if it has another form.
pub(super) fn read(text: &str) -> Option<Vec<Event>> {
    let mut events = Events { text, body: Arc::new(Body::new(text)), all: Vec::new() };
    let mut json = serde_json::Deserializer::from_str(text);
    Envelope(&mut events).deserialize(&mut json).ok()?;
    json.end().ok()?;
    Some(events.all)
}

/// A text of the body, borrowed unless it has escapes.
pub(super) struct Str<'de>(pub(super) Cow<'de, str>);

impl<'de: 's, 's> Deserialize<'de> for Str<'s> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Borrowed;
        impl<'de> Visitor<'de> for Borrowed {
            type Value = Str<'de>;
            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("text")
            }
            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Str<'de>, E> {
                Ok(Str(Cow::Owned(text.to_owned())))
            }
        }
        deserializer.deserialize_str(Borrowed)
    }
}

/// Sets a property that may occur once.
pub(super) fn once<T, E: Error>(slot: &mut Option<T>, value: T) -> Result<(), E> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(E::custom("a property that occurs twice")),
    }
}

struct Events<'de> {
    text: &'de str,
    body: Arc<Body>,
    all: Vec<Event>,
}

impl Events<'_> {
    fn text(&self, text: Str<'_>) -> Text {
        match text.0 {
            Cow::Borrowed(text) => {
                let start = text.as_ptr() as usize - self.text.as_ptr() as usize;
                Text::At(start..start + text.len())
            }
            Cow::Owned(text) => Text::Own(text.into()),
        }
    }

    fn push(&mut self, origin: &Arc<Origin>, kind: EventKind) {
        self.all.push(Event::of_body(&self.body, self.all.len(), origin, kind));
    }

    /// Adds the events of a value, in the order of [`ITEMS`](super::tolerant::ITEMS).
    fn value(&mut self, account: Option<&Text>, field: Str<'_>, value: Value<'_>) {
        let Value { metadata, contacts, messages, statuses, errors, user_id_update, mut more } = value;
        let holds = Holds::of(Some(&field.0));
        fn taken<T>(is: bool, items: Option<Vec<T>>, more: &mut bool) -> Vec<T> {
            *more |= !is && items.is_some();
            items.filter(|_| is).unwrap_or_default()
        }
        let (all, is_standby) = (holds == Holds::Items, holds == Holds::Standby);
        let messages = taken(all || is_standby, messages, &mut more);
        let statuses = taken(all, statuses, &mut more);
        let errors = taken(all, errors, &mut more);
        let updates = taken(all || holds == Holds::UserIds, user_id_update, &mut more);
        let count = messages.len() + statuses.len() + errors.len() + updates.len();
        let Metadata { phone_number_id, display_phone_number } = metadata.unwrap_or_default();
        let origin = Arc::new(Origin {
            account: account.map_or_else(OnceLock::new, |account| OnceLock::from(account.clone())),
            phone_number_id: phone_number_id.map(|id| self.text(id)),
            display_phone_number: display_phone_number.map(|number| self.text(number)),
            field: Some(self.text(field)),
        });
        let mut people = People::new(contacts.unwrap_or_default());
        self.all.reserve_exact(if self.all.is_empty() { count + usize::from(more) } else { 0 });
        for QuickMessage(mut message) in messages {
            message.contact = people.of(count == 1, message.from.as_ref(), message.from_user_id.as_ref());
            let kind = if is_standby {
                EventKind::Standby(message)
            } else if let Some(update) = UserIdUpdate::of(&message) {
                EventKind::UserIdUpdate(update)
            } else {
                EventKind::Message(message)
            };
            self.push(&origin, kind);
        }
        for mut status in statuses {
            status.contact =
                people.of(count == 1, status.recipient_id.as_ref(), status.recipient_user_id.as_ref());
            self.push(&origin, EventKind::Status(status));
        }
        errors.into_iter().for_each(|error| self.push(&origin, EventKind::Error(error)));
        updates.into_iter().for_each(|update| self.push(&origin, EventKind::UserIdUpdate(update)));
        if more || count == 0 {
            self.push(&origin, EventKind::Other);
        }
    }
}

/// Declares a seed that reads a JSON object or list into the events, with the account where it is known.
macro_rules! seed {
    ($name:ident $(, $account:ty)?; $method:ident) => {
        struct $name<'e, 'de>(&'e mut Events<'de> $(, $account)?);
        impl<'de> DeserializeSeed<'de> for $name<'_, 'de> {
            type Value = ();
            fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
                deserializer.$method(self)
            }
        }
    };
}

seed!(Envelope; deserialize_map);
seed!(Entries; deserialize_seq);
seed!(Entry; deserialize_map);
seed!(Changes, Option<Text>; deserialize_seq);
seed!(Change, Option<Text>; deserialize_map);

/// Reads items until there are no more. An empty list has an event of its own, which the tolerant reader knows.
fn at_least_one<E: Error>(mut next: impl FnMut() -> Result<Option<()>, E>) -> Result<(), E> {
    next()?.ok_or_else(|| E::custom("an empty list"))?;
    while next()?.is_some() {}
    Ok(())
}

macro_rules! expecting {
    ($what:literal) => {
        fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            f.write_str($what)
        }
    };
}

impl<'de> Visitor<'de> for Envelope<'_, 'de> {
    type Value = ();
    expecting!("the envelope of a webhook");
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut read = None;
        while let Some(key) = map.next_key::<Str<'de>>()? {
            match &*key.0 {
                "object" => _ = map.next_value::<IgnoredAny>()?,
                "entry" => once(&mut read, map.next_value_seed(Entries(self.0))?)?,
                _ => return Err(A::Error::custom("another property")),
            }
        }
        read.ok_or_else(|| A::Error::missing_field("entry"))
    }
}

impl<'de> Visitor<'de> for Entries<'_, 'de> {
    type Value = ();
    expecting!("entries");
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        at_least_one(|| list.next_element_seed(Entry(self.0)))
    }
}

impl<'de> Visitor<'de> for Entry<'_, 'de> {
    type Value = ();
    expecting!("an entry");
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let first = self.0.all.len();
        let (mut account, mut read) = (None, None);
        while let Some(key) = map.next_key::<Str<'de>>()? {
            match &*key.0 {
                "id" => {
                    let id = self.0.text(map.next_value()?);
                    once(&mut account, id)?;
                }
                "changes" => once(&mut read, map.next_value_seed(Changes(self.0, account.clone()))?)?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        if let Some(account) = account {
            self.0.all.iter().skip(first).for_each(|event| event.set_account(&account));
        }
        read.ok_or_else(|| A::Error::missing_field("changes"))
    }
}

impl<'de> Visitor<'de> for Changes<'_, 'de> {
    type Value = ();
    expecting!("changes");
    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        at_least_one(|| list.next_element_seed(Change(self.0, self.1.clone())))
    }
}

impl<'de> Visitor<'de> for Change<'_, 'de> {
    type Value = ();
    expecting!("a change");
    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let (mut field, mut value) = (None, None);
        while let Some(key) = map.next_key::<Str<'de>>()? {
            match &*key.0 {
                "field" => once(&mut field, map.next_value()?)?,
                "value" => once(&mut value, map.next_value()?)?,
                _ => _ = map.next_value::<IgnoredAny>()?,
            }
        }
        let (Some(field), Some(value)) = (field, value) else {
            return Err(A::Error::custom("a change without a field or value"));
        };
        self.0.value(self.1.as_ref(), field, value);
        Ok(())
    }
}

/// The value of a change.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "events keep the boxes")]
struct Value<'de> {
    metadata: Option<Metadata<'de>>,
    contacts: Option<Vec<Sender>>,
    messages: Option<Vec<QuickMessage>>,
    statuses: Option<Vec<Box<MessageStatusEvent>>>,
    errors: Option<Vec<Box<WebhookError>>>,
    user_id_update: Option<Vec<Box<UserIdUpdate>>>,
    /// Whether it has other properties.
    more: bool,
}

#[derive(Default, Deserialize)]
struct Metadata<'b> {
    #[serde(borrow)]
    phone_number_id: Option<Str<'b>>,
    #[serde(borrow)]
    display_phone_number: Option<Str<'b>>,
}

impl<'de> Deserialize<'de> for Value<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Properties;
        impl<'de> Visitor<'de> for Properties {
            type Value = Value<'de>;
            expecting!("a value");
            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Value<'de>, A::Error> {
                let mut value = Value::default();
                while let Some(key) = map.next_key::<Str<'de>>()? {
                    match &*key.0 {
                        "metadata" => once(&mut value.metadata, map.next_value()?)?,
                        "contacts" => once(
                            &mut value.contacts,
                            map.next_value_seed(List(PhantomData))?.unwrap_or_default(),
                        )?,
                        "messages" => once(&mut value.messages, map.next_value()?)?,
                        "statuses" => once(&mut value.statuses, map.next_value()?)?,
                        "errors" => once(&mut value.errors, map.next_value()?)?,
                        "user_id_update" => once(&mut value.user_id_update, map.next_value()?)?,
                        other => {
                            value.more |= other != "messaging_product";
                            map.next_value::<IgnoredAny>()?;
                        }
                    }
                }
                Ok(value)
            }
        }
        deserializer.deserialize_map(Properties)
    }
}
