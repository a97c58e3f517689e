//! Every documented error body and its meaning.
use crate::{
    rig::everywhere,
    server::{Act, answer, answer_with},
};
use d360::{
    Outcome, cloud::block_users::ListBlockedUsers, cloud::messages::SendMessage,
    cloud::templates::CreateTemplate, model::Message, model::error::ErrorShape,
};

const FINAL: Outcome = Outcome::Refused { retryable: false };
const LATER: Outcome = Outcome::Refused { retryable: true };

fn message() -> SendMessage {
    SendMessage::new(Message::text("+16505550123", "x"))
}

/// Status and body; then the expected shape, code, message and outcome.
type Case = (u16, &'static str, ErrorShape, Option<i64>, &'static str, Outcome);

/// Sends a message that gets `act` each time. Returns the number of attempts and the error.
fn meets(act: &Act) -> Vec<(usize, d360::Error)> {
    let script = vec![act.clone(); 3];
    let runs = everywhere(&script, |client| client.call(message()));
    runs.into_iter().map(|run| (run.seen.len(), run.result.unwrap_err())).collect()
}

#[test]
fn every_shape_is_read_and_classified() {
    use ErrorShape as S;
    let cases: &[Case] = &[
        (
            400,
            r#"{"error":{"message":"(#131009) Parameter","type":"OAuthException","code":131009,"error_data":{"messaging_product":"whatsapp","details":"Wrong"},"fbtrace_id":"Az8"}}"#,
            S::Object,
            Some(131009),
            "(#131009) Parameter",
            FINAL,
        ),
        (
            400,
            r#"{"error":{"message":"m","code":"130429","error_data":"just text","error_subcode":2494055}}"#,
            S::Object,
            Some(130429),
            "m",
            LATER,
        ),
        (400, r#"{"error":"Invalid request"}"#, S::Text, None, "Invalid request", FINAL),
        (
            403,
            r#"{"meta":{"httpCode":403,"developerMessage":"This URL *** is blocked. More info","success":false}}"#,
            S::Meta,
            None,
            "This URL *** is blocked. More info",
            FINAL,
        ),
        (
            401,
            r#"{"meta":{"httpCode":404,"developerMessage":"Invalid api_key or token expired","success":false}}"#,
            S::Meta,
            None,
            "Invalid api_key or token expired",
            FINAL,
        ),
        (
            400,
            r#"{"meta":{"httpCode":400,"developerMessage":"Your WhatsApp for Business API has been disabled. If you","success":false}}"#,
            S::Meta,
            None,
            "Your WhatsApp for Business API has been disabled. If you",
            FINAL,
        ),
        (
            400,
            r#"{"meta":{"httpCode":400,"developerMessage":"You have exceeded the limit of 1 request every 2 seconds. Try again later.","success":false}}"#,
            S::Meta,
            None,
            "You have exceeded the limit of 1 request every 2 seconds. Try again later.",
            LATER,
        ),
        (
            400,
            r#"{"meta":{"success":false,"http_code":400,"developer_message":"You have exceeded the endpoint rate limit.","details":["d"]}}"#,
            S::Meta,
            None,
            "You have exceeded the endpoint rate limit.",
            LATER,
        ),
        (
            400,
            r#"{"error":"You have exceeded the endpoint rate limit."}"#,
            S::Text,
            None,
            "You have exceeded the endpoint rate limit.",
            LATER,
        ),
        (
            400,
            r#"{"detail":{"json":{"to":["Missing data"]}},"message":"Validation error"}"#,
            S::Detail,
            None,
            "Validation error",
            FINAL,
        ),
        (404, r#"{"detail":{},"message":"Not found"}"#, S::Detail, None, "Not found", FINAL),
        (
            400,
            r#"{"errors":[{"code":1008,"title":"Required parameter is missing","details":"to"}],"meta":{}}"#,
            S::List,
            Some(1008),
            "",
            FINAL,
        ),
        (400, "null", S::OtherJson, None, "", FINAL),
        (400, "", S::Empty, None, "", FINAL),
        (429, "", S::Empty, None, "", LATER),
        (404, "<!DOCTYPE html><html><body>nothing here</body></html>", S::Html, None, "", FINAL),
        (403, "Forbidden", S::Plain, None, "Forbidden", FINAL),
        (400, "[1,2]", S::OtherJson, None, "", FINAL),
        (500, "", S::Empty, None, "", Outcome::Unknown),
        // A code is found wherever gateways put it. Otherwise rate limiting would count as a refusal.
        (400, r#"{"error":{},"errors":[{"code":130429}]}"#, S::List, Some(130429), "", LATER),
        (
            400,
            r#"{"error":null,"errors":[{},{"title":"t"},{"code":130429}]}"#,
            S::List,
            Some(130429),
            "",
            LATER,
        ),
        (400, r#"{"error":{"message":"m"},"errors":{"code":130429}}"#, S::Object, Some(130429), "", LATER),
        (400, r#"{"error":{"message":"m"},"code":130429}"#, S::Object, Some(130429), "m", LATER),
        (400, r#"{"code":130429}"#, S::OtherJson, Some(130429), "", LATER),
        (400, r#"{"code":"130429","message":"m"}"#, S::Detail, Some(130429), "m", LATER),
        (400, r#"{"error":130429,"message":"m"}"#, S::Object, Some(130429), "m", LATER),
        (400, r#"{"error":"slow","code":130429}"#, S::Text, Some(130429), "slow", LATER),
        (400, r#"{"error":{"code":130429.0}}"#, S::Object, Some(130429), "", LATER),
        (400, r#"{"error":{"code":"130429.0"}}"#, S::Object, Some(130429), "", LATER),
        (400, r#"{"error":{"code":" 130429 "}}"#, S::Object, Some(130429), "", LATER),
        (400, r#"{"error":{"code":1304.29}}"#, S::Object, None, "", FINAL),
        (400, r#""{\"error\":{\"code\":130429,\"message\":\"m\"}}""#, S::Object, Some(130429), "m", LATER),
        (
            400,
            r#"{"error":"{\"error\":{\"code\":130429,\"message\":\"m\"}}"}"#,
            S::Text,
            Some(130429),
            "m",
            LATER,
        ),
        (
            400,
            r#"{"error":{"message":"{\"error\":{\"code\":130429,\"message\":\"m\"}}"}}"#,
            S::Object,
            Some(130429),
            "m",
            LATER,
        ),
        (400, r#"{"meta":{"developer_message":"{\"code\": 130429}"}}"#, S::Meta, Some(130429), "", LATER),
        (400, r#"{"detail":{"error":{"code":130429}}}"#, S::Detail, Some(130429), "", LATER),
        (400, r#"[{"error":{"code":130429}}]"#, S::Object, Some(130429), "", LATER),
        (
            400,
            r#"{"error":"(#130429) Rate limit hit"}"#,
            S::Text,
            Some(130429),
            "(#130429) Rate limit hit",
            LATER,
        ),
        (400, "\u{feff}{\"error\":{\"code\":130429}}", S::Object, Some(130429), "", LATER),
        (502, "<html><head><title>502</title></head></html>", S::Html, None, "", Outcome::Unknown),
        (
            500,
            r#"{"error":{"code":131000,"message":"Something went wrong"}}"#,
            S::Object,
            Some(131000),
            "Something went wrong",
            Outcome::Unknown,
        ),
        (
            503,
            r#"{"error":{"code":2,"message":"API Service","is_transient":true}}"#,
            S::Object,
            Some(2),
            "API Service",
            LATER,
        ),
        (503, r#"{"error":{"code":133004,"message":"m"}}"#, S::Object, Some(133004), "m", LATER),
        (400, r#"{"error":{"code":131056,"message":"m"}}"#, S::Object, Some(131056), "m", LATER),
        (400, r#"{"error":{"code":131048,"message":"m"}}"#, S::Object, Some(131048), "m", FINAL),
        (429, r#"{"error":{"code":131048,"message":"m"}}"#, S::Object, Some(131048), "m", FINAL),
        (400, r#"{"error":{"code":424242,"message":"new"}}"#, S::Object, Some(424242), "new", FINAL),
        (302, "", S::Empty, None, "", FINAL),
        // A success with an error is judged by its code.
        (
            200,
            r#"{"error":{"code":131047,"message":"Re-engagement message"}}"#,
            S::Object,
            Some(131047),
            "Re-engagement message",
            FINAL,
        ),
        (200, r#"{"error":{"code":130429,"message":"m"}}"#, S::Object, Some(130429), "m", LATER),
        (200, r#"{"error":{"code":131000,"message":"m"}}"#, S::Object, Some(131000), "m", Outcome::Unknown),
    ];
    for (status, body, shape, code, said, outcome) in cases {
        for (times, error) in meets(&answer(*status, body)) {
            let api = error.api().unwrap_or_else(|| panic!("{status} {body}: {error:?}"));
            assert_eq!(api.status(), *status);
            assert_eq!(api.shape(), *shape, "{body}");
            assert_eq!(api.code().map(|code| code.0), *code, "{body}");
            assert_eq!(api.message().unwrap_or_default(), *said, "{body}");
            assert_eq!(error.outcome(), *outcome, "{status} {body}");
            assert_eq!(api.body(), body.as_bytes());
            assert_eq!(times, if *outcome == LATER { 3 } else { 1 }, "{status} {body}");
            assert!(!error.hint().is_empty() && !error.to_string().is_empty());
        }
    }
}

#[test]
fn errors_keep_the_whole_response() {
    let body = r#"{"error":{"message":"m","type":"OAuthException","code":131009,"error_subcode":2494010,"error_data":{"details":"why"},"fbtrace_id":"Abc","is_transient":false,"error_user_title":"T","error_user_msg":"U"}}"#;
    for (_, error) in meets(&answer(400, body)) {
        let api = error.api().unwrap();
        assert_eq!(api.kind(), Some("OAuthException"));
        assert_eq!(api.subcode(), Some(2_494_010));
        assert_eq!(api.details().unwrap().text(), Some("why"));
        assert_eq!(api.trace_id(), Some("Abc"));
        assert_eq!(api.is_transient(), Some(false));
        assert_eq!((api.user_title(), api.user_message()), (Some("T"), Some("U")));
        let text = error.to_string();
        assert!(text.starts_with("POST http://"), "{text}");
        assert!(text.ends_with("/messages failed: HTTP 400, code 131009: m (why) [trace Abc]"), "{text}");
    }
    let detail = r#"{"detail":{"json":{"to":["Missing data"]}},"message":"Validation error"}"#;
    for (_, error) in meets(&answer(400, detail)) {
        assert_eq!(error.api().unwrap().details().unwrap().value()["json"]["to"][0], "Missing data");
    }
}

#[test]
fn an_unreadable_success_has_unknown_outcome() {
    for body in [
        "",
        "null",
        "{",
        r#"{"messages":[]}"#,
        r#"{"messages":[{"id":""}]}"#,
        "<html></html>",
        r#"{"success":true}"#,
    ] {
        for (times, error) in meets(&answer(200, body)) {
            assert_eq!(error.outcome(), Outcome::Unknown, "{body}");
            assert_eq!(times, 1, "{body}: a message is not retried");
        }
    }
    // A body with an ID is an acceptance, whatever else is malformed.
    for body in [
        r#"{"messages":{"id":"wamid.x"}}"#,
        r#"{"messages":[null,{"id":"wamid.x"}]}"#,
        r#"{"messages":[{"id":""},{"id":"wamid.x"}]}"#,
        r#"{"messages":[{"id":"wamid.x","message_status":7}],"contacts":"none"}"#,
        r#"{"messages":["wamid.x"]}"#,
        "\u{feff}{\"messages\":[{\"id\":\"wamid.x\"}]}",
        r#"{"error":{},"messages":[{"id":"wamid.x"}]}"#,
    ] {
        for run in everywhere(&vec![answer(200, body); 3], |client| client.call(message())) {
            assert_eq!(run.result.unwrap().message_id().unwrap().as_str(), "wamid.x", "{body}");
            assert_eq!(run.seen.len(), 1, "{body}");
        }
    }
    let numbered = answer(202, r#"{"messages":[{"id":77}]}"#);
    for run in everywhere(&[numbered], |client| client.call(message())) {
        assert_eq!(run.result.unwrap().message_id().unwrap().as_str(), "77");
    }
    // A byte order mark before any other success.
    for run in
        everywhere(&[answer(200, "\u{feff}{\"data\":[]}")], |client| client.call(ListBlockedUsers::new()))
    {
        run.result.unwrap();
    }
    // An idempotent call is retried.
    for run in everywhere(&[answer(200, "{"), answer(500, ""), answer(200, r#"{"data":[]}"#)], |client| {
        client.call(ListBlockedUsers::new())
    }) {
        run.result.unwrap();
        assert_eq!(run.seen.len(), 3);
    }
}

#[test]
fn a_broken_connection_has_unknown_outcome() {
    for act in
        [Act::Bytes(Vec::new()), Act::Bytes(b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\n{".to_vec())]
    {
        for (times, error) in meets(&act) {
            assert_eq!((times, error.outcome()), (1, Outcome::Unknown));
        }
    }
}

#[test]
fn retry_after_is_obeyed_and_a_long_one_ends_the_call() {
    let ok = answer(200, r#"{"messages":[{"id":"wamid.x"}]}"#);
    let busy = |wait: &str| answer_with(429, &[("retry-after", wait)], "");
    for run in everywhere(&[busy("7"), ok.clone()], |client| client.call(message())) {
        run.result.unwrap();
        assert_eq!(run.naps, [std::time::Duration::from_secs(7)]);
    }
    for run in everywhere(&[busy("61"), ok], |client| client.call(message())) {
        let error = run.result.unwrap_err();
        assert_eq!(error.api().unwrap().retry_after(), Some(std::time::Duration::from_secs(61)));
        assert_eq!(run.seen.len(), 1);
    }
}

/// Status, body, text that the hint contains, and text that it does not contain.
#[test]
fn hints_name_the_cause() {
    const PAGE: &str = "<html><body>Not here</body></html>";
    let elsewhere = "check the proxy and the base URL";
    for (status, body, says, does_not) in [
        (403, PAGE, elsewhere, "support"),
        (404, PAGE, elsewhere, "correct the request"),
        (404, "Not Found", elsewhere, "correct the request"),
        (404, "404 page not found\n", elsewhere, "correct the request"),
        (401, PAGE, elsewhere, "new key"),
        (302, "", elsewhere, "correct the request"),
        (308, PAGE, elsewhere, "correct the request"),
        (407, "", elsewhere, "correct the request"),
        (408, "", "took too long", "correct the request"),
        (403, r#"{"meta":{"httpCode":403,"developerMessage":"This URL is blocked"}}"#, "support", "proxy"),
        (404, r#"{"error":{"message":"Unknown path components"}}"#, "correct the request", "proxy"),
    ] {
        for (_, error) in meets(&answer(status, body)) {
            assert!(
                error.hint().contains(says) && !error.hint().contains(does_not),
                "{status} {body}: {}",
                error.hint()
            );
        }
    }
    // The unknown outcome of a template or a report is not resolved by a message webhook.
    for run in everywhere(&[answer(500, "")], |client| {
        let template = d360::model::template::NewTemplate::from_json(
            br#"{"name":"a","language":"en","category":"UTILITY","components":[{"type":"BODY","text":"x"}]}"#,
        );
        client.call(CreateTemplate::new(template.unwrap().0)).unwrap_err()
    }) {
        let hint = run.result.hint();
        assert!(
            !hint.contains("webhook") && !hint.contains("message") && hint.contains("check whether it did"),
            "{hint}"
        );
    }
    for (_, error) in meets(&answer(500, "")) {
        assert!(error.hint().contains("status webhook"), "{}", error.hint());
    }
}

#[test]
fn connection_errors_name_the_url() {
    let closed = format!("http://127.0.0.1:{}", unused_port());
    for (who, client) in crate::rig::real(&crate::rig::config(&closed), &crate::rig::Naps::default()) {
        let error = client.call(message()).unwrap_err();
        assert_eq!(error.outcome(), Outcome::NotSent);
        // The connection is refused three times. The waits in between are simulated.
        let text = error.to_string().to_lowercase();
        let start = format!("post {closed}/messages failed after 3 attempts in ");
        assert!(text.starts_with(&start) && text.contains(" s: could not be sent: "), "{who}: {error}");
        assert!(text.contains("connection refused"), "{who}: {error}");
        assert_eq!((error.method().as_str(), error.url()), ("POST", Some(&*format!("{closed}/messages"))));
    }
}

/// Errors name their request, but never the query or a whole number.
#[test]
fn an_error_names_its_request_and_hides_numbers() {
    let key = d360::ApiKey::new(crate::rig::KEY).unwrap();
    let server = crate::server::Server::start(vec![answer(404, "{}")]);
    let config = d360::Config::new(key).host(d360::onprem::self_hosted(&server.url()).unwrap());
    let client = d360::onprem::blocking::Client::new(config).unwrap();
    let user: d360::model::block::User = "+16505551234".parse().unwrap();
    let error = client.report_user(d360::onprem::contacts::ReportContact::new(user)).unwrap_err();
    let url = error.url().unwrap();
    assert!(url.starts_with(&server.url()) && !url.contains("1650555") && !url.contains('?'), "{url}");
    assert!(error.to_string().starts_with(&format!("POST {url} failed: HTTP 404")), "{error}");
}

/// Attempts and elapsed time, including waits.
#[test]
fn errors_report_attempts_and_time() {
    let throttled = answer(400, r#"{"error":{"code":131056}}"#);
    for run in everywhere(&vec![throttled; 3], |client| client.send(text()).unwrap_err()) {
        let error = run.result;
        assert_eq!(
            (error.attempts(), error.elapsed()),
            (3, std::time::Duration::from_secs(5)),
            "{}",
            run.who
        );
        assert!(
            error.to_string().contains("/messages failed after 3 attempts in 5.0 s: HTTP 400"),
            "{error}"
        );
    }
}

fn text() -> d360::model::Message {
    d360::model::Message::text("+16505550123", "x")
}

fn unused_port() -> u16 {
    std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
