//! Finds the rows of the table of calls that a path in a source may refer to.
use crate::calls::table::{ALL, OldCall};

/// Returns the rows that a path may refer to, narrowed by the nearest method.
pub(super) fn calls(path: &str, text: &str, start: usize, end: usize) -> Vec<&'static OldCall> {
    let exact: Vec<&OldCall> = ALL.iter().filter(|call| fits(call.path, path, false)).collect();
    let rows = if exact.is_empty() {
        ALL.iter().filter(|call| fits(call.path, path, true) && call.method != "ANY").collect()
    } else {
        exact
    };
    let named: Vec<&OldCall> = rows.iter().copied().filter(|call| call.method != "ANY").collect();
    if named.is_empty() {
        return rows.into_iter().take(1).collect();
    }
    match method(text, start, end, &named) {
        Some(method) => named.into_iter().filter(|call| call.method == method).collect(),
        None => named,
    }
}

/// Whether a path (`{}` matches anything) matches a pattern. With `loosely`, `{}` also matches fixed segments, except
/// the first.
fn fits(pattern: &str, path: &str, loosely: bool) -> bool {
    if let Some(start) = pattern.strip_suffix('…') {
        let start = start.trim_end_matches('/');
        return path.strip_prefix(start).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
    }
    let (pattern, path): (Vec<&str>, Vec<&str>) = (pattern.split('/').collect(), path.split('/').collect());
    pattern.len() == path.len()
        && pattern.iter().zip(&path).enumerate().all(|(at, (expected, found))| {
            let fixed = !expected.starts_with('{');
            if fixed { expected == found || loosely && at > 2 && *found == "{}" } else { !found.is_empty() }
        })
}

/// The maximum distance in bytes between a path and its method.
const BEFORE: usize = 160;
const AFTER: usize = 120;

/// Returns the method nearest to a path, among those of its rows.
fn method(text: &str, start: usize, end: usize, rows: &[&'static OldCall]) -> Option<&'static str> {
    let floor = |mut at: usize| {
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let before = &text[floor(start.saturating_sub(BEFORE))..start];
    // Beyond the next path, a method belongs to that path.
    let before = before.rfind("/v1/").map_or(before, |at| &before[at + 4..]);
    let after = &text[end..floor((end + AFTER).min(text.len()))];
    let after = after.find("/v1/").map_or(after, |at| &after[..at]);
    let known = |word: &str| rows.iter().map(|row| row.method).find(|method| names(word, method));
    let nearest = |(at, method): (usize, &'static str)| (at, method);
    let in_before =
        words(before).filter_map(|(at, word)| known(word).map(|method| (before.len() - at, method)));
    let in_after =
        words(after).filter_map(|(at, word)| known(word).map(|method| (at + before.len() / 2, method)));
    in_before.chain(in_after).map(nearest).min_by_key(|(distance, _)| *distance).map(|(_, method)| method)
}

fn words(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.split(|c: char| !c.is_ascii_alphabetic())
        .filter(|word| !word.is_empty())
        .map(move |word| (word.as_ptr() as usize - text.as_ptr() as usize, word))
}

/// Whether a word names a method: `post`, `POST`, `HttpPost`, `MethodPost`, `doPost`, `PostAsync`, `postForEntity`.
fn names(word: &str, method: &str) -> bool {
    if word.eq_ignore_ascii_case(method) {
        return true;
    }
    let (first, rest) = method.split_at(1);
    let camel = first.to_owned() + &rest.to_ascii_lowercase();
    let ends = |rest: &str| rest.is_empty() || rest.starts_with(|c: char| c.is_ascii_uppercase());
    word.match_indices(&camel).any(|(at, found)| ends(&word[at + found.len()..]))
        || word.strip_prefix(&*method.to_ascii_lowercase()).is_some_and(ends)
}
