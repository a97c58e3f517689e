//! Runs the examples of every help page unchanged.
use crate::help::{commands, examples, help};
use d360_sandbox::Sandbox;
use serde_json::json;
use std::{
    fs,
    io::{BufRead as _, BufReader},
    path::Path,
    process::{Command, Stdio},
};

/// Commands that run until they are stopped, and the beginning of their output.
const SERVERS: [(&str, &str); 4] = [
    ("sandbox", "sandbox: "),
    ("webhook listen", "listening"),
    ("gateway", "gateway: "),
    ("migrate record", "recorder: "),
];

/// Commands that query a server which does not run here.
const ELSEWHERE: [&str; 1] = ["gateway "];

const SECRET: &str = "a-long-random-text";
const HOOK: &str = r#"{"messages":[{"id":"x","from":"16505551234","type":"text","text":{"body":"x"}}]}"#;
/// The HMAC-SHA256 of [`HOOK`] with [`SECRET`].
const SIGNATURE: &str = "e9e4886f8d23e8e7194698bd6811786bf2ac646066d3e4831bfdc7df9a835f01";

/// Creates the files that examples refer to.
fn prepare(folder: &Path) {
    let put = |name: &str, content: &[u8]| fs::write(folder.join(name), content).unwrap();
    let message = json!({"to": "+16505551234", "type": "text", "text": {"body": "Hi"}}).to_string();
    let template = json!({"name": "order_shipped", "language": "en_US", "category": "UTILITY",
        "components": [{"type": "BODY", "text": "Sent."}]});
    put("message.json", message.as_bytes());
    put("users.txt", b"+16505551234\n# a comment\n+14155559876\n");
    put("blocked.txt", b"+14155559876\n");
    put("webhook.json", HOOK.as_bytes());
    put("offer.pdf", b"%PDF-1.4\n");
    put("picture", b"\x89PNG\r\n\x1a\n");
    put("cat.jpg", b"\xff\xd8\xff\xe0");
    put("cat.mp4", b"\0\0\0\x18ftypisom");
    put("cat.webp", b"RIFF\0\0\0\0WEBPVP8 ");
    put("hello.ogg", b"OggS");
    put("shipped.json", br#"[{"type": "body", "parameters": [{"type": "text", "text": "Barbara"}]}]"#);
    put("template.json", template.to_string().as_bytes());
    put("contacts.json", br#"[{"name": {"formatted_name": "A B", "first_name": "A"}}]"#);
    put("key.txt", b"a-key\n");
    put("gateway.toml", b"state = \"several.db\"\n[[number]]\nname = \"a\"\nkey_env = \"D360_API_KEY\"\n");
    fs::copy(crate::example("barbara.vcf"), folder.join("barbara.vcf")).unwrap();
    fs::create_dir(folder.join("program")).unwrap();
    fs::write(folder.join("program/message.json"), message).unwrap();
}

/// Returns `sh -c` with the program and a sandbox, in an otherwise empty environment.
fn shell(line: &str, folder: &Path, sandbox: &Sandbox) -> Command {
    let program = Path::new(env!("CARGO_BIN_EXE_d360")).parent().unwrap();
    let path = format!("{}:{}", program.display(), std::env::var("PATH").unwrap());
    let mut shell = Command::new("sh");
    shell.args(["-c", line]).current_dir(folder).env_clear().env("PATH", path);
    shell.env("HOME", folder).env("D360_WEBHOOK_SECRET", SECRET);
    shell.env("D360_API_KEY", sandbox.key()).env("D360_BASE_URL", sandbox.base_url());
    shell.stdin(Stdio::null());
    shell
}

/// Replaces the placeholders of an example.
fn filled(example: &str, sandbox: &Sandbox) -> String {
    let mut line = example.replace("WAMID", "wamid.x").replace("HEX", SIGNATURE);
    if line.contains("MEDIA_ID") {
        let id = sandbox.store_media("application/pdf", *b"%PDF-1.4");
        line = line.replace("MEDIA_ID", &id);
    }
    // The ID is the last column of the list.
    line = line.replace("TEMPLATE_ID", "$(d360 templates list --name order_shipped | sed 's/.* //')");
    line = line.replace("https://example.com/hook", "http://127.0.0.1:9/hook");
    line = line.replace("http://127.0.0.1:4361", &sandbox.base_url());
    line.replace("--partner-id ID", "--partner-id p").replace("--count 1", "")
}

/// Returns the commands that an example depends on.
fn before(path: &str) -> &'static [&'static str] {
    match path {
        "templates delete" => &["d360 templates create template.json"],
        "sandbox trigger" => &["d360 send text Hello --to +16505551234"],
        "profile list" | "profile use" | "profile show" | "profile remove" | "profile" => {
            &["d360 profile add shop < key.txt"]
        }
        _ => &[],
    }
}

#[test]
fn every_example_of_the_help_pages_works() {
    let commands = commands();
    let runs = std::thread::scope(|scope| {
        let parts = commands.chunks(commands.len().div_ceil(4));
        let running: Vec<_> = parts
            .map(|part| scope.spawn(|| part.iter().flat_map(|path| all_of(path)).collect::<Vec<_>>()))
            .collect();
        running.into_iter().flat_map(|part| part.join().unwrap()).collect::<Vec<_>>()
    });
    let failed: Vec<&String> = runs.iter().filter_map(|run| run.as_ref().err()).collect();
    assert!(failed.is_empty(), "{failed:#?}");
    assert!(runs.len() > 120, "{}", runs.len());
}

/// Runs the examples of a command, each with its own folder and sandbox.
fn all_of(path: &[String]) -> Vec<Result<(), String>> {
    let names: Vec<&str> = path.iter().map(String::as_str).collect();
    let page = help(&names, "-h");
    let one = |example: &str| {
        let sandbox = Sandbox::start().unwrap();
        ["+16505551234", "+14155559876"].iter().for_each(|user| sandbox.user_writes(user));
        let folder = tempfile::tempdir().unwrap();
        prepare(folder.path());
        for line in before(&path.join(" ")).iter().filter(|line| **line != example) {
            let output = shell(line, folder.path(), &sandbox).output().unwrap();
            assert!(output.status.success(), "{line}: {output:?}");
        }
        run(example, &filled(example, &sandbox), folder.path(), &sandbox)
    };
    examples(&page).into_iter().map(one).collect()
}

fn run(example: &str, line: &str, folder: &Path, sandbox: &Sandbox) -> Result<(), String> {
    let server = SERVERS.iter().find(|(server, _)| {
        let rest = example.strip_prefix(&format!("d360 {server}"));
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(" --"))
    });
    if let Some((_, told)) = server {
        let listen = if line.contains("--listen") {
            line.split("--listen ").next().unwrap().to_owned()
        } else {
            line.to_owned()
        };
        let mut shell = shell(&format!("exec {listen} --listen 127.0.0.1:0 2>&1"), folder, sandbox);
        let mut running = shell.stdout(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::new(running.stdout.take().unwrap()).read_line(&mut first).unwrap();
        running.kill().unwrap();
        running.wait().unwrap();
        return if first.contains(told) { Ok(()) } else { Err(format!("{line}: {first}")) };
    }
    let output = shell(line, folder, sandbox).output().unwrap();
    let told = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
    let code = output.status.code().unwrap();
    let elsewhere = ELSEWHERE.iter().any(|command| example.starts_with(&format!("d360 {command}")));
    let fits = if elsewhere { code == 1 && told.contains("no gateway answers at") } else { code == 0 };
    if fits { Ok(()) } else { Err(format!("{line}: {code} {told}")) }
}
