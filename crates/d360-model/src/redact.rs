//! Phone numbers kept out of everything that is not an answer.

/// `text` with all but the last two digits of everything that may be a phone number replaced.
///
/// A phone number is a run of at least seven digits, which may stand apart by up to two of `space - ( ) . /`.
/// Every `Debug` and `Display` of this project that may hold a number goes through here.
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

/// Where the digits of the run that begins at `start` stand.
fn run(chars: &[char], start: usize) -> Vec<usize> {
    let mut digits = vec![start];
    let mut gap = 0;
    for (i, c) in chars.iter().enumerate().skip(start + 1) {
        if c.is_numeric() {
            digits.push(i);
            gap = 0;
        } else if gap < 2 && matches!(c, ' ' | '-' | '(' | ')' | '.' | '/') {
            gap += 1;
        } else {
            break;
        }
    }
    digits
}

/// Implements a `Debug` that shows a text newtype's masked content.
macro_rules! masked_debug {
    ($($name:ident),+) => {$(
        impl std::fmt::Debug for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.debug_tuple(stringify!($name)).field(&$crate::mask(&self.0)).finish()
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
