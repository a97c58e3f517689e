//! Files, templates and webhooks.
use clap::{ArgGroup, Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Subcommand)]
pub(crate) enum Media {
    /// Upload a file, to be sent by the ID that this prints. Kept for 30 days
    Upload(Upload),
    /// Tell a file's type, length and URL
    Info(MediaId),
    /// Download a file
    Download(Download),
    /// Delete a file
    Delete(MediaId),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Upload {
    /// The file: image up to 5 MB, audio and video 16 MB, document 100 MB, sticker 500 KB
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Its MIME type, where its extension does not tell
    #[arg(long = "type", value_name = "MIME")]
    pub(crate) mime: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct MediaId {
    /// The file's ID, as an upload or a webhook told it
    #[arg(value_name = "MEDIA_ID")]
    pub(crate) id: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Download {
    /// The file's ID, or the URL that a webhook named
    #[arg(value_name = "MEDIA_ID|URL")]
    pub(crate) what: String,
    /// Where to put it; a file that is there is not replaced [default: the ID and the type's extension, in this folder]
    #[arg(long, short, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Templates {
    /// List the templates, all pages
    List(TemplateList),
    /// Hand in a template for approval
    Create(TemplateFile),
    /// Delete a template in all languages, or in one
    Delete(TemplateName),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TemplateList {
    /// Templates a page; the list always runs to its end
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// Only those of this name
    #[arg(long)]
    pub(crate) name: Option<String>,
    /// Only those that stand there, such as APPROVED
    #[arg(long)]
    pub(crate) status: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TemplateFile {
    /// The template as the API documents it: name, language, category, components (- for standard input)
    #[arg(value_name = "FILE.json")]
    pub(crate) file: PathBuf,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct TemplateName {
    /// The template's name
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Only the one of this ID, which is one language
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Webhook {
    /// Read webhooks of Cloud or On-Premise and print their events, one JSON document a line, numbers in full
    Parse(Parse),
    /// Take webhooks on this machine and print their events as they come, one JSON document a line. With a token in
    /// D360_VERIFY_TOKEN, Meta's question for it (hub.challenge) is answered too
    Listen(Listen),
    /// Check the signature of a webhook that was kept as it came
    Verify(Verify),
    /// Where the number's webhooks go, or the account's
    #[command(subcommand)]
    Config(Config),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Parse {
    /// Bodies as they were posted: a JSON document, or several, one a line or not (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Signer {
    /// X-Hub-Signature-256, by the app's secret: Meta's own webhooks
    App,
    /// x-360dialog-signature, by the platform's secret: 360dialog's webhooks to partners
    Platform,
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("proof").args(["signed_by", "secret_header"])))]
pub(crate) struct Listen {
    /// Where to listen; port 0 for any free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:4370")]
    pub(crate) listen: String,
    /// Take only what is signed with the secret
    #[arg(long, value_name = "WHO", conflicts_with = "secret_header")]
    pub(crate) signed_by: Option<Signer>,
    /// Take only what has the secret in this header, which `webhook config set` named
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_header: Option<String>,
    /// Read the secret from a file that only its owner can read, or from standard input (-), instead of D360_WEBHOOK_SECRET
    #[arg(long, value_name = "FILE", requires = "proof")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Post each webhook on to this URL, as it came. What it refuses, or does not answer within 4 seconds, is refused here too, and
    /// comes again
    #[arg(long, value_name = "URL")]
    pub(crate) forward_to: Option<String>,
    /// End after so many webhooks
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) count: Option<u64>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Verify {
    /// The body, to the last byte (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Whose signature it is
    #[arg(long, value_name = "WHO")]
    pub(crate) signed_by: Signer,
    /// The signature as its header had it, with sha256= or without
    #[arg(long, value_name = "HEX")]
    pub(crate) signature: String,
    /// Read the secret from a file that only its owner can read, or from standard input (-), instead of D360_WEBHOOK_SECRET
    #[arg(long, value_name = "FILE")]
    pub(crate) secret_file: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Tell where they go; values of headers are not shown
    Get(ConfigGet),
    /// Set where they go
    Set(ConfigSet),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ConfigGet {
    /// The account's (WABA's) instead of the number's
    #[arg(long)]
    pub(crate) account: bool,
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("whole").args(["override_all"]).requires("account")))]
pub(crate) struct ConfigSet {
    /// An https URL
    #[arg(value_name = "URL")]
    pub(crate) url: String,
    /// The account's (WABA's) instead of the number's
    #[arg(long)]
    pub(crate) account: bool,
    /// Take their own webhooks from the account's numbers
    #[arg(long)]
    pub(crate) override_all: bool,
    /// Have the secret sent back in this header with every webhook
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_header: Option<String>,
    /// Read the secret from a file that only its owner can read, or from standard input (-), instead of D360_WEBHOOK_SECRET
    #[arg(long, value_name = "FILE", requires = "secret_header")]
    pub(crate) secret_file: Option<PathBuf>,
}
