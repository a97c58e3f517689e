//! The command line.
use crate::settings::{Active, Origin};
use clap::{ArgGroup, Args as ClapArgs, ColorChoice, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

mod manage;
mod moving;
mod profile;
pub(crate) use manage::{
    Config, Download, Listen, Media as MediaVerb, Parse, Signer, TemplateList, Templates, Upload, Verify,
    Webhook,
};

pub(crate) use moving::{
    Blocklist, BlocklistImport, Check as MigrateCheck, Chosen, Gateway, GatewayVerb, Held, HeldVerb, Migrate,
    Translate, TranslateKind,
};

pub(crate) use profile::{Profile, ProfileAdd, ProfileName, ProfileShown, Whoami};

const AFTER_HELP: &str = "\
The API key is read from D360_API_KEY, or from --key-file (a file that only its owner can read, or - for standard input), \
or from the profile in use (`d360 profile --help`); never from the command line. Without a key: `d360 sandbox` starts a local server and prints a key for it; \
D360_BASE_URL, or --base-url, is where it is.

Exit codes:
  0  done                      4  refused by the server
  1  local failure             5  outcome unknown: do not send a message again blindly
  2  usage                     6  partly done
  3  invalid input, not sent   7  not sent: could not reach the server

With --output json, standard output holds one JSON document: the result, or {\"error\": …} (docs/json-output.md).";

/// Messages, media, templates, webhooks and blocking on 360dialog's WhatsApp APIs.
///
/// Four systems: 360dialog Cloud, Meta Graph, On-Premise (shut by Meta on 2025-10-23) and the Partner API.
#[derive(Debug, Parser)]
#[command(name = "d360", version, after_help = AFTER_HELP, max_term_width = 100)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, ClapArgs)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Which system to speak to; Cloud, where a verb works on several
    #[arg(long, global = true, value_name = "SYSTEM")]
    pub(crate) api: Option<ApiName>,
    /// The number's ID at Meta, for --api graph
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) phone_number_id: Option<String>,
    /// The number's WhatsApp Business Account (Messaging account) at Meta, for templates on --api graph
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) waba_id: Option<String>,
    /// The version of the Graph API, for --api graph [default: v25.0]
    #[arg(long, global = true, value_name = "vN.N")]
    pub(crate) graph_version: Option<String>,
    /// The partner, for --api partner
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) partner_id: Option<String>,
    /// The partner's channel, for --api partner
    #[arg(long, global = true, value_name = "ID")]
    pub(crate) channel_id: Option<String>,
    /// Another scheme, host and port, such as a sandbox's: https, or http on this machine. What the system puts before its
    /// paths (/v1, …) is still appended [env: D360_BASE_URL]
    // Not by clap, which would show it as required in the usage of every mistake.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) base_url: Option<String>,
    /// Read the API key from a file that only its owner can read, or from standard input (-)
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) key_file: Option<PathBuf>,
    /// Use this profile; none for no profile [env: D360_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Print results and errors only: no notes, no advice, no progress
    #[arg(long, short, global = true, conflicts_with = "verbose")]
    pub(crate) quiet: bool,
    /// Print each request and response to standard error; the key and phone numbers are masked
    #[arg(long, short, global = true)]
    pub(crate) verbose: bool,
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: ColorChoice,
    /// Use the blocking transport (ureq) instead of the async one (reqwest)
    #[arg(long, global = true)]
    pub(crate) blocking: bool,
    /// How to print results
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text")]
    pub(crate) output: Format,
    /// Refuse what the documents advise against, as if it were an error
    #[arg(long, global = true)]
    pub(crate) strict: bool,
    /// Seconds for each attempt
    #[arg(long, global = true, value_name = "SECONDS", default_value = "30", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
    /// Seconds for a whole call: its attempts, and the waits between them
    #[arg(long, global = true, value_name = "SECONDS", value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) deadline: Option<u64>,
    /// Send nothing again after a failure
    #[arg(long, global = true)]
    pub(crate) no_retry: bool,
    /// Go through this proxy instead of the one that HTTPS_PROXY and NO_PROXY name; none for no proxy at all
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) proxy: Option<String>,
    /// Trust the CA certificates of this PEM file alone
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Where the base URL comes from.
    #[arg(skip)]
    pub(crate) base_url_from: Origin,
    /// The profile in use, whose settings stand in the fields above.
    #[arg(skip)]
    pub(crate) active: Option<Active>,
    /// Messages per second of the number, if another rate than the default is set.
    #[arg(skip)]
    pub(crate) messages_per_second: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ApiName {
    /// 360dialog Cloud
    Cloud,
    /// Meta's own Cloud API
    Graph,
    /// On-Premise, which Meta shut on 2025-10-23
    Onprem,
    /// 360dialog's Partner API
    Partner,
}

impl ApiName {
    /// As `--api` takes it.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cloud => "cloud",
            Self::Graph => "graph",
            Self::Onprem => "onprem",
            Self::Partner => "partner",
        }
    }
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON document
    Json,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Show it at work: starts a sandbox, sends a card and a place to it, blocks and unblocks a user
    Demo,
    /// Start a local server that behaves as 360dialog does
    Sandbox(Sandbox),
    /// Send a message
    #[command(subcommand)]
    Send(Send),
    /// Mark a message as read
    Read(Read),
    /// Block, unblock and list users
    #[command(subcommand)]
    Block(Block),
    /// Ask whether numbers are on WhatsApp (On-Premise)
    #[command(subcommand)]
    Contacts(ContactsVerb),
    /// The channels of a partner (Partner API)
    #[command(subcommand)]
    Channels(Channels),
    /// vCard files to contact cards, and back
    #[command(subcommand)]
    Vcard(Vcard),
    /// Upload, look up, download and delete files
    #[command(subcommand)]
    Media(MediaVerb),
    /// List, hand in and delete templates
    #[command(subcommand)]
    Templates(Templates),
    /// Tell whether messages can be sent, and what keeps them back (Cloud)
    Health,
    /// What comes back: messages and statuses by webhook
    #[command(subcommand)]
    Webhook(Webhook),
    /// Speak On-Premise to old programs and Cloud to 360dialog: an old program works on unchanged
    Gateway(Gateway),
    /// Move an old program to Cloud: translate its payloads, carry its list of blocked users over, check what has to change
    #[command(subcommand)]
    Migrate(Migrate),
    /// Manage profiles: settings and keys of numbers, kept in a file
    #[command(subcommand)]
    Profile(Profile),
    /// Print which number, system and key a command uses
    Whoami(Whoami),
    /// Explain an error code, or those whose text holds a word: what it means and what to do
    Errors(Errors),
    /// Write man pages into a folder, one a verb
    Man(Man),
    /// Print the completions of a shell, for its startup file
    Completions(Completions),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Man {
    /// It is made where it is not there; pages of these names in it are overwritten
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Completions {
    #[arg(value_name = "SHELL")]
    pub(crate) shell: clap_complete::Shell,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Errors {
    /// A code such as 131047, or a text such as re-engagement; all codes without one
    #[arg(value_name = "CODE|TEXT")]
    pub(crate) what: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ContactsVerb {
    /// Ask whether numbers are on WhatsApp. Cloud has no such call
    Check(Check),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    /// Numbers in any form
    #[arg(value_name = "NUMBER", required = true)]
    pub(crate) numbers: Vec<String>,
    /// Do not wait: an answer may be `processing`
    #[arg(long)]
    pub(crate) no_wait: bool,
    /// Pass by the cache of seven days
    #[arg(long)]
    pub(crate) force_check: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Channels {
    /// List them all
    List(BlockList),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Sandbox {
    /// Where to listen; port 0 for any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4360")]
    pub(crate) listen: String,
    /// Leave user IDs out of webhooks, as before April 2026
    ///
    /// Since April 2026 webhooks name the business-scoped user ID of every user: contacts[].user_id, from_user_id,
    /// recipient_user_id, and contacts beside statuses. Users without a number keep theirs.
    #[arg(long)]
    pub(crate) without_user_ids: bool,
    /// Write characters outside ASCII in webhooks as \uXXXX; signatures are over what is sent
    #[arg(long)]
    pub(crate) escape_unicode: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Send {
    /// Send 1 to 257 contact cards
    Contacts(Contacts),
    /// Send a place
    Location(Location),
    #[command(flatten)]
    Other(Content),
    /// Send a whole message body, as the API documents it
    Raw(Raw),
}

/// What has a verb of its own beside cards and places.
#[derive(Debug, Subcommand)]
pub(crate) enum Content {
    /// Send text
    Text(Text),
    /// Send an image: JPEG or PNG, up to 5 MB
    Image(Captioned),
    /// Send a video: MP4 or 3GPP, up to 16 MB
    Video(Captioned),
    /// Send audio, or a voice message
    Audio(Audio),
    /// Send a document, up to 100 MB
    Document(Document),
    /// Send a sticker: WebP
    Sticker(Media),
    /// Put an emoji on a message, or take it back
    Reaction(Reaction),
    /// Send a template, which needs no open window
    Template(Template),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct To {
    /// Recipient: a phone number with + and country code, a WhatsApp ID (…@s.whatsapp.net), a BSUID, or group:ID
    ///
    /// A number with neither + nor 00 is refused: the API would add the business's own country code. Write national:NUMBER if
    /// that is meant. With --api onprem, digits alone are a WhatsApp ID.
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) to: String,
    /// The message that this replies to
    #[arg(long, value_name = "WAMID")]
    pub(crate) reply_to: Option<String>,
    /// Comes back in every status webhook of the message; up to 512 characters
    #[arg(long, value_name = "TEXT")]
    pub(crate) callback_data: Option<String>,
    /// Send by Direct Send, which needs no template and no open window (beta): utility or authentication
    #[arg(long, value_name = "CATEGORY")]
    pub(crate) category: Option<String>,
    /// Seconds for which delivery is tried, for Direct Send: 30 to 43200 (utility) or 900 (authentication)
    #[arg(long, value_name = "SECONDS", requires = "category")]
    pub(crate) ttl_seconds: Option<u32>,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct DryRun {
    /// Print the exact request, the key masked, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("cards").args(["card", "vcard"]).required(true).multiple(true)))]
pub(crate) struct Contacts {
    #[command(flatten)]
    pub(crate) to: To,
    /// A contact object, or a list of them, as JSON (- for standard input)
    #[arg(long, value_name = "FILE.json")]
    pub(crate) card: Vec<PathBuf>,
    /// The cards of a vCard file (- for standard input)
    #[arg(long, value_name = "FILE.vcf")]
    pub(crate) vcard: Vec<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Location {
    #[command(flatten)]
    pub(crate) to: To,
    /// Degrees north, -90 to 90
    #[arg(long, value_name = "DEGREES", allow_hyphen_values = true)]
    pub(crate) latitude: String,
    /// Degrees east, -180 to 180
    #[arg(long, value_name = "DEGREES", allow_hyphen_values = true)]
    pub(crate) longitude: String,
    /// What the place is called
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Where it is, in words; shown only under a name
    #[arg(long)]
    pub(crate) address: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Text {
    #[command(flatten)]
    pub(crate) to: To,
    /// The text, up to 4,096 characters (- for standard input)
    #[arg(value_name = "TEXT")]
    pub(crate) body: String,
    /// Show a preview of the first URL
    #[arg(long)]
    pub(crate) preview_url: bool,
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("source").args(["id", "link"]).required(true)))]
pub(crate) struct Media {
    #[command(flatten)]
    pub(crate) to: To,
    /// A file that was uploaded
    #[arg(long, value_name = "MEDIA_ID")]
    pub(crate) id: Option<String>,
    /// A file on a public server, which WhatsApp fetches
    #[arg(long, value_name = "URL")]
    pub(crate) link: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Captioned {
    #[command(flatten)]
    pub(crate) media: Media,
    /// Text below it, up to 1,024 characters
    #[arg(long, value_name = "TEXT")]
    pub(crate) caption: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Audio {
    #[command(flatten)]
    pub(crate) media: Media,
    /// Show it as a voice message (Ogg with Opus alone)
    #[arg(long)]
    pub(crate) voice: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Document {
    #[command(flatten)]
    pub(crate) captioned: Captioned,
    /// The name that it is shown and saved under
    #[arg(long, value_name = "NAME")]
    pub(crate) filename: Option<String>,
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("what").args(["emoji", "remove"]).required(true)))]
pub(crate) struct Reaction {
    #[command(flatten)]
    pub(crate) to: To,
    /// The message to put it on
    #[arg(long, value_name = "WAMID")]
    pub(crate) message: String,
    /// One emoji
    #[arg(long, value_name = "EMOJI")]
    pub(crate) emoji: Option<String>,
    /// Take an earlier one back
    #[arg(long)]
    pub(crate) remove: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Template {
    #[command(flatten)]
    pub(crate) to: To,
    /// The template's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Its language
    #[arg(long, value_name = "CODE", default_value = "en_US")]
    pub(crate) language: String,
    /// The namespace of the account's templates (On-Premise)
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// A text for the next place of its body; may stand several times
    #[arg(long, value_name = "TEXT")]
    pub(crate) body: Vec<String>,
    /// Its components as the API documents them: a list as JSON (- for standard input)
    #[arg(long, value_name = "FILE.json", conflicts_with = "body")]
    pub(crate) components: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Read {
    /// The message, and every one before it in the chat
    #[arg(value_name = "WAMID")]
    pub(crate) message: String,
    /// Show that an answer is being typed
    #[arg(long)]
    pub(crate) typing: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Raw {
    /// The body (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Send it as it stands, for what is newer than this version: nothing is checked, added or left out (Cloud and Graph)
    #[arg(long)]
    pub(crate) unchecked: bool,
    #[command(flatten)]
    pub(crate) dry_run: DryRun,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Block {
    /// Block users, who must have written within the last 24 hours
    Add(BlockAdd),
    /// Unblock users
    Remove(Users),
    /// List the blocked users, all pages
    List(BlockList),
    /// Report a user to WhatsApp (On-Premise)
    Report(Report),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BlockAdd {
    #[command(flatten)]
    pub(crate) users: Users,
    /// Why, in 1 to 59 characters; used where another business account is blocked (On-Premise)
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Report {
    /// A phone number with + and country code, or a WhatsApp ID
    #[arg(value_name = "USER")]
    pub(crate) user: String,
    /// Why, in 1 to 59 characters; used where another business account is reported
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: Option<String>,
    /// Block the user as well
    #[arg(long)]
    pub(crate) block: bool,
    /// The message that is reported; without one, the last five are sent to WhatsApp
    #[arg(long, value_name = "ID")]
    pub(crate) message_id: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Users {
    /// Phone numbers with + and country code, JIDs (…@s.whatsapp.net) or BSUIDs
    #[arg(value_name = "USER", required_unless_present = "file")]
    pub(crate) users: Vec<String>,
    /// Users from a file, one a line, # begins a comment (- for standard input)
    #[arg(long, value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BlockList {
    /// Items a page; the list always runs to its end
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
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
    /// The file (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}
