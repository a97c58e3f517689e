//! Parses a path as a program builds it: strings, concatenations and placeholders.

/// A path and its end.
pub(super) struct Path {
    pub(super) path: String,
    pub(super) end: usize,
}

/// Parses the path that begins with the slash at `at`.
pub(super) fn read(text: &str, mut at: usize, prefix: &str) -> Path {
    let mut path = prefix.to_owned();
    // A text with that many parts is not a path.
    while path.len() < 300 {
        let rest = &text[at..];
        let Some(c) = rest.chars().next() else { break };
        if let Some(length) = placeholder(rest) {
            push_anything(&mut path);
            at += length;
        } else if matches!(c, '"' | '\'' | '`') {
            match concatenated(&rest[c.len_utf8()..]) {
                Some((length, anything)) => {
                    if anything {
                        push_anything(&mut path);
                    }
                    at += c.len_utf8() + length;
                }
                None => break,
            }
        } else if c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~' | '%') {
            path.push(c);
            at += c.len_utf8();
        } else {
            break;
        }
    }
    let length = path.trim_end_matches(['/', '.']).len();
    path.truncate(length);
    Path { path, end: at }
}

fn push_anything(path: &mut String) {
    if !path.ends_with("{}") {
        path.push_str("{}");
    }
}

/// Returns the length of a placeholder at the beginning of a text.
pub(super) fn placeholder(text: &str) -> Option<usize> {
    let name = |from: usize| {
        let length =
            text[from..].find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(text.len() - from);
        (length > 0).then_some(from + length)
    };
    let until = |open: &str, close: char| {
        let end = text.strip_prefix(open)?.find([close, '\n', '"'])?;
        text[open.len() + end..].starts_with(close).then_some(open.len() + end + close.len_utf8())
    };
    match text.as_bytes().first()? {
        b'{' => until("{", '}'),
        b'#' => until("#{", '}'),
        b'$' => until("${", '}').or_else(|| name(1)),
        b'<' => until("<", '>'),
        b':' => name(1),
        // %s, %d, %v, %1$s, but not the first character of an escape (%2F).
        b'%' => {
            let rest = text[1..].trim_start_matches(|c: char| c.is_ascii_digit() || c == '$');
            let verb = rest.chars().next().filter(|c| matches!(c, 's' | 'd' | 'v' | 'q' | 'i' | '@'))?;
            Some(text.len() - rest.len() + verb.len_utf8())
        }
        _ => None,
    }
}

/// The maximum length in bytes of an expression between two strings.
const EXPRESSION: usize = 120;

/// Returns the start of the next string that is joined to a closing quote, and whether an expression is in between.
/// A path that ends in an expression has no next string.
fn concatenated(text: &str) -> Option<(usize, bool)> {
    let operator = |text: &str| {
        let rest = text.trim_start();
        rest.starts_with(['+', '.']).then(|| text.len() - rest.len() + 1)
    };
    let mut at = operator(text)?;
    let mut expression = false;
    let limit = (at + EXPRESSION).min(text.len());
    while at < limit {
        let rest = &text[at..];
        let c = rest.chars().next()?;
        match c {
            '"' | '\'' | '`' => return Some((at + 1, expression)),
            ';' | ',' | '?' => break,
            // A bracket of the surrounding call ends the expression; its own brackets do not.
            ')' | ']' | '}' => break,
            '(' | '[' => {
                let close = rest.find(if c == '(' { ')' } else { ']' })?;
                at += close;
                expression = true;
            }
            '\n' if !rest.trim_start().starts_with(['+', '.', '"', '\'', '`']) && expression => break,
            c if c.is_whitespace() || matches!(c, '+' | '.') => {}
            _ => expression = true,
        }
        at += c.len_utf8();
    }
    // The expression is the end of the path.
    expression.then(|| (at.min(text.len()), true)).filter(|(at, _)| text.is_char_boundary(*at))
}
