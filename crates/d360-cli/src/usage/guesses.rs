//! Wrong guesses of commands and options, with hints.
use d360::model::MediaType;

/// Wrong command names: parent, words, and what to use instead.
const WORDS: &[(&str, &[&str], &str)] = &[
    ("send", &["message", "msg", "chat"], "send text \"Hello\" --to NUMBER"),
    ("send", &["photo", "picture", "jpg", "png"], "send image FILE --to NUMBER"),
    ("send", &["file", "pdf", "attachment", "media"], "send document FILE --to NUMBER"),
    ("send", &["voice"], "send audio FILE --voice --to NUMBER"),
    ("send", &["vcard", "vcf"], "send contacts --vcard FILE.vcf --to NUMBER"),
    ("send", &["place", "map", "position"], "send location --latitude N --longitude N --to NUMBER"),
    ("send", &["interactive", "buttons", "button", "list", "flow", "poll"], "send raw FILE"),
    ("block", &["user", "users", "contact"], "block add USER"),
    ("block", &["show", "get"], "block list"),
    ("media", &["send"], "send image FILE --to NUMBER"),
    ("media", &["get", "show"], "media info MEDIA_ID"),
    ("templates", &["get", "show"], "templates list --name NAME"),
    ("templates", &["send"], "send template NAME --to NUMBER"),
    ("templates", &["new", "add", "update"], "templates create FILE.json"),
    ("webhook", &["forward", "proxy", "receive", "serve"], "webhook listen --forward-to URL"),
    ("gateway", &["start", "run", "serve", "up"], "gateway --webhook-to URL"),
    ("sandbox", &["start", "run", "serve", "up"], "sandbox"),
    ("profile", &["create", "new", "set", "login"], "profile add NAME"),
    ("profile", &["current"], "whoami"),
    ("", &["login", "auth", "configure", "init", "setup", "config"], "profile add NAME"),
    ("", &["message", "messages", "msg"], "send text \"Hello\" --to NUMBER"),
    ("", &["blocked", "blocklist", "blocks"], "block list"),
    ("", &["version"], "--version"),
    ("", &["status", "ping", "check"], "health"),
    ("", &["me", "number", "numbers", "account"], "whoami"),
    ("", &["serve", "server", "mock", "emulator", "dev"], "sandbox"),
    ("", &["wait", "delivered"], "send text \"Hello\" --to NUMBER --wait"),
    ("", &["code", "codes", "explain"], "errors CODE"),
    ("", &["inbox", "receive"], "webhook listen"),
    ("", &["options", "environment", "exit-codes"], "help TOPIC"),
];

/// Returns the command for a wrong name at this path.
pub(super) fn command(path: &str, word: &str) -> Option<&'static str> {
    WORDS.iter().find(|(at, words, _)| *at == path && words.contains(&word)).map(|(_, _, instead)| *instead)
}

/// The command for a file name given in place of a command.
const FILES: &[(&str, &str)] = &[
    ("vcard", "vcard to-contacts"),
    ("media", "media upload"),
    ("migrate", "migrate check"),
    ("templates", "templates create"),
    ("webhook", "webhook parse"),
];

/// Returns the command for a file name given in place of a command.
pub(super) fn file(path: &str, word: &str) -> Option<String> {
    if path == "send" {
        let kind = MediaType::of_filename(word)?.kind.as_str();
        return Some(format!("send {kind} {word} --to NUMBER"));
    }
    let is_file = word.contains(['/', '.', '\\']) && !word.contains("://");
    let (_, command) = FILES.iter().find(|(at, _)| *at == path && is_file)?;
    Some(format!("{command} {word}"))
}

const MEDIA: &[&str] = &["send image", "send video", "send audio", "send document", "send sticker"];

/// Unknown options: the commands, the options, and a hint. An empty list means any command.
const OPTIONS: &[(&[&str], &[&str], &str)] = &[
    (
        &[],
        &["--key", "--api-key", "--apikey", "--token", "--access-token"],
        "never give a key as an argument: set D360_API_KEY, use --key-file FILE, or d360 profile add NAME",
    ),
    (
        &["send text"],
        &["--text", "--message", "--body", "--msg", "-m"],
        "the text has no option: d360 send text \"Hello\" --to NUMBER",
    ),
    (
        &["send template"],
        &["--param", "--params", "--parameter", "--parameters", "--variable", "--text", "--var"],
        "texts for the placeholders follow the name: d360 send template NAME TEXT... --to NUMBER",
    ),
    (
        &["send template", "templates delete"],
        &["--name", "--template"],
        "the name has no option: d360 send template NAME --to NUMBER",
    ),
    (MEDIA, &["--url", "--href"], "give a public URL with --link"),
    (MEDIA, &["--file", "--path"], "the file has no option: d360 send image FILE --to NUMBER"),
    (MEDIA, &["--media-id", "--media"], "give the ID of an uploaded file with --id"),
    (
        &["send contacts"],
        &["--file", "--contact", "--contacts"],
        "give cards with --vcard FILE.vcf or --card FILE.json",
    ),
    (
        &["send reaction", "read"],
        &["--id", "--message-id", "--wamid"],
        "give the message with --message WAMID",
    ),
    (&["send"], &["--recipient", "--phone", "--number", "--user", "-t"], "give the recipient with --to"),
    (
        &["read"],
        &["--id", "--message", "--message-id", "--wamid"],
        "the message has no option: d360 read WAMID",
    ),
    (&["errors"], &["--code", "--search"], "the code has no option: d360 errors 131047"),
    (&["media upload"], &["--file", "--path"], "the file has no option: d360 media upload FILE"),
    (
        &["media download"],
        &["--id", "--file"],
        "the ID has no option: d360 media download MEDIA_ID --out FILE",
    ),
    (
        &["templates create"],
        &["--file", "--name", "--json"],
        "the template is a file: d360 templates create FILE.json",
    ),
    (&["webhook listen"], &["--forward", "--to", "--url"], "forward webhooks with --forward-to URL"),
    (&["webhook config set"], &["--url"], "the URL has no option: d360 webhook config set URL"),
    (
        &["sandbox", "gateway", "webhook listen"],
        &["--host", "--bind", "--address", "-p"],
        "give the address with --listen",
    ),
    (
        &["block list", "templates list", "channels list"],
        &["--all", "--page", "--after"],
        "all pages are always read; omit it",
    ),
    (&[], &["--format", "--out-format", "-o"], "set the format with --output json"),
    (&[], &["--debug", "--trace", "-vv"], "print requests and responses with --verbose"),
    (&[], &["--sandbox", "--test", "--env"], "set D360_BASE_URL to call `d360 sandbox`"),
    (&[], &["--url", "--host", "--endpoint", "--server"], "give another server with --base-url URL"),
    (&[], &["--yes", "-y", "--force"], "no command asks for confirmation; omit it"),
    (&[], &["--no-color", "--no-colour"], "turn off colors with --color never"),
];

/// Returns the hint for an unknown option.
pub(super) fn option(path: &str, option: &str) -> Option<&'static str> {
    let is_at = |at: &&str| path == *at || path.strip_prefix(at).is_some_and(|rest| rest.starts_with(' '));
    let fits = |at: &[&str]| at.is_empty() || at.iter().any(is_at);
    OPTIONS.iter().find(|(at, names, _)| names.contains(&option) && fits(at)).map(|(_, _, instead)| *instead)
}

/// Hints for unexpected words.
const EXTRA: &[(&[&str], &str)] = &[
    (&["send text"], "put the text in quotes: d360 send text \"Hello world\" --to NUMBER"),
    (&["send location"], "give coordinates with --latitude and --longitude"),
    (&["send contacts"], "give cards with --vcard FILE.vcf or --card FILE.json"),
    (&["send image", "send video", "send document"], "give a caption with --caption"),
    (&["sandbox", "webhook listen"], "give an address with --listen"),
];

pub(super) fn extra(path: &str) -> Option<&'static str> {
    EXTRA.iter().find(|(at, _)| at.contains(&path)).map(|(_, hint)| *hint)
}

/// Hints for missing arguments.
const MISSING: &[(&str, &str, &str)] = &[
    (
        "send reaction",
        "--message",
        "get the ID of a message from `d360 send`, or from messages[].id of a webhook",
    ),
    ("read", "<WAMID>", "get the ID of a message from messages[].id of a webhook"),
    ("templates create", "<FILE.json>", "see a template as JSON with `d360 templates create --help`"),
    ("migrate check", "<DIR|FILE>", "give the folder of the program"),
];

pub(super) fn missing(path: &str, what: &str) -> Option<&'static str> {
    MISSING.iter().find(|(at, name, _)| *at == path && what.contains(name)).map(|(_, _, hint)| *hint)
}
