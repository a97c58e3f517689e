//! Generates the table of countries and their calling codes.
use super::RUST_HEADER;
use crate::Result;
use std::fmt::Write as _;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Countries {
    countries: Vec<Country>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Country {
    code: String,
    name: String,
    calling: Option<u16>,
}

pub(super) fn file(countries: &Countries) -> Result<String> {
    let mut rows = String::new();
    let mut last = "";
    for country in &countries.countries {
        if country.code.as_str() <= last || country.code.len() != 2 {
            return Err(format!("countries.toml: {} is out of order, or not two letters", country.code));
        }
        last = &country.code;
        let calling = country.calling.map_or("None".to_owned(), |code| format!("Some({code})"));
        let _ = writeln!(
            rows,
            "Country {{ code: {:?}, name: {:?}, calling_code: {calling} }},",
            country.code, country.name
        );
    }
    Ok(format!(
        "{RUST_HEADER}
use super::Country;

/// In the order of their codes.
pub const COUNTRIES: &[Country] = &[
{rows}];
"
    ))
}
