//! `d360 block` and `d360 contacts`.
use clap::{Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Block {
    /// Block users who wrote within the last 24 hours
    Add(BlockAdd),
    /// Unblock users
    #[command(aliases = ["unblock", "delete", "rm"])]
    Remove(Users),
    /// List all blocked users
    #[command(alias = "ls")]
    List(Limit),
    /// Report a user to WhatsApp (On-Premise)
    Report(Report),
}

#[derive(Debug, Args)]
pub(crate) struct BlockAdd {
    #[command(flatten)]
    pub(crate) users: Users,
    /// Reason, up to 59 characters (On-Premise)
    ///
    /// Used when another business account is blocked.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Report {
    /// Phone number with + and country code, or WhatsApp ID
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// Reason, up to 59 characters
    ///
    /// Used when another business account is reported.
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Block the user as well
    #[arg(long)]
    pub(crate) block: bool,
    /// Message to report [default: the last five]
    #[arg(long, value_name = "ID")]
    pub(crate) message_id: Option<String>,
}

#[derive(Debug, Args)]
pub(crate) struct Users {
    /// Numbers with +, WhatsApp IDs (…@s.whatsapp.net) or BSUIDs
    #[arg(value_name = "USER", required_unless_present = "file")]
    pub(crate) users: Vec<String>,
    /// File with one user per line (- for stdin)
    ///
    /// # starts a comment.
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

/// Options for reading a list.
#[derive(Debug, Args)]
pub(crate) struct Limit {
    /// Items per request; all pages are read
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContactsVerb {
    /// Check whether numbers are on WhatsApp (On-Premise only)
    Check(Check),
}

#[derive(Debug, Args)]
pub(crate) struct Check {
    /// Phone numbers in any form
    #[arg(value_name = "NUMBER", required = true)]
    pub(crate) numbers: Vec<String>,
    /// Return at once; a status may be `processing`
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Ignore the seven-day cache
    #[arg(long)]
    pub(crate) force_check: bool,
}
