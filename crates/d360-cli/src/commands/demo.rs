//! `d360 demo`: a conversation with a sandbox in the same process. Each step is verified.
use crate::{
    Result,
    args::Global,
    client::Client,
    failure::{Exit, Failure},
    output::Output,
    shown::Manner,
    table::Tone,
};
use d360::{
    ApiKey, Config, Error, Outcome,
    cloud::{Cloud, block_users::ListBlockedUsers, messages::SendMessage},
    model::{
        Location, Message,
        block::{BlockReport, User},
    },
    transport::{Connection, Proxy, SetupError},
    vcard,
};
use d360_sandbox::Sandbox;
use serde_json::json;

/// The vCard file of the examples.
const CARD: &[u8] = include_bytes!("barbara.vcf");
const FRIEND: &str = "+16505551234";
const STRANGER: &str = "+14155559876";

type Step<T = ()> = std::result::Result<T, Box<Failure>>;

struct Demo {
    sandbox: Sandbox,
    client: Client<Cloud>,
    output: Output,
    /// Whether requests and responses are shown.
    whole: bool,
    steps: Vec<String>,
}

pub(crate) fn run(global: &Global, output: Output) -> Result {
    let sandbox =
        Sandbox::start().map_err(|error| Failure::local(format!("cannot start a sandbox: {error}")))?;
    let key = ApiKey::new(sandbox.key()).map_err(SetupError::from)?;
    // Ignore proxies set in the environment.
    let config =
        Config::new(key).base_url(sandbox.base_url()).connection(Connection::new().proxy(Proxy::None));
    let manner = if global.verbose { Manner::Whole { to_stderr: output.is_json() } } else { Manner::Silent };
    let client = Client::shown(global.blocking, config, manner)?;
    let mut demo = Demo { sandbox, client, output, whole: global.verbose, steps: Vec::new() };
    let transport = if global.blocking { "blocking, over ureq" } else { "async, over reqwest" };
    let url = demo.sandbox.base_url();
    demo.print(&format!(
        "A local sandbox behaves like 360dialog Cloud at {url}.\nThe client is {transport}."
    ));
    if !global.verbose {
        demo.print("");
    }
    demo.run()?;
    if output.is_json() {
        output.document(&json!({ "steps": demo.steps, "done": true }));
    } else {
        output.line(format!("\nAll {} steps ended as expected.", demo.steps.len()));
        if !global.verbose {
            output.line("Every request and response: d360 demo --verbose");
            output.line("A sandbox of your own:      d360 sandbox");
        }
    }
    Ok(Exit::Done)
}

impl Demo {
    fn run(&mut self) -> Step {
        self.step("A user writes to the business", "This opens a 24-hour window for messages of any kind.");
        self.sandbox.user_writes(FRIEND);
        self.end(Tone::Good, "open", "24-hour window");

        self.step(
            "Send a contact card",
            "Read from examples/barbara.vcf. What WhatsApp cannot hold is reported.",
        );
        let cards = vcard::read(CARD).map_err(|error| Failure::local(error.to_string()))?;
        let losses: Vec<String> =
            cards.iter().flat_map(|card| &card.losses).map(|l| format!("left out: {l}")).collect();
        self.say(&losses.join("\n"));
        let contacts = cards.into_iter().map(|card| card.contact);
        self.accepted(Message::contacts(recipient(FRIEND)?, contacts), "contacts")?;

        self.step("Send a location", "");
        self.accepted(Message::location(recipient(FRIEND)?, place()?), "location")?;

        self.step("Send it to a user who never wrote", "Without an open window, only templates can be sent.");
        let refused = self.client.call(SendMessage::new(Message::location(recipient(STRANGER)?, place()?)));
        self.refused(refused.err(), 131_047, "no open 24-hour window")?;

        self.step("Block both users", "The report lists the users in the order of the request.");
        let report = self.client.block(vec![user(FRIEND)?, user(STRANGER)?], ())?;
        self.check(
            report.done.len() == 1 && code_of(&report) == Some(131_047),
            "one is blocked and one fails with 131047",
        )?;
        self.report(&report, "blocked");
        let report = self.client.unblock(vec![user(FRIEND)?])?;
        self.check(report.is_complete(), "the first is unblocked again")?;
        self.end(Tone::Waiting, "partly", "1 blocked, 1 failed with 131047");

        self.step("The second writes, and is blocked", "");
        self.sandbox.user_writes(STRANGER);
        let report = self.client.block(vec![user(STRANGER)?], ())?;
        self.check(report.is_complete() && report.done.len() == 1, "the user is blocked")?;
        self.report(&report, "blocked");
        self.end(Tone::Good, "blocked", STRANGER);

        self.step("Send to the blocked user", "");
        let refused = self.client.call(SendMessage::new(Message::location(recipient(STRANGER)?, place()?)));
        self.refused(refused.err(), 130_403, "blocked by the business")?;

        self.step("List the blocked users", "All pages are read.");
        let listed = self.listed()?;
        self.check(listed == ["14155559876"], "the list has the second user only")?;
        self.end(Tone::Good, "listed", listed.join(", "));

        self.step("Unblock the user", "DELETE, with the users in a JSON body.");
        let report = self.client.unblock(vec![user(STRANGER)?])?;
        self.check(report.is_complete() && report.done.len() == 1, "the user is unblocked")?;
        self.report(&report, "unblocked");
        let listed = self.listed()?;
        self.check(listed.is_empty(), "the list is empty")?;
        self.end(Tone::Good, "unblocked", STRANGER);
        Ok(())
    }

    /// Starts a step. The demo stops at the first step that fails.
    fn step(&mut self, title: &str, remark: &str) {
        self.steps.push(title.to_owned());
        self.say(&format!("\n{}. {title}\n{remark}", self.steps.len()));
    }
    /// Prints the result of a step in one line.
    fn end(&self, tone: Tone, word: &str, rest: impl AsRef<str>) {
        if !self.whole && !self.output.is_json() {
            let title = self.steps.last().map_or("", String::as_str);
            let before = format!("{}  {title:<35}", self.steps.len());
            self.output.state_after(&before, tone, &format!("{word:<9}"), rest);
        }
    }
    /// Prints details, with `--verbose`.
    fn say(&self, text: &str) {
        if self.whole {
            self.print(text);
        }
    }
    fn print(&self, text: &str) {
        let text = text.trim_end_matches(' ');
        if self.output.is_json() { self.output.note(text) } else { self.output.line(text) }
    }
    fn check(&self, good: bool, what: &str) -> Step {
        if good { Ok(()) } else { Err(Failure::local(format!("the demo failed: expected that {what}"))) }
    }

    /// Sends a message and checks that the sandbox received it unchanged.
    fn accepted(&self, message: Message, kind: &str) -> Step {
        let written = serde_json::to_value(&message).map_err(|error| Failure::local(error.to_string()))?;
        let before = self.sandbox.messages().len();
        let sent = self.client.call(SendMessage::new(message))?;
        let id = sent.message_id().map(|id| id.as_str().to_owned()).unwrap_or_default();
        let after = self.sandbox.messages();
        self.check(id.starts_with("wamid."), "the response has a message ID")?;
        self.check(
            after.len() == before + 1 && after.last() == Some(&written),
            "the sandbox received the message unchanged",
        )?;
        self.check(written["type"] == kind, "it is of the right type")?;
        self.say(&format!("Accepted as {id}. A status webhook reports the delivery."));
        self.end(Tone::Good, "accepted", format!("{}…", id.get(..24).unwrap_or(&id)));
        Ok(())
    }
    fn refused(&self, error: Option<Error>, code: i64, why: &str) -> Step {
        let Some(error) = error else { return self.check(false, "the server refuses") };
        self.say(&format!("{error}\nhint: {}", error.hint()));
        self.check(error.code().is_some_and(|found| found.0 == code), &format!("the code is {code}"))?;
        self.check(error.outcome() == Outcome::Refused { retryable: false }, "the outcome is a refusal")?;
        self.end(Tone::Bad, "refused", format!("{code}: {why}"));
        Ok(())
    }
    fn report(&self, report: &BlockReport, verb: &str) {
        for done in &report.done {
            self.say(&format!("{verb}: {}", done.input.as_str()));
        }
        for failed in &report.failed {
            let reasons: Vec<String> = failed.errors.iter().map(ToString::to_string).collect();
            self.say(&format!("failed: {}, {}", failed.input.as_str(), reasons.join("; ")));
        }
    }
    fn listed(&self) -> Step<Vec<String>> {
        let mut listed = Vec::new();
        self.client.pages(ListBlockedUsers::new(), |user| {
            listed.extend(user.wa_id.map(|id| id.as_str().to_owned()))
        })?;
        self.say(&format!(
            "listed: {}",
            if listed.is_empty() { "nobody".to_owned() } else { listed.join(", ") }
        ));
        Ok(listed)
    }
}

fn recipient(number: &str) -> Step<d360::model::Recipient> {
    number.parse().map_err(|error: d360::model::InvalidId| Failure::local(error.to_string()))
}

fn user(number: &str) -> Step<User> {
    number.parse().map_err(|error: d360::model::InvalidId| Failure::local(error.to_string()))
}

fn place() -> Step<Location> {
    let wrong = |error: d360::model::InvalidCoordinate| Failure::local(error.to_string());
    let place = Location::new(37.442_16, -122.161_53).map_err(wrong)?;
    Ok(place.name("Philz Coffee").address("101 Forest Ave, Palo Alto, CA 94301"))
}

fn code_of(report: &BlockReport) -> Option<i64> {
    Some(report.failed.first()?.errors.first()?.code?.0)
}
