//! `d360 migrate`.
use crate::{Folder, d360, with};
use d360_sandbox::{Failure, Sandbox};
use serde_json::{Value, json};

fn lines(text: &str) -> Vec<Value> {
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn payloads_are_translated_with_notes() {
    let folder = Folder::new();
    let text = json!({"to": "16505551234", "type": "text", "text": {"body": "Hi"}});
    let ran = d360(&["migrate", "translate", &folder.file("m.json", text.to_string())]);
    assert_eq!((ran.code, &lines(&ran.out)[0]["to"]), (0, &json!("+16505551234")), "{}", ran.err);
    assert!(ran.err.contains("to: changed: ") && !ran.err.contains("16505551234"), "{}", ran.err);
    // Several, of both kinds, one a line and not; one that is lost from, one refused, one that is nothing.
    let hook = json!({"messages": [{"from": "16505551234", "id": "ABGG", "timestamp": "1", "type": "voice", "voice": {"id": "7"}}]});
    let ttl = json!({"to": "16505551234", "type": "template", "ttl": 86400, "template": {"namespace": "n", "name": "t", "language": {"code": "en"}}});
    let all = format!("{text}\n{hook}\n[{ttl}]\n");
    let ran = d360(&["migrate", "translate", &folder.file("m.json", &all), "--output", "json"]);
    let documents = lines(&ran.out);
    assert_eq!((ran.code, documents.len(), ran.err.as_str()), (6, 3, ""));
    assert_eq!(
        documents[1]["value"]["entry"][0]["changes"][0]["value"]["messages"][0]["audio"],
        json!({"id": "7", "voice": true})
    );
    let kinds: Vec<_> =
        documents[2]["notes"].as_array().unwrap().iter().map(|note| note["kind"].clone()).collect();
    assert!(kinds.contains(&json!("lost")), "{kinds:?}");
    let ran =
        d360(&["migrate", "translate", &folder.file("m.json", format!("{all}{{\"x\": 1}}\n{{cut\n{text}"))]);
    assert_eq!((ran.code, lines(&ran.out).len()), (3, 4), "{}{}", ran.out, ran.err);
    assert!(
        ran.err.contains("document 3: refused: is neither a message")
            && ran.err.contains("document 4: refused: is no JSON"),
        "{}",
        ran.err
    );
    // A stored webhook: each change is noted.
    let failed = json!({"statuses": [{"id": "g", "status": "failed", "timestamp": "1", "recipient_id": "16505551234",
        "errors": [{"code": 470, "title": "Re-engagement message"}]}]});
    let ran = d360(&["migrate", "translate", &folder.file("f.json", failed.to_string())]);
    assert!(ran.code == 0 && ran.err.contains("470") && ran.err.contains("131047"), "{}", ran.err);
    assert!(!ran.err.contains("16505551234"), "{}", ran.err);
    // A call of 360dialog's hosting.
    let call = json!({"method": "GET", "path": "/v1/configs/templates"});
    let ran = d360(&["migrate", "translate", "--kind", "call", &folder.file("c.json", call.to_string())]);
    assert_eq!(
        (ran.code, lines(&ran.out)[0][0]["path"].clone()),
        (0, json!("/message_templates")),
        "{}",
        ran.err
    );
    let number = ["--account", "1", "--number-id", "2", "--display-phone-number", "15550783881"];
    let ran =
        d360(&[&["migrate", "translate", &folder.file("w.json", hook.to_string())][..], &number].concat());
    assert_eq!(lines(&ran.out)[0]["entry"][0]["changes"][0]["value"]["metadata"]["phone_number_id"], "2");
    assert_eq!(d360(&["migrate", "translate", &folder.file("e.json", "")]).code, 3);
    assert_eq!(d360(&["migrate", "translate", "nope.json"]).code, 3);
    assert_eq!(
        d360(&["migrate", "translate", &folder.file("m.json", text.to_string()), "--api", "cloud"]).code,
        2
    );
}

#[test]
fn a_blocklist_is_carried_over_and_taken_up_again() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        let folder = Folder::new();
        let run = |args: &[&str]| with(&sandbox, blocking, &[&["migrate", "blocklist"], args].concat());
        // 1,500 users, of whom the last has not written.
        let users: Vec<String> = (0..1_500).map(|at| format!("1650600{at:04}")).collect();
        users[..1_499].iter().for_each(|user| sandbox.user_writes(user));
        let contacts: Vec<Value> =
            users.iter().map(|user| json!({"wa_id": format!("{user}@s.whatsapp.net")})).collect();
        let file = folder
            .file("list.json", json!({"contacts": contacts, "pagination": {"total": 1_500}}).to_string());
        let journal = folder.path("journal");
        // The second call fails: who was done stays done.
        sandbox.fail(Failure::code(131_031).on("POST", "/block_users").times(1));
        let ran = run(&["import", &file, "--journal", &journal, "--output", "json"]);
        assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
        let ran = run(&["import", &file, "--journal", &journal, "--output", "json"]);
        let report = ran.json();
        assert_eq!((ran.code, report["done"].as_array().unwrap().len()), (6, 1_499), "{}", ran.err);
        assert_eq!(report["not_written_within_24_hours"], json!(["+16506001499"]));
        assert_eq!(std::fs::read_to_string(&journal).unwrap().lines().count(), 1_499);
        // Again: only who is left is asked for.
        sandbox.user_writes(&users[1_499]);
        let calls = sandbox.requests().len();
        let ran = run(&["import", &file, "--journal", &journal]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "blocked +16506001499\n"), "{}", ran.err);
        assert!(ran.err.contains("1499 were done before"), "{}", ran.err);
        assert_eq!(sandbox.requests().len(), calls + 1);
        let ran = run(&["export", "--api", "onprem"]);
        assert_eq!(
            (ran.code, ran.out.lines().count(), ran.out.lines().next()),
            (0, 1_500, Some("+16506000000"))
        );
        assert_eq!(run(&["export"]).out, ran.out, "Cloud has the same list");
        let lines = folder.file("list.txt", "+16506000000 # a comment\n\nUS.13491208655302741918\n");
        let ran = run(&["import", &lines]);
        assert_eq!(ran.code, 6, "{}", ran.err);
        assert!(ran.out.contains("not written within 24 hours US.13491208655302741918"), "{}", ran.out);
        // A list that was exported empty is carried over by doing nothing.
        assert_eq!(run(&["import", &folder.file("empty.txt", "")]).code, 0);
        for (content, reason) in [("{}", "holds no list"), ("abc\n+16506000000", "[0]"), ("[7]", "[0]")] {
            let ran = run(&["import", &folder.file("bad", content)]);
            assert!(ran.code == 3 && ran.err.contains(reason), "{content}: {} {}", ran.code, ran.err);
        }
    }
}

#[test]
fn an_old_programs_files_are_checked() {
    let folder = Folder::new();
    let old = folder.0.path().join("old");
    std::fs::create_dir_all(old.join("deep")).unwrap();
    let write = |name: &str, value: &Value| std::fs::write(old.join(name), value.to_string()).unwrap();
    write("text.json", &json!({"to": "16505551234", "type": "text", "text": {"body": "x"}}));
    write(
        "deep/hook.json",
        &json!({"statuses": [{"id": "gBEG", "status": "sent", "timestamp": "1", "recipient_id": "16505551234"}]}),
    );
    write("deep/template.json", &json!({"name": "t", "namespace": "n", "language": "en", "components": []}));
    write("other.json", &json!({"some": "thing"}));
    std::fs::write(old.join("README.md"), "nothing").unwrap();
    write(
        "postman.json",
        &json!({"info": {"name": "WhatsApp"}, "variable": [{"key": "URL", "value": "https://onprem.example"}], "item": [
            {"name": "Messages", "item": [
                {"name": "Send", "request": {"method": "POST", "url": {"raw": "{{URL}}/v1/messages"},
                    "body": {"mode": "raw", "raw": "{\"to\": \"{{Recipient-WA-ID}}\", \"type\": \"location\", \"location\": {\"latitude\": 1, \"longitude\": 2}}"}}},
                {"name": "Block", "request": {"method": "POST", "url": "{{URL}}/v1/contacts/{{Phone}}/block"}}]},
            {"name": "Two-step", "request": {"method": "POST", "url": {"raw": "{{URL}}/v1/settings/account/two-step"}}}]}),
    );
    let ran = d360(&["migrate", "check", old.to_str().unwrap(), "--output", "json"]);
    let report = ran.json();
    assert_eq!(ran.code, 3, "one has no counterpart: {}", ran.err);
    let found: Vec<(String, String)> = report["found"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| {
            (
                found["what"].as_str().unwrap().to_owned(),
                found["through_the_gateway"].as_str().unwrap().to_owned(),
            )
        })
        .collect();
    let is = |what: &str, word: &str| found.contains(&(what.to_owned(), word.to_owned()));
    assert!(
        is("message", "works as it is")
            && is("webhook", "works as it is")
            && is("template", "works as it is"),
        "{found:?}"
    );
    assert!(
        is("POST /v1/messages", "works as it is")
            && is("POST /v1/contacts/{phone_number}/block", "works as it is"),
        "{found:?}"
    );
    assert!(is("POST /v1/settings/account/two-step", "has to change"), "{found:?}");
    assert_eq!((found.len(), &report["has_to_change"]), (6, &json!(1)));
    assert!(report["skipped"][0].as_str().unwrap().starts_with("other.json"));
    let send = report["found"]
        .as_array()
        .unwrap()
        .iter()
        .find(|found| found["what"] == "POST /v1/messages")
        .unwrap();
    assert_eq!(send["cloud"][0]["body"]["to"], "+16505551234");
    let ran = d360(&["migrate", "check", old.join("text.json").to_str().unwrap()]);
    assert!(
        ran.code == 0 && ran.out.contains("on Cloud: ") && ran.out.contains("1 found: 1 work as they are"),
        "{}",
        ran.out
    );
    assert_eq!(d360(&["migrate", "check", old.join("other.json").to_str().unwrap()]).code, 3);
}
