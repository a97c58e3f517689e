//! Repairs bodies with an invalid scalar: half an emoji, a number out of range, a byte that is not UTF-8.
use std::borrow::Cow;

/// The maximum depth that is read. Deeper values are omitted.
const DEEPEST: usize = 100;

/// Returns the body with every invalid scalar repaired. Half a surrogate pair and invalid bytes become U+FFFD, a
/// number out of the range of `f64` becomes text, control characters are escaped, and values nested too deep become
/// `null`.
pub(super) fn repaired(body: &[u8]) -> String {
    let body = String::from_utf8_lossy(body);
    let mut out = String::with_capacity(body.len());
    let mut rest: &str = &body;
    let mut depth = 0_usize;
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '"' => {
                let (text, taken) = string(rest);
                if depth <= DEEPEST {
                    out.push_str(&text);
                }
                taken
            }
            '-' | '0'..='9' => {
                let end = rest.find(|c: char| !matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E'));
                let number = &rest[..end.unwrap_or(rest.len())];
                if depth <= DEEPEST {
                    out.push_str(&readable(number));
                }
                number.len()
            }
            other => {
                if matches!(other, '[' | '{') {
                    depth += 1;
                    if depth == DEEPEST + 1 {
                        out.push_str("null");
                    }
                }
                if depth <= DEEPEST {
                    out.push(other);
                }
                if matches!(other, ']' | '}') {
                    depth = depth.saturating_sub(1);
                }
                other.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    out
}

fn readable(number: &str) -> Cow<'_, str> {
    let too_large = number.parse::<f64>().is_ok_and(f64::is_infinite);
    if too_large { format!("\"{number}\"").into() } else { number.into() }
}

/// Returns the repaired string at the beginning of `text`, and its original length.
fn string(text: &str) -> (String, usize) {
    let mut out = String::from('"');
    let mut rest = &text[1..];
    while let Some(c) = rest.chars().next() {
        let taken = match c {
            '"' => {
                out.push('"');
                return (out, text.len() - rest.len() + 1);
            }
            '\\' => match unit(rest) {
                Some(0xD800..=0xDBFF) => match rest.get(6..).and_then(unit) {
                    Some(0xDC00..=0xDFFF) => {
                        out.push_str(&rest[..12]);
                        12
                    }
                    _ => lone(&mut out),
                },
                Some(0xDC00..=0xDFFF) => lone(&mut out),
                Some(_) => {
                    out.push_str(&rest[..6]);
                    6
                }
                None => {
                    let escaped: String = rest.chars().take(2).collect();
                    out.push_str(&escaped);
                    escaped.len()
                }
            },
            control if control < ' ' => {
                out.push_str(&format!("\\u{:04x}", u32::from(control)));
                1
            }
            other => {
                out.push(other);
                other.len_utf8()
            }
        };
        rest = &rest[taken..];
    }
    (out, text.len())
}

/// Replaces half of a surrogate pair, which has six characters.
fn lone(out: &mut String) -> usize {
    out.push_str("\\ufffd");
    6
}

/// Returns the code unit of `\uXXXX`, if the text begins with one.
fn unit(text: &str) -> Option<u32> {
    let digits = text.strip_prefix("\\u")?.get(..4)?;
    if digits.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        u32::from_str_radix(digits, 16).ok()
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::Value;

    #[test]
    fn odd_scalars_are_made_readable() {
        for (body, expected) in [
            (&br#"{"a":"cut \ud83d"}"#[..], r#"{"a":"cut \ufffd"}"#),
            (br#"{"a":"\ude00\ud83d\ude00\ud83dx"}"#, r#"{"a":"\ufffd\ud83d\ude00\ufffdx"}"#),
            (br#"["\\ud83d","\"\ud83d"]"#, r#"["\\ud83d","\"\ufffd"]"#),
            (br#"[1e400,-1e999,1.5,-0,12]"#, r#"["1e400","-1e999",1.5,-0,12]"#),
            (b"[\"\xff\"]", "[\"\u{fffd}\"]"),
            (b"[\"a\nb\"]", "[\"a\\u000ab\"]"),
        ] {
            let repaired = repaired(body);
            assert_eq!(repaired, expected);
            serde_json::from_str::<Value>(&repaired).unwrap();
        }
        let deep = format!("[1,{}{},2]", "[".repeat(5_000), "]".repeat(5_000));
        let read: Value = serde_json::from_str(&repaired(deep.as_bytes())).unwrap();
        assert_eq!((&read[0], &read[2]), (&1.into(), &2.into()));
        // Invalid JSON remains invalid, and nothing panics.
        for body in ["", "{", "\"", "\"\\", "\"\\u", "\"\\ud83d", "-", "{\"a\":tru", "\u{fffd}"] {
            serde_json::from_str::<Value>(&repaired(body.as_bytes())).unwrap_err();
        }
    }
}
