//! Phone numbers and IDs as people write them.
use crate::{rig::everywhere, server::answer};
use d360::{
    cloud::messages::{MarkMessageRead, SendMessage},
    model::{Image, InvalidId, MediaSource, Message, PhoneNumber, Reaction, Recipient, WaId, block::User},
};
use serde_json::json;

/// A database column without `+`: the API would prepend the business's own country code.
#[test]
fn a_number_without_plus_is_refused_with_two_suggestions() {
    for bare in ["16505551234", "1 (650) 555-1234", "06505551234", " 16505551234\n"] {
        let error = bare.parse::<Recipient>().unwrap_err();
        assert_eq!(error, InvalidId::NoCountryCode);
        let text = error.to_string();
        assert!(text.starts_with("invalid phone number: ") && text.contains("write +"), "{text}");
        assert!(text.contains("national:NUMBER"), "{text}");
        // A number built without parsing is reported before it is sent.
        let number = PhoneNumber::new(bare.trim());
        assert!(Message::text(number.clone(), "x").validate().refuses(false), "{bare}");
        assert!(User::from(number).problem().is_some());
    }
    // For blocking, digits alone are the WhatsApp ID of lists and webhooks. Other forms need a country code.
    assert_eq!("16505551234".parse(), Ok(User::WaId("16505551234".into())));
    for bare in ["1 (650) 555-1234", "06505551234", "0650 555 1234"] {
        assert_eq!(bare.parse::<User>().unwrap_err(), InvalidId::NoCountryCode);
    }
    let national: Recipient = "national:0650 555 1234".parse().unwrap();
    assert_eq!(national, Recipient::national("0650 555 1234"));
    let found = Message::text(national.clone(), "x").validate();
    assert!(!found.refuses(false) && found.refuses(true), "advice only");
    let sent = serde_json::to_value(Message::text(national.clone(), "x")).unwrap();
    assert_eq!(sent["to"], "0650 555 1234");
    assert!(User::try_from(national).is_err(), "another user might be blocked");
    // A WhatsApp ID is accepted unchanged.
    let id: Recipient = WaId::new("16505551234").into();
    assert_eq!("16505551234@s.whatsapp.net".parse(), Ok(id.clone()));
    assert_eq!(serde_json::to_value(Message::text(id, "x")).unwrap()["to"], "+16505551234");
}

#[test]
fn two_zeros_become_a_plus() {
    for (written, sent) in [
        ("0016505551234", "+16505551234"),
        ("00 1 650-555-1234", "+1 650-555-1234"),
        (" 0049 30 1234567 ", "+49 30 1234567"),
    ] {
        assert_eq!(written.parse(), Ok(Recipient::Phone(sent.into())));
        assert_eq!(written.parse(), Ok(User::Phone(sent.into())));
        let body = json!({"to": written, "type": "text", "text": {"body": "x"}});
        let (message, found) = Message::from_json(body.to_string().as_bytes()).unwrap();
        assert_eq!(message.to, Recipient::Phone(sent.into()));
        assert!(found.advice().any(|finding| finding.path == "to"), "{found:?}");
    }
}

#[test]
fn no_country_code_begins_with_zero() {
    for odd in ["+0016505551234", "+06505551234", "+ 0 650 555 1234", "+(0)1650 555 1234", "06505551234@c.us"]
    {
        let error = odd.parse::<Recipient>().unwrap_err().to_string();
        assert!(error.contains("begins with 0"), "{odd}: {error}");
        assert!(odd.parse::<User>().is_err());
        let body = json!({"to": odd, "type": "text", "text": {"body": "x"}});
        assert!(Message::from_json(body.to_string().as_bytes()).is_err(), "{odd}");
    }
    let number = || PhoneNumber::new("0016505551234");
    assert_eq!(Recipient::from(number()).as_str(), "+16505551234");
    assert_eq!(User::from(number()).as_str(), "+16505551234");
}

/// A whole body contains `to` as the API expects it: a bare number is sent unchanged, with advice.
#[test]
fn a_bare_number_in_a_body_gets_advice() {
    let body = json!({"to": "16505551234", "type": "text", "text": {"body": "x"}});
    let (message, found) = Message::from_json(body.to_string().as_bytes()).unwrap();
    assert_eq!(message.to, Recipient::national("16505551234"));
    assert!(found.advice().any(|finding| finding.message.contains("country code")));
}

/// A line of a file with its line end, a spreadsheet cell with no-break spaces, a text copied from a chat.
#[test]
fn white_space_and_invisible_characters_are_not_sent_with_a_number() {
    let odd = [
        '\n', '\r', '\t', '\u{b}', '\u{c}', '\0', '\u{7f}', '\u{85}', '\u{a0}', '\u{1680}', '\u{2003}',
        '\u{2007}', '\u{200b}', '\u{200e}', '\u{2028}', '\u{2029}', '\u{202a}', '\u{202c}', '\u{202f}',
        '\u{205f}', '\u{2060}', '\u{2066}', '\u{3000}', '\u{feff}', '\u{ff0b}',
    ];
    for c in odd {
        for number in [format!("+16505551234{c}"), format!("{c}+16505551234"), format!("+1650{c}5551234")] {
            let recipient = Recipient::from(PhoneNumber::new(&*number));
            for run in everywhere(&[answer(200, "{}")], |client| {
                client.call(SendMessage::new(Message::text(recipient.clone(), "x")))
            }) {
                assert!(run.result.unwrap_err().invalid().is_some() && run.seen.is_empty(), "{number:?}");
            }
            assert!(User::from(PhoneNumber::new(&*number)).problem().is_some(), "{number:?}");
        }
        // Surrounding white space is removed when text is parsed.
        let line = format!("+16505551234{c}");
        if let Ok(read) = line.parse::<Recipient>() {
            assert_eq!(read.as_str(), "+16505551234", "{c:?}");
        }
    }
    assert!(
        Recipient::from(PhoneNumber::new(" +1 (650) 555-1234 ")).problem().is_none(),
        "plain spaces are documented"
    );
}

/// An ID from a file, with its line end.
#[test]
fn an_id_has_no_white_space() {
    let to = || "+16505551234".parse::<Recipient>().unwrap();
    for odd in ["\n", " ", "\u{a0}", "\u{3000}", "\0"] {
        let id = format!("wamid.HBgL{odd}");
        let replying = Message::text(to(), "x").reply_to(&*id);
        let reacting = Message::reaction(to(), Reaction::new(&*id, "\u{1f44d}"));
        let image = Message::image(to(), Image::id(id.as_str()));
        for message in [replying, reacting, image] {
            assert!(message.validate().refuses(false), "{odd:?}: {message:?}");
        }
        for run in everywhere(&[answer(200, "{}")], |client| client.call(MarkMessageRead::new(&*id))) {
            assert!(run.result.unwrap_err().invalid().is_some(), "{odd:?}");
        }
    }
}

#[test]
fn url_schemes_are_case_insensitive() {
    let to = || "+16505551234".parse::<Recipient>().unwrap();
    for link in ["HTTPS://x.example/a.png", "Https://x.example/a.png", "HTTP://x.example/a.png"] {
        let image = Image::link(link);
        assert!(matches!(&image.source, MediaSource::Link(kept) if kept == link));
        let found = Message::image(to(), image).validate();
        assert!(found.is_empty(), "{link}: {found:?}");
        let button = d360::model::Interactive::cta_url("Look", "Open", link);
        assert!(Message::interactive(to(), button).validate().is_empty(), "{link}");
    }
    assert!(d360::model::WebhookConfig::new("HTTPS://x.example/hook").validate().is_empty());
    assert!(d360::model::WebhookConfig::new("HTTP://x.example/hook").validate().refuses(false));
    assert!(!d360::model::WebhookConfig::new("HTTP://LocalHost:8080/hook").validate().refuses(false));
}

#[test]
fn errors_of_parse_name_their_subject() {
    use d360::{
        cloud::graph::GraphVersion,
        model::{Birthday, Latitude, Longitude},
    };
    let subject = |text: String| text.split(": ").next().unwrap_or_default().to_owned();
    for (said, expected) in [
        ("".parse::<Recipient>().unwrap_err().to_string(), "invalid recipient"),
        ("+1650555123x".parse::<Recipient>().unwrap_err().to_string(), "invalid phone number"),
        ("US.".parse::<Recipient>().unwrap_err().to_string(), "invalid BSUID"),
        ("group:a b".parse::<Recipient>().unwrap_err().to_string(), "invalid group ID"),
        ("+1@c.us".parse::<Recipient>().unwrap_err().to_string(), "invalid WhatsApp ID"),
        ("group:abc".parse::<User>().unwrap_err().to_string(), "invalid user"),
        ("north".parse::<Latitude>().unwrap_err().to_string(), "invalid latitude"),
        ("181".parse::<Longitude>().unwrap_err().to_string(), "invalid longitude"),
        ("2023-02-30".parse::<Birthday>().unwrap_err().to_string(), "invalid date"),
        ("25".parse::<GraphVersion>().unwrap_err().to_string(), "invalid Graph version"),
    ] {
        assert_eq!(subject(said), expected);
    }
}
