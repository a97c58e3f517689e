//! vCard to WhatsApp contacts.
use crate::{
    Card, Loss, MAX_FILE, VcardError,
    lines::{Lines, scan},
};
use calcard::{
    Entry, Parser,
    common::{IanaString as _, PartialDateTime},
    vcard::{VCard, VCardEntry, VCardParameterName, VCardProperty, VCardType, VCardValue},
};
use d360_model::{Address, Birthday, Contact, Email, Name, Org, Phone, Url};
use std::collections::HashMap;

const NO_PLACE: &str = "is not supported by WhatsApp contacts";
const SECOND: &str = "a WhatsApp contact has only one";

/// Reads every card of a vCard file.
///
/// Lines that are not UTF-8 are decoded as Latin-1, as old phones write them, and reported.
///
/// # Errors
/// Returns [`VcardError`] if the file is not a vCard file or is truncated. Never panics, whatever the bytes.
pub fn read(file: &[u8]) -> Result<Vec<Card>, VcardError> {
    if file.len() > MAX_FILE {
        return Err(VcardError::TooLarge);
    }
    let (text, lines) = scan(file)?;
    let mut lines = lines.into_iter();
    let mut parser = Parser::new(&text);
    let mut cards = Vec::new();
    loop {
        match parser.entry() {
            Entry::VCard(card) => cards.push(convert(&card, lines.next().unwrap_or_default())),
            Entry::Eof => break,
            Entry::InvalidLine(line) if line.trim().is_empty() => {}
            Entry::InvalidLine(line) => return Err(not_vcard(&text, &line)),
            _ => return Err(not_vcard(&text, "BEGIN:VCALENDAR")),
        }
    }
    if cards.is_empty() { Err(VcardError::NoCard) } else { Ok(cards) }
}

fn not_vcard(text: &str, found: &str) -> VcardError {
    let found = found.trim();
    let line =
        text.lines().position(|line| !found.is_empty() && line.trim().contains(found)).map_or(0, |i| i + 1);
    VcardError::NotVcard { line, text: d360_model::mask(found).chars().take(60).collect() }
}

/// A card being read.
#[derive(Default)]
struct Reading {
    contact: Contact,
    losses: Vec<Loss>,
    org: Org,
    lines: Lines,
}

impl Reading {
    /// Reports a property; `raw` is its value as written.
    fn lose(&mut self, entry: &VCardEntry, raw: Option<String>, reason: &'static str) {
        let read_over =
            |value: &VCardValue| matches!(value, VCardValue::PartialDateTime(_) | VCardValue::Binary(_));
        let text = if entry.values.iter().any(read_over) { raw } else { Some(texts(entry).join(";")) };
        let value = text.filter(|value| !value.is_empty());
        self.losses.push(Loss { property: entry.name.as_str().to_uppercase(), value, reason });
    }
    fn lose_text(&mut self, property: String, value: &str, reason: &'static str) {
        self.losses.push(Loss { property, value: Some(value.to_owned()), reason });
    }
}

fn convert(card: &VCard, mut lines: Lines) -> Card {
    let labels = grouped(card, "X-ABLABEL");
    let countries = grouped(card, "X-ABADR");
    let mut reading = Reading { losses: std::mem::take(&mut lines.losses), lines, ..Reading::default() };
    let mut used_groups = Vec::new();
    for entry in &card.entries {
        let group = entry.group.as_deref().unwrap_or_default().to_lowercase();
        let label = labels.get(&group).map(|label| plain_label(label));
        let kind = |reading: &mut Reading| kind(entry, label.as_deref(), reading);
        let value = texts(entry).join(",");
        // Without the scheme, which may be the whole value.
        let bare = |scheme: &str| {
            let mut rest = value.trim();
            while rest.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme)) {
                rest = rest[scheme.len()..].trim();
            }
            Some(rest).filter(|rest| !rest.is_empty())
        };
        let raw = reading.lines.take(entry.name.as_str());
        match &entry.name {
            VCardProperty::Begin | VCardProperty::End | VCardProperty::Version => {}
            VCardProperty::Fn if reading.contact.name.formatted_name.is_empty() => {
                value.trim().clone_into(&mut reading.contact.name.formatted_name);
            }
            VCardProperty::N if !has_parts(&reading.contact.name) => {
                take_name(entry, &mut reading.contact.name)
            }
            VCardProperty::Tel if bare("tel:").is_some() || parameter(entry, "waid").is_some() => {
                let mut phone = Phone::default();
                phone.phone = bare("tel:").map(Into::into);
                phone.wa_id = parameter(entry, "waid")
                    .map(|id| id.trim_start_matches('+').trim_end_matches("@s.whatsapp.net").into());
                phone.kind = kind(&mut reading).map(Into::into);
                reading.contact.phones.push(phone);
            }
            VCardProperty::Email if bare("mailto:").is_some() => {
                let mut email = Email::new(bare("mailto:").unwrap_or_default());
                email.kind = kind(&mut reading).map(Into::into);
                reading.contact.emails.push(email);
            }
            VCardProperty::Url if !value.trim().is_empty() => {
                let mut url = Url::new(value.trim());
                url.kind = kind(&mut reading).map(Into::into);
                reading.contact.urls.push(url);
            }
            VCardProperty::Adr if texts(entry).iter().any(|text| !text.trim().is_empty()) => {
                let country = countries.get(&group).cloned().or_else(|| parameter(entry, "cc"));
                let mut address = address(entry, country);
                address.kind = kind(&mut reading).map(Into::into);
                reading.contact.addresses.push(address);
            }
            VCardProperty::Org if reading.org.company.is_none() && reading.org.department.is_none() => {
                take_org(entry, &mut reading.org)
            }
            VCardProperty::Title if reading.org.title.is_none() && !value.is_empty() => {
                reading.org.title = Some(value);
            }
            VCardProperty::Bday if reading.contact.birthday.is_none() => {
                match birthday(entry, raw.as_deref()) {
                    Some(day) => reading.contact.birthday = Some(day),
                    None => reading.lose(
                        entry,
                        raw,
                        "is not a complete date; a WhatsApp contact needs year, month and day",
                    ),
                }
            }
            VCardProperty::Fn
            | VCardProperty::N
            | VCardProperty::Org
            | VCardProperty::Title
            | VCardProperty::Bday => {
                reading.lose(entry, raw, SECOND);
            }
            VCardProperty::Tel | VCardProperty::Email | VCardProperty::Url | VCardProperty::Adr => {
                reading.lose(entry, raw, "is empty");
            }
            VCardProperty::Other(name) if is_group_property(name) && !group.is_empty() => {
                used_groups.push((group.clone(), name.clone(), value));
                continue;
            }
            _ => reading.lose(entry, raw, NO_PLACE),
        }
    }
    // A label counts as used if its group has a property that takes one.
    let takers = takers(card);
    for (group, name, value) in used_groups {
        let (label, country) = takers.get(&group).copied().unwrap_or_default();
        if !(if name.eq_ignore_ascii_case("X-ABADR") { country } else { label }) {
            reading.lose_text(name.to_uppercase(), &value, NO_PLACE);
        }
    }
    finish(reading)
}

/// Returns the groups with a property that takes a label, and with one that takes a country.
fn takers(card: &VCard) -> HashMap<String, (bool, bool)> {
    let mut takers: HashMap<String, (bool, bool)> = HashMap::new();
    for entry in &card.entries {
        let (label, country) = match entry.name {
            VCardProperty::Adr => (true, true),
            VCardProperty::Tel | VCardProperty::Email | VCardProperty::Url => (true, false),
            _ => continue,
        };
        if let Some(group) = &entry.group {
            let taken = takers.entry(group.to_lowercase()).or_default();
            *taken = (taken.0 || label, taken.1 || country);
        }
    }
    takers
}

fn finish(mut reading: Reading) -> Card {
    let name = &mut reading.contact.name;
    if name.formatted_name.trim().is_empty() {
        let parts = [&name.prefix, &name.first_name, &name.middle_name, &name.last_name, &name.suffix];
        let whole: Vec<&str> = parts.iter().filter_map(|part| part.as_deref()).collect();
        name.formatted_name = whole.join(" ");
    }
    if name.formatted_name.trim().is_empty() {
        let email = reading.contact.emails.first().and_then(|email| email.email.clone());
        let phone = reading.contact.phones.first();
        let number = phone.and_then(|phone| {
            let id = phone.wa_id.as_ref().map(|id| format!("+{}", id.as_str()));
            phone.phone.as_ref().map(|phone| phone.as_str().to_owned()).or(id)
        });
        let stand_ins = [
            (reading.org.company.clone(), "is missing; the organization was used as formatted_name"),
            (email, "is missing; the e-mail address was used as formatted_name"),
            (number, "is missing; the phone number was used as formatted_name"),
        ];
        let taken = stand_ins.into_iter().find_map(|(text, reason)| Some((text?, reason)));
        if let Some((text, reason)) = taken.filter(|(text, _)| !text.trim().is_empty()) {
            name.formatted_name = text;
            reading.losses.push(Loss { property: "FN".to_owned(), value: None, reason });
        }
    }
    if reading.org != Org::default() {
        reading.contact.org = Some(reading.org);
    }
    Card { contact: reading.contact, losses: reading.losses }
}

fn is_group_property(name: &str) -> bool {
    name.eq_ignore_ascii_case("X-ABLABEL") || name.eq_ignore_ascii_case("X-ABADR")
}

/// Returns the values of a grouped property (`item1.X-ABLabel`), by group.
fn grouped(card: &VCard, name: &str) -> HashMap<String, String> {
    let named =
        |entry: &&VCardEntry| matches!(&entry.name, VCardProperty::Other(n) if n.eq_ignore_ascii_case(name));
    let pair = |entry: &VCardEntry| Some((entry.group.as_ref()?.to_lowercase(), texts(entry).join(",")));
    card.entries.iter().filter(named).filter_map(pair).collect()
}

/// Removes the wrapping of Apple's standard labels: `_$!<Mobile>!$_`.
fn plain_label(label: &str) -> String {
    let inner = label.strip_prefix("_$!<").and_then(|rest| rest.strip_suffix(">!$_"));
    inner.unwrap_or(label).to_owned()
}

/// Returns every value of a property as text. Several values of one component (of N, ADR, ORG) are joined.
fn texts(entry: &VCardEntry) -> Vec<String> {
    let text = |value: &VCardValue| match value {
        VCardValue::Component(parts) => parts.join(", "),
        VCardValue::Integer(number) => number.to_string(),
        VCardValue::Float(number) => number.to_string(),
        VCardValue::Boolean(value) => value.to_string(),
        VCardValue::PartialDateTime(date) => date_text(date),
        VCardValue::Binary(_) => String::new(),
        other => other.as_text().unwrap_or_default().to_owned(),
    };
    entry.values.iter().map(text).collect()
}

fn date_text(date: &PartialDateTime) -> String {
    let part = |part: Option<u16>, width| part.map_or("-".to_owned(), |part| format!("{part:0width$}"));
    format!(
        "{}-{}-{}",
        part(date.year, 4),
        part(date.month.map(u16::from), 2),
        part(date.day.map(u16::from), 2)
    )
}

/// Returns the parameter of this name.
fn parameter(entry: &VCardEntry, name: &str) -> Option<String> {
    let named = |param: &&calcard::vcard::VCardParameter| match &param.name {
        VCardParameterName::Other(other) => other.eq_ignore_ascii_case(name),
        known => known.as_str().eq_ignore_ascii_case(name),
    };
    let text = entry.params.iter().find(named)?.value.as_text()?.trim().to_owned();
    (!text.is_empty()).then_some(text)
}

/// Returns the kind of a number, address or URL: a custom label, or else the most specific `TYPE`.
fn kind(entry: &VCardEntry, label: Option<&str>, reading: &mut Reading) -> Option<String> {
    /// The most specific first.
    const ORDER: [&str; 9] =
        ["IPHONE", "CELL", "MAIN", "FAX", "PAGER", "HOME", "WORK", "BILLING", "DELIVERY"];
    /// Types without a meaning for a WhatsApp contact.
    const SILENT: [&str; 12] = [
        "VOICE", "PREF", "INTERNET", "TEXT", "MSG", "DOM", "INTL", "POSTAL", "PARCEL", "X400", "BBS",
        "X-VOICE",
    ];
    let mut kinds: Vec<String> =
        types(entry).into_iter().filter(|kind| !SILENT.contains(&kind.as_str())).collect();
    kinds.sort_by_key(|kind| ORDER.iter().position(|known| known == kind).unwrap_or(ORDER.len()));
    kinds.dedup();
    let chosen = match label {
        Some(label) if !label.trim().is_empty() => Some(label.to_owned()),
        _ if kinds.is_empty() => None,
        _ => Some(kinds.remove(0)),
    };
    lose_parameters(entry, reading);
    for lost in kinds.iter().filter(|kind| Some(*kind) != chosen.as_ref()) {
        let property = format!("{};TYPE", entry.name.as_str().to_uppercase());
        reading.lose_text(property, lost, "a WhatsApp contact has one type per entry");
    }
    chosen
}

/// Reports the parameters that a WhatsApp contact does not support.
fn lose_parameters(entry: &VCardEntry, reading: &mut Reading) {
    /// Parameters that are read, or that have no meaning outside the file.
    const KNOWN: [&str; 9] =
        ["TYPE", "WAID", "CC", "CHARSET", "ENCODING", "VALUE", "PREF", "LANGUAGE", "INDEX"];
    for param in &entry.params {
        let name = param.name.as_str().to_uppercase();
        let Some(value) = param.value.as_text().filter(|value| !value.is_empty()) else { continue };
        if !KNOWN.contains(&name.as_str()) {
            let property = format!("{};{name}", entry.name.as_str().to_uppercase());
            reading.lose_text(property, value, NO_PLACE);
        }
    }
}

/// Returns the `TYPE` parameters in capitals. vCard 2.1 writes them without the name (`TEL;CELL:`).
fn types(entry: &VCardEntry) -> Vec<String> {
    let mut types = Vec::new();
    for param in &entry.params {
        let text = match (&param.name, param.value.as_text()) {
            (VCardParameterName::Type, Some(text)) => text.to_owned(),
            (VCardParameterName::Other(name), None | Some("")) if !name.eq_ignore_ascii_case("waid") => {
                name.clone()
            }
            _ => continue,
        };
        types.extend(text.split(',').map(|kind| kind.trim().to_uppercase()).filter(|kind| !kind.is_empty()));
    }
    let main = VCardType::MainNumber.as_str().to_uppercase();
    types.into_iter().map(|kind| if kind == main { "MAIN".to_owned() } else { kind }).collect()
}

fn has_parts(name: &Name) -> bool {
    let parts = [&name.first_name, &name.last_name, &name.middle_name, &name.prefix, &name.suffix];
    parts.iter().any(|part| part.is_some())
}

/// Returns the components of a structured property.
fn components(entry: &VCardEntry) -> impl Iterator<Item = Option<String>> {
    let texts =
        texts(entry).into_iter().map(|text| Some(text.trim().to_owned()).filter(|text| !text.is_empty()));
    texts.chain(std::iter::repeat(None))
}

fn take_name(entry: &VCardEntry, name: &mut Name) {
    let mut parts = components(entry);
    let mut next = || parts.next().flatten();
    (name.last_name, name.first_name, name.middle_name) = (next(), next(), next());
    (name.prefix, name.suffix) = (next(), next());
}

fn take_org(entry: &VCardEntry, org: &mut Org) {
    let mut units = components(entry).take(entry.values.len());
    org.company = units.next().flatten();
    let department: Vec<String> = units.flatten().collect();
    org.department = Some(department.join(", ")).filter(|department| !department.is_empty());
}

fn address(entry: &VCardEntry, country_code: Option<String>) -> Address {
    let mut parts = components(entry);
    let mut next = || parts.next().flatten();
    let (post_box, extended, street) = (next(), next(), next());
    let mut address = Address::new();
    // A WhatsApp address has one line for all three.
    let lines: Vec<String> = [street, extended, post_box].into_iter().flatten().collect();
    address.street = Some(lines.join(", ")).filter(|street| !street.is_empty());
    (address.city, address.state, address.zip, address.country) = (next(), next(), next(), next());
    address.country_code = country_code.map(|code| code.to_uppercase());
    address
}

/// Parses `YYYY-MM-DD` or `YYYYMMDD`, with or without a time. The parser accepts only the date forms of the card's
/// version.
fn birthday(entry: &VCardEntry, raw: Option<&str>) -> Option<Birthday> {
    // Apple marks a year that it invented.
    if parameter(entry, "x-apple-omit-year").is_some() {
        return None;
    }
    // Quoted-printable encodes the dashes, and the parser does not decode them.
    let raw = raw?.replace("=2D", "-").replace("=2d", "-");
    let day = raw.trim().split(['T', 't', ' ']).next()?;
    let digits: String = day.chars().filter(char::is_ascii_digit).collect();
    let whole = digits.len() == 8
        && (day.len() == 8 || (day.len() == 10 && day.split('-').map(str::len).eq([4, 2, 2])));
    let number = |range| digits.get(range).and_then(|part: &str| part.parse::<u16>().ok());
    whole.then_some(())?;
    Birthday::new(number(0..4)?, u8::try_from(number(4..6)?).ok()?, u8::try_from(number(6..8)?).ok()?).ok()
}
