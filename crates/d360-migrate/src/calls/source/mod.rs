//! Finds calls of On-Premise in the source of a program in any language.
use crate::calls::table::OldCall;
use path::{Path, placeholder, read};
use rows::calls;

mod path;
mod rows;

/// A path of On-Premise in a program's source.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Mention {
    /// The line, from 1.
    pub line: usize,
    /// The path with `{}` for its variable parts: `/v1/contacts/{}/block`.
    pub path: String,
    /// The possible calls: several if the method is unknown, none if the path is built elsewhere.
    pub calls: Vec<&'static OldCall>,
}

d360_model::masked_fields!(Mention { line, path, calls });

/// Whether a text contains a base URL that ends in `/v1`. If so, its paths may omit `/v1`.
///
/// ```
/// use d360_migrate::calls;
/// assert!(calls::has_base(r#"BASE = "https://onprem.example:9090/v1""#));
/// assert!(!calls::has_base(r#"requests.post(HOST + "/v1/messages")"#));
/// ```
#[must_use]
pub fn has_base(text: &str) -> bool {
    text.match_indices("/v1").any(|(at, found)| {
        let rest = &text[at + found.len()..];
        let rest = rest.strip_prefix('/').unwrap_or(rest);
        // In a settings file only the end of the line ends the URL.
        let ends = rest.is_empty() || rest.starts_with(['"', '\'', '`', '\n', '\r']);
        ends && !is_comment(line_of(text, at))
    })
}

/// Returns the paths of On-Premise in a program's source, in order. `base` allows paths relative to a base URL with
/// `/v1` ([`has_base`] of this or another file of the program).
///
/// Quoted strings are followed through `+` and `.`. `{id}`, `${id}`, `#{id}`, `$id`, `%s`, `:id` and `<id>` match
/// anything. Comments are ignored.
///
/// ```
/// use d360_migrate::calls;
/// let found = calls::in_source(r#"client.post("/v1/contacts/" + id + "/block")"#, false);
/// assert_eq!((found[0].line, &*found[0].path), (1, "/v1/contacts/{}/block"));
/// assert_eq!(found[0].calls[0].cloud, Some("POST /block_users"));
/// ```
#[must_use]
pub fn in_source(text: &str, base: bool) -> Vec<Mention> {
    let mut found = Vec::new();
    let mut lines = Lines { text, at: 0, line: 1 };
    let mut at = 0;
    let mut whole = text.find("/v1/");
    while let Some(step) = next(text, at, whole, base) {
        let start = step.at;
        let Path { path, end } = read(text, start + step.skip, if step.is_relative { "/v1" } else { "" });
        at = end.max(start + 1);
        if whole.is_some_and(|whole| whole < at) {
            whole = text.get(at..).and_then(|rest| rest.find("/v1/")).map(|found| at + found);
        }
        let line = lines.of(start);
        if is_comment(line_of(text, start)) {
            continue;
        }
        let calls = calls(&path, text, start, end);
        // Other APIs have /v1 too. A path that begins with a variable segment may be any of them.
        let is_open = path.strip_prefix("/v1/").is_some_and(|rest| rest == "{}" || rest.starts_with("{}/"));
        if !calls.is_empty() || is_open && !step.is_relative {
            found.push(Mention { line, path, calls });
        }
    }
    found
}

/// The beginning of a path.
struct Start {
    at: usize,
    /// The length of the text before the path's slash.
    skip: usize,
    is_relative: bool,
}

/// The first segments of paths relative to `/v1`.
const FIRST: [&str; 14] = [
    "messages",
    "contacts",
    "media",
    "users",
    "health",
    "settings",
    "configs",
    "services",
    "account",
    "certificates",
    "stickerpacks",
    "groups",
    "stats",
    "support",
];

/// Returns the next path from `at` on. `whole` is the next one that begins with `/v1/`.
fn next(text: &str, at: usize, whole: Option<usize>, base: bool) -> Option<Start> {
    let whole_start = whole.map(|at| Start { at, skip: 0, is_relative: false });
    if !base {
        return whole_start;
    }
    let relative =
        text.get(at..whole.unwrap_or(text.len()))?.match_indices(['"', '\'', '`']).find_map(|(quote, _)| {
            let quote = at + quote;
            let skip = 1 + placeholder(&text[quote + 1..]).unwrap_or(0);
            let path = text.get(quote + skip..)?.strip_prefix('/')?;
            let first = &path[..path.find(|c: char| !c.is_ascii_lowercase()).unwrap_or(path.len())];
            let rest = &path[first.len()..];
            let ends = rest.is_empty() || rest.starts_with(['"', '\'', '`', '/', '?', '#']);
            (FIRST.contains(&first) && ends).then_some(Start { at: quote, skip, is_relative: true })
        });
    relative.or(whole_start)
}

/// The maximum number of bytes read of a line. Lines of generated files can be very long.
const LINE: usize = 1_000;

/// Returns the line from its start to a position, or an empty text if the start is too far away.
fn line_of(text: &str, at: usize) -> &str {
    let bytes = &text.as_bytes()[at.saturating_sub(LINE)..at];
    match bytes.iter().rposition(|byte| *byte == b'\n') {
        Some(newline) => &text[at - bytes.len() + newline + 1..at],
        None if bytes.len() == at => &text[..at],
        None => "",
    }
}

fn is_comment(line: &str) -> bool {
    let line = line.trim_start();
    ["//", "/*", "* ", "# ", "-- ", "<!--", "\"\"\""].iter().any(|start| line.starts_with(start))
        || line == "*"
}

/// Counts lines for increasing positions.
struct Lines<'t> {
    text: &'t str,
    at: usize,
    line: usize,
}

impl Lines<'_> {
    fn of(&mut self, at: usize) -> usize {
        self.line += self.text.as_bytes()[self.at..at].iter().filter(|byte| **byte == b'\n').count();
        self.at = at;
        self.line
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str, base: bool) -> Vec<String> {
        let shown = |mention: Mention| {
            let methods: Vec<&str> = mention.calls.iter().map(|call| call.method).collect();
            format!("{} {} {}", mention.line, methods.join("|"), mention.path)
        };
        in_source(text, base).into_iter().map(shown).collect()
    }

    #[test]
    fn paths_are_found_in_every_language() {
        for (source, expected) in [
            // Python.
            (r#"requests.post(f"{BASE}/v1/messages", json=body)"#, "1 POST /v1/messages"),
            (r#"r = s.post("%s/v1/contacts/%s/block" % (base, wa_id))"#, "1 POST /v1/contacts/{}/block"),
            (r#"s.get(base + "/v1/media/" + media_id, stream=True)"#, "1 GET /v1/media/{}"),
            (r#"requests.request("DELETE", url=f"{b}/v1/media/{media['id']}")"#, "1 DELETE /v1/media/{}"),
            // JavaScript and TypeScript.
            ("await axios.put(`${base}/v1/messages/${id}`, {status: 'read'})", "1 PUT /v1/messages/{}"),
            (
                "fetch(host + '/v1/contacts/' + encodeURIComponent(id) + '/unblock', {method: 'POST'})",
                "1 POST /v1/contacts/{}/unblock",
            ),
            (
                "fetch(`${h}/v1/settings/application`, {\n  method: \"PATCH\",\n})",
                "1 PATCH /v1/settings/application",
            ),
            ("app.get('/v1/contacts/:wa_id/identity', f)", "1 GET /v1/contacts/{}/identity"),
            // PHP.
            (
                "curl_setopt($c, CURLOPT_URL, $base . '/v1/contacts/' . $id . '/block');",
                "1 POST /v1/contacts/{}/block",
            ),
            (r#"$client->request('POST', "/v1/contacts/{$id}/report", [])"#, "1 POST /v1/contacts/{}/report"),
            (r#"$url = "$base/v1/users/login";"#, "1 POST /v1/users/login"),
            // Java and Kotlin.
            (
                r#"HttpRequest.newBuilder(URI.create(base + "/v1/users/logout")).POST(noBody())"#,
                "1 POST /v1/users/logout",
            ),
            (
                r#"String u = String.format("%s/v1/media/%s", b, id); new HttpDelete(u);"#,
                "1 DELETE /v1/media/{}",
            ),
            (r#"client.post("$base/v1/contacts") { setBody(x) }"#, "1 POST /v1/contacts"),
            // Go.
            (
                r#"http.NewRequest(http.MethodGet, fmt.Sprintf("%s/v1/contacts/blocklist?limit=%d", b, n), nil)"#,
                "1 GET /v1/contacts/blocklist",
            ),
            // C#.
            (r#"await http.PostAsync($"{b}/v1/media", content);"#, "1 POST /v1/media"),
            (
                r#"var r = new HttpRequestMessage(HttpMethod.Delete, b + "/v1/media/" + id);"#,
                "1 DELETE /v1/media/{}",
            ),
            // Ruby.
            (r##"Net::HTTP::Post.new("/v1/contacts/#{id}/block")"##, "1 POST /v1/contacts/{}/block"),
            // Rust, and a shell.
            (r#"client.get(format!("{base}/v1/health"))"#, "1 GET /v1/health"),
            ("curl -X PUT $H/v1/settings/account/two-step -d x", "1 ANY /v1/settings/account/two-step"),
            ("curl https://h:9090/v1/account/verify", "1 ANY /v1/account/verify"),
        ] {
            assert_eq!(told(source, false), [expected], "{source}");
        }
    }

    #[test]
    fn what_cannot_be_told_is_left_open() {
        assert_eq!(told("url = h + '/v1/media/' + id\n", false), ["1 GET|DELETE /v1/media/{}"]);
        assert_eq!(
            told("post(`/v1/contacts/${id}/${action}`)", false),
            ["1 POST|POST|POST /v1/contacts/{}/{}"]
        );
        assert_eq!(told("call(`${host}/v1/${path}`)", false), ["1  /v1/{}"]);
    }

    #[test]
    fn other_apis_and_comments_are_passed_over() {
        for source in [
            "https://api.stripe.com/v1/charges",
            "// POST /v1/messages sends",
            "  # GET /v1/health",
            " * /v1/media",
            "\"/v1/\"",
            "/v1",
            "'/v10/messages'",
            "'/messages'",
        ] {
            assert!(told(source, false).is_empty(), "{source}");
        }
    }

    #[test]
    fn paths_may_be_relative_to_a_base() {
        let source = "const BASE = 'https://h:9090/v1'\nget(BASE + '/health')\npost(`${BASE}/contacts/${id}/block`)\n\
            send('/messages', x)\ncss('/media-player')\nimport '/users-list'\n";
        assert!(has_base(source));
        assert_eq!(
            told(source, true),
            ["2 GET /v1/health", "3 POST /v1/contacts/{}/block", "4 POST /v1/messages"]
        );
        assert!(told(source, false).is_empty());
        assert!(has_base("URL=https://h/v1/\n") && !has_base("a /v1/x") && !has_base("# see https://h/v1\n"));
    }

    #[test]
    fn odd_texts_end() {
        for source in [
            "/v1/{",
            "/v1/%",
            "/v1/$",
            "'/v1/' +",
            "/v1/\u{e9}",
            "\"/v1/messages\" + \u{1f600}",
            "/v1/#{",
            "'",
        ] {
            let _ = told(source, true);
        }
        let long = "/v1/contacts/\" + a + \"".repeat(20_000);
        assert!(told(&long, true).is_empty());
        // Many in one line, and none with /v1 after them.
        let many = "get('/health');".repeat(5_000);
        assert_eq!(in_source(&many, true).len(), 5_000);
    }
}
