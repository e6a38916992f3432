//! Verifying candidates by running their matchers on a string.

use super::hits::Hits;
use crate::matcher::Matcher;
use crate::pattern::{Haystack, Opening, opening};
use crate::plan::Plan;
use crate::scan::STRETCH;
use crate::support::{Bits, Deadline, Expired};

/// From this length on, the places where patterns may match are found first.
const LONG: usize = 1024;

/// The number of patterns for which that pays off.
const SEVERAL: usize = 4;

/// Collects the hits of one string in one inspection.
pub(super) struct Verifier<'v> {
    pub(super) plan: &'v Plan,
    /// The number of the inspection, and the identity of the string.
    pub(super) place: (usize, usize),
    /// The matchers with a target at this location.
    pub(super) matchers: &'v Bits,
    pub(super) hits: &'v mut Hits,
    pub(super) deadline: &'v mut Deadline,
    /// The number of matchers that were run.
    pub(super) verified: usize,
}

impl Verifier<'_> {
    /// Runs matchers on a string in its transformed form.
    #[inline]
    pub(super) fn verify(&mut self, matchers: impl Iterator<Item = usize>, text: &[u8]) -> Result<(), Expired> {
        if text.len() >= LONG {
            return self.verify_long(matchers.collect(), text);
        }
        let mut haystack = Haystack::new(text);
        let accepts = |matcher: &Matcher, haystack: &mut Haystack<'_>, deadline: &mut Deadline| {
            matcher.accepts_in(haystack, None, deadline)
        };
        matchers.into_iter().try_for_each(|matcher| self.run(matcher, &mut haystack, accepts))
    }

    /// The same for a long text, which several patterns need not read completely.
    #[inline(never)]
    fn verify_long(&mut self, mut matchers: Vec<usize>, text: &[u8]) -> Result<(), Expired> {
        matchers.retain(|&matcher| self.wants(matcher));
        let all = &self.plan.scan.matchers;
        let opening = |matcher: &usize| Some((*matcher, all[*matcher].opening()?));
        let (with_opening, openings): (Vec<usize>, Vec<&Opening>) = matchers.iter().filter_map(opening).unzip();
        let places = match with_opening.len() >= SEVERAL {
            true => opening::find(text, &openings, self.deadline)?,
            false => vec![],
        };
        let mut known = with_opening.into_iter().zip(places).peekable();
        let mut haystack = Haystack::new(text);
        for matcher in matchers {
            let places = known.next_if(|(known, _)| *known == matcher).and_then(|(_, places)| places);
            self.run(matcher, &mut haystack, |matcher, haystack, deadline| {
                matcher.accepts_in(haystack, places.as_deref(), deadline)
            })?;
        }
        Ok(())
    }

    /// The same for a string that was not scanned.
    #[inline]
    pub(super) fn verify_unscanned(&mut self, matchers: &[u32], text: &[u8]) -> Result<(), Expired> {
        let mut haystack = Haystack::new(text);
        matchers.iter().try_for_each(|&matcher| self.run(matcher as usize, &mut haystack, Matcher::accepts_unscanned))
    }

    /// Whether the result of a matcher is needed.
    #[inline]
    fn wants(&self, matcher: usize) -> bool {
        self.matchers.contains(matcher) && self.hits.wants(self.place.0, matcher)
    }

    #[inline(always)]
    fn run(
        &mut self,
        matcher: usize,
        haystack: &mut Haystack<'_>,
        accepts: impl FnOnce(&Matcher, &mut Haystack<'_>, &mut Deadline) -> Result<bool, Expired>,
    ) -> Result<(), Expired> {
        if !self.wants(matcher) {
            return Ok(());
        }
        if self.deadline.spend(cost(haystack.bytes)) {
            return Err(Expired);
        }
        self.verified += 1;
        if accepts(&self.plan.scan.matchers[matcher], haystack, self.deadline)? {
            self.hits.add(self.place.0, matcher, self.place.1);
        }
        Ok(())
    }
}

/// The cost of reading the beginning of a text, in the units of [`Deadline::spend`]. Readers of the rest check the
/// deadline themselves.
pub(super) fn cost(text: &[u8]) -> u32 {
    1 + (text.len().min(STRETCH) / BYTES_A_UNIT) as u32
}

/// Few enough for texts on which matchers are slow.
pub(super) const BYTES_A_UNIT: usize = 16;
