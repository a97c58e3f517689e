//! The program, run as a person runs it.
use assert_cmd::Command;
use d360_sandbox::{Failure, Sandbox};
use serde_json::{Value, json};
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    path::PathBuf,
    sync::mpsc,
};

/// What a run ended in.
struct Ran {
    code: i32,
    out: String,
    err: String,
}

impl Ran {
    fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {}", self.out))
    }
}

/// `d360` with these arguments, away from the environment's settings.
fn command(args: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_d360"));
    command.args(args);
    for name in [
        "D360_API_KEY",
        "D360_BASE_URL",
        "HTTPS_PROXY",
        "https_proxy",
        "ALL_PROXY",
        "all_proxy",
        "NO_PROXY",
        "no_proxy",
    ] {
        command.env_remove(name);
    }
    command
}

fn finish(mut command: Command) -> Ran {
    let output = command.output().unwrap();
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
    Ran { code: output.status.code().unwrap(), out: text(output.stdout), err: text(output.stderr) }
}

fn d360(args: &[&str]) -> Ran {
    finish(command(args))
}

/// Against a sandbox, in either transport.
fn with(sandbox: &Sandbox, blocking: bool, args: &[&str]) -> Ran {
    let mut command = command(args);
    command.env("D360_API_KEY", sandbox.key()).env("D360_BASE_URL", sandbox.base_url());
    if blocking {
        command.arg("--blocking");
    }
    finish(command)
}

struct Folder(tempfile::TempDir);

impl Folder {
    fn new() -> Self {
        Self(tempfile::tempdir().unwrap())
    }
    fn file(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.0.path().join(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }
}

fn example(name: &str) -> String {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../examples").join(name).to_str().unwrap().to_owned()
}

#[test]
fn the_demo_does_what_it_says_in_both_transports() {
    for args in [&["demo"][..], &["demo", "--blocking"]] {
        let ran = d360(args);
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        for part in [
            "POST http://127.0.0.1",
            "DELETE http://127.0.0.1",
            "GET http://127.0.0.1",
            "131047",
            "130403",
            "All 9 steps",
        ] {
            assert!(ran.out.contains(part), "{part} is missing:\n{}", ran.out);
        }
        assert!(!ran.out.contains("sandbox-key"), "the key is masked");
    }
    let ran = d360(&["--output", "json", "demo"]);
    assert_eq!((ran.code, ran.json()["done"].clone()), (0, json!(true)));
}

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
    // With a key, and to a sandbox: neither is shown or asked.
    let sandbox = Sandbox::start().unwrap();
    let ran = with(&sandbox, false, &args);
    assert!(ran.code == 0 && !ran.out.contains(sandbox.key()) && sandbox.requests().is_empty());
}

#[test]
fn cards_and_places_go_out_in_both_transports() {
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
        assert_eq!(names, ["Barbara J. Johnson", "A B"], "in the order of the command line");
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
fn bad_input_ends_in_3_with_every_problem_and_its_path() {
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
        ("broken.json", "{".to_owned(), &["not JSON"]),
        ("nobody.json", r#"{"to":"","type":"text","text":{"body":"x"}}"#.to_owned(), &["to: is empty"]),
        ("missing", String::new(), &["not JSON"]),
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
    for problem in ["to: is empty", "location.latitude: is no finite", "location.longitude: lies outside"] {
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
        "16505551234",
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
fn users_are_blocked_listed_and_unblocked_with_exit_codes() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.user_writes("+16505551234");
        let run = |args: &[&str]| with(&sandbox, blocking, args);
        let folder = Folder::new();
        let file = folder.file("users", "# known\n+16505551234 # a friend\n\n+14155559876\n");
        let ran = run(&["block", "add", "--file", &file]);
        assert_eq!(ran.code, 6, "{}{}", ran.out, ran.err);
        assert!(
            ran.out.contains("blocked +16505551234") && ran.out.contains("failed +14155559876: 131047"),
            "{}",
            ran.out
        );
        assert_eq!(run(&["block", "add", "+14155559876"]).code, 4, "all were refused");
        let ran = run(&["block", "add", "+16505551234", "+14155559876", "--output", "json"]);
        assert_eq!(ran.json()["done"][0], json!({"input": "+16505551234", "wa_id": "16505551234"}));
        assert_eq!(ran.json()["failed"][0]["errors"][0]["code"], 131_047);
        let ran = run(&["block", "list", "--limit", "1"]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "16505551234\n"));
        assert_eq!(
            run(&["block", "list", "--output", "json"]).json(),
            json!({"users": [{"wa_id": "16505551234"}]})
        );
        assert_eq!(run(&["block", "remove", "+16505551234"]).code, 0);
        assert_eq!(run(&["block", "list"]).out, "");
    }
}

#[test]
fn a_refusal_says_everything_and_masks_numbers() {
    let sandbox = Sandbox::start().unwrap();
    let args = ["send", "location", "--to", "+16505551234", "--latitude", "1", "--longitude", "1"];
    let ran = with(&sandbox, false, &args);
    assert_eq!(ran.code, 4);
    for part in ["HTTP 400", "code 131047", "trace", "outcome: refused", "hint: send a template"] {
        assert!(ran.err.contains(part), "{part}: {}", ran.err);
    }
    sandbox.user_writes("+16505551234");
    let body = r#"{"error":{"code":131030,"message":"Recipient +16505551234 is not in the list"}}"#;
    sandbox.fail(Failure::http(400).body(body));
    let ran = with(&sandbox, true, &args);
    assert!(ran.code == 4 && !ran.err.contains("16505551234"), "{}", ran.err);
    for (failure, code) in [(Failure::http(500), 5), (Failure::code(131_000), 5), (Failure::http(401), 4)] {
        sandbox.fail(failure);
        assert_eq!(with(&sandbox, false, &args).code, code);
    }
    sandbox.fail(Failure::http(502));
    let ran = with(&sandbox, false, &[&args[..], &["--output", "json"]].concat());
    assert_eq!((ran.code, ran.json()["error"]["outcome"].clone()), (5, json!("unknown")));
    let mut closed = command(&args);
    closed.env("D360_API_KEY", "k").env("D360_BASE_URL", "http://127.0.0.1:1");
    assert_eq!(finish(closed).code, 7);
}

#[test]
fn without_a_key_both_ways_out_are_named() {
    let ran = d360(&["block", "list"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("D360_API_KEY") && ran.err.contains("d360 sandbox"), "{}", ran.err);
    let ran = d360(&["block", "list", "--output", "json"]);
    assert_eq!(ran.json()["error"]["kind"], "setup");
    let mut insecure = command(&["block", "list", "--base-url", "http://waba-v2.360dialog.io"]);
    insecure.env("D360_API_KEY", "k");
    let ran = finish(insecure);
    assert!(ran.code == 2 && ran.err.contains("not encrypted"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn a_key_may_stand_in_a_file_that_its_owner_alone_can_read() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::start().unwrap();
    let folder = Folder::new();
    let file = folder.file("key", format!("{}\n", sandbox.key()));
    let url = sandbox.base_url();
    let args = ["--base-url", &url, "--key-file", &file, "block", "list"];
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = d360(&args);
    assert!(ran.code == 3 && ran.err.contains("chmod 600"), "{}", ran.err);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(d360(&args).code, 0);
    let mut stdin = command(&["--base-url", &url, "--key-file", "-", "block", "list"]);
    stdin.write_stdin(sandbox.key());
    assert_eq!(finish(stdin).code, 0);
}

#[test]
fn vcards_become_contacts_and_go_back() {
    let ran = d360(&["vcard", "to-contacts", &example("barbara.vcf")]);
    assert_eq!(ran.code, 0);
    assert!(ran.err.contains("left out: NOTE"));
    let contacts: Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        contacts[0]["phones"][1],
        json!({"phone": "+19175559999", "type": "CELL", "wa_id": "19175559999"})
    );
    let folder = Folder::new();
    let back = d360(&["vcard", "from-contacts", &folder.file("c.json", &ran.out)]);
    assert!(
        back.out.starts_with("BEGIN:VCARD\r\nVERSION:3.0\r\n") && back.out.ends_with("END:VCARD\r\n"),
        "{}",
        back.out
    );
    let again = d360(&["vcard", "to-contacts", &folder.file("c.vcf", &back.out), "--output", "json"]);
    assert_eq!(again.json(), json!({"contacts": contacts, "left_out": []}));
}

#[cfg(unix)]
#[test]
fn the_sandbox_prints_its_url_and_key_and_stops_on_sigterm() {
    for own in [None, Some("my-own-key")] {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_d360"));
        command.args(["sandbox", "--listen", "127.0.0.1:0"]).env_remove("D360_API_KEY");
        command.envs(own.map(|key| ("D360_API_KEY", key)));
        let mut child = command.stdout(std::process::Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap().strip_prefix("sandbox: ").unwrap().to_owned();
        let key_line = lines.next().unwrap().unwrap();
        let key = own.unwrap_or_else(|| key_line.strip_prefix("key: ").unwrap());
        assert!(own.is_none() || !key_line.contains(key), "a key that somebody set is not shown");
        for (key, code) in [(key, 0), ("wrong", 4)] {
            let mut list = self::command(&["block", "list", "--base-url", &url]);
            list.env("D360_API_KEY", key);
            assert_eq!(finish(list).code, code);
        }
        let killed =
            std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "it stops cleanly");
    }
}

/// A proxy that keeps the first line it is sent.
fn proxy() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let _ = BufReader::new(&stream).read_line(&mut line);
            let _ = sender.send(line.trim_end().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (url, receiver)
}

#[test]
fn proxies_come_from_the_environment_with_reqwest() {
    proxies(false);
}

#[test]
fn proxies_come_from_the_environment_with_ureq() {
    proxies(true);
}

/// From the environment, but for `NO_PROXY` and this machine; or from the command line.
fn proxies(blocking: bool) {
    let list = |base: &str| {
        let mut command = command(&["block", "list", "--base-url", base]);
        command.env("D360_API_KEY", "k").args(blocking.then_some("--blocking"));
        command
    };
    let (url, seen) = proxy();
    let mut through = list("https://api.example.invalid");
    through.env("HTTPS_PROXY", &url);
    assert_eq!(finish(through).code, 7, "a proxy that does not connect leaves the request unsent");
    assert_eq!(seen.try_recv().unwrap(), "CONNECT api.example.invalid:443 HTTP/1.1");
    let (url, seen) = proxy();
    for excepted in ["api.example.invalid", "example.invalid", ".example.invalid", "x, *"] {
        let mut direct = list("https://api.example.invalid");
        direct.env("HTTPS_PROXY", &url).env("NO_PROXY", excepted);
        assert_eq!(finish(direct).code, 7);
        assert!(seen.try_recv().is_err(), "NO_PROXY={excepted}");
    }
    let sandbox = Sandbox::start().unwrap();
    let mut here = list(&sandbox.base_url());
    here.env("ALL_PROXY", &url).env("HTTPS_PROXY", &url).env("D360_API_KEY", sandbox.key());
    assert_eq!(finish(here).code, 0);
    assert!(seen.try_recv().is_err(), "this machine is reached without a proxy");
    let mut named = list("https://api.example.invalid");
    named.args(["--proxy", &url]);
    finish(named);
    assert!(seen.try_recv().unwrap().starts_with("CONNECT "));
    let mut bad = list("https://api.example.invalid");
    bad.args(["--proxy", "::hush::"]);
    let ran = finish(bad);
    assert!(ran.code == 2 && ran.err.contains("proxy URL") && !ran.err.contains("hush"), "{}", ran.err);
}

#[test]
fn every_system_is_spoken_to_in_its_own_way() {
    let place =
        ["send", "location", "--to", "+16505551234", "--latitude", "1", "--longitude", "2", "--dry-run"];
    let dry = |more: &[&str]| {
        let ran = d360(&[&place[..], more, &["--output", "json"]].concat());
        assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
        ran.json()
    };
    let graph = dry(&["--api", "graph", "--phone-number-id", "106540352242922"]);
    assert_eq!(graph["url"], "https://graph.facebook.com/v25.0/106540352242922/messages");
    assert_eq!(graph["headers"]["Authorization"], "Bearer ••••");
    let older = [
        "--api",
        "graph",
        "--phone-number-id",
        "1065",
        "--graph-version",
        "v24.0",
        "--base-url",
        "http://localhost:9",
    ];
    assert_eq!(dry(&older)["url"], "http://localhost:9/v24.0/1065/messages");
    let onprem = dry(&["--api", "onprem"]);
    assert_eq!(onprem["url"], "https://waba.360dialog.io/v1/messages");
    assert_eq!(
        onprem["body"],
        json!({"to": "+16505551234", "type": "location", "location": {"latitude": 1.0, "longitude": 2.0}})
    );
    let folder = Folder::new();
    let raw = folder.file("m.json", r#"{"to":"16505551234","type":"contacts","contacts":[{"name":{"formatted_name":"A","first_name":"A"},"ims":[{"service":"AIM","user_id":"a"}]}]}"#);
    let ran = d360(&["send", "raw", &raw, "--api", "onprem", "--dry-run", "--output", "json"]);
    assert_eq!(ran.json()["body"]["contacts"][0]["ims"][0]["user_id"], "a");
    assert_eq!(d360(&["send", "raw", &raw, "--dry-run"]).code, 3, "Cloud knows no ims");
    assert_eq!(d360(&[&place[..], &["--api", "partner"]].concat()).code, 2, "the hub sends nothing");
}

#[test]
fn blocking_is_the_same_on_every_system() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.user_writes("+16505551234");
        let systems: [&[&str]; 4] = [
            &["--api", "cloud"],
            &["--api", "graph", "--phone-number-id", "1065"],
            &["--api", "onprem"],
            &["--api", "partner", "--partner-id", "pPA", "--channel-id", "cCH"],
        ];
        for system in systems {
            let run = |args: &[&str]| with(&sandbox, blocking, &[args, system].concat());
            let ran = run(&["block", "add", "+16505551234", "+14155559876"]);
            assert_eq!(ran.code, 6, "{system:?}: {}{}", ran.out, ran.err);
            assert!(
                ran.out.contains("blocked +16505551234") && ran.out.contains("failed +14155559876: "),
                "{}",
                ran.out
            );
            assert_eq!(run(&["block", "list"]).out, "16505551234\n");
            assert_eq!(run(&["block", "remove", "+16505551234"]).code, 0);
            assert_eq!(run(&["block", "list"]).out, "");
        }
        let onprem = |args: &[&str]| with(&sandbox, blocking, &[args, &["--api", "onprem"]].concat());
        assert_eq!(onprem(&["block", "add", "+16505551234", "--reason", "spam"]).code, 0);
        assert_eq!(onprem(&["block", "remove", "+16505551234"]).code, 0);
        let ran = onprem(&[
            "block",
            "report",
            "+16505551234",
            "--reason",
            "spam",
            "--block",
            "--message-id",
            "gBEG",
        ]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "reported +16505551234 and blocked\n"));
        assert_eq!(onprem(&["block", "report", "+14155559876"]).code, 4);
        let ran = onprem(&["contacts", "check", "+1 650 555 1234", "12"]);
        assert_eq!(ran.out, "valid +1 650 555 1234 (WhatsApp ID 16505551234)\ninvalid 12\n");
        let ran = with(&sandbox, blocking, &["channels", "list", "--partner-id", "pPA"]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "15550783881CH 15550783881 running Sandbox\n"));
        let ran = with(&sandbox, blocking, &["--output", "json", "channels", "list", "--partner-id", "pPA"]);
        assert_eq!(ran.json()["channels"][0]["id"], "15550783881CH");
    }
}

#[test]
fn bad_input_for_the_other_systems_is_refused_with_its_reason() {
    let long = "x".repeat(60);
    let partner = ["--api", "partner", "--partner-id"];
    let graph = ["--api", "graph", "--phone-number-id"];
    let cases: [(Vec<&str>, i32, &str); 18] = [
        (
            vec!["block", "add", "+16505551234", "--api", "onprem", "--reason", &long],
            3,
            "reason: has 60 characters",
        ),
        (vec!["block", "report", "+16505551234", "--reason", ""], 3, "reason: is blank"),
        (vec!["block", "list", "--api", "onprem", "--limit", "0"], 3, "limit: is 0; 1 to 200"),
        (vec!["block", "list", "--api", "onprem", "--limit", "201"], 3, "limit: is 201; 1 to 200"),
        (
            [&["block", "list"], &partner[..], &["", "--channel-id", "c"]].concat(),
            3,
            "partner_id: is no partner ID",
        ),
        (
            [&["block", "list"], &partner[..], &["p", "--channel-id", "a/b"]].concat(),
            3,
            "channel_id: is no channel ID",
        ),
        (
            [&["block", "list"], &partner[..], &["..", "--channel-id", "c"]].concat(),
            3,
            "partner_id: is no partner ID",
        ),
        ([&["block", "list"], &partner[..], &["p"]].concat(), 2, "--channel-id"),
        (
            [&["block", "list"], &graph[..], &["1", "--graph-version", "25"]].concat(),
            3,
            "graph_version: is no Graph version",
        ),
        ([&["block", "list"], &graph[..], &["../1"]].concat(), 3, "phone_number_id: is no phone number ID"),
        (vec!["block", "add", "US.ENT.118", "--api", "onprem"], 3, "parent BSUID"),
        (vec!["block", "add", "+16505551234", "--reason", "x"], 2, "--reason is for --api onprem"),
        (vec!["block", "report", "+16505551234", "--api", "cloud"], 2, "On-Premise alone"),
        (vec!["contacts", "check", "1", "--api", "graph"], 2, "On-Premise alone"),
        (vec!["block", "list", "--phone-number-id", "1"], 2, "--phone-number-id is for --api graph"),
        (
            vec!["block", "list", "--api", "graph", "--partner-id", "p"],
            2,
            "--partner-id is for --api partner",
        ),
        (vec!["demo", "--api", "onprem"], 2, "--api"),
        (vec!["block", "add", "+16505551234", "US.ENT.118", "--api", "onprem"], 3, "user 2: is a parent"),
    ];
    for (args, code, reason) in cases {
        let mut command = command(&args);
        command.env("D360_API_KEY", "k").env("D360_BASE_URL", "http://127.0.0.1:1");
        let ran = finish(command);
        assert_eq!(ran.code, code, "{args:?}: {}", ran.err);
        assert!(ran.err.contains(reason), "{args:?}: {}", ran.err);
    }
}

/// What once broke.
#[cfg(target_os = "linux")]
#[test]
fn odd_terminals_and_arguments_do_no_harm() {
    use std::os::unix::ffi::OsStrExt as _;
    let run = |line: &str| {
        let line = line.replace("d360", env!("CARGO_BIN_EXE_d360"));
        let output =
            std::process::Command::new("bash").args(["-o", "pipefail", "-c", &line]).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run("d360 demo | head -1").0, 0, "a reader who goes away");
    let (code, err) = run("d360 vcard to-contacts ../../examples/barbara.vcf > /dev/full");
    assert!(code == 1 && err.contains("could not be written"), "{code} {err}");
    let mut odd = command(&["send", "location", "--latitude", "1", "--longitude", "1", "--to"]);
    odd.arg(std::ffi::OsStr::from_bytes(b"\xff"));
    assert_eq!(finish(odd).code, 2);
    let ran = d360(&["send", "location", "+16505551234"]);
    assert!(ran.code == 2 && !ran.err.contains("16505551234"), "{}", ran.err);
    let ran = d360(&["--output", "json", "send", "location", "+16505551234"]);
    assert_eq!((ran.code, ran.json()["error"]["kind"].clone()), (2, json!("usage")));
    assert_eq!(d360(&["--timeout", "18446744073709551615", "demo"]).code, 2);
    for value in ["-.5", "-1e-5"] {
        let ran = d360(&[
            "send",
            "location",
            "--to",
            "+16505551234",
            "--latitude",
            value,
            "--longitude",
            "1",
            "--dry-run",
        ]);
        assert_eq!(ran.code, 0, "{value}: {}", ran.err);
    }
    let mut empty = command(&["block", "list", "--base-url", ""]);
    empty.env("D360_API_KEY", "k");
    assert_eq!(finish(empty).code, 2, "an empty URL does not mean the real thing");
    let mut twice = command(&["send", "raw", "-", "--key-file", "-"]);
    twice.write_stdin("{}");
    let ran = finish(twice);
    assert!(ran.code == 3 || ran.err.contains("read once"), "{}", ran.err);
    let mut socks = command(&["demo", "--blocking"]);
    socks.env("ALL_PROXY", "socks5://127.0.0.1:1");
    assert_eq!(finish(socks).code, 0, "the demo needs no proxy");
    let mut socks = command(&["block", "list", "--blocking"]);
    socks.env("ALL_PROXY", "socks5://127.0.0.1:1").env("D360_API_KEY", "k");
    let ran = finish(socks);
    assert!(ran.code == 2 && ran.err.contains("proxy"), "{}", ran.err);
}

/// The last user of a file that is too large would be cut short, and another one blocked.
#[test]
fn input_is_never_cut() {
    let folder = Folder::new();
    let mut text = "# filler\n".repeat(64 * 1024 * 1024 / 9);
    text.push_str("+16505551234567\n+16505551234567\n");
    let ran = d360(&["block", "add", "--file", &folder.file("users", text)]);
    assert!(ran.code == 3 && ran.err.contains("is larger than"), "{}", ran.err);
}

#[test]
fn a_list_that_fails_half_way_is_partly_done_in_both_formats() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.block(["16505551234", "16505551235"]);
    for format in ["text", "json"] {
        sandbox.fail(
            Failure::code(0)
                .status(200)
                .body(r#"{"data":[{"wa_id":"16505551234"}],"paging":{"cursors":{"after":"x"}}}"#),
        );
        sandbox.fail(Failure::code(190));
        let ran = with(&sandbox, false, &["block", "list", "--output", format]);
        assert!(ran.code == 6 && ran.out.contains("16505551234"), "{format}: {}{}", ran.out, ran.err);
    }
}

#[test]
fn channels_that_were_listed_stay_listed_when_the_next_page_fails() {
    for format in ["text", "json"] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.fail(
            Failure::code(0)
                .status(200)
                .body(r#"{"count":1,"limit":1,"offset":0,"total":2,"partner_channels":[{"id":"firstCH"}]}"#),
        );
        sandbox.fail(Failure::code(190));
        let ran = with(&sandbox, false, &["channels", "list", "--partner-id", "pPA", "--output", format]);
        assert!(ran.code == 6 && ran.out.contains("firstCH"), "{format}: {}{}", ran.out, ran.err);
    }
}

#[cfg(unix)]
#[test]
fn the_sandbox_stops_while_a_request_is_half_sent() {
    let sandbox = Sandbox::start().unwrap();
    let address = sandbox.base_url().trim_start_matches("http://").to_owned();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream.write_all(b"POST /messages HTTP/1.1\r\nhost: x\r\ncontent-length: 10\r\n\r\n").unwrap();
    let start = std::time::Instant::now();
    drop(sandbox);
    assert!(start.elapsed() < std::time::Duration::from_secs(10));
}

/// Each once came out wrong when a newcomer tried it.
#[test]
fn mistakes_of_newcomers_are_named_with_the_way_out() {
    let folder = Folder::new();
    let list = folder.file("list.json", "[1]");
    let place = |latitude: &str| {
        d360(&["send", "location", "--to", "+16505551234", "--latitude", latitude, "--longitude", "1"])
    };
    let card =
        |flag: &str, file: &str| d360(&["send", "contacts", "--to", "+16505551234", flag, file, "--dry-run"]);
    for (ran, reason) in [
        (d360(&["send", "raw", &list]), "list.json: expected an object"),
        (card("--card", &example("barbara.vcf")), "is a vCard file, not JSON; --vcard takes it"),
        (card("--vcard", &list), "is JSON, not a vCard file; --card takes it"),
        (place("1,5"), "such as -33.86"),
        (d360(&["block", "list", "--key-file", "SECRETKEY"]), "--key-file: cannot be read"),
        (d360(&["block", "list", "--ca-file", "nope", "--key-file", "-"]), "the API key is empty"),
        (d360(&["errors", "+16505551234"]), "no code"),
        (d360(&["send", "raw", "+16505551234"]), "cannot be read"),
        (d360(&["block", "add", "--file", "+16505551234"]), "cannot be read"),
        (card("--card", "+16505551234"), "cannot be read"),
        (card("--vcard", "+16505551234"), "cannot be read"),
    ] {
        assert!(ran.code == 2 || ran.code == 3, "{reason}: {}", ran.code);
        assert!(ran.err.contains(reason), "{reason}: {}", ran.err);
        assert!(!ran.err.contains("16505551234") && !ran.err.contains("SECRETKEY"), "{}", ran.err);
        assert!(!ran.err.contains("has 0 contacts"), "{}", ran.err);
    }
    let mut piped = command(&["send", "raw", "-"]);
    piped.write_stdin("hello");
    assert!(finish(piped).err.contains("standard input: not JSON"));
    // Advice stands beside a refusal too: it may be its cause.
    let sandbox = Sandbox::start().unwrap();
    let ran = with(
        &sandbox,
        false,
        &["send", "location", "--to", "06505551234", "--latitude", "1", "--longitude", "1"],
    );
    assert!(ran.code == 4 && ran.err.contains("advice: "), "{}", ran.err);
    assert!(d360(&["errors", "re-engagement"]).out.contains("131047"));
}

#[test]
fn codes_are_explained() {
    let ran = d360(&["errors", "131047"]);
    assert_eq!(ran.code, 0);
    for part in ["131047 RE_ENGAGEMENT_MESSAGE (Cloud)", "24 hours", "send a template", "by itself: no"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(d360(&["errors", "pair"]).out.contains("131056"));
    assert!(d360(&["errors", "2048"]).out.contains("On-Premise"));
    assert!(d360(&["errors", "250"]).out.starts_with("200-299"));
    assert_eq!(d360(&["errors", "no such thing"]).code, 3);
    let all = d360(&["errors", "--output", "json"]).json();
    assert!(all["codes"].as_array().unwrap().len() > 170);
}
