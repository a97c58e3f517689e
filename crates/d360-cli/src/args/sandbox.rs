//! `d360 sandbox`.
use super::address;
use clap::Args;

#[derive(Debug, Args)]
pub(crate) struct Sandbox {
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
