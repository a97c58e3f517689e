//! Commands without an API: the demo, the sandbox, vCards, codes.
use crate::{Folder, Ran, command, d360, example, finish};
use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::io::{BufRead as _, BufReader, Write as _};

#[test]
fn the_demo_works_in_both_transports() {
    for args in [&["demo"][..], &["demo", "--blocking"]] {
        let ran = d360(args);
        assert_eq!((ran.code, ran.err.as_str()), (0, ""), "{}", ran.out);
        let lines: Vec<&str> = ran.out.lines().collect();
        assert!(lines.len() <= 16 && lines.iter().all(|line| line.chars().count() <= 80), "{}", ran.out);
        for part in ["accepted  wamid.", "refused   131047", "refused   130403", "demo --verbose"] {
            assert!(ran.out.contains(part), "{part} is missing:\n{}", ran.out);
        }
        let args = [args, &["-v"]].concat();
        let args = args.as_slice();
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
        command
            .args(["sandbox", "--listen", "127.0.0.1:0"])
            .env_remove("D360_API_KEY")
            .env("XDG_STATE_HOME", crate::STATE);
        command.envs(own.map(|key| ("D360_API_KEY", key)));
        let mut child =
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap().strip_prefix("sandbox: ").unwrap().to_owned();
        let key_line = lines.next().unwrap().unwrap();
        let key = own.unwrap_or_else(|| key_line.strip_prefix("key: ").unwrap());
        assert!(own.is_none() || !key_line.contains(key), "a key from the user is not shown");
        for (key, code) in [(key, 0), ("wrong", 4)] {
            let mut list = self::command(&["block", "list", "--base-url", &url]);
            list.env("D360_API_KEY", key);
            assert_eq!(finish(list).code, code);
        }
        let killed =
            std::process::Command::new("kill").args(["-TERM", &child.id().to_string()]).status().unwrap();
        assert!(killed.success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "it exits with 0");
    }
}

#[test]
fn flags_select_the_form_of_the_sandbox_webhooks() {
    use std::{io::Read as _, net::TcpStream, time};
    let ask = |address: &str, line: &str, body: &str| -> Value {
        let mut stream = TcpStream::connect(address).unwrap();
        let head = format!(
            "{line} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-length: {}",
            body.len()
        );
        stream.write_all(format!("{head}\r\n\r\n{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        serde_json::from_str(answer.split_once("\r\n\r\n").unwrap().1).unwrap()
    };
    for (flags, user_id, ascii) in
        [(&[][..], true, false), (&["--without-user-ids"], false, false), (&["--escape-unicode"], true, true)]
    {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_d360"));
        command
            .args(["sandbox", "--listen", "127.0.0.1:0"])
            .args(flags)
            .env_remove("D360_API_KEY")
            .env("XDG_STATE_HOME", crate::STATE);
        let mut child =
            command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let url = lines.next().unwrap().unwrap().strip_prefix("sandbox: ").unwrap().to_owned();
        let address = url.trim_start_matches("http://");
        // Nobody listens there. The attempts are listed.
        let hook = json!({ "url": "http://127.0.0.1:9/" }).to_string();
        assert_eq!(ask(address, "POST /_sandbox/webhooks", &hook)["success"], true);
        let text = json!({ "from": "+16505551234", "type": "text", "text": { "body": "äöå" } }).to_string();
        let told = ask(address, "POST /_sandbox/inbound", &text);
        let until = time::Instant::now() + time::Duration::from_secs(20);
        let sent = loop {
            let deliveries = ask(address, "GET /_sandbox/deliveries", "");
            if let Some(body) = deliveries["deliveries"][0]["body"].as_str() {
                break body.to_owned();
            }
            assert!(time::Instant::now() < until, "no webhook was sent");
            std::thread::yield_now();
        };
        child.kill().unwrap();
        child.wait().unwrap();
        assert_eq!(sent.is_ascii(), ascii, "{flags:?}: {sent}");
        let sent: Value = serde_json::from_str(&sent).unwrap();
        let value = &sent["entry"][0]["changes"][0]["value"];
        assert_eq!(value["messages"][0]["text"]["body"], "äöå");
        let expected = if user_id { &told["user_ids"][0] } else { &Value::Null };
        assert_eq!(&value["messages"][0]["from_user_id"], expected, "{flags:?}: {value}");
        assert_eq!(&value["contacts"][0]["user_id"], expected, "{flags:?}: {value}");
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

#[test]
fn codes_are_explained() {
    let ran = d360(&["errors", "131047"]);
    assert_eq!(ran.code, 0);
    for part in ["131047 RE_ENGAGEMENT_MESSAGE (Cloud)", "24 hours", "send a template", "automatically: no"] {
        assert!(ran.out.contains(part), "{part}: {}", ran.out);
    }
    assert!(d360(&["errors", "pair"]).out.contains("131056"));
    assert!(d360(&["errors", "2048"]).out.contains("On-Premise"));
    assert!(d360(&["errors", "250"]).out.starts_with("200-299"));
    assert_eq!(d360(&["errors", "no such thing"]).code, 3);
    let all = d360(&["errors", "--output", "json"]).json();
    assert!(all["codes"].as_array().unwrap().len() > 170);
}

#[test]
fn webhooks_become_one_event_per_line() {
    let folder = Folder::new();
    let text = |id: &str| {
        format!(
            r#"{{"from":"16505551234","id":"{id}","timestamp":"1","type":"text","text":{{"body":"Hi"}}}}"#
        )
    };
    let onprem = format!(
        r#"{{"contacts":[{{"profile":{{"name":"Kerry"}},"wa_id":"16505551234"}}],"messages":[{}]}}"#,
        text("a")
    );
    let cloud = r#"{"entry":[{"id":"1","changes":[{"field":"messages","value":{"metadata":{"phone_number_id":"2"},"statuses":[{"id":"w","status":"read","recipient_id":"16505551234"}]}}]}]}"#;
    let events = |ran: &Ran| -> Vec<Value> {
        ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    };
    // Two documents, with and without a line break between them.
    for between in ["\n", "", "\r\n\n"] {
        let ran = d360(&["webhook", "parse", &folder.file("w.json", format!("{onprem}{between}{cloud}"))]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        let events = events(&ran);
        assert_eq!(events[0]["event"], "message");
        assert_eq!(
            (&events[0]["from"], &events[0]["name"], &events[0]["type"]),
            (&json!("16505551234"), &json!("Kerry"), &json!("text"))
        );
        assert_eq!(
            (&events[0]["generation"], &events[0]["raw"]["text"]["body"]),
            (&json!("onpremise"), &json!("Hi"))
        );
        assert_eq!(
            (&events[1]["event"], &events[1]["status"], &events[1]["phone_number_id"]),
            (&json!("status"), &json!("read"), &json!("2"))
        );
    }
    // An unreadable item is reported and affects no other.
    let bad = format!("{onprem}\n{{\"cut\": \n{cloud}\n[]\n{}", r#"{"messages":[{"id":"x"}]}"#);
    let ran = d360(&["webhook", "parse", &folder.file("w.json", bad)]);
    let kinds: Vec<Value> = events(&ran).iter().map(|event| event["event"].clone()).collect();
    assert_eq!(kinds, ["message", "unreadable", "status", "unreadable", "unreadable"]);
    assert!(ran.code == 6 && ran.err.contains("unreadable"), "{} {}", ran.code, ran.err);
    for (content, code, reason) in
        [("", 3, "it is empty"), ("hello", 6, "unreadable"), ("[1]", 6, "not a JSON object")]
    {
        let ran = d360(&["webhook", "parse", &folder.file("w.json", content)]);
        assert!(ran.code == code && ran.err.contains(reason), "{content}: {} {}", ran.code, ran.err);
    }
    // A list of webhooks, a byte order mark between two, a truncated emoji, and control characters that are unsafe in
    // a terminal.
    let list = format!("[{onprem},{cloud}]\n\u{feff}{onprem}");
    let ran = d360(&["webhook", "parse", &folder.file("w.json", list)]);
    assert_eq!((ran.code, events(&ran).len()), (0, 3), "{}", ran.err);
    let odd = onprem.replace("Hi", r"cut \ud83d, \u0085 and \u009b31m");
    let ran = d360(&["webhook", "parse", &folder.file("w.json", odd)]);
    assert_eq!(events(&ran)[0]["raw"]["text"]["body"], "cut \u{fffd}, \u{85} and \u{9b}31m");
    assert!(ran.code == 0 && !ran.out.contains('\u{9b}'), "{}", ran.out);
    let mut piped = command(&["webhook", "parse", "-"]);
    piped.write_stdin(onprem);
    assert_eq!(finish(piped).code, 0);
}

/// A thousand items do not print a thousand contacts each.
#[test]
fn an_event_shows_its_own_contacts() {
    let people: Vec<Value> =
        (0..300).map(|at| json!({"wa_id": format!("1650555{at:04}"), "profile": {"name": "A"}})).collect();
    let messages: Vec<Value> = (0..300)
        .map(|at| json!({"from": format!("1650555{at:04}"), "id": format!("wamid.{at}"), "timestamp": "1", "type": "text", "text": {"body": "x"}}))
        .collect();
    let value = json!({"messaging_product": "whatsapp", "contacts": people, "messages": messages});
    let hook =
        json!({"object": "o", "entry": [{"id": "1", "changes": [{"field": "messages", "value": value}]}]})
            .to_string();
    let folder = Folder::new();
    let ran = d360(&["webhook", "parse", &folder.file("w.json", &hook)]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let events: Vec<Value> = ran.out.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(events.len(), 300);
    for event in &events {
        assert_eq!(event["contacts"], json!([{"wa_id": event["from"], "profile": {"name": "A"}}]));
    }
    assert!(ran.out.len() < 10 * hook.len(), "{} bytes of {}", ran.out.len(), hook.len());
}
