//! The signals of a service: open ones by what they are about, closed ones until they are forgotten.

use super::campaign::Budget;
use super::{Signal, Status};
use crate::takeover::severity::Severity;
use crate::takeover::state::Key;
use std::collections::{BTreeMap, BTreeSet, HashMap};

/// Open signals of a service.
const OPEN: usize = 1024;
/// Closed ones that are kept.
const CLOSED: usize = 10_000;
/// For this long, in seconds.
const KEPT_S: u64 = 30 * 86_400;
/// Campaigns of closed signals are kept for this long, in seconds.
const CAMPAIGN_KEPT_S: u64 = 7 * 86_400;

/// A signal's number within its service, in the order in which they opened.
pub type Slot = u64;

/// The signals of a service.
#[derive(Default)]
pub struct Signals {
    all: BTreeMap<Slot, Box<Signal>>,
    /// The live ones, the one to close first where there are too many at the front.
    live: BTreeSet<(Severity, Slot)>,
    /// Open ones, and closed ones that may open again, by group and family.
    by_group: HashMap<Key, Vec<(String, Slot)>>,
    by_id: HashMap<String, Slot>,
    next: Slot,
    /// What their campaigns may take.
    pub campaigns: Budget,
    /// The one that opened last, for the first time or again.
    latest: Slot,
}

impl Signals {
    /// The live signal, or the one that last was, of a family about a group.
    pub fn about(&self, family: &str, key: Key) -> Option<Slot> {
        self.by_group.get(&key)?.iter().find(|(name, _)| name == family).map(|(_, slot)| *slot)
    }

    /// The live signal of a family about a group.
    pub fn live(&mut self, family: &str, key: Key) -> Option<&mut Signal> {
        let slot = self.about(family, key)?;
        self.get_mut(slot).filter(|signal| signal.is_live())
    }

    /// Whether anything is live.
    pub fn any_live(&self) -> bool {
        !self.live.is_empty()
    }

    /// Whether some signal is about a group, live or ready to open again.
    pub fn concerns(&self, key: Key) -> bool {
        self.by_group.contains_key(&key)
    }

    /// A signal by its number.
    pub fn get(&self, slot: Slot) -> Option<&Signal> {
        self.all.get(&slot).map(|signal| &**signal)
    }

    /// Likewise, to change it.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Signal> {
        self.all.get_mut(&slot).map(|signal| &mut **signal)
    }

    /// A signal by its name.
    pub fn by_id(&self, id: &str) -> Option<Slot> {
        self.by_id.get(id).copied()
    }

    /// All, in the order in which they opened.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = (Slot, &Signal)> {
        self.all.iter().map(|(slot, signal)| (*slot, &**signal))
    }

    /// Likewise, to change them.
    pub fn all_mut(&mut self) -> impl Iterator<Item = (Slot, &mut Signal)> {
        self.all.iter_mut().map(|(slot, signal)| (*slot, &mut **signal))
    }

    /// The live ones, in the order in which they opened.
    pub fn live_slots(&self) -> Vec<Slot> {
        let mut slots: Vec<Slot> = self.live.iter().map(|(_, slot)| *slot).collect();
        slots.sort_unstable();
        slots
    }

    /// Adds an open signal.
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

    /// Whether one more can only be live in the place of another.
    pub fn is_full(&self) -> bool {
        self.live.len() >= OPEN
    }

    /// Whether so many closed ones wait to be forgotten that this should not wait for its turn.
    pub fn is_overdue(&self) -> bool {
        self.all.len() >= OPEN + CLOSED + CLOSED / 8
    }

    /// The one to close because there are too many: the least grave, of these the oldest. None as long as there is room.
    pub fn to_evict(&self) -> Option<Slot> {
        self.live.first().filter(|_| self.is_full()).map(|(_, slot)| *slot)
    }

    /// Makes a signal graver. Says whether it did.
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

    /// Opens a closed signal again.
    pub fn reopen(&mut self, slot: Slot, now_s: u64) {
        let Some(signal) = self.all.get_mut(&slot).filter(|signal| signal.status == Status::Closed) else { return };
        signal.status = if signal.suppressed_by.is_some() { Status::Suppressed } else { Status::Open };
        (signal.closed_s, signal.closed_because) = (None, None);
        signal.updated_s = now_s;
        self.live.insert((signal.severity, slot));
        self.latest = slot;
    }

    /// When the signal that opened last closes by itself.
    pub fn newest_close_s(&self) -> Option<u64> {
        self.get(self.latest).filter(|signal| signal.is_live()).map(Signal::closes_s)
    }

    /// When the next live signal closes by itself.
    pub fn next_close_s(&self) -> Option<u64> {
        self.live.iter().filter_map(|(_, slot)| self.all.get(slot)).map(|signal| signal.closes_s()).min()
    }

    /// Forgets what is old, and campaigns before their signals.
    pub fn sweep(&mut self, now_s: u64) {
        let mut gone = vec![];
        let closed = self.all.len().saturating_sub(self.live.len());
        let mut too_many = closed.saturating_sub(CLOSED);
        for (slot, signal) in &mut self.all {
            let Some(closed_s) = signal.closed_s else { continue };
            if now_s.saturating_sub(closed_s) >= CAMPAIGN_KEPT_S || self.campaigns.is_tight() {
                signal.campaign = Default::default();
            }
            if now_s.saturating_sub(closed_s) >= KEPT_S || too_many > 0 {
                too_many = too_many.saturating_sub(1);
                gone.push(*slot);
            }
        }
        for slot in gone {
            if let Some(signal) = self.all.remove(&slot) {
                self.by_id.remove(&signal.id);
                if let Some(of_group) = self.by_group.get_mut(&signal.key) {
                    of_group.retain(|(_, other)| *other != slot);
                    if of_group.is_empty() {
                        self.by_group.remove(&signal.key);
                    }
                }
            }
        }
    }
}
