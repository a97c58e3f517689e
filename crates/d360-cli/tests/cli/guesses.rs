//! Common first attempts, and the hints they get.
use crate::{Folder, d360, finish, with};
use d360_sandbox::Sandbox;
use serde_json::json;

const PNG: &[u8] = b"\x89PNG\r\n\x1a\nrest";
const TO: [&str; 2] = ["--to", "+16505551234"];

#[test]
fn wrong_guesses_get_a_suggestion() {
    let guesses: &[(&[&str], &[&str])] = &[
        (&["send", "Hello"], &["no command `Hello`", r#"d360 send text "Hello" --to NUMBER"#]),
        (&["send", "Hello there", "--to", "+16505551234"], &[r#"d360 send text "Hello there" --to NUMBER"#]),
        (&["send", "--to", "+16505551234", "Hi"], &["no option --to", "d360 send text --to"]),
        (&["send", "text", "Hello", "world", "--to", "+16505551234"], &["`world`", "in quotes"]),
        (
            &["send", "text"],
            &[
                "needs --to <RECIPIENT> or --to-file <FILE>, and <TEXT>",
                "  <TEXT>            Text, up to",
                "for example: d360 send text",
            ],
        ),
        (&["send", "text", "Hi", "--to"], &["--to needs a value", "--to <RECIPIENT>"]),
        (
            &["send", "text", "Hi", "--to", "+1", "--recipient", "+2"],
            &["no option --recipient", "give the recipient with --to"],
        ),
        (&["send", "location", "+16505551234"], &["give the recipient with --to"]),
        (&["send", "photo", "x.jpg"], &["d360 send image FILE"]),
        (&["send", "image", "--to", "+16505551234"], &["needs FILE or --id <MEDIA_ID> or --link <URL>"]),
        (&["send", "image", "--file", "x"], &["d360 send image FILE"]),
        (&["send", "reaction", "👍", "--to", "+16505551234"], &["needs --message <WAMID>", "messages[].id"]),
        (&["send", "template", "--name", "x"], &["d360 send template NAME"]),
        (&["send", "text", "Hi", "--to", "+1", "+16505551234"], &["repeat --to for each recipient"]),
        (&["block", "+16505551234"], &["d360 block add USER"]),
        (&["block", "add"], &["for example: d360 block add NUMBER NUMBER"]),
        (&["wait", "wamid.x"], &["d360 send text", "--wait"]),
        (&["unblock", "+16505551234"], &["use `d360 block remove`"]),
        (&["templates", "create"], &["needs <FILE.json>", "d360 templates create --help"]),
        (&["templates", "list", "--all"], &["all pages are always read"]),
        (&["text", "Hi"], &["use `d360 send text`"]),
        (&["listen"], &["use `d360 webhook listen`"]),
        (&["upload", "x"], &["use `d360 media upload`"]),
        (&["login"], &["d360 profile add NAME"]),
        (&["version"], &["d360 --version"]),
        (&["sned"], &["did you mean `d360 send`?"]),
        (&["health", "--api-key=HUSH"], &["no option --api-key", "D360_API_KEY", "--key-file"]),
        (&["health", "--ouput", "json"], &["did you mean --output?"]),
        (
            &["health", "--api", "clod"],
            &["--api must be one of cloud, graph, onprem, partner, not `clod`", "did you mean cloud?"],
        ),
        (
            &["health", "--timeout", "0"],
            &["`0` is not a valid value for --timeout <SECONDS>: 0 is not in 1..=86400"],
        ),
        (&["health", "--timeout", "5", "--timeout", "6"], &["--timeout is given twice"]),
        (&["health", "--format", "json"], &["--output json"]),
        (&["sandbox", "--port", "70000"], &["the port must be at most 65535"]),
        (&["webhook", "listen", "--forward", "http://127.0.0.1:9/"], &["--forward-to URL"]),
        (&["read"], &["needs <WAMID>", "messages[].id"]),
        (&["send", "cat.jpg"], &["d360 send image cat.jpg --to NUMBER"]),
        (&["vcard", "barbara.vcf"], &["d360 vcard to-contacts barbara.vcf"]),
        (&["migrate", "./program"], &["d360 migrate check ./program"]),
        (&["gateway", "start"], &["d360 gateway --webhook-to URL"]),
        (&["send", "location", "37.44", "--to", "+1"], &["--latitude and --longitude"]),
        (&["send", "image", "cat.jpg", "Our cat", "--to", "+1"], &["--caption"]),
        (&["read", "--message", "x"], &["d360 read WAMID"]),
        (&["webhook", "set", "https://x.example/"], &["use `d360 webhook config set`"]),
        (&["channels", "list"], &["--api partner needs --partner-id", "give --partner-id ID"]),
        (&["foo"], &["no command `foo`", "see `d360 -h`"]),
        (&["migrate", "foo"], &["commands of `d360 migrate`: translate, blocklist, record, check"]),
    ];
    for (args, told) in guesses {
        let ran = d360(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {}", ran.err);
        assert!(ran.err.starts_with("error: ") && ran.err.contains("\nhint: "), "{args:?}: {}", ran.err);
        for told in *told {
            assert!(ran.err.contains(told), "{args:?}: {told}: {}", ran.err);
        }
        assert!(!ran.err.contains("16505551234") && !ran.err.contains("HUSH"), "{args:?}: {}", ran.err);
        // The same as JSON.
        let document = d360(&[*args, &["--json"]].concat());
        if document.code == 2 && !document.out.is_empty() {
            let error = &document.json()["error"];
            assert_eq!(error["kind"], "usage", "{args:?}");
            assert!(!error["hint"].as_str().unwrap().is_empty(), "{args:?}");
        }
    }
    let ran = d360(&["send"]);
    assert!(ran.code == 2 && ran.err.contains("Usage: d360 send <COMMAND>"), "{}", ran.err);
    assert_eq!(d360(&["send", "--output", "json"]).json()["error"]["kind"], "usage");
}

/// JSON is given as a file, not as an argument.
#[test]
fn json_instead_of_a_file_is_explained() {
    let body = r#"{"to": "+16505551234"}"#;
    for args in
        [&["send", "raw", body][..], &["send", "template", "x", "--components", "[]", "--to", "+16505551234"]]
    {
        let ran = d360(args);
        assert!(
            ran.code == 3 && ran.err.contains("FILE: is JSON, not a file name; give -"),
            "{args:?}: {}",
            ran.err
        );
    }
}

#[test]
fn natural_forms_are_accepted() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let run = |args: &[&str]| {
        let ran = with(&sandbox, false, args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        ran
    };
    let sent = |args: &[&str]| {
        run(&[&["send"], args, &TO].concat());
        sandbox.messages().pop().unwrap()
    };
    assert_eq!(
        sent(&["reaction", "👍", "--message", "wamid.x"])["reaction"],
        json!({"message_id": "wamid.x", "emoji": "👍"})
    );
    let texts = |args: &[&str]| -> Vec<String> {
        let message = sent(&[&["template", "shipped"], args].concat());
        let parameters = message["template"]["components"][0]["parameters"].as_array().unwrap().clone();
        parameters.iter().map(|one| one["text"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(texts(&["Barbara", "A7"]), ["Barbara", "A7"]);
    assert_eq!(texts(&["--body", "a", "b"]), ["a", "b"]);
    assert_eq!(texts(&["a", "--body", "b", "c"]), ["a", "b", "c"], "sent in the order of the command line");
    assert_eq!(texts(&["--body", "a", "--body", "b"]), ["a", "b"]);
    assert_eq!(
        sent(&["location", "--lat", "1", "--lon", "2"])["location"],
        json!({"latitude": 1.0, "longitude": 2.0})
    );
    assert_eq!(sent(&["image", "https://x.example/a.png"])["image"]["link"], "https://x.example/a.png");
    for plural in [&["template", "list"][..], &["templates", "ls"], &["template", "list", "--json"]] {
        run(plural);
    }
    assert_eq!(run(&["block", "list", "--json"]).json(), json!({"users": []}));
    let ran = with(&sandbox, false, &["channel", "list", "--partner-id", "p"]);
    assert_ne!(ran.code, 2, "{}", ran.err);
    assert!(d360(&["errors", "rate", "limit"]).out.contains("80007"));
    assert!(d360(&["error", "131047"]).out.contains("RE_ENGAGEMENT"));
    let dry =
        [&["send", "text", "Hi", "--api", "meta", "--phone-number-id", "1", "--dry-run"], &TO[..]].concat();
    assert!(d360(&dry).out.contains("graph.facebook.com"));
}

#[test]
fn a_file_is_uploaded_and_sent_in_one_step() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.user_writes("+16505551234");
        let folder = Folder::new();
        let run = |args: &[&str]| with(&sandbox, blocking, &[&["send"], args, &TO].concat());
        // The content decides, not the file name.
        for name in ["cat.png", "cat", "cat.jpg", "cat.txt"] {
            let ran = run(&["image", &folder.file(name, PNG), "--caption", "Our cat"]);
            assert!(ran.code == 0 && ran.out.starts_with("accepted as wamid."), "{name}: {}", ran.err);
            let message = sandbox.messages().pop().unwrap();
            assert_eq!(message["image"]["caption"], "Our cat");
            let id = message["image"]["id"].as_str().unwrap().to_owned();
            let info = with(&sandbox, blocking, &["media", "info", &id, "--json"]).json();
            assert_eq!(
                (&info["mime_type"], &info["file_size"]),
                (&json!("image/png"), &json!(PNG.len())),
                "{name}"
            );
        }
        let pdf = folder.file("offer.pdf", "%PDF-1.4\n");
        assert_eq!(run(&["document", &pdf]).code, 0);
        assert_eq!(sandbox.messages().pop().unwrap()["document"]["filename"], "offer.pdf");
        assert_eq!(run(&["document", &pdf, "--filename", "x.pdf"]).code, 0);
        assert_eq!(sandbox.messages().pop().unwrap()["document"]["filename"], "x.pdf");
        // A document may be any file. Its type is kept.
        assert_eq!(run(&["document", &folder.file("cat.png", PNG)]).code, 0);
        assert_eq!(run(&["audio", &folder.file("hello", "OggS..."), "--voice"]).code, 0);
        assert_eq!(run(&["video", &folder.file("v", "\0\0\0\x18ftypisom")]).code, 0);
        assert_eq!(run(&["sticker", &folder.file("s", "RIFF\0\0\0\0WEBPVP8 ")]).code, 0);

        // An invalid message uploads nothing.
        let before = sandbox.requests().len();
        for (args, code, told) in [
            (&["image", &pdf][..], 3, "is of type document; send it with: d360 send document"),
            (&["image", "nope.png"], 3, "nope.png: cannot be read"),
            (&["image", &folder.file("empty.png", "")], 3, "is empty"),
            (&["document", &folder.file("a.zip", "PK")], 3, "WhatsApp accepts"),
            (&["image", &folder.file("cat.png", PNG), "--caption", &"x".repeat(2000)], 3, "image.caption"),
            (&["image", &pdf, "--id", "1"], 2, "cannot be used with"),
            (&["document", &pdf, "--api", "onprem"], 2, "give --id or --link"),
        ] {
            let ran = run(args);
            assert!(ran.code == code && ran.err.contains(told), "{args:?}: {} {}", ran.code, ran.err);
        }
        let ran = run(&["document", &pdf, "--dry-run"]);
        assert!(ran.code == 0 && ran.out.contains(r#""id":"MEDIA_ID""#), "{}", ran.out);
        assert!(ran.err.contains("is uploaded first"), "{}", ran.err);
        assert_eq!(sandbox.requests().len(), before);

        // The hint names the ID of the uploaded file, so that it need not be uploaded again.
        let ran = with(&sandbox, blocking, &["send", "document", &pdf, "--to", "+14155559876"]);
        let id = ran.err.split("--id ").nth(1).unwrap().split_whitespace().next().unwrap().to_owned();
        assert_eq!(ran.code, 4, "{}", ran.err);
        assert_eq!(run(&["document", "--id", &id]).code, 0);
    }
}

/// `--listen` accepts an address or a port, and the option names of other programs.
#[test]
fn a_port_is_accepted_as_an_address() {
    let held = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = held.local_addr().unwrap().port().to_string();
    for server in [&["sandbox"][..], &["webhook", "listen"]] {
        for option in [&["--port", &port][..], &["--listen", &port], &["--listen", &format!(":{port}")]] {
            let ran = finish(crate::command(&[server, option].concat()));
            let told = format!("127.0.0.1:{port}");
            assert!(
                ran.code == 1 && ran.err.contains(&told),
                "{server:?} {option:?}: {} {}",
                ran.code,
                ran.err
            );
        }
    }
}
