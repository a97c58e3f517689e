//! Real-world input at the command line. `tests/it/habits` covers the library.
use crate::{Folder, command, d360, finish, with};
use d360_sandbox::Sandbox;
use serde_json::json;

#[test]
fn a_number_without_plus_is_refused_everywhere() {
    let folder = Folder::new();
    let card = folder.file("card.json", r#"{"name":{"formatted_name":"A","first_name":"A"}}"#);
    let raw = folder.file("m.json", r#"{"to":"16505551234","type":"text","text":{"body":"x"}}"#);
    let users = folder.file("users", "+14155559876\n16505551234\n");
    for args in [
        &["send", "text", "--to", "16505551234", "Hi"][..],
        &["send", "location", "--to", "1 650 555 1234", "--latitude", "1", "--longitude", "1"],
        &["send", "contacts", "--to", "06505551234", "--card", &card],
        &["send", "template", "--to", "16505551234", "hello"],
        &["send", "text", "--api", "graph", "--phone-number-id", "1", "--to", "16505551234", "Hi"],
        &["send", "raw", &raw],
        &["block", "add", "16505551234"],
        &["block", "add", "--file", &users],
        &["block", "remove", "0650 555 1234"],
    ] {
        for dry in [&[][..], &["--dry-run"]] {
            if args[0] == "block" && !dry.is_empty() {
                continue;
            }
            let ran = d360(&[args, dry].concat());
            assert_eq!(ran.code, 3, "{args:?}: {}{}", ran.out, ran.err);
            assert!(ran.err.replace("  ", "").contains("write + and country code"), "{args:?}: {}", ran.err);
            let other_way = match args[..2] {
                ["send", "raw"] => "--unchecked",
                ["block", _] => "WhatsApp ID",
                _ => "national:NUMBER",
            };
            assert!(
                ran.err.contains(other_way) && !ran.err.contains("16505551234 "),
                "{args:?}: {}",
                ran.err
            );
        }
    }
    let to = |to: &str, flags: &[&str]| {
        let ran =
            d360(&[&["send", "text", "--to", to, "Hi", "--dry-run", "--output", "json"], flags].concat());
        (ran.code, ran.json()["body"]["to"].clone())
    };
    assert_eq!(to("0016505551234", &[]), (0, json!("+16505551234")));
    assert_eq!(to("16505551234@s.whatsapp.net", &[]), (0, json!("+16505551234")));
    assert_eq!(to("national:0650 555 1234", &[]), (0, json!("0650 555 1234")));
    assert_eq!(
        to("16505551234", &["--api", "onprem"]),
        (0, json!("16505551234")),
        "On-Premise accepts a WhatsApp ID"
    );
    assert_eq!(d360(&["send", "raw", &raw, "--unchecked", "--dry-run"]).code, 0);
}

/// What `block list` prints can be unblocked.
#[test]
fn printed_blocked_users_can_be_unblocked() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    assert_eq!(with(&sandbox, false, &["block", "add", "+16505551234"]).code, 0);
    let list = with(&sandbox, false, &["block", "list"]).out;
    let folder = Folder::new();
    assert_eq!(with(&sandbox, false, &["block", "remove", "--file", &folder.file("list", &list)]).code, 0);
    assert_eq!(with(&sandbox, false, &["block", "list"]).out, "");
}

/// Names and texts from outside may reverse the rest of a line.
#[test]
fn bidirectional_control_characters_are_escaped() {
    let odd = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{2028}',
        '\u{9b}', '\u{1b}',
    ];
    let clean = |text: &str| !text.chars().any(|c| odd.contains(&c));
    let folder = Folder::new();
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    for c in odd {
        let said = format!("qq{c}zz");
        // From a server.
        let body = json!({"error": {"code": 131_009, "message": said, "error_data": {"details": said},
            "error_user_title": said, "error_user_msg": said}});
        sandbox.fail(d360_sandbox::Failure::http(400).body(body.to_string()));
        let ran = with(&sandbox, false, &["send", "text", "--to", "+16505551234", "Hi"]);
        assert!(ran.code == 4 && clean(&ran.err) && ran.err.contains(r"qq\u{"), "{c:?}: {}", ran.err);
        // From a webhook, with JSON escapes, so that programs get the original text.
        let hook =
            json!({"messages": [{"id": "x", "from": "16505551234", "type": "text", "text": {"body": said}}]});
        let ran = d360(&["webhook", "parse", &folder.file("w.json", hook.to_string())]);
        assert!(clean(&ran.out), "{c:?}: {}", ran.out);
        assert_eq!(ran.json()["raw"]["text"]["body"], said);
        // From a card and from a file.
        let vcard = format!("BEGIN:VCARD\nVERSION:3.0\nFN:{said}\nNOTE:{said}\nEND:VCARD\n");
        let ran = d360(&["vcard", "to-contacts", &folder.file("c.vcf", vcard)]);
        assert!(clean(&ran.out) && clean(&ran.err), "{c:?}: {}{}", ran.out, ran.err);
        let text = ["send", "text", "--to", "+16505551234", &said, "--dry-run"];
        let ran = d360(&text);
        assert!(ran.code == 0 && clean(&ran.out), "{c:?}: {}", ran.out);
        let sent: serde_json::Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
        assert_eq!(sent["text"]["body"], said);
        let ran = d360(&["errors", &said]);
        assert!(ran.code == 3 && clean(&ran.err), "{c:?}: {}", ran.err);
        let mut wrong = command(&["send", "nothing"]);
        wrong.arg(&said);
        assert!(clean(&finish(wrong).err), "{c:?}");
    }
}

/// In a third of Meta's error bodies, only the text for the app's user explains the error.
#[test]
fn error_user_texts_are_shown() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let body = json!({"error": {"message": "Invalid parameter", "type": "OAuthException", "code": 100,
        "error_user_title": "Name is taken", "error_user_msg": "Choose another name, or call +16505551234"}});
    let refuse = || sandbox.fail(d360_sandbox::Failure::http(400).body(body.to_string()));
    let send = ["send", "text", "--to", "+16505551234", "Hi"];
    refuse();
    let ran = with(&sandbox, false, &send);
    assert_eq!(ran.code, 4);
    assert!(ran.err.contains("Invalid parameter; Name is taken: Choose another name"), "{}", ran.err);
    assert!(!ran.err.contains("details"), "the error has no details: {}", ran.err);
    // Together with details.
    let both = json!({"error": {"message": "m", "code": 131_009, "error_data": {"details": "why"}, "error_user_msg": "Choose"}});
    sandbox.fail(d360_sandbox::Failure::http(400).body(both.to_string()));
    let ran = with(&sandbox, false, &send);
    assert!(ran.err.contains("m (why)") && ran.err.contains("\n  Choose\n"), "{}", ran.err);
    refuse();
    let error = with(&sandbox, false, &[&send[..], &["--output", "json"]].concat()).json()["error"].clone();
    assert_eq!(error["user_title"], "Name is taken");
    assert_eq!(error["user_message"], "Choose another name, or call +•••••••••34");
    assert!(!error["hint"].as_str().unwrap().contains("details"), "{error}");
}

#[test]
fn no_hint_mentions_missing_details() {
    let codes = d360(&["errors", "--output", "json"]).json();
    for code in codes["codes"].as_array().unwrap() {
        let what = code["what_to_do"].as_str().unwrap();
        assert!(!what.contains("details"), "{code}");
    }
}

#[test]
fn codes_are_found_by_common_terms() {
    for (words, codes) in [
        (&["window"][..], &["131047", "470"][..]),
        (&["24 hours"], &["131047"]),
        (&["template window"], &["131047"]),
        (&["Direct Send"], &["139200", "2388330", "2388318"]),
        (&["unblock"], &["130403"]),
        (&["WhatsApp Manager"], &["368", "131048"]),
    ] {
        let ran = d360(&[&["errors"], words].concat());
        assert_eq!(ran.code, 0, "{words:?}: {}", ran.err);
        for code in codes {
            assert!(ran.out.contains(code), "{words:?}: {code}: {}", ran.out);
        }
    }
    for code in ["2388330", "#2388330", "139200", "2388318"] {
        assert!(d360(&["errors", code]).out.contains("Direct Send"), "{code}");
    }
    let ran = d360(&["errors", "2388039"]);
    assert!(ran.code == 3 && ran.err.contains("2388039") && !ran.err.contains('•'), "{}", ran.err);
    let ran = d360(&["errors", "16505551234"]);
    assert!(ran.code == 3 && !ran.err.contains("16505551234"), "{}", ran.err);
}

#[test]
fn nothing_was_sent_is_printed_only_by_sending_commands() {
    let folder = Folder::new();
    let bad = folder.file("m.json", "{}");
    let said = "nothing was sent";
    for args in [
        &["send", "raw", &bad][..],
        &["send", "text", "--to", "x", "Hi"],
        &["block", "add", "x"],
        &["migrate", "blocklist", "import", &bad],
    ] {
        let ran = d360(args);
        assert!(ran.code == 3 && ran.err.contains(said), "{args:?}: {} {}", ran.code, ran.err);
        let ran = d360(&[args, &["--output", "json"]].concat());
        assert!(ran.json()["error"]["message"].as_str().unwrap().contains(said), "{args:?}: {}", ran.out);
    }
    for args in [
        &["vcard", "to-contacts", &bad][..],
        &["vcard", "from-contacts", &bad],
        &["errors", "no such thing"],
        &["webhook", "parse", "/no/such/file"],
        &["send", "raw", &bad, "--dry-run"],
        &["send", "text", "--to", "x", "Hi", "--dry-run"],
        &["migrate", "translate", "/no/such/file"],
    ] {
        let ran = d360(args);
        assert!(ran.code == 3 && !ran.err.contains(said), "{args:?}: {} {}", ran.code, ran.err);
        let ran = d360(&[args, &["--output", "json"]].concat());
        assert!(!ran.out.contains(said), "{args:?}: {}", ran.out);
    }
}

/// A variable that is set is not reported as missing.
#[test]
fn usage_names_only_missing_values() {
    for args in [
        &["send", "text"][..],
        &["block", "add"],
        &["send", "contacts", "--to", "x"],
        &["send", "raw", "--nope"],
    ] {
        let mut set = command(args);
        set.env("D360_BASE_URL", "http://127.0.0.1:1");
        let (set, unset) = (finish(set), d360(args));
        assert_eq!((set.code, &set.err), (2, &unset.err), "{args:?}");
        assert!(!set.err.contains("--base-url"), "{args:?}: {}", set.err);
    }
    // It still takes effect.
    let run = |url: &str| {
        let mut command = command(&["block", "list"]);
        command.env("D360_BASE_URL", url).env("D360_API_KEY", "k");
        finish(command)
    };
    assert!(run("").err.contains("the base URL is empty"));
    assert_eq!(run("http://127.0.0.1:1").code, 7);
    assert!(d360(&["help", "options"]).out.contains("D360_BASE_URL"));
}

#[test]
fn read_marks_and_single_contacts_in_send_raw_are_explained() {
    let folder = Folder::new();
    let mark = folder
        .file("mark.json", r#"{"messaging_product":"whatsapp","status":"read","message_id":"wamid.abc"}"#);
    for flags in [&[][..], &["--unchecked"], &["--api", "onprem"]] {
        let mut run = command(&[&["send", "raw", &mark], flags].concat());
        run.env("D360_API_KEY", "k").env("D360_BASE_URL", "http://127.0.0.1:1");
        let ran = finish(run);
        if flags == ["--api", "onprem"] {
            assert_eq!(ran.code, 3);
        }
        assert!(ran.code == 3 && ran.err.contains("d360 read"), "{flags:?}: {} {}", ran.code, ran.err);
    }
    let one = r#"{"to":"+16505551234","type":"contacts","contacts":{"name":{"formatted_name":"A","first_name":"A"}}}"#;
    let ran = d360(&["send", "raw", &folder.file("one.json", one)]);
    assert!(
        ran.code == 3 && ran.err.contains("contacts: expected an array of objects: [{…}], found an object"),
        "{}",
        ran.err
    );
}

#[test]
fn direct_send_has_flags() {
    let text = ["send", "text", "--to", "+16505551234", "Hi", "--dry-run", "--output", "json"];
    let ran = d360(&[&text[..], &["--category", "utility", "--ttl-seconds", "600"]].concat());
    assert_eq!((ran.code, ran.json()["body"]["category"].clone()), (0, json!("utility")), "{}", ran.err);
    assert_eq!(ran.json()["body"]["ttl_seconds"], 600);
    for (flags, code) in [
        (&["--category", "marketing"][..], 3),
        (&["--category", "authentication", "--ttl-seconds", "901"], 3),
        (&["--ttl-seconds", "600"], 2),
        (&["--category", "utility", "--api", "onprem"], 2),
    ] {
        assert_eq!(d360(&[&text[..], flags].concat()).code, code, "{flags:?}");
    }
}

/// A card of a company, or with only a number.
#[test]
fn a_card_without_a_name_reports_its_replacement() {
    let folder = Folder::new();
    let file =
        folder.file("c.vcf", "BEGIN:VCARD\nVERSION:3.0\nORG:Engines Ltd\nTEL:+16505551234\nEND:VCARD\n");
    let ran = d360(&["send", "contacts", "--to", "+16505551234", "--vcard", &file, "--dry-run"]);
    assert!(ran.code == 0 && ran.out.contains("Engines Ltd"), "{}{}", ran.out, ran.err);
    assert!(ran.err.contains("advice: FN: is missing; the organization was used"), "{}", ran.err);
}
