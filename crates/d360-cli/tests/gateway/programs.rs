//! State per client: logins, webhook settings, idempotency keys, numbers.
use crate::{
    calls::{USER, running},
    rig::{Gateway, OldProgram, args, http},
};
use d360_sandbox::{Failure, Sandbox};
use serde_json::json;

#[test]
fn programs_log_in_and_set_their_webhook() {
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("gateway.toml");
    let toml = format!("state = {:?}\nwebhook_hosts = [\"127.0.0.1\"]\n", folder.path().join("state.db"));
    std::fs::write(&config, toml).unwrap();
    let more = ["--config", config.to_str().unwrap()];
    let (sandbox, gateway, old) = running(&folder, &more);
    // admin:sandbox-key
    let basic = [("authorization", "Basic YWRtaW46c2FuZGJveC1rZXk=")];
    let login = |gateway: &Gateway| http(gateway.address, "POST", "/v1/users/login", &basic, b"").unwrap();
    let token = login(&gateway).json()["users"][0]["token"].as_str().unwrap().to_owned();
    assert!(login(&gateway).json()["users"][0]["expires_after"].as_str().unwrap().ends_with("+00:00"));
    let bearer = format!("Bearer {token}");
    let with = |gateway: &Gateway, method: &str, path: &str, body: &str| {
        http(gateway.address, method, path, &[("authorization", &bearer)], body.as_bytes()).unwrap()
    };
    assert_eq!(with(&gateway, "GET", "/v1/health", "").status, 200);
    for headers in [
        &[][..],
        &[("authorization", "Basic YWRtaW46eA==")],
        &[("authorization", "Bearer x")],
        &[("D360-API-KEY", "sandbox-kex")],
        &[("D360-API-KEY", "")],
    ] {
        for (method, path) in [
            ("GET", "/v1/health"),
            ("POST", "/v1/messages"),
            ("GET", "/metrics"),
            ("GET", "/nonsense"),
            ("POST", "/v1/users/login"),
        ] {
            let denied = http(gateway.address, method, path, headers, b"").unwrap();
            assert_eq!((denied.status, denied.code()), (401, 1005), "{path} {headers:?}");
        }
        assert_eq!(http(gateway.address, "GET", "/healthz", headers, b"").unwrap().status, 200);
    }
    // A second old program takes over the webhooks, on a host that the configuration allows with any port.
    let second = OldProgram::start();
    let set = with(
        &gateway,
        "PATCH",
        "/v1/settings/application",
        &json!({ "webhooks": { "url": second.url } }).to_string(),
    );
    assert_eq!(set.status, 200, "{:?}", set.json());
    let foreign = with(
        &gateway,
        "PATCH",
        "/v1/settings/application",
        r#"{"webhooks": {"url": "http://169.254.169.254/"}}"#,
    );
    assert_eq!((foreign.status, foreign.code()), (403, 1005));
    let unknown = with(
        &gateway,
        "PATCH",
        "/v1/settings/application",
        &json!({ "heartbeat_interval": 5, "webhooks": { "url": second.url } }).to_string(),
    );
    assert_eq!(unknown.status, 200, "what has no counterpart is noted");
    assert!(unknown.headers["x-d360-notes"].contains("lost heartbeat_interval"), "{:?}", unknown.headers);
    // The setting and the token survive a kill.
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    gateway.kill();
    let gateway = Gateway::start(sandbox.key(), &[&args(&url, &state, &old.url)[..], &more].concat());
    sandbox.webhook(&format!("http://{}/webhook", gateway.address), &[]);
    let settings = with(&gateway, "GET", "/v1/settings/application", "").json();
    assert_eq!(settings["settings"]["application"]["webhooks"]["url"], second.url.as_str());
    let id = sandbox.user_sends(USER, &json!({}));
    second.wait_for("message", |seen| {
        seen.iter().find(|hook| hook["messages"][0]["id"] == id.as_str()).map(drop)
    });
    assert!(old.seen().iter().all(|hook| hook["messages"][0]["id"] != id.as_str()));
    let config = with(
        &gateway,
        "POST",
        "/v1/configs/webhook",
        &json!({ "url": old.url, "headers": { "x-token": "t" } }).to_string(),
    );
    assert_eq!((config.status, config.json()["url"].clone()), (200, json!(old.url)));
    let reserved = json!({ "url": old.url, "headers": { "Content-Length": "0" } }).to_string();
    assert_eq!(with(&gateway, "POST", "/v1/configs/webhook", &reserved).code(), 1009);
    let shown = with(&gateway, "GET", "/v1/configs/webhook", "").json();
    assert_eq!(shown["headers"]["x-token"], "••••");
    // After a change of the password the token is invalid. After its removal from the list, so is the URL.
    let again = login(&gateway).json()["users"][0]["token"].as_str().unwrap().to_owned();
    gateway.kill();
    let changed = Gateway::start("another-key", &args(&url, &state, &old.url));
    let old_token = format!("Bearer {again}");
    assert_eq!(
        http(changed.address, "GET", "/v1/health", &[("authorization", &old_token)], b"").unwrap().status,
        401
    );
    let settings =
        http(changed.address, "GET", "/v1/settings/application", &[("D360-API-KEY", "another-key")], b"");
    let settings = settings.unwrap().json();
    assert_eq!(settings["settings"]["application"]["webhooks"]["url"], json!(old.url));
    changed.kill();
    let gateway = Gateway::start(sandbox.key(), &[&args(&url, &state, &old.url)[..], &more].concat());
    let again = login(&gateway).json()["users"][0]["token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {again}");
    let with = |gateway: &Gateway, method: &str, path: &str, body: &str| {
        http(gateway.address, method, path, &[("authorization", &bearer)], body.as_bytes()).unwrap()
    };
    assert_eq!(with(&gateway, "POST", "/v1/users/logout", "").status, 200);
    assert_eq!(with(&gateway, "GET", "/v1/health", "").status, 401);
}

#[test]
fn the_same_request_under_a_key_is_done_once() {
    let folder = tempfile::tempdir().unwrap();
    let (sandbox, gateway, old) = running(&folder, &[]);
    sandbox.user_writes(USER);
    let send = |gateway: &Gateway, key: &str, text: &str| {
        let body = json!({ "to": USER, "type": "text", "text": { "body": text } }).to_string();
        let headers = [("D360-API-KEY", "sandbox-key"), ("Idempotency-Key", key)];
        http(gateway.address, "POST", "/v1/messages", &headers, body.as_bytes()).unwrap()
    };
    let first = send(&gateway, "a", "x");
    let again = send(&gateway, "a", "x");
    assert_eq!((first.status, again.status, first.json()), (201, 201, again.json()));
    assert_eq!(again.headers["x-d360-gateway"], "answered-before");
    assert_eq!(send(&gateway, "a", "y").status, 422);
    assert_eq!(sandbox.messages().len(), 1);
    assert_eq!(send(&gateway, "b", "x").status, 201);
    // Of unknown outcome: every repetition gets the same answer, and nothing is sent.
    sandbox.fail(Failure::http(500).on("POST", "/messages"));
    let unknown = send(&gateway, "c", "x");
    assert_eq!((unknown.status, unknown.code()), (504, 1000));
    assert!(unknown.json()["errors"][0]["details"].as_str().unwrap().contains("The outcome is unknown"));
    let sent = sandbox.requests().len();
    assert_eq!((send(&gateway, "c", "x").status, sandbox.requests().len()), (504, sent));
    // If nothing was sent, the key can be used again.
    sandbox.fail(Failure::code(131_016).on("POST", "/messages"));
    let before = sandbox.requests().len();
    assert_eq!(send(&gateway, "d", "x").status, 503);
    assert_eq!(sandbox.requests().len(), before + 1, "posted once: only the old program may retry");
    assert_eq!(send(&gateway, "d", "x").status, 201);
    // It survives a kill.
    let (url, state) = (sandbox.base_url(), folder.path().join("state.db"));
    gateway.kill();
    let gateway = Gateway::start(sandbox.key(), &args(&url, &state, &old.url));
    let sent = sandbox.messages().len();
    assert_eq!((send(&gateway, "a", "x").json(), sandbox.messages().len()), (first.json(), sent));
}

#[test]
fn several_numbers_have_keys_and_webhooks_of_their_own() {
    let folder = tempfile::tempdir().unwrap();
    let sandbox =
        Sandbox::builder().key("cloud-a", "15550000001").key("cloud-b", "15550000002").start().unwrap();
    let (a, b) = (OldProgram::start(), OldProgram::start());
    let config = folder.path().join("gateway.toml");
    let key_of_b = folder.path().join("b.key");
    std::fs::write(&key_of_b, "cloud-b\n").unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        std::fs::set_permissions(&key_of_b, std::fs::Permissions::from_mode(0o600)).unwrap();
    }
    let toml = format!(
        "listen = \"127.0.0.1:0\"\nbase_url = {:?}\nstate = {:?}\nmetrics_listen = \"127.0.0.1:0\"\n\
         [[number]]\nname = \"a\"\nkey_env = \"D360_API_KEY\"\nwebhook_to = {:?}\nwebhook_secret_header = \"x-secret\"\nwebhook_secret_env = \"D360_WEBHOOK_SECRET\"\n\
         [[number]]\nname = \"b\"\nkey_file = {:?}\nclient_key_env = \"D360_WEBHOOK_SECRET\"\nwebhook_to = {:?}\n",
        sandbox.base_url(),
        folder.path().join("state.db"),
        a.url,
        key_of_b,
        b.url
    );
    std::fs::write(&config, toml).unwrap();
    let gateway = Gateway::start("cloud-a", &["--config", config.to_str().unwrap()]);
    sandbox.user_writes_to("cloud-a", USER);
    sandbox.user_writes_to("cloud-b", USER);
    let text = json!({ "to": USER, "type": "text", "text": { "body": "x" } });
    for key in ["cloud-a", "hush"] {
        assert_eq!(gateway.call(key, "POST", "/v1/messages", text.clone()).status, 201, "{key}");
    }
    assert_eq!(
        gateway.call("cloud-b", "POST", "/v1/messages", text).status,
        401,
        "the number has its own client key"
    );
    let post = |path: &str, secret: &str, id: &str| {
        let body = crate::rig::webhook(USER, id, "Hi").to_string();
        http(gateway.address, "POST", path, &[("x-secret", secret)], body.as_bytes()).unwrap().status
    };
    assert_eq!(post("/webhook", "hush", "wamid.1"), 404, "/webhook is ambiguous with two numbers");
    assert_eq!(post("/webhook/c", "hush", "wamid.1"), 404);
    assert_eq!(post("/webhook/a", "wrong", "wamid.1"), 401);
    assert_eq!(post("/webhook/a", "hush", "wamid.1"), 200);
    assert_eq!(post("/webhook/b", "", "wamid.1"), 200, "without a secret, from this machine");
    for old in [&a, &b] {
        old.wait_for("message", |seen| {
            seen.iter().find(|hook| hook["messages"][0]["id"] == "wamid.1").map(drop)
        });
    }
    assert_eq!((a.seen().len(), b.seen().len()), (1, 1));
}
