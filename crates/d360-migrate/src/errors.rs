//! Error codes of both systems, and the answers with them.
pub use crate::answer::Answer;
use crate::{
    note::{Notes, Translation},
    titles,
};
use d360_model::error::{ApiError, ErrorCode};

/// A code of Cloud, and the code that an old program expects in its place. The pairs are from Meta's "Migrating from
/// On-Premises API to Cloud API", or else by meaning; [`source`](Pair::source) distinguishes them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Pair {
    /// The code of Cloud.
    pub cloud: i64,
    /// The code of On-Premise in an answer.
    pub answer: i64,
    /// The code of On-Premise in a webhook.
    pub webhook: i64,
    /// Whether the pair is documented.
    pub source: PairSource,
}

/// The source of a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PairSource {
    /// Meta's migration page.
    Documented,
    /// This project, by the meaning of the codes.
    Meaning,
}

const fn documented(cloud: i64, answer: i64, webhook: i64) -> Pair {
    Pair { cloud, answer, webhook, source: PairSource::Documented }
}
const fn meaning(cloud: i64, answer: i64, webhook: i64) -> Pair {
    Pair { cloud, answer, webhook, source: PairSource::Meaning }
}

/// All pairs. If several codes of Cloud share one of On-Premise, the first is used in the other direction.
pub const PAIRS: &[Pair] = &[
    documented(131_000, 1000, 500),
    documented(131_008, 1008, 1008),
    documented(131_009, 1009, 1009),
    documented(131_021, 1021, 1021),
    documented(131_026, 1026, 1026),
    documented(131_031, 1031, 1031),
    documented(131_042, 402, 402),
    documented(131_047, 470, 470),
    documented(131_051, 1009, 501),
    documented(130_429, 1015, 429),
    documented(130_472, 472, 472),
    meaning(131_005, 1005, 1005),
    meaning(131_016, 1016, 1016),
    meaning(131_048, 471, 471),
    meaning(131_052, 400, 400),
    meaning(131_053, 1009, 1009),
    meaning(131_001, 1001, 1001),
    meaning(131_002, 1002, 1002),
    meaning(131_006, 1006, 1006),
    meaning(131_043, 410, 410),
    meaning(131_020, 1020, 1020),
    meaning(131_041, 1012, 1012),
    meaning(131_057, 1011, 1011),
    meaning(131_045, 430, 430),
    meaning(137_000, 480, 480),
    meaning(1_752_041, 1004, 1004),
    meaning(132_000, 2000, 2000),
    meaning(132_001, 2001, 2001),
    meaning(132_005, 2005, 2005),
    meaning(132_007, 2007, 2007),
    meaning(132_012, 2012, 2012),
    meaning(132_015, 2061, 2061),
    meaning(132_016, 2062, 2062),
    meaning(132_068, 2068, 2068),
    meaning(132_069, 2069, 2069),
    meaning(0, 1005, 1005),
    meaning(1, 1000, 500),
    meaning(2, 1016, 1016),
    meaning(3, 1005, 1005),
    meaning(4, 1015, 429),
    meaning(10, 1005, 1005),
    meaning(33, 1005, 1005),
    meaning(100, 1009, 1009),
    meaning(104, 1005, 1005),
    meaning(190, 1005, 1005),
    meaning(200, 1005, 1005),
    meaning(368, 1031, 1031),
    meaning(80_007, 1015, 429),
    meaning(130_403, 1026, 1026),
    meaning(130_497, 1005, 1005),
    meaning(131_030, 1005, 1005),
    meaning(131_037, 1005, 1005),
    meaning(131_044, 402, 402),
    meaning(131_049, 472, 472),
    meaning(131_050, 1026, 1026),
    meaning(131_055, 1009, 1009),
    meaning(131_056, 1015, 429),
    meaning(131_062, 1009, 1009),
    meaning(131_063, 2062, 2062),
    meaning(131_064, 471, 471),
    meaning(131_208, 1015, 429),
    meaning(132_008, 2012, 2012),
    meaning(132_018, 2012, 2012),
    meaning(133_004, 1016, 1016),
    meaning(133_010, 1005, 1005),
    meaning(133_016, 1015, 429),
    meaning(134_011, 402, 402),
    meaning(135_000, 1009, 1009),
    meaning(139_101, 1009, 1009),
    meaning(139_102, 1014, 1014),
    meaning(139_103, 1014, 1014),
];

/// The code for 131047 in answers to blocking and reporting.
const NOT_ENGAGED: i64 = 2048;

/// The call that an error answers. Some codes have another meaning there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Call {
    /// `/v1/messages`, and every other call.
    #[default]
    Message,
    /// `/v1/contacts/{phone_number}/block` and `/unblock`.
    Block,
}

/// Returns the pair of a code of Cloud.
#[must_use]
pub fn pair(cloud: i64) -> Option<Pair> {
    let permission = if (201..=299).contains(&cloud) { 10 } else { cloud };
    PAIRS.iter().copied().find(|pair| pair.cloud == permission)
}

/// Returns the code of Cloud for one of On-Premise.
#[must_use]
pub fn to_cloud(onprem: i64) -> Option<i64> {
    if onprem == NOT_ENGAGED {
        return Some(131_047);
    }
    // 501 and 1009 are in two pairs. The pair with the code in both places is preferred.
    let whole = PAIRS.iter().find(|pair| pair.webhook == onprem && pair.answer == onprem);
    let either = || PAIRS.iter().find(|pair| pair.webhook == onprem || pair.answer == onprem);
    whole.or_else(either).map(|pair| pair.cloud)
}

pub(crate) fn cloud_title(code: i64) -> Option<&'static str> {
    titles::CLOUD.iter().find(|(known, _)| *known == code).map(|(_, title)| *title)
}

/// Translates a refusal of Cloud, or of 360dialog's gateway before it, to an answer of On-Premise.
///
/// What Cloud refuses synchronously is answered synchronously with a 4xx, even if On-Premise reported it by webhook.
/// The details end with Cloud's own code, which is more specific if several share one of On-Premise.
///
/// ```
/// use d360_migrate::errors::{self, Call};
/// let body = br#"{"error": {"message": "Re-engagement message", "code": 131047}}"#;
/// let answer = errors::refusal_to_onprem(400, body, Call::Message).value.unwrap();
/// assert_eq!((answer.status, &answer.body["errors"][0]["code"]), (400, &470.into()));
/// ```
#[must_use]
pub fn refusal_to_onprem(status: u16, body: &[u8], call: Call) -> Translation<Answer> {
    to_onprem(&ApiError::read(status, body), call)
}

/// Like [`refusal_to_onprem`], for a parsed error.
#[must_use]
pub fn to_onprem(error: &ApiError, call: Call) -> Translation<Answer> {
    let mut notes = Notes::default();
    let (code, status) = match error.code() {
        Some(code) => {
            let found = pair(code.0);
            if found.is_none() {
                let why = format!("On-Premise has no code for Cloud's {code}; it becomes a generic one");
                notes.lost("error.code", why, "read Cloud's code from the details");
            }
            by_code(code, found, error.status(), call)
        }
        None => by_text(error),
    };
    let said = [error.details().and_then(|details| details.text()), error.message(), error.title()];
    let said = said.into_iter().flatten().map(str::trim).find(|text| !text.is_empty());
    let mut details = said.unwrap_or("the API gave no reason").to_owned();
    if let Some(code) = error.code() {
        details.push_str(&format!(" (Cloud error {code})"));
    }
    if error.trace_id().is_some() {
        notes.lost(
            "error.fbtrace_id",
            "errors of On-Premise have no trace ID",
            "log it before the translation",
        );
    }
    notes.with(Answer::error_with(status, code, &details))
}

fn by_code(code: ErrorCode, found: Option<Pair>, status: u16, call: Call) -> (i64, u16) {
    let server = status >= 500;
    let onprem = match (call, code.0) {
        (Call::Block, 131_047) => NOT_ENGAGED,
        _ => found.map_or(if server { 1000 } else { 1009 }, |pair| pair.answer),
    };
    let usual =
        titles::ONPREM.iter().find(|(known, ..)| *known == onprem).map_or(400, |(_, status, _)| *status);
    // Old programs decide by the class of the status.
    let answered = match (server, usual) {
        _ if status == 401 => 401,
        (false, 500..) if !matches!(onprem, 1000 | 1011 | 1014 | 1016) => 400,
        _ => usual,
    };
    (onprem, answered)
}

/// Recognizes the texts of 360dialog's gateway (360dialog, "Error Code Reference").
fn by_text(error: &ApiError) -> (i64, u16) {
    let text = error.message().unwrap_or_default().to_ascii_lowercase();
    let says = |part: &str| text.contains(part);
    match error.status() {
        429 => (1015, 429),
        _ if says("rate limit") || says("exceeded the limit of") => (1015, 429),
        _ if says("lack of payment") => (402, 400),
        _ if says("has been disabled") => (1031, 403),
        401 => (1005, 401),
        403 => (1005, 403),
        404 => (1006, 404),
        413 => (1009, 413),
        400..=499 => (1009, 400),
        502..=504 => (1016, 503),
        _ => (1000, 500),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::collections::HashSet;

    #[test]
    fn every_code_is_paired_once_with_codes_that_exist() {
        let mut seen = HashSet::new();
        for pair in PAIRS {
            assert!(seen.insert(pair.cloud), "{} is listed twice", pair.cloud);
            for code in [pair.answer, pair.webhook] {
                assert!(
                    titles::ONPREM.iter().any(|(known, ..)| *known == code),
                    "{code} is not a code of On-Premise"
                );
                assert!(to_cloud(code).is_some());
            }
            assert!(ErrorCode(pair.cloud).info().is_some(), "{} is not a code of Cloud", pair.cloud);
        }
        for (onprem, cloud) in [
            (470, 131_047),
            (2048, 131_047),
            (1015, 130_429),
            (429, 130_429),
            (501, 131_051),
            (1009, 131_009),
        ] {
            assert_eq!(to_cloud(onprem), Some(cloud));
        }
        assert_eq!(to_cloud(7), None);
    }

    #[test]
    fn refusals_become_the_errors_that_old_programs_know() {
        let error = |code: i64| {
            json!({"error": {"message": "m", "code": code, "error_data": {"details": "d"}, "fbtrace_id": "A"}}).to_string()
        };
        for (status, body, call, expected) in [
            (400, error(131_047), Call::Message, (400, 470)),
            (400, error(131_047), Call::Block, (400, 2048)),
            (400, error(130_429), Call::Message, (429, 1015)),
            (400, error(131_056), Call::Message, (429, 1015)),
            (401, error(190), Call::Message, (401, 1005)),
            (400, error(131_026), Call::Message, (400, 1026)),
            (404, error(132_001), Call::Message, (404, 2001)),
            (500, error(131_016), Call::Message, (503, 1016)),
            (400, error(987_654), Call::Message, (400, 1009)),
            (500, error(987_654), Call::Message, (500, 1000)),
            (403, error(250), Call::Message, (403, 1005)),
            (400, r#"{"meta":{"httpCode":400,"developerMessage":"You have exceeded the limit of 1 request every * seconds. Try again later.","success":false}}"#.to_owned(), Call::Message, (429, 1015)),
            (401, r#"{"meta":{"httpCode":404,"developerMessage":"Invalid api_key or token expired","success":false}}"#.to_owned(), Call::Message, (401, 1005)),
            (400, r#"{"error":"Invalid request"}"#.to_owned(), Call::Message, (400, 1009)),
            (502, "<html>".to_owned(), Call::Message, (503, 1016)),
            (500, String::new(), Call::Message, (500, 1000)),
        ] {
            let answer = refusal_to_onprem(status, body.as_bytes(), call).value.unwrap();
            let code = answer.body["errors"][0]["code"].as_i64().unwrap();
            assert_eq!((answer.status, code), expected, "{body}");
            assert!(answer.body["errors"][0]["details"].is_string() && answer.body["meta"].is_object());
        }
        let told = refusal_to_onprem(400, error(131_047).as_bytes(), Call::Message).value.unwrap();
        assert_eq!(told.body["errors"][0]["details"], "d (Cloud error 131047)");
        assert_eq!(told.body["errors"][0]["title"], "Re-engagement message");
    }
}
