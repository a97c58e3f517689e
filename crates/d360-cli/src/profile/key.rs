//! Where a profile's key comes from.
use crate::{client, failure::Failure};
use secrecy::{ExposeSecret as _, SecretString};
use std::{
    io::{self, Read},
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::mpsc,
    thread,
    time::{Duration, Instant},
};

type Step<T> = Result<T, Box<Failure>>;

/// Bytes that a `key_command` may print.
const MOST: u64 = 64 * 1024;
/// Bytes of its standard error that an error shows.
const SHOWN: usize = 2048;

#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// The file itself.
    Text(SecretString),
    File(PathBuf),
    /// A variable of the environment.
    Env(String),
    /// What a program prints.
    Command {
        words: Vec<String>,
        limit: Duration,
    },
}

impl KeySource {
    /// The name of the setting.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            Self::Text(_) => "key",
            Self::File(_) => "key_file",
            Self::Env(_) => "key_env",
            Self::Command { .. } => "key_command",
        }
    }

    /// The key.
    pub(crate) fn read(&self, profile: &str) -> Step<String> {
        let key = match self {
            Self::Text(key) => Ok(key.expose_secret().to_owned()),
            Self::File(path) => client::secret_file(path, &path.display().to_string()),
            Self::Env(name) => std::env::var(name).map_err(|_| {
                Failure::settings(format!("{name}, which is the key_env of profile {profile}, is not set"))
            }),
            Self::Command { words, limit } => output_of(words, *limit)
                .map_err(|why| Failure::settings(format!("the key_command of profile {profile} {why}"))),
        }?;
        let key = key.trim();
        if key.is_empty() {
            let setting = self.setting();
            return Err(Failure::settings(format!("the {setting} of profile {profile} gave an empty key")));
        }
        if key.lines().nth(1).is_some() {
            let setting = self.setting();
            return Err(Failure::settings(format!(
                "the {setting} of profile {profile} gave several lines; it has to give the key alone"
            )));
        }
        Ok(key.to_owned())
    }
}

/// The shell and its arguments for a command line.
pub(super) fn shell(line: &str) -> Vec<String> {
    let shell = if cfg!(windows) { ["cmd", "/C"] } else { ["sh", "-c"] };
    shell.into_iter().chain([line]).map(str::to_owned).collect()
}

/// What a program prints to standard output, or why there is nothing; its standard output is never part of that.
fn output_of(words: &[String], limit: Duration) -> Result<String, String> {
    let (program, args) = words.split_first().ok_or("is empty")?;
    let mut command = Command::new(program);
    // Standard input may hold what is to be sent.
    command.args(args).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
    let mut child = command.spawn().map_err(|error| format!("cannot be run: {program}: {error}"))?;
    let (out, err) = (reader(child.stdout.take()), reader(child.stderr.take()));
    let end = Instant::now() + limit;
    let told = |err: &mpsc::Receiver<Vec<u8>>| {
        let text = err.recv_timeout(Duration::from_millis(200)).unwrap_or_default();
        let text = String::from_utf8_lossy(&text).trim().to_owned();
        let start = (text.len().saturating_sub(SHOWN)..text.len()).find(|at| text.is_char_boundary(*at));
        let text = &text[start.unwrap_or(text.len())..];
        if text.is_empty() { "; it wrote nothing to standard error".to_owned() } else { format!(": {text}") }
    };
    let Some(status) = wait(&mut child, end).map_err(|error| format!("failed: {error}"))? else {
        let _ = child.kill();
        let _ = child.wait();
        return Err(format!("did not end within {} s{}", limit.as_secs(), told(&err)));
    };
    if !status.success() {
        return Err(format!("failed ({status}){}", told(&err)));
    }
    // A process that it left behind may hold the pipe.
    let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(200));
    let printed =
        out.recv_timeout(left).map_err(|_| "ended, and something that it started did not".to_owned())?;
    String::from_utf8(printed).map_err(|_| "printed no text".to_owned())
}

/// How it ended; `None` if it did not in time.
fn wait(child: &mut Child, end: Instant) -> io::Result<Option<std::process::ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= end {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Reads a pipe to its end, so that the program is not held up.
fn reader(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut content = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.by_ref().take(MOST).read_to_end(&mut content);
            let _ = io::copy(&mut pipe, &mut io::sink());
        }
        // Nobody waits for what came too late.
        let _ = sender.send(content);
    });
    receiver
}
