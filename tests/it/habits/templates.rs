//! Templates as people fill them in.
use super::{paths, wrong};
use d360::{
    model::{Message, MessageCategory, Template, template::TemplateComponent, webhook::Windows},
    onprem,
};
use serde_json::{Value, json};

fn template(components: Value) -> Value {
    json!({"to": "+16505551234", "type": "template",
        "template": {"name": "order", "language": {"code": "en_US"}, "components": components}})
}

fn text(text: &str) -> Value {
    json!({"type": "text", "text": text})
}

/// Texts from forms, spreadsheets and language models: Meta refuses line breaks.
#[test]
fn parameters_with_line_breaks_tabs_or_long_gaps_are_refused() {
    for (odd, said) in [
        ("a\nb", "\\n"),
        ("a\r\nb", "\\r"),
        ("a\tb", "\\t"),
        ("ends\n", "\\n"),
        ("a     b", "5 consecutive spaces"),
        ("a b      ", "6 consecutive spaces"),
        ("", "must not be blank"),
        ("  ", "must not be blank"),
    ] {
        for component in [
            json!({"type": "header", "parameters": [text(odd)]}),
            json!({"type": "body", "parameters": [text(odd)]}),
            json!({"type": "BODY", "parameters": [text(odd)]}),
            json!({"type": "button", "sub_type": "url", "index": "0", "parameters": [text(odd)]}),
        ] {
            let body = template(json!([{"type": "body", "parameters": [text("fine    so far")]}, component]));
            let invalid = Message::from_json(body.to_string().as_bytes()).unwrap_err();
            assert_eq!(paths(invalid.findings()), ["template.components[1].parameters[0].text"], "{odd:?}");
            assert!(invalid.to_string().contains(said), "{odd:?}: {invalid}");
        }
        let card = json!({"card_index": 0, "components": [{"type": "body", "parameters": [text(odd)]}]});
        let place = "template.components[0].cards[0].components[0].parameters[0].text";
        assert_eq!(wrong(&template(json!([{"type": "carousel", "cards": [card]}]))), [place]);
        let money =
            json!({"type": "currency", "currency": {"fallback_value": odd, "code": "EUR", "amount_1000": 1}});
        let time = json!({"type": "date_time", "date_time": {"fallback_value": odd}});
        assert_eq!(
            wrong(&template(json!([{"type": "body", "parameters": [money, time]}]))),
            [
                "template.components[0].parameters[0].currency.fallback_value",
                "template.components[0].parameters[1].date_time.fallback_value",
            ]
        );
        let built = Template::new("order", "en_US").component(TemplateComponent::body().parameter(odd));
        assert!(Message::template("+16505551234", built).validate().refuses(false), "{odd:?}");
        // On-Premise had the same rule (2006).
        let mut body = onprem::template::TemplateComponent::default();
        body = body.parameter(odd);
        body.kind = "body".into();
        let old = onprem::Template::new("ns", "order", "en_US").component(body);
        assert!(onprem::Message::template("+16505551234", old).validate().refuses(false), "{odd:?}");
    }
}

#[test]
fn placeholders_are_named_or_numbered_but_not_mixed() {
    let named = |name: &str| json!({"type": "text", "parameter_name": name, "text": "x"});
    let parts = |header: Vec<Value>, body: Vec<Value>| {
        let image = json!({"type": "image", "image": {"id": "1"}});
        let header = if header.is_empty() { vec![image] } else { header };
        wrong(&template(
            json!([{"type": "header", "parameters": header}, {"type": "body", "parameters": body}]),
        ))
    };
    let place = |component: usize, parameter: usize| {
        format!("template.components[{component}].parameters[{parameter}].parameter_name")
    };
    assert_eq!(parts(vec![], vec![named("a"), named("b")]), [""; 0]);
    assert_eq!(parts(vec![], vec![text("x"), text("y")]), [""; 0]);
    assert_eq!(parts(vec![], vec![named("a"), text("x"), named("b")]), [place(1, 1)]);
    assert_eq!(parts(vec![], vec![text("x"), named("a")]), [place(1, 1)]);
    assert_eq!(parts(vec![text("x")], vec![named("a")]), [place(1, 0)], "all placeholders are of one kind");
    assert_eq!(parts(vec![named("a")], vec![named("b"), named("b")]), [place(1, 1)]);
    assert_eq!(parts(vec![], vec![named("")]), [place(1, 0)]);
    // Buttons have no names.
    let url = json!({"type": "button", "sub_type": "url", "index": "0", "parameters": [text("7")]});
    assert_eq!(wrong(&template(json!([{"type": "body", "parameters": [named("a")]}, url]))), [""; 0]);
}

#[test]
fn a_button_is_of_a_type_that_meta_lists() {
    let button = |kind: &str| wrong(&template(json!([{"type": "button", "sub_type": kind, "index": 0}])));
    for known in [
        "BOOKING_CONFIRMATION",
        "CATALOG",
        "COPY_CODE",
        "FLOW",
        "MPM",
        "ORDER_DETAILS",
        "QUICK_REPLY",
        "REMINDER",
        "URL",
        "VOICE_CALL",
    ] {
        for kind in
            [known.to_owned(), known.to_lowercase(), format!("{}{}", &known[..1], known[1..].to_lowercase())]
        {
            assert_eq!(button(&kind), [""; 0], "{kind}");
        }
    }
    for unknown in ["", "QUICKREPLY", "quick-reply", "phone_number", "spm", "otp", " url"] {
        assert_eq!(button(unknown), ["template.components[0].sub_type"], "{unknown}");
    }
    // Component types are case-insensitive too.
    assert_eq!(
        wrong(&template(json!([{"type": "BUTTON"}]))),
        ["template.components[0].sub_type", "template.components[0].index"]
    );
}

#[test]
fn components_without_placeholders_get_no_parameters() {
    let card = json!({"card_index": 0, "components": [{"type": "body", "parameters": [text("x")]}]});
    for component in [
        json!({"type": "footer", "parameters": [text("x")]}),
        json!({"type": "FOOTER", "parameters": [text("x")]}),
        json!({"type": "carousel", "parameters": [text("x")], "cards": [card]}),
    ] {
        assert_eq!(
            wrong(&template(json!([component]))),
            ["template.components[0].parameters"],
            "{component}"
        );
    }
}

/// Direct Send (beta): a text sent without a template of the account.
#[test]
fn direct_send_has_its_limits_and_needs_no_window() {
    let to = || "+16505551234";
    let message =
        Message::text(to(), "Your order is on its way").category(MessageCategory::Utility).ttl_seconds(600);
    let body = serde_json::to_value(&message).unwrap();
    assert_eq!((&body["category"], &body["ttl_seconds"]), (&json!("utility"), &json!(600)));
    let (read, found) = Message::from_json(body.to_string().as_bytes()).unwrap();
    assert!(read == message && found.is_empty(), "{found:?}");
    let send = |category: Value, ttl: Value| {
        wrong(
            &json!({"to": "+16505551234", "type": "text", "text": {"body": "x"}, "category": category, "ttl_seconds": ttl}),
        )
    };
    for (category, most) in [("utility", 43_200), ("authentication", 900), ("UTILITY", 43_200)] {
        for good in [json!(30), json!(most), Value::Null] {
            assert_eq!(send(json!(category), good), [""; 0]);
        }
        for bad in [
            json!(29),
            json!(0),
            json!(most + 1),
            json!(-1),
            json!(30.5),
            json!("600"),
            json!(5_000_000_000_u64),
        ] {
            assert_eq!(send(json!(category), bad.clone()), ["ttl_seconds"], "{category} {bad}");
        }
    }
    assert_eq!(send(json!("marketing"), Value::Null), ["category"]);
    assert_eq!(send(Value::Null, json!(600)), ["ttl_seconds"], "only for Direct Send");
    // The user has not written: a text has to wait, Direct Send and a template do not.
    let windows = Windows::default();
    assert!(!windows.allows(&Message::text(to(), "x"), 0));
    assert!(windows.allows(&message, 0));
    assert!(windows.allows(&Message::template(to(), Template::new("order", "en_US")), 0));
}
