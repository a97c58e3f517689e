//! Profiles and `whoami`.
use clap::{ArgGroup, Args as ClapArgs, Subcommand};

#[derive(Debug, Subcommand)]
pub(crate) enum Profile {
    /// Add a profile
    ///
    /// The key is read from standard input, or from a prompt without echo. It is stored in the profile file, which only its
    /// owner can read, unless --key-file, --key-env or --key-command says where it is. --api, --base-url, --phone-number-id,
    /// --waba-id, --graph-version, --partner-id, --channel-id, --proxy and --ca-file become settings of the profile. The
    /// first profile becomes the default.
    Add(ProfileAdd),
    /// List all profiles; * marks the default
    #[command(alias = "ls")]
    List,
    /// Set the default profile
    Use(ProfileName),
    /// Show the settings of a profile; keys are masked
    Show(ProfileShown),
    /// Remove a profile
    #[command(aliases = ["rm", "delete"])]
    Remove(ProfileName),
}

#[derive(Debug, ClapArgs)]
#[command(group(ArgGroup::new("source").args(["key_env", "key_command", "key_file"])))]
pub(crate) struct ProfileAdd {
    /// Letters, digits, dots, - and _
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
    /// Environment variable with the key
    #[arg(long, value_name = "VARIABLE")]
    pub(crate) key_env: Option<String>,
    /// Shell command that prints the key
    #[arg(long, value_name = "COMMAND")]
    pub(crate) key_command: Option<String>,
    /// Rate limit of the number [default: 80]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) messages_per_second: Option<u32>,
    /// Replace an existing profile
    #[arg(long)]
    pub(crate) replace: bool,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ProfileName {
    /// Name of the profile
    #[arg(value_name = "NAME")]
    pub(crate) name: String,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ProfileShown {
    /// Name of the profile [default: the one in use]
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct Whoami {
    /// Do not call the API
    #[arg(long)]
    pub(crate) offline: bool,
}
