//! What is still to be looked at: addresses to scan, rules to visit, targets of conditions to test.

use crate::plan::{AddressId, Dependents, Plan, RuleId};
use crate::support::Bits;
use std::ops::Range;

/// How often an address that was cut off is tried again.
const ATTEMPTS: u8 = 2;

/// What a context has not looked at yet.
#[derive(Clone)]
pub(super) struct Pending {
    /// Addresses whose value is new and has not been scanned.
    unscanned: Bits,
    /// Addresses whose value an earlier call could not scan to the end.
    cut_off: Bits,
    /// How many calls have tried to scan these once more.
    attempts: u8,
    /// Rules with something left to look at.
    rules: Bits,
    /// Rules that matched: they are not visited again.
    fired: Bits,
    /// Scalar targets that have been looked at with their address's current value.
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

    /// Forgets everything; memory is kept for the next context.
    pub(super) fn reset(&mut self) {
        let Pending { unscanned, cut_off, attempts, rules, fired, tested } = self;
        [unscanned, cut_off, rules, fired, tested].into_iter().for_each(Bits::clear);
        *attempts = 0;
    }

    /// An address has a new value.
    #[inline]
    pub(super) fn renew(&mut self, plan: &Plan, address: AddressId) {
        self.tested.subtract(&plan.scan.addresses[address].targets);
        self.unscanned.insert(address);
        self.cut_off.remove(address);
    }

    /// The addresses to be scanned first: those with a new value.
    pub(super) fn unscanned(&mut self) -> &mut Bits {
        &mut self.unscanned
    }

    /// The addresses to be scanned when that is done: those that earlier calls cut off. Asking for them counts as an attempt,
    /// and after a few of these there are none.
    pub(super) fn cut_off(&mut self) -> Option<&mut Bits> {
        if self.attempts == ATTEMPTS || self.cut_off.is_empty() {
            return None;
        }
        self.attempts += 1;
        Some(&mut self.cut_off)
    }

    /// The scan is over: what it left was cut off.
    pub(super) fn end_scan(&mut self) {
        if !self.unscanned.is_empty() {
            self.cut_off.union(&self.unscanned);
            self.unscanned.clear();
        }
    }

    /// An address was scanned to its end. Its rules that cannot be prefiltered are to be visited, detectors among them only if
    /// their resource `is_there`; its targets need no further look unless they were [hit](Self::hit).
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

    /// The scan found what these wait for.
    pub(super) fn hit(&mut self, dependents: &Dependents) {
        dependents.rules.iter().for_each(|&rule| self.rules.insert(rule));
        dependents.targets.iter().for_each(|&target| self.tested.remove(target));
    }

    /// Rules that matched are not visited again, whatever was found for them.
    pub(super) fn leave_out_fired(&mut self) {
        self.rules.subtract(&self.fired);
    }

    /// All of these rules are to be visited, but those that matched.
    pub(super) fn recall(&mut self, rules: Range<RuleId>) {
        rules.filter(|&rule| !self.fired.contains(rule)).for_each(|rule| self.rules.insert(rule));
    }

    /// The first rule to be visited within this range.
    #[inline]
    pub(super) fn next_rule(&self, within: Range<RuleId>) -> Option<RuleId> {
        self.rules.next(within.start).filter(|&rule| rule < within.end)
    }

    /// A rule was visited to its end.
    pub(super) fn set_visited(&mut self, rule: RuleId) {
        self.rules.remove(rule);
    }

    /// A rule matched.
    pub(super) fn set_fired(&mut self, rule: RuleId) {
        self.rules.remove(rule);
        self.fired.insert(rule);
    }

    /// Whether a target has not been looked at with its address's current value.
    #[inline]
    pub(super) fn has_target(&self, target: usize) -> bool {
        !self.tested.contains(target)
    }

    /// A target is being looked at.
    #[inline]
    pub(super) fn set_tested(&mut self, target: usize) {
        self.tested.insert(target);
    }

    /// Looking at a target did not come to an end.
    pub(super) fn look_again(&mut self, target: usize) {
        self.tested.remove(target);
    }
}
