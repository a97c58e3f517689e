//! Endpoints: constants and registry of each crate, a page of all, and the page of wire shapes.
use super::{MARKDOWN_HEADER, RUST_HEADER};
use crate::{Result, root};
use std::{collections::BTreeMap, fmt::Write as _, fs};

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoints {
    pub(super) resources: BTreeMap<String, String>,
    pub(super) endpoint: Vec<Endpoint>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Endpoint {
    pub(super) name: String,
    pub(super) method: String,
    pub(super) path: String,
    effect: String,
    pub(super) summary: String,
    pub(super) source: String,
    replaced_by: Option<String>,
    scope: Option<String>,
    request: Option<String>,
    answer: Option<String>,
    verified: String,
    wire_test: String,
    sandbox: String,
    pub(super) handle: Option<super::handles::Handle>,
    pub(super) handle_not: Option<String>,
    cli: Option<String>,
    cli_not: Option<String>,
}

pub(super) fn endpoint_consts(endpoints: &Endpoints, crate_name: &str) -> Result<String> {
    let mut consts = String::new();
    let mut names = Vec::new();
    for endpoint in endpoints.endpoint.iter().filter(|e| e.name.split('.').next() == Some(crate_name)) {
        let effect = match endpoint.effect.as_str() {
            "once" => "Once",
            "repeatable" => "Repeatable",
            other => return Err(format!("endpoints.toml: {}: {other:?} is no effect", endpoint.name)),
        };
        let scope = match endpoint.scope.as_deref() {
            None | Some("number") => "",
            Some("account") => ".of(Scope::Account)",
            Some("object") => ".of(Scope::Object)",
            Some("gateway") => ".of(Scope::Gateway)",
            Some(other) => return Err(format!("endpoints.toml: {}: {other:?} is no scope", endpoint.name)),
        };
        let name = endpoint.name.split('.').skip(1).collect::<Vec<_>>().join("_").to_uppercase();
        let Endpoint { method, path, summary, source, .. } = endpoint;
        let shut = endpoint.replaced_by.as_ref();
        let shut = shut.map(|by| format!(" Meta shut On-Premise on 2025-10-23; on Cloud, {by} replaces it."));
        if shut.is_none() && crate_name == "onprem" {
            return Err(format!("endpoints.toml: {} says not what replaces it", endpoint.name));
        }
        let shut = shut.unwrap_or_default();
        let _ = writeln!(
            consts,
            "/// `{method} {path}`: {summary}.{shut} Source: {source}.\npub const {name}: Meta = \
             Meta::new({:?}, Method::{method}, {path:?}, Effect::{effect}){scope};",
            endpoint.name
        );
        names.push(name);
    }
    let scope = if consts.contains("Scope::") { ", Scope" } else { "" };
    let shut_all = if crate_name == "onprem" { " (Meta shut On-Premise on 2025-10-23.)" } else { "" };
    Ok(format!(
        "{RUST_HEADER}
//! Every endpoint of this crate.{shut_all}
use d360_transport::{{Effect, Meta{scope}}};
use http::Method;

{consts}
/// All of them.
pub const ALL: &[Meta] = &[{}];
",
        names.join(", ")
    ))
}

/// What can be called, by what, and where it is tested.
pub(super) fn page(endpoints: &Endpoints) -> Result<String> {
    let mut page = format!(
        "{MARKDOWN_HEADER}# Endpoints\n\nEvery call. *Once* is never sent again while its outcome is unknown; *repeatable* may be: doing it twice does no \
         more than doing it once. Each has a test in `tests/it` that compares what goes over the wire in all transports, and a route of the \
         sandbox.\n\n| name | call | what it does | effect | command line | source |\n|---|---|---|---|---|---|\n"
    );
    for e in &endpoints.endpoint {
        let verb = match (&e.cli, &e.cli_not) {
            (Some(verb), None) => format!("`d360 {verb}`"),
            (None, Some(why)) => format!("none: {why}"),
            _ => return Err(format!("endpoints.toml: {}: give cli, or cli_not, and not both", e.name)),
        };
        if e.wire_test.split_once("::").is_none() || e.sandbox.split_once(' ').is_none() {
            return Err(format!("endpoints.toml: {}: wire_test is file::test, sandbox METHOD /path", e.name));
        }
        let _ = writeln!(
            page,
            "| `{}` | `{} {}` | {} | {} | {verb} | {} |",
            e.name, e.method, e.path, e.summary, e.effect, e.source
        );
    }
    Ok(page)
}

/// Each wire shape: where it comes from, and by what it is known; behind it what sources disagree about.
pub(super) fn contracts(endpoints: &Endpoints) -> Result<String> {
    let mut page = format!(
        "{MARKDOWN_HEADER}# Contracts\n\nWhat goes over the wire, where that is known from, and what is done where sources contradict each other. No real \
         host was asked: *verified* says by what a shape is known.\n\n## Wire shapes\n\n| call | request | answer | source | verified |\n|---|---|---|---|---|\n"
    );
    for e in &endpoints.endpoint {
        let none = || "none".to_owned();
        let (request, answer) =
            (e.request.clone().unwrap_or_else(none), e.answer.clone().unwrap_or_else(none));
        let _ = writeln!(
            page,
            "| `{} {}` ({}) | {request} | {answer} | {} | {} |",
            e.method,
            e.path,
            e.name.split('.').next().unwrap_or_default(),
            e.source,
            e.verified
        );
    }
    let path = root().join("xtask/spec/contradictions.md");
    let text = fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(page + "\n" + &text)
}
