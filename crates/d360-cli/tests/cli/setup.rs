//! Keys and proxies.
use crate::{Folder, command, d360, finish};
use d360_sandbox::Sandbox;
use std::{
    io::{BufRead as _, BufReader, Write as _},
    net::TcpListener,
    sync::mpsc,
};

#[test]
fn a_missing_key_names_both_alternatives() {
    let ran = d360(&["block", "list"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("D360_API_KEY") && ran.err.contains("d360 sandbox"), "{}", ran.err);
    let ran = d360(&["block", "list", "--output", "json"]);
    assert_eq!(ran.json()["error"]["kind"], "setup");
    let mut insecure = command(&["block", "list", "--base-url", "http://waba-v2.360dialog.io"]);
    insecure.env("D360_API_KEY", "k");
    let ran = finish(insecure);
    assert!(ran.code == 2 && ran.err.contains("not encrypted"), "{}", ran.err);
}

#[cfg(unix)]
#[test]
fn a_key_file_must_be_private() {
    use std::os::unix::fs::PermissionsExt as _;
    let sandbox = Sandbox::start().unwrap();
    let folder = Folder::new();
    let file = folder.file("key", format!("{}\n", sandbox.key()));
    let url = sandbox.base_url();
    let args = ["--base-url", &url, "--key-file", &file, "block", "list"];
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o644)).unwrap();
    let ran = d360(&args);
    assert!(ran.code == 3 && ran.err.contains("chmod 600"), "{}", ran.err);
    std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o600)).unwrap();
    assert_eq!(d360(&args).code, 0);
    let mut stdin = command(&["--base-url", &url, "--key-file", "-", "block", "list"]);
    stdin.write_stdin(sandbox.key());
    assert_eq!(finish(stdin).code, 0);
}

/// A proxy that records the first line of a request.
fn proxy() -> (String, mpsc::Receiver<String>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let (sender, receiver) = mpsc::channel();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut line = String::new();
            let _ = BufReader::new(&stream).read_line(&mut line);
            let _ = sender.send(line.trim_end().to_owned());
            let _ = stream.write_all(b"HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n");
        }
    });
    (url, receiver)
}

#[test]
fn proxies_come_from_the_environment_with_reqwest() {
    proxies(false);
}

#[test]
fn proxies_come_from_the_environment_with_ureq() {
    proxies(true);
}

/// Proxies from the environment, except for `NO_PROXY` and this machine, or from the command line.
fn proxies(blocking: bool) {
    let list = |base: &str| {
        let mut command = command(&["block", "list", "--base-url", base]);
        command.env("D360_API_KEY", "k").args(blocking.then_some("--blocking"));
        command
    };
    let (url, seen) = proxy();
    let mut through = list("https://api.example.invalid");
    through.env("HTTPS_PROXY", &url);
    assert_eq!(finish(through).code, 7, "a proxy that does not connect leaves the request unsent");
    assert_eq!(seen.try_recv().unwrap(), "CONNECT api.example.invalid:443 HTTP/1.1");
    let (url, seen) = proxy();
    for excepted in ["api.example.invalid", "example.invalid", ".example.invalid", "x, *"] {
        let mut direct = list("https://api.example.invalid");
        direct.env("HTTPS_PROXY", &url).env("NO_PROXY", excepted);
        assert_eq!(finish(direct).code, 7);
        assert!(seen.try_recv().is_err(), "NO_PROXY={excepted}");
    }
    let sandbox = Sandbox::start().unwrap();
    let mut here = list(&sandbox.base_url());
    here.env("ALL_PROXY", &url).env("HTTPS_PROXY", &url).env("D360_API_KEY", sandbox.key());
    assert_eq!(finish(here).code, 0);
    assert!(seen.try_recv().is_err(), "this machine is reached without a proxy");
    let mut named = list("https://api.example.invalid");
    named.args(["--proxy", &url]);
    finish(named);
    assert!(seen.try_recv().unwrap().starts_with("CONNECT "));
    let mut bad = list("https://api.example.invalid");
    bad.args(["--proxy", "::hush::"]);
    let ran = finish(bad);
    assert!(ran.code == 2 && ran.err.contains("proxy URL") && !ran.err.contains("hush"), "{}", ran.err);
}
