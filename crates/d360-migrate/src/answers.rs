//! Translates answers of Cloud to On-Premise.
pub use crate::answer::Meta;
use crate::{
    Options, Translation,
    answer::Answer,
    errors::{self, Call},
    ids,
    json::{list, text_of},
    note::Notes,
    phone_number,
};
use d360_model::error::ApiError;
use serde_json::{Map, Value, json};

fn body(key: &str, value: Value) -> Map<String, Value> {
    Map::from_iter([(key.to_owned(), value)])
}

/// Translates the answer to `POST /messages`: `{"messages": [{"id"}], "contacts": [{"input", "wa_id"}], "meta"}`.
#[must_use]
pub fn sent(answer: &Value, options: &Options) -> Translation<Answer> {
    sent_to(answer, None, options)
}

/// Like [`sent`], for a program that sent `to`: `contacts[].input` is what it sent. Cloud repeats the number as Cloud
/// received it, with a `+`.
#[must_use]
pub fn sent_to(answer: &Value, to: Option<&str>, options: &Options) -> Translation<Answer> {
    let mut notes = Notes::default();
    let mut messages = Vec::new();
    for (at, message) in list(answer.get("messages").cloned().unwrap_or_default()).iter().enumerate() {
        let Some(map) = message.as_object() else { continue };
        if let Some(id) = text_of(map, "id") {
            messages.push(json!({ "id": options.message_id(&id) }));
        }
        for key in map.keys().filter(|key| *key != "id") {
            let why = "On-Premise returned only the ID";
            notes.lost(&format!("messages[{at}].{key}"), why, "read it from the status webhooks");
        }
    }
    if messages.is_empty() {
        notes.refused(
            "messages",
            "the answer contains no ID",
            "treat the outcome as unknown, and do not send the message again",
        );
    }
    let mut out = body("messages", messages.into());
    let contacts = answer.get("contacts").cloned().map(list).unwrap_or_default();
    let mut contacts: Vec<Value> =
        contacts.iter().filter_map(Value::as_object).map(|it| contact(it, &mut notes)).collect();
    // A message has one recipient.
    if let (Some(to), [contact]) = (to, &mut contacts[..]) {
        contact["input"] = json!(to);
    }
    if !contacts.is_empty() {
        out.insert("contacts".to_owned(), contacts.into());
    }
    notes.with(Answer::ok(201, out))
}

/// A user whom Cloud identifies only by a BSUID gets it in place of the WhatsApp ID.
fn contact(contact: &Map<String, Value>, notes: &mut Notes) -> Value {
    let mut out = contact.clone();
    if !out.contains_key("wa_id")
        && let Some(id) = text_of(contact, "user_id")
    {
        notes.changed(
            "contacts.wa_id",
            "On-Premise had no users without a number; the BSUID replaces it",
            "treat it as an ID that can receive messages",
        );
        out.insert("wa_id".to_owned(), json!(id));
    }
    out.into()
}

/// Returns the answer to a call that succeeded without a result: `{"meta"}`.
#[must_use]
pub fn done() -> Answer {
    Answer::ok(200, Map::new())
}

/// Returns the answer to `POST /media`: `{"media": [{"id"}], "meta"}`.
#[must_use]
pub fn uploaded(cloud_id: &str) -> Answer {
    Answer::ok(200, body("media", json!([{ "id": ids::media_to_onprem(cloud_id) }])))
}

/// Returns the answer to `POST /v1/contacts` for these numbers: every number is `valid`, as On-Premise has answered
/// since v2.43. Cloud has no such check.
#[must_use]
pub fn contacts_checked<'n>(numbers: impl IntoIterator<Item = &'n str>) -> Answer {
    let one = |input: &str| match phone_number(input) {
        Some(number) => {
            json!({ "input": input, "status": "valid", "wa_id": number.trim_start_matches('+') })
        }
        None => json!({ "input": input, "status": "invalid" }),
    };
    Answer::ok(200, body("contacts", numbers.into_iter().map(one).collect()))
}

/// Returns a page of `GET /v1/contacts/blocklist`: `limit` of Cloud's users from `offset`. A user with only a BSUID
/// is listed by it.
#[must_use]
pub fn blocklist<'u>(users: &[impl AsRef<str> + 'u], limit: usize, offset: usize) -> Answer {
    let jid = |user: &str| {
        let is_number = user.bytes().all(|byte| byte.is_ascii_digit());
        json!({ "wa_id": if is_number { format!("{user}@s.whatsapp.net") } else { user.to_owned() } })
    };
    let page: Vec<Value> = users.iter().skip(offset).take(limit).map(|user| jid(user.as_ref())).collect();
    let mut out = body("contacts", page.into());
    out.insert("pagination".to_owned(), json!({ "limit": limit, "offset": offset, "total": users.len() }));
    Answer::ok(200, out)
}

/// Translates the result for one user of `POST` or `DELETE /block_users` to the answer of that user's own call:
/// success, or the first of the errors.
#[must_use]
pub fn blocked(errors: &[Value]) -> Translation<Answer> {
    match errors.first() {
        None => Notes::default().with(done()),
        Some(error) => {
            let body = json!({ "error": error }).to_string();
            errors::to_onprem(&ApiError::read(400, body.as_bytes()), Call::Block)
        }
    }
}

/// Returns the answer for an unknown outcome: 504 with an explanation. Neither the gateway nor its caller may retry.
#[must_use]
pub fn unknown(details: &str) -> Answer {
    Answer::error_with(
        504,
        1000,
        &format!(
            "The outcome is unknown: the request may have taken effect. Wait for a status webhook before you repeat it. {details}"
        ),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_have_the_old_forms() {
        let answer = json!({"messaging_product": "whatsapp", "contacts": [{"input": "+16505551234", "wa_id": "16505551234"}],
            "messages": [{"id": "wamid.HBgL/+8=", "message_status": "accepted"}]});
        let sent_as_is = sent(&answer, &Options::new());
        assert_eq!(sent_as_is.value.as_ref().unwrap().body["messages"], json!([{"id": "wamid.HBgL/+8="}]));
        assert!(sent_as_is.loses());
        let old = sent(&answer, &Options::new().old_ids(true)).value.unwrap();
        assert_eq!((old.status, &old.body["messages"][0]["id"]), (201, &json!("D360-HBgL_-8")));
        assert_eq!(old.body["contacts"], answer["contacts"]);
        let bsuid =
            json!({"contacts": [{"input": "US.1", "user_id": "US.1"}], "messages": [{"id": "wamid.x"}]});
        assert_eq!(sent(&bsuid, &Options::new()).value.unwrap().body["contacts"][0]["wa_id"], "US.1");
        assert_eq!(sent(&json!({}), &Options::new()).value, None);
        let checked = contacts_checked([
            "16315551000",
            "+1 631 555 1001",
            "12",
            "abc",
            "0650 555 1234",
            "0016505551234",
        ])
        .body;
        let status: Vec<_> =
            checked["contacts"].as_array().unwrap().iter().map(|it| it["status"].clone()).collect();
        assert_eq!(status, ["valid", "valid", "invalid", "invalid", "invalid", "valid"]);
        assert_eq!(checked["contacts"][1]["wa_id"], "16315551001");
        assert_eq!(checked["contacts"][5]["wa_id"], "16505551234");
        let page = blocklist(&["16315551000", "US.1", "16315551002"], 2, 1).body;
        assert_eq!(page["contacts"], json!([{"wa_id": "US.1"}, {"wa_id": "16315551002@s.whatsapp.net"}]));
        assert_eq!(page["pagination"], json!({"limit": 2, "offset": 1, "total": 3}));
        let refused =
            blocked(&[json!({"code": "131047", "message": "Re-engagement required"})]).value.unwrap();
        assert_eq!((refused.status, &refused.body["errors"][0]["code"]), (400, &json!(2048)));
        assert_eq!(blocked(&[]).value.unwrap(), done());
        assert_eq!(unknown("x").status, 504);
        assert_eq!(uploaded("7").body["media"][0]["id"].as_str().unwrap().len(), 36);
    }
}
