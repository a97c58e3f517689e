//! The common options. Only `d360 help options` lists them.
use crate::settings::{Active, Origin};
use clap::{Args, ColorChoice, ValueEnum};
use std::path::PathBuf;

#[derive(Debug, Args)]
pub(crate) struct Global {
    /// File with the API key, mode 0600 (- for stdin)
    #[arg(long, global = true, value_name = "FILE", help_heading = "Authentication")]
    pub(crate) key_file: Option<PathBuf>,
    /// Profile to use; none for no profile [env: D360_PROFILE]
    #[arg(long, global = true, value_name = "NAME", help_heading = "Authentication")]
    pub(crate) profile: Option<String>,

    /// API to call
    #[arg(
        long,
        global = true,
        value_name = "API",
        help_heading = "System",
        long_help = "API to call. The default is cloud, or the only API that has the command"
    )]
    pub(crate) api: Option<ApiName>,
    /// Server to call, such as a sandbox [env: D360_BASE_URL]
    ///
    /// Scheme, host and port; https, or http on this machine.
    // Not read by clap: it would show the option as required in every usage error.
    #[arg(long, global = true, value_name = "URL", help_heading = "System")]
    pub(crate) base_url: Option<String>,
    /// Phone number ID at Meta (--api graph)
    #[arg(long, global = true, value_name = "ID", help_heading = "System")]
    pub(crate) phone_number_id: Option<String>,
    /// Account ID at Meta, for templates (--api graph)
    #[arg(long, global = true, value_name = "ID", help_heading = "System")]
    pub(crate) waba_id: Option<String>,
    /// Graph API version (--api graph) [default: v25.0]
    #[arg(long, global = true, value_name = "vN.N", help_heading = "System")]
    pub(crate) graph_version: Option<String>,
    /// Partner ID (--api partner)
    #[arg(long, global = true, value_name = "ID", help_heading = "System")]
    pub(crate) partner_id: Option<String>,
    /// Channel ID of the partner (--api partner)
    #[arg(long, global = true, value_name = "ID", help_heading = "System")]
    pub(crate) channel_id: Option<String>,

    /// Output format
    #[arg(long, global = true, value_name = "FORMAT", default_value = "text", help_heading = "Output")]
    pub(crate) output: Format,
    /// Same as --output json
    #[arg(long, global = true, help_heading = "Output")]
    pub(crate) json: bool,
    /// Print results and errors only
    ///
    /// No notes, advice or progress.
    #[arg(long, short, global = true, conflicts_with = "verbose", help_heading = "Output")]
    pub(crate) quiet: bool,
    /// Print requests and responses, masked, to stderr
    ///
    /// The key and phone numbers are masked.
    #[arg(long, short, global = true, help_heading = "Output")]
    pub(crate) verbose: bool,
    /// When to use colors
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", help_heading = "Output")]
    pub(crate) color: ColorChoice,

    /// Time limit for each attempt
    #[arg(long, global = true, value_name = "SECONDS", default_value = "30", help_heading = "Time limits and retries",
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) timeout: u64,
    /// Time limit for a call, including retries and waits
    #[arg(long, global = true, value_name = "SECONDS", help_heading = "Time limits and retries",
        value_parser = clap::value_parser!(u64).range(1..=86_400))]
    pub(crate) deadline: Option<u64>,
    /// Do not retry failed attempts
    #[arg(long, global = true, help_heading = "Time limits and retries")]
    pub(crate) no_retry: bool,

    /// Proxy instead of HTTPS_PROXY and NO_PROXY; or none
    #[arg(long, global = true, value_name = "URL", help_heading = "Connection")]
    pub(crate) proxy: Option<String>,
    /// Trust only the CA certificates of this PEM file
    #[arg(long, global = true, value_name = "FILE", help_heading = "Connection")]
    pub(crate) ca_file: Option<PathBuf>,
    /// Use the blocking transport (ureq) instead of reqwest
    #[arg(long, global = true, help_heading = "Connection")]
    pub(crate) blocking: bool,

    /// Refuse input that the documentation advises against
    #[arg(long, global = true, help_heading = "Checks")]
    pub(crate) strict: bool,

    /// The origin of the base URL.
    #[arg(skip)]
    pub(crate) base_url_from: Origin,
    /// The profile in use. Its settings fill the fields above.
    #[arg(skip)]
    pub(crate) active: Option<Active>,
    /// The number's messages per second, if not the default.
    #[arg(skip)]
    pub(crate) messages_per_second: Option<u32>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ApiName {
    /// 360dialog Cloud
    #[value(alias = "360dialog")]
    Cloud,
    /// Meta's own Cloud API
    #[value(alias = "meta")]
    Graph,
    /// On-Premise, retired by Meta on 2025-10-23
    #[value(aliases = ["on-premise", "onpremise", "on-prem"])]
    Onprem,
    /// 360dialog's Partner API
    Partner,
}

impl ApiName {
    /// Returns the name as `--api` accepts it.
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
    /// Tables on a terminal, plain lines elsewhere
    Text,
    /// Tables everywhere
    Table,
    /// One JSON document
    Json,
}
