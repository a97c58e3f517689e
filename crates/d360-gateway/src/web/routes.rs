//! Routing by tables.
//!
//! axum's router is not used, because it matches paths before percent-decoding, rejects empty segments, and answers
//! 404 and 405 itself. Old programs send such paths and expect On-Premise's errors.
use http::Method;
use percent_encoding::percent_decode_str;

/// The method (or `ANY`), the path and the target. A path segment in braces matches any segment.
pub(crate) type Route<R> = (&'static str, &'static str, R);

/// Returns the percent-decoded segments of a path. Leading and trailing slashes are ignored.
pub(crate) fn segments(path: &str) -> Vec<String> {
    let decoded = |segment| percent_decode_str(segment).decode_utf8_lossy().into_owned();
    path.trim_matches('/').split('/').map(decoded).collect()
}

/// Returns the first matching route and its path parameters.
pub(crate) fn find<'s, R: Copy>(
    table: &[Route<R>],
    method: &Method,
    segments: &'s [String],
) -> Option<(R, Vec<&'s str>)> {
    table
        .iter()
        .filter(|(wanted, ..)| *wanted == "ANY" || *wanted == method.as_str())
        .find_map(|(_, pattern, route)| Some((*route, parameters(pattern, segments)?)))
}

fn parameters<'s>(pattern: &str, segments: &'s [String]) -> Option<Vec<&'s str>> {
    let mut found = Vec::new();
    let mut segments = segments.iter();
    for expected in pattern.split('/') {
        let segment = segments.next()?;
        if expected.starts_with('{') {
            found.push(segment.as_str());
        } else if expected != segment {
            return None;
        }
    }
    segments.next().is_none().then_some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_fit_by_segment() {
        let table = [("GET", "a/{id}", 1), ("POST", "a/{id}/b", 2), ("ANY", "a", 3)];
        for (method, path, expected) in [
            (Method::GET, "/a/x", Some((1, vec!["x"]))),
            (Method::GET, "//a/x///", Some((1, vec!["x"]))),
            (Method::GET, "/%61/x%2Fy", Some((1, vec!["x/y"]))),
            (Method::POST, "/a//b", Some((2, vec![""]))),
            (Method::POST, "/a/x", None),
            (Method::GET, "/a//x", None),
            (Method::DELETE, "/a/", Some((3, vec![]))),
            (Method::GET, "/", None),
        ] {
            assert_eq!(find(&table, &method, &segments(path)), expected, "{method} {path}");
        }
    }
}
