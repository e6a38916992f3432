//! The order in which the strings of a batch are scanned.
//!
//! The order does not matter if all strings are scanned. It decides what is inspected of a request that is too large
//! for its budget, so the sender must not control it: neither one huge string nor a hundred thousand small ones may
//! keep the rest from being scanned. Hence addresses take turns, a slice each; so do the containers within them that
//! are larger than a slice; and long strings wait for the short ones, then follow in the order of size. An ordinary
//! request is done after the first turn, and never waits.

use super::exclusions::Excluded;
use super::store::Store;
use super::walk::{Advance, PASSED_COST, Walk};
use crate::plan::{AddressId, Plan, SourcePlan};
use crate::support::{Bits, Deadline, Expired};
use crate::value::Object;

/// Strings of up to this many bytes never wait.
const SHORT: usize = 256;

/// The total of longer strings that do not wait, in bytes.
const FREE: usize = 4096;

/// The size of a slice, in bytes.
const SLICE: usize = 4096;

/// The part of a slice that a string takes beside its bytes, that running a matcher on it takes, and that skipped
/// entries take together.
const EACH: usize = 32;
const ASKED: usize = 128;
const PASSED: usize = 256;

/// A string, or key, to be scanned.
#[derive(Clone, Copy)]
pub(super) struct Subject<'s> {
    pub source: &'s SourcePlan,
    pub object: &'s Object,
    /// The number of the key it is below, if an inspection has targets there.
    pub key: Option<usize>,
}

impl<'s> Subject<'s> {
    #[inline]
    pub(super) fn text(&self) -> &'s [u8] {
        self.object.as_bytes().unwrap_or_default()
    }
}

/// One pass over the new data of a batch.
#[derive(Default)]
pub(super) struct Sweep<'s> {
    /// Values that were scanned in part.
    waiting: Vec<Part<'s>>,
    /// Long strings, by the power of two of their size.
    long: Vec<Vec<Subject<'s>>>,
    /// Addresses with entries in either of these.
    unfinished: Vec<AddressId>,
    /// The total of long strings that did not wait, in bytes.
    taken: usize,
}

/// The values, or keys, of an address that are still to be scanned.
struct Part<'s> {
    address: AddressId,
    source: &'s SourcePlan,
    walk: Walk<'s>,
}

impl<'s> Sweep<'s> {
    /// Scans all strings of these addresses, and moves the addresses that the deadline did not cut off to `finished`.
    pub(super) fn run(
        &mut self,
        plan: &'s Plan,
        store: &'s Store,
        (unscanned, finished): (&mut Bits, &mut Vec<AddressId>),
        deadline: &mut Deadline,
        mut look: impl FnMut(Subject<'s>, &mut Deadline) -> Result<usize, Expired>,
    ) -> Result<(), Expired> {
        let mut from = 0;
        while let Some(address) = unscanned.next(from) {
            from = address + 1;
            if let Some(root) = store.get(address) {
                for source in
                    plan.scan.addresses[address].sources.iter().filter(|source| !source.inspections.is_empty())
                {
                    let walk = Walk::new(root, source.source, Excluded::NOTHING);
                    let mut part = Part { address, source, walk };
                    if !self.slice(&mut part, deadline, &mut look)? {
                        self.leave(address);
                        self.waiting.push(part);
                    }
                }
            }
            if self.unfinished.last() != Some(&address) {
                unscanned.remove(address);
                finished.push(address);
            }
        }
        self.rest(deadline, look)?;
        for address in self.unfinished.drain(..) {
            if unscanned.contains(address) {
                unscanned.remove(address);
                finished.push(address);
            }
        }
        Ok(())
    }

    fn rest(
        &mut self,
        deadline: &mut Deadline,
        mut look: impl FnMut(Subject<'s>, &mut Deadline) -> Result<usize, Expired>,
    ) -> Result<(), Expired> {
        while !self.waiting.is_empty() {
            for mut part in std::mem::take(&mut self.waiting) {
                if !self.slice(&mut part, deadline, &mut look)? {
                    let (address, source) = (part.address, part.source);
                    let inner = part.walk.split().map(|walk| Part { address, source, walk });
                    self.waiting.push(part);
                    self.waiting.extend(inner);
                }
            }
        }
        for subjects in std::mem::take(&mut self.long) {
            subjects.into_iter().try_for_each(|subject| look(subject, deadline).map(drop))?;
        }
        Ok(())
    }

    /// Scans a slice of an address; returns whether it was the last one.
    #[inline]
    fn slice(
        &mut self,
        part: &mut Part<'s>,
        deadline: &mut Deadline,
        look: &mut impl FnMut(Subject<'s>, &mut Deadline) -> Result<usize, Expired>,
    ) -> Result<bool, Expired> {
        let source = part.source;
        let mut left = SLICE;
        while left > 0 {
            let leaf = match part.walk.advance() {
                Advance::Leaf(leaf) => leaf,
                Advance::End => return Ok(true),
                Advance::Passed if deadline.spend(PASSED_COST) => return Err(Expired),
                Advance::Passed => {
                    left = left.saturating_sub(PASSED);
                    continue;
                }
            };
            let key = source.key_number(|| part.walk.top_key());
            let subject = Subject { source, object: leaf, key };
            let length = subject.text().len();
            if length == 0 || (source.keyed_only && key.is_none()) {
                left = left.saturating_sub(EACH);
                deadline.try_spend(1)?;
                continue;
            }
            if length > SHORT {
                if length > FREE - self.taken {
                    left = left.saturating_sub(EACH);
                    self.put_off(part.address, subject);
                    continue;
                }
                self.taken += length;
            }
            let asked = look(subject, deadline)?;
            left = left.saturating_sub(EACH + length + ASKED * asked);
        }
        Ok(false)
    }

    #[cold]
    fn put_off(&mut self, address: AddressId, subject: Subject<'s>) {
        let class = (subject.text().len() / SHORT).ilog2() as usize;
        if self.long.len() <= class {
            self.long.resize_with(class + 1, Vec::new);
        }
        self.long[class].push(subject);
        self.leave(address);
    }

    fn leave(&mut self, address: AddressId) {
        if self.unfinished.last() != Some(&address) {
            self.unfinished.push(address);
        }
    }
}
