//! Checks source files for the On-Premise paths that a program calls.
use super::found::{Found, through};
use d360::migrate::{
    Note,
    calls::{self, Mention, OldCall},
};

/// Finds the calls of a source file. With `base`, paths may omit `/v1`.
pub(super) fn look(text: &str, place: &str, base: bool, found: &mut Vec<Found>, skipped: &mut Vec<String>) {
    for mention in calls::in_source(text, base) {
        let place = format!("{place}:{}", mention.line);
        if mention.calls.is_empty() {
            skipped.push(format!(
                "{place}: the path {} is built at run time; use `d360 migrate record` to see which calls the program makes",
                d360::model::mask(&mention.path)
            ));
        } else {
            found.push(one(&mention, place));
        }
    }
}

fn one(mention: &Mention, place: String) -> Found {
    let of = |call: &&'static OldCall| call.note(method(call));
    let notes: Vec<Note> = mention.calls.iter().map(of).collect();
    let mut on_cloud: Vec<&'static str> =
        mention.calls.iter().map(|call| call.cloud.unwrap_or("gone")).collect();
    on_cloud.dedup();
    Found {
        place,
        what: what(&mention.calls),
        gateway: through(&notes),
        cloud: None,
        on_cloud: Some(on_cloud),
        notes,
    }
}

/// Returns the method. A row of any method has none.
fn method(call: &OldCall) -> &'static str {
    if call.method == "ANY" { "a call of" } else { call.method }
}

/// Describes calls: `GET or DELETE /v1/media/{id}`. Different paths are listed in full.
fn what(calls: &[&'static OldCall]) -> String {
    let name = |call: &&'static OldCall| match call.method {
        "ANY" => call.path.to_owned(),
        method => format!("{method} {}", call.path),
    };
    match calls {
        [first, rest @ ..] if rest.iter().all(|call| call.path == first.path) => {
            let methods: Vec<&str> = calls.iter().map(|call| call.method).collect();
            if methods == ["ANY"] {
                first.path.to_owned()
            } else {
                format!("{} {}", methods.join(" or "), first.path)
            }
        }
        _ => calls.iter().map(name).collect::<Vec<_>>().join(" or "),
    }
}
