//! Generates the open enums: sets of strings that also accept unknown values.
use super::RUST_HEADER;
use crate::Result;
use std::fmt::Write as _;

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Enums {
    r#enum: Vec<Enum>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Enum {
    name: String,
    #[serde(rename = "crate")]
    of: String,
    doc: String,
    #[serde(default)]
    default: bool,
    source: String,
    values: Vec<Value>,
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Value {
    name: String,
    text: String,
    doc: String,
}

pub(super) fn file(enums: &Enums, name: &str) -> Result<String> {
    let own = name == "d360-model";
    let mut out =
        format!("{RUST_HEADER}\n//! Open enums. An unknown value is read, kept and sent back unchanged.\n");
    out.push_str(if own { "use crate::open_enum;\n\n" } else { "use d360_model::open_enum;\n\n" });
    let mut defaults = Vec::new();
    for set in enums.r#enum.iter().filter(|set| set.of == name) {
        if set.source.is_empty() || set.doc.is_empty() {
            return Err(format!("enums.toml: {} needs a source and a doc", set.name));
        }
        let _ = writeln!(
            out,
            "open_enum! {{\n    /// {}\n    ///\n    /// Source: {}.\n    pub enum {} {{",
            set.doc, set.source, set.name
        );
        for value in &set.values {
            let _ = writeln!(out, "        /// {}\n        {} = {:?},", value.doc, value.name, value.text);
        }
        out.push_str("    }\n}\n");
        if set.default {
            defaults.push(set.name.as_str());
        }
    }
    if !defaults.is_empty() {
        let _ = writeln!(out, "crate::open_enum::unset!({});", defaults.join(", "));
    }
    Ok(out)
}
