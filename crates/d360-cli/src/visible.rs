//! Text that other people may have written, made safe for a terminal.

/// Whether a character changes what a terminal does or how it orders text: control characters, and those that set the direction
/// of text (Unicode "Bidi_Control") or separate lines and paragraphs.
fn is_disruptive(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{206f}' | '\u{feff}')
}

/// Text that other people may have written, for a terminal: what could disrupt it is escaped.
pub(crate) fn visible(text: &str) -> String {
    let show = |c: char| {
        let escaped = is_disruptive(c) && c != '\n' && c != '\t';
        if escaped { c.escape_default().to_string() } else { c.to_string() }
    };
    text.chars().map(show).collect()
}

/// The same for JSON, with JSON's own escapes. A line break in it lies between its tokens.
pub(crate) fn json_visible(text: &str) -> String {
    let show = |c: char| {
        if is_disruptive(c) && c != '\n' { format!("\\u{:04x}", u32::from(c)) } else { c.to_string() }
    };
    text.chars().map(show).collect()
}
