//! Help pages: short, with examples that work.
use crate::{Folder, d360, finish};

/// The number of lines of a small terminal.
const LINES: usize = 30;

/// Options of API calls, which help pages leave to `d360 help options`.
const COMMON: [&str; 9] = [
    "--api",
    "--key-file",
    "--base-url",
    "--timeout",
    "--deadline",
    "--no-retry",
    "--proxy",
    "--ca-file",
    "--output",
];

/// The help of a command on a terminal of 80 columns.
pub(crate) fn help(path: &[&str], flag: &str) -> String {
    let mut command = crate::command(path);
    command.arg(flag).env("COLUMNS", "80");
    let ran = finish(command);
    assert_eq!(ran.code, 0, "{path:?}: {}", ran.err);
    ran.out
}

/// The lines below a heading.
fn section(help: &str, is_heading: impl Fn(&str) -> bool) -> Vec<&str> {
    let below = help.lines().skip_while(|line| !is_heading(line)).skip(1);
    below.take_while(|line| !line.is_empty()).collect()
}

pub(crate) fn examples(help: &str) -> Vec<&str> {
    section(help, |line| line == "Examples:").into_iter().map(str::trim).collect()
}

/// Returns every command, as listed by the help pages of its parents.
pub(crate) fn commands() -> Vec<Vec<String>> {
    let mut all = Vec::new();
    let mut open = vec![Vec::<String>::new()];
    while let Some(path) = open.pop() {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let page = help(&names, "-h");
        let is_group = |line: &str| {
            let of_root =
                path.is_empty() && line.ends_with(':') && !["Options:", "Examples:"].contains(&line);
            of_root || line.starts_with("Commands")
        };
        let mut rest = page.as_str();
        while let Some(at) = rest.lines().position(is_group) {
            let from = rest.lines().skip(at).map(|line| line.len() + 1);
            let start: usize = rest.lines().take(at).map(|line| line.len() + 1).sum();
            for line in section(&rest[start..], is_group) {
                let name = line.split_whitespace().next().unwrap();
                if name != "help" || path.is_empty() {
                    open.push(path.iter().cloned().chain([name.to_owned()]).collect());
                }
            }
            rest = &rest[start + from.take(1).sum::<usize>()..];
        }
        all.push(path);
    }
    all
}

#[test]
fn help_fits_on_a_screen_and_has_two_examples() {
    let commands = commands();
    assert!(commands.len() > 50, "{commands:?}");
    for path in &commands {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        let page = help(&names, "-h");
        let most = if path.is_empty() { 48 } else { LINES };
        assert!(page.lines().count() <= most, "{path:?}: {} lines:\n{page}", page.lines().count());
        let own = if path.is_empty() { 3 } else { 2 };
        assert_eq!(examples(&page).len(), own, "{path:?}:\n{page}");
        for line in page.lines().filter(|line| !line.starts_with("Usage: ")) {
            assert!(line.chars().count() <= 80, "{path:?}: {line}");
        }
        for example in examples(&page) {
            let of_it = format!("d360 {}", path.join(" "));
            assert!(example.contains(of_it.trim_end()), "{path:?}: {example}");
        }
    }
}

#[test]
fn common_options_have_their_own_page() {
    let page = d360(&["help", "options"]).out;
    for option in COMMON {
        assert!(
            page.contains(&format!("{option} ")) || page.contains(&format!("{option}\n")),
            "{option}: {page}"
        );
    }
    for path in commands() {
        let names: Vec<&str> = path.iter().map(String::as_str).collect();
        for flag in ["-h", "--help"] {
            let page = help(&names, flag);
            let options = page.split("Examples:").next().unwrap();
            let listed = options.lines().filter(|line| line.trim_start().starts_with("--"));
            let listed: Vec<&str> = listed.filter_map(|line| line.split_whitespace().next()).collect();
            assert!(!listed.iter().any(|option| COMMON.contains(option)), "{path:?} {flag}:\n{page}");
        }
        let is_leaf =
            !path.is_empty() && !help(&names, "-h").lines().any(|line| line.starts_with("Commands:"));
        assert!(
            path.is_empty() || is_leaf == help(&names, "-h").contains("see d360 help options"),
            "{path:?}"
        );
    }
}

#[test]
fn local_commands_refuse_call_options() {
    let folder = Folder::new();
    let vcard = crate::example("barbara.vcf");
    let hook = folder.file(
        "w.json",
        r#"{"messages":[{"id":"x","from":"16505551234","type":"text","text":{"body":"x"}}]}"#,
    );
    let message = folder.file("m.json", r#"{"to":"16505551234","type":"text","text":{"body":"Hi"}}"#);
    let local: [&[&str]; 9] = [
        &["vcard", "to-contacts", &vcard],
        &["webhook", "parse", &hook],
        &["webhook", "listen", "--listen", "127.0.0.1:0"],
        &["migrate", "translate", &message],
        &["migrate", "check", &message],
        &["sandbox", "--listen", "127.0.0.1:0"],
        &["errors", "131047"],
        &["completions", "bash"],
        &["demo"],
    ];
    for args in local {
        for option in [
            &["--api", "cloud"][..],
            &["--key-file", "k"],
            &["--timeout", "5"],
            &["--no-retry"],
            &["--proxy", "none"],
            &["--strict"],
        ] {
            let ran = d360(&[args, option].concat());
            let told = format!("{} is for commands that call an API", option[0]);
            assert!(
                ran.code == 2 && ran.err.contains(&told),
                "{args:?} {option:?}: {} {}",
                ran.code,
                ran.err
            );
            let ran = d360(&[option, args].concat());
            assert!(
                ran.code == 2 && ran.err.contains(&told),
                "{option:?} {args:?}: {} {}",
                ran.code,
                ran.err
            );
        }
    }
    // They still accept output options.
    assert!(d360(&["errors", "131047", "--json"]).json()["codes"].is_array());
    assert!(d360(&["--output", "json", "vcard", "to-contacts", &vcard]).json()["contacts"].is_array());
}

#[test]
fn topics_and_commands_have_pages() {
    for (topic, told) in [
        (&["help"][..], "Start here:"),
        (&["help", "send", "text"], "Send a text message"),
        (&["help", "template"], "List, create and delete"),
        (&["help", "environment"], "D360_API_KEY"),
        (&["help", "exit-codes"], "Outcome unknown"),
    ] {
        let ran = d360(topic);
        assert!(ran.code == 0 && ran.out.contains(told), "{topic:?}: {}{}", ran.out, ran.err);
        assert!(!ran.out.contains('\u{1b}'), "no styles without a terminal");
    }
    let ran = d360(&["help", "nonsense"]);
    assert!(ran.code == 2 && ran.err.contains("no command `nonsense`"), "{}", ran.err);
    assert!(d360(&["help", "exit-codes", "--json"]).json()["help"].as_str().unwrap().contains("Not sent"));
}
