//! Countries: ISO 3166-1 codes and calling codes.
mod table;

pub use table::COUNTRIES;

/// A country (ISO 3166-1; E.164; as of 2026-11).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Country {
    /// Two letters, such as `US`: the `country_code` of an address, and the beginning of a BSUID.
    pub code: &'static str,
    /// The name in English.
    pub name: &'static str,
    /// The calling code after the `+`. Some countries share one, and some have none.
    pub calling_code: Option<u16>,
}

impl Country {
    /// Returns the country with this two-letter code, in upper or lower case.
    ///
    /// ```
    /// use d360_model::Country;
    /// assert_eq!(Country::of("de").unwrap().calling_code, Some(49));
    /// assert!(Country::of("ZZ").is_none());
    /// ```
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        let two: [u8; 2] = code.as_bytes().try_into().ok()?;
        let key = u16::from_be_bytes(two.map(|byte| byte.to_ascii_uppercase()));
        KEYS.binary_search(&key).ok().map(|at| COUNTRIES[at])
    }
}

/// The codes as numbers, which are faster to compare: every contact with an address needs it.
const KEYS: [u16; COUNTRIES.len()] = {
    let mut keys = [0; COUNTRIES.len()];
    let mut at = 0;
    while at < keys.len() {
        let code = COUNTRIES[at].code.as_bytes();
        keys[at] = u16::from_be_bytes([code[0], code[1]]);
        at += 1;
    }
    keys
};

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_country_is_found_by_its_code() {
        assert!(KEYS.is_sorted());
        for country in COUNTRIES {
            assert_eq!(Country::of(country.code), Some(*country));
            assert_eq!(Country::of(&country.code.to_lowercase()), Some(*country));
        }
        assert!(["", "U", "USA", "ZZ", "É"].iter().all(|code| Country::of(code).is_none()));
    }
}
