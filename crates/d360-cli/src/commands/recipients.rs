//! The recipients of a message: `--to` and `--to-file`.
use crate::{args::To, failure::Failure, input, output::Output};
use d360::model::{Findings, InvalidId, Recipient, WaId};
use std::collections::HashSet;

type Step<T> = std::result::Result<T, Box<Failure>>;

/// The recipients of a message, without duplicates, in the order given. There is at least one.
pub(crate) struct Recipients {
    pub(crate) all: Vec<Given>,
    /// Whether results are reported for each recipient.
    pub(crate) several: bool,
    /// Whether sending stops at the first failure.
    pub(crate) fail_fast: bool,
}

/// A recipient and its original text.
pub(crate) struct Given {
    pub(crate) text: String,
    pub(crate) recipient: Recipient,
}

impl Recipients {
    /// Wraps the recipient of a message that names it itself.
    pub(crate) fn one(recipient: Recipient) -> Self {
        Self {
            all: vec![Given { text: recipient.as_str().to_owned(), recipient }],
            several: false,
            fail_fast: false,
        }
    }
    pub(crate) fn first(&self) -> Recipient {
        self.all[0].recipient.clone()
    }
}

/// Reads all recipients, or returns every mistake in them.
pub(crate) fn read(to: &To, onprem: bool, output: Output) -> Step<Recipients> {
    let several = to.to.len() > 1 || to.to_file.is_some();
    let place = |n: usize| if several { format!("to {}", n + 1) } else { "to".to_owned() };
    let mut texts: Vec<(String, String)> =
        to.to.iter().enumerate().map(|(n, text)| (place(n), text.trim().to_owned())).collect();
    if let Some(path) = &to.to_file {
        texts.extend(input::lines(path)?);
        if texts.is_empty() {
            return Err(Failure::invalid(&input::name(path), "contains no recipient"));
        }
    }
    let (mut all, mut findings, mut seen) =
        (Vec::with_capacity(texts.len()), Findings::new(), HashSet::new());
    let mut repeated = 0;
    for (place, text) in texts {
        match recipient(&text, onprem) {
            Ok(recipient) if seen.insert(identity(&recipient)) => all.push(Given { text, recipient }),
            Ok(_) => repeated += 1,
            Err(error) => findings.error(place, error.problem()),
        }
    }
    if !findings.is_empty() {
        return Err(Box::new(Failure::Invalid(findings.into())));
    }
    if repeated > 0 {
        let named =
            if repeated == 1 { "1 recipient is".to_owned() } else { format!("{repeated} recipients are") };
        output.note(format!("{named} given more than once; each gets the message once"));
    }
    Ok(Recipients { all, several, fail_fast: to.fail_fast })
}

/// Parses a recipient. Digits alone are a WhatsApp ID on On-Premise and refused elsewhere.
fn recipient(text: &str, onprem: bool) -> Result<Recipient, InvalidId> {
    if onprem && !text.starts_with("00") && text.bytes().all(|b| b.is_ascii_digit()) {
        let id = Recipient::from(WaId::new(text));
        if id.problem().is_none() {
            return Ok(id);
        }
    }
    text.parse()
}

/// Returns a key that is equal for all spellings of a recipient. A number is its digits, with + or as a WhatsApp ID.
fn identity(recipient: &Recipient) -> (bool, String) {
    let text = recipient.as_str();
    match recipient {
        Recipient::Phone(_) | Recipient::WaId(_) => {
            let digits: String = text.chars().filter(char::is_ascii_digit).collect();
            // 00 means +.
            (true, digits.strip_prefix("00").map_or(digits.clone(), str::to_owned))
        }
        _ => (false, text.to_owned()),
    }
}
