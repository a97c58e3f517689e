//! Settings from the command line, then the environment, then a profile.
use crate::{
    args::{ApiName, Args, Command, Global},
    failure::Failure,
    help,
    output::Output,
    paths,
    profile::{KeySource, NONE, Profile, Profiles},
};
use std::path::PathBuf;

type Step<T> = Result<T, Box<Failure>>;

/// The profile in use.
#[derive(Clone, Debug)]
pub(crate) struct Active {
    pub(crate) name: String,
    pub(crate) file: PathBuf,
    pub(crate) key: Option<KeySource>,
    /// The number ID, if the profile has one for a system that does not need it.
    pub(crate) phone_number_id: Option<String>,
}

/// The origin of a value.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Origin {
    /// The system's default.
    #[default]
    Default,
    Flag,
    Environment,
    Profile,
}

impl Origin {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Default => "default",
            Self::Flag => "flag",
            Self::Environment => "environment",
            Self::Profile => "profile",
        }
    }
}

/// Fills in what the command line does not set.
pub(crate) fn resolve(args: &mut Args, output: Output) -> Step<()> {
    let global = &mut args.global;
    global.base_url_from = if global.base_url.is_some() { Origin::Flag } else { Origin::Default };
    if global.base_url.is_none() {
        global.base_url = variable("D360_BASE_URL")?;
        if global.base_url.is_some() {
            global.base_url_from = Origin::Environment;
        }
    }
    let local = !help::calls_an_api(&args.path);
    if !takes_profile(&args.command, local) {
        return match global.profile {
            Some(_) => Err(Failure::usage("--profile is for commands that call an API; this one does not")),
            None => Ok(()),
        };
    }
    let Some((profiles, name)) = chosen(global.profile.as_deref())? else { return Ok(()) };
    let profile = profiles.get(&name)?.clone();
    let wanted = global.api.or_else(|| only_api(&args.command));
    if let Some((wanted, has)) = wanted.zip(profile.api)
        && wanted != has
    {
        if global.profile.is_some() {
            return Err(Failure::usage(format!(
                "profile {name} is for --api {}, not for --api {}; choose another with --profile, or --profile {NONE}",
                has.name(),
                wanted.name()
            )));
        }
        // A key must not be sent to another system.
        output.note(format!("profile {name} is ignored: it is for --api {}", has.name()));
        return Ok(());
    }
    if global.profile.is_some() {
        for variable in ["D360_API_KEY", "D360_BASE_URL"] {
            if std::env::var(variable).is_ok_and(|value| !value.trim().is_empty()) {
                output.note(format!(
                    "{variable} is set and overrides profile {name}; unset it to use the profile's"
                ));
            }
        }
    }
    apply(global, profile, &profiles, name);
    Ok(())
}

/// Returns the profile that `--profile` or `D360_PROFILE` names, or the default profile.
pub(crate) fn chosen(flag: Option<&str>) -> Step<Option<(Profiles, String)>> {
    let named = match flag {
        Some(name) => Some(name.to_owned()),
        None => variable("D360_PROFILE")?.filter(|name| !name.is_empty()),
    };
    if named.as_deref() == Some(NONE) {
        return Ok(None);
    }
    let file = paths::config_file();
    let profiles = match &file {
        Some((path, _)) => Profiles::load(path)?,
        None => None,
    };
    match (profiles, named, file) {
        (Some(profiles), Some(name), _) => Ok(Some((profiles, name))),
        (Some(mut profiles), None, _) => Ok(profiles.default.take().map(|name| (profiles, name))),
        (None, Some(name), Some((path, _))) => Err(Failure::settings(format!(
            "no profile {name:?}: {} does not exist; create it with: d360 profile add {name}",
            path.display()
        ))),
        (None, Some(_), None) => {
            Err(Failure::settings("no home folder for the profile file; set D360_CONFIG to its path"))
        }
        (None, None, Some((path, true))) => Err(Failure::settings(format!(
            "D360_CONFIG names {}, which does not exist; create it with: d360 profile add NAME",
            path.display()
        ))),
        (None, None, _) => Ok(None),
    }
}

fn variable(name: &str) -> Step<Option<String>> {
    match std::env::var(name) {
        Ok(value) => Ok(Some(value)),
        Err(std::env::VarError::NotPresent) => Ok(None),
        Err(_) => Err(Failure::usage(format!("{name} is not UTF-8"))),
    }
}

/// Whether a command uses a profile: it calls an API, or serves one with the number's key.
fn takes_profile(command: &Command, local: bool) -> bool {
    match command {
        Command::Gateway(gateway) => gateway.config.is_none(),
        _ => !local,
    }
}

/// Returns the system of a command that only one system has.
fn only_api(command: &Command) -> Option<ApiName> {
    match command {
        Command::Gateway(_) => Some(ApiName::Cloud),
        Command::Channels(_) => Some(ApiName::Partner),
        Command::Contacts(_) => Some(ApiName::Onprem),
        _ => None,
    }
}

fn apply(global: &mut Global, profile: Profile, profiles: &Profiles, name: String) {
    fn or<T>(setting: &mut Option<T>, value: Option<T>) {
        if setting.is_none() {
            *setting = value;
        }
    }
    or(&mut global.api, profile.api);
    if global.base_url.is_none() && profile.base_url.is_some() {
        global.base_url = profile.base_url;
        global.base_url_from = Origin::Profile;
    }
    let phone_number_id = profile.phone_number_id.clone();
    match profile.api {
        Some(ApiName::Graph) => {
            or(&mut global.phone_number_id, profile.phone_number_id);
            or(&mut global.waba_id, profile.waba_id);
            or(&mut global.graph_version, profile.graph_version);
        }
        Some(ApiName::Partner) => {
            or(&mut global.partner_id, profile.partner_id);
            or(&mut global.channel_id, profile.channel_id);
        }
        _ => {}
    }
    or(&mut global.proxy, profile.proxy);
    or(&mut global.ca_file, profile.ca_file);
    or(&mut global.messages_per_second, profile.messages_per_second);
    let file = profiles.path.clone();
    global.active = Some(Active { name, file, key: profile.key, phone_number_id });
}
