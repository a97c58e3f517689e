//! Generates handles by resource: `client.templates().list()`. They contain no logic: each method creates an endpoint
//! and calls it.
use super::{
    RUST_HEADER,
    endpoints::{Endpoint, Endpoints, Handle},
};
use crate::Result;
use std::{collections::BTreeSet, fmt::Write as _};

/// The two kinds of client and the differences between their handles.
#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Async,
    Blocking,
}

/// Generates the traits that give the clients of `d360-transport` their handles.
pub(super) fn traits(endpoints: &Endpoints) -> Result<String> {
    let mut text = format!(
        "{RUST_HEADER}
//! Handles by resource: `client.templates()`. Each API crate defines those of its API.
use super::{{asynchronous::Client, blocking}};
use crate::endpoint::Api;
"
    );
    for (resource, words) in &endpoints.resources {
        if !endpoints.endpoint.iter().any(|e| e.handle.is_some() && self::resource(e) == resource) {
            return Err(format!("endpoints.toml: resource {resource:?} has no endpoint with a handle"));
        }
        let name = camel(resource);
        let _ = writeln!(
            text,
            "
/// An API with calls for {words}: gives its clients [`{resource}`](Client::{resource}).
pub trait Has{name}: Api + Sized {{
    /// The handle of the async client.
    type {name}: From<Client<Self>>;
    /// The handle of the blocking client.
    type Blocking{name}: From<blocking::Client<Self>>;
}}

impl<A: Has{name}> Client<A> {{
    /// Returns the calls for {words}.
    #[must_use]
    pub fn {resource}(&self) -> A::{name} {{
        self.clone().into()
    }}
}}

impl<A: Has{name}> blocking::Client<A> {{
    /// Returns the calls for {words}.
    #[must_use]
    pub fn {resource}(&self) -> A::Blocking{name} {{
        self.clone().into()
    }}
}}"
        );
    }
    Ok(text)
}

/// Generates the handles of an API crate.
pub(super) fn handles(endpoints: &Endpoints, crate_name: &str, api: &str) -> Result<String> {
    let own: Vec<&Endpoint> =
        endpoints.endpoint.iter().filter(|e| e.name.split('.').next() == Some(crate_name)).collect();
    for e in &own {
        if e.handle.is_some() == e.handle_not.is_some() {
            return Err(format!("endpoints.toml: {}: give either handle or handle_not", e.name));
        }
    }
    let resources: BTreeSet<&str> = own.iter().filter(|e| e.handle.is_some()).map(|e| resource(e)).collect();
    let mut text = format!(
        "{RUST_HEADER}
//! Handles by resource, without logic: each method makes an endpoint and calls it, and `Client::call` is below all of them. Endpoints with
//! options have a second method, `…_with`.
use crate::{api};
"
    );
    let imports = imports(&own, &resources);
    text += &imports;
    for name in &resources {
        let words = words(endpoints, name)?;
        let camel = camel(name);
        let _ = writeln!(
            text,
            "
impl d360_transport::Has{camel} for {api} {{
    type {camel} = {camel};
    type Blocking{camel} = blocking::{camel};
}}
{}",
            structure(Kind::Async, name, words, &own)
        );
    }
    text += "\n/// The handles of the blocking client.\npub mod blocking {\n    use super::*;\n";
    for name in &resources {
        text += &structure(Kind::Blocking, name, words(endpoints, name)?, &own);
    }
    text += "}\n";
    Ok(text)
}

fn words<'e>(endpoints: &'e Endpoints, resource: &str) -> Result<&'e str> {
    let words = endpoints.resources.get(resource);
    Ok(words.ok_or_else(|| format!("endpoints.toml: resource {resource:?} is not in [resources]"))?)
}

/// The imports from the crate and from the transport.
fn imports(own: &[&Endpoint], resources: &BTreeSet<&str>) -> String {
    let handles = || own.iter().filter(|e| resources.contains(resource(e))).filter_map(|e| e.handle.as_ref());
    let mut modules: BTreeSet<&str> = handles().filter_map(|h| h.endpoint.split("::").next()).collect();
    let local = ["Message", "PartnerId"];
    modules.extend(local.into_iter().filter(|name| {
        handles().any(|h| h.args.split([' ', '&']).any(|word| word.trim_end_matches(',') == *name))
    }));
    let pages = handles().any(|h| h.pages);
    let error = handles().any(|h| !h.pages);
    let mut transport = Vec::new();
    if error {
        transport.push("Error");
    }
    if pages {
        transport.push("Pages");
    }
    let modules: Vec<_> = modules.into_iter().collect();
    format!("use crate::{{{}}};\nuse d360_transport::{{{}}};\n", modules.join(", "), transport.join(", "))
}

fn structure(kind: Kind, name: &str, words: &str, own: &[&Endpoint]) -> String {
    let camel = camel(name);
    let client = match kind {
        Kind::Async => "crate::Client",
        Kind::Blocking => "crate::blocking::Client",
    };
    let mut methods = String::new();
    for e in own.iter().filter(|e| resource(e) == name) {
        let Some(handle) = &e.handle else { continue };
        let method = e.name.rsplit('.').next().unwrap_or_default();
        let docs = format!("/// {}.\n///\n/// `{} {}`. Source: {}.", e.summary, e.method, e.path, e.source);
        let calls = if handle.pages { "" } else { "\n///\n/// # Errors\n/// See [`Error`]." };
        if handle.given {
            let _ = writeln!(methods, "{docs}{calls}\n{}", function(kind, handle, method, "endpoint"));
            continue;
        }
        let names: Vec<&str> =
            split(&handle.args).map(|arg| arg.split(':').next().unwrap_or_default()).collect();
        let make = if handle.unit {
            handle.endpoint.clone()
        } else {
            format!("{}::new({})", handle.endpoint, names.join(", "))
        };
        let _ = writeln!(methods, "{docs}{calls}\n{}", function(kind, handle, method, &make));
        if handle.options {
            let docs = format!("/// As [`{method}`](Self::{method}), with the options of the endpoint.");
            let _ = writeln!(
                methods,
                "{docs}{calls}\n{}",
                function(kind, handle, &format!("{method}_with"), "endpoint")
            );
        }
    }
    format!(
        "
/// Calls for {words}.
#[derive(Clone, Debug)]
pub struct {camel}({client});

impl From<{client}> for {camel} {{
    fn from(client: {client}) -> Self {{
        Self(client)
    }}
}}

impl {camel} {{
{methods}
}}
"
    )
}

/// Generates one method. `make` is the expression of the endpoint, or `endpoint` if the caller passes it.
fn function(kind: Kind, handle: &Handle, method: &str, make: &str) -> String {
    let args =
        if make == "endpoint" { format!("endpoint: {}", handle.endpoint) } else { handle.args.clone() };
    let args = if args.is_empty() { String::new() } else { format!(", {args}") };
    if handle.pages {
        let pages = match kind {
            Kind::Async => "Pages",
            Kind::Blocking => "d360_transport::blocking::Pages",
        };
        let endpoint = &handle.endpoint;
        return format!("pub fn {method}(&self{args}) -> {pages}<{endpoint}> {{ self.0.pages({make}) }}");
    }
    let returns = handle.returns.as_deref().unwrap_or("()");
    match kind {
        Kind::Async => format!(
            "pub async fn {method}(&self{args}) -> Result<{returns}, Error> {{ self.0.call({make}).await }}"
        ),
        Kind::Blocking => {
            format!("pub fn {method}(&self{args}) -> Result<{returns}, Error> {{ self.0.call({make}) }}")
        }
    }
}

/// Splits the arguments. No type may contain a comma.
fn split(args: &str) -> impl Iterator<Item = &str> {
    args.split(", ").filter(|arg| !arg.is_empty())
}

fn resource(endpoint: &Endpoint) -> &str {
    endpoint.name.split('.').nth(1).unwrap_or_default()
}

fn camel(name: &str) -> String {
    name.split('_').map(|word| word[..1].to_uppercase() + &word[1..]).collect()
}
