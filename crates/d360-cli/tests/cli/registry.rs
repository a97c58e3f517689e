//! Every entry of the registry has an endpoint, a wire test, a sandbox route, and a command or the reason why not.
use crate::{d360, finish};
use d360_sandbox::Sandbox;
use std::{
    collections::BTreeMap,
    io::{Read as _, Write as _},
    net::TcpStream,
    path::{Path, PathBuf},
};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// The entries of xtask/spec/endpoints.toml. Every value is a text.
fn entries() -> Vec<BTreeMap<String, String>> {
    let text = std::fs::read_to_string(root().join("xtask/spec/endpoints.toml")).unwrap();
    let fields = |part: &str| -> BTreeMap<String, String> {
        let pairs = part.lines().filter_map(|line| line.split_once(" = "));
        pairs.map(|(key, value)| (key.to_owned(), value.trim_matches('"').replace("\\\"", "\""))).collect()
    };
    text.split("[[endpoint]]").skip(1).map(fields).collect()
}

/// All sources below a folder, except the registry itself.
fn sources(folder: &Path) -> String {
    let mut text = String::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            text.push_str(&sources(&path));
        } else if path.extension().is_some_and(|ext| ext == "rs") && !path.ends_with("endpoints.rs") {
            text.push_str(&std::fs::read_to_string(path).unwrap());
        }
    }
    text
}

#[test]
fn every_entry_has_an_endpoint_and_a_wire_test() {
    let entries = entries();
    assert!(entries.len() > 30, "{}", entries.len());
    for entry in &entries {
        let name = &entry["name"];
        let mut steps = name.split('.');
        let of = steps.next().unwrap();
        let constant = steps.collect::<Vec<_>>().join("_").to_uppercase();
        let folder = root().join(format!("crates/d360-{of}/src"));
        let text = sources(&folder);
        let mut words = text.split(|c: char| !c.is_ascii_alphanumeric() && c != '_');
        assert!(words.any(|word| word == constant), "{name}: no endpoint uses endpoints::{constant}");
        let (file, test) = entry["wire_test"].split_once("::").unwrap();
        let path = root().join(format!("tests/it/{file}.rs"));
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{name}: {}: {error}", path.display()));
        assert!(text.contains(&format!("#[test]\nfn {test}()")), "{name}: {file}.rs has no test {test}");
        assert!(["source", "verified", "summary"].iter().all(|key| !entry[*key].is_empty()), "{name}");
    }
}

#[test]
fn every_entry_has_a_route_of_the_sandbox() {
    let sandbox = Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    for entry in entries() {
        let (method, path) = entry["sandbox"].split_once(' ').unwrap();
        let mut stream = TcpStream::connect(sandbox.base_url().trim_start_matches("http://")).unwrap();
        let key = sandbox.key();
        write!(
            stream,
            "{method} {path} HTTP/1.1\r\nhost: x\r\nD360-API-KEY: {key}\r\nX-API-Key: {key}\r\nconnection: close\r\ncontent-length: 2\r\n\r\n{{}}"
        )
        .unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        // The response to an empty body may be an error, but not that the route is unknown.
        assert!(!answer.contains("the sandbox does not serve"), "{}: {answer}", entry["name"]);
        assert!(
            answer.starts_with("HTTP/1.1 ") && !answer.starts_with("HTTP/1.1 405"),
            "{}: {answer}",
            entry["name"]
        );
    }
}

#[test]
fn every_entry_has_a_verb_or_says_why_not() {
    for entry in entries() {
        match (entry.get("cli"), entry.get("cli_not")) {
            (Some(verb), None) => {
                let args: Vec<&str> = verb.split(' ').chain(["--help"]).collect();
                let ran = finish(crate::command(&args));
                assert_eq!(ran.code, 0, "{}: {verb}: {}", entry["name"], ran.err);
            }
            (None, Some(why)) => assert!(why.len() > 10, "{}", entry["name"]),
            other => panic!("{}: {other:?}", entry["name"]),
        }
    }
    assert_eq!(d360(&["no-such-verb", "--help"]).code, 2);
}
