//! On-Premise, Meta Graph and the Partner API: requests over real sockets, and responses.
use crate::{
    rig::{KEY, Naps, config, is_send, runtime},
    server::{Act, Seen, Server, answer},
};
use d360::{
    Config, Error, Outcome,
    cloud::{
        Cloud,
        graph::{self, GraphVersion, PhoneNumberId},
    },
    model::{
        Contact, Email, Message, Name, Phone, Url,
        block::{BlockReport, BlockedUser, User},
        error::ErrorShape,
    },
    onprem::{
        self, Im, ImService, OnPrem,
        contacts::{AcknowledgeIdentity, CheckContacts, GetIdentity, Reason, ReportContact},
        messages::MarkMessageRead,
    },
    partner::{self, Channel, ChannelId, Partner, PartnerId, channels::ListChannels, token::CreateToken},
    transport::{self, Api, BlockUsersError, BlocksUsers, Endpoint, PagedEndpoint, SendsMessages},
};
use serde_json::{Value, json};

/// A client of either kind, for any API.
enum Any<A: Api> {
    Async(transport::Client<A>, tokio::runtime::Runtime),
    Blocking(transport::blocking::Client<A>),
}

impl<A: Api> Any<A> {
    fn call<E: Endpoint<Api = A>>(&self, endpoint: E) -> Result<E::Response, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(is_send(client.call(endpoint))),
            Self::Blocking(client) => client.call(endpoint),
        }
    }
    fn send(&self, message: A::Message) -> Result<d360::model::SendResponse, Error>
    where
        A: SendsMessages,
    {
        self.call(A::send(message))
    }
    fn block(&self, users: &[User], options: A::Options) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        match self {
            Self::Async(client, runtime) => {
                runtime.block_on(is_send(client.block_users_with(users.to_vec(), options)))
            }
            Self::Blocking(client) => client.block_users_with(users.to_vec(), options),
        }
    }
    fn unblock(&self, users: &[User]) -> Result<BlockReport, BlockUsersError>
    where
        A: BlocksUsers,
    {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.unblock_users(users.to_vec())),
            Self::Blocking(client) => client.unblock_users(users.to_vec()),
        }
    }
    fn list<E: PagedEndpoint<Api = A>>(&self, first: E) -> Result<Vec<E::Item>, Error> {
        match self {
            Self::Async(client, runtime) => runtime.block_on(client.pages(first).all()),
            Self::Blocking(client) => client.pages(first).collect(),
        }
    }
    fn blocked(&self, limit: Option<u32>) -> Result<Vec<BlockedUser>, Error>
    where
        A: BlocksUsers,
    {
        self.list(A::list(limit))
    }
}

const CLIENTS: [&str; 3] = ["reqwest", "hyper", "ureq"];

/// Runs `run` with every client, each against `script`. All must send the same requests. Concurrent async calls may
/// arrive in any order, so the requests are sorted by path.
fn each<A: Api, T>(
    script: &[Act],
    set: impl Fn(Config) -> Config,
    run: impl Fn(&Any<A>) -> T,
) -> (Vec<T>, Vec<Seen>) {
    let mut results = Vec::new();
    let mut seen: Vec<Vec<Seen>> = Vec::new();
    for who in CLIENTS {
        let server = Server::start(script.to_vec());
        let config = set(config(&server.url()));
        let connection = config.connection.clone();
        let client = match who {
            "ureq" => {
                let transport = transport::UreqTransport::new(&connection).unwrap();
                Any::Blocking(
                    transport::blocking::Client::with_transport(config, transport, Naps::default()).unwrap(),
                )
            }
            "hyper" => {
                let transport = transport::HyperTransport::new(&connection).unwrap();
                Any::Async(
                    transport::Client::with_transport(config, transport, Naps::default()).unwrap(),
                    runtime(),
                )
            }
            _ => {
                let transport = transport::ReqwestTransport::new(&connection).unwrap();
                Any::Async(
                    transport::Client::with_transport(config, transport, Naps::default()).unwrap(),
                    runtime(),
                )
            }
        };
        results.push(run(&client));
        let mut requests = server.seen();
        requests.sort_by_key(|request| request.target.clone());
        seen.push(requests);
    }
    assert!(seen.iter().all(|requests| *requests == seen[0]), "the clients send the same: {seen:?}");
    (results, seen.remove(0))
}

/// Returns the single request of `run`, and the result of each client.
fn one<A: Api, T>(act: Act, set: impl Fn(Config) -> Config, run: impl Fn(&Any<A>) -> T) -> (Vec<T>, Seen) {
    let (results, mut seen) = each(&[act], set, run);
    assert_eq!(seen.len(), 1);
    (results, seen.remove(0))
}

fn same(config: Config) -> Config {
    config
}

fn user(text: &str) -> User {
    text.parse().unwrap()
}

fn body(seen: &Seen) -> Value {
    serde_json::from_slice(&seen.body).unwrap()
}

fn is(seen: &Seen, method: &str, target: &str, sent: &Value) {
    assert_eq!((seen.method.as_str(), seen.target.as_str()), (method, target));
    assert_eq!(if seen.body.is_empty() { Value::Null } else { body(seen) }, *sent);
}

const META: &str = r#"{"meta":{"api_status":"stable","version":"v2.45.1"}}"#;

#[test]
fn onprem_sends_without_messaging_product() {
    let card = onprem::Contact::from(
        Contact::new(Name::new("A B").first_name("A"))
            .phone(Phone::new("+1 (940) 555-1234").kind("HOME").wa_id("19405551234"))
            .email(Email::new("a@example.org").kind("WORK"))
            .url(Url::new("https://example.org")),
    )
    .im(Im::default().service(ImService::Aim).user_id("kfish"));
    let answers = [
        json!({"messages": [{"id": "gBEGkYiEB1VXAglK1ZEqA1YKPrU"}]}),
        json!({"messages": [{"id": "gBEG"}], "meta": {"api_status": "stable", "version": "2.35.4"}, "contacts": [{"input": "1", "wa_id": "1"}]}),
    ];
    for read in answers {
        let (results, seen) = one::<OnPrem, _>(answer(200, read.to_string()), same, |client| {
            client.send(onprem::Message::contacts("16315551000@s.whatsapp.net", [card.clone()]))
        });
        assert!(
            results.iter().all(|sent| sent
                .as_ref()
                .unwrap()
                .message_id()
                .unwrap()
                .as_str()
                .starts_with("gBEG"))
        );
        assert_eq!(seen.headers["d360-api-key"], KEY);
        is(
            &seen,
            "POST",
            "/v1/messages",
            &json!({
                "to": "16315551000", "type": "contacts", "contacts": [{
                    "name": {"formatted_name": "A B", "first_name": "A"},
                    "phones": [{"phone": "+1 (940) 555-1234", "type": "HOME", "wa_id": "19405551234"}],
                    "emails": [{"email": "a@example.org", "type": "WORK"}], "urls": [{"url": "https://example.org"}],
                    "ims": [{"service": "AIM", "user_id": "kfish"}],
                }],
            }),
        );
    }
    let raw = json!({"to": "16315551000", "type": "location",
        "location": {"longitude": -122.425332, "latitude": 37.758056, "name": "HQ", "address": "1 Hacker Way"}});
    let (message, found) = onprem::Message::from_json(raw.to_string().as_bytes()).unwrap();
    assert!(found.is_empty());
    let sent = r#"{"messages":[{"id":"x"}]}"#;
    let (_, seen) = one::<OnPrem, _>(answer(201, sent), same, |client| client.send(message.clone()).unwrap());
    is(&seen, "POST", "/v1/messages", &raw);
    // One page has this type; `contacts` is sent.
    let raw = json!({"to": "16315551000", "type": "contact", "contacts": [{"name": {"formatted_name": "A B", "first_name": "A"}}]});
    let (message, _) = onprem::Message::from_json(raw.to_string().as_bytes()).unwrap();
    let (_, seen) = one::<OnPrem, _>(answer(201, sent), same, |client| client.send(message.clone()).unwrap());
    assert_eq!(body(&seen)["type"], "contacts");
}

#[test]
fn onprem_contacts_are_blocked_reported_and_checked() {
    let plus = user("+16315551000");
    let blocked = |client: &Any<OnPrem>, reason: Option<&str>| {
        client.block(std::slice::from_ref(&plus), reason.map(|text| Reason::new(text).unwrap())).unwrap()
    };
    for success in ["", "null", "{}", META] {
        let (reports, seen) = one(answer(200, success), same, |client| blocked(client, Some("spam")));
        assert!(reports.iter().all(|report| report.done.len() == 1 && report.is_complete()));
        is(&seen, "POST", "/v1/contacts/%2B16315551000/block", &json!({"reason": "spam"}));
    }
    let (_, seen) = one(answer(200, META), same, |client| blocked(client, None));
    is(&seen, "POST", "/v1/contacts/%2B16315551000/block", &Value::Null);
    let (_, seen) = one::<OnPrem, _>(answer(200, META), same, |client| {
        client.unblock(&[user("+1 (631) 555-1000")]).unwrap()
    });
    is(&seen, "POST", "/v1/contacts/%2B1%20%28631%29%20555-1000/unblock", &Value::Null);
    let report = || {
        ReportContact::new(user("16315551000@s.whatsapp.net")).reason(Reason::new("x").unwrap()).block(true)
    };
    let (_, seen) =
        one::<OnPrem, _>(answer(200, META), same, |client| client.call(report().message_id("gBEG")).unwrap());
    is(
        &seen,
        "POST",
        "/v1/contacts/16315551000/report",
        &json!({"reason": "x", "block": true, "message_id": "gBEG"}),
    );
    let checked = r#"{"contacts":[{"input":"+1 631 555 1001","status":"valid","wa_id":"16315551001"},{"input":"6315551003","status":"brand_new"}],"meta":{}}"#;
    let (results, seen) = one::<OnPrem, _>(answer(200, checked), same, |client| {
        client
            .call(CheckContacts::new(["16315551000".into(), "+1 631 555 1001".into()]).force_check(false))
            .unwrap()
    });
    is(
        &seen,
        "POST",
        "/v1/contacts",
        &json!({"blocking": "wait", "contacts": ["16315551000", "+1 631 555 1001"], "force_check": false}),
    );
    assert_eq!(results[0].contacts[1].status.as_ref().unwrap().as_str(), "brand_new");
    let odd = r#"{"contacts":[{"input":"1","status":"valid","wa_id":{}}]}"#;
    let (results, _) = one::<OnPrem, _>(answer(200, odd), same, |client| {
        client.call(CheckContacts::new(["16315551000".into()])).unwrap()
    });
    assert_eq!(results[0].contacts[0].status.as_ref().unwrap().as_str(), "valid");
    let (results, seen) =
        each::<OnPrem, _>(&[], same, |client| client.call(MarkMessageRead::new("gB/EG")).is_err());
    assert!(seen.is_empty() && results == [true; CLIENTS.len()], "a slash would change the path");
}

#[test]
fn onprem_identities_and_read_marks() {
    let (_, seen) = one::<OnPrem, _>(answer(200, ""), same, |client| {
        client.call(MarkMessageRead::new("gBEGkYiE")).unwrap()
    });
    is(&seen, "PUT", "/v1/messages/gBEGkYiE", &json!({"status": "read"}));
    let inner = r#"{"hash":"h","acknowledged":false,"created_timestamp":1602532300000}"#;
    for shape in [
        inner.to_owned(),
        format!(r#"{{"identity":{inner}}}"#),
        format!(r#"{{"contacts":[{{"identity":{inner}}}]}}"#),
    ] {
        let (results, seen) = one::<OnPrem, _>(answer(200, &shape), same, |client| {
            client.call(GetIdentity::new(user("16315551000@s.whatsapp.net")))
        });
        assert!(results.iter().all(|read| read.as_ref().unwrap().hash.as_deref() == Some("h")), "{shape}");
        is(&seen, "GET", "/v1/contacts/16315551000/identity", &Value::Null);
    }
    let (_, seen) = one::<OnPrem, _>(answer(200, "{}"), same, |client| {
        client.call(AcknowledgeIdentity::new(user("16315551000@s.whatsapp.net"), "h")).unwrap();
    });
    is(&seen, "PUT", "/v1/contacts/16315551000/identity", &json!({"hash": "h"}));
}

const NOT_ENGAGED: &str = r#"{"errors":[{"code":2048,"title":"Not engaged contact","details":"Invalid Request. This contact has not engaged with you in the last 24 hrs."}]}"#;
const NOT_VALID: &str = r#"{"errors":[{"code":1009,"title":"Parameter value is not valid","details":"Provided WhatsApp ID is not valid."}]}"#;

#[test]
fn onprem_failures_are_in_the_same_report() {
    let users: Vec<User> = ["+16315551000", "+16315551001", "+16315551002"].map(user).to_vec();
    // With status 200 and others: `errors` decides. Sequential, to match the script.
    let (reports, _) = each::<OnPrem, _>(
        &[answer(200, META), answer(400, NOT_ENGAGED), answer(200, NOT_VALID)],
        same,
        |client| {
            users
                .iter()
                .map(|user| client.block(std::slice::from_ref(user), None).unwrap())
                .collect::<Vec<_>>()
        },
    );
    for reports in reports {
        assert!(reports[0].is_complete());
        let codes: Vec<i64> =
            reports[1..].iter().map(|report| report.failed[0].errors[0].code.unwrap().0).collect();
        assert_eq!(codes, [2048, 1009]);
        assert!(reports[1].failed[0].errors[0].to_string().contains("has not engaged"));
    }
    // An error that is not about the contact stops the rest, and no user is lost.
    let (results, _) = one::<OnPrem, _>(answer(401, "{}"), same, |client| {
        let stopped = client.unblock(&users[..1]).unwrap_err();
        (stopped.left().to_vec(), stopped.error().outcome())
    });
    let refused = Outcome::Refused { retryable: false };
    assert!(results.iter().all(|(left, outcome)| left == &users[..1] && *outcome == refused));
    let other = r#"{"errors":[{"code":1015,"title":"Too many requests"}]}"#;
    let (results, _) = each::<OnPrem, _>(&[answer(429, other), answer(200, META)], same, |client| {
        client.unblock(&users[..1])
    });
    assert!(
        results.iter().all(|result| result.as_ref().unwrap().is_complete()),
        "a rate-limited call is retried"
    );
}

/// No user is blocked if one of the list is invalid, and a proxy's page is not a success.
#[test]
fn onprem_lists_are_validated_before_any_call() {
    let (_, seen) = each::<OnPrem, _>(&[], same, |client| {
        let users = [user("+16315551000"), user("US.13491208655302741918")];
        let stopped = client.block(&users, None).unwrap_err();
        assert_eq!(stopped.error().outcome(), Outcome::NotSent);
        assert_eq!(stopped.left(), users);
        assert!(stopped.error().invalid().unwrap().to_string().contains("block_users[1]"));
    });
    assert!(seen.is_empty(), "the first is not blocked either");
    let one_user = [user("+16315551000")];
    for page in ["<html><body>Sign in</body></html>", "[]", "\"ok\"", "true"] {
        let (outcomes, _) = each::<OnPrem, _>(&vec![answer(200, page); 3], same, |client| {
            let report = ReportContact::new(one_user[0].clone());
            [
                client.block(&one_user, None).unwrap_err().error().outcome(),
                client.unblock(&one_user).unwrap_err().error().outcome(),
                client.call(report).unwrap_err().outcome(),
            ]
        });
        assert_eq!(outcomes, [[Outcome::Unknown; 3]; CLIENTS.len()], "{page}");
    }
}

#[test]
fn onprem_calls_run_concurrently_and_keep_their_order() {
    let users: Vec<User> = (0..40).map(|n| user(&format!("+1631{n:07}"))).collect();
    let sandbox = d360_sandbox::Sandbox::start().unwrap();
    users.iter().step_by(2).for_each(|user| sandbox.user_writes(user.as_str()));
    let config = Config::new(d360::ApiKey::new(sandbox.key()).unwrap()).base_url(sandbox.base_url());
    let report = runtime().block_on(async {
        onprem::Client::new(config.clone()).unwrap().block_users(users.clone()).await.unwrap()
    });
    assert_eq!(report, onprem::blocking::Client::new(config).unwrap().block_users(users.clone()).unwrap());
    let done: Vec<User> = report.done.iter().map(|done| done.input.clone()).collect();
    assert_eq!(done, users.iter().step_by(2).cloned().collect::<Vec<_>>());
    assert_eq!(report.failed.len(), 20);
}

#[test]
fn onprem_lists_by_offset() {
    let page = |ids: &[&str], offset: u32| {
        let contacts: Vec<Value> =
            ids.iter().map(|id| json!({"wa_id": format!("{id}@s.whatsapp.net")})).collect();
        answer(
            200,
            json!({"contacts": contacts, "pagination": {"limit": 2, "offset": offset, "total": 3}})
                .to_string(),
        )
    };
    let (results, seen) =
        each::<OnPrem, _>(&[page(&["1631555", "1632555"], 0), page(&["1633555"], 2)], same, |client| {
            client.blocked(Some(2)).unwrap()
        });
    let keys: Vec<&str> = results[0].iter().map(|user| user.key().unwrap()).collect();
    assert_eq!(keys, ["1631555", "1632555", "1633555"]);
    let targets: Vec<&str> = seen.iter().map(|seen| seen.target.as_str()).collect();
    assert_eq!(targets, ["/v1/contacts/blocklist?limit=2", "/v1/contacts/blocklist?limit=2&offset=2"]);
}

/// A page may be empty or hold unknown items, and the list continues after it.
#[test]
fn onprem_lists_skip_unknown_items() {
    let page = |contacts: Value| {
        answer(200, json!({"contacts": contacts, "pagination": {"limit": 2, "total": 5}}).to_string())
    };
    let pages = [
        page(json!([{"wa_id": "1631555"}, {"colour": "red"}])),
        page(json!([{"wa_id": "1632555"}, {"wa_id": "1631555"}])),
        page(json!([])),
    ];
    let (results, seen) = each::<OnPrem, _>(&pages, same, |client| client.blocked(Some(2)).unwrap());
    let keys: Vec<&str> = results[0].iter().map(|user| user.key().unwrap()).collect();
    assert_eq!(keys, ["1631555", "1632555"]);
    let offsets: Vec<&str> = seen.iter().map(|seen| seen.target.as_str()).collect();
    assert_eq!(
        offsets[1..],
        ["/v1/contacts/blocklist?limit=2&offset=1", "/v1/contacts/blocklist?limit=2&offset=3"]
    );
    let unknown = page(json!([{"colour": "red"}]));
    let (outcomes, _) =
        each::<OnPrem, _>(&vec![unknown; 3], same, |client| client.blocked(None).unwrap_err());
    assert!(outcomes.iter().all(|error| error.to_string().contains("known form")), "{outcomes:?}");
}

#[test]
fn onprem_errors_are_read_with_their_table() {
    for (status, body, code, outcome) in [
        (400, NOT_VALID, 1009, Outcome::Refused { retryable: false }),
        (500, r#"{"errors":[{"code":1014,"title":"Internal error"}]}"#, 1014, Outcome::Unknown),
        (
            503,
            r#"{"errors":[{"code":1016,"title":"System overloaded"}]}"#,
            1016,
            Outcome::Refused { retryable: true },
        ),
    ] {
        let place = d360::model::Location::default();
        let message = onprem::Message::location("+16315551000", place);
        let times = if outcome == (Outcome::Refused { retryable: true }) { 3 } else { 1 };
        let script = vec![answer(status, body); 3];
        let (errors, seen) =
            each::<OnPrem, _>(&script, same, |client| client.send(message.clone()).unwrap_err());
        assert_eq!(seen.len(), times, "{code}");
        for error in errors {
            assert_eq!((error.code().unwrap().0, error.outcome()), (code, outcome));
            assert_eq!(error.api().unwrap().shape(), ErrorShape::List);
            assert!(error.api().unwrap().info().is_some());
        }
    }
}

#[test]
fn bad_input_is_refused_before_it_is_sent() {
    assert!(Reason::new("x".repeat(59)).is_ok());
    for bad in [String::new(), "x".repeat(60), " ".to_owned()] {
        assert!(Reason::new(bad).is_err());
    }
    let (_, seen) = each::<OnPrem, _>(&[], same, |client| {
        for limit in [0, 201] {
            assert!(client.blocked(Some(limit)).unwrap_err().invalid().is_some());
        }
        assert!(client.block(&[user("US.1a")], None).unwrap_err().error().invalid().is_some());
        assert!(client.block(&[User::Phone("../x".into())], None).unwrap_err().error().invalid().is_some());
    });
    assert!(seen.is_empty());
    for bad in ["", "a/b", "..", "a b"] {
        assert!(PartnerId::new(bad).is_err() && ChannelId::new(bad).is_err(), "{bad}");
        assert!(PhoneNumberId::new(bad).is_err());
    }
    for bad in ["", "25", "v25", "25.0", "v25.", "v.0", "v25.0/x", "v25.0.1", "v-1.0", "v99999999.0"] {
        assert!(bad.parse::<GraphVersion>().is_err(), "{bad}");
    }
    assert_eq!("v24.0".parse::<GraphVersion>().unwrap().to_string(), "v24.0");
}

#[test]
fn graph_is_another_host_of_the_same_endpoints() {
    let number = PhoneNumberId::new("106540352242922").unwrap();
    let graph = |config: Config| config.host(graph::host(GraphVersion::default(), &number));
    let sent = r#"{"messaging_product":"whatsapp","contacts":[],"messages":[{"id":"wamid.x"}]}"#;
    let (_, seen) = one::<Cloud, _>(answer(200, sent), graph, |client| {
        client.send(Message::text("+16505551234", "x")).unwrap();
    });
    is(
        &seen,
        "POST",
        "/v25.0/106540352242922/messages",
        &json!({"messaging_product": "whatsapp",
        "recipient_type": "individual", "to": "+16505551234", "type": "text", "text": {"body": "x"}}),
    );
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    assert!(!seen.headers.contains_key("d360-api-key"));
    let removed = r#"{"block_users":{"removed_users":[{"input":"+16505551234"}]}}"#;
    let (_, seen) = one::<Cloud, _>(answer(200, removed), graph, |client| {
        client.unblock(&[user("+16505551234")]).unwrap()
    });
    is(
        &seen,
        "DELETE",
        "/v25.0/106540352242922/block_users",
        &json!({"messaging_product": "whatsapp", "block_users": [{"user": "+16505551234"}]}),
    );
}

fn ids() -> (PartnerId, ChannelId) {
    (PartnerId::new("pAbC12PA").unwrap(), ChannelId::new("cDeF34CH").unwrap())
}

#[test]
fn a_channel_of_the_partner_api_blocks_as_cloud_does() {
    let (partner, channel) = ids();
    let at = |config: Config| config.host(partner::channel_host(&partner, &channel));
    let path = "/api/v2/partners/pAbC12PA/channels/cDeF34CH/block_users";
    let sent = json!({"messaging_product": "whatsapp", "block_users": [{"user": "+16505551234"}]});
    let added = r#"{"block_users":{"added_users":[{"input":"+16505551234","wa_id":"16505551234"}]}}"#;
    let (reports, seen) = one::<Channel, _>(answer(200, added), at, |client| {
        client.block(&[user("+16505551234")], ()).unwrap()
    });
    assert!(reports.iter().all(BlockReport::is_complete));
    is(&seen, "POST", path, &sent);
    assert_eq!(seen.headers["x-api-key"], KEY);
    assert!(!seen.headers.contains_key("d360-api-key"));
    let (_, seen) =
        one::<Channel, _>(answer(200, added), at, |client| client.unblock(&[user("+16505551234")]).unwrap());
    is(&seen, "DELETE", path, &sent);
    let bearer = |config: Config| config.host(partner::channel_bearer_host(&partner, &channel));
    let (_, seen) = one::<Channel, _>(answer(200, added), bearer, |client| {
        client.block(&[user("+16505551234")], ()).unwrap()
    });
    is(&seen, "POST", path, &sent);
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
    assert!(!seen.headers.contains_key("x-api-key"));
    let (users, seen) = one::<Channel, _>(answer(200, r#"{"data":[{"wa_id":"1650555"}]}"#), at, |client| {
        client.blocked(Some(5)).unwrap()
    });
    assert_eq!(users[0][0].key(), Some("1650555"));
    is(&seen, "GET", &format!("{path}?limit=5"), &Value::Null);
    for (status, refused) in [
        (404, r#"{"detail":{},"message":"Channel not found"}"#),
        (400, r#"{"detail":{"json":{"block_users":["bad"]}},"message":"Validation error"}"#),
        (
            403,
            r#"{"meta":{"success":false,"http_code":403,"developer_message":"Permission denied for partner x"}}"#,
        ),
    ] {
        let (errors, _) = one::<Channel, _>(answer(status, refused), at, |client| {
            client.block(&[user("+16505551234")], ()).unwrap_err()
        });
        for error in errors {
            assert_eq!(error.error().outcome(), Outcome::Refused { retryable: false });
            assert!(error.error().api().unwrap().message().is_some() && error.left().len() == 1);
        }
    }
}

#[test]
fn channel_lists_skip_unknown_items() {
    let (partner, _) = ids();
    let page = |channels: Value, total: u32| {
        answer(200, json!({"partner_channels": channels, "total": total}).to_string())
    };
    // An unknown item counts: the next page begins after it. An empty page is skipped.
    let pages = [
        page(json!([{"id": "a"}, 7]), 6),
        page(json!([]), 6),
        page(json!([{"id": 3}, {"colour": "red"}]), 6),
    ];
    let (results, seen) =
        each::<Partner, _>(&pages, same, |client| client.list(ListChannels::new(&partner).limit(2)).unwrap());
    let found: Vec<&str> = results[0].iter().map(|channel| channel.id.as_deref().unwrap()).collect();
    assert_eq!(found, ["a", "3"]);
    let mut targets: Vec<&str> = seen.iter().map(|seen| seen.target.as_str()).collect();
    targets.sort_unstable();
    let first = "/api/v2/partners/pAbC12PA/channels?limit=2";
    assert_eq!(targets, [first.to_owned(), format!("{first}&offset=2"), format!("{first}&offset=4")]);
    for bad in [page(json!([{"colour": "red"}]), 1), page(json!("many"), 1), answer(200, r#"{"total":0}"#)] {
        let (errors, _) = each::<Partner, _>(&vec![bad; 3], same, |client| {
            client.list(ListChannels::new(&partner)).unwrap_err()
        });
        assert!(errors.iter().all(|error| error.outcome() == Outcome::Unknown), "{errors:?}");
    }
}

#[test]
fn channels_are_listed_and_tokens_created() {
    let (partner, _) = ids();
    let page = |ids: &[&str], offset: u32| {
        let channels: Vec<Value> = ids
            .iter()
            .map(|id| json!({"id": id, "setup_info": {"phone_number": "4930901820"}, "new": 1}))
            .collect();
        answer(200, json!({"count": ids.len(), "filters": {}, "sort": [], "limit": 2, "offset": offset, "total": 3, "partner_channels": channels}).to_string())
    };
    let (results, seen) = each::<Partner, _>(&[page(&["a", "b"], 0), page(&["c"], 2)], same, |client| {
        client.list(ListChannels::new(&partner).limit(2).sort("-id")).unwrap()
    });
    let found: Vec<&str> = results[0].iter().map(|channel| channel.id.as_deref().unwrap()).collect();
    assert_eq!(found, ["a", "b", "c"]);
    assert_eq!(results[0][0].extra.get("new"), Some(&json!(1)));
    assert!(!format!("{:?}", results[0]).contains("4930901820"));
    assert_eq!(seen[0].target, "/api/v2/partners/pAbC12PA/channels?limit=2&offset=2&sort=-id");
    assert_eq!(seen[1].target, "/api/v2/partners/pAbC12PA/channels?limit=2&sort=-id");
    assert_eq!(seen[0].headers["x-api-key"], KEY);

    let login = |config: Config| config.host(partner::login_host());
    let given = r#"{"access_token":"t0k3n","refresh_token":"r","token_type":"Bearer","expires_in":3600}"#;
    let (tokens, seen) = one::<Partner, _>(answer(200, given), login, |client| {
        client.call(CreateToken::new("me@example.org", "hush! Größe")).unwrap()
    });
    is(&seen, "POST", "/api/v2/token", &json!({"username": "me@example.org", "password": "hush! Größe"}));
    assert!(!seen.headers.contains_key("x-api-key") && !seen.headers.contains_key("authorization"));
    let shown = format!("{tokens:?} {:?}", CreateToken::new("me", "hush!"));
    assert!(!shown.contains("t0k3n") && !shown.contains("hush"), "{shown}");
    let bearer = |config: Config| config.host(partner::bearer_host());
    let (_, seen) =
        one::<Partner, _>(page(&[], 0), bearer, |client| client.call(ListChannels::new(&partner)).unwrap());
    assert_eq!(seen.headers["authorization"], format!("Bearer {KEY}"));
}

#[test]
fn a_user_blocked_through_one_system_is_blocked_on_all() {
    let sandbox = d360_sandbox::Sandbox::start().unwrap();
    sandbox.user_writes("+16505551234");
    let config = Config::new(d360::ApiKey::new(sandbox.key()).unwrap()).base_url(sandbox.base_url());
    let cloud = d360::cloud::blocking::Client::new(config.clone()).unwrap();
    let number = PhoneNumberId::new("106540352242922").unwrap();
    let graph = cloud.with_host::<Cloud>(graph::host(GraphVersion::default(), &number)).unwrap();
    let onprem = onprem::blocking::Client::new(config.clone()).unwrap();
    let hub = partner::blocking::Client::new(config).unwrap();
    let (partner, _) = ids();
    let id = hub.call(ListChannels::new(&partner)).unwrap().partner_channels[0].id.clone().unwrap();
    let channel =
        hub.with_host::<Channel>(partner::channel_host(&partner, &ChannelId::new(id).unwrap())).unwrap();

    let keys =
        |users: Vec<BlockedUser>| users.iter().map(|user| user.key().unwrap().to_owned()).collect::<Vec<_>>();
    let lists = || {
        [
            keys(cloud.blocked_users(None).collect::<Result<_, _>>().unwrap()),
            keys(graph.blocked_users(None).collect::<Result<_, _>>().unwrap()),
            keys(onprem.blocked_users(None).collect::<Result<_, _>>().unwrap()),
            keys(channel.blocked_users(None).collect::<Result<_, _>>().unwrap()),
        ]
    };
    assert!(channel.block_users([user("+16505551234")]).unwrap().is_complete());
    assert!(lists().iter().all(|list| list == &["16505551234"]));
    assert!(onprem.unblock_users([user("+1 650 555 1234")]).unwrap().is_complete());
    assert!(lists().iter().all(Vec::is_empty));
    onprem.report_user(ReportContact::new(user("+16505551234")).block(true)).unwrap();
    assert!(lists().iter().all(|list| list == &["16505551234"]));
    assert!(graph.unblock_users([user("+16505551234")]).unwrap().is_complete());
    let refused = onprem.block_users([user("+14155559876"), user("+16505551234")]).unwrap();
    assert_eq!((refused.failed[0].errors[0].code.unwrap().0, refused.done.len()), (2048, 1));
    // On-Premise accepts a message with an ID while the window is closed, and unknown properties too.
    let sent =
        onprem.send(onprem::Message::location("+14155559876", d360::model::Location::default())).unwrap();
    assert!(!sent.message_id().unwrap().as_str().starts_with("wamid"));
    let identity = onprem.call(GetIdentity::new(user("16505551234@s.whatsapp.net"))).unwrap().hash.unwrap();
    onprem.call(AcknowledgeIdentity::new(user("16505551234@s.whatsapp.net"), identity)).unwrap();
}
