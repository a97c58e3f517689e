//! `d360 send`.
use super::{
    content,
    deliver::{Addressed, Delivery, Remarks, single},
    recipients::{self, Recipients},
    send_file::{self, PLACEHOLDER},
    wait::Waiting,
};
use crate::{
    Result,
    args::{ApiName, Contacts, Global, Location, Raw, Send, Sending, To},
    client::{self, Client},
    failure::{Exit, Failure},
    input,
    output::Output,
};
use clap::ArgMatches;
use d360::{
    cloud::messages::SendRaw,
    model::{self, Contact, Findings, Latitude, Longitude, Message, Recipient, Severity},
    onprem,
    transport::SendsMessages,
};
use std::{path::PathBuf, time::Duration};

type Step<T> = std::result::Result<T, Box<Failure>>;

/// A message of the chosen system.
enum Either {
    Cloud(Message),
    OnPrem(onprem::Message),
}

pub(crate) fn run(global: &Global, send: &Send, matches: &ArgMatches, output: Output) -> Result {
    let onprem = global.api == Some(ApiName::Onprem);
    if global.api == Some(ApiName::Partner) {
        return Err(Failure::usage(
            "the Partner API cannot send messages; use --api cloud with the channel's own key",
        ));
    }
    let mut left_out = Vec::new();
    let file = match send {
        Send::Other(verb) => send_file::of(global, verb, output)?.map(|file| (verb, file)),
        _ => None,
    };
    let (message, found, recipients) = match send {
        Send::Contacts(args) => {
            let (recipients, cards, found) = contacts(args, onprem, matches, output, &mut left_out)?;
            let to = recipients.first();
            let message = if onprem {
                Either::OnPrem(replying(onprem::Message::contacts(to, cards), &args.to)?)
            } else {
                Either::Cloud(with_extras(Message::contacts(to, cards), &args.to))
            };
            (message, found, recipients)
        }
        Send::Location(args) => {
            let (recipients, place) = location(args, onprem, output)?;
            let to = recipients.first();
            let message = if onprem {
                Either::OnPrem(replying(onprem::Message::location(to, place), &args.to)?)
            } else {
                Either::Cloud(with_extras(Message::location(to, place), &args.to))
            };
            (message, Findings::new(), recipients)
        }
        Send::Raw(args) if args.unchecked => return unchecked(global, args, output),
        Send::Raw(args) => {
            let (message, found) = raw(args, onprem)?;
            let to = match &message {
                Either::Cloud(message) => &message.to,
                Either::OnPrem(message) => &message.to,
            };
            let recipients = Recipients::one(to.clone());
            (message, found, recipients)
        }
        Send::Other(verb) => {
            let to = content::to(verb);
            let recipients = recipients::read(to, onprem, output)?;
            let (message, found) = if onprem {
                let (message, found) = content::onprem(verb, recipients.first(), matches)?;
                (Either::OnPrem(replying(message, to)?), found)
            } else {
                let (message, found) = content::cloud(verb, recipients.first(), PLACEHOLDER, matches)?;
                (Either::Cloud(with_extras(message, to)), found)
            };
            (message, found, recipients)
        }
    };
    let sending = sending(send);
    let sent = Sent { recipients, left_out, found, sending };
    match message {
        Either::Cloud(message) => {
            let sent = sent.check(&message, Message::validate, global)?;
            let client = client::cloud(global, !sending.dry_run)?;
            let waiting = waiting(sending, global)?;
            let Some((verb, file)) = file else { return sent.deliver(waiting, message, &client, output) };
            if sending.dry_run {
                output.note(format!("{} is uploaded first; its ID replaces {PLACEHOLDER}", file.name()));
                return sent.deliver(waiting, message, &client, output);
            }
            let id = file.upload(global, output)?;
            let message = content::cloud(verb, message.to, id.as_str(), matches)?.0;
            sent.deliver(waiting, with_extras(message, content::to(verb)), &client, output).inspect_err(
                |_| {
                    output
                        .note(format!("the file was uploaded; next time, send it with --id {}", id.as_str()));
                },
            )
        }
        Either::OnPrem(message) => {
            let sent = sent.check(&message, onprem::Message::validate, global)?;
            let client = client::onprem(global, !sending.dry_run)?;
            sent.deliver(waiting(sending, global)?, message, &client, output)
        }
    }
}

/// Returns the sending options of any message.
pub(crate) fn sending(send: &Send) -> &Sending {
    match send {
        Send::Contacts(args) => &args.to.sending,
        Send::Location(args) => &args.to.sending,
        Send::Raw(args) => &args.sending,
        Send::Other(verb) => &content::to(verb).sending,
    }
}

/// The common parts of a message of either system.
struct Sent<'s> {
    recipients: Recipients,
    left_out: Vec<serde_json::Value>,
    found: Findings,
    sending: &'s Sending,
}

impl Sent<'_> {
    /// Checks the message for every recipient. Problems with its content are reported once.
    fn check<M: Addressed>(
        mut self,
        message: &M,
        validate: fn(&M) -> Findings,
        global: &Global,
    ) -> Step<Self> {
        for given in &self.recipients.all {
            for finding in validate(&message.to(given.recipient.clone())).iter() {
                if self.found.iter().any(|found| found == finding) {
                    continue;
                }
                match finding.severity {
                    Severity::Advice => self.found.advise(&finding.path, finding.message.as_str()),
                    _ => self.found.error(&finding.path, finding.message.as_str()),
                }
            }
        }
        self.found.clone().into_result(global.strict)?;
        Ok(self)
    }

    fn deliver<A: SendsMessages<Message: Addressed>>(
        &self,
        waiting: Option<Waiting>,
        message: A::Message,
        client: &Client<A>,
        output: Output,
    ) -> Result {
        let delivery = Delivery {
            message,
            recipients: &self.recipients,
            remarks: Remarks { advice: &self.found, left_out: &self.left_out },
            waiting,
        };
        if self.sending.dry_run { delivery.dry_run(client, output) } else { delivery.run(client, output) }
    }
}

/// Starts listening for statuses with `--wait`, before anything is uploaded or sent.
fn waiting(sending: &Sending, global: &Global) -> Step<Option<Waiting>> {
    let limit = Duration::from_secs(sending.wait_timeout.unwrap_or(60));
    sending.wait.then(|| Waiting::start(limit, global.base_url.as_deref())).transpose()
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

/// Reads all files even if one is invalid, so that every mistake is reported.
fn contacts(
    args: &Contacts,
    onprem: bool,
    matches: &ArgMatches,
    output: Output,
    left_out: &mut Vec<serde_json::Value>,
) -> Step<(Recipients, Vec<Contact>, Findings)> {
    let mut cards: Vec<Contact> = Vec::new();
    let mut found = Findings::new();
    let mut unread = false;
    let to = match recipients::read(&args.to, onprem, output).map_err(|failure| *failure) {
        Ok(to) => to,
        Err(Failure::Invalid(invalid)) => {
            found.merge(invalid.findings().clone());
            Recipients::one(Recipient::default())
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
        // If a file could not be read, too few cards is not a mistake of its own.
        if !(unread && cards.is_empty()) {
            found.merge(Message::contacts(to.first(), cards).validate());
        }
        return Err(Box::new(Failure::Invalid(found.into())));
    }
    Ok((to, cards, found))
}

/// Returns the files in command-line order, and whether each is a vCard file.
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

fn location(args: &Location, onprem: bool, output: Output) -> Step<(Recipients, model::Location)> {
    let mut problems = Findings::new();
    let latitude = args.latitude.parse::<Latitude>();
    let longitude = args.longitude.parse::<Longitude>();
    let recipients = recipients::read(&args.to, onprem, output).map_err(|failure| *failure);
    if let Err(Failure::Invalid(invalid)) = &recipients {
        problems.merge(invalid.findings().clone());
    }
    let mut report =
        |path: &str, problem: Option<String>| problem.map(|problem| problems.error(path, problem));
    report("location.latitude", latitude.as_ref().err().map(|error| error.problem()));
    report("location.longitude", longitude.as_ref().err().map(|error| error.problem()));
    let place = latitude.and_then(|latitude| model::Location::new(latitude, longitude?));
    let (Ok(recipients), Ok(mut place)) = (recipients, place) else {
        return Err(Box::new(Failure::Invalid(problems.into())));
    };
    place.name.clone_from(&args.name);
    place.address.clone_from(&args.address);
    Ok((recipients, place))
}

/// Sends a body unchanged.
fn unchecked(global: &Global, args: &Raw, output: Output) -> Result {
    if global.api == Some(ApiName::Onprem) {
        return Err(Failure::usage("--unchecked is for --api cloud and graph"));
    }
    let body = serde_json::from_slice(&input::read(&args.file)?).map_err(|error| {
        Failure::invalid("", format!("{} is not a JSON object: {error}", input::name(&args.file)))
    })?;
    let client = client::cloud(global, !args.sending.dry_run)?;
    let send = SendRaw::new(body);
    if args.sending.dry_run {
        output.request(&client.request_of(&send)?, &Findings::new());
        return Ok(Exit::Done);
    }
    let waiting = waiting(&args.sending, global)?;
    let remarks = Remarks { advice: &Findings::new(), left_out: &[] };
    single(&client.call(send)?, remarks, waiting, output)
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
                    unchanged with --unchecked if a number of the business's own country is meant",
        ));
    }
    Ok((Either::Cloud(message), found))
}
