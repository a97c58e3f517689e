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
    /// Since April 2026 webhooks carry the business-scoped user ID of every user: contacts[].user_id, from_user_id,
    /// recipient_user_id, and contacts beside statuses. Users without a number keep theirs.
    #[arg(long)]
    pub(crate) without_user_ids: bool,
    /// Escape non-ASCII characters in webhooks as \uXXXX
    ///
    /// Signatures cover the bytes that are sent.
    #[arg(long)]
    pub(crate) escape_unicode: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum SandboxVerb {
    /// Send a webhook: a message of a user, or a status
    ///
    /// A message opens the 24-hour window. The webhook goes to the URL set with `d360 webhook config set`.
    Trigger(Trigger),
    /// Make the next calls fail
    Fail(Fail),
    /// List the requests that the sandbox answered
    Requests(SandboxUrl),
    /// Return the sandbox to its initial state
    ///
    /// Messages, files, templates, blocked users, failures and webhook settings are gone.
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
    /// What to send; --list shows all
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
    /// Message that a status or reaction is about [default: the last one sent]
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
    /// Text message of a user
    #[value(alias = "text")]
    Message,
    /// Image of a user
    Image,
    /// Video of a user
    Video,
    /// Voice message of a user
    #[value(alias = "voice")]
    Audio,
    /// Document of a user
    Document,
    /// Sticker of a user
    Sticker,
    /// Location of a user
    Location,
    /// Contact card of a user
    #[value(alias = "contact")]
    Contacts,
    /// Reaction of a user to a message
    Reaction,
    /// Tap on a reply button of an interactive message
    Interactive,
    /// Tap on a quick-reply button of a template
    Button,
    /// Order from a catalog
    Order,
    /// Change of a user's phone number
    System,
    /// Message of a type that the API does not show
    Unsupported,
    /// First opening of a chat
    #[value(name = "request_welcome", alias = "welcome")]
    RequestWelcome,
    /// Status of a message that you sent, as --status says
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
    /// Error code of Meta to answer with, such as 131049
    #[arg(long, value_name = "CODE", required_unless_present_any = ["http", "list", "clear"])]
    pub(crate) code: Option<i64>,
    /// HTTP status to answer with [default: that of the code]
    #[arg(long, value_name = "STATUS", value_parser = clap::value_parser!(u16).range(200..600))]
    pub(crate) http: Option<u16>,
    /// Number of calls that fail
    #[arg(long, value_name = "N", default_value = "1", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) times: u32,
    /// Only calls of this endpoint, such as "POST /messages" or /block_users
    #[arg(long, value_name = "[METHOD ]PATH")]
    pub(crate) endpoint: Option<String>,
    /// Retry-After of the answer
    #[arg(long, value_name = "SECONDS")]
    pub(crate) retry_after: Option<u64>,
    /// List the failures that wait for a call
    #[arg(long, conflicts_with_all = ["code", "http", "times", "endpoint", "retry_after", "clear"])]
    pub(crate) list: bool,
    /// Drop the failures that wait for a call
    #[arg(long, conflicts_with_all = ["code", "http", "times", "endpoint", "retry_after"])]
    pub(crate) clear: bool,
    #[command(flatten)]
    pub(crate) sandbox: SandboxUrl,
}
