//! Regression tests.
use crate::{Folder, command, d360, example, finish, with};
use d360_sandbox::Sandbox;
use serde_json::json;

/// Cases that once failed.
#[cfg(target_os = "linux")]
#[test]
fn odd_terminals_and_arguments_do_no_harm() {
    use std::os::unix::ffi::OsStrExt as _;
    let run = |line: &str| {
        let line = line.replace("d360", env!("CARGO_BIN_EXE_d360"));
        let output =
            std::process::Command::new("bash").args(["-o", "pipefail", "-c", &line]).output().unwrap();
        (output.status.code().unwrap(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    assert_eq!(run("d360 demo | head -1").0, 0, "a reader that closes the pipe");
    let (code, err) = run("d360 vcard to-contacts ../../examples/barbara.vcf > /dev/full");
    assert!(code == 1 && err.contains("cannot write to standard output"), "{code} {err}");
    let mut odd = command(&["send", "location", "--latitude", "1", "--longitude", "1", "--to"]);
    odd.arg(std::ffi::OsStr::from_bytes(b"\xff"));
    assert_eq!(finish(odd).code, 2);
    let ran = d360(&["send", "location", "+16505551234"]);
    assert!(ran.code == 2 && !ran.err.contains("16505551234"), "{}", ran.err);
    let ran = d360(&["--output", "json", "send", "location", "+16505551234"]);
    assert_eq!((ran.code, ran.json()["error"]["kind"].clone()), (2, json!("usage")));
    assert_eq!(d360(&["--timeout", "18446744073709551615", "demo"]).code, 2);
    for value in ["-.5", "-1e-5"] {
        let ran = d360(&[
            "send",
            "location",
            "--to",
            "+16505551234",
            "--latitude",
            value,
            "--longitude",
            "1",
            "--dry-run",
        ]);
        assert_eq!(ran.code, 0, "{value}: {}", ran.err);
    }
    let mut empty = command(&["block", "list", "--base-url", ""]);
    empty.env("D360_API_KEY", "k");
    assert_eq!(finish(empty).code, 2, "an empty URL does not select the production host");
    let mut twice = command(&["send", "raw", "-", "--key-file", "-"]);
    twice.write_stdin("{}");
    let ran = finish(twice);
    assert!(ran.code == 3 || ran.err.contains("read only once"), "{}", ran.err);
    let mut socks = command(&["demo", "--blocking"]);
    socks.env("ALL_PROXY", "socks5://127.0.0.1:1");
    assert_eq!(finish(socks).code, 0, "the demo needs no proxy");
    let mut socks = command(&["block", "list", "--blocking"]);
    socks.env("ALL_PROXY", "socks5://127.0.0.1:1").env("D360_API_KEY", "k");
    let ran = finish(socks);
    assert!(ran.code == 2 && ran.err.contains("proxy"), "{}", ran.err);
}

/// Truncating a file that is too large would block a different last user.
#[test]
fn input_is_never_truncated() {
    let folder = Folder::new();
    let mut text = "# filler\n".repeat(64 * 1024 * 1024 / 9);
    text.push_str("+16505551234567\n+16505551234567\n");
    let ran = d360(&["block", "add", "--file", &folder.file("users", text)]);
    assert!(ran.code == 3 && ran.err.contains("is larger than"), "{}", ran.err);
}

/// Each case gave a wrong result when a new user tried it.
#[test]
fn newcomer_mistakes_get_a_hint() {
    let folder = Folder::new();
    let list = folder.file("list.json", "[1]");
    let place = |latitude: &str| {
        d360(&["send", "location", "--to", "+16505551234", "--latitude", latitude, "--longitude", "1"])
    };
    let card =
        |flag: &str, file: &str| d360(&["send", "contacts", "--to", "+16505551234", flag, file, "--dry-run"]);
    for (ran, reason) in [
        (d360(&["send", "raw", &list]), "list.json: expected an object"),
        (card("--card", &example("barbara.vcf")), "is a vCard file, not JSON; give it with --vcard"),
        (card("--vcard", &list), "is JSON, not a vCard file; give it with --card"),
        (place("1,5"), "such as -33.86"),
        (d360(&["block", "list", "--key-file", "SECRETKEY"]), "--key-file: cannot be read"),
        (d360(&["block", "list", "--ca-file", "nope", "--key-file", "-"]), "the API key is empty"),
        (d360(&["errors", "+16505551234"]), "no documented code"),
        (d360(&["send", "raw", "+16505551234"]), "cannot be read"),
        (d360(&["block", "add", "--file", "+16505551234"]), "cannot be read"),
        (card("--card", "+16505551234"), "cannot be read"),
        (card("--vcard", "+16505551234"), "cannot be read"),
    ] {
        assert!(ran.code == 2 || ran.code == 3, "{reason}: {}", ran.code);
        assert!(ran.err.contains(reason), "{reason}: {}", ran.err);
        assert!(!ran.err.contains("16505551234") && !ran.err.contains("SECRETKEY"), "{}", ran.err);
        assert!(!ran.err.contains("has 0 contacts"), "{}", ran.err);
    }
    let mut piped = command(&["send", "raw", "-"]);
    piped.write_stdin("hello");
    assert!(finish(piped).err.contains("standard input: not valid JSON"));
    // Advice is printed with a refusal too, because it may be the cause.
    let sandbox = Sandbox::start().unwrap();
    let ran = with(
        &sandbox,
        false,
        &["send", "location", "--to", "national:06505551234", "--latitude", "1", "--longitude", "1"],
    );
    assert!(ran.code == 4 && ran.err.contains("advice: "), "{}", ran.err);
    assert!(d360(&["errors", "re-engagement"]).out.contains("131047"));
}
