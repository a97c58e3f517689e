//! Moving from On-Premise to Cloud: the gateway, and `migrate`.
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
#[command(subcommand_value_name = "VERB", subcommand_help_heading = "Verbs for a gateway that runs")]
pub(crate) struct Gateway {
    #[command(subcommand)]
    pub(crate) verb: Option<GatewayVerb>,
    /// Where old programs find it [default: 127.0.0.1:8080]
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) listen: Option<String>,
    /// The file that holds what has to outlive the process [default: d360-gateway.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Where the old program takes webhooks
    #[arg(long, value_name = "URL")]
    pub(crate) webhook_to: Option<String>,
    /// Take webhooks of Cloud only with the secret (D360_WEBHOOK_SECRET or --secret-file) in this header, which `webhook config set`
    /// named. Without it, they are taken from whatever connects from this machine, a proxy on it included
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_header: Option<String>,
    /// Read the secret from a file that only its owner can read, or from standard input (-), instead of D360_WEBHOOK_SECRET
    #[arg(long, value_name = "FILE", requires = "secret_header")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Messages a second that the number may send [default: 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) messages_per_second: Option<u32>,
    /// Give ids of messages a form without . + / =
    #[arg(long)]
    pub(crate) old_ids: bool,
    /// Forward messages of types that On-Premise never had with their own type, instead of as `unknown` with error 501
    #[arg(long)]
    pub(crate) pass_new_types: bool,
    /// The operations port, where /healthz, /readyz and /metrics need no key
    #[arg(long, global = true, value_name = "ADDRESS")]
    pub(crate) metrics_listen: Option<String>,
    /// Settings in TOML, of several numbers for example; flags win
    #[arg(long, global = true, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GatewayVerb {
    /// Manage webhooks that wait for the old program
    ///
    /// The gateway is found by the flags that it was started with (--config, --metrics-listen or --listen), or by --url. The key is
    /// the number's: D360_API_KEY, --key-file, or what the configuration names.
    Waiting(Held),
    /// Manage webhooks that the old program refused or failed on for too long
    ///
    /// The gateway is found by the flags that it was started with (--config, --metrics-listen or --listen), or by --url. The key is
    /// the number's: D360_API_KEY, --key-file, or what the configuration names.
    Aside(Held),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Held {
    #[command(subcommand)]
    pub(crate) verb: Option<HeldVerb>,
    /// The gateway's URL: https, or http on this machine
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// One number of --config alone
    #[arg(long, global = true, value_name = "NAME", requires = "config")]
    pub(crate) number: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HeldVerb {
    /// List them, the oldest first (the default)
    List {
        /// Those of one user alone
        #[arg(long, value_name = "USER")]
        user: Option<String>,
    },
    /// Show one with its body
    Show {
        /// Its id in the list
        #[arg(value_name = "ID")]
        id: u64,
    },
    /// Deliver them again now, before newer ones of the same user
    Retry(Chosen),
    /// Delete them: they are never delivered
    Drop(Chosen),
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub(crate) struct Chosen {
    /// Their ids in the list
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<u64>,
    /// All of one user
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// All
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// On-Premise's requests or webhooks as Cloud's, with notes of what is changed, assumed, lost or refused
    Translate(Translate),
    /// The list of blocked users
    #[command(subcommand)]
    Blocklist(Blocklist),
    /// Read what an old program sends and tells: what works as it is through the gateway, what has to change, and into what
    Check(Check),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Translate {
    /// One JSON document, or several, one a line or not (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// What they are; it is told by their properties, if nothing is said
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<TranslateKind>,
    /// The account (WABA) that webhooks of Cloud name
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// The number's ID at Meta that webhooks of Cloud name
    #[arg(long, value_name = "ID", requires = "display_phone_number")]
    pub(crate) number_id: Option<String>,
    /// The number that webhooks of Cloud name
    #[arg(long, value_name = "NUMBER", requires = "number_id")]
    pub(crate) display_phone_number: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TranslateKind {
    /// Bodies of POST /v1/messages
    Message,
    /// Bodies of webhooks
    Webhook,
    /// Any call, as {"method", "path", "body"}; what comes out is a list of Cloud's calls
    Call,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Blocklist {
    /// Print the users whom On-Premise (--api onprem) or Cloud has blocked, one a line
    Export(BlocklistExport),
    /// Block the users of a list on Cloud, as many a call as it takes
    Import(BlocklistImport),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BlocklistExport {
    /// Users a page; the list always runs to its end
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BlocklistImport {
    /// A list of On-Premise as JSON, or users one a line, # begins a comment (- for standard input)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Keep here who was done; run again with the same file, only the others are tried
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    /// Payloads as JSON, templates, a Postman collection, or a folder of them
    #[arg(value_name = "DIR|FILE")]
    pub(crate) path: PathBuf,
}
