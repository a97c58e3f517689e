//! Makes untrusted text safe for a terminal.

/// Whether a character can change the state of a terminal or the order of text: control characters, Unicode
/// "Bidi_Control" characters, and line and paragraph separators.
fn is_disruptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

/// Escapes characters of untrusted text that could disrupt a terminal.
pub(crate) fn visible(text: &str) -> String {
    let show = |c: char| {
        let escaped = is_disruptive(c) && c != '\n' && c != '\t';
        if escaped { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().map(show).collect()
}

/// Escapes the same characters in JSON, with JSON escapes. Line breaks occur only between tokens.
pub(crate) fn json_visible(text: &str) -> String {
    let show = |c: char| {
        if is_disruptive(c) && c != '\n' { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }
    };
    text.chars().map(show).collect()
}
