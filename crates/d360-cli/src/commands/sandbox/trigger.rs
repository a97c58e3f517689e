//! `d360 sandbox trigger`.
use super::control::Control;
use crate::{
    Result,
    args::{Trigger as Args, TriggerKind as Kind, TriggerStatus},
    failure::{Exit, Failure},
    output::Output,
};
use clap::ValueEnum as _;
use serde_json::{Value, json};

/// The default sender.
const SENDER: &str = "+16505551234";

/// The webhook that a kind stands for.
enum Sends {
    /// A message of this type.
    Message(&'static str),
    /// A status. `None` means the one in `--status`.
    Status(Option<TriggerStatus>),
}

fn sends(kind: Kind) -> Sends {
    match kind {
        Kind::Message => Sends::Message("text"),
        Kind::Image => Sends::Message("image"),
        Kind::Video => Sends::Message("video"),
        Kind::Audio => Sends::Message("audio"),
        Kind::Document => Sends::Message("document"),
        Kind::Sticker => Sends::Message("sticker"),
        Kind::Location => Sends::Message("location"),
        Kind::Contacts => Sends::Message("contacts"),
        Kind::Reaction => Sends::Message("reaction"),
        Kind::Interactive => Sends::Message("interactive"),
        Kind::Button => Sends::Message("button"),
        Kind::Order => Sends::Message("order"),
        Kind::System => Sends::Message("system"),
        Kind::Unsupported => Sends::Message("unsupported"),
        Kind::RequestWelcome => Sends::Message("request_welcome"),
        Kind::Status => Sends::Status(None),
        Kind::Sent => Sends::Status(Some(TriggerStatus::Sent)),
        Kind::Delivered => Sends::Status(Some(TriggerStatus::Delivered)),
        Kind::Read => Sends::Status(Some(TriggerStatus::Read)),
        Kind::Played => Sends::Status(Some(TriggerStatus::Played)),
        Kind::Failed => Sends::Status(Some(TriggerStatus::Failed)),
        Kind::Deleted => Sends::Status(Some(TriggerStatus::Deleted)),
    }
}

pub(super) fn run(
    args: &Args,
    control: impl FnOnce() -> std::result::Result<Control, Box<Failure>>,
    output: Output,
) -> Result {
    let Some(kind) = args.kind else {
        list(output);
        return Ok(Exit::Done);
    };
    let request = match sends(kind) {
        Sends::Message(name) => {
            fits(args, kind, &["--from", "--text", "--emoji", "--message"])?;
            ("inbound", message(args, name))
        }
        Sends::Status(status) => {
            fits(args, kind, &["--message", "--status", "--code"])?;
            let status = status.or(args.status).unwrap_or(TriggerStatus::Delivered);
            if args.code.is_some() && status != TriggerStatus::Failed {
                return Err(Failure::usage("--code is for `trigger failed`"));
            }
            let status = name(&status);
            ("statuses", json!({ "status": status, "id": args.message, "code": args.code }))
        }
    };
    let control = control()?;
    let answer = control.post(request.0, &request.1)?;
    if output.is_json() {
        output.document(&answer);
        return Ok(Exit::Done);
    }
    match sends(kind) {
        Sends::Message(name) => {
            let from = request.1["from"].as_str().unwrap_or_default();
            output.line(format!("{name} from {from}: {}", answer["ids"][0].as_str().unwrap_or_default()));
        }
        Sends::Status(_) => output.line(format!(
            "{} for {}",
            answer["status"].as_str().unwrap_or_default(),
            answer["id"].as_str().unwrap_or_default()
        )),
    }
    if answer["webhook"] == false {
        output.note(format!(
            "no webhook was sent, because no URL is set; set one with \
             `d360 webhook config set http://127.0.0.1:9000/hook --base-url {}`",
            control.url()
        ));
    }
    Ok(Exit::Done)
}

/// Refuses options that do not apply to the kind.
fn fits(args: &Args, kind: Kind, taken: &[&str]) -> std::result::Result<(), Box<Failure>> {
    let given = [
        ("--from", args.from.is_some(), "messages"),
        ("--text", args.text.is_some(), "`trigger message`"),
        ("--emoji", args.emoji.is_some(), "`trigger reaction`"),
        ("--message", args.message.is_some(), "statuses and `trigger reaction`"),
        ("--status", args.status.is_some(), "`trigger status`"),
        ("--code", args.code.is_some(), "`trigger failed`"),
    ];
    let wrong = |option: &str| match option {
        "--text" => kind != Kind::Message,
        "--emoji" => kind != Kind::Reaction,
        "--message" => matches!(sends(kind), Sends::Message(_)) && kind != Kind::Reaction,
        "--status" => kind != Kind::Status,
        _ => false,
    };
    match given.into_iter().find(|(option, given, _)| *given && (!taken.contains(option) || wrong(option))) {
        Some((option, _, of)) => {
            Err(Failure::usage(format!("{option} is for {of}, not for `trigger {}`", name(&kind))))
        }
        None => Ok(()),
    }
}

fn message(args: &Args, kind: &str) -> Value {
    let mut asked = json!({ "from": args.from.as_deref().unwrap_or(SENDER), "type": kind });
    if let Some(text) = &args.text {
        asked["text"] = json!({ "body": text });
    }
    if kind == "reaction" && (args.emoji.is_some() || args.message.is_some()) {
        let emoji = args.emoji.as_deref().unwrap_or("\u{1f44d}");
        asked["reaction"] = json!({ "message_id": args.message, "emoji": emoji });
    }
    asked
}

fn name(value: &impl clap::ValueEnum) -> String {
    value.to_possible_value().map(|value| value.get_name().to_owned()).unwrap_or_default()
}

fn list(output: Output) {
    let kinds = Kind::value_variants().iter().filter_map(clap::ValueEnum::to_possible_value);
    let help =
        |kind: &clap::builder::PossibleValue| kind.get_help().map(ToString::to_string).unwrap_or_default();
    if output.is_json() {
        let kinds: Vec<Value> =
            kinds.map(|kind| json!({ "kind": kind.get_name(), "about": help(&kind) })).collect();
        output.document(&json!({ "kinds": kinds }));
        return;
    }
    for kind in kinds {
        output.line(format!("{:<17}{}", kind.get_name(), help(&kind)));
    }
}
