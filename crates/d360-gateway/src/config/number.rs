//! A `[[number]]` table of a configuration file.
use super::settings::Number;
use d360::webhook::{InvalidVerification, Verification};
use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
};

/// A secret's name in the file, without `_env` or `_file`.
pub(super) type SecretName = &'static str;

/// The keys of a table, before secrets are resolved.
#[derive(Debug, Default)]
pub(super) struct Draft {
    pub(super) name: Option<String>,
    /// Environment variables and files, by secret name.
    pub(super) env: BTreeMap<SecretName, String>,
    pub(super) files: BTreeMap<SecretName, PathBuf>,
    pub(super) user: Option<String>,
    pub(super) webhook_to: Option<String>,
    pub(super) phone_number_id: Option<String>,
    pub(super) webhook_secret_header: Option<String>,
    pub(super) base_url: Option<String>,
    pub(super) messages_per_second: Option<u32>,
    pub(super) media: BTreeMap<String, String>,
}

/// A problem, and the key it belongs to, if any.
pub(super) type Wrong = (Option<String>, String);

impl Draft {
    fn secret(
        &self,
        what: SecretName,
        env: &dyn Fn(&str) -> Option<String>,
    ) -> Result<Option<String>, Wrong> {
        let at = |suffix: &str| Some(format!("{what}_{suffix}"));
        let text = match (self.env.get(what), self.files.get(what)) {
            (Some(_), Some(_)) => {
                let problem = format!("{what}_env and {what}_file exclude each other; leave one out");
                return Err((at("file"), problem));
            }
            (Some(variable), None) => match env(variable).filter(|text| !text.trim().is_empty()) {
                Some(text) => text,
                None => return Err((at("env"), not_set(variable))),
            },
            (None, Some(file)) => secret_file(file).map_err(|why| (at("file"), why))?,
            (None, None) => return Ok(None),
        };
        Ok(Some(text.trim().to_owned()))
    }

    pub(super) fn resolve(self, env: &dyn Fn(&str) -> Option<String>) -> Result<Number, Wrong> {
        let name = self.name.clone().unwrap_or_else(|| "default".to_owned());
        let key = self.secret("key", env)?.ok_or_else(|| {
            let problem = "the Cloud API key is missing; name an environment variable with key_env, or a file with key_file";
            (None, problem.to_owned())
        })?;
        let mut number = Number::new(name, key);
        if let Some(key) = self.secret("client_key", env)? {
            number = number.client_key(key);
        }
        if let Some(password) = self.secret("password", env)? {
            number.password = password.into();
        }
        let header = self.secret("webhook_secret", env)?;
        let app = self.secret("app_secret", env)?;
        let made = |made: Result<Verification, InvalidVerification>, key: &str| {
            made.map(Some).map_err(|error| (Some(key.to_owned()), error.to_string()))
        };
        number.verification = match (&self.webhook_secret_header, header, app) {
            (Some(header), Some(secret), None) => {
                made(Verification::header(header, secret), "webhook_secret_header")?
            }
            (None, None, Some(secret)) => made(Verification::app_secret(secret), "app_secret_env")?,
            (None, None, None) => None,
            (_, _, Some(_)) => {
                let problem = "webhook_secret and app_secret exclude each other; leave one out";
                return Err((None, problem.to_owned()));
            }
            (Some(_), None, None) => {
                let problem =
                    "webhook_secret_header needs the secret; add webhook_secret_env or webhook_secret_file";
                return Err((Some("webhook_secret_header".to_owned()), problem.to_owned()));
            }
            (None, Some(_), None) => {
                let problem = "webhook_secret needs the name of its header; add webhook_secret_header";
                return Err((None, problem.to_owned()));
            }
        };
        number.verify_token = self.secret("verify_token", env)?.map(Into::into);
        number.user = self.user.unwrap_or(number.user);
        number.webhook_to = self.webhook_to;
        number.phone_number_id = self.phone_number_id;
        number.base_url = self.base_url;
        number.messages_per_second = self.messages_per_second.unwrap_or(number.messages_per_second);
        number.media = self.media;
        Ok(number)
    }
}

/// Shows the value only if it looks like a variable's name, because it may be the secret itself.
fn not_set(variable: &str) -> String {
    let plain = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '_';
    if variable.chars().all(plain) {
        format!("the environment variable {variable} is not set")
    } else {
        "is not the name of an environment variable that is set; give the variable's name, not the secret"
            .to_owned()
    }
}

/// Reads a secret from a file. Fails if the file is readable by anyone but its owner.
fn secret_file(path: &Path) -> Result<String, String> {
    let named = |error: std::io::Error| format!("{}: {error}", path.display());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = fs::metadata(path).map_err(named)?.permissions().mode();
        // systemd grants access to a credential with an ACL. Its mask appears as group permissions.
        let directory = std::env::var_os("CREDENTIALS_DIRECTORY");
        let is_credential = directory.is_some_and(|directory| path.parent() == Some(Path::new(&directory)));
        if mode & if is_credential { 0o007 } else { 0o077 } != 0 {
            return Err(format!("{} can be read by others; run: chmod 600 {0}", path.display()));
        }
    }
    fs::read_to_string(path).map_err(named)
}
