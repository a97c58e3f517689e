//! Which system a path belongs to.

/// Where Meta's URLs lead. 360dialog serves the same path under its own host.
pub(crate) const ATTACHMENTS: &str = "/whatsapp_business/attachments/";

/// The system of a path, with the rest of it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum System<'p> {
    Cloud(&'p str),
    Graph(&'p str),
    OnPrem(&'p str),
    Hub(&'p str),
    /// Where Meta's media URLs lead, with the key of Cloud or Graph.
    Media,
    /// A path of Graph without a version, or one that is not served, with the code that Graph answers.
    Unserved(i64),
}

/// What follows `/{version}/{phone_number_id}`, and the methods that are served.
const EDGES: [(&str, &[&str]); 6] = [
    ("/messages", &["POST"]),
    ("/block_users", &["GET", "POST", "DELETE"]),
    ("/media", &["POST"]),
    ("/message_templates", &["GET", "POST", "DELETE"]),
    ("/waba_webhook", &["GET", "POST"]),
    ("/health_status", &["GET"]),
];
/// A file or template by its id alone.
const NODE: &[&str] = &["GET", "POST", "DELETE"];

/// `/v1/…` is On-Premise's, `/api/v2/…` the hub's; `/v25.0/{phone_number_id}` is taken off Graph's paths. `bearer`: the request has
/// a token, and no key of 360dialog's, so that it is meant for Graph where the path alone does not tell. `unversioned`: paths without a
/// version are served too.
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
    // `/{id}/…`, or a version of another form.
    let more = path.len() > first.len() + 1;
    match first.strip_prefix('v') {
        None if is_digits(first) && (more || bearer) && unversioned => graph(method, path),
        None if is_digits(first) && (more || bearer) => System::Unserved(2500),
        Some(rest) if rest.starts_with(|c: char| c.is_ascii_digit()) => System::Unserved(2500),
        _ => System::Cloud(path),
    }
}

/// A number or account and what it has, or a thing by its id alone.
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

/// The path after the version, as Graph names it in its errors.
pub(crate) fn without_version(path: &str) -> &str {
    let first = path.split('/').nth(1).unwrap_or_default();
    if is_version(first) { &path[first.len() + 1..] } else { path }
}

/// `v25.0`.
fn is_version(step: &str) -> bool {
    let number = step.strip_prefix('v').and_then(|version| version.split_once('.'));
    number.is_some_and(|(major, minor)| is_digits(major) && is_digits(minor))
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}
