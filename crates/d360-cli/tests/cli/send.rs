//! `send`: requests, dry runs, bad input, advice.
use crate::{Folder, command, d360, example, finish, with};
use d360_sandbox::{Failure, Sandbox};
use serde_json::{Value, json};

#[test]
fn a_dry_run_prints_the_request_and_sends_nothing() {
    let args = [
        "send",
        "location",
        "--to",
        "+16505551234",
        "--latitude",
        "-33.8",
        "--longitude",
        "-122.4",
        "--dry-run",
    ];
    let ran = d360(&args);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let mut lines = ran.out.lines();
    assert_eq!(lines.next(), Some("POST https://waba-v2.360dialog.io/messages"));
    assert_eq!(lines.next(), Some("D360-API-KEY: ••••"));
    let body: Value = serde_json::from_str(ran.out.lines().last().unwrap()).unwrap();
    assert_eq!(body["location"], json!({"latitude": -33.8, "longitude": -122.4}));
    let ran = d360(&[&args[..], &["--output", "json"]].concat());
    assert_eq!(ran.json()["body"], body);
    assert_eq!(ran.json()["method"], "POST");
    // With a key and against a sandbox: the key is not shown, and the sandbox gets no request.
    let sandbox = Sandbox::start().unwrap();
    let ran = with(&sandbox, false, &args);
    assert!(ran.code == 0 && !ran.out.contains(sandbox.key()) && sandbox.requests().is_empty());
}

#[test]
fn contacts_and_locations_are_sent_in_both_transports() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.user_writes("+16505551234");
        let folder = Folder::new();
        let card = folder.file("card.json", r#"{"name":{"formatted_name":"A B","first_name":"A"}}"#);
        let vcard = example("barbara.vcf");
        let ran = with(
            &sandbox,
            blocking,
            &["send", "contacts", "--to", "+16505551234", "--vcard", &vcard, "--card", &card],
        );
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.starts_with("accepted as wamid."), "{}", ran.out);
        assert!(ran.err.contains("left out: NOTE"), "{}", ran.err);
        let sent = sandbox.messages().pop().unwrap();
        let names: Vec<&str> = sent["contacts"]
            .as_array()
            .unwrap()
            .iter()
            .map(|c| c["name"]["formatted_name"].as_str().unwrap())
            .collect();
        assert_eq!(names, ["Barbara J. Johnson", "A B"], "sent in the order of the command line");
        let place = [
            "--output",
            "json",
            "send",
            "location",
            "--to",
            "+16505551234",
            "--latitude",
            "1",
            "--longitude",
            "-2.5",
        ];
        let ran = with(
            &sandbox,
            blocking,
            &[&place[..], &["--name", "N", "--address", "A", "--reply-to", "wamid.1"]].concat(),
        );
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.json()["messages"][0]["id"].as_str().unwrap().starts_with("wamid."));
        let sent = sandbox.messages().pop().unwrap();
        assert_eq!(
            sent["location"],
            json!({"latitude": 1.0, "longitude": -2.5, "name": "N", "address": "A"})
        );
        assert_eq!(sent["context"]["message_id"], "wamid.1");
    }
}

#[test]
fn a_raw_body_is_checked_and_sent_from_a_file_or_standard_input() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let body = r#"{"messaging_product":"whatsapp","to":"+16505551234","type":"location",
        "location":{"longitude":"-122.425332","latitude":"37.758056","name":"HQ","address":"1 Way"}}"#;
    let folder = Folder::new();
    assert_eq!(with(&sandbox, false, &["send", "raw", &folder.file("m.json", body)]).code, 0);
    let mut stdin = command(&["send", "raw", "-", "--blocking"]);
    stdin.env("D360_API_KEY", sandbox.key()).env("D360_BASE_URL", sandbox.base_url()).write_stdin(body);
    assert_eq!(finish(stdin).code, 0);
    let sent = sandbox.messages();
    assert_eq!(sent.len(), 2);
    assert_eq!(sent[0]["location"]["longitude"], json!(-122.425332));
}

#[test]
fn bad_input_exits_with_3_and_names_every_problem() {
    let folder = Folder::new();
    let card = json!({"name": {"formatted_name": "A", "first_name": "A"}});
    let contacts =
        |contacts: Value| json!({"to": "+16505551234", "type": "contacts", "contacts": contacts}).to_string();
    let raw: [(&str, String, &[&str]); 8] = [
        ("none.json", contacts(json!([])), &["contacts: has 0 contacts"]),
        ("many.json", contacts(vec![card; 258].into()), &["contacts: has 258 contacts"]),
        (
            "nameless.json",
            contacts(json!([{"name": {"first_name": "A"}, "birthday": "2023-02-30", "colour": 1}])),
            &[
                "contacts[0].name.formatted_name",
                "contacts[0].birthday: there is no 2023-02-30",
                "contacts[0].colour: unknown",
            ],
        ),
        ("other.json", "{\"hello\": 1}".to_owned(), &["to: is required", "type: is required"]),
        ("list.json", "[]".to_owned(), &["expected an object"]),
        ("broken.json", "{".to_owned(), &["not valid JSON"]),
        ("nobody.json", r#"{"to":"","type":"text","text":{"body":"x"}}"#.to_owned(), &["to: is empty"]),
        ("missing", String::new(), &["not valid JSON"]),
    ];
    for (name, body, problems) in raw {
        let ran = d360(&["send", "raw", &folder.file(name, body)]);
        assert_eq!(ran.code, 3, "{name}: {}", ran.err);
        assert!(ran.out.is_empty());
        for problem in problems {
            assert!(ran.err.contains(problem), "{name}: {problem}: {}", ran.err);
        }
    }
    let ran = d360(&["send", "raw", "/no/such/file"]);
    assert!(ran.code == 3 && ran.err.contains("/no/such/file: cannot be read"), "{}", ran.err);
    let ran = d360(&["send", "location", "--to", "", "--latitude", "NaN", "--longitude", "180.5"]);
    assert_eq!(ran.code, 3);
    for problem in ["to: is empty", "location.latitude: is not a finite", "location.longitude: is outside"] {
        assert!(ran.err.contains(problem), "{}", ran.err);
    }
    let bad = folder.file("card.json", r#"[{"name":{"formatted_name":"A","first_name":"A"}},{"nom":1}]"#);
    let ran = d360(&["send", "contacts", "--to", "x", "--card", &bad, "--vcard", &bad, "--output", "json"]);
    assert_eq!(ran.code, 3);
    let document = ran.json();
    let paths: Vec<&str> = document["error"]["problems"]
        .as_array()
        .unwrap()
        .iter()
        .map(|p| p["path"].as_str().unwrap())
        .collect();
    assert_eq!(paths, ["to", "contacts[1].name", "contacts[1].nom", bad.as_str()]);
    assert_eq!(d360(&["block", "add", "US.ENT.1", "12"]).code, 3);
    assert_eq!(d360(&["block", "list", "--limit", "0"]).code, 3);
    assert_eq!(d360(&["vcard", "to-contacts", &bad]).code, 3);
}

#[test]
fn advice_is_given_and_can_be_made_strict() {
    let args = [
        "send",
        "location",
        "--to",
        "national:16505551234",
        "--latitude",
        "1",
        "--longitude",
        "1",
        "--address",
        "A",
        "--dry-run",
    ];
    let ran = d360(&args);
    assert_eq!(ran.code, 0);
    assert!(
        ran.err.contains("advice: to: has no +") && ran.err.contains("advice: location.address"),
        "{}",
        ran.err
    );
    assert_eq!(d360(&[&args[..], &["--strict"]].concat()).code, 3);
}

#[test]
fn retries_follow_the_flags() {
    let place = ["send", "location", "--to", "+16505551234", "--latitude", "1", "--longitude", "1"];
    for blocking in [false, true] {
        for (flags, attempts) in [(&["--no-retry"][..], 1), (&["--deadline", "3"], 2)] {
            let sandbox = Sandbox::start().unwrap();
            // The waits would be 1 s and 4 s.
            (0..3).for_each(|_| sandbox.fail(Failure::code(131_056)));
            let ran = with(&sandbox, blocking, &[&place[..], flags].concat());
            assert_eq!((ran.code, sandbox.requests().len()), (4, attempts), "{flags:?}: {}", ran.err);
        }
    }
}

#[test]
fn every_type_has_a_verb() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let folder = Folder::new();
    let file = sandbox.store_media("image/png", *b"png");
    let image = json!([{"type": "header", "parameters": [{"type": "image", "image": {"id": file}}]}]);
    let components = folder.file("components.json", image.to_string());
    for blocking in [false, true] {
        for (verb, kind, at, expected) in [
            (&["text", "Hello", "--preview-url"][..], "text", "/body", json!("Hello")),
            (
                &["image", "--link", "https://x.example/a.png", "--caption", "A"],
                "image",
                "/caption",
                json!("A"),
            ),
            (&["video", "--id", &file], "video", "/id", json!(file)),
            (&["audio", "--id", &file, "--voice"], "audio", "/voice", json!(true)),
            (&["document", "--id", &file, "--filename", "a.pdf"], "document", "/filename", json!("a.pdf")),
            (&["sticker", "--id", &file], "sticker", "/id", json!(file)),
            (&["reaction", "--message", "wamid.x", "--emoji", "👍🏽"], "reaction", "/emoji", json!("👍🏽")),
            (&["reaction", "--message", "wamid.x", "--remove"], "reaction", "/emoji", json!("")),
            (&["template", "shipped"], "template", "/language/code", json!("en_US")),
            (
                &["template", "shipped", "--language", "de", "--body", "A", "--body", "B"],
                "template",
                "/components/0/parameters/1/text",
                json!("B"),
            ),
            (
                &["template", "shipped", "--components", &components],
                "template",
                "/components/0/parameters/0/image/id",
                json!(file),
            ),
        ] {
            let ran = with(&sandbox, blocking, &[&["send"], verb, &["--to", "+16505551234"]].concat());
            assert_eq!(ran.code, 0, "{verb:?}: {}", ran.err);
            let sent = sandbox.messages().pop().unwrap();
            assert_eq!(sent["type"], kind);
            assert_eq!(sent[kind].pointer(at), Some(&expected), "{sent}");
        }
        let ran = with(&sandbox, blocking, &["read", "wamid.x", "--typing"]);
        assert_eq!((ran.code, ran.out.trim()), (0, "marked as read: wamid.x"), "{}", ran.err);
        let seen = sandbox.requests().pop().unwrap();
        assert_eq!(seen["body"]["typing_indicator"], json!({"type": "text"}), "{seen}");
    }
}

#[test]
fn mistakes_in_other_types_are_named() {
    let to = ["--to", "+16505551234", "--dry-run"];
    for (verb, code, reason) in [
        (&["text", " "][..], 3, "text.body: is required"),
        (&["image", "--link", "x.png"], 3, "image.link: is not a URL"),
        (&["image"], 2, "--id"),
        (&["image", "--id", "1", "--link", "https://x.example"], 2, "cannot be used"),
        (&["reaction", "--message", "wamid.x"], 2, "needs EMOJI or --remove"),
        (&["reaction", "--message", "wamid.x", "--emoji", "yes"], 3, "reaction.emoji: is not an emoji"),
        (&["template", "shipped", "--components", "nope.json"], 3, "cannot be read"),
        (&["template", "x", "--api", "onprem"], 3, "template.namespace: is required"),
        (&["template", "x", "--namespace", "n"], 2, "--namespace is for --api onprem"),
        (&["text", "x", "--api", "onprem", "--callback-data", "x"], 2, "--callback-data is for"),
    ] {
        let ran = d360(&[&["send"], verb, &to].concat());
        assert!(ran.code == code && ran.err.contains(reason), "{verb:?}: {} {}", ran.code, ran.err);
    }
    let folder = Folder::new();
    let file = folder.file("c.json", r#"[{"type": "button", "parameters": [{"type": "payload"}]}]"#);
    let ran = d360(&[&["send", "template", "shipped", "--components", &file], &to[..]].concat());
    for path in ["template.components[0].sub_type", "template.components[0].index", "parameters[0].payload"] {
        assert!(ran.code == 3 && ran.err.contains(path), "{path}: {}", ran.err);
    }
    assert_eq!(d360(&["read", "gBEG", "--api", "onprem", "--typing"]).code, 2);
    assert_eq!(d360(&["read", "wamid.x", "--api", "partner"]).code, 2);
}

#[test]
fn unknown_types_are_sent_unchecked() {
    let folder = Folder::new();
    let newer = r#"{"messaging_product":"whatsapp","to":"+16505551234","type":"hologram","hologram":7,"brand_new":true}"#;
    let file = folder.file("m.json", newer);
    assert_eq!(d360(&["send", "raw", &file, "--dry-run"]).code, 3);
    let ran = d360(&["send", "raw", &file, "--unchecked", "--dry-run", "--output", "json"]);
    assert_eq!(ran.json()["body"], serde_json::from_str::<serde_json::Value>(newer).unwrap());
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        assert_eq!(with(&sandbox, blocking, &["send", "raw", &file, "--unchecked"]).code, 4);
        assert_eq!(sandbox.requests().pop().unwrap()["body"]["brand_new"], true);
    }
    for (body, reason) in [
        ("[]", "not a JSON object"),
        ("{}", "to: is required"),
        (r#"{"to":"+16505551234","status":"read"}"#, "status: "),
    ] {
        let ran = d360(&["send", "raw", &folder.file("m.json", body), "--unchecked", "--dry-run"]);
        assert!(ran.code == 3 && ran.err.contains(reason), "{body}: {} {}", ran.code, ran.err);
    }
}

#[test]
fn every_type_is_sent_on_onprem() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.user_writes("+16505551234");
        let file = ["--id", "1"];
        for (verb, sent) in [
            (
                &["text", "https://x.example", "--preview-url"][..],
                json!({"type": "text", "text": {"body": "https://x.example"}, "preview_url": true}),
            ),
            (
                &["image", "--link", "https://x.example/i.png", "--caption", "c"],
                json!({"type": "image", "image": {"link": "https://x.example/i.png", "caption": "c"}}),
            ),
            (&["video", file[0], file[1]], json!({"type": "video", "video": {"id": "1"}})),
            (&["audio", file[0], file[1]], json!({"type": "audio", "audio": {"id": "1"}})),
            (&["audio", file[0], file[1], "--voice"], json!({"type": "voice", "voice": {"id": "1"}})),
            (
                &["document", file[0], file[1], "--filename", "a.pdf"],
                json!({"type": "document", "document": {"id": "1", "filename": "a.pdf"}}),
            ),
            (&["sticker", file[0], file[1]], json!({"type": "sticker", "sticker": {"id": "1"}})),
            (
                &["reaction", "--message", "gBEG", "--emoji", "\u{1f44d}"],
                json!({"type": "reaction", "reaction": {"message_id": "gBEG", "emoji": "\u{1f44d}"}}),
            ),
            (
                &["template", "shipped", "--namespace", "n_1", "--body", "Barbara", "--reply-to", "gBEG"],
                json!({"type": "template", "context": {"message_id": "gBEG"}, "template": {
                    "namespace": "n_1", "name": "shipped", "language": {"code": "en_US", "policy": "deterministic"},
                    "components": [{"type": "body", "parameters": [{"type": "text", "text": "Barbara"}]}]}}),
            ),
        ] {
            let args = [&["send"], verb, &["--to", "+16505551234", "--api", "onprem"]].concat();
            let ran = with(&sandbox, blocking, &args);
            assert_eq!(ran.code, 0, "{verb:?}: {}", ran.err);
            let mut expected = sent;
            expected["to"] = json!("+16505551234");
            assert_eq!(sandbox.messages().pop().unwrap(), expected);
        }
        let ran = with(&sandbox, blocking, &["read", "gBEG", "--api", "onprem"]);
        assert_eq!((ran.code, ran.out.trim()), (0, "marked as read: gBEG"), "{}", ran.err);
        assert_eq!(sandbox.requests().pop().unwrap()["path"], "/v1/messages/gBEG");
    }
}
