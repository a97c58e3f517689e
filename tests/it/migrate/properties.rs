//! Random values translated in both directions.
use super::*;
use proptest::prelude::*;

/// Messages of Cloud that On-Premise supports.
fn cloud_message() -> impl Strategy<Value = Value> {
    let text = "[a-zA-Zé😀]{1,12}( [a-z]{1,5})?";
    let file = prop_oneof![
        "[1-9][0-9]{5,15}".prop_map(|id| json!({ "id": id })),
        "[a-z]{1,8}".prop_map(|name| json!({ "link": format!("https://example.com/{name}") })),
    ];
    let content = prop_oneof![
        (text, any::<Option<bool>>()).prop_map(|(body, preview)| {
            let mut text = json!({ "body": body });
            if let Some(preview) = preview {
                text["preview_url"] = json!(preview);
            }
            ("text", text)
        }),
        (file.clone(), text).prop_map(|(mut file, caption)| {
            file["caption"] = json!(caption);
            ("image", file)
        }),
        (file.clone(), any::<bool>()).prop_map(|(mut file, voice)| {
            if voice {
                file["voice"] = json!(true);
            }
            ("audio", file)
        }),
        file.prop_map(|file| ("sticker", file)),
        (-90.0..90.0, -180.0..180.0, text).prop_map(|(latitude, longitude, name): (f64, f64, String)| {
            ("location", json!({ "latitude": latitude, "longitude": longitude, "name": name }))
        }),
        (text, text, "[0-9]{8,12}").prop_map(|(first, last, id)| {
            let name = json!({ "formatted_name": format!("{first} {last}"), "first_name": first });
            ("contacts", json!([{ "name": name, "phones": [{ "phone": format!("+{id}"), "wa_id": id }] }]))
        }),
        (text, text).prop_map(|(body, title)| {
            let button = json!({ "type": "reply", "reply": { "id": "1", "title": title } });
            (
                "interactive",
                json!({ "type": "button", "body": { "text": body }, "action": { "buttons": [button] } }),
            )
        }),
        (text, prop::collection::vec(text, 0..3)).prop_map(|(name, texts)| {
            let mut template = json!({ "name": name, "language": { "code": "en_US" } });
            if !texts.is_empty() {
                let texts: Vec<_> =
                    texts.iter().map(|text| json!({ "type": "text", "text": text })).collect();
                template["components"] = json!([{ "type": "body", "parameters": texts }]);
            }
            ("template", template)
        }),
        Just(("reaction", json!({ "message_id": "wamid.HBgLAA==", "emoji": "\u{1f44d}" }))),
    ];
    (content, "[1-9][0-9]{7,13}", any::<bool>(), any::<bool>(), any::<bool>()).prop_map(
        |((kind, content), to, reply, group, data)| {
            let mut message = json!({ "messaging_product": "whatsapp", "recipient_type": "individual",
                "to": format!("+{to}"), "type": kind, kind: content });
            if group {
                message["recipient_type"] = json!("group");
                message["to"] = json!(format!("g{to}"));
            }
            if reply && kind != "reaction" {
                message["context"] = json!({ "message_id": "wamid.HBgLAA==" });
            }
            if data {
                message["biz_opaque_callback_data"] = json!("x");
            }
            message
        },
    )
}

/// Anything that a message in a webhook of Cloud may contain.
fn cloud_webhook() -> impl Strategy<Value = Value> {
    let user = prop_oneof![
        "[1-9][0-9]{7,13}"
            .prop_map(|id| (json!({ "wa_id": id, "user_id": format!("US.{id}") }), json!({ "from": id }))),
        "[A-Za-z0-9]{5,20}".prop_map(|id| (
            json!({ "user_id": format!("US.{id}") }),
            json!({ "from_user_id": format!("US.{id}") })
        )),
    ];
    let content = prop_oneof![
        Just(json!({ "type": "text", "text": { "body": "Hi" } })),
        any::<bool>().prop_map(|voice| {
            let mut audio = json!({ "type": "audio", "audio": { "id": "77", "sha256": "x" } });
            if voice {
                audio["audio"]["voice"] = json!(true);
            }
            audio
        }),
        Just(
            json!({ "type": "image", "image": { "id": "123", "mime_type": "image/png", "url": "https://x.example" } })
        ),
        Just(
            json!({ "type": "contacts", "contacts": [{ "phones": [{ "phone": "+1 650" }], "origin": "other", "vcard": "BEGIN" }] })
        ),
        Just(
            json!({ "type": "system", "system": { "type": "user_changed_number", "wa_id": "16505550000", "body": "b" } })
        ),
        Just(
            json!({ "type": "system", "system": { "type": "customer_identity_changed", "identity": "i", "customer": "1650" } })
        ),
        Just(json!({ "type": "system", "system": { "type": "user_changed_user_id", "user_id": "US.2" } })),
        Just(
            json!({ "type": "unsupported", "unsupported": { "type": "edit" }, "errors": [{ "code": 131_051, "title": "Unsupported message type",
            "message": "Unsupported message type", "error_data": { "details": "d" } }] })
        ),
        Just(json!({ "type": "hologram", "hologram": { "a": [1] } })),
        Just(json!({ "type": "request_welcome" })),
        Just(
            json!({ "type": "interactive", "interactive": { "type": "nfm_reply", "nfm_reply": { "name": "flow" } } })
        ),
        Just(json!({ "text": { "body": "no type" } })),
        Just(
            json!({ "type": "reaction", "reaction": { "message_id": "wamid.HBgL", "emoji": "x" }, "context": { "forwarded": true } })
        ),
        Just(
            json!({ "type": "order", "order": { "catalog_id": "1", "product_items": [{ "quantity": 2 }] }, "referral": { "source_id": "1" } })
        ),
    ];
    let message =
        (user, content, any::<Option<bool>>()).prop_map(|((mut person, from), mut message, hash)| {
            message.as_object_mut().unwrap().extend(from.as_object().unwrap().clone());
            message["id"] = json!("wamid.HBgLAA==");
            message["timestamp"] = json!("1700000000");
            if hash.is_some() {
                person["identity_key_hash"] = json!("h");
            }
            json!({ "contacts": [person], "messages": [message] })
        });
    let code = prop::sample::select(vec![131_047_i64, 131_056, 131_026, 130_429, 131_049, 4, 987_654]);
    let status = (prop::sample::select(vec!["sent", "delivered", "read", "played", "failed"]), any::<bool>(), code).prop_map(
        |(status, number, code)| {
            let mut item = json!({ "id": "wamid.HBgL", "status": status, "timestamp": "1", "biz_opaque_callback_data": "x",
                "pricing": { "billable": true, "pricing_model": "PMP", "type": "regular", "category": "utility" } });
            item[if number { "recipient_id" } else { "recipient_user_id" }] = json!(if number { "16505551234" } else { "US.1a" });
            if status == "failed" {
                item["errors"] = json!([{ "code": code, "title": "T", "message": "M", "href": "https://x.example", "error_data": { "details": "d" } }]);
            }
            json!({ "statuses": [item] })
        },
    );
    prop_oneof![message, status].prop_map(|mut value| {
        value["messaging_product"] = json!("whatsapp");
        value["metadata"] = json!({ "display_phone_number": "15550783881", "phone_number_id": "2" });
        json!({ "object": "whatsapp_business_account", "entry": [{ "id": "1", "changes": [{ "field": "messages", "value": value }] }] })
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    /// A round trip keeps everything that both systems support. The rest is in the notes.
    #[test]
    fn messages_come_back(cloud in cloud_message(), old_ids in any::<bool>()) {
        let options = Options::new().namespace("n").old_ids(old_ids);
        let old = message::to_onprem(&cloud, &options);
        let back = message::to_cloud(old.value.as_ref().unwrap(), &options);
        let again = back.value.as_ref();
        prop_assert!(again.is_some(), "{:?}", back.notes);
        prop_assert_eq!(silent(&cloud, again.unwrap(), &[&old.notes]), Vec::<String>::new(), "{:?}", again);
    }

    #[test]
    fn webhooks_come_back(cloud in cloud_webhook(), old_ids in any::<bool>(), pass in any::<bool>()) {
        let options = Options::new().old_ids(old_ids).pass_new_types(pass);
        let old = webhook::to_onprem(&cloud, &options);
        let flat = &old.value.as_ref().unwrap()[0];
        let back = webhook::to_cloud(flat, &options);
        let again = back.value.as_ref().unwrap();
        let (a, b) = (&cloud["entry"][0]["changes"][0]["value"], &again["entry"][0]["changes"][0]["value"]);
        prop_assert_eq!(silent(a, b, &[&below(&old.notes), &back.notes]), Vec::<String>::new(), "{}", again);
    }

    #[test]
    fn nothing_panics(which in 0usize..7, path in "(/v1)?/[a-z/{}%.0-9]{0,20}", text in "\\PC{0,8}", number in any::<i64>()) {
        let value = [json!(null), json!(text), json!(number), json!([text]), json!({ &text: number }), json!({ "to": text, "type": text, &text: [number] }),
            json!({ "entry": [{ "changes": [{ "value": { "messages": [text, number, { &text: text, "from": number }], "statuses": number } }] }] })][which].clone();
        for options in [Options::new(), Options::new().old_ids(true).namespace("n").number("1", "2")] {
            let _ = message::to_cloud(&value, &options);
            let _ = message::to_onprem(&value, &options);
            let _ = webhook::to_onprem(&value, &options);
            let _ = webhook::to_cloud(&value, &options);
            let _ = webhook::split(&value);
            for method in ["GET", "POST", "PUT"] {
                let _ = calls::to_cloud(method, &path, &value, &options);
            }
        }
    }
}
