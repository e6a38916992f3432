//! Campaigns: the attempts of a signal, for investigation. Each is a short record; strings are stored once.
//!
//! The campaigns of a service share a fixed amount of memory. Once it is used up, a campaign keeps a uniform sample
//! of its attempts (reservoir sampling), with memory reserved for at least a few dozen; totals are counted elsewhere
//! and stay exact.

use super::chunks::Chunks;
use super::places::Places;
use crate::takeover::address::Prefix;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The approximate memory of all campaigns of a service, in bytes; enough for 1.2 million attempts.
pub const CAPACITY: usize = 64 << 20;
/// The memory reserved for each campaign, in bytes.
const RESERVED: usize = 8 << 10;

/// The memory that campaigns share.
#[derive(Clone, Debug, Default)]
pub struct Budget(Arc<AtomicUsize>);

impl Budget {
    /// The memory in use, in bytes.
    pub fn used(&self) -> usize {
        self.0.load(Ordering::Relaxed)
    }

    /// Whether so much memory is in use that campaigns of closed signals should be dropped.
    pub fn is_tight(&self) -> bool {
        self.used() > CAPACITY / 4 * 3
    }
}

/// The kind of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Kind {
    Failure,
    Success,
    Refused,
    Other,
}

impl Kind {
    /// The name in exports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Failure => "failure",
            Kind::Success => "success",
            Kind::Refused => "refused",
            Kind::Other => "other",
        }
    }
}

/// One attempt. Its strings are positions for [`Campaign::text`].
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

/// An attempt to be recorded.
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

/// The attempts with their strings. A copy is cheap, and stays as it is.
#[derive(Clone, Debug, Default)]
pub struct Log {
    attempts: Chunks<Attempt>,
    texts: Chunks<Arc<str>>,
}

impl Log {
    /// Returns the attempts, in order of arrival as long as all of them are kept.
    pub fn attempts(&self) -> impl Iterator<Item = &Attempt> {
        self.attempts.iter()
    }

    /// Returns one attempt.
    pub fn attempt(&self, at: usize) -> Option<&Attempt> {
        self.attempts.get(at)
    }

    /// Returns the string at a position.
    pub fn text(&self, place: u32) -> Option<&str> {
        self.texts.get((place as usize).checked_sub(1)?).map(|text| &**text)
    }
}

/// The attempts of a signal.
#[derive(Debug, Default)]
pub struct Campaign {
    log: Log,
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
    /// Creates a campaign that draws on a budget.
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

    /// Records an attempt.
    pub fn note(&mut self, told: Told<'_>) {
        self.seen += 1;
        if self.has_room() {
            let attempt = self.attempt(told);
            self.take(size_of::<Attempt>());
            return self.log.attempts.push(attempt);
        }
        // The new attempt replaces a random one with the probability that keeps the sample uniform.
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let place = ((u128::from(self.random) * u128::from(self.seen)) >> 64) as usize;
        if place < self.log.attempts.len()
            && told.login.is_none_or(|login| self.places.get(login, &self.log.texts).is_some())
        {
            let attempt = self.attempt(told);
            self.log.attempts.set(place, attempt);
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

    /// The position of a string, counted from one; zero stands for none.
    fn place(&mut self, text: Option<&str>) -> u32 {
        let Some(text) = text else { return 0 };
        if let Some(place) = self.places.get(text, &self.log.texts) {
            return place;
        }
        if !self.has_room() {
            return 0;
        }
        self.take(text.len() + 64);
        self.log.texts.push(text.into());
        let place = self.log.texts.len() as u32;
        self.places.insert(text, place);
        place
    }

    /// Returns the attempts so far.
    pub fn log(&self) -> Log {
        self.log.clone()
    }

    /// Whether it holds no attempts.
    pub fn is_empty(&self) -> bool {
        self.log.attempts.len() == 0
    }

    /// Frees a part, in some tens of microseconds, before all is dropped; returns whether there was one. Large blocks take
    /// turns with the many small ones, because an allocator may join all free small ones when a large one is freed.
    pub fn release_some(&mut self) -> bool {
        let parts = [self.places.pop_map(), self.log.texts.pop_chunk(), self.log.attempts.pop_chunk()];
        parts.contains(&true)
    }

    /// Removes the attempts on an account.
    pub fn forget_user(&mut self, login: &str) {
        if let Some(place) = self.places.get(login, &self.log.texts) {
            self.places.remove(login);
            self.log.attempts.retain(|attempt| attempt.login != place && attempt.user_id != place);
            self.log.texts.set(place as usize - 1, "".into());
        }
    }

    /// Removes the attempts from a network.
    pub fn forget_ip(&mut self, network: Prefix) {
        self.log.attempts.retain(|attempt| attempt.ip.is_none_or(|ip| !network.contains(ip)));
    }
}
