//! Runs the commands of the README.
use crate::{Folder, finish};
use d360_sandbox::Sandbox;
use serde_json::json;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

/// Commands that run until they are stopped.
const SERVERS: [&str; 4] = ["d360 sandbox", "d360 webhook listen", "d360 gateway", "d360 migrate record"];

/// Whether a line starts a server, and does not call a running one.
fn is_server(line: &str) -> bool {
    let rest = SERVERS.iter().find_map(|server| line.strip_prefix(server)).map(str::trim_start);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['#', '-']))
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Returns the lines of shell blocks with a `d360` command.
fn lines() -> Vec<String> {
    let text = fs::read_to_string(root().join("README.md")).unwrap();
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let lines =
        blocks.filter(|block| block.contains("\nd360 ") || block.starts_with("d360 ")).flat_map(str::lines);
    // The test sets the exported variables.
    lines
        .filter(|line| !line.starts_with("export ") && !line.starts_with('#') && !line.is_empty())
        .map(str::to_owned)
        .collect()
}

fn environment(command: &mut Command, sandbox: &Sandbox, folder: &Path) {
    let program = Path::new(env!("CARGO_BIN_EXE_d360")).parent().unwrap().to_owned();
    let path = std::env::join_paths(
        std::iter::once(program).chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    command.current_dir(folder).env("PATH", path.unwrap());
    command.env("XDG_CONFIG_HOME", folder.join("config")).env("XDG_STATE_HOME", folder.join("state"));
    let values = [
        ("D360_API_KEY", sandbox.key()),
        ("D360_BASE_URL", &sandbox.base_url()),
        ("D360_WEBHOOK_SECRET", "a-long-random-text"),
    ];
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for (name, value) in values {
        assert!(readme.contains(&format!("\nexport {name}=")), "{name}");
        command.env(name, value);
    }
}

#[test]
fn every_command_of_the_readme_works_in_its_order() {
    let sandbox = Sandbox::start().unwrap();
    let folder = Folder::new();
    let old = json!({"to": "16505551234", "type": "text", "text": {"body": "Hi"}}).to_string();
    let webhook = json!({"messages": [{"from": "16505551234", "id": "a", "timestamp": "1518694235", "type": "text", "text": {"body": "Hi"}}]});
    let message = folder.file("message.json", &old);
    let received = folder.file("webhook.json", webhook.to_string());
    let secret = folder.file("secret", "a-long-random-text-of-ours");
    folder.file("key.txt", sandbox.key());
    folder.file("offer.pdf", b"%PDF-1.4\n%%EOF\n");
    let place = Path::new(&message).parent().unwrap().to_owned();
    fs::create_dir(place.join("old")).unwrap();
    fs::write(place.join("old/message.json"), &old).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::{PermissionsExt as _, symlink};
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).unwrap();
        symlink(fs::canonicalize(root().join("examples")).unwrap(), place.join("examples")).unwrap();
    }

    let (servers, script): (Vec<String>, Vec<String>) = lines().into_iter().partition(|line| is_server(line));
    assert_eq!(servers.len(), SERVERS.len(), "{servers:?}");
    assert!(script.len() > 20, "{script:?}");

    // The placeholders are files.
    let mut whole = "set -eux -o pipefail\n".to_owned();
    for line in script {
        // The sandbox posts without TLS.
        let line = line.replace("https://example.com", "http://127.0.0.1:9");
        let line = line.split("   # ").next().unwrap_or_default().trim_end();
        let file = if line.contains("--secret-file") {
            &secret
        } else if line.contains("webhook parse") {
            &received
        } else {
            &message
        };
        let line = line.replace(" FOLDER", " old").replace(" FILE ", &format!(" {file} "));
        let line = line.strip_suffix(" FILE").map_or(line.clone(), |start| format!("{start} {file}"));
        whole += &line;
        whole.push('\n');
    }
    let mut shell = Command::new("bash");
    environment(shell.args(["-c", &whole]), &sandbox, &place);
    let ran = finish(assert_cmd::Command::from_std(shell));
    assert_eq!(ran.code, 0, "{}\n{}", ran.out, ran.err);

    for server in servers {
        let line = server.split('#').next().unwrap().trim();
        let line = format!("exec {line} --listen 127.0.0.1:0 2>&1");
        let mut shell = Command::new("bash");
        environment(shell.args(["-c", &line]).stdout(Stdio::piped()), &sandbox, &place);
        let mut running = shell.spawn().unwrap();
        let mut first = String::new();
        BufReader::new(running.stdout.take().unwrap()).read_line(&mut first).unwrap();
        running.kill().unwrap();
        running.wait().unwrap();
        assert!(first.contains("http://127.0.0.1:"), "{line}: {first:?}");
    }
}

#[test]
fn man_pages_and_completions_are_generated_from_the_command_line() {
    let folder = Folder::new();
    let place = Path::new(&folder.file("x", "")).parent().unwrap().join("man");
    let ran = crate::d360(&["man", place.to_str().unwrap()]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let pages: Vec<_> =
        fs::read_dir(&place).unwrap().map(|page| page.unwrap().file_name().into_string().unwrap()).collect();
    assert!(pages.len() > 40 && !pages.iter().any(|page| page.contains("help")), "{pages:?}");
    for (page, told) in [
        ("d360.1", "Outcome unknown"),
        ("d360.1", "D360_BASE_URL"),
        ("d360-send-location.1", "latitude"),
        ("d360-gateway.1", "webhook"),
        ("d360-send-text.1", "d360 send text "),
    ] {
        let text = fs::read_to_string(place.join(page)).unwrap_or_else(|error| panic!("{page}: {error}"));
        assert!(text.starts_with(".ie") && text.contains(told), "{page}: {text}");
    }
    // The common options are listed once.
    let of_text = fs::read_to_string(place.join("d360-send-text.1")).unwrap();
    assert!(!of_text.contains("ca\\-file") && of_text.contains("preview\\-url"), "{of_text}");
    assert!(fs::read_to_string(place.join("d360.1")).unwrap().contains("ca\\-file"));
    // Each command is in exactly one group of the first page.
    let first = crate::d360(&["--help"]).out;
    for name in pages.iter().filter_map(|page| page.strip_prefix("d360-")?.strip_suffix(".1")) {
        let lines = first.lines().filter(|line| line.starts_with(&format!("  {name} "))).count();
        assert_eq!(lines, usize::from(!name.contains('-')), "{name}");
    }
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let ran = crate::d360(&["completions", shell]);
        assert!(ran.code == 0 && ran.out.contains("blocklist"), "{shell}: {}", ran.err);
    }
    // Completions offer no option that a command refuses.
    let script = crate::d360(&["completions", "bash"]).out;
    let options = |command: &str| {
        let of_it = script.split(&format!("        d360__subcmd__{command})\n")).nth(1).unwrap();
        of_it.lines().next().unwrap().to_owned()
    };
    assert!(options("send__subcmd__text").contains("--key-file"));
    assert!(!options("errors").contains("--key-file") && options("errors").contains("--output"));
    assert_eq!(crate::d360(&["completions", "tcsh"]).code, 2);
}
