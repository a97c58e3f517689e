//! `d360 send` and `d360 read`.
use clap::{ArgGroup, Args, Subcommand};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Send {
    #[command(flatten)]
    Other(Content),
    /// Send 1 to 257 contact cards
    #[command(aliases = ["contact", "card", "cards"])]
    Contacts(Contacts),
    /// Send a location
    Location(Location),
    /// Send a message body as the API documents it
    Raw(Raw),
}

/// Messages other than contact cards and locations.
#[derive(Debug, Subcommand)]
pub(crate) enum Content {
    /// Send a text message
    Text(Text),
    /// Send an image: JPEG or PNG, up to 5 MB
    Image(Captioned),
    /// Send a video: MP4 or 3GPP, up to 16 MB
    Video(Captioned),
    /// Send an audio file or a voice message, up to 16 MB
    Audio(Audio),
    /// Send a document, up to 100 MB
    Document(Document),
    /// Send a sticker: WebP, up to 500 KB
    Sticker(Media),
    /// React to a message with an emoji, or remove the reaction
    Reaction(Reaction),
    /// Send a template; needs no open 24-hour window
    Template(Template),
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("recipients").args(["to", "to_file"]).required(true).multiple(true)))]
pub(crate) struct To {
    /// Number with +, WhatsApp ID, BSUID or group:ID
    ///
    /// A WhatsApp ID is written as 16505551234@s.whatsapp.net. A number with neither + nor 00 is refused, because the API
    /// would add the business's own country code; write national:NUMBER if that is meant. With --api onprem, digits alone
    /// are a WhatsApp ID. May be given several times. A recipient given twice gets the message once.
    #[arg(long, value_name = "RECIPIENT")]
    pub(crate) to: Vec<String>,
    /// File with a recipient per line (- for stdin)
    ///
    /// # starts a comment. All recipients are checked before anything is sent. Prints one line per recipient with its outcome.
    #[arg(long, value_name = "FILE")]
    pub(crate) to_file: Option<PathBuf>,
    /// Stop after the first recipient that fails
    #[arg(long, hide_short_help = true)]
    pub(crate) fail_fast: bool,
    /// Message that this one replies to
    #[arg(long, value_name = "WAMID")]
    pub(crate) reply_to: Option<String>,
    /// Text returned in each status webhook
    ///
    /// Up to 512 characters (biz_opaque_callback_data).
    #[arg(long, value_name = "TEXT")]
    pub(crate) callback_data: Option<String>,
    /// Direct Send: utility or authentication
    ///
    /// Direct Send (beta) needs neither a template nor an open 24-hour window.
    #[arg(long, value_name = "CATEGORY")]
    pub(crate) category: Option<String>,
    /// Direct Send: time limit for the delivery
    ///
    /// 30 to 43200 (utility) or 900 (authentication).
    #[arg(long, value_name = "SECONDS", requires = "category")]
    pub(crate) ttl_seconds: Option<u32>,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

#[derive(Debug, Args)]
pub(crate) struct Sending {
    /// Print the request, key masked, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Wait until the message is delivered or fails
    ///
    /// The status arrives by webhook. Run `d360 webhook listen` on this machine and point the number's webhook at it;
    /// statuses of `d360 sandbox` arrive without a listener. The exit code is 0 for delivered, 4 for failed, and 5 if no
    /// status arrives in time.
    #[arg(long, conflicts_with = "dry_run")]
    pub(crate) wait: bool,
    /// How long to wait after the message was accepted [default: 60]
    #[arg(long, value_name = "SECONDS", requires = "wait", hide_short_help = true, value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) wait_timeout: Option<u64>,
    /// Rate limit of the number [default: 80]
    ///
    /// Shared by all processes on this machine, in one file per number in ~/.local/state/d360/rate.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) messages_per_second: Option<u32>,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("cards").args(["card", "vcard"]).required(true).multiple(true)))]
pub(crate) struct Contacts {
    /// One contact or a list as JSON (- for stdin)
    #[arg(long, value_name = "FILE.json")]
    pub(crate) card: Vec<PathBuf>,
    /// Contacts of a vCard file (- for stdin)
    #[arg(long, value_name = "FILE.vcf")]
    pub(crate) vcard: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) to: To,
}

#[derive(Debug, Args)]
pub(crate) struct Location {
    /// Degrees north, -90 to 90
    #[arg(long, alias = "lat", value_name = "DEGREES", allow_hyphen_values = true)]
    pub(crate) latitude: String,
    /// Degrees east, -180 to 180
    #[arg(long, aliases = ["lon", "lng", "long"], value_name = "DEGREES", allow_hyphen_values = true)]
    pub(crate) longitude: String,
    /// Name of the place
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Address, shown only with a name
    #[arg(long)]
    pub(crate) address: Option<String>,
    #[command(flatten)]
    pub(crate) to: To,
}

#[derive(Debug, Args)]
pub(crate) struct Text {
    /// Text, up to 4,096 characters (- for stdin)
    #[arg(value_name = "TEXT")]
    pub(crate) body: String,
    /// Show a preview of the first URL
    #[arg(long)]
    pub(crate) preview_url: bool,
    #[command(flatten)]
    pub(crate) to: To,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("source").args(["file", "id", "link"]).required(true)))]
pub(crate) struct Media {
    /// File to upload and send
    ///
    /// The type is detected from the content. A public URL is treated as --link.
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,
    /// Media ID of an uploaded file
    #[arg(long, value_name = "MEDIA_ID")]
    pub(crate) id: Option<String>,
    /// URL of a public file, fetched by WhatsApp
    #[arg(long, value_name = "URL")]
    pub(crate) link: Option<String>,
    #[command(flatten)]
    pub(crate) to: To,
}

#[derive(Debug, Args)]
pub(crate) struct Captioned {
    /// Caption, up to 1,024 characters
    #[arg(long, value_name = "TEXT")]
    pub(crate) caption: Option<String>,
    #[command(flatten)]
    pub(crate) media: Media,
}

#[derive(Debug, Args)]
pub(crate) struct Audio {
    /// Show it as a voice message (Ogg with Opus)
    #[arg(long)]
    pub(crate) voice: bool,
    #[command(flatten)]
    pub(crate) media: Media,
}

#[derive(Debug, Args)]
pub(crate) struct Document {
    /// File name shown to the recipient
    #[arg(long, value_name = "NAME")]
    pub(crate) filename: Option<String>,
    #[command(flatten)]
    pub(crate) captioned: Captioned,
}

#[derive(Debug, Args)]
#[command(group(ArgGroup::new("what").args(["emoji", "named", "remove"]).required(true)))]
pub(crate) struct Reaction {
    /// One emoji
    #[arg(value_name = "EMOJI")]
    pub(crate) emoji: Option<String>,
    /// Same as EMOJI
    #[arg(long = "emoji", value_name = "EMOJI", hide = true)]
    pub(crate) named: Option<String>,
    /// Message to react to
    #[arg(long, value_name = "WAMID")]
    pub(crate) message: String,
    /// Remove an earlier reaction
    #[arg(long)]
    pub(crate) remove: bool,
    #[command(flatten)]
    pub(crate) to: To,
}

#[derive(Debug, Args)]
pub(crate) struct Template {
    /// Template name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Texts for the placeholders in the body
    #[arg(value_name = "TEXT")]
    pub(crate) texts: Vec<String>,
    /// Template language
    #[arg(long, alias = "lang", value_name = "CODE", default_value = "en_US")]
    pub(crate) language: String,
    /// Template namespace (On-Premise)
    #[arg(long, value_name = "NAMESPACE")]
    pub(crate) namespace: Option<String>,
    /// Text of the next placeholder, same as TEXT
    #[arg(long, value_name = "TEXT")]
    pub(crate) body: Vec<String>,
    /// List of components as JSON (- for stdin)
    #[arg(long, value_name = "FILE.json", conflicts_with_all = ["body", "texts"])]
    pub(crate) components: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) to: To,
}

#[derive(Debug, Args)]
pub(crate) struct Raw {
    /// Message body as JSON (- for stdin)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Send the body unchanged and unchecked (Cloud, Graph)
    ///
    /// For message types newer than this version.
    #[arg(long)]
    pub(crate) unchecked: bool,
    #[command(flatten)]
    pub(crate) sending: Sending,
}

#[derive(Debug, Args)]
pub(crate) struct Read {
    /// Message ID; earlier messages of the chat are marked too
    #[arg(value_name = "WAMID")]
    pub(crate) message: String,
    /// Show a typing indicator
    #[arg(long)]
    pub(crate) typing: bool,
}
