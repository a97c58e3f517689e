//! `send` to several recipients.
use crate::{Folder, Ran, command, d360, finish, with};
use d360_sandbox::{Failure, Sandbox};
use serde_json::{Value, json};

const USERS: [&str; 3] = ["+16505551234", "+14155559876", "+4930123456"];

/// A sandbox with open windows for these users.
fn sandbox(users: &[&str]) -> Sandbox {
    let sandbox = Sandbox::start().unwrap();
    users.iter().for_each(|user| sandbox.user_writes(user));
    sandbox
}

fn documents(ran: &Ran) -> Vec<Value> {
    ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

/// Returns `--to` for each user.
fn to<'t>(users: &[&'t str]) -> Vec<&'t str> {
    users.iter().flat_map(|user| ["--to", user]).collect()
}

/// Returns the recipients in the order of their messages.
fn got(sandbox: &Sandbox) -> Vec<String> {
    sandbox.messages().iter().map(|message| message["to"].as_str().unwrap().to_owned()).collect()
}

#[test]
fn each_recipient_gets_one_message_and_a_report() {
    for blocking in [false, true] {
        let sandbox = sandbox(&USERS);
        let text = [&["send", "text", "Hello"][..], &to(&USERS)].concat();
        let ran = with(&sandbox, blocking, &text);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let lines: Vec<&str> = ran.out.lines().collect();
        assert_eq!(lines.len(), 3);
        for (line, user) in lines.iter().zip(USERS) {
            assert!(line.starts_with(&format!("{user}  accepted  wamid.")), "{line}");
        }
        assert!(ran.err.contains("3 accepted"), "{}", ran.err);
        assert_eq!(got(&sandbox), USERS);
        let ran = with(&sandbox, blocking, &[&text[..], &["--output", "json"]].concat());
        let documents = documents(&ran);
        for (document, user) in documents.iter().zip(USERS) {
            assert_eq!((&document["to"], &document["advice"]), (&json!(user), &json!([])));
            assert!(document["messages"][0]["id"].as_str().unwrap().starts_with("wamid."), "{document}");
        }
        // Every type supports several recipients, on both systems.
        let place = ["send", "location", "--latitude", "1", "--longitude", "2"];
        assert_eq!(with(&sandbox, blocking, &[&place[..], &to(&USERS)].concat()).code, 0);
        let old = [&text[..], &["--api", "onprem"]].concat();
        assert_eq!(with(&sandbox, blocking, &old).code, 0);
        assert_eq!(got(&sandbox).len(), 12);
        assert_eq!(sandbox.messages()[6]["location"]["longitude"], 2.0);
    }
}

#[test]
fn recipients_come_from_a_file_or_standard_input_and_none_gets_it_twice() {
    let folder = Folder::new();
    let list = "# friends\n+16505551234\n\n +1 (415) 555-9876 # Ada\n0016505551234\n16505551234@s.whatsapp.net\n+4930123456\n";
    let file = folder.file("to.txt", list);
    let sandbox = sandbox(&USERS);
    let ran = with(&sandbox, false, &["send", "text", "x", "--to", "+4930123456", "--to-file", &file]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(got(&sandbox), ["+4930123456", "+16505551234", "+1 (415) 555-9876"]);
    assert!(
        ran.err.contains("3 recipients are given more than once; each gets the message once"),
        "{}",
        ran.err
    );
    let mut stdin = command(&["send", "text", "x", "--to-file", "-", "-q"]);
    stdin.env("D360_API_KEY", sandbox.key()).env("D360_BASE_URL", sandbox.base_url());
    stdin.write_stdin(list);
    let ran = finish(stdin);
    assert!(ran.code == 0 && ran.err.is_empty() && ran.out.lines().count() == 3, "{}", ran.err);
    // A repeated recipient still counts as several.
    let ran =
        with(&sandbox, false, &[&["send", "text", "x"][..], &to(&["+4930123456", "+4930123456"])].concat());
    assert!(
        ran.out.starts_with("+4930123456  accepted") && ran.err.contains("1 recipient is given"),
        "{}",
        ran.err
    );
    assert_eq!(got(&sandbox).len(), 7);
}

#[test]
fn a_failed_recipient_does_not_stop_the_others() {
    for blocking in [false, true] {
        // The second user has not written.
        let sandbox = sandbox(&[USERS[0], USERS[2]]);
        let text = [&["send", "text", "Hello"][..], &to(&USERS)].concat();
        let ran = with(&sandbox, blocking, &text);
        assert_eq!(ran.code, 6, "{}", ran.err);
        let lines: Vec<&str> = ran.out.lines().collect();
        assert!(lines[1].starts_with("+14155559876  refused  ") && lines[1].contains("131047"), "{lines:?}");
        assert!(lines[0].contains("accepted") && lines[2].contains("accepted"), "{lines:?}");
        assert!(
            ran.err.contains("2 accepted, 1 refused") && ran.err.contains("hint: send a template"),
            "{}",
            ran.err
        );
        assert_eq!(got(&sandbox), [USERS[0], USERS[2]]);
        let json = [&text[..], &["--json"]].concat();
        let told = documents(&with(&sandbox, blocking, &json));
        assert_eq!((&told[1]["to"], &told[1]["error"]["code"]), (&json!(USERS[1]), &json!(131_047)));
        assert_eq!(told[1]["error"]["outcome"], "refused");

        // A message of unknown outcome is not retried.
        sandbox.fail(Failure::http(500));
        let before = sandbox.requests().len();
        let ran = with(&sandbox, blocking, &text);
        assert!(ran.code == 6 && ran.out.starts_with("+16505551234  unknown  "), "{}", ran.out);
        assert!(ran.err.contains("1 accepted, 1 refused, 1 unknown"), "{}", ran.err);
        assert_eq!(sandbox.requests().len(), before + 3);

        // With --fail-fast the others are reported as not sent.
        let before = sandbox.requests().len();
        let ran = with(&sandbox, blocking, &[&text[..], &["--fail-fast"]].concat());
        assert!(
            ran.code == 6 && ran.out.ends_with("+4930123456  not sent  skipped after a failure\n"),
            "{}",
            ran.out
        );
        assert_eq!(sandbox.requests().len(), before + 2);
        let documents = documents(&with(&sandbox, blocking, &[&json[..], &["--fail-fast"]].concat()));
        assert_eq!(
            documents[2]["error"],
            json!({"kind": "skipped", "message": "skipped after a failure", "outcome": "not_sent"})
        );
    }
}

#[test]
fn the_exit_code_says_whether_all_some_or_none_were_accepted() {
    let text = [&["send", "text", "x", "--no-retry"][..], &to(&USERS[..2])].concat();
    for (failures, code) in [
        (vec![], 0),
        (vec![Failure::code(131_026)], 6),
        (vec![Failure::http(500)], 6),
        (vec![Failure::code(131_026), Failure::code(131_049)], 4),
        (vec![Failure::code(131_026), Failure::http(500)], 5),
    ] {
        let sandbox = sandbox(&USERS);
        failures.into_iter().for_each(|failure| sandbox.fail(failure));
        assert_eq!(with(&sandbox, false, &text).code, code);
    }
    let mut closed = command(&text);
    closed.env("D360_API_KEY", "k").env("D360_BASE_URL", "http://127.0.0.1:1");
    let ran = finish(closed);
    assert!(ran.code == 7 && ran.err.contains("2 not sent"), "{}", ran.err);
}

#[test]
fn every_mistake_in_recipients_is_named_before_anything_is_sent() {
    let sandbox = sandbox(&USERS);
    let folder = Folder::new();
    let file = folder.file("to.txt", "+16505551234\n12345\nnope\n");
    let ran = with(&sandbox, false, &["send", "text", "x", "--to", "+1", "--to-file", &file]);
    assert_eq!(ran.code, 3);
    for place in ["to 1: ", "to.txt:2: ", "to.txt:3: ", "nothing was sent"] {
        assert!(ran.err.contains(place), "{place}: {}", ran.err);
    }
    assert!(sandbox.requests().is_empty());
    let empty = folder.file("empty.txt", "# nobody\n");
    let ran = d360(&["send", "text", "x", "--to-file", &empty]);
    assert!(ran.code == 3 && ran.err.contains("contains no recipient"), "{}", ran.err);
    assert_eq!(d360(&["send", "text", "x", "--to-file", "/no/such/file"]).code, 3);
    let ran = d360(&["send", "text", "x"]);
    assert!(ran.code == 2 && ran.err.contains("--to"), "{}", ran.err);
    let mut twice = command(&["send", "text", "-", "--to-file", "-"]);
    twice.write_stdin("+16505551234");
    let ran = finish(twice);
    assert!(ran.code == 2 && ran.err.contains("standard input (-) can be read only once"), "{}", ran.err);
    // An error in the content is reported once.
    let ran = d360(&[&["send", "text", " "][..], &to(&USERS)].concat());
    assert_eq!(ran.err.matches("text.body").count(), 1, "{}", ran.err);
    // Advice too. A dry run shows all requests.
    let ran = d360(&[&["send", "text", "x", "--dry-run", "--json"][..], &to(&USERS)].concat());
    let tos: Vec<Value> = documents(&ran).iter().map(|document| document["body"]["to"].clone()).collect();
    assert_eq!(tos, USERS);
}

#[cfg(unix)]
#[test]
fn sending_stops_after_a_write_error_or_signal() {
    use std::process::{Command, Stdio};
    let many: Vec<String> = (0..40).map(|n| format!("+1650555{n:04}")).collect();
    let sandbox = sandbox(&many.iter().map(String::as_str).collect::<Vec<_>>());
    let folder = Folder::new();
    let file = folder.file("to.txt", many.join("\n"));
    let spawn = |stdout: Stdio| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_d360"));
        command.args(["send", "text", "x", "--messages-per-second", "5", "--to-file", &file]);
        command.env("D360_API_KEY", sandbox.key()).env("D360_BASE_URL", sandbox.base_url());
        command.env("D360_PROFILE", "none").env("XDG_STATE_HOME", folder.path(""));
        command.stdout(stdout).stderr(Stdio::piped()).spawn().unwrap()
    };
    // The reader has closed the pipe.
    let mut child = spawn(Stdio::piped());
    drop(child.stdout.take());
    let ended = child.wait_with_output().unwrap();
    let err = String::from_utf8(ended.stderr).unwrap();
    assert_eq!(ended.status.code(), Some(1), "{err}");
    assert!(err.contains("cannot write to standard output; 1 of 40 recipients were tried"), "{err}");
    assert_eq!(got(&sandbox).len(), 1);
    // Ctrl-C after the first message: sent messages are reported, and the others as not sent.
    let mut child = spawn(Stdio::piped());
    let mut first = String::new();
    let mut out = std::io::BufReader::new(child.stdout.take().unwrap());
    std::io::BufRead::read_line(&mut out, &mut first).unwrap();
    let pid = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
    let mut rest = String::new();
    std::io::Read::read_to_string(&mut out, &mut rest).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(6), "{rest}");
    let lines: Vec<&str> = std::iter::once(first.trim()).chain(rest.lines()).collect();
    let accepted = lines.iter().filter(|line| line.contains("  accepted  ")).count();
    assert!(lines.len() == 40 && accepted < 30, "{lines:?}");
    assert!(lines.last().unwrap().ends_with("not sent  interrupted"), "{lines:?}");
    assert_eq!(got(&sandbox).len(), 1 + accepted);
}
