//! Translates IDs of messages and files to a form that old programs accept, and back.
//!
//! Cloud's IDs stay as they are unless this form is requested. `wamid.…` contains `+`, `/` and `=`, which fail in a
//! program that puts IDs into paths unescaped, or checks for UUIDs.

const MESSAGE: &str = "D360-";
const OTHER_MESSAGE: &str = "D360x-";
const MEDIA: &str = "d360c10d-0000-8";

/// Encodes a message ID of Cloud with only letters, digits, `-` and `_`. [`message_to_cloud`] decodes it.
///
/// ```
/// use d360_migrate::ids;
/// let wamid = "wamid.HBgLMTY0NjcwNDM1OTUVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA";
/// let old = ids::message_to_onprem(wamid);
/// assert_eq!(old, "D360-HBgLMTY0NjcwNDM1OTUVAgARGBI1RjQyNUE3NEYxMzAzMzQ5MkEA");
/// assert_eq!(ids::message_to_cloud(&old).as_deref(), Some(wamid));
/// ```
#[must_use]
pub fn message_to_onprem(id: &str) -> String {
    match id.strip_prefix("wamid.").and_then(to_url_alphabet) {
        Some(payload) => format!("{MESSAGE}{payload}"),
        None => {
            let hex: String = id.bytes().map(|byte| format!("{byte:02x}")).collect();
            format!("{OTHER_MESSAGE}{hex}")
        }
    }
}

/// Returns Cloud's message ID for one that [`message_to_onprem`] returned, or for Cloud's own. `None` for an ID of
/// On-Premise, which Cloud does not know.
#[must_use]
pub fn message_to_cloud(id: &str) -> Option<String> {
    if id.starts_with("wamid.") {
        return Some(id.to_owned());
    }
    if let Some(hex) = id.strip_prefix(OTHER_MESSAGE) {
        // A sign would parse as a digit.
        let pair = |at: usize| {
            hex.get(at..at + 2).filter(|pair| is_hex(pair)).and_then(|pair| u8::from_str_radix(pair, 16).ok())
        };
        let bytes: Option<Vec<u8>> = (0..hex.len()).step_by(2).map(pair).collect();
        return String::from_utf8(bytes?).ok();
    }
    Some(format!("wamid.{}", from_url_alphabet(id.strip_prefix(MESSAGE)?)?))
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Converts padded base64 to the URL alphabet without padding. `None` if decoding would not restore it.
fn to_url_alphabet(payload: &str) -> Option<String> {
    let plain = payload.trim_end_matches('=');
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/');
    let padded = payload.len() - plain.len() == (4 - plain.len() % 4) % 4 && plain.len() % 4 != 1;
    let ours = padded && !plain.is_empty() && plain.bytes().all(alphabet);
    ours.then(|| plain.replace('+', "-").replace('/', "_"))
}

fn from_url_alphabet(text: &str) -> Option<String> {
    let alphabet = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let ours = !text.is_empty() && text.len() % 4 != 1 && text.bytes().all(alphabet);
    ours.then(|| {
        let padding = "=".repeat((4 - text.len() % 4) % 4);
        format!("{}{padding}", text.replace('-', "+").replace('_', "/"))
    })
}

/// Returns a UUID, the form of On-Premise's media IDs, for an ID of Cloud. An ID that is not a number stays as it is.
///
/// ```
/// use d360_migrate::ids;
/// assert_eq!(ids::media_to_onprem("4490709327384033"), "d360c10d-0000-8000-800f-f446be3f8de1");
/// assert_eq!(ids::media_to_cloud("d360c10d-0000-8000-800f-f446be3f8de1"), "4490709327384033");
/// ```
#[must_use]
pub fn media_to_onprem(id: &str) -> String {
    match id.parse::<u64>() {
        Ok(number) if number.to_string() == id => {
            let hex = format!("{number:018x}");
            format!("{MEDIA}{}-8{}-{}", &hex[..3], &hex[3..6], &hex[6..])
        }
        _ => id.to_owned(),
    }
}

/// Returns Cloud's media ID for one that [`media_to_onprem`] returned. Any other stays as it is.
#[must_use]
pub fn media_to_cloud(id: &str) -> String {
    let parts = id.strip_prefix(MEDIA).map(|rest| rest.split('-').collect::<Vec<_>>());
    let number = match parts.as_deref() {
        Some([high, middle, low]) if (high.len(), middle.len(), low.len()) == (3, 4, 12) => {
            middle.strip_prefix('8').map(|middle| format!("{high}{middle}{low}"))
        }
        _ => None,
    };
    match number.filter(|hex| is_hex(hex)).and_then(|hex| u64::from_str_radix(&hex, 16).ok()) {
        Some(number) => number.to_string(),
        None => id.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn every_id_comes_back(id in "\\PC{0,40}", payload in "[A-Za-z0-9+/]{0,40}={0,3}", number in any::<u64>()) {
            for id in [id, format!("wamid.{payload}")] {
                let old = message_to_onprem(&id);
                prop_assert!(old.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')));
                prop_assert_eq!(message_to_cloud(&old), Some(id));
            }
            let media = media_to_onprem(&number.to_string());
            prop_assert_eq!(media.len(), 36);
            prop_assert_eq!(media_to_cloud(&media), number.to_string());
        }
        #[test]
        fn what_is_not_ours_is_told_or_left(id in "\\PC{0,40}") {
            let _ = message_to_cloud(&id);
            prop_assert_eq!(media_to_cloud(&media_to_onprem(&id)), id);
        }
    }

    #[test]
    fn ids_of_onprem_are_unknown_to_cloud() {
        for id in [
            "gBEGkYiEB1VXAglK1ZEqA1YKPrU",
            "ABGGFlA5FpafAgo6tHcNmNjXmuSf",
            "",
            "D360x-zz",
            "D360x-+f",
            "D360-a",
            "D360-a.b",
        ] {
            assert_eq!(message_to_cloud(id), None, "{id}");
        }
        assert_eq!(
            media_to_cloud("f043afd0-f0ae-4b9c-ab3d-696fb4c8cd68"),
            "f043afd0-f0ae-4b9c-ab3d-696fb4c8cd68"
        );
    }
}
