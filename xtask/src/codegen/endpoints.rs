//! Generates the endpoint constants and registry of each crate, the page of endpoints, and the page of wire forms.
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
    pub(super) handle: Option<Handle>,
    pub(super) handle_not: Option<String>,
    cli: Option<String>,
    cli_not: Option<String>,
}

/// The handle method of an endpoint: its arguments, and how it creates the endpoint.
#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Handle {
    pub(super) endpoint: String,
    #[serde(default)]
    pub(super) args: String,
    #[serde(default)]
    pub(super) given: bool,
    #[serde(default)]
    pub(super) unit: bool,
    #[serde(default)]
    pub(super) pages: bool,
    #[serde(default)]
    pub(super) options: bool,
    pub(super) returns: Option<String>,
}

pub(super) fn endpoint_consts(endpoints: &Endpoints, crate_name: &str) -> Result<String> {
    let mut consts = String::new();
    let mut names = Vec::new();
    for endpoint in endpoints.endpoint.iter().filter(|e| e.name.split('.').next() == Some(crate_name)) {
        let effect = match endpoint.effect.as_str() {
            "once" => "Once",
            "repeatable" => "Repeatable",
            other => return Err(format!("endpoints.toml: {}: {other:?} is not an effect", endpoint.name)),
        };
        let scope = match endpoint.scope.as_deref() {
            None | Some("number") => "",
            Some("account") => ".of(Scope::Account)",
            Some("object") => ".of(Scope::Object)",
            Some("gateway") => ".of(Scope::Gateway)",
            Some(other) => {
                return Err(format!("endpoints.toml: {}: {other:?} is not a scope", endpoint.name));
            }
        };
        let name = endpoint.name.split('.').skip(1).collect::<Vec<_>>().join("_").to_uppercase();
        let Endpoint { method, path, summary, source, .. } = endpoint;
        let shut = endpoint.replaced_by.as_ref();
        let shut =
            shut.map(|by| format!(" Meta retired On-Premise on 2025-10-23; on Cloud, {by} replaces it."));
        if shut.is_none() && crate_name == "onprem" {
            return Err(format!("endpoints.toml: {} has no replaced_by", endpoint.name));
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
    let shut_all = if crate_name == "onprem" { " (Meta retired On-Premise on 2025-10-23.)" } else { "" };
    Ok(format!(
        "{RUST_HEADER}
//! All endpoints of this crate.{shut_all}
use d360_transport::{{Effect, Meta{scope}}};
use http::Method;

{consts}
/// All endpoints.
pub const ALL: &[Meta] = &[{}];
",
        names.join(", ")
    ))
}

/// Generates the page of endpoints, with commands and sources.
pub(super) fn page(endpoints: &Endpoints) -> Result<String> {
    let mut page = format!(
        "{MARKDOWN_HEADER}# Endpoints\n\nThis page lists every call. *Once* means not idempotent: never retried while the outcome is \
         unknown.\n*Repeatable* calls are idempotent and may be retried. Each call has a test in `tests/it` that checks its wire form in\nall \
         transports, and a route in the sandbox.\n\n| name | call | what it does | effect | command line | source |\n|---|---|---|---|---|---|\n"
    );
    for e in &endpoints.endpoint {
        let verb = match (&e.cli, &e.cli_not) {
            (Some(verb), None) => format!("`d360 {verb}`"),
            (None, Some(why)) => format!("none: {why}"),
            _ => return Err(format!("endpoints.toml: {}: give either cli or cli_not", e.name)),
        };
        if e.wire_test.split_once("::").is_none() || e.sandbox.split_once(' ').is_none() {
            return Err(format!(
                "endpoints.toml: {}: wire_test must be file::test, and sandbox METHOD /path",
                e.name
            ));
        }
        let _ = writeln!(
            page,
            "| `{}` | `{} {}` | {} | {} | {verb} | {} |",
            e.name, e.method, e.path, e.summary, e.effect, e.source
        );
    }
    Ok(page)
}

/// Generates the page of wire forms with their evidence, followed by the contradictions between sources.
pub(super) fn contracts(endpoints: &Endpoints) -> Result<String> {
    let mut page = format!(
        "{MARKDOWN_HEADER}# Contracts\n\nThis page lists the wire form of each call with its source, and how the client resolves contradictions between\n\
         sources. No real host was queried: *verified* names the evidence for each form.\n\n## Wire forms\n\n| call | request | response | source | verified |\n|---|---|---|---|---|\n"
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
