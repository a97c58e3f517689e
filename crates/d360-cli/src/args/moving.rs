//! `d360 gateway` and `d360 migrate`, for the move from On-Premise to Cloud.
use clap::{Args as ClapArgs, Subcommand, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, ClapArgs)]
#[command(subcommand_value_name = "COMMAND", subcommand_help_heading = "Commands for a running gateway")]
pub(crate) struct Gateway {
    #[command(subcommand)]
    pub(crate) verb: Option<GatewayVerb>,
    /// Address or port [default: 127.0.0.1:8080]
    #[arg(long, alias = "port", global = true, value_name = "ADDRESS", value_parser = super::address)]
    pub(crate) listen: Option<String>,
    /// State file [default: d360-gateway.db]
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// URL of the old program's webhook
    #[arg(long, value_name = "URL")]
    pub(crate) webhook_to: Option<String>,
    /// Header with the secret in Cloud webhooks
    ///
    /// Use the header given to `d360 webhook config set --secret-header`. The secret comes from D360_WEBHOOK_SECRET
    /// or --secret-file. Without this option, webhooks are accepted from every connection from this machine,
    /// including a local proxy's.
    #[arg(long, value_name = "NAME")]
    pub(crate) secret_header: Option<String>,
    /// File with the secret
    ///
    /// Used instead of D360_WEBHOOK_SECRET. The file must be readable by its owner only. - reads standard input.
    #[arg(long, value_name = "FILE", requires = "secret_header")]
    pub(crate) secret_file: Option<PathBuf>,
    /// Rate limit of the number [default: 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) messages_per_second: Option<u32>,
    /// Return message IDs without . + / =
    #[arg(long)]
    pub(crate) old_ids: bool,
    /// Forward message types On-Premise did not have
    ///
    /// By default they are forwarded as `unknown` with error 501.
    #[arg(long)]
    pub(crate) pass_new_types: bool,
    /// Address of /healthz, /readyz, /metrics
    ///
    /// These endpoints need no key.
    #[arg(long, global = true, value_name = "ADDRESS", value_parser = super::address)]
    pub(crate) metrics_listen: Option<String>,
    /// Configuration file, for several numbers
    ///
    /// Options override it.
    #[arg(long, global = true, value_name = "FILE.toml")]
    pub(crate) config: Option<PathBuf>,
    /// Print a configuration file with every key
    ///
    /// Lists every key with its default and a description. For example: d360 gateway --print-config > gateway.toml
    #[arg(long, conflicts_with_all = ["config", "listen", "state", "webhook_to", "secret_header", "messages_per_second", "old_ids",
        "pass_new_types", "metrics_listen"])]
    pub(crate) print_config: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum GatewayVerb {
    /// Check whether the gateway can accept webhooks
    ///
    /// Exits with 0 if it can and 1 if not, for health checks of containers and load balancers. Give the options that the
    /// gateway was started with (--config, --metrics-listen or --listen), or --url. The operations port needs no key.
    Ready(Ready),
    /// Manage webhooks waiting for the old program
    ///
    /// Give the options that the gateway was started with (--config, --metrics-listen or --listen), or --url. The number's
    /// key is used: D360_API_KEY, --key-file, or the one in the configuration.
    Waiting(Held),
    /// Manage webhooks that the old program refused
    ///
    /// Give the options that the gateway was started with (--config, --metrics-listen or --listen), or --url. The number's
    /// key is used: D360_API_KEY, --key-file, or the one in the configuration.
    Aside(Held),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Ready {
    /// URL of the gateway: https, or http on this machine
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Held {
    #[command(subcommand)]
    pub(crate) verb: Option<HeldVerb>,
    /// URL of the gateway
    ///
    /// https, or http on this machine.
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Only this number from --config
    #[arg(long, global = true, value_name = "NAME", requires = "config")]
    pub(crate) number: Option<String>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum HeldVerb {
    /// List webhooks, oldest first (the default)
    List {
        /// Only webhooks of this user
        #[arg(long, value_name = "USER")]
        user: Option<String>,
    },
    /// Show a webhook with its body
    Show {
        /// ID of the webhook in the list
        #[arg(value_name = "ID")]
        id: u64,
    },
    /// Deliver webhooks now, before newer ones of the same user
    Retry(Chosen),
    /// Delete webhooks without delivering them
    Drop(Chosen),
}

#[derive(Debug, ClapArgs)]
#[group(required = true, multiple = false)]
pub(crate) struct Chosen {
    /// IDs of webhooks in the list
    #[arg(value_name = "ID")]
    pub(crate) ids: Vec<u64>,
    /// All webhooks of this user
    #[arg(long, value_name = "USER")]
    pub(crate) user: Option<String>,
    /// All webhooks
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Migrate {
    /// Translate On-Premise requests or webhooks to Cloud
    ///
    /// Notes on standard error report what was changed, assumed, lost or refused.
    Translate(Translate),
    /// Export and import the list of blocked users
    #[command(subcommand)]
    Blocklist(Blocklist),
    /// Record what an old program sends, as a proxy in front of its API
    ///
    /// Point the program's base URL at this proxy. Each call is forwarded to --to once, unchanged, and written to FOLDER.
    /// `d360 migrate check FOLDER` reads it. Of calls with the same form, only the first three are written; --all writes all.
    ///
    /// FOLDER holds personal data: phone numbers, names and texts. Only its owner can read the file in it. Headers are not
    /// written. Passwords, tokens and other secrets in bodies and queries are masked. Delete the folder after the check.
    Record(Record),
    /// Report what an old program has to change
    ///
    /// Reads JSON payloads, recorded calls (`d360 migrate record`), templates, Postman collections and source code. Lists each
    /// call, whether it works through the gateway, and its Cloud equivalent. Reports every skipped file and the reason.
    Check(Check),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Translate {
    /// One or more JSON documents (- for stdin)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// Kind of document [default: from its properties]
    #[arg(long, value_name = "KIND")]
    pub(crate) kind: Option<TranslateKind>,
    /// Account (WABA) ID to put into webhooks
    #[arg(long, value_name = "ID")]
    pub(crate) account: Option<String>,
    /// Phone number ID to put into webhooks
    #[arg(long, value_name = "ID", requires = "display_phone_number")]
    pub(crate) number_id: Option<String>,
    /// Phone number to put into webhooks
    #[arg(long, value_name = "NUMBER", requires = "number_id")]
    pub(crate) display_phone_number: Option<String>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum TranslateKind {
    /// Bodies of POST /v1/messages
    Message,
    /// Bodies of webhooks
    Webhook,
    /// Any call, as {"method", "path", "body"}; prints a list of calls
    Call,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Blocklist {
    /// Print blocked users of On-Premise (--api onprem) or Cloud
    Export(BlocklistExport),
    /// Block the users of a list on Cloud
    Import(BlocklistImport),
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BlocklistExport {
    /// Users per request; all pages are read
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct BlocklistImport {
    /// On-Premise list as JSON, or one user per line (- for stdin)
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// File that records done users; a second run skips them
    #[arg(long, value_name = "FILE")]
    pub(crate) journal: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Record {
    /// Folder for the recorded calls; created if missing
    #[arg(value_name = "FOLDER")]
    pub(crate) folder: PathBuf,
    /// Server to forward to: On-Premise, `d360 gateway` or `d360 sandbox`
    #[arg(long, value_name = "URL")]
    pub(crate) to: String,
    /// Address or port to listen on; port 0 picks a free one
    #[arg(long, alias = "port", value_name = "ADDRESS", default_value = "127.0.0.1:8081", value_parser = super::address)]
    pub(crate) listen: String,
    /// Write every call, not only the first three of each form
    #[arg(long)]
    pub(crate) all: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Check {
    /// Source code, JSON payloads, or a folder with them
    #[arg(value_name = "DIR|FILE")]
    pub(crate) path: PathBuf,
}
