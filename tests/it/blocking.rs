//! `/block_users` in its three methods.
use crate::{
    rig::{everywhere, sent},
    server::{Act, Seen, answer},
};
use d360::{
    cloud::block_users::{BlockUsers, ListBlockedUsers, UnblockUsers},
    model::block::User,
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

/// A mixed answer, with status 200 and 400, `error` and `errors`, codes as numbers and as text.
#[test]
fn a_mixed_answer_is_an_answer_whatever_its_status() {
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
        // In the order given: the failed one stands first there.
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

#[test]
fn nobody_is_lost_whom_the_answer_does_not_name() {
    let odd = json!({"block_users": {"added_users": [{"input": "16505550123", "wa_id": "16505550123"}], "failed_users": null}});
    let given = vec![user("+1 650 555 0123"), user("+14155550199"), user("US.9z")];
    for run in everywhere(&[answer(200, odd.to_string())], |client| client.unblock(given.clone())) {
        let report = run.result.unwrap();
        // Found by its digits.
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
fn many_users_go_in_requests_of_a_thousand() {
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
fn a_request_that_fails_leaves_what_was_done_and_who_is_left() {
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
fn a_mistake_among_the_last_leaves_nothing_half_done() {
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
fn the_list_runs_over_pages_to_its_end() {
    let end = [
        page(&[], Some("c3")),
        page(&["5"], None),
        page(&["5"], Some("c2")),
        page(&["5"], Some("c1")),
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
fn a_list_that_changes_is_read_again_without_repeating_anybody() {
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
fn a_list_that_never_rests_ends_in_an_error() {
    let script: Vec<Act> = (0..40).map(|_| answer(400, CHANGED)).collect();
    for run in everywhere(&script, |client| client.blocked(None)) {
        assert_eq!(run.result.unwrap_err().code().unwrap().0, 139_102);
        assert_eq!(run.seen.len(), 11, "the first and ten restarts");
    }
    // Neither does a server that turns in circles hold the caller.
    let circle = [page(&["1"], Some("a")), page(&["2"], Some("b")), page(&["3"], Some("a"))];
    assert_eq!(listed(&circle).0, ["1", "2", "3"]);
}
