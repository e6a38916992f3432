//! The signals of a service: open ones by what they are about, closed ones until they are forgotten.

use super::{Signal, Status};
use crate::takeover::state::Key;
use std::collections::{BTreeMap, HashMap};

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
    all: BTreeMap<Slot, Signal>,
    /// Open ones, and closed ones that may open again, by group and family.
    by_group: HashMap<Key, Vec<(String, Slot)>>,
    by_id: HashMap<String, Slot>,
    open: usize,
    next: Slot,
}

impl Signals {
    /// The live signal, or the one that last was, of a family about a group.
    pub fn about(&self, family: &str, key: Key) -> Option<Slot> {
        self.by_group.get(&key)?.iter().find(|(name, _)| name == family).map(|(_, slot)| *slot)
    }

    /// The live signal of a family about a group.
    pub fn live(&mut self, family: &str, key: Key) -> Option<&mut Signal> {
        let slot = self.about(family, key)?;
        self.all.get_mut(&slot).filter(|signal| signal.is_live())
    }

    /// Whether anything is live.
    pub fn any_live(&self) -> bool {
        self.open > 0
    }

    /// Whether some signal is about a group, live or ready to open again.
    pub fn concerns(&self, key: Key) -> bool {
        self.by_group.contains_key(&key)
    }

    /// A signal by its number.
    pub fn get(&self, slot: Slot) -> Option<&Signal> {
        self.all.get(&slot)
    }

    /// Likewise, to change it.
    pub fn get_mut(&mut self, slot: Slot) -> Option<&mut Signal> {
        self.all.get_mut(&slot)
    }

    /// A signal by its name.
    pub fn by_id(&self, id: &str) -> Option<Slot> {
        self.by_id.get(id).copied()
    }

    /// All, in the order in which they opened.
    pub fn all(&self) -> impl DoubleEndedIterator<Item = (Slot, &Signal)> {
        self.all.iter().map(|(slot, signal)| (*slot, signal))
    }

    /// Likewise, to change them.
    pub fn all_mut(&mut self) -> impl Iterator<Item = (Slot, &mut Signal)> {
        self.all.iter_mut().map(|(slot, signal)| (*slot, signal))
    }

    /// The live ones.
    pub fn live_slots(&self) -> Vec<Slot> {
        // The live ones are among the newest in practice, but not always: all are looked at.
        self.all.iter().filter(|(_, signal)| signal.is_live()).map(|(slot, _)| *slot).collect()
    }

    /// Adds an open signal.
    pub fn open(&mut self, signal: Signal) -> Slot {
        let slot = self.next;
        self.next += 1;
        let of_group = self.by_group.entry(signal.key).or_default();
        of_group.retain(|(family, _)| *family != signal.family);
        of_group.push((signal.family.clone(), slot));
        self.by_id.insert(signal.id.clone(), slot);
        self.all.insert(slot, signal);
        self.open += 1;
        slot
    }

    /// The one to close because there are too many: the least grave, of these the oldest. None as long as there is room.
    pub fn to_evict(&self) -> Option<Slot> {
        if self.open < OPEN {
            return None;
        }
        let live = self.all.iter().filter(|(_, signal)| signal.is_live());
        live.min_by_key(|(slot, signal)| (signal.severity, **slot)).map(|(slot, _)| *slot)
    }

    /// Closes a live signal.
    pub fn close(&mut self, slot: Slot, status: Status, because: &'static str, now_s: u64) {
        let Some(signal) = self.all.get_mut(&slot).filter(|signal| signal.is_live()) else { return };
        signal.status = status;
        signal.closed_s = Some(now_s);
        signal.closed_because = Some(because);
        signal.updated_s = now_s;
        self.open -= 1;
    }

    /// Opens a closed signal again.
    pub fn reopen(&mut self, slot: Slot, now_s: u64) {
        let Some(signal) = self.all.get_mut(&slot).filter(|signal| signal.status == Status::Closed) else { return };
        signal.status = if signal.suppressed_by.is_some() { Status::Suppressed } else { Status::Open };
        (signal.closed_s, signal.closed_because) = (None, None);
        signal.updated_s = now_s;
        self.open += 1;
    }

    /// When the next live signal closes by itself.
    pub fn next_close_s(&self) -> Option<u64> {
        self.all.values().filter(|signal| signal.is_live()).map(Signal::closes_s).min()
    }

    /// Forgets what is old, and campaigns before their signals.
    pub fn sweep(&mut self, now_s: u64) {
        let mut gone = vec![];
        let closed = self.all.len().saturating_sub(self.open);
        let mut too_many = closed.saturating_sub(CLOSED);
        for (slot, signal) in &mut self.all {
            let Some(closed_s) = signal.closed_s else { continue };
            if now_s.saturating_sub(closed_s) >= CAMPAIGN_KEPT_S {
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
