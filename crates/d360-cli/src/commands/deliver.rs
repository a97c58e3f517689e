//! Sends one message to its recipients, one after the other, and reports what came of each.
use super::{recipients::Recipients, signals};
use crate::{
    Result,
    client::Client,
    output::{Exit, Failure, Output, error_document, findings},
};
use d360::{
    Error, Outcome,
    model::{Findings, MessageId, Recipient, SendResponse},
    transport::SendsMessages,
};
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// What is sent, and what was found while it was put together.
pub(crate) struct Delivery<'d, M> {
    pub(crate) message: M,
    pub(crate) recipients: &'d Recipients,
    pub(crate) advice: &'d Findings,
    pub(crate) left_out: &'d [Value],
    pub(crate) fail_fast: bool,
}

/// A message that can be addressed to another recipient.
pub(crate) trait Addressed: Clone {
    fn to(&self, recipient: Recipient) -> Self;
}

impl Addressed for d360::model::Message {
    fn to(&self, recipient: Recipient) -> Self {
        let mut other = self.clone();
        other.to = recipient;
        other
    }
}

impl Addressed for d360::onprem::Message {
    fn to(&self, recipient: Recipient) -> Self {
        let mut other = self.clone();
        other.to = recipient;
        other
    }
}

impl<M: Addressed> Delivery<'_, M> {
    /// Prints the requests.
    pub(crate) fn dry_run<A: SendsMessages<Message = M>>(
        &self,
        client: &Client<A>,
        output: Output,
    ) -> Result {
        for given in &self.recipients.all {
            output.request(&client.request(self.message.to(given.recipient.clone()))?, self.advice);
        }
        Ok(Exit::Done)
    }

    pub(crate) fn run<A: SendsMessages<Message = M>>(self, client: &Client<A>, output: Output) -> Result {
        output.advice(self.advice);
        if !self.recipients.several {
            told(&client.send(self.message)?, self.advice, self.left_out, output);
            return Ok(Exit::Done);
        }
        signals::notice();
        let mut report = Report::default();
        let mut skip = None;
        for given in &self.recipients.all {
            if signals::interrupted() {
                skip = Some("interrupted");
            }
            let written = match skip {
                Some(why) => report.skipped(&given.text, why, output),
                None => match client.send(self.message.to(given.recipient.clone())) {
                    Ok(sent) => report.accepted(&given.text, &sent, &self, output),
                    Err(error) => {
                        skip = self.fail_fast.then_some("skipped after a failure");
                        report.failed(&given.text, &error, output)
                    }
                },
            };
            if !written {
                return Err(Failure::local(format!(
                    "standard output takes nothing more; {} of {} recipients were tried, the others get nothing",
                    report.count(),
                    self.recipients.all.len()
                )));
            }
        }
        report.finish(output);
        Ok(report.exit())
    }
}

/// What the API answered to a single message.
pub(crate) fn told(sent: &SendResponse, advice: &Findings, left_out: &[Value], output: Output) {
    if output.is_json() {
        output.document(&accepted_document(sent, advice, left_out));
    } else {
        let id = sent.message_id().map(MessageId::as_str).unwrap_or_default();
        let to = sent.contacts.first();
        // A group comes back as a number would.
        let wa_id =
            to.and_then(|to| to.wa_id.as_ref()).filter(|id| id.as_str().bytes().all(|b| b.is_ascii_digit()));
        let wa_id = wa_id.map(|id| format!(" for WhatsApp ID {}", id.as_str()));
        output.line(format!("accepted as {id}{}", wa_id.unwrap_or_default()));
        output.note("accepted is not delivered: the status webhook tells what becomes of it");
    }
}

fn accepted_document(sent: &SendResponse, advice: &Findings, left_out: &[Value]) -> Value {
    let mut document = json!(sent);
    document["advice"] = findings(advice.advice());
    document["left_out"] = left_out.into();
    document
}

/// How many ended how.
#[derive(Default)]
struct Report {
    accepted: usize,
    refused: usize,
    unknown: usize,
    not_sent: usize,
    hints: BTreeSet<&'static str>,
}

impl Report {
    /// Prints an acceptance; whether it could be written.
    fn accepted<M>(
        &mut self,
        to: &str,
        sent: &SendResponse,
        delivery: &Delivery<'_, M>,
        output: Output,
    ) -> bool {
        self.accepted += 1;
        if output.is_json() {
            let mut document = accepted_document(sent, delivery.advice, delivery.left_out);
            document["to"] = to.into();
            return output.document(&document);
        }
        output
            .row(format!("{to}  accepted  {}", sent.message_id().map(MessageId::as_str).unwrap_or_default()))
    }

    fn failed(&mut self, to: &str, error: &Error, output: Output) -> bool {
        let (count, word) = match error.outcome() {
            Outcome::Refused { .. } => (&mut self.refused, "refused"),
            Outcome::NotSent => (&mut self.not_sent, "not sent"),
            _ => (&mut self.unknown, "unknown"),
        };
        *count += 1;
        self.hints.insert(error.hint());
        if output.is_json() {
            return output.document(&json!({ "to": to, "error": error_document(error) }));
        }
        output.row(format!("{to}  {word}  {error}"))
    }

    fn skipped(&mut self, to: &str, why: &str, output: Output) -> bool {
        self.not_sent += 1;
        if output.is_json() {
            let error = json!({ "kind": "skipped", "message": why, "outcome": "not_sent" });
            return output.document(&json!({ "to": to, "error": error }));
        }
        output.row(format!("{to}  not sent  {why}"))
    }

    fn count(&self) -> usize {
        self.accepted + self.refused + self.unknown + self.not_sent
    }

    fn finish(&self, output: Output) {
        let counts = [
            (self.accepted, "accepted"),
            (self.refused, "refused"),
            (self.unknown, "unknown"),
            (self.not_sent, "not sent"),
        ];
        let counts = counts.into_iter().filter(|(count, _)| *count > 0);
        let counts: Vec<String> = counts.map(|(count, word)| format!("{count} {word}")).collect();
        output.note(counts.join(", "));
        if !output.is_json() {
            self.hints.iter().for_each(|hint| output.error(format!("hint: {hint}")));
        }
    }

    /// Done if all were accepted, partly done if some were; otherwise the most serious outcome.
    fn exit(&self) -> Exit {
        match (self.accepted, self.refused + self.unknown + self.not_sent) {
            (_, 0) => Exit::Done,
            (1.., _) => Exit::Partly,
            _ if self.unknown > 0 => Exit::Unknown,
            _ if self.refused > 0 => Exit::Refused,
            _ => Exit::NotSent,
        }
    }
}
