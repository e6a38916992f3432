//! Sources of earlier signals: their reputation, and how often they were refused.
//!
//! A direct-mapped table of fixed size. A source that displaces another from its slot makes that one unknown again;
//! two sources of the same slot are confused with a probability of 2^-31.

/// The number of slots.
const SLOTS: usize = 65_536;
/// How long a reputation lasts, in days.
const DAYS: u32 = 30;
/// The time within which repeated refusals lengthen blocks, in seconds.
const LADDER_S: u32 = 7 * 86_400;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Slot {
    tag: u32,
    seen_s: u32,
    refused_s: u32,
    refusals: u8,
}

/// The known offenders.
#[derive(Clone, Debug, Default)]
pub struct Offenders(Vec<Slot>);

impl Offenders {
    fn slot(&self, source: u64) -> Option<&Slot> {
        self.0.get(source as usize % SLOTS).filter(|slot| slot.tag == tag(source))
    }

    fn slot_mut(&mut self, source: u64) -> &mut Slot {
        if self.0.is_empty() {
            self.0 = vec![Slot::default(); SLOTS];
        }
        let slot = &mut self.0[source as usize % SLOTS];
        if slot.tag != tag(source) {
            *slot = Slot { tag: tag(source), ..Slot::default() };
        }
        slot
    }

    /// Records that a source was in a signal.
    pub fn note(&mut self, source: u64, now_s: u32) {
        self.slot_mut(source).seen_s = now_s;
    }

    /// Whether a source was in a signal within 30 days.
    pub fn contains(&self, source: u64, now_s: u32) -> bool {
        self.slot(source).is_some_and(|slot| slot.seen_s > 0 && now_s.saturating_sub(slot.seen_s) <= DAYS * 86_400)
    }

    /// Returns the factor by which a source is now refused longer than the first time; it doubles each time within
    /// seven days.
    pub fn refuse(&mut self, source: u64, now_s: u32) -> u32 {
        let slot = self.slot_mut(source);
        let again = slot.refusals > 0 && now_s.saturating_sub(slot.refused_s) <= LADDER_S;
        slot.refusals = if again { slot.refusals.saturating_add(1) } else { 1 };
        slot.refused_s = now_s;
        1 << u32::from(slot.refusals - 1).min(16)
    }

    /// Forgets a source.
    pub fn forget(&mut self, source: u64) {
        if self.slot(source).is_some() {
            *self.slot_mut(source) = Slot::default();
        }
    }

    /// Writes the table for a snapshot.
    pub fn save(&self, out: &mut Vec<u8>) {
        for (at, slot) in self.0.iter().enumerate().filter(|(_, slot)| **slot != Slot::default()) {
            out.extend((at as u16).to_le_bytes());
            [slot.tag, slot.seen_s, slot.refused_s].iter().for_each(|number| out.extend(number.to_le_bytes()));
            out.push(slot.refusals);
        }
    }

    /// Reads what [`Offenders::save`] wrote.
    pub fn load(bytes: &[u8]) -> Option<Self> {
        let mut offenders = Offenders::default();
        let records = bytes.chunks_exact(15);
        if !records.remainder().is_empty() {
            return None;
        }
        if !bytes.is_empty() {
            offenders.0 = vec![Slot::default(); SLOTS];
        }
        for record in records {
            let number = |at: usize| Some(u32::from_le_bytes(record.get(at..at + 4)?.try_into().ok()?));
            let at = u16::from_le_bytes(record.get(..2)?.try_into().ok()?);
            offenders.0[usize::from(at)] =
                Slot { tag: number(2)?, seen_s: number(6)?, refused_s: number(10)?, refusals: *record.get(14)? };
        }
        Some(offenders)
    }
}

fn tag(source: u64) -> u32 {
    (source >> 32) as u32 | 1
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reputations_last_a_month_and_refusals_double_for_a_week() {
        let (source, day) = (0x1234_5678_9abc_def0, 86_400);
        let mut offenders = Offenders::default();
        assert!(!offenders.contains(source, day));
        offenders.note(source, day);
        assert!(offenders.contains(source, 31 * day) && !offenders.contains(source, 31 * day + 1));
        assert!(!offenders.contains(source ^ 1 << 40, day), "same slot, other source");
        assert_eq!([0, 1, 8, 15].map(|at| offenders.refuse(source, at * day)), [1, 2, 4, 8]);
        assert_eq!(offenders.refuse(source, 23 * day), 1);
        let mut bytes = vec![];
        offenders.save(&mut bytes);
        let mut restored = Offenders::load(&bytes).unwrap();
        assert!(restored.contains(source, 2 * day));
        assert_eq!(restored.refuse(source, 24 * day), 2);
        assert!(Offenders::load(&bytes[1..]).is_none());
        restored.forget(source);
        assert!(!restored.contains(source, 2 * day));
    }
}
