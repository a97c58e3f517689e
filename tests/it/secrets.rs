//! No output contains a key, and no message contains a full number.
use crate::{
    rig::{KEY, config, everywhere},
    server::answer,
};
use d360::{
    ApiKey, cloud,
    cloud::messages::SendMessage,
    model::{Contact, Message, Name, Phone, Recipient, SendResponse, block::User, error::ApiError},
    transport::{Connection, HttpRequest, HyperTransport, Proxy, ReqwestTransport, UreqTransport},
};

/// The digits of the number in every value below.
const NUMBER: &str = "16505550123";

fn hidden(what: &str, text: &str) {
    let digits: String = text.chars().filter(char::is_ascii_digit).collect();
    assert!(!digits.contains(NUMBER), "{what} shows a number: {text}");
    assert!(!text.contains(KEY), "{what} shows the key: {text}");
}

#[test]
fn debug_and_display_show_no_key_and_no_number() {
    let to: Recipient = format!("+{NUMBER}").parse().unwrap();
    let card =
        Contact::new(Name::new("A").first_name("A")).phone(Phone::new(format!("+{NUMBER}")).wa_id(NUMBER));
    let message = Message::contacts(to.clone(), [card]);
    let client = cloud::blocking::Client::new(config("http://localhost:1")).unwrap();
    let request: HttpRequest = client.request(&SendMessage::new(message.clone())).unwrap();
    let sent: SendResponse = serde_json::from_str(&format!(
        r#"{{"contacts":[{{"input":"+{NUMBER}","wa_id":"{NUMBER}"}}],"messages":[]}}"#
    ))
    .unwrap();
    let spread = [
        "+1\u{a0}650\u{a0}555\u{a0}0123",
        "+1 650\u{2011}555\u{2011}0123",
        "+1   650   555   0123",
        "1_650_555_0123",
    ];
    for number in spread {
        let phone = Phone::new(number);
        hidden("Phone", &format!("{phone:?} {:?}", d360::model::PhoneNumber::new(number)));
        hidden("mask", &d360::model::mask(number));
    }
    let everywhere = Contact::new(Name::new(format!("+{NUMBER}")).first_name(NUMBER))
        .url(d360::model::Url::new(format!("https://wa.me/{NUMBER}")))
        .email(d360::model::Email::new(format!("{NUMBER}@example.org")));
    let message_of_all =
        Message::contacts(to.clone(), [everywhere]).biz_opaque_callback_data(format!("for {NUMBER}"));
    hidden("Message with numbers in every text", &format!("{message_of_all:?} {message_of_all:#?}"));
    hidden("Text", &format!("{:?}", Message::text(to.clone(), format!("call {NUMBER}"))));
    hidden(
        "On-Premise",
        &format!("{:?}", d360::onprem::Message::contacts(to.clone(), [Contact::new(Name::new(NUMBER))])),
    );
    let odd: SendResponse =
        serde_json::from_str(&format!(r#"{{"messages":[{{"id":"x"}}],"new":"{NUMBER}"}}"#)).unwrap();
    hidden("unknown properties", &format!("{odd:?}"));
    let kind = format!(r#"{{"to":"+{NUMBER}","type":"{NUMBER}","recipient_type":"{NUMBER}","{NUMBER}":1}}"#);
    hidden("Invalid", &format!("{:?}", Message::from_json(kind.as_bytes()).unwrap_err()));
    let user: User = format!("+{NUMBER}").parse().unwrap();
    let body = format!(
        r#"{{"error":{{"message":"no {NUMBER}","code":1,"error_data":{{"details":"+1 (650) 555-0123"}}}}}}"#
    );
    let api = ApiError::read(400, body.as_bytes());
    hidden("Recipient", &format!("{to:?}"));
    hidden("Message", &format!("{message:?} {message:#?}"));
    hidden("SendMessage", &format!("{:?}", SendMessage::new(message)));
    hidden("Client", &format!("{client:?}"));
    hidden("HttpRequest", &format!("{request:?} {:?}", request.headers));
    hidden("SendResponse", &format!("{sent:?}"));
    hidden("User", &format!("{user:?}"));
    hidden("ApiError", &format!("{api:?} {api}"));
    hidden("Config", &format!("{:?}", config("http://localhost:1")));
    hidden("ApiKey", &format!("{:?}", ApiKey::new(KEY).unwrap()));
    let proxy = Proxy::Url(format!("http://me:{KEY}@proxy.example"));
    hidden("Connection", &format!("{:?}", Connection::new().proxy(proxy.clone())));
    let malformed = Connection::new().proxy(Proxy::Url(format!("::{KEY}")));
    for error in [
        ReqwestTransport::new(&malformed).unwrap_err(),
        HyperTransport::new(&malformed).unwrap_err(),
        UreqTransport::new(&malformed).unwrap_err(),
    ] {
        hidden("SetupError", &format!("{error:?} {error}"));
    }
    let transport = HyperTransport::new(&Connection::new().proxy(proxy)).unwrap();
    hidden("HyperTransport", &format!("{transport:?}"));
}

#[test]
fn errors_show_no_key_and_no_number() {
    let body = format!(r#"{{"error":{{"message":"Recipient +{NUMBER} not allowed","code":131030}}}}"#);
    let message = || SendMessage::new(Message::text(format!("+{NUMBER}"), "x"));
    for act in [
        answer(400, &body),
        answer(200, format!(r#"{{"messages":"{NUMBER}"}}"#)),
        answer(403, format!("no {NUMBER}")),
    ] {
        for run in everywhere(&[act], |client| client.call(message())) {
            let error = run.result.unwrap_err();
            hidden(run.who, &format!("{error} {error:?} {}", error.hint()));
        }
    }
    for bad in [format!("+{NUMBER}x"), format!("{NUMBER}{NUMBER}")] {
        let error = bad.parse::<Recipient>().unwrap_err();
        hidden("InvalidId", &format!("{error} {error:?}"));
    }
}

#[test]
fn keys_that_could_break_a_header_are_refused() {
    for bad in ["", "  ", "a\r\nx: y", "a\nb", "a\0b", "schlüssel", "a b"] {
        assert!(ApiKey::new(bad).is_err(), "{bad:?}");
    }
    assert!(ApiKey::new(" key \n").is_ok(), "surrounding white space is removed");
}

/// A public type that holds text and derives `Debug` must be listed here, with the reason why it shows no number.
#[test]
fn no_type_that_holds_text_derives_debug() {
    const ALLOWED: [(&str, &str); 35] = [
        ("PhoneNumberId", "Meta's ID of a number, not the number"),
        ("BlockRequest", "users mask themselves"),
        ("Cursors", "opaque"),
        ("CodeInfo", "a static table"),
        ("InvalidId", "names one character at most"),
        ("SendResponse", "its parts mask themselves"),
        ("EventKind", "its parts mask themselves; a reason is masked"),
        ("NotAWebhook", "the position of a JSON error, without the text"),
        ("Reader", "paths"),
        ("Object", "part of the reader, which shows no number"),
        ("CheckContacts", "numbers mask themselves"),
        ("Identity", "a hash and a time"),
        ("AcknowledgeIdentity", "a hash; the user masks itself"),
        ("ListChannels", "names of properties"),
        ("ChannelInfo", "IDs of 360dialog; the rest masks itself"),
        ("Config", "a URL; the key masks itself"),
        ("BuildError", "fixed texts"),
        ("SetupError", "a CA file's problem"),
        ("InvalidHost", "a URL, without the part before an @"),
        ("VcardError", "the beginning of a line, masked"),
        ("Received", "events mask themselves"),
        ("InvalidCoordinate", "fixed texts"),
        ("Meta", "a static table"),
        ("Health", "an ID of Meta; its parts mask themselves"),
        ("MediaType", "a static table"),
        ("Media", "a host name"),
        ("InvalidPathId", "fixed texts"),
        ("Receiver", "settings; its secrets mask themselves"),
        ("Ttl", "a duration"),
        ("OldCall", "a static table"),
        ("Country", "a static table"),
        ("StartError", "a path, an address, and the reason"),
        ("InvalidConfig", "names of properties and numbers, and fixed texts"),
        ("Problem", "names of keys, masked, and fixed texts"),
        ("ConfigKey", "a static table"),
    ];
    let crates = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates");
    let mut folders = vec![crates];
    let mut found = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // Types of the program and of the sandbox are not printed by libraries.
            if path.is_dir() && !path.ends_with("d360-sandbox") && !path.ends_with("d360-cli") {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.extend(with_text(&std::fs::read_to_string(&path).unwrap()));
            }
        }
    }
    let told = |name: &String| ALLOWED.iter().any(|(allowed, _)| allowed == name);
    let wrong: Vec<_> = found.iter().filter(|name| !told(name)).collect();
    assert!(found.len() > 10 && wrong.is_empty(), "these show text in Debug: {wrong:?}");
}

/// Returns the public types of a file that derive `Debug` and hold text, as rustfmt formats them.
fn with_text(file: &str) -> Vec<String> {
    const TEXT: [&str; 8] =
        ["String", "Value", "Map<", "Bytes", "Vec<u8>", "&'static str", "&'a str", "&'v str"];
    let lines: Vec<&str> = file.lines().collect();
    let derived =
        lines.iter().enumerate().filter(|(_, line)| line.starts_with("#[derive(") && line.contains("Debug"));
    let mut found = Vec::new();
    for (at, _) in derived {
        let Some(start) = (at..lines.len()).find(|i| !lines[*i].starts_with(['#', '/'])) else { continue };
        let Some(head) = lines[start].strip_prefix("pub struct ").or(lines[start].strip_prefix("pub enum "))
        else {
            continue;
        };
        let end = if head.ends_with(';') {
            start
        } else {
            (start..lines.len()).find(|i| lines[*i] == "}").unwrap()
        };
        let code = lines[start..=end].iter().filter(|line| !line.trim_start().starts_with(['/', '#']));
        if code.into_iter().any(|line| TEXT.iter().any(|text| line.contains(text))) {
            let name = head.split(|c: char| !c.is_alphanumeric()).next().unwrap();
            found.push(name.to_owned());
        }
    }
    found
}
