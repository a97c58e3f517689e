//! Ids of messages and users in Meta's forms, and opaque strings.
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use sha2::{Digest as _, Sha256};

/// The direction of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    Out,
    In,
}

/// Returns the id of the `count`th message in a direction: `wamid.` and the base64 of the number, the direction and
/// an id.
///
/// Like Meta's, ids differ in length, and so in their padding. Every fourth contains other characters than hexadecimal
/// digits, so that `+` and `/` occur as well as `=`. A program that puts an id into a URL has to encode them.
pub(crate) fn wamid(user: &str, way: Way, seed: u64, count: u64) -> String {
    let number = match digits(user) {
        number if number == user && number.len() <= 15 => number,
        // Users without a number, and groups, get digits derived from their id.
        _ => decimal(user, 13),
    };
    let longer = if count.is_multiple_of(2) { 2 } else { 0 };
    let length = longer + if way == Way::Out { 18 } else { 20 };
    // The prefix of WhatsApp Web's ids.
    let mut id = format!("3EB0{:06X}{count:0width$X}", seed & 0xff_ffff, width = length - 10).into_bytes();
    let start = 3 + number.len() + 6;
    if count % 4 == 3 {
        // Only the last byte of three maps its low six bits to a single base64 character.
        let last = (0..id.len()).filter(|at| (start + at) % 3 == 2);
        for (at, byte) in last.take(2).zip(*b">?").collect::<Vec<_>>() {
            id[at] = byte;
        }
    }
    let mut bytes = vec![0x1c, 0x18, u8::try_from(number.len()).unwrap_or_default()];
    bytes.extend_from_slice(number.as_bytes());
    bytes.extend_from_slice(&[0x15, 0x02, 0x00, if way == Way::Out { 0x11 } else { 0x12 }, 0x18]);
    bytes.push(u8::try_from(id.len()).unwrap_or_default());
    bytes.extend_from_slice(&id);
    bytes.push(0);
    format!("wamid.{}", STANDARD.encode(bytes))
}

/// Returns the business-scoped user id (BSUID) of a number: its country and 20 digits derived from the number.
pub(crate) fn bsuid(phone: &str) -> String {
    let known = COUNTRIES.iter().find(|(code, _)| phone.starts_with(code));
    format!("{}.{}", known.map_or("US", |(_, country)| country), decimal(phone, 20))
}

/// Calling codes of some countries. All others are treated as `US`.
const COUNTRIES: [(&str, &str); 16] = [
    ("1", "US"),
    ("20", "EG"),
    ("27", "ZA"),
    ("31", "NL"),
    ("33", "FR"),
    ("34", "ES"),
    ("39", "IT"),
    ("44", "GB"),
    ("49", "DE"),
    ("52", "MX"),
    ("55", "BR"),
    ("62", "ID"),
    ("91", "IN"),
    ("234", "NG"),
    ("966", "SA"),
    ("972", "IL"),
];

/// Derives digits from a text. The first is not zero.
fn decimal(text: &str, length: usize) -> String {
    let hash = Sha256::digest(text);
    hash.iter().take(length).enumerate().fold(String::new(), |mut out, (at, byte)| {
        let digit = if at == 0 { 1 + byte % 9 } else { byte % 10 };
        out.push(char::from(b'0' + digit));
        out
    })
}

pub(crate) fn digits(text: &str) -> String {
    text.chars().filter(char::is_ascii_digit).collect()
}

/// Returns the key of a user: the digits of a number, or the whole BSUID.
pub(crate) fn user_key(user: &str) -> String {
    if is_bsuid(user) { user.to_owned() } else { digits(user) }
}

/// Returns whether a text has the form of a BSUID: `CC.` and more.
pub(crate) fn is_bsuid(text: &str) -> bool {
    text.split_once('.').is_some_and(|(cc, rest)| {
        cc.len() == 2 && cc.bytes().all(|b| b.is_ascii_uppercase()) && !rest.is_empty()
    })
}

pub(crate) fn encode(text: &str) -> String {
    URL_SAFE_NO_PAD.encode(text)
}

pub(crate) fn decode(text: &str) -> Option<String> {
    String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()
}
