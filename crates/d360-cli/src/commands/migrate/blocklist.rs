//! `d360 migrate blocklist`: exports blocked users and imports them into Cloud.
use crate::{
    Result,
    args::{ApiName, Blocklist, BlocklistImport, Global},
    client,
    failure::{Exit, Failure, call_exit, error_document},
    input,
    output::Output,
};
use d360::{
    cloud::Cloud,
    model::{
        block::{BlockedUser, Failed, User},
        error::ErrorCode,
    },
    onprem::OnPrem,
    transport::BlocksUsers as _,
};
use indicatif::{ProgressBar, ProgressDrawTarget};
use serde_json::{Value, json};
use std::{
    collections::HashSet,
    fs::{File, OpenOptions},
    io::Write as _,
    path::Path,
};

/// Users per call.
const CHUNK: usize = 1_000;

pub(super) fn run(global: &Global, verb: &Blocklist, output: Output) -> Result {
    match verb {
        Blocklist::Export(args) => {
            let mut keys = Vec::new();
            let each = |user: BlockedUser| keys.extend(user.key().map(with_plus));
            match global.api {
                Some(ApiName::Onprem) => {
                    client::onprem(global, true)?.pages(OnPrem::list(args.limit), each)?
                }
                _ => client::cloud_alone(global, "exporting")?.pages(Cloud::list(args.limit), each)?,
            }
            if output.is_json() {
                output.document(&json!({ "users": keys }));
            } else {
                keys.iter().for_each(|user| output.line(user));
            }
            Ok(Exit::Done)
        }
        Blocklist::Import(args) => import(global, args, output),
    }
}

fn with_plus(user: &str) -> String {
    let is_number = !user.is_empty() && user.bytes().all(|byte| byte.is_ascii_digit());
    if is_number { format!("+{user}") } else { user.to_owned() }
}

/// Reads the users to block: an On-Premise page or list as JSON, or one user per line.
fn users(path: &Path) -> std::result::Result<Vec<User>, Box<Failure>> {
    let text = input::read(path)?;
    let named = input::name(path);
    // A file with a single number is valid JSON, but meant as a line.
    let json = serde_json::from_slice::<Value>(&text).ok().filter(|json| json.is_object() || json.is_array());
    let texts: Vec<String> = match json {
        Some(json) => {
            let list = ["contacts", "users", "data"].iter().find_map(|key| json.get(*key)).unwrap_or(&json);
            let Some(list) = list.as_array() else {
                return Err(Failure::invalid(
                    "",
                    format!("{named} contains no list: expected {{\"contacts\": [{{\"wa_id\": …}}]}}"),
                ));
            };
            let of = |item: &Value| {
                let keys = ["wa_id", "user_id", "user", "input"];
                let text = item.as_str().or_else(|| keys.iter().find_map(|key| item.get(*key)?.as_str()));
                text.map(str::to_owned).unwrap_or_default()
            };
            list.iter().map(of).collect()
        }
        None => {
            let text =
                String::from_utf8(text).map_err(|_| Failure::invalid("", format!("{named} is not UTF-8")))?;
            let lines = text.lines().map(|line| line.split('#').next().unwrap_or_default().trim());
            lines.filter(|line| !line.is_empty()).map(str::to_owned).collect()
        }
    };
    let mut problems = d360::model::Findings::new();
    let mut users = Vec::new();
    for (at, text) in texts.iter().enumerate() {
        match d360::migrate::user(text) {
            Some(user) => users.push(user),
            None => problems.error(
                format!("{named} [{at}]"),
                "is not a phone number with its country code, a WhatsApp ID or a BSUID",
            ),
        }
    }
    problems.into_result(false)?;
    Ok(users)
}

/// Records finished users on disk, one per line. They are written before the next chunk is sent.
struct Journal {
    done: HashSet<String>,
    file: Option<File>,
}

impl Journal {
    fn open(path: Option<&Path>) -> std::result::Result<Self, Box<Failure>> {
        let Some(path) = path else { return Ok(Self { done: HashSet::new(), file: None }) };
        let fail = |error: std::io::Error| Failure::local(format!("{}: {error}", input::name(path)));
        let before = match std::fs::read_to_string(path) {
            Ok(text) => text,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(fail(error)),
        };
        let mut file = OpenOptions::new().create(true).append(true).open(path).map_err(fail)?;
        // A crash may leave half a line. Ignore it and start a new line.
        if !before.is_empty() && !before.ends_with('\n') {
            file.write_all(b"\n").map_err(fail)?;
        }
        let whole = before.rsplit_once('\n').map_or("", |(whole, _)| whole);
        let done = whole.lines().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty()).collect();
        Ok(Self { done, file: Some(file) })
    }

    fn note<'u>(&mut self, users: impl Iterator<Item = &'u User>) -> std::result::Result<(), Box<Failure>> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let text: String = users.map(|user| format!("{}\n", user.as_str())).collect();
        let written = file.write_all(text.as_bytes()).and_then(|()| file.sync_data());
        written.map_err(|error| {
            Failure::local(format!("cannot write the journal: {error}; nothing more was sent"))
        })
    }
}

fn import(global: &Global, args: &BlocklistImport, output: Output) -> Result {
    let users = users(&args.file)?;
    let mut journal = Journal::open(args.journal.as_deref())?;
    let cloud: client::Client<Cloud> = client::cloud_alone(global, "importing")?;
    let (before, to_do): (Vec<_>, Vec<_>) =
        users.into_iter().partition(|user| journal.done.contains(user.as_str()));
    let hidden = output.is_json() || output.is_quiet();
    let target = if hidden { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
    let bar = ProgressBar::with_draw_target(Some(to_do.len() as u64), target);
    let mut done = Vec::new();
    let mut failed: Vec<Failed> = Vec::new();
    let mut stopped = None;
    let mut left = Vec::new();
    for chunk in to_do.chunks(CHUNK) {
        if stopped.is_some() {
            left.extend_from_slice(chunk);
            continue;
        }
        let report = match cloud.block(chunk.to_vec(), ()) {
            Ok(report) => report,
            Err(error) => {
                let (report, not_done, error) = error.into_parts();
                left.extend(not_done);
                stopped = Some(error);
                report
            }
        };
        journal.note(report.done.iter().map(|done| &done.input))?;
        bar.inc(chunk.len() as u64);
        done.extend(report.done);
        failed.extend(report.failed);
    }
    bar.finish_and_clear();
    let too_late = |failed: &&Failed| {
        failed.errors.iter().any(|error| error.code == Some(ErrorCode::RE_ENGAGEMENT_MESSAGE))
    };
    let late: Vec<&str> = failed.iter().filter(too_late).map(|failed| failed.input.as_str()).collect();
    let other: Vec<&Failed> = failed.iter().filter(|failed| !too_late(failed)).collect();
    if output.is_json() {
        let left: Vec<&str> = left.iter().map(User::as_str).collect();
        output.document(&json!({
            "done": done, "done_before": before.len(), "not_written_within_24_hours": late, "failed": other, "left": left,
            "error": stopped.as_ref().map(error_document),
        }));
    } else {
        done.iter().for_each(|done| output.line(format!("blocked {}", done.input.as_str())));
        late.iter().for_each(|user| output.line(format!("not written within 24 hours {user}")));
        for failed in &other {
            output.line(format!(
                "failed {}: {}",
                failed.input.as_str(),
                failed.errors.first().map(ToString::to_string).unwrap_or_default()
            ));
        }
        left.iter().for_each(|user| output.line(format!("left {}", user.as_str())));
        if !before.is_empty() {
            output.note(format!("{} users skipped: done in the journal", before.len()));
        }
        if !late.is_empty() {
            output.note("Cloud blocks only users who wrote within the last 24 hours: import the others when they write again; \
                users blocked on On-Premise stay blocked after the move, even if Cloud does not list them");
        }
    }
    match stopped {
        Some(error) => {
            if !output.is_json() {
                output.error(format!("error: {error}; {}", error.hint()));
            }
            Ok(if done.is_empty() { call_exit(&error) } else { Exit::Partly })
        }
        None if failed.is_empty() => Ok(Exit::Done),
        None if done.is_empty() && before.is_empty() => Ok(Exit::Refused),
        None => Ok(Exit::Partly),
    }
}
