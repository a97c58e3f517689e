//! Sends one message to its recipients, one after the other, and reports each outcome.
use super::{
    recipients::Recipients,
    signals,
    wait::{Fate, Waiting},
};
use crate::{
    Result,
    client::Client,
    failure::{Exit, Failure, error_document},
    output::{Output, findings},
    table::Tone,
    visible::visible,
};
use d360::{
    Error, Outcome,
    model::{Findings, MessageId, Recipient, SendResponse},
    transport::SendsMessages,
};
use serde_json::{Value, json};
use std::{
    collections::BTreeSet,
    time::{Duration, Instant},
};

/// The message to send, and the findings about it.
pub(crate) struct Delivery<'d, M> {
    pub(crate) message: M,
    pub(crate) recipients: &'d Recipients,
    pub(crate) remarks: Remarks<'d>,
    pub(crate) waiting: Option<Waiting>,
}

/// What a result contains besides the API's response.
#[derive(Clone, Copy)]
pub(crate) struct Remarks<'r> {
    pub(crate) advice: &'r Findings,
    pub(crate) left_out: &'r [Value],
}

/// A message whose recipient can be changed.
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
            let request = client.request(self.message.to(given.recipient.clone()))?;
            output.request(&request, self.remarks.advice);
        }
        Ok(Exit::Done)
    }

    pub(crate) fn run<A: SendsMessages<Message = M>>(self, client: &Client<A>, output: Output) -> Result {
        output.advice(self.remarks.advice);
        if !self.recipients.several {
            return single(&client.send(self.message)?, self.remarks, self.waiting, output);
        }
        signals::notice();
        let mut report = Report::new(output, self.remarks, self.waiting);
        let mut skip = None;
        for given in &self.recipients.all {
            if signals::interrupted() {
                skip = Some("interrupted");
            }
            match skip {
                Some(why) => report.skipped(&given.text, why),
                None => match client.send(self.message.to(given.recipient.clone())) {
                    Ok(sent) => report.accepted(&given.text, sent),
                    Err(error) => {
                        skip = self.recipients.fail_fast.then_some("skipped after a failure");
                        report.failed(&given.text, &error);
                    }
                },
            }
            report.settle();
            if report.is_cut {
                return Err(Failure::local(format!(
                    "cannot write to standard output; {} of {} recipients were tried, nothing is sent to the others",
                    report.tried,
                    self.recipients.all.len()
                )));
            }
        }
        report.finish();
        Ok(report.exit())
    }
}

/// Reports the result of the only message.
pub(crate) fn single(
    sent: &SendResponse,
    remarks: Remarks<'_>,
    waiting: Option<Waiting>,
    output: Output,
) -> Result {
    let id = sent.message_id().map(MessageId::as_str).unwrap_or_default();
    let to = sent.contacts.first();
    // The response has a group in place of a number.
    let wa_id =
        to.and_then(|to| to.wa_id.as_ref()).filter(|id| id.as_str().bytes().all(|b| b.is_ascii_digit()));
    let wa_id = wa_id.map(|id| format!(" for WhatsApp ID {}", id.as_str())).unwrap_or_default();
    let Some(mut waiting) = waiting else {
        if output.is_json() {
            output.document(&accepted_document(sent, remarks));
        } else {
            output.state(Tone::Good, "accepted", format!("as {id}{wa_id}"));
            output.note(
                "accepted does not mean delivered: a status webhook reports the delivery; --wait waits for it",
            );
        }
        return Ok(Exit::Done);
    };
    if output.is_json() {
        // Print the ID now, in case the program is killed while it waits.
        output.note(format!("accepted as {id}"));
    } else {
        output.state(Tone::Good, "accepted", format!("as {id}{wa_id}"));
    }
    let fate = waiting.wait(id);
    if output.is_json() {
        let mut document = accepted_document(sent, remarks);
        document["delivery"] = fate.document();
        output.document(&document);
    } else if let Some(silent) = fate.silent() {
        output.error(format!("error: {silent}: the message was accepted and may be delivered later"));
        output.error(SILENT_HINT);
    } else {
        output.state(fate.tone(), &fate.text(), "");
    }
    Ok(fate.exit())
}

const SILENT_HINT: &str =
    "hint: check with `d360 webhook config get` that the number's webhook points to the listener";

fn accepted_document(sent: &SendResponse, remarks: Remarks<'_>) -> Value {
    let mut document = json!(sent);
    document["advice"] = findings(remarks.advice.advice());
    document["left_out"] = remarks.left_out.into();
    document
}

/// Prints the results of several messages and counts the outcomes.
struct Report<'r> {
    output: Output,
    remarks: Remarks<'r>,
    waiting: Option<Waiting>,
    /// Accepted messages without a status.
    pending: Vec<Pending>,
    tried: usize,
    /// The number of messages per outcome, in the order of the summary.
    counts: [usize; 7],
    hints: BTreeSet<&'static str>,
    /// Whether a result could not be written.
    is_cut: bool,
}

struct Pending {
    to: String,
    sent: SendResponse,
    until: Instant,
}

/// The outcome of a message. Successful outcomes come first.
#[derive(Clone, Copy)]
enum Ending {
    Delivered,
    Accepted,
    Failed,
    Refused,
    Silent,
    Unknown,
    NotSent,
}

const ENDINGS: [(Ending, &str); 7] = [
    (Ending::Delivered, "delivered"),
    (Ending::Accepted, "accepted"),
    (Ending::Failed, "failed"),
    (Ending::Refused, "refused"),
    (Ending::Silent, "without a status"),
    (Ending::Unknown, "unknown"),
    (Ending::NotSent, "not sent"),
];

impl<'r> Report<'r> {
    fn new(output: Output, remarks: Remarks<'r>, waiting: Option<Waiting>) -> Self {
        Self {
            output,
            remarks,
            waiting,
            pending: Vec::new(),
            tried: 0,
            counts: [0; 7],
            hints: BTreeSet::new(),
            is_cut: false,
        }
    }

    /// `+16505551234  accepted  wamid.…`
    fn row(&mut self, to: &str, tone: Tone, word: &str, rest: &str) {
        self.is_cut |=
            !self.output.state_after(&format!("{}  ", visible(to)), tone, word, format!(" {rest}"));
    }
    fn document(&mut self, document: &Value) {
        self.is_cut |= !self.output.document(document);
    }
    fn count(&mut self, ending: Ending) {
        self.counts[ending as usize] += 1;
    }
    fn counted(&self, endings: &[Ending]) -> usize {
        endings.iter().map(|ending| self.counts[*ending as usize]).sum()
    }

    fn accepted(&mut self, to: &str, sent: SendResponse) {
        self.tried += 1;
        if !self.output.is_json() {
            self.row(to, Tone::Good, "accepted", id(&sent));
        }
        if let Some(waiting) = &self.waiting {
            let until = Instant::now() + waiting.limit;
            self.pending.push(Pending { to: to.to_owned(), sent, until });
            return;
        }
        self.count(Ending::Accepted);
        if self.output.is_json() {
            let mut document = accepted_document(&sent, self.remarks);
            document["to"] = to.into();
            self.document(&document);
        }
    }

    fn failed(&mut self, to: &str, error: &Error) {
        self.tried += 1;
        let (ending, word) = match error.outcome() {
            Outcome::Refused { .. } => (Ending::Refused, "refused"),
            Outcome::NotSent => (Ending::NotSent, "not sent"),
            _ => (Ending::Unknown, "unknown"),
        };
        self.count(ending);
        self.hints.insert(error.hint());
        if self.output.is_json() {
            self.document(&json!({ "to": to, "error": error_document(error) }));
        } else {
            self.row(to, Tone::Bad, word, &error.to_string());
        }
    }

    fn skipped(&mut self, to: &str, why: &str) {
        self.count(Ending::NotSent);
        if self.output.is_json() {
            let error = json!({ "kind": "skipped", "message": why, "outcome": "not_sent" });
            self.document(&json!({ "to": to, "error": error }));
        } else {
            self.row(to, Tone::Waiting, "not sent", why);
        }
    }

    /// Reports the messages whose final status is known or can no longer arrive.
    fn settle(&mut self) {
        let Some(waiting) = &mut self.waiting else { return };
        waiting.hear(Duration::ZERO);
        let mut settled = Vec::new();
        self.pending.retain(|pending| match waiting.fate(id(&pending.sent), pending.until) {
            Some(fate) => {
                settled.push((pending.to.clone(), pending.sent.clone(), fate));
                false
            }
            None => true,
        });
        for (to, sent, fate) in settled {
            self.settled(&to, &sent, &fate);
        }
    }

    fn settled(&mut self, to: &str, sent: &SendResponse, fate: &Fate) {
        self.count(match fate.silent() {
            Some(_) => Ending::Silent,
            None if fate.has_failed() => Ending::Failed,
            None => Ending::Delivered,
        });
        if self.output.is_json() {
            let mut document = accepted_document(sent, self.remarks);
            document["to"] = to.into();
            document["delivery"] = fate.document();
            self.document(&document);
        } else {
            self.row(to, fate.tone(), &fate.text(), id(sent));
        }
    }

    /// Waits for pending messages and prints the summary.
    fn finish(&mut self) {
        while !self.pending.is_empty() {
            if let Some(waiting) = &mut self.waiting {
                waiting.hear(Duration::MAX);
            }
            self.settle();
        }
        let counts = ENDINGS.iter().map(|(ending, word)| (self.counts[*ending as usize], word));
        let counts: Vec<String> =
            counts.filter(|(count, _)| *count > 0).map(|(count, word)| format!("{count} {word}")).collect();
        self.output.note(counts.join(", "));
        if !self.output.is_json() {
            self.hints.iter().for_each(|hint| self.output.error(format!("hint: {hint}")));
            if self.counted(&[Ending::Silent]) > 0 {
                self.output.error(SILENT_HINT);
            }
        }
    }

    /// Returns "done" if all were accepted, "partly done" if some were, otherwise the most serious outcome.
    fn exit(&self) -> Exit {
        let good = self.counted(&[Ending::Delivered, Ending::Accepted]);
        let refused = self.counted(&[Ending::Failed, Ending::Refused]);
        let unknown = self.counted(&[Ending::Silent, Ending::Unknown]);
        match (good, refused + unknown + self.counted(&[Ending::NotSent])) {
            (_, 0) => Exit::Done,
            (1.., _) => Exit::Partly,
            _ if unknown > 0 => Exit::Unknown,
            _ if refused > 0 => Exit::Refused,
            _ => Exit::NotSent,
        }
    }
}

fn id(sent: &SendResponse) -> &str {
    sent.message_id().map(MessageId::as_str).unwrap_or_default()
}
