//! Maps paths to systems.

/// The path of Meta's media URLs. 360dialog serves the same path on its own host.
pub(crate) const ATTACHMENTS: &str = "/whatsapp_business/attachments/";

/// The system of a path, with the rest of the path.
#[derive(Clone, Copy, Debug)]
pub(crate) enum System<'p> {
    Cloud(&'p str),
    Graph(&'p str),
    OnPrem(&'p str),
    Hub(&'p str),
    /// Meta's media URLs, with the key of Cloud or Graph.
    Media,
    /// A Graph path without a version, or one that is not served, with Graph's error code.
    Unserved(i64),
}

/// Paths below `/{version}/{phone_number_id}` with their methods.
const EDGES: [(&str, &[&str]); 6] = [
    ("/messages", &["POST"]),
    ("/block_users", &["GET", "POST", "DELETE"]),
    ("/media", &["POST"]),
    ("/message_templates", &["GET", "POST", "DELETE"]),
    ("/waba_webhook", &["GET", "POST"]),
    ("/health_status", &["GET"]),
];
/// Methods of a file or template, which is addressed by its id.
const NODE: &[&str] = &["GET", "POST", "DELETE"];

/// Returns the system of a path: `/v1/…` is On-Premise, `/api/v2/…` the partner API. `/v25.0/{phone_number_id}` is
/// stripped from Graph paths.
///
/// `bearer` means that the request has a token and no 360dialog key, so it is for Graph if the path is ambiguous.
/// `unversioned` means that Graph paths without a version are served.
pub(crate) fn system<'p>(method: &str, path: &'p str, bearer: bool, unversioned: bool) -> System<'p> {
    if path == ATTACHMENTS || path == ATTACHMENTS.trim_end_matches('/') {
        return System::Media;
    }
    if let Some(rest) = path.strip_prefix("/v1/") {
        return System::OnPrem(rest);
    }
    if let Some(rest) = path.strip_prefix("/api/v2/") {
        return System::Hub(rest);
    }
    let first = path.split('/').nth(1).unwrap_or_default();
    if is_version(first) {
        return graph(method, &path[first.len() + 1..]);
    }
    // `/{id}/…`, or a malformed version.
    let more = path.len() > first.len() + 1;
    match first.strip_prefix('v') {
        None if is_digits(first) && (more || bearer) && unversioned => graph(method, path),
        None if is_digits(first) && (more || bearer) => System::Unserved(2500),
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => System::Unserved(2500),
        _ => System::Cloud(path),
    }
}

/// Returns the system of a Graph path: an edge of a number or account, or a node.
fn graph<'p>(method: &str, path: &'p str) -> System<'p> {
    let id = path.split('/').nth(1).unwrap_or_default();
    if !is_digits(id) {
        return System::Unserved(2500);
    }
    let (rest, methods) = match &path[id.len() + 1..] {
        "" => (path, NODE),
        edge => match EDGES.iter().find(|(served, _)| *served == edge) {
            Some((_, methods)) => (edge, *methods),
            None => return System::Unserved(2500),
        },
    };
    if methods.contains(&method) { System::Graph(rest) } else { System::Unserved(100) }
}

/// Returns the path after the version, as Graph shows it in its errors.
pub(crate) fn without_version(path: &str) -> &str {
    let first = path.split('/').nth(1).unwrap_or_default();
    if is_version(first) { &path[first.len() + 1..] } else { path }
}

/// Returns whether a segment is a version like `v25.0`.
fn is_version(step: &str) -> bool {
    let number = step.strip_prefix('v').and_then(|version| version.split_once('.'));
    number.is_some_and(|(major, minor)| is_digits(major) && is_digits(minor))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
