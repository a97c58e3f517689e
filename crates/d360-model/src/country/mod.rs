//! Countries: ISO 3166-1 codes and calling codes.
mod table;

pub use table::COUNTRIES;

/// A country of the table.
///
/// Source: ISO 3166-1, the international numbering plan (E.164), as of 2026-11.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Country {
    /// Two letters, such as `US`: what an address's `country_code` holds, and a BSUID begins with.
    pub code: &'static str,
    /// Its name in English.
    pub name: &'static str,
    /// What its numbers begin with behind the `+`; some countries share one, and some have none.
    pub calling_code: Option<u16>,
}

impl Country {
    /// The country of two letters, in capitals or not.
    ///
    /// ```
    /// use d360_model::Country;
    /// assert_eq!(Country::of("de").unwrap().calling_code, Some(49));
    /// assert!(Country::of("ZZ").is_none());
    /// ```
    #[must_use]
    pub fn of(code: &str) -> Option<Self> {
        let code = code.to_ascii_uppercase();
        COUNTRIES.binary_search_by(|country| country.code.cmp(&code)).ok().map(|at| COUNTRIES[at])
    }
}
