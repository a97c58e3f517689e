//! Runs the rehearsal of the migration guide in a shell.
use crate::Folder;
use serde_json::Value;
use std::{
    env,
    net::TcpListener,
    path::Path,
    process::{Command, Stdio},
};

/// The shell blocks of the section, with ports of this test.
fn blocks() -> Vec<String> {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../d360/docs/migration.md");
    let mut text = std::fs::read_to_string(guide).unwrap();
    let listeners: Vec<TcpListener> = (0..3).map(|_| TcpListener::bind(("127.0.0.1", 0)).unwrap()).collect();
    for (port, listener) in ["4360", "8080", "9000"].into_iter().zip(&listeners) {
        let own = listener.local_addr().unwrap().port();
        text = text.replace(&format!("127.0.0.1:{port}"), &format!("127.0.0.1:{own}"));
    }
    // Both commands rely on the default port.
    let (sandbox, gateway) = (listeners[0].local_addr().unwrap(), listeners[1].local_addr().unwrap());
    text = text.replace("d360 sandbox >", &format!("d360 sandbox --listen {sandbox} >"));
    text = text.replace("waiting list\n```", &format!("waiting list --url http://{gateway}\n```"));
    let section = text.split("\n## ").find(|section| section.starts_with("Rehearsal")).unwrap();
    let blocks = section.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    blocks.map(str::to_owned).collect()
}

#[test]
fn the_rehearsal_of_the_migration_guide_works() {
    if !Command::new("curl").arg("--version").output().is_ok_and(|out| out.status.success()) {
        eprintln!("skipped: curl is not installed; the rehearsal of the migration guide was not run");
        return;
    }
    let blocks = blocks();
    assert_eq!(blocks.len(), 5, "{blocks:?}");
    // A person takes time between two blocks, in which the delivery status arrives. The test waits for it.
    let arrived = "for i in $(seq 300); do grep -q '\"status\":\"delivered\"' old-program.log && break; sleep 0.1; done\n";
    let [start, connect, call, look, stop] = &blocks[..] else { unreachable!() };
    let script = format!(
        "{start}\ntrap 'kill $(jobs -p)' EXIT\n{connect}\n{call}\n{arrived}{look}\n{stop}\ntrap - EXIT\nwait"
    );

    let folder = Folder::new();
    let program = Path::new(env!("CARGO_BIN_EXE_d360")).parent().unwrap().to_owned();
    let rest = env::var_os("PATH").unwrap();
    let path = env::join_paths(std::iter::once(program).chain(env::split_paths(&rest))).unwrap();
    let ran = Command::new("bash")
        .args(["-e", "-o", "pipefail", "-c", &script])
        .current_dir(folder.0.path())
        .env("PATH", path)
        .env("NO_PROXY", "*")
        .env("D360_PROFILE", "none")
        .env("XDG_STATE_HOME", crate::STATE)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let (out, err) = (String::from_utf8_lossy(&ran.stdout), String::from_utf8_lossy(&ran.stderr));
    assert!(err.contains("no webhooks are waiting"), "{out}\n{err}");

    let documents: Vec<Value> = out.lines().filter_map(|line| serde_json::from_str(line).ok()).collect();
    let token = |document: &Value| document.pointer("/users/0/token").is_some();
    assert!(documents.iter().any(token), "no login: {out}");
    let sent: Vec<&Value> =
        documents.iter().filter_map(|document| document.pointer("/messages/0/id")).collect();
    assert!(sent.len() == 2 && sent[0] == sent[1], "two answers with the same message ID: {out}");
    let received = |event: &str| documents.iter().filter(|document| document["event"] == *event).count();
    // The user's message, and the statuses sent and delivered.
    assert_eq!((received("message"), received("status")), (1, 2), "{out}");
    let notes = documents.iter().find_map(|document| document["notes"].as_array()).unwrap();
    assert!(notes.iter().any(|note| note["path"] == "preview_url"), "{notes:?}");
}
