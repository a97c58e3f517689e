//! Checks the README's claims about dependencies with `cargo tree`.
use crate::{Result, tools};
use std::collections::BTreeSet;

/// Returns the names of the crates that the facade links with these features.
fn linked(features: &str) -> Result<BTreeSet<String>> {
    let args = ["tree", "-p", "d360", "--no-default-features", "--features", features, "-e", "normal"];
    let list = tools::output(&mut tools::cargo(&[&args[..], &["--prefix", "none", "-f", "{p}"]].concat()))?;
    let name = |line: &str| line.split(' ').next().map(str::to_owned);
    Ok(list.lines().filter_map(name).filter(|name| !name.is_empty()).collect())
}

/// The forbidden crates for each set of features, and the maximum number of third-party crates.
pub(super) fn run() -> Result {
    let async_only = ["tokio", "hyper", "reqwest", "h2"];
    let cases: [(&str, &[&str], usize); 3] = [
        ("cloud", &async_only, 22),
        ("cloud,ureq,rustls,vcard", &async_only, 70),
        ("cloud,ureq,rustls", &async_only, 42),
    ];
    for (features, banned, most) in cases.into_iter().chain([
        ("cloud,hyper,rustls", &["ureq", "reqwest"][..], 60),
        ("cloud,reqwest,rustls", &["ureq"][..], 93),
    ]) {
        let crates = linked(features)?;
        if let Some(found) = banned.iter().find(|name| crates.contains(**name)) {
            return Err(format!("features {features} add {found}"));
        }
        let others = crates.iter().filter(|name| !name.starts_with("d360")).count();
        eprintln!("ci: deps: {features}: {others} third-party crates");
        if others > most {
            return Err(format!("features {features} add {others} third-party crates; the limit is {most}"));
        }
    }
    let all = tools::output(&mut tools::cargo(&[
        "tree",
        "--workspace",
        "--all-features",
        "--target",
        "all",
        "-e",
        "normal,build",
        "--prefix",
        "none",
    ]))?;
    match all.lines().find(|line| line.starts_with("ring ")) {
        Some(found) => Err(format!("{found}is in the tree; expected only one TLS provider")),
        None => Ok(()),
    }
}
