//! Other people's habits at the command line; those of the library are in `tests/it/habits`.
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
    assert_eq!(to("16505551234", &["--api", "onprem"]), (0, json!("16505551234")), "a WhatsApp ID there");
    assert_eq!(d360(&["send", "raw", &raw, "--unchecked", "--dry-run"]).code, 0);
}

/// What `block list` prints can be unblocked.
#[test]
fn a_list_of_blocked_users_can_be_given_back() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    assert_eq!(with(&sandbox, false, &["block", "add", "+16505551234"]).code, 0);
    let list = with(&sandbox, false, &["block", "list"]).out;
    let folder = Folder::new();
    assert_eq!(with(&sandbox, false, &["block", "remove", "--file", &folder.file("list", &list)]).code, 0);
    assert_eq!(with(&sandbox, false, &["block", "list"]).out, "");
}

/// Names and texts of others may turn the rest of a line around.
#[test]
fn characters_that_turn_text_around_do_not_reach_a_terminal() {
    let odd = [
        '\u{61c}', '\u{200e}', '\u{200f}', '\u{202a}', '\u{202e}', '\u{2066}', '\u{2069}', '\u{2028}',
        '\u{9b}', '\u{1b}',
    ];
    let clean = |text: &str| !text.chars().any(|c| odd.contains(&c));
    let folder = Folder::new();
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    for c in odd {
        let said = format!("a{c}b");
        // Of a server.
        let body = json!({"error": {"code": 131_009, "message": said, "error_data": {"details": said},
            "error_user_title": said, "error_user_msg": said}});
        sandbox.fail(d360_sandbox::Failure::http(400).body(body.to_string()));
        let ran = with(&sandbox, false, &["send", "text", "--to", "+16505551234", "Hi"]);
        assert!(ran.code == 4 && clean(&ran.err) && ran.err.contains(r"a\u{"), "{c:?}: {}", ran.err);
        // Of a webhook: JSON's own escapes, so that programs read what was written.
        let hook =
            json!({"messages": [{"id": "x", "from": "16505551234", "type": "text", "text": {"body": said}}]});
        let ran = d360(&["webhook", "parse", &folder.file("w.json", hook.to_string())]);
        assert!(clean(&ran.out), "{c:?}: {}", ran.out);
        assert_eq!(ran.json()["raw"]["text"]["body"], said);
        // Of a card, and of a file.
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
