//! `d360 block`.
use crate::{
    Result,
    args::{Block, Global},
    client::Client,
    input,
    output::{Exit, Failure, Output, error_document},
};
use d360::model::block::{BlockReport, BlockedUser};
use serde_json::json;

pub(crate) fn run(global: &Global, block: &Block, output: Output) -> Result {
    match block {
        Block::Add(args) => {
            let users = input::users(&args.users, args.file.as_ref())?;
            let report = Client::new(global, true)?.block(users);
            finish(report, "blocked", output)
        }
        Block::Remove(args) => {
            let users = input::users(&args.users, args.file.as_ref())?;
            let report = Client::new(global, true)?.unblock(users);
            finish(report, "unblocked", output)
        }
        Block::List(args) if args.limit == Some(0) => Err(Failure::invalid("limit", "must be at least 1")),
        Block::List(args) => list(&Client::new(global, true)?, args.limit, output),
    }
}

fn finish(
    result: std::result::Result<BlockReport, d360::transport::BlockUsersError>,
    done: &str,
    output: Output,
) -> Result {
    match result {
        Ok(report) => {
            show(&report, done, output);
            if output.is_json() {
                output.document(&report);
            }
            Ok(match (report.done.is_empty(), report.failed.is_empty()) {
                (_, true) => Exit::Done,
                (true, false) => Exit::Refused,
                (false, false) => Exit::Partly,
            })
        }
        Err(stopped) => {
            show(stopped.report(), done, output);
            Err(stopped.into())
        }
    }
}

fn show(report: &BlockReport, verb: &str, output: Output) {
    if output.is_json() {
        return;
    }
    for done in &report.done {
        let id = done.wa_id.as_ref().map(|id| id.as_str()).or(done.user_id.as_ref().map(|id| id.as_str()));
        let id = id.map(|id| format!(" (WhatsApp ID {id})")).unwrap_or_default();
        output.line(format!("{verb} {}{id}", done.input.as_str()));
    }
    for failed in &report.failed {
        let reasons: Vec<String> = failed.errors.iter().map(ToString::to_string).collect();
        output.line(format!("failed {}: {}", failed.input.as_str(), reasons.join("; ")));
        for info in failed.errors.iter().filter_map(|error| error.code?.info()) {
            output.note(format!("  {}: {}", info.code, info.meaning));
        }
    }
}

fn list(client: &Client, limit: Option<u32>, output: Output) -> Result {
    let mut users = Vec::new();
    let result = client.blocked(limit, |user| {
        if output.is_json() {
            users.push(user);
        } else {
            output.line(text(&user));
        }
    });
    match result {
        Ok(()) if output.is_json() => output.document(&json!({ "users": users })),
        Ok(()) => {}
        Err(error) if output.is_json() && !users.is_empty() => {
            output.document(&json!({ "users": users, "error": error_document(&error) }));
            return Ok(Exit::Partly);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Exit::Done)
}

fn text(user: &BlockedUser) -> String {
    let ids = [
        user.wa_id.as_ref().map(|id| id.as_str()),
        user.user_id.as_ref().map(|id| id.as_str()),
        user.input.as_ref().map(|id| id.as_str()),
    ];
    ids.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
