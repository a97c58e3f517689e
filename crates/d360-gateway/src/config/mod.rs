//! The configuration, in code or in TOML with secrets from the environment and from files.

mod error;
mod example;
mod file;
mod keys;
mod number;
mod settings;

pub use error::{InvalidConfig, Problem};
pub use example::ConfigKey;
pub use settings::{Config, Number};

impl Config {
    /// Parses a TOML configuration. [`Config::example`] has every key.
    ///
    /// The file holds no secrets. It names environment variables (`key_env`) or files (`key_file`) that only their
    /// owner can read.
    ///
    /// ```
    /// let toml = r#"
    ///     listen = "127.0.0.1:8080"
    ///     state = "gateway.db"
    ///     [[number]]
    ///     name = "main"
    ///     key_env = "D360_API_KEY"
    ///     webhook_to = "http://127.0.0.1:9000/hook"
    ///     webhook_secret_header = "x-webhook-secret"
    ///     webhook_secret_env = "D360_WEBHOOK_SECRET"
    /// "#;
    /// let config = d360_gateway::Config::from_toml(toml, &|name| Some(format!("value of {name}").replace(' ', "-")))?;
    /// assert_eq!(config.numbers[0].name, "main");
    /// # Ok::<(), d360_gateway::InvalidConfig>(())
    /// ```
    ///
    /// # Errors
    /// Returns [`InvalidConfig`] with every problem and its line.
    pub fn from_toml(text: &str, env: &dyn Fn(&str) -> Option<String>) -> Result<Self, InvalidConfig> {
        file::read(text, env)
    }

    /// Returns a commented configuration file with every key and its default.
    ///
    /// ```
    /// let text = d360_gateway::Config::example();
    /// let config = d360_gateway::Config::from_toml(&text, &|_| Some("a-key".to_owned()))?;
    /// assert_eq!(config.max_connections, 4096);
    /// # Ok::<(), d360_gateway::InvalidConfig>(())
    /// ```
    #[must_use]
    pub fn example() -> String {
        example::text()
    }

    /// Returns every key of a configuration file.
    #[must_use]
    pub fn keys() -> Vec<ConfigKey> {
        example::keys()
    }
}
