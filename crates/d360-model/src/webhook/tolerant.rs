//! Reads webhooks of any form from a JSON tree.
use super::{
    event::{Event, EventKind, Generation, NotAWebhook, Origin, Text},
    inbound::lenient_vec,
    message::InboundMessage,
    people::People,
    repair,
    status::{MessageStatusEvent, UserIdUpdate},
};
use serde::de::DeserializeOwned;
use serde_json::{Map, Value};
use std::{
    fmt,
    sync::{Arc, OnceLock},
};

/// Parses the JSON of a webhook, with invalid scalars repaired; see [`read`](super::read).
///
/// # Errors
/// Returns [`NotAWebhook`] if the body is not JSON.
pub fn json(body: &[u8]) -> Result<Value, NotAWebhook> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    serde_json::from_slice::<Value>(body)
        .or_else(|error| serde_json::from_str(&repair::repaired(body)).map_err(|_| error))
        .map_err(|error| NotAWebhook(error.to_string()))
}

/// Parses a webhook from JSON; see [`read`](super::read).
///
/// # Errors
/// Returns [`NotAWebhook`] if the body is not an object.
pub fn read_value(body: Value) -> Result<Vec<Event>, NotAWebhook> {
    let Value::Object(mut body) = body else { return Err(NotAWebhook("it is not a JSON object".to_owned())) };
    let mut events = Events::default();
    // A webhook without entries is reported as a whole.
    let has_entries = body.get("entry").is_some_and(|entry| match entry {
        Value::Array(entries) => !entries.is_empty(),
        entry => entry.is_object(),
    });
    if has_entries {
        list(body.remove("entry").unwrap_or_default()).into_iter().for_each(|entry| events.entry(entry));
        body.remove("object");
    } else if body.contains_key("field") && body.contains_key("value") {
        events.change(Value::Object(std::mem::take(&mut body)), Context::default());
    }
    if ITEMS.iter().chain(&["contacts"]).any(|key| body.contains_key(*key))
        && matches!(Holds::of(text(body.get("field")).as_deref()), Holds::Items | Holds::UserIds)
    {
        let field = text(body.get("field"));
        let from = Context { generation: Some(Generation::OnPremise), field, ..Context::default() };
        events.value(body, from);
    } else if !body.is_empty() || events.0.is_empty() {
        let field = text(body.get("field"));
        let from = Context { generation: Some(Generation::Cloud), field, ..Context::default() };
        events.push(&from, EventKind::Other, Value::Object(body));
    }
    Ok(events.0)
}

/// The lists of items in a value.
pub(super) const ITEMS: [&str; 4] = ["messages", "statuses", "errors", "user_id_update"];

/// The meaning of a value, determined by its field.
#[derive(Clone, Copy, PartialEq)]
pub(super) enum Holds {
    /// Items for this program.
    Items,
    /// Items for another sender on the number.
    Standby,
    /// Changed user IDs, in the old form.
    UserIds,
    /// Any other field, whose items are not messages.
    Other,
}

impl Holds {
    pub(super) fn of(field: Option<&str>) -> Self {
        match field {
            // A test tool may omit the field.
            None | Some("" | "messages") => Self::Items,
            Some("user_id_update") => Self::UserIds,
            Some("standby") => Self::Standby,
            Some(_) => Self::Other,
        }
    }
}

/// The origin of an item.
#[derive(Clone, Default)]
struct Context {
    generation: Option<Generation>,
    account: Option<String>,
    phone_number_id: Option<String>,
    display_phone_number: Option<String>,
    field: Option<String>,
    envelope: Arc<Value>,
}

impl Context {
    fn origin(&self) -> Arc<Origin> {
        let own = |text: &Option<String>| text.as_deref().map(|text| Text::Own(text.into()));
        Arc::new(Origin {
            account: own(&self.account).map_or_else(OnceLock::new, OnceLock::from),
            phone_number_id: own(&self.phone_number_id),
            display_phone_number: own(&self.display_phone_number),
            field: own(&self.field),
        })
    }
}

#[derive(Default)]
struct Events(Vec<Event>);

/// Returns one item or many as a list.
fn list(value: Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items,
        Value::Null => Vec::new(),
        one => vec![one],
    }
}

fn text(value: Option<&Value>) -> Option<String> {
    match value? {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}

impl Events {
    fn push(&mut self, from: &Context, kind: EventKind, raw: Value) {
        self.0.push(Event::of_json(
            from.generation.unwrap_or(Generation::Cloud),
            kind,
            &from.origin(),
            raw,
            &from.envelope,
        ));
    }

    fn unreadable(&mut self, from: &Context, reason: impl fmt::Display, raw: Value) {
        let reason = crate::mask(&reason.to_string());
        self.push(from, EventKind::Unreadable(reason), raw);
    }

    fn entry(&mut self, mut entry: Value) {
        let account = text(entry.get("id"));
        let from = Context { account, ..Context::default() };
        let changes = match entry.get_mut("changes").map(Value::take) {
            Some(changes) => list(changes),
            None => return self.unreadable(&from, "an entry without changes", entry),
        };
        if let Value::Object(entry) = &mut entry {
            entry.remove("changes");
        }
        if changes.is_empty() {
            return self.push(&from, EventKind::Other, entry);
        }
        let from = Context { envelope: Arc::new(entry), ..from };
        for change in changes {
            self.change(change, from.clone());
        }
    }

    fn change(&mut self, mut change: Value, from: Context) {
        let mut from = Context { field: text(change.get("field")), ..from };
        match change.get_mut("value").map(Value::take) {
            Some(Value::Object(value)) => {
                let metadata = value.get("metadata");
                let of_metadata = |key| text(metadata.and_then(|metadata| metadata.get(key)));
                from.phone_number_id = of_metadata("phone_number_id");
                from.display_phone_number = of_metadata("display_phone_number");
                self.value(value, from);
            }
            Some(other) => {
                change["value"] = other;
                self.unreadable(&from, "a change whose value is not an object", change);
            }
            None => self.unreadable(&from, "a change without a value", change),
        }
    }

    /// Reads the parts of both generations: messages, statuses, errors, and contacts.
    fn value(&mut self, mut value: Map<String, Value>, from: Context) {
        let holds = Holds::of(from.field.as_deref());
        let taken = |key: &str| match holds {
            Holds::Items => true,
            Holds::Standby => key == "messages",
            Holds::UserIds => key == "user_id_update",
            Holds::Other => false,
        };
        let items = ITEMS
            .map(|key| if taken(key) { value.remove(key).map(list).unwrap_or_default() } else { Vec::new() });
        let people = value.get("contacts").and_then(|people| lenient_vec(people).ok());
        let people = People::new(people.unwrap_or_default());
        // Other properties are reported too, except the context of reported items.
        let is_frame = |key: &String| ["messaging_product", "metadata", "contacts"].contains(&key.as_str());
        let tells_more = items.iter().all(Vec::is_empty) || !value.keys().all(is_frame);
        let more = tells_more.then(|| Value::Object(value.clone()));
        let from = Context { envelope: Arc::new(around(&from.envelope, value)), ..from };
        let [messages, statuses, errors, updates] = items;
        for item in messages {
            self.item(&from, item, |item| {
                let message = item.as_object().ok_or("a message that is not an object")?;
                let message = InboundMessage::of(message)?.by(&people);
                if holds == Holds::Standby {
                    return Ok(EventKind::Standby(Box::new(message)));
                }
                Ok(match UserIdUpdate::of(&message) {
                    Some(update) => EventKind::UserIdUpdate(update),
                    None => EventKind::Message(Box::new(message)),
                })
            });
        }
        for item in statuses {
            self.item(&from, item, |item| {
                Ok(EventKind::Status(Box::new(typed::<MessageStatusEvent>(item)?.of(&people))))
            });
        }
        for item in errors {
            self.item(&from, item, |item| typed(item).map(EventKind::Error));
        }
        for item in updates {
            self.item(&from, item, |item| typed(item).map(EventKind::UserIdUpdate));
        }
        if let Some(more) = more {
            self.push(&from, EventKind::Other, more);
        }
    }

    fn item(&mut self, from: &Context, raw: Value, read: impl FnOnce(&Value) -> Result<EventKind, String>) {
        match read(&raw) {
            Ok(kind) => self.push(from, kind, raw),
            Err(reason) => self.unreadable(from, reason, raw),
        }
    }
}

fn typed<T: DeserializeOwned>(item: &Value) -> Result<T, String> {
    T::deserialize(item).map_err(|error| error.to_string())
}

/// Returns the properties of an entry and a value. Those of the value take precedence.
fn around(entry: &Value, value: Map<String, Value>) -> Value {
    let mut around = entry.as_object().cloned().unwrap_or_default();
    around.extend(value);
    around.into()
}
