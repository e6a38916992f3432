//! The signals of a service: live ones, by their group, and closed ones until they expire.

use super::campaign::{Budget, Campaign};
use super::{Signal, Status};
use crate::takeover::severity::Severity;
use crate::takeover::state::Key;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Instant;

/// The maximum number of live signals of a service.
const OPEN: usize = 1024;
/// The maximum number of closed signals that are kept.
const CLOSED: usize = 10_000;
/// How long closed signals are kept, in seconds.
const KEPT_S: u64 = 30 * 86_400;
/// How long the campaigns of closed signals are kept, in seconds.
const CAMPAIGN_KEPT_S: u64 = 7 * 86_400;

/// The number of a signal within its service, in order of opening.
pub type Slot = u64;

/// The signals of a service.
#[derive(Default)]
pub struct Signals {
    all: BTreeMap<Slot, Box<Signal>>,
    /// The live signals in order of eviction.
    live: BTreeSet<(Severity, Slot)>,
    /// The live signals, and closed ones that may reopen, by group and family.
    by_group: HashMap<Key, Vec<(String, Slot)>>,
    by_id: HashMap<String, Slot>,
    next: Slot,
    /// The memory budget of campaigns.
    pub campaigns: Budget,
    /// The signal that opened or reopened last.
    latest: Slot,
    /// The signal at which the sweep goes on.
    swept: Slot,
    /// A removed campaign that is freed part by part.
    leaving: Option<Campaign>,
}

impl Signals {
    /// Returns the signal of a family about a group: the live one, or else the last.
    pub fn about(&self, family: &str, key: Key) -> Option<Slot> {
        self.by_group.get(&key)?.iter().find(|(name, _)| name == family).map(|(_, slot)| *slot)
    }

    /// Returns the live signal of a family about a group.
    pub fn live(&mut self, family: &str, key: Key) -> Option<&mut Signal> {
        let slot = self.about(family, key)?;
        self.get_mut(slot).filter(|signal| signal.is_live())
    }

    /// Whether there are no signals, live or closed.
    pub fn is_empty(&self) -> bool {
        self.all.is_empty()
    }

    /// Whether any signal is live.
    pub fn any_live(&self) -> bool {
        !self.live.is_empty()
    }

    /// Whether there is a signal about a group, live or able to reopen.
    pub fn concerns(&self, key: Key) -> bool {
        self.by_group.contains_key(&key)
    }

    /// Returns a signal by its number.
    pub fn get(&self, slot: Slot) -> Option<&Signal> {
        self.all.get(&slot).map(|signal| &**signal)
    }

    /// Returns a mutable reference to a signal by its number.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Signal> {
        self.all.get_mut(&slot).map(|signal| &mut **signal)
    }

    /// Returns a signal by its id.
    pub fn by_id(&self, id: &str) -> Option<Slot> {
        self.by_id.get(id).copied()
    }

    /// Iterates over all signals in order of opening.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = (Slot, &Signal)> {
        self.all.iter().map(|(slot, signal)| (*slot, &**signal))
    }

    /// Iterates over mutable references to all signals.
    pub fn all_mut(&mut self) -> impl Iterator<Item = (Slot, &mut Signal)> {
        self.all.iter_mut().map(|(slot, signal)| (*slot, &mut **signal))
    }

    /// Returns the live signals in order of opening.
    pub fn live_slots(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.live.iter().map(|(_, slot)| *slot).collect();
        slots.sort_unstable();
        slots
    }

    /// Adds a live signal.
    pub fn open(&mut self, signal: Signal) -> Slot {
        let slot = self.next;
        self.next += 1;
        self.latest = slot;
        let of_group = self.by_group.entry(signal.key).or_default();
        of_group.retain(|(family, _)| *family != signal.family);
        of_group.push((signal.family.clone(), slot));
        self.by_id.insert(signal.id.clone(), slot);
        if signal.is_live() {
            self.live.insert((signal.severity, slot));
        }
        self.all.insert(slot, Box::new(signal));
        slot
    }

    /// Whether another signal can only open if a live one is closed.
    pub fn is_full(&self) -> bool {
        self.live.len() >= OPEN
    }

    /// Whether so many closed signals await removal that a sweep should not wait for the next tick.
    pub fn is_overdue(&self) -> bool {
        self.all.len() >= OPEN + CLOSED + CLOSED / 8
    }

    /// Returns the signal to close if there are too many: the oldest of the least severe. `None` if there is room.
    pub fn to_evict(&self) -> Option<Slot> {
        self.live.first().filter(|_| self.is_full()).map(|(_, slot)| *slot)
    }

    /// Raises the severity of a signal; returns whether it changed.
    pub fn raise(&mut self, slot: Slot, severity: Severity, now_s: u64) -> bool {
        let Some(signal) = self.all.get_mut(&slot) else { return false };
        let before = signal.severity;
        let graver = signal.raise(severity, now_s);
        if graver && self.live.remove(&(before, slot)) {
            self.live.insert((severity, slot));
        }
        graver
    }

    /// Closes a live signal.
    pub fn close(&mut self, slot: Slot, status: Status, because: &'static str, now_s: u64) {
        let Some(signal) = self.all.get_mut(&slot).filter(|signal| signal.is_live()) else { return };
        signal.status = status;
        signal.closed_s = Some(now_s);
        signal.closed_because = Some(because);
        signal.updated_s = now_s;
        self.live.remove(&(signal.severity, slot));
    }

    /// Reopens a closed signal.
    pub fn reopen(&mut self, slot: Slot, now_s: u64) {
        let Some(signal) = self.all.get_mut(&slot).filter(|signal| signal.status == Status::Closed) else { return };
        signal.status = if signal.suppressed_by.is_some() { Status::Suppressed } else { Status::Open };
        (signal.closed_s, signal.closed_because) = (None, None);
        signal.updated_s = now_s;
        self.live.insert((signal.severity, slot));
        self.latest = slot;
    }

    /// Returns the time at which the signal that opened last closes by itself.
    pub fn newest_close_s(&self) -> Option<u64> {
        self.get(self.latest).filter(|signal| signal.is_live()).map(Signal::closes_s)
    }

    /// Returns the time at which the next live signal closes by itself.
    pub fn next_close_s(&self) -> Option<u64> {
        self.live.iter().filter_map(|(_, slot)| self.all.get(slot)).map(|signal| signal.closes_s()).min()
    }

    /// Removes old signals, and campaigns earlier than their signals, until the slice ends: a campaign may have hundreds of
    /// thousands of strings to free. Returns whether everything is removed; if not, the next call goes on where this one
    /// stopped.
    pub fn sweep(&mut self, now_s: u64, end: Option<Instant>) -> bool {
        let is_over = || end.is_some_and(|end| Instant::now() >= end);
        loop {
            while let Some(campaign) = &mut self.leaving {
                if !campaign.release_some() {
                    self.leaving = None;
                }
                if is_over() {
                    return false;
                }
            }
            if !self.remove_next(now_s) {
                return true;
            }
            if is_over() {
                return false;
            }
        }
    }

    /// Removes the next signal that is too old, or its campaign; returns whether there was one.
    fn remove_next(&mut self, now_s: u64) -> bool {
        let closed = self.all.len().saturating_sub(self.live.len());
        let (is_crowded, is_tight) = (closed > CLOSED, self.campaigns.is_tight());
        let next = self.all.range(self.swept..).find_map(|(slot, signal)| {
            let age_s = now_s.saturating_sub(signal.closed_s?);
            let is_old = is_crowded || age_s >= KEPT_S;
            let is_forgotten = (is_tight || age_s >= CAMPAIGN_KEPT_S) && !signal.campaign.is_empty();
            (is_old || is_forgotten).then_some((*slot, is_old))
        });
        let Some((slot, is_old)) = next else {
            self.swept = 0;
            return false;
        };
        self.swept = slot;
        if let Some(signal) = self.all.get_mut(&slot) {
            let empty = Campaign::within(self.campaigns.clone());
            self.leaving = Some(std::mem::replace(&mut signal.campaign, empty));
        }
        if is_old {
            self.remove(slot);
        }
        true
    }

    fn remove(&mut self, slot: Slot) {
        let Some(signal) = self.all.remove(&slot) else { return };
        self.by_id.remove(&signal.id);
        if let Some(of_group) = self.by_group.get_mut(&signal.key) {
            of_group.retain(|(_, other)| *other != slot);
            if of_group.is_empty() {
                self.by_group.remove(&signal.key);
            }
        }
    }
}
