//! `d360 send`.
use super::{
    content::{self, recipient},
    send_file::{self, PLACEHOLDER},
};
use crate::{
    Result,
    args::{ApiName, Contacts, Global, Location, Raw, Send, Sending, To},
    client::{self, Client},
    input,
    output::{Exit, Failure, Output, findings},
};
use clap::ArgMatches;
use d360::{
    cloud::messages::SendRaw,
    model::{self, Contact, Findings, Latitude, Longitude, Message, Recipient, SendResponse},
    onprem,
    transport::SendsMessages,
};
use serde_json::json;
use std::path::PathBuf;

type Step<T> = std::result::Result<T, Box<Failure>>;

/// What the system that was asked for takes.
enum Either {
    Cloud(Message),
    OnPrem(onprem::Message),
}

pub(crate) fn run(global: &Global, send: &Send, matches: &ArgMatches, output: Output) -> Result {
    let onprem = global.api == Some(ApiName::Onprem);
    if global.api == Some(ApiName::Partner) {
        return Err(Failure::usage(
            "the Partner API sends no messages; use --api cloud with the channel's own key",
        ));
    }
    let mut left_out = Vec::new();
    let file = match send {
        Send::Other(verb) => send_file::of(global, verb, output)?.map(|file| (verb, file)),
        _ => None,
    };
    let (message, found, dry_run) = match send {
        Send::Contacts(args) => {
            let (recipient, cards, found) = contacts(args, onprem, matches, output, &mut left_out)?;
            let message = if onprem {
                Either::OnPrem(replying(onprem::Message::contacts(recipient, cards), &args.to)?)
            } else {
                Either::Cloud(with_extras(Message::contacts(recipient, cards), &args.to))
            };
            (message, found, args.to.sending.dry_run)
        }
        Send::Location(args) => {
            let (recipient, place) = location(args, onprem)?;
            let message = if onprem {
                Either::OnPrem(replying(onprem::Message::location(recipient, place), &args.to)?)
            } else {
                Either::Cloud(with_extras(Message::location(recipient, place), &args.to))
            };
            (message, Findings::new(), args.to.sending.dry_run)
        }
        Send::Raw(args) if args.unchecked => return unchecked(global, args, output),
        Send::Raw(args) => {
            let (message, found) = raw(args, onprem)?;
            (message, found, args.sending.dry_run)
        }
        Send::Other(verb) => {
            let to = content::to(verb);
            let (message, found) = if onprem {
                let (message, found) = content::onprem(verb, matches)?;
                (Either::OnPrem(replying(message, to)?), found)
            } else {
                let (message, found) = content::cloud(verb, PLACEHOLDER, matches)?;
                (Either::Cloud(with_extras(message, to)), found)
            };
            (message, found, to.sending.dry_run)
        }
    };
    match message {
        Either::Cloud(message) => {
            let advice = advice(found, message.validate(), global)?;
            let client = client::cloud(global, !dry_run)?;
            let Some((verb, file)) = file else {
                return finish(&client, message, &advice, &left_out, dry_run, output);
            };
            if dry_run {
                output.note(format!("{} is uploaded first; its ID stands for {PLACEHOLDER}", file.name()));
                return finish(&client, message, &advice, &left_out, dry_run, output);
            }
            let id = file.upload(global, output)?;
            let message = with_extras(content::cloud(verb, id.as_str(), matches)?.0, content::to(verb));
            finish(&client, message, &advice, &left_out, dry_run, output).inspect_err(|_| {
                output.note(format!("the file is uploaded; next time, send it with --id {}", id.as_str()));
            })
        }
        Either::OnPrem(message) => {
            let advice = advice(found, message.validate(), global)?;
            finish(&client::onprem(global, !dry_run)?, message, &advice, &left_out, dry_run, output)
        }
    }
}

/// How a message is sent, whatever it is.
pub(crate) fn sending(send: &Send) -> &Sending {
    match send {
        Send::Contacts(args) => &args.to.sending,
        Send::Location(args) => &args.to.sending,
        Send::Raw(args) => &args.sending,
        Send::Other(verb) => &content::to(verb).sending,
    }
}

/// What was found and may be sent all the same.
fn advice(mut found: Findings, checked: Findings, global: &Global) -> Step<Findings> {
    found.merge(checked);
    found.clone().into_result(global.strict)?;
    Ok(found)
}

fn finish<A: SendsMessages>(
    client: &Client<A>,
    message: A::Message,
    advice: &Findings,
    left_out: &[serde_json::Value],
    dry_run: bool,
    output: Output,
) -> Result {
    if dry_run {
        output.request(&client.request(message)?, advice);
        return Ok(Exit::Done);
    }
    output.advice(advice);
    told(&client.send(message)?, advice, left_out, output);
    Ok(Exit::Done)
}

/// What the API answered.
fn told(sent: &SendResponse, advice: &Findings, left_out: &[serde_json::Value], output: Output) {
    if output.is_json() {
        let mut document = json!(sent);
        document["advice"] = findings(advice.advice());
        document["left_out"] = left_out.into();
        output.document(&document);
    } else {
        let id = sent.message_id().map(model::MessageId::as_str).unwrap_or_default();
        let to = sent.contacts.first();
        // A group comes back as a number would.
        let wa_id =
            to.and_then(|to| to.wa_id.as_ref()).filter(|id| id.as_str().bytes().all(|b| b.is_ascii_digit()));
        let wa_id = wa_id.map(|id| format!(" for WhatsApp ID {}", id.as_str()));
        output.line(format!("accepted as {id}{}", wa_id.unwrap_or_default()));
        output.note("accepted is not delivered: the status webhook tells what becomes of it");
    }
}

fn with_extras(mut message: Message, to: &To) -> Message {
    message.reply_to = to.reply_to.as_deref().map(Into::into);
    message.biz_opaque_callback_data.clone_from(&to.callback_data);
    message.category = to.category.as_deref().map(|category| category.to_ascii_lowercase().into());
    message.ttl_seconds = to.ttl_seconds;
    message
}

fn replying(mut message: onprem::Message, to: &To) -> Step<onprem::Message> {
    if to.callback_data.is_some() {
        return Err(Failure::usage("--callback-data is for --api cloud and graph"));
    }
    if to.category.is_some() {
        return Err(Failure::usage("--category is for --api cloud and graph"));
    }
    message.reply_to = to.reply_to.as_deref().map(Into::into);
    Ok(message)
}

/// Reads on past a mistake, so that all of them are reported.
fn contacts(
    args: &Contacts,
    onprem: bool,
    matches: &ArgMatches,
    output: Output,
    left_out: &mut Vec<serde_json::Value>,
) -> Step<(Recipient, Vec<Contact>, Findings)> {
    let mut cards: Vec<Contact> = Vec::new();
    let mut found = Findings::new();
    let mut unread = false;
    let to = match recipient(&args.to, onprem).map_err(|failure| *failure) {
        Ok(to) => to,
        Err(Failure::Invalid(invalid)) => {
            found.merge(invalid.findings().clone());
            Recipient::default()
        }
        Err(other) => return Err(Box::new(other)),
    };
    for (path, is_vcard) in in_order(args, matches) {
        let read = if is_vcard {
            super::vcard::cards(&path).map(|read| {
                for loss in read.iter().flat_map(|card| &card.losses) {
                    left_out.push(super::vcard::loss(loss));
                    if !output.is_json() {
                        output.note(super::vcard::noted(loss));
                    }
                }
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
            Err(Failure::Invalid(invalid)) => {
                unread = true;
                found.merge(invalid.findings().clone());
            }
            Err(other) => return Err(Box::new(other)),
        }
    }
    if found.refuses(false) {
        // That there are too few cards is not the caller's mistake where a file could not be read.
        if !(unread && cards.is_empty()) {
            found.merge(Message::contacts(to, cards).validate());
        }
        return Err(Box::new(Failure::Invalid(found.into())));
    }
    Ok((to, cards, found))
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

fn location(args: &Location, onprem: bool) -> Step<(Recipient, model::Location)> {
    let mut problems = Findings::new();
    let latitude = args.latitude.parse::<Latitude>();
    let longitude = args.longitude.parse::<Longitude>();
    let recipient = recipient(&args.to, onprem).map_err(|failure| *failure);
    if let Err(Failure::Invalid(invalid)) = &recipient {
        problems.merge(invalid.findings().clone());
    }
    let mut report =
        |path: &str, problem: Option<String>| problem.map(|problem| problems.error(path, problem));
    report("location.latitude", latitude.as_ref().err().map(|error| error.problem()));
    report("location.longitude", longitude.as_ref().err().map(|error| error.problem()));
    let place = latitude.and_then(|latitude| model::Location::new(latitude, longitude?));
    let (Ok(recipient), Ok(mut place)) = (recipient, place) else {
        return Err(Box::new(Failure::Invalid(problems.into())));
    };
    place.name.clone_from(&args.name);
    place.address.clone_from(&args.address);
    Ok((recipient, place))
}

/// A body as it stands.
fn unchecked(global: &Global, args: &Raw, output: Output) -> Result {
    if global.api == Some(ApiName::Onprem) {
        return Err(Failure::usage("--unchecked is for --api cloud and graph"));
    }
    let body = serde_json::from_slice(&input::read(&args.file)?).map_err(|error| {
        Failure::invalid("", format!("{} is no JSON object: {error}", input::name(&args.file)))
    })?;
    let client = client::cloud(global, !args.sending.dry_run)?;
    let send = SendRaw::new(body);
    if args.sending.dry_run {
        output.request(&client.request_of(&send)?, &Findings::new());
        return Ok(Exit::Done);
    }
    told(&client.call(send)?, &Findings::new(), &[], output);
    Ok(Exit::Done)
}

fn raw(args: &Raw, onprem: bool) -> Step<(Either, Findings)> {
    let json = input::read(&args.file)?;
    if onprem {
        let (message, found) =
            onprem::Message::from_json(&json).map_err(|invalid| input::named(&args.file, &invalid))?;
        return Ok((Either::OnPrem(message), found));
    }
    let (message, found) = Message::from_json(&json).map_err(|invalid| input::named(&args.file, &invalid))?;
    if let Recipient::National(_) = message.to {
        return Err(Failure::invalid(
            "to",
            "has no + and no country code, so the API would add the business's own: write + and country code; or send the body \
             as it stands with --unchecked if a number of the business's own country is meant",
        ));
    }
    Ok((Either::Cloud(message), found))
}
