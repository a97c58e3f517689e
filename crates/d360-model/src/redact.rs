//! Masks phone numbers.

/// Replaces all digits except the last two of everything that may be a phone number.
///
/// A phone number is a run of at least seven digits. Up to four spaces, dashes, brackets, dots, slashes and invisible
/// characters may separate them. Every `Debug` and `Display` of this project that may contain a number uses this
/// function.
///
/// ```
/// assert_eq!(d360_model::mask("to +1 (650) 555-1234: code 131047"), "to +• (•••) •••-••34: code 131047");
/// ```
#[must_use]
pub fn mask(text: &str) -> String {
    let chars: Vec<char> = text.chars().collect();
    let mut hidden = vec![false; chars.len()];
    let mut at = 0;
    while at < chars.len() {
        if !chars[at].is_numeric() {
            at += 1;
            continue;
        }
        let digits = run(&chars, at);
        if digits.len() >= 7 {
            for &i in &digits[..digits.len() - 2] {
                hidden[i] = true;
            }
        }
        at = digits.last().map_or(at, |last| last + 1);
    }
    chars.iter().zip(hidden).map(|(&c, hide)| if hide { '•' } else { c }).collect()
}

/// Returns the positions of the digits of the run that begins at `start`.
fn run(chars: &[char], start: usize) -> Vec<usize> {
    let mut digits = vec![start];
    let mut gap = 0;
    for (i, c) in chars.iter().enumerate().skip(start + 1) {
        if c.is_numeric() {
            digits.push(i);
            gap = 0;
        } else if gap < 4 && is_gap(*c) {
            gap += 1;
        } else {
            break;
        }
    }
    digits
}

/// Characters that people and programs put between the digits of a number.
fn is_gap(c: char) -> bool {
    let dash = matches!(
        c,
        '-' | '\u{ad}' | '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{fe58}' | '\u{fe63}' | '\u{ff0d}'
    );
    let invisible =
        matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}' | '\u{feff}');
    c.is_whitespace() || dash || invisible || matches!(c, '(' | ')' | '.' | '/' | '·' | '_' | '~')
}

/// Replaces all digits except the last two of `text`, which is a number or ID, whatever separates them.
pub(crate) fn mask_digits(text: &str) -> String {
    let keep = text.chars().filter(|c| c.is_numeric()).count().saturating_sub(2);
    let mut seen = 0;
    let hide = |c: char| {
        seen += usize::from(c.is_numeric());
        if c.is_numeric() && seen <= keep { '•' } else { c }
    };
    text.chars().map(hide).collect()
}

/// The masked `Debug` of a value.
#[doc(hidden)]
#[allow(clippy::exhaustive_structs, reason = "macros of other crates construct it")]
pub struct Masked<'a>(pub &'a dyn std::fmt::Debug);

impl std::fmt::Debug for Masked<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let text = if f.alternate() { format!("{:#?}", self.0) } else { format!("{:?}", self.0) };
        f.write_str(&mask(&text))
    }
}

/// Implements a `Debug` of a struct that masks each field, because any of them may contain a number.
#[doc(hidden)]
#[macro_export]
macro_rules! masked_fields {
    ($name:ident { $($field:ident),* $(,)? }) => {
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.debug_struct(stringify!($name))$(.field(stringify!($field), &$crate::Masked(&self.$field)))*.finish()
            }
        }
    };
}

/// Implements a `Debug` that shows the masked content of a text newtype.
macro_rules! masked_debug {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&$crate::redact::mask_digits(&self.0)).finish()
            }
        }
    )+};
}
pub(crate) use masked_debug;

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn numbers_are_hidden_and_codes_are_not() {
        for (text, shown) in [
            ("16505551234", "•••••••••34"),
            ("+49 30 1234567", "+•• •• •••••67"),
            ("(#131047) Re-engagement", "(#131047) Re-engagement"),
            ("HTTP 400, code 131047, 1000 users", "HTTP 400, code 131047, 1000 users"),
            ("१२३४५६७८९", "•••••••८९"),
            ("+1\u{a0}650\u{a0}555\u{a0}1234", "+•\u{a0}•••\u{a0}•••\u{a0}••34"),
            ("+1 650\u{2011}555\u{2011}1234 is", "+• •••\u{2011}•••\u{2011}••34 is"),
            ("+1   650   555   1234", "+•   •••   •••   ••34"),
            ("1_650_555_1234, (#131047)", "•_•••_•••_••34, (#131047)"),
            ("", ""),
        ] {
            assert_eq!(mask(text), shown);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_run_of_seven_digits_is_left(text in ".*[0-9]{7,15}.*") {
            let masked = mask(&text);
            let longest = masked.split(|c: char| !c.is_ascii_digit()).map(str::len).max().unwrap_or(0);
            proptest::prop_assert!(longest < 7, "{masked}");
        }
    }
}
