//! `d360 send`.
use crate::{
    Result,
    args::{Contacts, Global, Location, Raw, Send, To},
    client::Client,
    input,
    output::{Exit, Failure, Output, findings},
};
use clap::ArgMatches;
use d360::{
    cloud::messages::SendMessage,
    model::{self, Contact, Findings, Latitude, Longitude, Message, Recipient},
};
use serde_json::json;
use std::path::PathBuf;

pub(crate) fn run(global: &Global, send: &Send, matches: &ArgMatches, output: Output) -> Result {
    let (message, found, dry_run) = match send {
        Send::Contacts(args) => {
            let (message, found) = contacts(args, matches, output)?;
            (message, found, &args.to.dry_run)
        }
        Send::Location(args) => (location(args)?, Findings::new(), &args.to.dry_run),
        Send::Raw(args) => {
            let (message, found) = raw(args)?;
            (message, found, &args.dry_run)
        }
    };
    let mut advice = found;
    advice.merge(message.validate());
    advice.clone().into_result(global.strict)?;
    let client = Client::new(global, !dry_run.dry_run)?;
    let endpoint = SendMessage::new(message);
    if dry_run.dry_run {
        output.request(&client.request(&endpoint)?, &advice);
        return Ok(Exit::Done);
    }
    let sent = client.call(endpoint)?;
    if output.is_json() {
        let mut document = json!(sent);
        document["advice"] = findings(advice.advice());
        output.document(&document);
    } else {
        let id = sent.message_id().map(model::MessageId::as_str).unwrap_or_default();
        let to = sent.contacts.first();
        let wa_id = to.and_then(|to| to.wa_id.as_ref()).map(|id| format!(" for WhatsApp ID {}", id.as_str()));
        output.line(format!("accepted as {id}{}", wa_id.unwrap_or_default()));
        output.advice(&advice);
        output.note("accepted is not delivered: the status webhook tells what becomes of it");
    }
    Ok(Exit::Done)
}

/// What every message has in common, once it is built.
fn addressed(
    to: &To,
    build: impl FnOnce(Recipient) -> Message,
) -> std::result::Result<Message, Box<Failure>> {
    let recipient = to.to.parse::<Recipient>().map_err(|error| Failure::invalid("to", error.to_string()))?;
    let mut message = build(recipient);
    message.reply_to = to.reply_to.as_deref().map(Into::into);
    message.biz_opaque_callback_data.clone_from(&to.callback_data);
    Ok(message)
}

/// Reads on past a mistake, so that all of them are reported.
fn contacts(
    args: &Contacts,
    matches: &ArgMatches,
    output: Output,
) -> std::result::Result<(Message, Findings), Box<Failure>> {
    let mut cards: Vec<Contact> = Vec::new();
    let mut found = Findings::new();
    for (path, is_vcard) in in_order(args, matches) {
        let read = if is_vcard {
            super::vcard::cards(&path).map(|read| {
                read.iter()
                    .flat_map(|card| &card.losses)
                    .for_each(|loss| output.note(format!("left out: {loss}")));
                (read.into_iter().map(|card| card.contact).collect(), Findings::new())
            })
        } else {
            input::cards(&path, cards.len())
        };
        match read.map_err(|failure| *failure) {
            Ok((read, problems)) => {
                cards.extend(read);
                found.merge(problems);
            }
            Err(Failure::Invalid(invalid)) => found.merge(invalid.findings().clone()),
            Err(other) => return Err(Box::new(other)),
        }
    }
    match addressed(&args.to, |to| Message::contacts(to, cards)).map_err(|failure| *failure) {
        Ok(message) if !found.refuses(false) => Ok((message, found)),
        Ok(message) => {
            found.merge(message.validate());
            Err(Box::new(Failure::Invalid(found.into())))
        }
        Err(Failure::Invalid(invalid)) => {
            let mut all = invalid.findings().clone();
            all.merge(found);
            Err(Box::new(Failure::Invalid(all.into())))
        }
        Err(other) => Err(Box::new(other)),
    }
}

/// The files in the order of the command line, and whether each is a vCard file.
fn in_order(args: &Contacts, matches: &ArgMatches) -> Vec<(PathBuf, bool)> {
    let matches = matches.subcommand_matches("send").and_then(|send| send.subcommand_matches("contacts"));
    let places =
        |name| matches.and_then(|m| m.indices_of(name)).map(Iterator::collect::<Vec<_>>).unwrap_or_default();
    let cards = places("card").into_iter().zip(args.card.iter().map(|path| (path.clone(), false)));
    let vcards = places("vcard").into_iter().zip(args.vcard.iter().map(|path| (path.clone(), true)));
    let mut all: Vec<(usize, (PathBuf, bool))> = cards.chain(vcards).collect();
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, file)| file).collect()
}

fn location(args: &Location) -> std::result::Result<Message, Box<Failure>> {
    let mut problems = Findings::new();
    let latitude = args.latitude.parse::<Latitude>();
    let longitude = args.longitude.parse::<Longitude>();
    let recipient = args.to.to.parse::<Recipient>();
    let mut report =
        |path: &str, problem: Option<String>| problem.map(|problem| problems.error(path, problem));
    report("to", recipient.err().map(|error| error.to_string()));
    report("location.latitude", latitude.as_ref().err().map(ToString::to_string));
    report("location.longitude", longitude.as_ref().err().map(ToString::to_string));
    let (Ok(latitude), Ok(longitude), true) = (latitude, longitude, problems.is_empty()) else {
        return Err(Box::new(Failure::Invalid(problems.into())));
    };
    let mut place = model::Location::new(latitude, longitude);
    place.name.clone_from(&args.name);
    place.address.clone_from(&args.address);
    addressed(&args.to, |to| Message::location(to, place))
}

fn raw(args: &Raw) -> std::result::Result<(Message, Findings), Box<Failure>> {
    let json = input::read(&args.file)?;
    Ok(Message::from_json(&json)?)
}
