//! Reads a profile's key from its source.
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

/// The maximum output of a `key_command`, in bytes.
const MOST: u64 = 64 * 1024;
/// The number of bytes of its standard error that an error shows.
const SHOWN: usize = 2048;

#[derive(Clone, Debug)]
pub(crate) enum KeySource {
    /// The key in the file.
    Text(SecretString),
    File(PathBuf),
    /// An environment variable.
    Env(String),
    /// The output of a program.
    Command {
        words: Vec<String>,
        limit: Duration,
    },
}

impl KeySource {
    /// Returns the name of the setting.
    pub(crate) fn setting(&self) -> &'static str {
        match self {
            Self::Text(_) => "key",
            Self::File(_) => "key_file",
            Self::Env(_) => "key_env",
            Self::Command { .. } => "key_command",
        }
    }

    /// Reads the key.
    pub(crate) fn read(&self, profile: &str) -> Step<String> {
        let key = match self {
            Self::Text(key) => Ok(key.expose_secret().to_owned()),
            Self::File(path) => client::secret_file(path, &path.display().to_string()),
            Self::Env(name) => std::env::var(name).map_err(|_| {
                Failure::settings(format!("{name} is not set; it is the key_env of profile {profile}"))
            }),
            Self::Command { words, limit } => output_of(words, *limit)
                .map_err(|why| Failure::settings(format!("the key_command of profile {profile} {why}"))),
        }?;
        let key = key.trim();
        if key.is_empty() {
            let setting = self.setting();
            return Err(Failure::settings(format!(
                "the {setting} of profile {profile} returned an empty key"
            )));
        }
        if key.lines().nth(1).is_some() {
            let setting = self.setting();
            return Err(Failure::settings(format!(
                "the {setting} of profile {profile} returned several lines; it must return only the key"
            )));
        }
        Ok(key.to_owned())
    }
}

/// Returns the shell and its arguments for a command line.
pub(super) fn shell(line: &str) -> Vec<String> {
    let shell = if cfg!(windows) { ["cmd", "/C"] } else { ["sh", "-c"] };
    shell.into_iter().chain([line]).map(str::to_owned).collect()
}

/// Runs a program and returns its standard output, or an error. The error never contains standard output.
fn output_of(words: &[String], limit: Duration) -> Result<String, String> {
    let (program, args) = words.split_first().ok_or("is empty")?;
    let mut command = Command::new(program);
    // Standard input may contain the message to send.
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
        return Err(format!("did not exit within {} s{}", limit.as_secs(), told(&err)));
    };
    if !status.success() {
        return Err(format!("failed ({status}){}", told(&err)));
    }
    // A background process that it started may hold the pipe open.
    let left = end.saturating_duration_since(Instant::now()).max(Duration::from_millis(200));
    let printed =
        out.recv_timeout(left).map_err(|_| "exited, but a process that it started did not".to_owned())?;
    String::from_utf8(printed).map_err(|_| "did not print text".to_owned())
}

/// Waits for the exit status. Returns `None` on a timeout.
fn wait(child: &mut Child, end: Instant) -> io::Result<Option<std::process::ExitStatus>> {
    loop {
        let status = child.try_wait()?;
        if status.is_some() || Instant::now() >= end {
            return Ok(status);
        }
        thread::sleep(Duration::from_millis(10));
    }
}

/// Reads a pipe to its end, so that the program does not block.
fn reader(pipe: Option<impl Read + Send + 'static>) -> mpsc::Receiver<Vec<u8>> {
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let mut content = Vec::new();
        if let Some(mut pipe) = pipe {
            let _ = pipe.by_ref().take(MOST).read_to_end(&mut content);
            let _ = io::copy(&mut pipe, &mut io::sink());
        }
        // Nobody waits for output after the timeout.
        let _ = sender.send(content);
    });
    receiver
}
