//! Template values and Direct Send.
use super::{USER, call, code, next, receiver};
use d360_sandbox::{Failure, Sandbox};
use serde_json::{Value, json};

fn template(components: Value) -> Value {
    json!({ "type": "template", "template": { "name": "unknown_here", "language": { "code": "en" }, "components": components } })
}

fn body(parameters: Value) -> Value {
    template(json!([{ "type": "body", "parameters": parameters }]))
}

#[test]
fn template_values_are_validated() {
    let sandbox = Sandbox::start().unwrap();
    let text = |text: &str| json!([{ "type": "text", "text": text }]);
    for fine in ["x", "four    blanks", "ä\u{a0}\u{a0}\u{a0}\u{a0}\u{a0}ö"] {
        assert_eq!(code(&sandbox, body(text(fine))), 0, "{fine:?}");
    }
    for (bad, expected) in [
        ("new\nline", 132_018),
        ("return\r", 132_018),
        ("\ttab", 132_018),
        ("five     blanks", 132_018),
        ("", 131_008),
        ("  ", 131_008),
    ] {
        for kind in ["body", "BODY", "header"] {
            let message = template(json!([{ "type": kind, "parameters": text(bad) }]));
            assert_eq!(code(&sandbox, message), expected, "{kind} {bad:?}");
        }
        let card = json!([{ "card_index": 0, "components": [{ "type": "body", "parameters": text(bad) }] }]);
        assert_eq!(
            code(&sandbox, template(json!([{ "type": "carousel", "cards": card }]))),
            expected,
            "{bad:?}"
        );
    }
    let money = json!([{ "type": "currency", "currency": { "fallback_value": "$\n1", "code": "USD", "amount_1000": 1 } }]);
    assert_eq!(code(&sandbox, body(money)), 132_018);
    // Named and positional.
    let named = json!({ "type": "text", "parameter_name": "name", "text": "Ada" });
    let positional = json!({ "type": "text", "text": "Ada" });
    assert_eq!(code(&sandbox, body(json!([named, named]))), 0);
    assert_eq!(code(&sandbox, body(json!([positional, positional]))), 0);
    assert_eq!(code(&sandbox, body(json!([named, positional]))), 100);
    let both =
        json!([{ "type": "header", "parameters": [positional] }, { "type": "body", "parameters": [named] }]);
    assert_eq!(code(&sandbox, template(both)), 100);
    // Buttons, in any case.
    let button = |sub_type: &str| {
        let text = json!([{ "type": "text", "text": "x" }]);
        template(json!([{ "type": "button", "sub_type": sub_type, "index": "0", "parameters": text }]))
    };
    for known in [
        "url",
        "QUICK_REPLY",
        "Copy_Code",
        "flow",
        "catalog",
        "mpm",
        "order_details",
        "reminder",
        "voice_call",
        "booking_confirmation",
    ] {
        assert_eq!(code(&sandbox, button(known)), 0, "{known}");
    }
    for other in ["otp", "phone_number", "", "URLS", "OTP"] {
        assert_ne!(code(&sandbox, button(other)), 0, "{other}");
    }
    // Components without values.
    for kind in ["footer", "FOOTER", "carousel"] {
        assert_eq!(code(&sandbox, template(json!([{ "type": kind, "parameters": text("x") }]))), 132_000);
    }
    assert!(sandbox.messages().len() < 20);
}

#[test]
fn on_premise_validates_template_values_with_its_own_codes() {
    let sandbox = Sandbox::start().unwrap();
    let send = |message: Value| {
        let mut message = message;
        message["to"] = json!(USER);
        let (status, answer) = call(&sandbox, "POST /v1/messages", &message);
        (status, answer["errors"][0]["code"].as_i64().unwrap_or_default())
    };
    let template = |name: &str, language: &str, texts: &[&str]| {
        let values: Vec<_> = texts.iter().map(|text| json!({ "type": "text", "text": text })).collect();
        json!({ "type": "template", "template": { "namespace": "n", "name": name, "language": { "policy": "deterministic", "code": language },
            "components": [{ "type": "body", "parameters": values }] } })
    };
    assert_eq!(send(template("any", "de", &["Ada"])), (201, 0));
    assert_eq!(send(template("any", "de", &["A\nda"])), (400, 2006));
    assert_eq!(send(template("any", "de", &[""])), (400, 1008));
    assert_eq!(send(template("hello_world", "en_US", &[])), (201, 0));
    assert_eq!(send(template("hello_world", "en_US", &["Ada"])), (400, 2000));
    assert_eq!(send(template("hello_world", "de", &[])), (404, 2001));
    let hsm = |text: &str| {
        json!({ "type": "hsm", "hsm": { "namespace": "n", "element_name": "any", "language": { "policy": "deterministic", "code": "en" },
            "localizable_params": [{ "default": text }] } })
    };
    assert_eq!(send(hsm("Ada")), (201, 0));
    assert_eq!(send(hsm("A     da")), (400, 2006));
}

#[test]
fn a_known_template_fixes_language_number_and_form_of_values() {
    let sandbox = Sandbox::start().unwrap();
    let send = |name: &str, language: &str, components: Value| {
        code(
            &sandbox,
            json!({ "type": "template", "template": { "name": name, "language": { "code": language }, "components": components } }),
        )
    };
    assert_eq!(send("hello_world", "en_US", json!([])), 0);
    assert_eq!(send("hello_world", "de", json!([])), 132_001);
    let one = json!([{ "type": "body", "parameters": [{ "type": "text", "text": "x" }] }]);
    assert_eq!(send("hello_world", "en_US", one.clone()), 132_000);
    let create = |template: Value| call(&sandbox, "POST /message_templates", &template);
    let order = json!({
        "name": "order", "language": "en", "category": "UTILITY",
        "components": [
            { "type": "HEADER", "format": "DOCUMENT" },
            { "type": "BODY", "text": "{{1}}, your order {{2}} is on its way. Thank you, {{1}}!" },
            { "type": "BUTTONS", "buttons": [
                { "type": "QUICK_REPLY", "text": "Stop" },
                { "type": "URL", "text": "Track", "url": "https://example.org/{{1}}" },
            ] },
        ],
    });
    assert_eq!(create(order).0, 200);
    let file = sandbox.store_media("application/pdf", *b"pdf");
    let header =
        json!({ "type": "header", "parameters": [{ "type": "document", "document": { "id": file } }] });
    let texts = |count: usize| {
        let values: Vec<_> = (0..count).map(|i| json!({ "type": "text", "text": format!("{i}") })).collect();
        json!({ "type": "body", "parameters": values })
    };
    let url = json!({ "type": "button", "sub_type": "url", "index": "1", "parameters": [{ "type": "text", "text": "7" }] });
    assert_eq!(send("order", "en", json!([header, texts(2), url])), 132_001, "not approved yet");
    assert!(sandbox.template_status("order", "APPROVED"));
    assert_eq!(send("order", "en", json!([header, texts(2), url])), 0);
    for count in [0, 1, 3] {
        assert_eq!(send("order", "en", json!([header, texts(count), url])), 132_000, "{count}");
    }
    assert_eq!(send("order", "en", json!([texts(2), url])), 132_012, "no header");
    assert_eq!(send("order", "en", json!([header, texts(2)])), 131_008, "no value for the button");
    assert_eq!(send("order", "en", json!([header, url])), 132_000);
    let quick = json!({ "type": "button", "sub_type": "quick_reply", "index": 0, "parameters": [{ "type": "payload", "payload": "p" }] });
    assert_eq!(send("order", "en", json!([header, texts(2), url, quick])), 0);
    // Named placeholders.
    let body = |format: &str, text: &str, name: &str| json!({ "name": name, "language": "en", "category": "UTILITY", "parameter_format": format, "components": [{ "type": "BODY", "text": text }] });
    let named = "Hello {{first_name}}, it is {{day}}";
    assert_eq!(create(body("named", named, "named")).0, 200);
    for (format, text) in [("POSITIONAL", named), ("NAMED", "Hello {{1}}"), ("SOMEHOW", "Hello")] {
        let (status, answer) = create(body(format, text, "other"));
        assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(100)), "{format} {text}");
    }
    let (_, listed) = call(&sandbox, "GET /message_templates?name=named", &Value::Null);
    assert_eq!(listed["data"][0]["parameter_format"], "NAMED");
    let (_, listed) = call(&sandbox, "GET /message_templates?name=hello_world", &Value::Null);
    assert_eq!(listed["data"][0]["parameter_format"], "POSITIONAL");
    assert!(sandbox.template_status("named", "APPROVED"));
    let values = |names: &[Option<&str>]| {
        let values: Vec<_> = names
            .iter()
            .map(|name| match name {
                Some(name) => json!({ "type": "text", "text": "x", "parameter_name": name }),
                None => json!({ "type": "text", "text": "x" }),
            })
            .collect();
        json!([{ "type": "body", "parameters": values }])
    };
    assert_eq!(send("named", "en", values(&[Some("day"), Some("first_name")])), 0);
    assert_eq!(send("named", "en", values(&[Some("day")])), 132_000);
    assert_eq!(send("named", "en", values(&[None, None])), 100);
    assert_eq!(send("named", "en", values(&[Some("day"), Some("week")])), 132_012);
    assert_eq!(send("named", "en", values(&[Some("day"), Some("day")])), 132_012);
    // An authentication template: the code is in the body and in the button.
    let code_template = json!({ "name": "code", "language": "en", "category": "AUTHENTICATION", "components": [
        { "type": "BODY", "add_security_recommendation": true }, { "type": "BUTTONS", "buttons": [{ "type": "OTP", "otp_type": "COPY_CODE" }] },
    ] });
    assert_eq!(create(code_template).0, 200);
    assert!(sandbox.template_status("code", "APPROVED"));
    let button = json!({ "type": "button", "sub_type": "url", "index": "0", "parameters": [{ "type": "text", "text": "123456" }] });
    assert_eq!(send("code", "en", json!([texts(1), button])), 0);
    assert_eq!(send("code", "en", json!([button])), 132_000);
    assert_eq!(send("code", "en", json!([texts(1)])), 131_008);
}

#[test]
fn direct_send_needs_no_window() {
    let sandbox = Sandbox::start().unwrap();
    let text = |more: Value| {
        let mut message = json!({ "type": "text", "text": { "body": "Your order 7 is on its way." } });
        more.as_object().unwrap().iter().for_each(|(name, value)| message[name] = value.clone());
        message
    };
    assert_eq!(code(&sandbox, text(json!({}))), 131_047);
    for (category, least, most) in [("utility", 30, 43_200), ("authentication", 30, 900)] {
        assert_eq!(code(&sandbox, text(json!({ "category": category }))), 0);
        for (ttl, expected) in [(least, 0), (most, 0), (least - 1, 100), (most + 1, 100), (-1, 100), (0, 100)]
        {
            let message = text(json!({ "category": category, "ttl_seconds": ttl }));
            assert_eq!(code(&sandbox, message), expected, "{category} {ttl}");
        }
    }
    assert_ne!(code(&sandbox, text(json!({ "category": "utility", "ttl_seconds": "soon" }))), 0);
    assert_eq!(code(&sandbox, text(json!({ "category": "marketing" }))), 100);
    assert_eq!(code(&sandbox, text(json!({ "ttl_seconds": 600 }))), 100, "it requires a category");
    let buttons = |kind: &str, action: Value| json!({ "type": "interactive", "category": "utility", "interactive": { "type": kind, "body": { "text": "Well?" }, "action": action } });
    let reply = json!({ "buttons": [{ "type": "reply", "reply": { "id": "yes", "title": "Yes" } }] });
    assert_eq!(code(&sandbox, buttons("button", reply)), 0);
    let location = json!({ "name": "send_location" });
    assert_eq!(code(&sandbox, buttons("location_request_message", location)), 100);
    let place =
        json!({ "type": "location", "location": { "latitude": 1, "longitude": 2 }, "category": "utility" });
    assert_eq!(code(&sandbox, place), 100);
    let template = json!({ "type": "template", "template": { "name": "hello_world", "language": { "code": "en_US" } }, "category": "utility" });
    assert_eq!(code(&sandbox, template), 100);
    // To a BSUID: not for authentication.
    for (category, expected) in [("utility", None), ("authentication", Some(131_062))] {
        let message = json!({ "messaging_product": "whatsapp", "recipient": "US.13491208655302741918", "type": "text", "text": { "body": "x" }, "category": category });
        let (_, answer) = call(&sandbox, "POST /messages", &message);
        assert_eq!(answer["error"]["code"].as_i64(), expected, "{answer}");
    }
    // Access may be blocked, and a blocked user stays blocked.
    sandbox.fail(Failure::code(139_200).on("POST", "/messages"));
    assert_eq!(code(&sandbox, text(json!({ "category": "utility" }))), 139_200);
    sandbox.block([USER]);
    assert_eq!(code(&sandbox, text(json!({ "category": "utility" }))), 130_403);
}

#[test]
fn direct_send_creates_templates_owned_by_meta() {
    let sandbox = Sandbox::start().unwrap();
    let (url, hooks) = receiver(false);
    sandbox.webhook(&url, &[]);
    let text = |body: &str| json!({ "type": "text", "text": { "body": body }, "category": "utility", "ttl_seconds": 60 });
    assert_eq!(code(&sandbox, text("One")), 0);
    assert_eq!(next(&hooks).value()["statuses"][0]["pricing"]["category"], "utility");
    assert_eq!(code(&sandbox, text("One")), 0);
    assert_eq!(code(&sandbox, text("Two")), 0);
    let (_, listed) = call(&sandbox, "GET /message_templates?source=AUTO_GENERATED", &Value::Null);
    let made = listed["data"].as_array().unwrap();
    assert_eq!(made.len(), 2, "{listed}");
    assert_eq!(call(&sandbox, "GET /message_templates", &Value::Null).1["data"].as_array().unwrap().len(), 3);
    let (name, id) = (made[0]["name"].as_str().unwrap(), made[0]["id"].as_str().unwrap());
    let (status, answer) = call(&sandbox, &format!("DELETE /message_templates?name={name}"), &Value::Null);
    assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(2_388_330)));
    let (status, answer) = call(&sandbox, &format!("POST /{id}"), &json!({ "category": "MARKETING" }));
    assert_eq!((status, answer["error"]["code"].as_i64()), (400, Some(2_388_318)));
    // A template of the account can be changed and is reviewed again.
    let (_, hello) = call(&sandbox, "GET /message_templates?name=hello_world", &Value::Null);
    let id = hello["data"][0]["id"].as_str().unwrap();
    let change = json!({ "components": [{ "type": "BODY", "text": "Welcome {{1}}" }] });
    assert_eq!(call(&sandbox, &format!("POST /{id}"), &change).0, 200);
    let (_, shown) = call(&sandbox, &format!("GET /{id}"), &Value::Null);
    assert_eq!((shown["status"].as_str(), &shown["components"]), (Some("PENDING"), &change["components"]));
}
