//! Error responses of real servers.
use crate::{rig::everywhere, server::answer};
use d360::{
    cloud::{messages::SendMessage, templates::ListTemplates},
    model::{
        Message,
        error::{ALL_CODES, ApiError, ErrorCode, RetryRule},
    },
};
use serde_json::json;

/// Meta sometimes returns only "Invalid parameter" to the program, and the reason in the text for the app's user.
#[test]
fn error_user_texts_are_part_of_the_error() {
    let error = |more: serde_json::Value| {
        let mut error = json!({"message": "Invalid parameter", "type": "OAuthException", "code": 100, "fbtrace_id": "A1"});
        error.as_object_mut().unwrap().extend(more.as_object().cloned().unwrap());
        json!({ "error": error }).to_string()
    };
    for (more, shown) in [
        (
            json!({"error_user_title": "Name is taken", "error_user_msg": "Call +16505551234"}),
            "HTTP 400, code 100: Invalid parameter; Name is taken: Call +•••••••••34 [trace A1]",
        ),
        (
            json!({"error_user_msg": "Choose another"}),
            "HTTP 400, code 100: Invalid parameter; Choose another [trace A1]",
        ),
        (json!({"error_user_title": "Name"}), "HTTP 400, code 100: Invalid parameter; Name [trace A1]"),
        (
            json!({"error_user_title": "Invalid parameter", "error_user_msg": ""}),
            "HTTP 400, code 100: Invalid parameter [trace A1]",
        ),
    ] {
        let body = error(more);
        let read = ApiError::read(400, body.as_bytes());
        assert_eq!(read.to_string(), shown);
        assert!(!read.hint().contains("details"), "{}", read.hint());
        let to = || "+16505551234";
        for run in everywhere(&[answer(400, &body)], |client| {
            client.call(SendMessage::new(Message::text(to(), "x")))
        }) {
            let error = run.result.unwrap_err();
            assert!(error.to_string().contains(&shown["HTTP 400, ".len()..]), "{}: {error}", run.who);
        }
    }
}

#[test]
fn no_hint_names_details_that_may_be_absent() {
    for info in ALL_CODES {
        assert!(!info.hint.unwrap_or_default().contains("details"), "{info:?}");
        let error = ApiError::read(400, json!({"error": {"code": info.code}}).to_string().as_bytes());
        assert!(!error.hint().contains("details"), "{info:?}");
    }
}

/// A code with seven digits is masked as a number in a text, so the error has to name it separately.
#[test]
fn codes_of_direct_send_are_known() {
    let body = json!({"error": {"code": 2_388_330, "message": "(#2388330) Cannot delete"}}).to_string();
    assert_eq!(
        ApiError::read(400, body.as_bytes()).to_string(),
        "HTTP 400, code 2388330: (#•••••30) Cannot delete"
    );
    for code in [139_200, 2_388_318, 2_388_330] {
        let info = ErrorCode(code).info().unwrap();
        assert!(info.meaning.contains("Direct Send") && !info.retry.is_automatic(), "{info:?}");
    }
    // Meta asks to wait for a day (list of news N14, 2026-11).
    let chosen = ErrorCode(131_049).info().unwrap();
    assert!(chosen.retry == RetryRule::FixedDelay && chosen.hint.unwrap().contains("24 hours"));
}

/// The templates created by Direct Send.
#[test]
fn templates_are_listed_by_their_source() {
    let page = r#"{"data": [{"id": "1", "name": "auto_1", "status": "APPROVED", "category": "UTILITY", "language": "en_US"}]}"#;
    for run in
        everywhere(&[answer(200, page)], |client| client.call(ListTemplates::new().source("AUTO_GENERATED")))
    {
        run.result.unwrap();
        assert!(run.seen[0].target.contains("source=AUTO_GENERATED"), "{}: {}", run.who, run.seen[0].target);
    }
}
