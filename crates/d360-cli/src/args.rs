//! The command line's arguments. `help` builds the help pages.
use clap::{Args as ClapArgs, Parser, Subcommand};
use std::path::PathBuf;

mod block;
mod common;
mod manage;
mod moving;
mod profile;
mod sandbox;
mod send;
pub(crate) use block::{Block, BlockAdd, ContactsVerb, Limit, Report};
pub(crate) use common::{ApiName, Format, Global};
pub(crate) use manage::{
    Config, Download, Listen, Media as MediaVerb, Parse, Signer, TemplateList, Templates, Upload, Verify,
    Webhook,
};
pub(crate) use moving::{
    Blocklist, BlocklistImport, Check as MigrateCheck, Chosen, Gateway, GatewayVerb, Held, HeldVerb, Migrate,
    Ready, Record, Translate, TranslateKind,
};
pub(crate) use profile::{Profile, ProfileAdd, ProfileName, ProfileShown, Whoami};
pub(crate) use sandbox::{Fail, Sandbox, SandboxVerb, Trigger, TriggerKind, TriggerStatus};
pub(crate) use send::{
    Captioned, Contacts, Content, Document, Location, Media, Raw, Reaction, Read, Send, Sending, Template,
    Text, To,
};

/// Send WhatsApp messages via 360dialog; manage media, templates and webhooks
#[derive(Debug, Parser)]
#[command(name = "d360", version, max_term_width = 100, disable_help_subcommand = true)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
    /// The full path of the command, for example `send text`.
    #[arg(skip)]
    pub(crate) path: String,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a conversation against a local sandbox
    Demo,
    /// Run a local server that behaves like 360dialog
    Sandbox(Sandbox),
    /// Send a message
    #[command(subcommand)]
    Send(Send),
    /// Mark a message as read
    Read(Read),
    /// Block, unblock and list users
    #[command(subcommand)]
    Block(Block),
    /// Check whether numbers are on WhatsApp (On-Premise)
    #[command(subcommand, alias = "contact")]
    Contacts(ContactsVerb),
    /// Upload, download and delete media files
    #[command(subcommand)]
    Media(MediaVerb),
    /// List, create and delete message templates
    #[command(subcommand, alias = "template")]
    Templates(Templates),
    /// Receive, parse, verify and configure webhooks
    #[command(subcommand, alias = "webhooks")]
    Webhook(Webhook),
    /// Show whether the number can send messages (Cloud)
    Health,
    /// List the channels of a partner (Partner API)
    #[command(subcommand, alias = "channel")]
    Channels(Channels),
    /// Serve the On-Premise API on top of the Cloud API
    ///
    /// Programs written for On-Premise keep working unchanged. --base-url sets the server that the gateway calls.
    Gateway(Gateway),
    /// Translate payloads, move the blocklist, check a program
    #[command(subcommand)]
    Migrate(Migrate),
    /// Manage profiles: the settings and API key of each number
    #[command(subcommand, alias = "profiles")]
    Profile(Profile),
    /// Show the active number, API and key source
    ///
    /// Prints the profile, the system, the base URL and the origin of the key. Asks the API which number the key belongs
    /// to.
    Whoami(Whoami),
    /// Convert vCard files to contact cards and back
    #[command(subcommand, alias = "vcards")]
    Vcard(Vcard),
    /// Explain error codes
    #[command(alias = "error")]
    Errors(Errors),
    /// Print a shell completion script
    #[command(alias = "completion")]
    Completions(Completions),
    /// Write man pages
    Man(Man),
    /// Print help for a command or a topic
    Help(Help),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Channels {
    /// List all channels
    #[command(alias = "ls")]
    List(Limit),
}

#[derive(Debug, Subcommand)]
pub(crate) enum Vcard {
    /// Print the contact cards of a vCard file as JSON
    ToContacts(VcardFile),
    /// Print contact cards as vCard 3.0
    FromContacts(VcardFile),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct VcardFile {
    /// File to convert (- for stdin)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Errors {
    /// Code such as 131047, or words from its meaning
    #[arg(value_name = "CODE|TEXT")]
    pub(crate) what: Vec<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    /// Shell to print the script for
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Man {
    /// Folder to write to; created if missing, existing pages are replaced
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Help {
    /// Command such as `send text`, or a topic: options, environment, exit-codes
    #[arg(value_name = "COMMAND|TOPIC")]
    pub(crate) topic: Vec<String>,
}

/// Parses an address to listen on. A port alone means 127.0.0.1.
fn address(text: &str) -> Result<String, String> {
    let port = text.strip_prefix(':').unwrap_or(text);
    if !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit()) {
        let port: u16 = port.parse().map_err(|_| "the port must be at most 65535".to_owned())?;
        return Ok(format!("127.0.0.1:{port}"));
    }
    Ok(text.to_owned())
}
