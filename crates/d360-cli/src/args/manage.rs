//! `d360 media`, `d360 templates` and `d360 webhook`.
use clap::{ArgGroup, Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Media {
    /// Upload a file and print its media ID, valid for 30 days
    Upload(Upload),
    /// Show the type, size and URL of a file
    Info(MediaId),
    /// Download a file
    Download(Download),
    /// Delete a file
    #[command(alias = "rm")]
    Delete(MediaId),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Upload {
    /// Image, video, audio, document or sticker
    ///
    /// Size limits: images 5 MB, audio and video 16 MB, documents 100 MB, stickers 500 KB.
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// MIME type [default: from content or extension]
    #[arg(long = "type", value_name = "MIME")]
    pub(crate) mime: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MediaId {
    /// Media ID from an upload or a webhook
    #[arg(value_name = "MEDIA_ID")]
    pub(crate) id: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Download {
    /// Media ID, or URL from a webhook
    #[arg(value_name = "MEDIA_ID|URL")]
    pub(crate) what: String,
    /// Path to write to [default: ID and extension]
    ///
    /// An existing file is never replaced.
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Templates {
    /// List all templates
    #[command(alias = "ls")]
    List(TemplateList),
    /// Submit a template for review
    #[command(alias = "submit")]
    Create(TemplateFile),
    /// Delete a template in all languages or in one
    #[command(alias = "rm")]
    Delete(TemplateName),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TemplateList {
    /// Templates per request; all pages are read
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// Only templates of this name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Only templates with this status: APPROVED, …
    #[arg(long)]
    pub(crate) status: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TemplateFile {
    /// Template as JSON (- for stdin)
    ///
    /// The template as the API documents it, for example:
    ///
    /// {"name": "order_shipped", "language": "en_US", "category": "UTILITY",
    ///  "components": [{"type": "BODY", "text": "Your order {{1}} has shipped.",
    ///  "example": {"body_text": [["A7"]]}}]}
    #[arg(value_name = "FILE.json")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TemplateName {
    /// Template name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Only the template with this ID (one language)
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Webhook {
    /// Print the events of saved webhooks, one JSON document per line
    ///
    /// Reads webhooks of Cloud and On-Premise. Phone numbers are printed in full.
    Parse(Parse),
    /// Receive webhooks and print their events, one JSON document per line
    ///
    /// If D360_VERIFY_TOKEN is set, Meta's verification request (hub.challenge) is answered too.
    Listen(Listen),
    /// Check the signature of a saved webhook
    Verify(Verify),
    /// Show or set the webhook URL of the number or account
    #[command(subcommand)]
    Config(Config),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Parse {
    /// One or more webhook bodies as JSON (- for stdin)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signer {
    /// Meta: X-Hub-Signature-256, computed with the app secret
    App,
    /// 360dialog to partners: x-360dialog-signature, computed with the platform secret
    Platform,
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("proof").args(["signed_by", "secret_header"])))]
pub(crate) struct Listen {
    /// Address or port; port 0 picks a free one
    #[arg(long, alias = "port", value_name = "ADDRESS", default_value = "127.0.0.1:4370", value_parser = super::address)]
    pub(crate) listen: String,
    /// Accept only webhooks signed by this sender
    #[arg(long, value_name = "WHO", conflicts_with = "secret_header")]
    pub(crate) signed_by: Option<Signer>,
    /// Accept only webhooks with this header
    ///
    /// Its value must be the secret. Use the header given to `d360 webhook config set --secret-header`.
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_header: Option<String>,
    /// File with the secret
    ///
    /// Used instead of D360_WEBHOOK_SECRET. The file must be readable by its owner only. - reads standard input.
    #[arg(long, value_name = "FILE", requires = "proof")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Forward each webhook unchanged to this URL
    ///
    /// If the URL refuses a webhook or does not answer within 4 seconds, this command refuses it too. 360dialog then
    /// delivers it again.
    #[arg(long, value_name = "URL")]
    pub(crate) forward_to: Option<String>,
    /// Stop after this many webhooks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Verify {
    /// File with the exact body (- for stdin)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Who signed the webhook
    #[arg(long, value_name = "WHO")]
    pub(crate) signed_by: Signer,
    /// Signature from the header, with or without sha256=
    #[arg(long, value_name = "HEX")]
    pub(crate) signature: String,
    /// File with the secret
    ///
    /// Used instead of D360_WEBHOOK_SECRET. The file must be readable by its owner only. - reads standard input.
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Show the webhook URL; header values are masked
    Get(ConfigGet),
    /// Set the webhook URL
    Set(ConfigSet),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ConfigGet {
    /// Use the account (WABA), not the number
    #[arg(long)]
    pub(crate) account: bool,
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("whole").args(["override_all"]).requires("account")))]
pub(crate) struct ConfigSet {
    /// Webhook URL (https)
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// Use the account (WABA), not the number
    #[arg(long)]
    pub(crate) account: bool,
    /// Remove the URLs of the account's numbers
    #[arg(long)]
    pub(crate) override_all: bool,
    /// Header that carries the secret
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_header: Option<String>,
    /// File with the secret
    ///
    /// Used instead of D360_WEBHOOK_SECRET. The file must be readable by its owner only. - reads standard input.
    #[arg(long, value_name = "FILE", requires = "secret_header")]
    pub(crate) secret_file: Option<PathBuf>,
}
