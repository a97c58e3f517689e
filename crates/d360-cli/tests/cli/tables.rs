//! Lists on a terminal and in a pipe.
use crate::{Folder, command, d360, finish, with};
use d360_sandbox::Sandbox;

#[test]
fn lists_are_tables_on_request() {
    let sandbox = Sandbox::start().unwrap();
    ["+16505551234", "+14155559876"].iter().for_each(|user| sandbox.user_writes(user));
    assert_eq!(with(&sandbox, false, &["block", "add", "+16505551234", "+14155559876"]).code, 0);
    let table = |args: &[&str]| with(&sandbox, false, &[args, &["--output", "table"]].concat());
    let users = table(&["block", "list"]);
    assert_eq!(users.out, "WHATSAPP ID\n16505551234\n14155559876\n", "columns without values are left out");
    assert_eq!(with(&sandbox, false, &["block", "list"]).out, "16505551234\n14155559876\n", "for scripts");

    let templates = table(&["templates", "list"]).out;
    let lines: Vec<&str> = templates.lines().collect();
    assert!(lines[0].starts_with("NAME         LANGUAGE  STATUS    CATEGORY  ID"), "{templates}");
    assert!(lines[1].starts_with("hello_world  en_US     APPROVED  UTILITY   "), "{templates}");
    let plain = with(&sandbox, false, &["templates", "list"]).out;
    assert!(plain.starts_with("hello_world en_US APPROVED UTILITY "), "{plain}");
    assert!(!templates.contains('\u{1b}'), "no colors in a pipe: {templates:?}");
    let colored = table(&["templates", "list", "--color", "always"]).out;
    assert!(colored.contains("\u{1b}[32mAPPROVED\u{1b}[0m"), "{colored:?}");
    let without = |text: &str| {
        let mut parts = text.split('\u{1b}');
        let first = parts.next().unwrap().to_owned();
        parts.fold(first, |all, part| all + part.split_once('m').unwrap().1)
    };
    assert_eq!(without(&colored), templates, "colors do not change the layout");

    let contacts = table(&["contacts", "check", "+16505551234", "12"]).out;
    assert!(contacts.starts_with("NUMBER        STATUS   WHATSAPP ID\n+16505551234  valid    16505551234\n12            invalid  -\n"), "{contacts}");
    assert!(table(&["channels", "list", "--partner-id", "p"]).out.starts_with("ID "));
    let health = table(&["health"]);
    assert!(
        health.out.starts_with("AVAILABLE\nENTITY        CAN SEND\nPHONE_NUMBER  AVAILABLE\n"),
        "{}",
        health.out
    );
    assert!(table(&["errors", "rate"]).out.starts_with("CODE    SYSTEM      RETRIED  MEANING\n"));

    let id = sandbox.store_media("image/png", *b"png");
    let info = table(&["media", "info", &id]).out;
    assert!(info.starts_with("type:   image/png\nsize:   3 bytes\nsha256: "), "{info}");
    assert!(with(&sandbox, false, &["media", "info", &id]).out.starts_with("image/png\n3 bytes\n"));

    // A note on standard error reports an empty list.
    let empty = Sandbox::start().unwrap();
    let ran = with(&empty, false, &["block", "list", "--output", "table"]);
    assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (0, "", "no users are blocked\n"));
}

/// Names and texts from outside affect neither the layout nor the terminal.
#[test]
fn foreign_text_stays_in_its_cell() {
    let folder = Folder::new();
    let config = folder.file(
        "config.toml",
        "[profiles.a]\napi = \"cloud\"\nbase_url = \"https://x.example/\u{202e}\u{e0c1}\"\nkey_env = \"K\"\n",
    );
    let mut list = command(&["profile", "list", "--output", "table"]);
    list.env("D360_CONFIG", config);
    let ran = finish(list);
    assert!(ran.out.contains(r"https://x.example/\u{202e}"), "{} {}", ran.out, ran.err);
    assert!(!ran.out.contains('\u{202e}') && ran.out.contains('\u{fffd}'), "{:?}", ran.out);
}

/// Runs a command on a terminal with 60 columns. Returns `None` if `script` is missing.
#[cfg(target_os = "linux")]
fn on_a_terminal(line: &str) -> Option<String> {
    let line = line.replace("d360", env!("CARGO_BIN_EXE_d360"));
    let mut script = std::process::Command::new("script");
    script
        .args(["-qec", &format!("stty cols 60 rows 24; {line}"), "/dev/null"])
        .stdin(std::process::Stdio::null());
    for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "CI"] {
        script.env_remove(name);
    }
    match script.env("TERM", "xterm").output() {
        Ok(output) => Some(String::from_utf8_lossy(&output.stdout).replace('\r', "")),
        Err(error) => {
            println!("not run on a terminal: script: {error}");
            None
        }
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_gets_tables_of_its_width_and_colors() {
    let Some(table) = on_a_terminal("d360 errors rate") else { return };
    assert!(table.starts_with("\u{1b}[1mCODE\u{1b}[0m    "), "{table:?}");
    assert!(table.lines().all(|line| line.chars().filter(|c| !c.is_control()).count() <= 72), "{table}");
    assert!(table.lines().count() > d360(&["errors", "rate"]).out.lines().count(), "long texts are wrapped");
    let plain = on_a_terminal("NO_COLOR=1 d360 errors rate").unwrap();
    assert!(plain.starts_with("CODE    SYSTEM") && !plain.contains('\u{1b}'), "{plain:?}");
    let never = on_a_terminal("d360 errors rate --color never").unwrap();
    assert_eq!(never, plain);
    let mistake = on_a_terminal("d360 send Hello").unwrap();
    assert!(
        mistake.contains("\u{1b}[1;31merror:\u{1b}[0m") && mistake.contains("\u{1b}[1;36mhint:\u{1b}[0m"),
        "{mistake:?}"
    );
    let dry = on_a_terminal("d360 send text Hi --to +16505551234 --dry-run --color never").unwrap();
    assert!(dry.contains("{\n  \"messaging_product\": \"whatsapp\",\n"), "{dry:?}");
    let help = on_a_terminal("d360 send text -h").unwrap();
    assert!(help.contains("\u{1b}[1m\u{1b}[32mUsage:\u{1b}[0m"), "{help:?}");
    assert!(on_a_terminal("d360 help options").unwrap().contains("\u{1b}[1m\u{1b}[32mSystem:\u{1b}[0m"));
}
