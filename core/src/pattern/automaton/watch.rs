//! The work of a search, and its deadline.

use crate::support::{Deadline, Expired};

/// Counts the work of a search, and checks the deadline from time to time.
pub(in crate::pattern) struct Watch<'d> {
    deadline: Option<&'d mut Deadline>,
    /// Operations since the last check.
    pub(super) pending: u32,
    /// All operations before.
    pub(super) settled: u64,
    /// Whether to use the states of earlier searches.
    remember: bool,
    /// The places where a match may begin, if they are known.
    pub(super) places: Option<&'d [u32]>,
}

/// Operations between two checks, some ten microseconds.
const PERIOD: u32 = 1 << 13;
/// Their cost in the units of [`Deadline::spend`].
const PERIOD_COST: u32 = 64;

impl<'d> Watch<'d> {
    pub(in crate::pattern) fn forever() -> Self {
        Watch { deadline: None, pending: 0, settled: 0, remember: true, places: None }
    }

    pub(in crate::pattern) fn until(deadline: &'d mut Deadline) -> Self {
        Watch { deadline: Some(deadline), ..Watch::forever() }
    }

    /// A watch for a search of matches that begin at these places only, if they are known.
    pub(in crate::pattern) fn at(places: Option<&'d [u32]>, deadline: &'d mut Deadline) -> Self {
        Watch { places, ..Watch::until(deadline) }
    }

    /// A watch for a search that does not use the states of earlier ones.
    pub(super) fn without_memory() -> Self {
        Watch { remember: false, ..Watch::forever() }
    }

    pub(super) fn total(&self) -> u64 {
        self.settled + u64::from(self.pending)
    }

    pub(super) fn may_remember(&self) -> bool {
        self.remember
    }

    #[inline(always)]
    pub(super) fn spend(&mut self, operations: u32) -> Result<(), Expired> {
        self.pending += operations;
        self.settle()
    }

    #[inline(always)]
    pub(super) fn settle(&mut self) -> Result<(), Expired> {
        if self.pending < PERIOD { Ok(()) } else { self.look() }
    }

    #[cold]
    fn look(&mut self) -> Result<(), Expired> {
        self.settled += u64::from(self.pending / PERIOD * PERIOD);
        let cost = (self.pending / PERIOD).saturating_mul(PERIOD_COST);
        self.pending %= PERIOD;
        let expired = self.deadline.as_mut().is_some_and(|deadline| deadline.spend(cost));
        if expired { Err(Expired) } else { Ok(()) }
    }
}
