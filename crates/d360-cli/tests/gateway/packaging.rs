//! The commands in `packaging/` work with the program. `cargo xtask ci packaging` checks the files with systemd and
//! hadolint.
use crate::{
    configuration::{d360, root},
    rig::Gateway,
};
use d360_sandbox::Sandbox;
use std::{fs, os::unix::fs::PermissionsExt as _, path::Path};

fn read(name: &str) -> String {
    fs::read_to_string(root().join("packaging").join(name)).unwrap()
}

/// Creates a file with this mode. The credentials of systemd are readable by their group.
fn credential(folder: &Path, name: &str, text: &str, mode: u32) -> String {
    let path = folder.join(name);
    fs::write(&path, text).unwrap();
    fs::set_permissions(&path, fs::Permissions::from_mode(mode)).unwrap();
    path.to_str().unwrap().to_owned()
}

#[test]
fn the_unit_starts_the_gateway_with_credentials() {
    let unit = read("d360-gateway.service");
    let folder = tempfile::tempdir().unwrap();
    let command = unit.lines().find_map(|line| line.strip_prefix("ExecStart=")).unwrap();
    let mut words = command.split(' ');
    assert_eq!((words.next(), words.next()), (Some("/usr/bin/d360"), Some("gateway")));
    // The example refers to the credentials that the unit loads.
    let example = fs::read_to_string(root().join("examples/gateway.toml")).unwrap();
    for name in unit.lines().filter_map(|line| line.strip_prefix("LoadCredential=")) {
        let name = name.split(':').next().unwrap();
        assert!(example.contains(&format!("\"/run/credentials/d360-gateway.service/{name}\"")), "{name}");
    }
    let sandbox = Sandbox::start().unwrap();
    let key = credential(folder.path(), "key", sandbox.key(), 0o440);
    let config = folder.path().join("gateway.toml");
    fs::write(&config, format!("[[number]]\nkey_file = {key:?}\n")).unwrap();
    let args: Vec<String> = words
        .map(|word| {
            word.replace("/etc/d360/gateway.toml", config.to_str().unwrap())
                .replace("%S/d360-gateway", folder.path().to_str().unwrap())
        })
        .collect();
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let upstream = sandbox.base_url();
    let args = [&args[..], &["--listen", "127.0.0.1:0", "--base-url", &upstream]].concat();
    let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_d360"));
    program.env("CREDENTIALS_DIRECTORY", folder.path());
    let gateway = Gateway::start_as(program, "not-this-one", &args, std::process::Stdio::null());
    assert_eq!(gateway.call(sandbox.key(), "GET", "/v1/health", None).status, 200);
    drop(gateway);
    // In other places, and if others can read it, it is refused.
    let refused = |directory: &Path, mode: u32| {
        credential(folder.path(), "key", sandbox.key(), mode);
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_d360"));
        program.arg("gateway").args(&args).env("CREDENTIALS_DIRECTORY", directory);
        let ran = program.env_remove("D360_BASE_URL").output().unwrap();
        assert_eq!(ran.status.code(), Some(2));
        let told = String::from_utf8(ran.stderr).unwrap();
        assert!(told.contains("can be read by others; run: chmod 600"), "{told}");
    };
    refused(Path::new("/run/credentials/other.service"), 0o440);
    refused(folder.path(), 0o444);
    // The same applies to the options.
    credential(folder.path(), "key", sandbox.key(), 0o440);
    let list = |directory: &Path| {
        let mut program = std::process::Command::new(env!("CARGO_BIN_EXE_d360"));
        program.args(["block", "list", "--key-file", &key, "--base-url", &sandbox.base_url()]);
        program.env("CREDENTIALS_DIRECTORY", directory).output().unwrap().status.code()
    };
    assert_eq!((list(folder.path()), list(Path::new("/"))), (Some(0), Some(3)));
}

/// Returns the words of an instruction in exec form.
fn words(dockerfile: &str, instruction: &str) -> Vec<String> {
    let line = dockerfile.lines().map(str::trim).find(|line| line.starts_with(&format!("{instruction} [")));
    serde_json::from_str(line.unwrap_or_else(|| panic!("no {instruction}"))[instruction.len()..].trim())
        .unwrap()
}

#[test]
fn the_image_starts_the_gateway_and_asks_whether_it_is_ready() {
    let dockerfile = read("Dockerfile");
    let (before, health) = dockerfile.split_once("HEALTHCHECK").unwrap();
    let (health, after) = health.split_once("\nENTRYPOINT").unwrap();
    assert!(!before.contains("\nCMD "));
    let (entry, command) = (words(&format!("ENTRYPOINT{after}"), "ENTRYPOINT"), words(after, "CMD"));
    let health = words(health, "CMD");
    assert_eq!(entry, ["d360"]);
    let folder = tempfile::tempdir().unwrap();
    let sandbox = Sandbox::start().unwrap();
    let args: Vec<String> = command[1..]
        .iter()
        .map(|word| {
            let word = word.replace("0.0.0.0:8080", "127.0.0.1:0").replace("0.0.0.0:9090", "127.0.0.1:0");
            word.replace("/var/lib/d360", folder.path().to_str().unwrap())
        })
        .collect();
    assert_eq!(command[0], "gateway");
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    let gateway = Gateway::start(sandbox.key(), &[&args[..], &["--base-url", &sandbox.base_url()]].concat());
    assert_eq!(health[0], "d360");
    let operations = gateway.operations.expect("the operations port is open").to_string();
    let ask: Vec<String> =
        health[1..].iter().map(|word| word.replace("127.0.0.1:9090", &operations)).collect();
    let ask: Vec<&str> = ask.iter().map(String::as_str).collect();
    assert_eq!(d360(&ask).status.code(), Some(0));
    drop(gateway);
    assert_eq!(d360(&ask).status.code(), Some(1));
}

#[test]
fn the_image_runs_as_nobody_with_its_state_in_a_volume() {
    let dockerfile = read("Dockerfile");
    let last = dockerfile.rsplit("\nFROM ").next().unwrap();
    for line in ["USER 10001:10001", "VOLUME /var/lib/d360", "WORKDIR /var/lib/d360", "STOPSIGNAL SIGTERM"] {
        assert!(last.lines().any(|found| found == line), "{line}");
    }
    let pinned = |base: &str| base.split_once(':').is_some_and(|(_, tag)| tag.matches('.').count() >= 1);
    for base in dockerfile.lines().filter_map(|line| line.strip_prefix("FROM ")) {
        assert!(pinned(base.split(' ').next().unwrap()), "{base}");
    }
    // The compiler is at least the rust-version of the project.
    let manifest = fs::read_to_string(root().join("Cargo.toml")).unwrap();
    let declared = manifest.lines().find_map(|line| line.strip_prefix("rust-version = ")).unwrap();
    let minor =
        |version: &str| -> u32 { version.trim_matches('"').split('.').nth(1).unwrap().parse().unwrap() };
    let compiler = dockerfile.split("FROM rust:").nth(1).unwrap();
    assert!(minor(compiler) >= minor(declared), "{declared}");
}
