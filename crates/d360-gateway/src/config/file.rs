//! Reads a configuration file by the table of keys. Reports all problems, each with its line.
use super::{
    error::{InvalidConfig, Problem},
    keys::{Key, Kind, NUMBER, SECRETS, TOP},
    number::Draft,
    settings::Config,
};
use std::collections::{BTreeMap, HashMap};
use toml::{
    Spanned,
    de::{DeString, DeTable, DeValue},
};

/// The default address and state file.
pub(super) const LISTEN: &str = "127.0.0.1:8080";
pub(super) const STATE: &str = "d360-gateway.db";
/// The table of a number.
const OF_NUMBER: &str = "number";
/// The minimum similarity, from 0 to 1, of an unknown key and a suggestion.
const ALIKE: f64 = 0.8;

struct Reader<'t> {
    text: &'t str,
    problems: Vec<Problem>,
}

pub(super) fn read(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Config, InvalidConfig> {
    let mut reader = Reader { text, problems: Vec::new() };
    let (table, errors) = DeTable::parse_recoverable(text);
    for error in errors {
        let at = error.span().map_or(0, |span| span.start);
        reader.problem(at, format!("invalid TOML: {}", error.message()));
    }
    // After a syntax error, the rest of the file may be misread.
    if !reader.problems.is_empty() {
        return Err(reader.refusal());
    }
    let mut config = Config::new(LISTEN, STATE);
    let table = table.get_ref();
    reader.table(TOP, &mut config, table, "");
    let numbers = match table.get(OF_NUMBER).map(|value| (value.span().start, value.get_ref())) {
        None => &[][..],
        Some((_, DeValue::Array(numbers))) => numbers,
        Some((at, _)) => {
            reader.problem(at, "number must be an array of tables; write [[number]]".to_owned());
            &[]
        }
    };
    for (at, number) in numbers.iter().enumerate() {
        reader.number(at, number, env, &mut config);
    }
    if reader.problems.is_empty() { Ok(config) } else { Err(reader.refusal()) }
}

impl Reader<'_> {
    fn refusal(mut self) -> InvalidConfig {
        self.problems.sort_by_key(|problem| problem.line);
        InvalidConfig::File(self.problems)
    }

    /// Adds a problem at the byte offset `at`.
    fn problem(&mut self, at: usize, message: String) {
        let before = &self.text.as_bytes()[..at.min(self.text.len())];
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        self.problems.push(Problem { line, message });
    }

    fn number(
        &mut self,
        at: usize,
        value: &Spanned<DeValue<'_>>,
        env: &dyn Fn(&str) -> Option<String>,
        config: &mut Config,
    ) {
        let start = value.span().start;
        let DeValue::Table(table) = value.get_ref() else {
            return self.problem(start, "number must be an array of tables; write [[number]]".to_owned());
        };
        let name = table.get("name").and_then(|name| name.get_ref().as_str());
        let name =
            name.map_or_else(|| format!("{}", at + 1), |name| format!("{:?}", d360::model::mask(name)));
        let place = format!("[[number]] {name}: ");
        let before = self.problems.len();
        let mut number = Draft::default();
        self.table(NUMBER, &mut number, table, &place);
        if self.problems.len() > before {
            return;
        }
        let lines: HashMap<&str, usize> =
            table.iter().map(|(key, _)| (key.get_ref().as_ref(), key.span().start)).collect();
        match number.resolve(env) {
            Ok(number) => config.numbers.push(number),
            Err((key, problem)) => {
                let key = key.filter(|key| lines.contains_key(key.as_str()));
                let at = key.as_deref().and_then(|key| lines.get(key)).copied().unwrap_or(start);
                let key = key.map(|key| format!("{key}: ")).unwrap_or_default();
                self.problem(at, format!("{place}{key}{problem}"));
            }
        }
    }

    /// Reads the keys of a table. `place` is its name in problems.
    fn table<T>(&mut self, keys: &[Key<T>], into: &mut T, table: &DeTable<'_>, place: &str) {
        for (name, value) in table.iter() {
            let (name, at) = (name.get_ref().as_ref(), name.span().start);
            if place.is_empty() && name == OF_NUMBER {
                continue;
            }
            match keys.iter().find(|key| key.name == name) {
                Some(key) => {
                    if let Err(expected) = set(key, into, value.get_ref()) {
                        let other = not(&key.kind, value.get_ref());
                        self.problem(value.span().start, format!("{place}{name} must be {expected}{other}"));
                    }
                }
                None => {
                    let shown: String = name.chars().take(40).collect();
                    let hint = hint(name, place.is_empty());
                    self.problem(at, format!("{place}unknown key {:?}{hint}", d360::model::mask(&shown)));
                }
            }
        }
    }
}

/// Returns a hint for an unknown key.
fn hint(name: &str, is_top: bool) -> String {
    let (own, other): (Vec<&str>, Vec<&str>) = {
        let top = TOP.iter().map(|key| key.name).chain([OF_NUMBER]).collect();
        let number = NUMBER.iter().map(|key| key.name).collect();
        if is_top { (top, number) } else { (number, top) }
    };
    if let Some(secret) = SECRETS.iter().find(|secret| **secret == name) {
        return format!(
            "; secrets do not belong in this file: name an environment variable with {secret}_env, or a file with {secret}_file"
        );
    }
    if other.contains(&name) {
        return if is_top {
            "; move it into a [[number]]".to_owned()
        } else {
            "; move it to the top of the file, before the first [[number]]".to_owned()
        };
    }
    let name = name.to_ascii_lowercase().replace('-', "_");
    let alike = own.iter().map(|known| (strsim::jaro_winkler(&name, known), *known));
    let best = alike.max_by(|(a, _), (b, _)| a.total_cmp(b));
    match best.filter(|(alike, _)| *alike >= ALIKE) {
        Some((_, OF_NUMBER)) => "; did you mean [[number]]?".to_owned(),
        Some((_, known)) => format!("; did you mean {known:?}?"),
        None => "; `d360 gateway --print-config` shows every key".to_owned(),
    }
}

/// Sets a key, or returns what its value must be.
fn set<T>(key: &Key<T>, into: &mut T, value: &DeValue<'_>) -> Result<(), String> {
    let text = |what: &str| value.as_str().map(str::to_owned).ok_or_else(|| what.to_owned());
    match &key.kind {
        Kind::Text { set, check, .. } => {
            let text = text(check("").unwrap_or("a string"))?;
            match check(&text) {
                Some(expected) => return Err(expected.to_owned()),
                None => set(into, text),
            }
        }
        Kind::SecretEnv { of, set } => set(into, of, text("the name of an environment variable")?),
        Kind::SecretFile { of, set } => set(into, of, text("the name of a file")?),
        Kind::Texts { set } => {
            let texts = match value {
                DeValue::Array(items) => items.iter().map(|item| item.get_ref().as_str()).collect(),
                _ => None,
            };
            let texts: Vec<&str> = texts.ok_or("a list of strings, such as [\"a\", \"b\"]")?;
            set(into, texts.into_iter().map(str::to_owned).collect());
        }
        Kind::Flag { set, .. } => set(into, value.as_bool().ok_or("true or false")?),
        Kind::Whole { set, unit, least, most, .. } => {
            let number = match value {
                DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix()).ok(),
                _ => None,
            };
            let number = number.filter(|number| (*least..=*most).contains(number));
            set(into, number.ok_or_else(|| format!("a whole number of {unit} from {least} to {most}"))?);
        }
        Kind::Map { set } => {
            let pair = |(name, value): (&Spanned<DeString<'_>>, &Spanned<DeValue<'_>>)| {
                Some((name.get_ref().to_string(), value.get_ref().as_str()?.to_owned()))
            };
            let pairs: Option<BTreeMap<String, String>> = match value {
                DeValue::Table(table) => table.iter().map(pair).collect(),
                _ => None,
            };
            set(into, pairs.ok_or("a table of strings, such as { a = \"b\" }")?);
        }
    }
    Ok(())
}

/// Describes the type of a value, if it differs from the key's type.
fn not<T>(kind: &Kind<T>, value: &DeValue<'_>) -> &'static str {
    match (kind, value) {
        (Kind::Text { .. } | Kind::SecretEnv { .. } | Kind::SecretFile { .. }, DeValue::String(_))
        | (Kind::Whole { .. }, DeValue::Integer(_))
        | (Kind::Texts { .. }, DeValue::Array(_))
        | (Kind::Map { .. }, DeValue::Table(_)) => "",
        (_, DeValue::String(_)) => ", not a string",
        (_, DeValue::Integer(_)) => ", not an integer",
        (_, DeValue::Float(_)) => ", not a float",
        (_, DeValue::Boolean(_)) => ", not a boolean",
        (_, DeValue::Datetime(_)) => ", not a date",
        (_, DeValue::Array(_)) => ", not a list",
        (_, DeValue::Table(_)) => ", not a table",
    }
}
