//! Every attempt of a signal, for investigation: one short record each, the strings once.
//!
//! The campaigns of a service share a bounded memory. Where it is used up a campaign keeps a uniform sample of its attempts
//! (reservoir sampling), of at least a few dozen, for which there is always room; totals stay exact elsewhere.

use super::places::Places;
use crate::takeover::address::Prefix;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Bytes of all campaigns of a service, about: 1.2 million attempts.
pub const CAPACITY: usize = 64 << 20;
/// Bytes of a campaign for which there is always room.
const RESERVED: usize = 8 << 10;

/// The memory that campaigns share.
#[derive(Clone, Debug, Default)]
pub struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// Bytes in use.
    pub fn used(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether so much is in use that campaigns that are over should give way to those to come.
    pub fn is_tight(&self) -> bool {
        self.used() > CAPACITY / 4 * 3
    }
}

/// What an attempt was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Failure,
    Success,
    Refused,
    Other,
}

impl Kind {
    /// As exports write it.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Failure => "failure",
            Kind::Success => "success",
            Kind::Refused => "refused",
            Kind::Other => "other",
        }
    }
}

/// One attempt. Strings are places in [`Campaign::text`].
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Attempt {
    pub at_s: u32,
    pub kind: Kind,
    pub exists: Option<bool>,
    pub familiar: Option<bool>,
    pub flagged: bool,
    pub ip: Option<Prefix>,
    pub asn: Option<u32>,
    pub login: u32,
    pub user_id: u32,
}

/// What is told of an attempt.
#[derive(Clone, Copy, Debug)]
#[allow(missing_docs)]
pub struct Told<'a> {
    pub at_s: u32,
    pub kind: Kind,
    pub exists: Option<bool>,
    pub familiar: Option<bool>,
    pub flagged: bool,
    pub ip: Option<Prefix>,
    pub asn: Option<u32>,
    pub login: Option<&'a str>,
    pub user_id: Option<&'a str>,
}

/// The attempts of a signal.
#[derive(Debug, Default)]
pub struct Campaign {
    attempts: Vec<Attempt>,
    texts: Vec<Box<str>>,
    places: Places,
    bytes: usize,
    budget: Budget,
    seen: u64,
    random: u64,
}

impl Drop for Campaign {
    fn drop(&mut self) {
        self.budget.0.fetch_sub(self.bytes, Ordering::Relaxed);
    }
}

impl Campaign {
    /// A campaign that has its memory from this budget.
    pub fn within(budget: Budget) -> Self {
        let mut campaign = Campaign::default();
        campaign.budget = budget;
        campaign
    }

    fn has_room(&self) -> bool {
        self.bytes < RESERVED || self.budget.used() < CAPACITY
    }

    fn take(&mut self, bytes: usize) {
        self.bytes += bytes;
        self.budget.0.fetch_add(bytes, Ordering::Relaxed);
    }

    /// Notes an attempt.
    pub fn note(&mut self, told: Told<'_>) {
        self.seen += 1;
        if self.has_room() {
            let attempt = self.attempt(told);
            self.take(size_of::<Attempt>());
            return self.attempts.push(attempt);
        }
        // The sample stays uniform: the newest takes the place of any other with the probability that it belongs there.
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = ((u128::from(self.random) * u128::from(self.seen)) >> 64) as usize;
        if place < self.attempts.len() && told.login.is_none_or(|login| self.places.get(login, &self.texts).is_some()) {
            let attempt = self.attempt(told);
            self.attempts[place] = attempt;
        }
    }

    fn attempt(&mut self, told: Told<'_>) -> Attempt {
        Attempt {
            at_s: told.at_s,
            kind: told.kind,
            exists: told.exists,
            familiar: told.familiar,
            flagged: told.flagged,
            ip: told.ip,
            asn: told.asn,
            login: self.place(told.login),
            user_id: self.place(told.user_id),
        }
    }

    /// The place of a string, counted from one; zero is none.
    fn place(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return 0 };
        if let Some(place) = self.places.get(text, &self.texts) {
            return place;
        }
        if !self.has_room() {
            return 0;
        }
        self.take(text.len() + 64);
        self.texts.push(text.into());
        let place = self.texts.len() as u32;
        self.places.insert(text, place);
        place
    }

    /// The attempts, in the order they came as long as all are kept.
    pub fn attempts(&self) -> &[Attempt] {
        &self.attempts
    }

    /// The string at a place.
    pub fn text(&self, place: u32) -> Option<&str> {
        self.texts.get((place as usize).checked_sub(1)?).map(|text| &**text)
    }

    /// Forgets an account.
    pub fn forget_user(&mut self, login: &str) {
        if let Some(place) = self.places.get(login, &self.texts) {
            self.places.remove(login);
            self.attempts.retain(|attempt| attempt.login != place && attempt.user_id != place);
            if let Some(text) = self.texts.get_mut(place as usize - 1) {
                *text = "".into();
            }
        }
    }

    /// Forgets a source.
    pub fn forget_ip(&mut self, network: Prefix) {
        self.attempts.retain(|attempt| attempt.ip.is_none_or(|ip| !network.contains(ip)));
    }
}
