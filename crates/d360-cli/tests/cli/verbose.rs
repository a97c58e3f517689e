//! `--verbose`, `--quiet` and `--color`.
use crate::{Folder, command, example, finish, with};
use d360_sandbox::{Failure, Sandbox};

/// Checks that standard error contains no secret. `with` checks the key and the bare numbers.
fn is_clean(err: &str) {
    for secret in ["+1 650 555-1234", "(415) 555-9876", "hush-hush", "9876543210"] {
        assert!(!err.contains(secret), "{secret}: {err}");
    }
}

#[test]
fn requests_and_responses_of_every_system_are_printed_masked() {
    let systems: [(&[&str], &str); 4] = [
        (&["--api", "cloud"], "D360-API-KEY: ••••"),
        (&["--api", "graph", "--phone-number-id", "1065"], "Authorization: Bearer ••••"),
        (&["--api", "onprem"], "D360-API-KEY: ••••"),
        (&["--api", "partner", "--partner-id", "pPA", "--channel-id", "cCH"], "X-API-Key: ••••"),
    ];
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        sandbox.user_writes("+16505551234");
        let folder = Folder::new();
        let card = folder.file(
            "card.json",
            r#"{"name":{"formatted_name":"A B","first_name":"A"},"phones":[{"phone":"+1 650 555-1234"},{"phone":"(415) 555-9876"}]}"#,
        );
        for (system, key) in systems {
            let run = |args: &[&str]| with(&sandbox, blocking, &[args, system, &["-v"]].concat());
            let quiet = |args: &[&str]| with(&sandbox, blocking, &[args, system].concat());
            if system[1] != "partner" {
                let ran = run(&["send", "contacts", "--to", "+16505551234", "--card", &card]);
                assert_eq!(ran.code, 0, "{}", ran.err);
                for part in ["> POST http://127.0.0.1:", "/messages", key, "A B", "< HTTP 20", "\"messages\""]
                {
                    assert!(ran.err.contains(part), "{system:?}: {part}: {}", ran.err);
                }
                assert!(ran.out.starts_with("accepted as ") && !ran.out.contains("POST"), "{}", ran.out);
                is_clean(&ran.err);
                // A failed response is printed as received.
                sandbox.fail(
                    Failure::http(400)
                        .body(r#"{"error":{"code":131026,"message":"+1 650 555-1234 is out"}}"#),
                );
                let ran = run(&["send", "text", "x", "--to", "+16505551234"]);
                assert!(ran.code == 4 && ran.err.contains("< HTTP 400"), "{}", ran.err);
                is_clean(&ran.err);
                let ran = quiet(&["send", "text", "x", "--to", "+16505551234"]);
                assert!(ran.code == 0 && !ran.err.contains("POST"), "{}", ran.err);
            }
            let ran = run(&["block", "add", "+16505551234", "+14155559876"]);
            assert!(ran.code == 6 && ran.err.contains(key) && ran.err.contains("> POST"), "{}", ran.err);
            let ran = run(&["block", "list"]);
            assert!(ran.err.contains("> GET") && ran.out == "16505551234\n", "{}{}", ran.out, ran.err);
            assert_eq!(run(&["block", "remove", "+16505551234"]).code, 0);
        }
    }
}

#[test]
fn secrets_in_bodies_are_masked_and_files_are_not_printed() {
    for blocking in [false, true] {
        let sandbox = Sandbox::start().unwrap();
        let folder = Folder::new();
        let secret = folder.file("secret", "hush-hush-hush-hush");
        folder.owner_alone("secret");
        let run = |args: &[&str]| with(&sandbox, blocking, &[args, &["--verbose"]].concat());
        let url = "http://127.0.0.1:9/hook";
        let set = ["webhook", "config", "set", url, "--secret-header", "x-secret", "--secret-file", &secret];
        for args in [&set[..], &["webhook", "config", "get"]] {
            let ran = run(args);
            assert_eq!(ran.code, 0, "{}", ran.err);
            assert!(ran.err.contains("\"headers\": \"••••\""), "{}", ran.err);
            is_clean(&ran.err);
        }
        let file = folder.file("a.pdf", "%PDF-1.4 9876543210\n%%EOF\n");
        let ran = run(&["media", "upload", &file]);
        assert!(ran.code == 0 && ran.err.contains("bytes of parts)"), "{}", ran.err);
        is_clean(&ran.err);
        let id = ran.out.trim().strip_prefix("uploaded as ").unwrap().to_owned();
        let ran = run(&["media", "download", &id, "--out", &folder.path("b.pdf")]);
        assert!(ran.code == 0 && ran.err.contains("application/pdf"), "{}", ran.err);
        is_clean(&ran.err);
        // Nobody listens there.
        let mut closed = command(&["health", "-v", "--no-retry", "--base-url", "http://127.0.0.1:1"]);
        closed.env("D360_API_KEY", "hush-hush").args(blocking.then_some("--blocking"));
        let ran = finish(closed);
        assert!(ran.code == 7 && ran.err.contains("< could not be sent"), "{}", ran.err);
        is_clean(&ran.err);
    }
}

#[test]
fn a_long_body_is_cut() {
    let sandbox = Sandbox::start().unwrap();
    let body = format!("{{\"error\":{{\"code\":1,\"message\":\"{}\"}}}}", "+16505551234 ".repeat(4000));
    sandbox.fail(Failure::http(400).body(&body));
    let ran = with(&sandbox, false, &["health", "-v"]);
    let printed = ran.err.lines().find(|line| line.contains("•34 ")).unwrap_or_default().len();
    assert!(
        printed < 20_000 && ran.err.contains(&format!("({} bytes)", body.len())),
        "{printed}: {}",
        ran.err
    );
}

#[test]
fn quiet_leaves_results_and_errors() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let vcard = example("barbara.vcf");
    let send = ["send", "contacts", "--to", "+16505551234", "--vcard", &vcard];
    assert!(!with(&sandbox, false, &send).err.is_empty());
    for flag in ["-q", "--quiet"] {
        let ran = with(&sandbox, false, &[&send[..], &[flag]].concat());
        assert!(ran.code == 0 && ran.err.is_empty() && ran.out.starts_with("accepted as "), "{}", ran.err);
    }
    sandbox.fail(Failure::code(131_047));
    let ran = with(&sandbox, false, &[&send[..], &["-q"]].concat());
    assert_eq!(ran.code, 4);
    let lines: Vec<&str> = ran.err.lines().collect();
    assert!(
        lines[0].starts_with("error: ") && lines.iter().any(|line| line.starts_with("hint: ")),
        "{}",
        ran.err
    );
    let ran = with(&sandbox, false, &[&send[..], &["-q", "-v"]].concat());
    assert!(ran.code == 2 && ran.err.contains("cannot be used with"), "{}", ran.err);
}

#[test]
fn colors_follow_the_flag_and_the_environment() {
    let red = "\u{1b}[1;31merror:\u{1b}[0m";
    let run = |args: &[&str], env: &[(&str, &str)]| {
        let mut command = command(&[&["block", "list"], args].concat());
        for name in ["NO_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "FORCE_COLOR"] {
            command.env_remove(name);
        }
        command.envs(env.iter().copied());
        finish(command).err
    };
    // Standard error is not a terminal here.
    assert!(run(&[], &[]).starts_with("error: "));
    assert!(run(&["--color", "always"], &[]).starts_with(red));
    assert!(run(&["--color=always"], &[("NO_COLOR", "1")]).starts_with(red), "the flag wins");
    assert!(run(&["--color", "never"], &[("CLICOLOR_FORCE", "1")]).starts_with("error: "));
    assert!(run(&["--color", "auto"], &[("CLICOLOR_FORCE", "1")]).starts_with(red));
    let help = |when: &str| finish(command(&["--help", "--color", when])).out;
    assert!(help("always").contains('\u{1b}') && !help("never").contains('\u{1b}'));
    assert_eq!(finish(command(&["block", "list", "--color", "sometimes"])).code, 2);
}
