//! The three methods of `/block_users`.
use crate::{
    rig::{everywhere, sent},
    server::{Act, Seen, answer},
};
use d360::{
    cloud::block_users::{BlockUsers, ListBlockedUsers, UnblockUsers},
    model::block::User,
    transport::ErrorKind,
};
use serde_json::{Value, json};

fn user(text: &str) -> User {
    text.parse().unwrap()
}

fn users(range: std::ops::Range<u64>) -> Vec<User> {
    range.map(|n| user(&format!("+1650{n:07}"))).collect()
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

const ADDED: &str = r#"{"messaging_product":"whatsapp","block_users":{"added_users":[{"input":"+16505550123","wa_id":"16505550123"},{"input":"US.1a","user_id":"US.1a"}]}}"#;

#[test]
fn block_posts_and_unblock_deletes_with_a_body() {
    let both = || [user("+16505550123"), user("US.1a")];
    let expected = json!({"messaging_product": "whatsapp",
        "block_users": [{"user": "+16505550123"}, {"user_id": "US.1a"}]});
    let seen = sent(answer(200, ADDED), |client| {
        client.call(BlockUsers::new(both())).unwrap();
    });
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str(), body(&seen)),
        ("POST", "/block_users", expected.clone())
    );
    let removed = ADDED.replace("added_users", "removed_users");
    let seen = sent(answer(200, removed), |client| {
        client.call(UnblockUsers::new(both())).unwrap();
    });
    assert_eq!(
        (seen.method.as_str(), seen.target.as_str(), body(&seen)),
        ("DELETE", "/block_users", expected)
    );
    assert_eq!(seen.headers["content-type"], "application/json");
}

#[test]
fn list_asks_with_encoded_cursors_and_no_body() {
    let page = r#"{"data":[],"paging":{}}"#;
    let seen = sent(answer(200, page), |client| {
        client.call(ListBlockedUsers::new()).unwrap();
    });
    assert_eq!((seen.method.as_str(), seen.target.as_str(), seen.body.len()), ("GET", "/block_users", 0));
    assert!(!seen.headers.contains_key("content-type"));
    let seen = sent(answer(200, page), |client| {
        client.call(ListBlockedUsers::new().limit(10).after("a+b/c=&d")).unwrap();
    });
    assert_eq!(seen.target, "/block_users?limit=10&after=a%2Bb%2Fc%3D%26d");
}

/// A partial result, with status 200 and 400, `error` and `errors`, codes as numbers and as text.
#[test]
fn a_partial_result_is_parsed_whatever_its_status() {
    let mixed = |code: Value, key: &str| {
        let error = json!({"message": "(#139100) Failed to block/unblock users", "code": 139100});
        json!({"messaging_product": "whatsapp", "block_users": {
            "added_users": [{"input": "+16505550123", "wa_id": "16505550123"}],
            "failed_users": [{"input": "+14155550199", "errors": [{"message": "Re-engagement required", "code": code,
                "error_data": {"details": "User has not messaged in the last 24 hours"}}]}]},
            key: if key == "errors" { json!([error]) } else { error }})
    };
    for (status, body) in [
        (200, mixed(json!(131047), "error")),
        (400, mixed(json!("131047"), "error")),
        (400, mixed(json!(131047), "errors")),
    ] {
        // In the given order, in which the failed user is first.
        let given = vec![user("+14155550199"), user("+16505550123"), user("+14155550199")];
        for run in everywhere(&[answer(status, body.to_string())], |client| client.block(given.clone())) {
            let report = run.result.unwrap();
            assert_eq!(report.done.len(), 1);
            assert_eq!(report.done[0].wa_id.as_ref().unwrap().as_str(), "16505550123");
            // Given twice, reported twice, sent once.
            assert_eq!(report.failed.len(), 2);
            assert_eq!(report.failed[0].input, user("+14155550199"));
            assert_eq!(report.failed[0].errors[0].code.unwrap().0, 131_047);
            let details = report.failed[0].errors[0].error_data.as_ref().unwrap();
            assert_eq!(details.text(), Some("User has not messaged in the last 24 hours"));
            assert_eq!(run.seen[0].body.windows(6).filter(|w| w == b"\"user\"").count(), 2);
        }
    }
}

/// `input` and `user_id` together, and a status that no page documents.
#[test]
fn users_are_matched_by_number_or_user_id() {
    let named = json!({"block_users": {"added_users": [
        {"input": "16505551234", "wa_id": "16505551234", "user_id": "US.999"},
        {"input": "", "wa_id": "14155550199", "user_id": "US.998", "parent_user_id": "US.ENT.1"},
        {"wa_id": "", "user_id": "US.9z"}]}});
    let given = vec![user("+1 650-555-1234"), user("+14155550199"), user("US.9z")];
    for status in [200, 207, 400, 404, 422, 500, 503] {
        for run in everywhere(&[answer(status, named.to_string())], |client| client.block(given.clone())) {
            let report = run.result.unwrap();
            assert_eq!(report.failed, [], "{status}");
            let ids: Vec<_> =
                report.done.iter().map(|done| done.user_id.as_ref().unwrap().as_str()).collect();
            assert_eq!(ids, ["US.999", "US.998", "US.9z"]);
        }
    }
}

#[test]
fn users_missing_from_the_answer_are_reported() {
    let odd = json!({"block_users": {"added_users": [{"input": "16505550123", "wa_id": "16505550123"}], "failed_users": null}});
    let given = vec![user("+1 650 555 0123"), user("+14155550199"), user("US.9z")];
    for run in everywhere(&[answer(200, odd.to_string())], |client| client.unblock(given.clone())) {
        let report = run.result.unwrap();
        // Matched by its digits.
        assert_eq!(report.done[0].input, user("+1 650 555 0123"));
        let failed: Vec<_> = report.failed.iter().map(|failed| failed.input.clone()).collect();
        assert_eq!(failed, [user("+14155550199"), user("US.9z")]);
        assert!(report.failed.iter().all(|failed| !failed.errors.is_empty()));
    }
    let none = json!({"messaging_product": "whatsapp", "block_users": {}, "error": {"code": 139100, "message": "all failed"}});
    for run in everywhere(&[answer(400, none.to_string())], |client| client.block(given.clone())) {
        let report = run.result.unwrap();
        assert_eq!((report.done.len(), report.failed.len()), (0, 3));
        assert_eq!(report.failed[2].errors[0].code.unwrap().0, 139_100);
    }
}

fn added(users: &[User]) -> Act {
    let users: Vec<Value> = users.iter().map(|user| json!({"input": user.as_str()})).collect();
    answer(200, json!({"block_users": {"added_users": users}}).to_string())
}

#[test]
fn users_are_sent_in_requests_of_1000() {
    let all = users(0..2500);
    let script = [added(&all[..1000]), added(&all[1000..2000]), added(&all[2000..])];
    for run in everywhere(&script, |client| client.block(all.clone())) {
        let report = run.result.unwrap();
        let done: Vec<_> = report.done.into_iter().map(|done| done.input).collect();
        assert_eq!(done, all);
        let sizes: Vec<usize> =
            run.seen.iter().map(|seen| body(seen)["block_users"].as_array().unwrap().len()).collect();
        assert_eq!(sizes, [1000, 1000, 500]);
    }
}

#[test]
fn a_failed_request_reports_done_and_remaining_users() {
    let all = users(0..2500);
    let script = [added(&all[..1000]), answer(401, "")];
    for run in everywhere(&script, |client| client.block(all.clone())) {
        let stopped = run.result.unwrap_err();
        assert_eq!(stopped.report().done.len(), 1000);
        assert_eq!(stopped.left(), &all[1000..]);
        assert_eq!(stopped.error().outcome(), d360::Outcome::Refused { retryable: false });
        assert_eq!(run.seen.len(), 2);
    }
}

#[test]
fn an_invalid_user_prevents_every_request() {
    let mut all = users(0..1500);
    all.push(User::Phone("not a number".into()));
    for run in everywhere(&[], |client| client.block(all.clone())) {
        let stopped = run.result.unwrap_err();
        assert_eq!(
            stopped.error().invalid().unwrap().findings().errors().next().unwrap().path,
            "block_users[1500]"
        );
        assert!(run.seen.is_empty());
    }
    for run in everywhere(&[], |client| client.block(Vec::new())) {
        assert_eq!(run.result.unwrap(), d360::model::block::BlockReport::default());
    }
    for run in everywhere(&[], |client| client.call(BlockUsers::new(users(0..1001)))) {
        assert!(run.result.unwrap_err().invalid().is_some());
    }
    for bad in ["US.ENT.118", "group:x", "", "x@y"] {
        assert!(bad.parse::<User>().is_err(), "{bad}");
    }
}

fn page(ids: &[&str], after: Option<&str>) -> Act {
    let data: Vec<Value> =
        ids.iter().map(|id| json!({"messaging_product": "whatsapp", "wa_id": id})).collect();
    let paging = after.map_or(json!({}), |after| json!({"cursors": {"before": "b", "after": after}}));
    answer(200, json!({"data": data, "paging": paging}).to_string())
}

fn listed(script: &[Act]) -> (Vec<String>, Vec<String>) {
    let mut runs = everywhere(script, |client| client.blocked(Some(2)));
    let first = runs.remove(0);
    let key = |users: &Vec<d360::model::block::BlockedUser>| -> Vec<String> {
        users.iter().map(|user| user.key().unwrap().to_owned()).collect()
    };
    let ids = key(first.result.as_ref().unwrap());
    for run in &runs {
        assert_eq!(key(run.result.as_ref().unwrap()), ids, "{}", run.who);
    }
    (ids, first.seen.into_iter().map(|seen| seen.target).collect())
}

#[test]
fn the_list_reads_all_pages() {
    let end = [
        page(&["5"], None),
        page(&["5"], Some("c2")),
        page(&["5"], Some("c1")),
        page(&[], Some("c1")),
        page(&[], Some("")),
        answer(200, r#"{"data":null,"paging":{"cursors":null,"next":""}}"#),
        answer(200, r#"{"data":[{"wa_id":"5"}],"paging":null}"#),
        answer(200, r#"{"data":[{"wa_id":"5"}]}"#),
    ];
    for last in end {
        let (ids, targets) = listed(&[page(&["1", "2"], Some("c1")), page(&["3", "4"], Some("c2")), last]);
        assert_eq!(ids[..4], ["1", "2", "3", "4"]);
        assert_eq!(
            targets,
            ["/block_users?limit=2", "/block_users?limit=2&after=c1", "/block_users?limit=2&after=c2"]
        );
    }
}

/// A page may hold fewer items than exist, and only a missing `next` marks the end. (Meta)
#[test]
fn an_empty_page_does_not_end_the_list() {
    let pages = [
        page(&["1", "2"], Some("c1")),
        page(&[], Some("c2")),
        page(&["1", "2"], Some("c3")),
        // `next` without cursors, and a cursor that is a number.
        answer(
            200,
            r#"{"data":[],"paging":{"next":"https://evil.example/v23.0/1/block_users?limit=9&after=a%2Bb%3D#x"}}"#,
        ),
        answer(200, r#"{"data":[{"wa_id":"3"}],"paging":{"cursors":{"after":42}}}"#),
        page(&["4"], None),
    ];
    let (ids, targets) = listed(&pages);
    assert_eq!(ids, ["1", "2", "3", "4"]);
    let cursors: Vec<&str> =
        targets[1..].iter().map(|target| target.split_once("&after=").unwrap().1).collect();
    assert_eq!(cursors, ["c1", "c2", "c3", "a%2Bb%3D", "42"]);
}

#[test]
fn an_endless_list_is_an_error() {
    let script: Vec<Act> = (0..1_100).map(|n| page(&["1"], Some(&format!("c{n}")))).collect();
    for run in everywhere(&script, |client| client.blocked(None)) {
        let error = run.result.unwrap_err();
        assert!(matches!(error.kind(), ErrorKind::Endless { .. }), "{error:?}");
        assert!(error.to_string().contains("has no end"), "{error}");
        assert_eq!(run.seen.len(), 1_001, "{}", run.who);
    }
}

#[test]
fn an_unknown_item_is_skipped_and_a_page_of_them_is_an_error() {
    let some =
        r#"{"data":[7,null,{"colour":"red"},{"wa_id":"","user_id":"US.1a"},{"wa_id":{}},{"wa_id":"2"}]}"#;
    assert_eq!(listed(&[answer(200, some)]).0, ["US.1a", "2"]);
    for none in [
        r#"{"data":[7]}"#,
        r#"{"data":[{"colour":"red"},{}]}"#,
        r#"{"data":"many"}"#,
        r#"{"data":[{"wa_id":""}]}"#,
    ] {
        for run in everywhere(&vec![answer(200, none); 3], |client| client.blocked(None)) {
            let error = run.result.unwrap_err();
            assert!(matches!(error.kind(), ErrorKind::Undecodable(_)), "{none}: {error:?}");
        }
    }
}

/// 64,000 blocked users, the maximum length of a list, all with names.
#[test]
fn the_longest_list_fits_in_a_page() {
    let user = |n: u32| {
        format!(
            r#"{{"messaging_product":"whatsapp","wa_id":"1650{n:07}","user_id":"US.1349120865530{n:07}","parent_user_id":"US.ENT.118157992128{n:07}"}}"#
        )
    };
    let data: Vec<String> = (0..64_000).map(user).collect();
    let page = format!(r#"{{"data":[{}]}}"#, data.join(","));
    assert!(page.len() > 8_000_000);
    for run in everywhere(&[answer(200, page)], |client| client.blocked(None)) {
        assert_eq!(run.result.unwrap().len(), 64_000, "{}", run.who);
    }
}

#[test]
fn a_response_over_the_limit_is_not_retried() {
    let large = answer(200, format!(r#"{{"data":[]{}}}"#, " ".repeat(11 << 20)));
    for i in 0..crate::rig::REAL {
        let server = crate::server::Server::start(vec![large.clone(); 3]);
        let (who, client) =
            crate::rig::real(&crate::rig::config(&server.url()), &crate::rig::Naps::default())
                .into_iter()
                .nth(i)
                .unwrap();
        let error = client.blocked(None).unwrap_err();
        assert_eq!(server.seen().len(), 1, "{who}");
        let cause = std::error::Error::source(&error).unwrap().to_string();
        assert_eq!(d360::model::mask(&cause), cause);
        assert!(cause.contains("10 MiB"), "{who}: {cause}");
        assert!(
            error.hint().contains("response_limit") && error.hint().contains("smaller pages"),
            "{}",
            error.hint()
        );
    }
}

#[test]
fn both_shapes_of_items_are_read_and_next_is_not_followed() {
    let openapi = json!({
        "data": [{"block_users": [{"input": "+1234567", "wa_id": "1234567"}, {"input": "+7654321", "wa_id": "7654321"}]}],
        "paging": {"cursors": {"after": "z", "before": "a"}, "next": "https://evil.example/block_users?after=z"},
    });
    let (ids, targets) = listed(&[answer(200, openapi.to_string()), page(&[], None)]);
    assert_eq!(ids, ["1234567", "7654321"]);
    assert_eq!(targets[1], "/block_users?limit=2&after=z");
    let bsuid = json!({"data": [{"messaging_product": "whatsapp", "user_id": "US.1a", "parent_user_id": "US.ENT.2"}]});
    assert_eq!(listed(&[answer(200, bsuid.to_string())]).0, ["US.1a"]);
}

const CHANGED: &str = r#"{"messaging_product":"whatsapp","error":{"message":"(#135002) Blocklist concurrent update","code":139102,"error_data":{"details":"Blocklist was updated during retrieval - retry with offset 0"}}}"#;

#[test]
fn a_changed_list_restarts_without_duplicates() {
    let script = [
        page(&["1", "2"], Some("c1")),
        answer(400, CHANGED),
        page(&["0", "1"], Some("d1")),
        page(&["2", "3"], Some("d2")),
        answer(400, r#"{"error":{"code":131059}}"#),
        page(&["0", "1", "2", "3"], None),
    ];
    assert_eq!(listed(&script).0, ["1", "2", "0", "3"]);
}

#[test]
fn a_list_that_keeps_changing_is_an_error() {
    let script: Vec<Act> = (0..40).map(|_| answer(400, CHANGED)).collect();
    for run in everywhere(&script, |client| client.blocked(None)) {
        assert_eq!(run.result.unwrap_err().code().unwrap().0, 139_102);
        assert_eq!(run.seen.len(), 11, "one read and ten restarts");
    }
    // A server whose pages form a cycle does not block the caller either.
    let circle = [page(&["1"], Some("a")), page(&["2"], Some("b")), page(&["3"], Some("a"))];
    assert_eq!(listed(&circle).0, ["1", "2", "3"]);
}
