//! `d360 block`, for every system.
use crate::{
    Result,
    args::{ApiName, Block, BlockAdd, Global, Limit, Report},
    client::{self, Client},
    failure::{Exit, Failure, error_document},
    input,
    output::Output,
    table::{Table, Tone},
};
use d360::{
    model::block::{BlockReport, BlockedUser},
    onprem::contacts::{Reason, ReportContact},
    transport::{BlockUsersError, BlocksUsers, Endpoint as _, PagedEndpoint},
};
use serde::Serialize;
use serde_json::json;

type Step<T> = std::result::Result<T, Box<Failure>>;

pub(crate) fn run(global: &Global, block: &Block, output: Output) -> Result {
    let api = global.api.unwrap_or(ApiName::Cloud);
    match block {
        Block::Add(args) => {
            let users = input::users(&args.users.users, args.users.file.as_ref(), api, false)?;
            let reason = reason(args, api)?;
            let report = match api {
                ApiName::Cloud | ApiName::Graph => client::cloud(global, true)?.block(users, ()),
                ApiName::Onprem => client::onprem(global, true)?.block(users, reason),
                ApiName::Partner => client::channel(global)?.block(users, ()),
            };
            finish(report, "blocked", output)
        }
        Block::Remove(args) => {
            let users = input::users(&args.users, args.file.as_ref(), api, true)?;
            let report = match api {
                ApiName::Cloud | ApiName::Graph => client::cloud(global, true)?.unblock(users),
                ApiName::Onprem => client::onprem(global, true)?.unblock(users),
                ApiName::Partner => client::channel(global)?.unblock(users),
            };
            finish(report, "unblocked", output)
        }
        Block::List(args) => match api {
            ApiName::Cloud | ApiName::Graph => list(|| client::cloud(global, true), args, output),
            ApiName::Onprem => list(|| client::onprem(global, true), args, output),
            ApiName::Partner => list(|| client::channel(global), args, output),
        },
        Block::Report(args) => report(global, args, output),
    }
}

fn reason(args: &BlockAdd, api: ApiName) -> Step<Option<Reason>> {
    match &args.reason {
        Some(_) if api != ApiName::Onprem => {
            Err(Failure::usage("--reason is for --api onprem; other systems do not support it"))
        }
        Some(text) => Ok(Some(Reason::new(text)?)),
        None => Ok(None),
    }
}

fn report(global: &Global, args: &Report, output: Output) -> Result {
    if !matches!(global.api, None | Some(ApiName::Onprem)) {
        return Err(Failure::usage("users can be reported only on On-Premise (--api onprem)"));
    }
    let user = input::user(&args.user, ApiName::Onprem, true)
        .map_err(|problem| Failure::invalid("user", problem))?;
    let mut report = ReportContact::new(user);
    if let Some(text) = &args.reason {
        report = report.reason(Reason::new(text)?);
    }
    if args.block {
        report = report.block(true);
    }
    if let Some(id) = &args.message_id {
        report = report.message_id(id.as_str());
    }
    report.check().into_result(global.strict)?;
    client::onprem(global, true)?.call(report)?;
    if output.is_json() {
        output.document(&json!({ "reported": args.user, "blocked": args.block }));
    } else {
        output.line(format!("reported {}{}", args.user, if args.block { " and blocked" } else { "" }));
    }
    Ok(Exit::Done)
}

fn finish(result: std::result::Result<BlockReport, BlockUsersError>, done: &str, output: Output) -> Result {
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
            if stopped.error().invalid().is_none() {
                show(stopped.report(), done, output);
            }
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
        output.state(Tone::Good, verb, format!("{}{id}", done.input.as_str()));
    }
    for failed in &report.failed {
        let reasons: Vec<String> = failed.errors.iter().map(ToString::to_string).collect();
        let reasons = format!("{}: {}", failed.input.as_str(), reasons.join("; "));
        output.state(Tone::Bad, "failed", reasons);
        for info in failed.errors.iter().filter_map(|error| error.code?.info()) {
            output.note(format!("  {}: {}", info.code, info.meaning));
        }
    }
}

fn list<A: BlocksUsers>(client: impl FnOnce() -> Step<Client<A>>, args: &Limit, output: Output) -> Result {
    let columns =
        Columns { none: "no users are blocked", heads: &["WHATSAPP ID", "USER ID", "INPUT"], cells };
    items(client, A::list(args.limit), "users", columns, output)
}

/// The columns of a list.
pub(super) struct Columns<T> {
    /// The note for an empty list.
    pub(super) none: &'static str,
    pub(super) heads: &'static [&'static str],
    pub(super) cells: fn(&T) -> Vec<Option<String>>,
}

/// Prints every item of a list, including those before a page that failed.
pub(super) fn items<E: PagedEndpoint>(
    client: impl FnOnce() -> Step<Client<E::Api>>,
    first: E,
    name: &str,
    columns: Columns<E::Item>,
    output: Output,
) -> Result
where
    E::Item: Serialize,
{
    // Check the limit first: an invalid one fails without a key too.
    first.check().into_result(false)?;
    let mut items = Vec::new();
    let mut printed = 0;
    let mut table = Table::new(columns.heads);
    let result = client()?.pages(first, |item| {
        printed += 1;
        if output.is_json() {
            items.push(item);
        } else if output.is_table() {
            table.row((columns.cells)(&item));
        } else {
            output.line((columns.cells)(&item).into_iter().flatten().collect::<Vec<_>>().join(" "));
        }
    });
    output.table(&table);
    if printed == 0 && result.is_ok() && !output.is_json() {
        output.note(columns.none);
    }
    match result {
        Ok(()) if output.is_json() => {
            output.document(&json!({ name: items }));
        }
        Ok(()) => {}
        Err(error) if printed > 0 => {
            if output.is_json() {
                output.document(&json!({ name: items, "error": error_document(&error) }));
            } else {
                output.failure(&Failure::Call(error));
            }
            return Ok(Exit::Partly);
        }
        Err(error) => return Err(error.into()),
    }
    Ok(Exit::Done)
}

fn cells(user: &BlockedUser) -> Vec<Option<String>> {
    let ids = [
        user.wa_id.as_ref().map(|id| id.as_str()),
        user.user_id.as_ref().map(|id| id.as_str()),
        user.input.as_ref().map(|id| id.as_str()),
    ];
    ids.map(|id| id.map(str::to_owned)).into()
}
