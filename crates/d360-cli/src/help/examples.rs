//! The examples in the help of each command. Tests run all of them against a sandbox.

/// Returns the examples of the command at this path, for example `send text`.
pub(super) fn of(path: &str) -> &'static [&'static str] {
    EXAMPLES.iter().find(|(name, _)| *name == path).map_or(&[], |(_, examples)| *examples)
}

const EXAMPLES: &[(&str, &[&str])] = &[
    ("", &["d360 demo", "d360 sandbox", r#"d360 send text "Hello" --to +16505551234"#]),
    ("demo", &["d360 demo", "d360 demo --verbose"]),
    ("sandbox", &["d360 sandbox", "d360 sandbox --listen 127.0.0.1:4361"]),
    (
        "sandbox trigger",
        &["d360 sandbox trigger message --text Hello", "d360 sandbox trigger failed --code 131049"],
    ),
    (
        "sandbox fail",
        &[
            r#"d360 sandbox fail --code 131049 --endpoint "POST /messages""#,
            "d360 sandbox fail --http 503 --times 3",
        ],
    ),
    ("sandbox requests", &["d360 sandbox requests", "d360 sandbox requests --output json"]),
    ("sandbox reset", &["d360 sandbox reset", "d360 sandbox reset --url http://127.0.0.1:4361"]),
    ("profile", &["d360 profile add shop < key.txt", "d360 profile list"]),
    (
        "profile add",
        &[
            "d360 profile add shop < key.txt",
            r#"d360 profile add meta --api graph --key-command "pass show meta""#,
        ],
    ),
    ("profile list", &["d360 profile list", "d360 profile list --output json"]),
    ("profile use", &["d360 profile use shop", "d360 profile use shop --output json"]),
    ("profile show", &["d360 profile show", "d360 profile show shop"]),
    ("profile remove", &["d360 profile remove shop", "d360 profile remove shop --output json"]),
    ("whoami", &["d360 whoami", "d360 whoami --offline"]),
    (
        "send",
        &[
            r#"d360 send text "Hello" --to +16505551234"#,
            "d360 send location --to +16505551234 --latitude 37.44 --longitude -122.16",
        ],
    ),
    (
        "send text",
        &[r#"d360 send text "Hello" --to +16505551234"#, "echo Hello | d360 send text - --to +16505551234"],
    ),
    (
        "send image",
        &[
            "d360 send image cat.jpg --to +16505551234",
            "d360 send image --link https://example.com/cat.jpg --to +16505551234",
        ],
    ),
    (
        "send video",
        &[
            "d360 send video cat.mp4 --to +16505551234",
            "d360 send video --link https://example.com/cat.mp4 --to +16505551234",
        ],
    ),
    (
        "send audio",
        &[
            "d360 send audio hello.ogg --voice --to +16505551234",
            "d360 send audio --link https://example.com/song.mp3 --to +16505551234",
        ],
    ),
    (
        "send document",
        &[
            "d360 send document offer.pdf --to +16505551234",
            "d360 send document --id MEDIA_ID --filename offer.pdf --to +16505551234",
        ],
    ),
    (
        "send sticker",
        &[
            "d360 send sticker cat.webp --to +16505551234",
            "d360 send sticker --link https://example.com/cat.webp --to +16505551234",
        ],
    ),
    (
        "send reaction",
        &[
            "d360 send reaction 👍 --message WAMID --to +16505551234",
            "d360 send reaction --remove --message WAMID --to +16505551234",
        ],
    ),
    (
        "send template",
        &[
            "d360 send template order_shipped Barbara --to +16505551234",
            "d360 send template order_shipped --components shipped.json --to +16505551234",
        ],
    ),
    (
        "send contacts",
        &[
            "d360 send contacts --vcard barbara.vcf --to +16505551234",
            "d360 send contacts --card contacts.json --to +16505551234",
        ],
    ),
    (
        "send location",
        &[
            "d360 send location --to +16505551234 --latitude 37.44 --longitude -122.16",
            r#"d360 send location --to +16505551234 --lat -33.86 --lon 151.21 --name "Opera""#,
        ],
    ),
    ("send raw", &["d360 send raw message.json", "d360 send raw - --dry-run < message.json"]),
    ("read", &["d360 read WAMID", "d360 read WAMID --typing"]),
    ("block", &["d360 block add +16505551234", "d360 block list"]),
    ("block add", &["d360 block add +16505551234 +14155559876", "d360 block add --file users.txt"]),
    ("block remove", &["d360 block remove +16505551234", "d360 block remove --file users.txt"]),
    ("block list", &["d360 block list", "d360 block list --output json"]),
    (
        "block report",
        &[
            "d360 block report +16505551234 --api onprem",
            r#"d360 block report +16505551234 --api onprem --reason "Spam" --block"#,
        ],
    ),
    ("contacts", &["d360 contacts check +16505551234", "d360 contacts check +16505551234 --no-wait"]),
    (
        "contacts check",
        &["d360 contacts check +16505551234 +14155559876", "d360 contacts check +16505551234 --no-wait"],
    ),
    ("media", &["d360 media upload offer.pdf", "d360 media download MEDIA_ID --out copy.pdf"]),
    ("media upload", &["d360 media upload offer.pdf", "d360 media upload picture --type image/png"]),
    ("media info", &["d360 media info MEDIA_ID", "d360 media info MEDIA_ID --output json"]),
    ("media download", &["d360 media download MEDIA_ID", "d360 media download MEDIA_ID --out copy.pdf"]),
    ("media delete", &["d360 media delete MEDIA_ID", "d360 media delete MEDIA_ID --output json"]),
    ("templates", &["d360 templates list --status APPROVED", "d360 templates create template.json"]),
    (
        "templates list",
        &["d360 templates list", "d360 templates list --status APPROVED --name order_shipped"],
    ),
    ("templates create", &["d360 templates create template.json", "d360 templates create - < template.json"]),
    (
        "templates delete",
        &["d360 templates delete order_shipped", "d360 templates delete order_shipped --id TEMPLATE_ID"],
    ),
    ("webhook", &["d360 webhook listen", "d360 webhook config get"]),
    ("webhook parse", &["d360 webhook parse webhook.json", "d360 webhook parse - < webhook.json"]),
    (
        "webhook listen",
        &["d360 webhook listen --count 1", "d360 webhook listen --forward-to http://127.0.0.1:9000/hook"],
    ),
    (
        "webhook verify",
        &[
            "d360 webhook verify webhook.json --signed-by app --signature sha256=HEX",
            "d360 webhook verify - --signed-by app --signature HEX < webhook.json",
        ],
    ),
    ("webhook config", &["d360 webhook config get", "d360 webhook config set https://example.com/hook"]),
    ("webhook config get", &["d360 webhook config get", "d360 webhook config get --account"]),
    (
        "webhook config set",
        &[
            "d360 webhook config set https://example.com/hook",
            "d360 webhook config set https://example.com/hook --secret-header x-secret",
        ],
    ),
    ("health", &["d360 health", "d360 health --output json"]),
    ("channels", &["d360 channels list --partner-id ID", "d360 channels list --partner-id ID --output json"]),
    (
        "channels list",
        &["d360 channels list --partner-id ID", "d360 channels list --partner-id ID --output json"],
    ),
    (
        "gateway",
        &["d360 gateway --webhook-to http://127.0.0.1:9000/hook", "d360 gateway --config gateway.toml"],
    ),
    (
        "gateway ready",
        &["d360 gateway ready --url http://127.0.0.1:9090", "d360 gateway ready --config gateway.toml"],
    ),
    ("gateway waiting", &["d360 gateway waiting", "d360 gateway waiting list --user 16505551234"]),
    ("gateway waiting list", &["d360 gateway waiting list", "d360 gateway waiting list --user 16505551234"]),
    ("gateway waiting show", &["d360 gateway waiting show 12", "d360 gateway waiting show 12 --output json"]),
    ("gateway waiting retry", &["d360 gateway waiting retry 12", "d360 gateway waiting retry --all"]),
    (
        "gateway waiting drop",
        &["d360 gateway waiting drop 12", "d360 gateway waiting drop --user 16505551234"],
    ),
    ("gateway aside", &["d360 gateway aside", "d360 gateway aside retry --all"]),
    ("gateway aside list", &["d360 gateway aside list", "d360 gateway aside list --user 16505551234"]),
    ("gateway aside show", &["d360 gateway aside show 12", "d360 gateway aside show 12 --output json"]),
    ("gateway aside retry", &["d360 gateway aside retry 12", "d360 gateway aside retry --all"]),
    ("gateway aside drop", &["d360 gateway aside drop 12", "d360 gateway aside drop --user 16505551234"]),
    ("migrate", &["d360 migrate check program", "d360 migrate translate message.json"]),
    (
        "migrate translate",
        &["d360 migrate translate message.json", "d360 migrate translate - < message.json"],
    ),
    (
        "migrate record",
        &[
            "d360 migrate record --to http://127.0.0.1:8080 calls",
            "d360 migrate record --to https://onprem.example:9090 --all calls",
        ],
    ),
    ("migrate check", &["d360 migrate check program", "d360 migrate check program --output json"]),
    (
        "migrate blocklist",
        &[
            "d360 migrate blocklist export --api onprem > blocked.txt",
            "d360 migrate blocklist import blocked.txt --journal done.txt",
        ],
    ),
    (
        "migrate blocklist export",
        &["d360 migrate blocklist export --api onprem > blocked.txt", "d360 migrate blocklist export"],
    ),
    (
        "migrate blocklist import",
        &[
            "d360 migrate blocklist import users.txt --journal done.txt",
            "d360 migrate blocklist export --api onprem | d360 migrate blocklist import -",
        ],
    ),
    ("vcard", &["d360 vcard to-contacts barbara.vcf", "d360 vcard from-contacts contacts.json"]),
    (
        "vcard to-contacts",
        &[
            "d360 vcard to-contacts barbara.vcf > contacts.json",
            "d360 vcard to-contacts barbara.vcf --output json",
        ],
    ),
    (
        "vcard from-contacts",
        &["d360 vcard from-contacts contacts.json > cards.vcf", "d360 vcard from-contacts - < contacts.json"],
    ),
    ("errors", &["d360 errors 131047", "d360 errors rate limit"]),
    ("completions", &["d360 completions bash > d360.bash", "d360 completions zsh > _d360"]),
    ("man", &["d360 man man", "d360 man ~/.local/share/man/man1"]),
    ("help", &["d360 help send text", "d360 help options"]),
];
