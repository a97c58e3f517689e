//! `block`, `contacts` and `channels` on every system.
use crate::{Folder, command, d360, finish, with};
use d360_sandbox::{Failure, Sandbox};
use serde_json::json;

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
fn each_system_gets_its_own_url_and_headers() {
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
    assert_eq!(d360(&["send", "raw", &raw, "--dry-run"]).code, 3, "Cloud contacts have no ims");
    assert_eq!(d360(&[&place[..], &["--api", "partner"]].concat()).code, 2, "the hub sends no messages");
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
            "partner_id: is not a partner ID",
        ),
        (
            [&["block", "list"], &partner[..], &["p", "--channel-id", "a/b"]].concat(),
            3,
            "channel_id: is not a channel ID",
        ),
        (
            [&["block", "list"], &partner[..], &["..", "--channel-id", "c"]].concat(),
            3,
            "partner_id: is not a partner ID",
        ),
        ([&["block", "list"], &partner[..], &["p"]].concat(), 2, "--channel-id"),
        (
            [&["block", "list"], &graph[..], &["1", "--graph-version", "25"]].concat(),
            3,
            "graph_version: is not a Graph version",
        ),
        (
            [&["block", "list"], &graph[..], &["../1"]].concat(),
            3,
            "phone_number_id: is not a phone number ID",
        ),
        (vec!["block", "add", "US.ENT.118", "--api", "onprem"], 3, "parent BSUID"),
        (vec!["block", "add", "+16505551234", "--reason", "x"], 2, "--reason is for --api onprem"),
        (vec!["block", "report", "+16505551234", "--api", "cloud"], 2, "only on On-Premise"),
        (vec!["contacts", "check", "1", "--api", "graph"], 2, "only on On-Premise"),
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
    for format in ["text", "table", "json"] {
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
