//! `d360 templates`, `d360 health`.
use super::block::{Columns, items};
use crate::{
    Result,
    args::{ApiName, Global, TemplateList, Templates},
    client,
    failure::{Exit, Failure},
    input,
    output::Output,
    table::{Table, Tone},
};
use d360::{
    cloud::{
        health::GetHealth,
        templates::{CreateTemplate, DeleteTemplate, ListTemplates},
    },
    model::{
        CanSend, Extra, HealthStatus,
        template::{Category, NewTemplate, TemplateInfo, TemplateStatus},
    },
};
use serde_json::{Value, json};

pub(crate) fn run(global: &Global, verb: &Templates, output: Output) -> Result {
    if global.api == Some(ApiName::Graph) && global.waba_id.is_none() {
        return Err(Failure::usage("templates on --api graph need the account; give --waba-id"));
    }
    let client = || client::cloud_alone(global, "templates");
    match verb {
        Templates::List(args) => {
            let columns = Columns {
                none: "no templates",
                heads: &["NAME", "LANGUAGE", "STATUS", "CATEGORY", "ID"],
                cells,
            };
            items(client, list(args), "templates", columns, output)
        }
        Templates::Create(args) => {
            let (template, found) = NewTemplate::from_json(&input::read(&args.file)?)
                .map_err(|invalid| input::named(&args.file, &invalid))?;
            let mut found = found;
            found.merge(template.validate());
            found.clone().into_result(global.strict)?;
            output.advice(&found);
            let name = template.name.clone();
            let created = client()?.call(CreateTemplate::new(template))?;
            if output.is_json() {
                output.document(&created);
            } else {
                let status = created.status.as_ref().map_or("PENDING", TemplateStatus::as_str);
                output.line(format!("{name} {status} {}", created.id.unwrap_or_default()));
                output.note("Meta reviews it first: check the status with `d360 templates list`");
            }
            Ok(Exit::Done)
        }
        Templates::Delete(args) => {
            let delete = DeleteTemplate::new(args.name.as_str());
            let delete = if let Some(id) = &args.id { delete.only(id.as_str()) } else { delete };
            client()?.call(delete)?;
            if output.is_json() {
                output.document(&json!({ "deleted": args.name, "id": args.id }));
            } else {
                let which = args.id.as_ref().map_or("all languages".to_owned(), |id| format!("ID {id}"));
                output.line(format!("deleted {} ({which})", args.name));
            }
            Ok(Exit::Done)
        }
    }
}

fn list(args: &TemplateList) -> ListTemplates {
    let mut list = ListTemplates::new();
    if let Some(limit) = args.limit {
        list = list.limit(limit);
    }
    if let Some(name) = &args.name {
        list = list.name(name.as_str());
    }
    if let Some(status) = &args.status {
        list = list.status(TemplateStatus::from(status.to_ascii_uppercase()));
    }
    list
}

fn cells(template: &TemplateInfo) -> Vec<Option<String>> {
    let parts = [
        template.name.as_deref(),
        template.language.as_deref(),
        template.status.as_ref().map(TemplateStatus::as_str),
        template.category.as_ref().map(Category::as_str),
        template.id.as_deref(),
    ];
    parts.map(|part| part.map(str::to_owned)).into()
}

/// Runs `d360 health`. Exits with 4 if messages are blocked, so that scripts can check.
pub(crate) fn health(global: &Global, output: Output) -> Result {
    let health = client::cloud_alone(global, "health calls")?.call(GetHealth::new())?;
    let status = &health.health_status;
    if output.is_json() {
        output.document(&health);
    } else {
        let word = can(status.can_send_message.as_ref());
        output.state(Tone::of(&word).unwrap_or(Tone::Waiting), &word, "");
        if output.is_table() {
            output.table(&entities(status));
            return Ok(exit(status));
        }
        for entity in &status.entities {
            let kind = entity.entity_type.as_deref().unwrap_or("?");
            output.line(format!("{kind} {}", can(entity.can_send_message.as_ref())));
            for error in &entity.errors {
                let parts =
                    ["error_code", "error_description", "possible_solution"].map(|key| part(error, key));
                output.line(format!("  {}", parts.join(" ")));
            }
        }
    }
    Ok(exit(status))
}

fn exit(status: &HealthStatus) -> Exit {
    let blocked = status.can_send_message == Some(CanSend::Blocked);
    if blocked { Exit::Refused } else { Exit::Done }
}

/// Returns `error_code`, `error_description` or `possible_solution` of a problem.
fn part(error: &Extra, key: &str) -> String {
    match error.get(key) {
        Some(Value::String(text)) => text.clone(),
        Some(other) => other.to_string(),
        None => String::new(),
    }
}

/// Returns the entities that may block messages, with their problems.
fn entities(status: &HealthStatus) -> Table {
    let mut table = Table::new(&["ENTITY", "CAN SEND", "CODE", "PROBLEM", "SOLUTION"]);
    for entity in &status.entities {
        let first = [entity.entity_type.clone(), Some(can(entity.can_send_message.as_ref()))];
        let keys = ["error_code", "error_description", "possible_solution"];
        let mut problems = entity.errors.iter().map(|error| keys.map(|key| Some(part(error, key))));
        let row = problems.next().unwrap_or_default();
        table.row(first.into_iter().chain(row).collect());
        problems.for_each(|row| table.row([None, None].into_iter().chain(row).collect()));
    }
    table
}

fn can(can: Option<&CanSend>) -> String {
    can.map_or("UNKNOWN", CanSend::as_str).to_owned()
}
