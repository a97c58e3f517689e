//! Checks bodies against a schema. Only the first mistake is reported, as the API does.
use serde_json::Value;

/// The form of a value.
#[derive(Debug)]
pub(crate) enum Kind {
    Text,
    /// A string of at most this many characters that is not blank.
    Short(usize),
    /// A string of at most this many characters.
    UpTo(usize),
    /// An `http` or `https` URL.
    Link,
    /// A whole number.
    Number,
    /// Any value.
    Any,
    Flag,
    /// Degrees within ± this limit, as a number or a numeric string.
    Degrees(f64),
    /// A valid date of the form `YYYY-MM-DD`.
    Day,
    One(&'static [&'static str]),
    Object(&'static [Field]),
    /// A list with a minimum and maximum length.
    List(&'static Kind, usize, usize),
}

/// A property: its name, whether it is required, and its form.
#[derive(Debug)]
pub(crate) struct Field(pub(crate) &'static str, pub(crate) bool, pub(crate) Kind);

/// A mistake: Meta's error code, and details that name the place.
pub(crate) type Mistake = (i64, String);

pub(crate) const UNKNOWN: i64 = 100;
pub(crate) const MISSING: i64 = 131_008;
pub(crate) const WRONG: i64 = 131_009;

impl Kind {
    /// Returns the first mistake in `value`, which is at `path`. Unknown properties are a mistake.
    pub(crate) fn check(&self, value: &Value, path: &str) -> Result<(), Mistake> {
        self.find(value, path, true)
    }
    /// Returns the first mistake in `value`, ignoring unknown properties, as On-Premise does.
    pub(crate) fn check_loosely(&self, value: &Value, path: &str) -> Result<(), Mistake> {
        self.find(value, path, false)
    }
    fn find(&self, value: &Value, path: &str, strict: bool) -> Result<(), Mistake> {
        let wrong = |expected: &str| Err((WRONG, format!("{path} must be {expected}")));
        match (self, value) {
            (Self::Text, Value::String(_)) | (Self::Flag, Value::Bool(_)) => Ok(()),
            (Self::Text, _) => wrong("a string"),
            (Self::Flag, _) => wrong("a boolean"),
            (Self::Short(limit), Value::String(text)) => {
                if text.trim().is_empty() {
                    Err((MISSING, format!("{path} may not be blank")))
                } else if text.chars().count() > *limit {
                    wrong(&format!("at most {limit} characters long"))
                } else {
                    Ok(())
                }
            }
            (Self::UpTo(limit), Value::String(text)) if text.chars().count() <= *limit => Ok(()),
            (Self::UpTo(limit), Value::String(_)) => wrong(&format!("at most {limit} characters long")),
            (Self::Link, Value::String(text))
                if text.starts_with("https://") || text.starts_with("http://") =>
            {
                Ok(())
            }
            (Self::Link, _) => wrong("a URL"),
            (Self::Number, Value::Number(number)) if number.is_i64() => Ok(()),
            (Self::Number, _) => wrong("a whole number"),
            (Self::Any, _) => Ok(()),
            (Self::Short(_) | Self::UpTo(_), _) => wrong("a string"),
            (Self::Degrees(limit), value) => {
                let degrees = value.as_f64().or_else(|| value.as_str()?.trim().parse().ok());
                match degrees {
                    Some(degrees) if degrees.abs() <= *limit => Ok(()),
                    _ => wrong(&format!("decimal degrees from -{limit} to {limit}")),
                }
            }
            (Self::Day, Value::String(text)) if is_day(text) => Ok(()),
            (Self::Day, _) => wrong("a date of the form YYYY-MM-DD"),
            (Self::One(known), value) => match value.as_str() {
                Some(text) if known.contains(&text) => Ok(()),
                _ => wrong(&format!("one of {}", known.join(", "))),
            },
            (Self::Object(fields), Value::Object(map)) => {
                let at =
                    |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
                for (name, value) in map {
                    match fields.iter().find(|field| field.0 == name) {
                        Some(Field(_, _, kind)) => kind.find(value, &at(name), strict)?,
                        None if !strict => {}
                        None => return Err((UNKNOWN, format!("Unexpected key {name:?} at {}", at(name)))),
                    }
                }
                match fields.iter().find(|Field(name, required, _)| *required && !map.contains_key(*name)) {
                    Some(Field(name, ..)) => Err((MISSING, format!("{} is required", at(name)))),
                    None => Ok(()),
                }
            }
            (Self::Object(_), _) => wrong("an object"),
            (Self::List(kind, least, most), Value::Array(items)) => {
                if items.len() < *least || items.len() > *most {
                    return wrong(&format!("a list of {least} to {most}"));
                }
                let at = |i: usize| format!("{path}[{i}]");
                items.iter().enumerate().try_for_each(|(i, item)| kind.find(item, &at(i), strict))
            }
            (Self::List(..), _) => wrong("a list"),
        }
    }
}

fn is_day(text: &str) -> bool {
    let parts: Vec<&str> = text.split('-').collect();
    let [year, month, day] = parts[..] else { return false };
    if (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return false;
    }
    let (Ok(year), Ok(month), Ok(day)) = (year.parse::<u32>(), month.parse::<u32>(), day.parse::<u32>())
    else {
        return false;
    };
    let leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let last = match month {
        2 => 28 + u32::from(leap),
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => 0,
    };
    (1..=last).contains(&day)
}
