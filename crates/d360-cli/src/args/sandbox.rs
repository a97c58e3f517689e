//! `d360 sandbox`.
use super::address;
use clap::{Args, Subcommand, ValueEnum};

#[derive(Debug, Args)]
#[command(subcommand_value_name = "COMMAND", subcommand_help_heading = "Commands for a running sandbox")]
pub(crate) struct Sandbox {
    #[command(subcommand)]
    pub(crate) verb: Option<SandboxVerb>,
    /// Address or port to listen on; port 0 picks a free one
    #[arg(long, alias = "port", value_name = "ADDRESS", default_value = "127.0.0.1:4360", value_parser = address)]
    pub(crate) listen: String,
    /// Leave user IDs out of webhooks, as before April 2026
    ///
    /// Since April 2026, webhooks carry the business-scoped user ID of every user in contacts[].user_id, from_user_id and
    /// recipient_user_id. Statuses have contacts too. Users without a number keep their ID.
    #[arg(long)]
    pub(crate) without_user_ids: bool,
    /// Escape non-ASCII characters in webhooks as \uXXXX
    ///
    /// Signatures cover the bytes as sent.
    #[arg(long)]
    pub(crate) escape_unicode: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxVerb {
    /// Send a webhook: a user's message or a status
    ///
    /// A message opens the 24-hour window. The webhook goes to the URL set with `d360 webhook config set`.
    Trigger(Trigger),
    /// Make the next calls fail
    Fail(Fail),
    /// List the requests that the sandbox answered
    Requests(SandboxUrl),
    /// Reset the sandbox to its initial state
    ///
    /// Deletes messages, files, templates, blocked users, failures and webhook settings.
    Reset(SandboxUrl),
}

#[derive(Debug, Args)]
pub(crate) struct SandboxUrl {
    /// URL of the sandbox [default: D360_BASE_URL, or http://127.0.0.1:4360]
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Trigger {
    /// Kind of webhook; --list shows all
    #[arg(value_name = "KIND", required_unless_present = "list", hide_possible_values = true)]
    pub(crate) kind: Option<TriggerKind>,
    /// List the kinds
    #[arg(long, conflicts_with = "kind")]
    pub(crate) list: bool,
    /// Sender of a message [default: +16505551234]
    #[arg(long, value_name = "NUMBER|BSUID")]
    pub(crate) from: Option<String>,
    /// Text of `message`
    #[arg(long, value_name = "TEXT")]
    pub(crate) text: Option<String>,
    /// Emoji of `reaction`
    #[arg(long, value_name = "EMOJI")]
    pub(crate) emoji: Option<String>,
    /// Message of the status or reaction [default: the last one sent]
    #[arg(long, value_name = "WAMID")]
    pub(crate) message: Option<String>,
    /// Status of `status`
    #[arg(long, value_name = "STATUS", value_enum)]
    pub(crate) status: Option<TriggerStatus>,
    /// Error code of `failed` [default: 131000]
    #[arg(long, value_name = "CODE")]
    pub(crate) code: Option<i64>,
    #[command(flatten)]
    pub(crate) sandbox: SandboxUrl,
}

/// What can be triggered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TriggerKind {
    /// Text message from a user
    #[value(alias = "text")]
    Message,
    /// Image from a user
    Image,
    /// Video from a user
    Video,
    /// Voice message from a user
    #[value(alias = "voice")]
    Audio,
    /// Document from a user
    Document,
    /// Sticker from a user
    Sticker,
    /// Location from a user
    Location,
    /// Contact card from a user
    #[value(alias = "contact")]
    Contacts,
    /// Reaction from a user to a message
    Reaction,
    /// Tap on a reply button of an interactive message
    Interactive,
    /// Tap on a quick-reply button of a template
    Button,
    /// Order from a catalog
    Order,
    /// Change of a user's phone number
    System,
    /// Message of a type that the API does not support
    Unsupported,
    /// User opens a chat for the first time
    #[value(name = "request_welcome", alias = "welcome")]
    RequestWelcome,
    /// Status given with --status
    Status,
    /// Status: sent
    Sent,
    /// Status: delivered to the phone
    Delivered,
    /// Status: read by the user
    Read,
    /// Status: voice message played
    Played,
    /// Status: failed, with the error of --code
    Failed,
    /// Status: deleted
    Deleted,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TriggerStatus {
    Sent,
    Delivered,
    Read,
    Played,
    Failed,
    Deleted,
}

#[derive(Debug, Args)]
pub(crate) struct Fail {
    /// Meta error code to return, such as 131049
    #[arg(long, value_name = "CODE", required_unless_present_any = ["http", "list", "clear"])]
    pub(crate) code: Option<i64>,
    /// HTTP status to return [default: that of the code]
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(200..600))]
    pub(crate) http: Option<u16>,
    /// Number of calls that fail
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) times: u32,
    /// Only calls to this endpoint, such as "POST /messages" or /block_users
    #[arg(long, value_name = "[METHOD ]PATH")]
    pub(crate) endpoint: Option<String>,
    /// Retry-After of the response
    #[arg(long, value_name = "SECONDS")]
    pub(crate) retry_after: Option<u64>,
    /// List pending failures
    #[arg(long, conflicts_with_all = ["code", "http", "times", "endpoint", "retry_after", "clear"])]
    pub(crate) list: bool,
    /// Drop pending failures
    #[arg(long, conflicts_with_all = ["code", "http", "times", "endpoint", "retry_after"])]
    pub(crate) clear: bool,
    #[command(flatten)]
    pub(crate) sandbox: SandboxUrl,
}
