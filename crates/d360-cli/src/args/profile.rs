//! Profiles and `whoami`.
use clap::{ArgGroup, Args as ClapArgs, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Profile {
    /// Add a profile
    Add(ProfileAdd),
    /// List the profiles; * marks the default
    List,
    /// Set the default profile
    Use(ProfileName),
    /// Show a profile's settings; a key is not shown
    Show(ProfileShown),
    /// Remove a profile
    Remove(ProfileName),
}

/// The key is read from standard input, or typed on a terminal without an echo.
///
/// It is kept in the file, which only its owner can read, unless --key-file, --key-env or --key-command says where it is. --api,
/// --base-url, --phone-number-id, --waba-id, --graph-version, --partner-id, --channel-id, --proxy and --ca-file become settings of
/// the profile. The first profile becomes the default.
///
/// Examples:
///   d360 profile add shop < key.txt
///   d360 profile add meta --api graph --phone-number-id 1065 --key-command "pass show meta"
#[derive(Debug, ClapArgs)]
#[command(verbatim_doc_comment, group(ArgGroup::new("source").args(["key_env", "key_command", "key_file"])))]
pub(crate) struct ProfileAdd {
    /// Letters, digits, -, _ and .
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// The environment variable that holds the key
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) key_env: Option<String>,
    /// A shell command that prints the key, such as "pass show d360"
    #[arg(long, value_name = "COMMAND")]
    pub(crate) key_command: Option<String>,
    /// Messages per second that the number may send [default: 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) messages_per_second: Option<u32>,
    /// Replace a profile of this name
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ProfileName {
    /// The profile
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ProfileShown {
    /// The profile [default: the one in use]
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

/// Print the profile, the system, the base URL and where the key comes from, and ask the API which number the key belongs to.
#[derive(Debug, ClapArgs)]
pub(crate) struct Whoami {
    /// Do not ask the API
    #[arg(long)]
    pub(crate) offline: bool,
}
