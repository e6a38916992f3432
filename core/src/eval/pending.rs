//! What is still to be inspected: addresses to scan, rules to visit, targets of conditions to test.

use crate::plan::{AddressId, Dependents, Plan, RuleId};
use crate::support::Bits;
use std::ops::Range;

/// How often an unfinished scan of an address is tried again.
const ATTEMPTS: u8 = 2;

/// What a context has not inspected yet.
#[derive(Clone)]
pub(super) struct Pending {
    /// Addresses whose value is new and has not been scanned.
    unscanned: Bits,
    /// Addresses whose scan an earlier call could not complete.
    cut_off: Bits,
    /// How many calls have tried these again.
    attempts: u8,
    /// Rules that are to be visited.
    rules: Bits,
    /// Rules that matched and are not visited again.
    fired: Bits,
    /// Scalar targets that were tested with the current value of their address.
    tested: Bits,
}

impl Pending {
    pub(super) fn new(plan: &Plan) -> Self {
        Pending {
            unscanned: Bits::new(plan.addresses.len()),
            cut_off: Bits::new(plan.addresses.len()),
            attempts: 0,
            rules: Bits::new(plan.rules.len()),
            fired: Bits::new(plan.rules.len()),
            tested: Bits::new(plan.targets),
        }
    }

    /// Clears everything; memory is kept for the next context.
    pub(super) fn reset(&mut self) {
        let Pending { unscanned, cut_off, attempts, rules, fired, tested } = self;
        [unscanned, cut_off, rules, fired, tested].into_iter().for_each(Bits::clear);
        *attempts = 0;
    }

    /// Registers a new value of an address.
    #[inline]
    pub(super) fn renew(&mut self, plan: &Plan, address: AddressId) {
        self.tested.subtract(&plan.scan.addresses[address].targets);
        self.unscanned.insert(address);
        self.cut_off.remove(address);
    }

    /// The addresses to scan first, those with a new value.
    pub(super) fn unscanned(&mut self) -> &mut Bits {
        &mut self.unscanned
    }

    /// The addresses to scan after that, whose scan earlier calls could not complete. Each call of this counts as an
    /// attempt; after a few attempts it returns `None`.
    pub(super) fn cut_off(&mut self) -> Option<&mut Bits> {
        if self.attempts == ATTEMPTS || self.cut_off.is_empty() {
            return None;
        }
        self.attempts += 1;
        Some(&mut self.cut_off)
    }

    /// Ends the scan; whatever is left was cut off.
    pub(super) fn end_scan(&mut self) {
        if !self.unscanned.is_empty() {
            self.cut_off.union(&self.unscanned);
            self.unscanned.clear();
        }
    }

    /// Registers a complete scan of an address. Its rules that cannot be prefiltered are to be visited, detectors only
    /// if their resource `is_there`; its targets need no test unless they were [hit](Self::hit).
    pub(super) fn set_scanned(&mut self, plan: &Plan, address: AddressId, is_there: impl Fn(AddressId) -> bool) {
        let address = &plan.scan.addresses[address];
        self.rules.union(&address.always);
        for (rule, resource) in &address.with_resource {
            if is_there(*resource) {
                self.rules.insert(*rule);
            }
        }
        self.tested.union(&address.scanned_targets);
    }

    /// Registers a hit for its dependents.
    pub(super) fn hit(&mut self, dependents: &Dependents) {
        dependents.rules.iter().for_each(|&rule| self.rules.insert(rule));
        dependents.targets.iter().for_each(|&target| self.tested.remove(target));
    }

    /// Rules that matched are not visited again, whatever the hits.
    pub(super) fn leave_out_fired(&mut self) {
        self.rules.subtract(&self.fired);
    }

    /// Marks these rules to be visited, except those that matched.
    pub(super) fn recall(&mut self, rules: Range<RuleId>) {
        rules.filter(|&rule| !self.fired.contains(rule)).for_each(|rule| self.rules.insert(rule));
    }

    /// The first rule to visit within this range.
    #[inline]
    pub(super) fn next_rule(&self, within: Range<RuleId>) -> Option<RuleId> {
        self.rules.next(within.start).filter(|&rule| rule < within.end)
    }

    /// Registers a complete visit of a rule.
    pub(super) fn set_visited(&mut self, rule: RuleId) {
        self.rules.remove(rule);
    }

    /// Registers a match of a rule.
    pub(super) fn set_fired(&mut self, rule: RuleId) {
        self.rules.remove(rule);
        self.fired.insert(rule);
    }

    /// Whether a target was not yet tested with the current value of its address.
    #[inline]
    pub(super) fn has_target(&self, target: usize) -> bool {
        !self.tested.contains(target)
    }

    /// Registers the test of a target.
    #[inline]
    pub(super) fn set_tested(&mut self, target: usize) {
        self.tested.insert(target);
    }

    /// Registers that the test of a target was cut off.
    pub(super) fn look_again(&mut self, target: usize) {
        self.tested.remove(target);
    }
}
