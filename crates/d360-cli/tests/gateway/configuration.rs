//! The configuration file: every key is printed, documented and read, and errors name their place.
use crate::rig::Gateway;
use d360_gateway::Config;
use d360_sandbox::Sandbox;
use serde_json::{Value, json};
use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
};

pub(crate) fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

pub(crate) fn d360(args: &[&str]) -> Output {
    let mut command = Command::new(env!("CARGO_BIN_EXE_d360"));
    command.args(args).env("D360_API_KEY", "sandbox-key").env_remove("D360_BASE_URL");
    command.env("XDG_CONFIG_HOME", env!("CARGO_TARGET_TMPDIR")).output().unwrap()
}

fn printed() -> (String, Vec<Value>) {
    let ran = d360(&["gateway", "--print-config", "--output", "json"]);
    assert!(ran.status.success(), "{ran:?}");
    let document: Value = serde_json::from_slice(&ran.stdout).unwrap();
    (document["toml"].as_str().unwrap().to_owned(), document["keys"].as_array().unwrap().clone())
}

/// Returns the file with the line of this key uncommented, in its table.
fn with_key(toml: &str, table: &str, name: &str, value: &str) -> String {
    let (top, number) = toml.split_once("[[number]]\n").unwrap();
    let open = |text: &str| {
        let start = |line: &&str| line.trim_start_matches('#').split(" = ").next() == Some(name);
        let is_key = |line: &&str| start(line) && !line.starts_with("# ");
        assert_eq!(text.lines().filter(is_key).count(), 1, "[{table}] {name}");
        let lines = text
            .lines()
            .map(|line| if is_key(&line) { format!("{name} = {value}\n") } else { format!("{line}\n") });
        lines.collect::<String>()
    };
    if table.is_empty() {
        format!("{}[[number]]\n{number}", open(top))
    } else {
        format!("{top}[[number]]\n{}", open(number))
    }
}

#[test]
fn a_printed_configuration_is_read_back_and_has_every_key() {
    let folder = tempfile::tempdir().unwrap();
    let ran = d360(&["gateway", "--print-config"]);
    let (toml, keys) = printed();
    assert_eq!(String::from_utf8(ran.stdout).unwrap(), toml);
    let config = folder.path().join("gateway.toml");
    std::fs::write(&config, &toml).unwrap();
    let (sandbox, state) = (Sandbox::start().unwrap(), folder.path().join("state.db"));
    let gateway = Gateway::start(
        sandbox.key(),
        &[
            "--config",
            config.to_str().unwrap(),
            "--listen",
            "127.0.0.1:0",
            "--base-url",
            &sandbox.base_url(),
            "--state",
            state.to_str().unwrap(),
        ],
    );
    assert_eq!(gateway.call(sandbox.key(), "GET", "/v1/health", None).status, 200);

    let env = |_: &str| Some("a-secret".to_owned());
    let secret = folder.path().join("secret");
    std::fs::write(&secret, "a-secret").unwrap();
    #[cfg(unix)]
    std::fs::set_permissions(&secret, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    let secret = format!("{:?}", secret.to_str().unwrap());
    assert!(keys.len() > 30, "{}", keys.len());
    let mut all = toml.clone();
    for key in &keys {
        let text = |name: &str| key[name].as_str().unwrap_or_default();
        let (table, name) = (text("table"), text("name"));
        assert!(text("about").ends_with('.'), "{name}: {}", text("about"));
        let value = if name.ends_with("_file") { &secret } else { text("example") };
        let mut one = with_key(&toml, table, name, value);
        // Keys that exclude or require another.
        one = match name {
            "key_file" => one.replace("\nkey_env = ", "\n#key_env = "),
            "webhook_secret_header" => with_key(&one, table, "webhook_secret_env", "\"X\""),
            "webhook_secret_env" | "webhook_secret_file" => {
                with_key(&one, table, "webhook_secret_header", "\"x-secret\"")
            }
            _ => one,
        };
        let read = Config::from_toml(&one, &env);
        assert!(read.is_ok(), "{table} {name}: {}", read.unwrap_err());
        if let Some(default) =
            key["default"].as_str().filter(|default| *default != "[]" && *default != "{}" && name != "name")
        {
            all = with_key(&all, table, name, default);
        }
    }
    let read = |toml: &str| format!("{:?}", Config::from_toml(toml, &env).unwrap());
    assert_eq!(read(&toml), read(&all), "the printed defaults are the actual ones");
}

#[test]
fn print_config_refuses_other_options() {
    for args in [&["--listen", "127.0.0.1:1"][..], &["--config", "x"], &["--old-ids"]] {
        let ran = d360(&[&["gateway", "--print-config"], args].concat());
        assert_eq!(ran.status.code(), Some(2), "{args:?}");
    }
}

/// `D360_UPDATE_DOCS=1 cargo test -p d360-cli --test gateway guide` regenerates the tables.
#[test]
fn the_guide_lists_every_key() {
    let (_, keys) = printed();
    let path = root().join("docs/gateway.md");
    let guide = std::fs::read_to_string(&path).unwrap();
    let mut current = guide.clone();
    for (mark, table) in [("<!-- keys of the top -->\n", ""), ("<!-- keys of a number -->\n", "number")] {
        let rows = keys.iter().filter(|key| key["table"] == table).map(|key| {
            let text = |name: &str| key[name].as_str().unwrap_or_default();
            let default = match text("default") {
                "" => "none".to_owned(),
                default => format!("`{default}`"),
            };
            let option = match text("option") {
                "" => String::new(),
                option => format!(" Option: `{option}`."),
            };
            format!("| `{}` | {} | {default} | {}{option} |\n", text("name"), text("value"), text("about"))
        });
        let table =
            format!("| key | value | default | meaning |\n|---|---|---|---|\n{}", rows.collect::<String>());
        let (before, rest) = current.split_once(mark).unwrap();
        let (_, after) = rest.split_once("<!-- end -->").unwrap();
        current = format!("{before}{mark}{table}<!-- end -->{after}");
    }
    if std::env::var_os("D360_UPDATE_DOCS").is_some() {
        std::fs::write(&path, &current).unwrap();
    } else {
        assert!(
            guide == current,
            "docs/gateway.md is out of date; see the comment of this test; expected:\n{current}"
        );
    }
}

#[test]
fn the_example_is_read() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join("examples/gateway.toml")).unwrap();
    let credentials = "/run/credentials/d360-gateway.service";
    assert!(text.contains(credentials));
    for name in ["key", "webhook-secret"] {
        let path = folder.path().join(name);
        std::fs::write(&path, "a-key-of-its-own").unwrap();
        #[cfg(unix)]
        std::fs::set_permissions(&path, std::os::unix::fs::PermissionsExt::from_mode(0o600)).unwrap();
    }
    let text = text.replace(credentials, folder.path().to_str().unwrap());
    let config = Config::from_toml(&text, &|name| Some(name.to_lowercase())).unwrap();
    let names: Vec<&str> = config.numbers.iter().map(|number| number.name.as_str()).collect();
    assert_eq!(names, ["shop", "support"]);
    assert!(config.numbers.iter().all(|number| number.verification.is_some()), "every webhook is verified");
}

#[test]
fn errors_name_line_table_and_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("gateway.toml");
    let ask = |toml: &str| {
        std::fs::write(&path, toml).unwrap();
        let ran = d360(&["gateway", "--config", path.to_str().unwrap()]);
        let told = String::from_utf8(ran.stderr).unwrap();
        assert_eq!(ran.status.code(), Some(2), "{toml}\n{told}");
        told.strip_prefix("error: ").unwrap().replace(path.to_str().unwrap(), "gateway.toml")
    };
    let number = "[[number]]\nname = \"a\"\nkey_env = \"D360_API_KEY\"\n";
    for (toml, expected) in [
        (
            "\n\nmax_body = \"1 MB\"\n",
            "gateway.toml:3: max_body must be a whole number of bytes from 1 to 1073741824, not a string",
        ),
        ("max_body = 0", "gateway.toml:1: max_body must be a whole number of bytes from 1 to 1073741824\n"),
        (
            "hold_seconds = -1",
            "gateway.toml:1: hold_seconds must be a whole number of seconds from 0 to 315360000\n",
        ),
        ("hold_seconds = 1.5", "not a float"),
        ("old_ids = \"yes\"", "gateway.toml:1: old_ids must be true or false, not a string"),
        (
            "webhook_hosts = \"a\"",
            "webhook_hosts must be a list of strings, such as [\"a\", \"b\"], not a string",
        ),
        ("webhook_hosts = [1]", "webhook_hosts must be a list of strings"),
        (
            "listen = \"8080\"",
            "gateway.toml:1: listen must be an address with a port, such as 127.0.0.1:8080\n",
        ),
        ("listen = 8080", "listen must be an address with a port, such as 127.0.0.1:8080, not an integer"),
        ("state = \"\"", "state must be the name of a file"),
        (
            "# comment\nmetric_listen = \"127.0.0.1:1\"",
            "gateway.toml:2: unknown key \"metric_listen\"; did you mean \"metrics_listen\"?",
        ),
        ("max-body = 1", "unknown key \"max-body\"; did you mean \"max_body\"?"),
        ("color = 1", "unknown key \"color\"; `d360 gateway --print-config` shows every key"),
        (
            "webhook_to = \"http://x\"",
            "gateway.toml:1: unknown key \"webhook_to\"; move it into a [[number]]",
        ),
        ("[[numbers]]", "gateway.toml:1: unknown key \"numbers\"; did you mean [[number]]?"),
        ("\n[number]\nname = \"a\"", "gateway.toml:2: number must be an array of tables; write [[number]]"),
        ("number = 3", "number must be an array of tables; write [[number]]"),
        ("state = \"x\nlisten = 1", "gateway.toml:1: invalid TOML: "),
        ("state = \"x\"\nstate = \"y\"", "gateway.toml:2: invalid TOML: duplicate key"),
    ] {
        let told = ask(toml);
        assert!(told.contains(expected), "{toml}\nexpected {expected}\ngot {told}");
    }
    for (line, expected) in [
        (
            "webook_to = \"http://127.0.0.1/?token=hush\"",
            "gateway.toml:4: [[number]] \"a\": unknown key \"webook_to\"; did you mean \"webhook_to\"?",
        ),
        (
            "webhook_to = \"ftp://hush\"",
            "gateway.toml:4: [[number]] \"a\": webhook_to must be a URL that starts with http:// or https:// and has no password",
        ),
        (
            "key = \"hush\"",
            "unknown key \"key\"; secrets do not belong in this file: name an environment variable with key_env, or a file with key_file",
        ),
        ("password = \"hush\"", "with password_env, or a file with password_file"),
        (
            "state = \"x\"",
            "unknown key \"state\"; move it to the top of the file, before the first [[number]]",
        ),
        ("messages_per_second = 0", "messages_per_second must be a whole number of messages from 1 to 1000"),
        ("media = [\"a\"]", "media must be a table of strings, such as { a = \"b\" }, not a list"),
        (
            "password_env = \"NOT_SET_AT_ALL\"",
            "gateway.toml:4: [[number]] \"a\": password_env: the environment variable NOT_SET_AT_ALL is not set",
        ),
        (
            "client_key_file = \"/not/there\"",
            "gateway.toml:4: [[number]] \"a\": client_key_file: /not/there: ",
        ),
        (
            "key_file = \"/not/there\"",
            "gateway.toml:4: [[number]] \"a\": key_file: key_env and key_file exclude each other; leave one out",
        ),
        (
            "webhook_secret_header = \"x\"",
            "webhook_secret_header needs the secret; add webhook_secret_env or webhook_secret_file",
        ),
        (
            "webhook_secret_env = \"D360_API_KEY\"",
            "webhook_secret needs the name of its header; add webhook_secret_header",
        ),
    ] {
        let told = ask(&format!("{number}{line}\n"));
        assert!(told.contains(expected), "{line}\nexpected {expected}\ngot {told}");
        assert!(!told.contains("hush"), "no value is shown: {told}");
    }
    let told = ask("[[number]]\nname = \"a\"\n");
    assert!(told.contains("gateway.toml:1: [[number]] \"a\": the Cloud API key is missing"), "{told}");
    // All errors at once, in the order of their lines. Numbers without a name are identified by their position.
    let told = ask(
        "old_ids = 1\n[[number]]\nkey_env = \"D360_API_KEY\"\n\n[[number]]\nnam = \"+16505551234\"\n[[number]]\nname = \"+16505551234\"\nx = 1\n",
    );
    let places: Vec<&str> = told.lines().map(|line| line.split(": ").next().unwrap()).collect();
    assert_eq!(places, ["gateway.toml:1", "gateway.toml:6", "gateway.toml:9"], "{told}");
    assert!(told.contains("[[number]] 2: unknown key \"nam\"; did you mean \"name\"?"), "{told}");
    assert!(!told.contains("16505551234"), "{told}");
    // As JSON.
    std::fs::write(&path, "nonsense = 1").unwrap();
    let ran = d360(&["gateway", "--config", path.to_str().unwrap(), "--output", "json"]);
    let document: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(document["error"]["kind"], json!("setup"));
}

#[test]
fn readiness_can_be_queried() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap();
    let state = folder.path().join("state.db");
    let args =
        ["--listen", "127.0.0.1:0", "--base-url", &sandbox.base_url(), "--state", state.to_str().unwrap()];
    let gateway = Gateway::start(sandbox.key(), &[&args[..], &["--metrics-listen", "127.0.0.1:0"]].concat());
    // The operations port needs no key, the API's port does.
    for address in [gateway.operations.unwrap(), gateway.address] {
        let ran = d360(&["gateway", "ready", "--url", &format!("http://{address}")]);
        assert_eq!((ran.status.code(), &*ran.stdout), (Some(0), &b"ready\n"[..]), "{ran:?}");
        let ran = d360(&["gateway", "ready", "--metrics-listen", &address.to_string(), "--output", "json"]);
        assert_eq!(&*ran.stdout, b"{\"ready\":true}\n", "{ran:?}");
    }
    let operations = format!("http://{}", gateway.operations.unwrap());
    let other = format!("{}/v1", sandbox.base_url());
    drop(gateway);
    for (url, code, reason) in [
        (operations.as_str(), 1, "no gateway answers at"),
        (&other, 1, "is not ready: it answered"),
        ("nonsense", 2, "--url"),
    ] {
        let ran = d360(&["gateway", "ready", "--url", url]);
        let told = String::from_utf8(ran.stderr).unwrap();
        assert!(ran.status.code() == Some(code) && told.contains(reason), "{url}: {told}");
    }
}
