//! Waits for the rate limit before a program records a message.
use super::{call::turn, core::Core};
use crate::{
    endpoint::{Endpoint, Meta},
    error::{Error, ErrorKind},
    policy::{CallOptions, Place},
};
use d360_model::{Findings, Recipient};
use std::time::{Duration, Instant};

/// The permission to send a message to this recipient.
pub(super) struct Slot {
    pub(super) place: Option<Place>,
    pub(super) recipient: Recipient,
}

impl Slot {
    /// Refuses a message to another recipient, whose limits were not checked.
    pub(super) fn check<E: Endpoint>(&self, endpoint: &E) -> Result<(), Error> {
        if endpoint.recipient().is_some_and(|recipient| *recipient == self.recipient) {
            return Ok(());
        }
        let mut findings = Findings::new();
        findings.error("to", "is not the recipient of the permit; request a permit for each recipient");
        Err(Error::new(&E::META, ErrorKind::Invalid(findings.into())))
    }
}

/// The wait for a [`Slot`], which both clients drive.
pub(super) struct Waiting<'c> {
    options: &'c CallOptions,
    meta: Meta,
    slot: Slot,
    deadline: Option<Instant>,
    /// Never before the end of the last wait, whatever the clock says.
    now: Instant,
}

impl<'c> Waiting<'c> {
    pub(super) fn new(
        core: &Core,
        options: &'c CallOptions,
        meta: Meta,
        recipient: Recipient,
        now: Instant,
    ) -> Result<Self, Error> {
        if let Some(problem) = recipient.problem() {
            let mut findings = Findings::new();
            findings.error("to", problem);
            return Err(Error::new(&meta, ErrorKind::Invalid(findings.into())));
        }
        let place = Place::new(&core.config.rate_limit, core.sender, Some(&recipient));
        let deadline = options.deadline.and_then(|deadline| now.checked_add(deadline));
        Ok(Self { options, meta, slot: Slot { place, recipient }, deadline, now })
    }

    /// Returns the wait before the next step, or `None` once the slot is reserved.
    pub(super) fn step(&mut self, now: Instant) -> Result<Option<Duration>, Error> {
        self.now = self.now.max(now);
        let wait = turn(self.slot.place.as_mut(), self.deadline, self.options, self.now)
            .map_err(|kind| Error::new(&self.meta, kind))?;
        self.now = self.now.checked_add(wait).unwrap_or(self.now);
        Ok((!wait.is_zero()).then_some(wait))
    }

    pub(super) fn slot(self) -> Slot {
        self.slot
    }
}
