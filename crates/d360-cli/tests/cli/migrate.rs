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
    // Several of both kinds, on one line and on several: one with a loss, one refused, one invalid.
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
            && ran.err.contains("document 4: refused: is not JSON"),
        "{}",
        ran.err
    );
    // A stored webhook: each change has a note.
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
fn a_blocklist_is_migrated_and_resumed() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        let folder = Folder::new();
        let run = |args: &[&str]| with(&sandbox, blocking, &[&["migrate", "blocklist"], args].concat());
        // 1,500 users. The last has not written.
        let users: Vec<String> = (0..1_500).map(|at| format!("1650600{at:04}")).collect();
        users[..1_499].iter().for_each(|user| sandbox.user_writes(user));
        let contacts: Vec<Value> =
            users.iter().map(|user| json!({"wa_id": format!("{user}@s.whatsapp.net")})).collect();
        let file = folder
            .file("list.json", json!({"contacts": contacts, "pagination": {"total": 1_500}}).to_string());
        let journal = folder.path("journal");
        // The second call fails: finished users are recorded.
        sandbox.fail(Failure::code(131_031).on("POST", "/block_users").times(1));
        let ran = run(&["import", &file, "--journal", &journal, "--output", "json"]);
        assert_eq!(ran.code, 4, "{}{}", ran.out, ran.err);
        let ran = run(&["import", &file, "--journal", &journal, "--output", "json"]);
        let report = ran.json();
        assert_eq!((ran.code, report["done"].as_array().unwrap().len()), (6, 1_499), "{}", ran.err);
        assert_eq!(report["not_written_within_24_hours"], json!(["+16506001499"]));
        assert_eq!(std::fs::read_to_string(&journal).unwrap().lines().count(), 1_499);
        // A second run requests only the remaining users.
        sandbox.user_writes(&users[1_499]);
        let calls = sandbox.requests().len();
        let ran = run(&["import", &file, "--journal", &journal]);
        assert_eq!((ran.code, ran.out.as_str()), (0, "blocked +16506001499\n"), "{}", ran.err);
        assert!(ran.err.contains("1499 users skipped"), "{}", ran.err);
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
        // An empty list needs no calls.
        assert_eq!(run(&["import", &folder.file("empty.txt", "")]).code, 0);
        for (content, reason) in [("{}", "contains no list"), ("abc\n+16506000000", "[0]"), ("[7]", "[0]")] {
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
    let skipped: Vec<&str> =
        report["skipped"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    assert_eq!(
        skipped,
        [
            "README.md: is neither JSON nor a supported source file",
            "other.json: contains no known On-Premise document"
        ]
    );
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

/// A line in each language, and its call.
const SOURCES: [(&str, &str, &str); 12] = [
    ("app.py", "requests.post(f\"{BASE}/v1/messages\", json=body)", "POST /v1/messages"),
    ("app.js", "axios.put(`${base}/v1/messages/${id}`, mark)", "PUT /v1/messages/{id}"),
    ("app.ts", "await this.http.get(url + '/v1/contacts/blocklist')", "GET /v1/contacts/blocklist"),
    (
        "app.php",
        "$c->request('POST', '/v1/contacts/' . $id . '/block');",
        "POST /v1/contacts/{phone_number}/block",
    ),
    ("App.java", "new HttpDelete(base + \"/v1/media/\" + id);", "DELETE /v1/media/{id}"),
    ("app.go", "http.Post(base+\"/v1/contacts\", \"application/json\", b)", "POST /v1/contacts"),
    ("App.cs", "await c.GetAsync($\"{b}/v1/health\");", "GET /v1/health"),
    ("app.rb", "Net::HTTP::Post.new(\"/v1/users/login\")", "POST /v1/users/login"),
    ("App.kt", "client.patch(\"$base/v1/settings/application\") {}", "PATCH /v1/settings/application"),
    ("app.rs", "client.post(format!(\"{base}/v1/media\"))", "POST /v1/media"),
    ("setup.sh", "curl -X POST $H/v1/settings/account/two-step", "/v1/settings/account/two-step"),
    ("hooks.yml", "webhook: https://onprem.example/v1/configs/webhook", "GET or POST /v1/configs/webhook"),
];

#[test]
fn sources_are_reported_with_line_and_counterpart() {
    let folder = Folder::new();
    let old = folder.0.path().join("old");
    std::fs::create_dir_all(old.join("src")).unwrap();
    for (name, line, _) in SOURCES {
        std::fs::write(old.join("src").join(name), format!("first\n\n{line}\n")).unwrap();
    }
    let ran = d360(&["migrate", "check", old.to_str().unwrap(), "--output", "json"]);
    assert_eq!(ran.code, 3, "two-step has no counterpart: {}", ran.err);
    let report = ran.json();
    let of = |name: &str| {
        let place = format!("src/{name}:3");
        let found = report["found"].as_array().unwrap().iter().find(|found| found["place"] == *place);
        found.unwrap_or_else(|| panic!("{place}: {report}")).clone()
    };
    for (name, line, what) in SOURCES {
        assert_eq!(of(name)["what"], what, "{name}: {line}");
    }
    assert_eq!(report["found"].as_array().unwrap().len(), SOURCES.len());
    for (name, on_cloud, through) in [
        ("app.php", "POST /block_users", "works as it is"),
        ("app.go", "gone", "works, with a loss"),
        ("setup.sh", "gone", "has to change"),
    ] {
        let found = of(name);
        assert_eq!(
            (&found["on_cloud"], &found["through_the_gateway"]),
            (&json!([on_cloud]), &json!(through))
        );
    }
    // The text output, and a single file.
    let ran = d360(&["migrate", "check", old.join("src/app.php").to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.contains(
            "app.php:3: POST /v1/contacts/{phone_number}/block: through the gateway it works as it is\n"
        ) && ran.out.contains("changed: on Cloud it is POST /block_users"),
        "{}",
        ran.out
    );
    // The base URL is in one file, the paths are in others.
    std::fs::create_dir(old.join("two")).unwrap();
    std::fs::write(old.join("two/.env"), "WA_URL=https://onprem.example:9090/v1\n").unwrap();
    std::fs::write(old.join("two/client.js"), "post(WA_URL + '/messages')\nget(WA_URL + '/users-list')\n")
        .unwrap();
    let report = d360(&["migrate", "check", old.join("two").to_str().unwrap(), "--output", "json"]).json();
    let places: Vec<&Value> =
        report["found"].as_array().unwrap().iter().map(|found| &found["place"]).collect();
    assert_eq!(places, ["client.js:1"], "{report}");
    assert_eq!(report["found"][0]["what"], "POST /v1/messages");
}

#[test]
fn skipped_files_are_reported_with_the_reason() {
    let folder = Folder::new();
    let old = folder.0.path().join("old");
    let write = |name: &str, text: &[u8]| {
        let path = old.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("a.py", b"get('/v1/health')");
    write("b.py", b"print('hello')");
    write("c.py", b"call(f'{base}/v1/{path}')");
    write("d.png", b"\x89PNG");
    write("e.js", b"\0\0\0");
    write("f.json", b"{broken");
    write("g.min.js", &vec![b'x'; (4 << 20) + 1]);
    write(".git/config", b"x");
    write("node_modules/x/index.js", b"get('/v1/health')");
    #[cfg(unix)]
    std::os::unix::fs::symlink("/etc/hostname", old.join("h.py")).unwrap();
    let report = d360(&["migrate", "check", old.to_str().unwrap(), "--output", "json"]).json();
    assert_eq!(report["found"].as_array().unwrap().len(), 1, "{report}");
    let skipped: Vec<&str> =
        report["skipped"].as_array().unwrap().iter().map(|line| line.as_str().unwrap()).collect();
    let mut expected = vec![
        ".git: is a hidden folder; check it separately",
        "b.py: contains no On-Premise path",
        "c.py:1: the path /v1/{} is built at run time; use `d360 migrate record` to see which calls the program makes",
        "d.png: is neither JSON nor a supported source file",
        "e.js: is a binary file",
        "f.json#0: is not JSON",
        "g.min.js: is larger than 4 MiB, so it was probably generated",
        "node_modules: is a folder of dependencies or build results; check it separately",
    ];
    if cfg!(unix) {
        expected.insert(7, "h.py: is a link or not a regular file; check its target");
    }
    assert_eq!(skipped.len(), expected.len(), "{skipped:#?}");
    for (line, expected) in skipped.iter().zip(expected) {
        assert!(line.starts_with(expected), "{line}");
    }
    // The reasons are also printed if nothing is found.
    std::fs::remove_file(old.join("a.py")).unwrap();
    let ran = d360(&["migrate", "check", old.to_str().unwrap()]);
    assert!(
        ran.code == 3
            && ran.err.contains("skipped: b.py: ")
            && ran.err.contains("nothing from On-Premise was found"),
        "{}",
        ran.err
    );
    let empty = folder.0.path().join("empty");
    std::fs::create_dir(&empty).unwrap();
    assert!(d360(&["migrate", "check", empty.to_str().unwrap()]).err.contains("the folder is empty"));
    assert_eq!(d360(&["migrate", "check", "/not/there"]).code, 3);
}
