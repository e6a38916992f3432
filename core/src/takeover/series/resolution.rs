//! Whether failing accounts soon succeed: people who mistype a password try again and get in, stolen credentials mostly
//! never do.
//!
//! This replaces familiarity while too little is known of where accounts log in from. Each minute keeps a sample of its
//! failing pairs of account and source.

use crate::takeover::key::combined;
use std::collections::VecDeque;

/// The number of pairs kept of a minute.
const PAIRS: usize = 512;
/// The number of minutes that are kept.
const MINUTES: u32 = 20;
/// The number of pairs of which a share says something: a single one may be somebody who misspelled the login.
const ENOUGH: usize = 10;
/// A success this many minutes after the failure still resolves it.
const RESOLVED_WITHIN: u32 = 5;
/// The number of minutes that an account is given to succeed before it is evaluated.
const SPARED: u32 = 2;

/// The failing pairs of the last minutes, oldest first.
#[derive(Clone, Debug, Default)]
pub struct Resolution(VecDeque<(u32, Vec<(u64, bool)>)>);

impl Resolution {
    /// Records a failure.
    pub fn failed(&mut self, user: Option<u64>, source: Option<u64>, at_s: u32) {
        let (Some(user), Some(source), minute) = (user, source, at_s / 60) else { return };
        while self.0.front().is_some_and(|(at, _)| at + MINUTES <= minute) {
            self.0.pop_front();
        }
        if self.0.back().is_none_or(|(at, _)| *at < minute) {
            self.0.push_back((minute, vec![]));
        }
        let Some((_, pairs)) = self.0.back_mut() else { return };
        let pair = combined(user, source);
        if pairs.len() < PAIRS && !pairs.iter().any(|(known, _)| *known == pair) {
            pairs.push((pair, false));
        }
    }

    /// Records a success.
    pub fn succeeded(&mut self, user: Option<u64>, source: Option<u64>, at_s: u32) {
        let (Some(user), Some(source), minute) = (user, source, at_s / 60) else { return };
        let pair = combined(user, source);
        for (_, pairs) in self.0.iter_mut().filter(|(at, _)| at + RESOLVED_WITHIN >= minute) {
            pairs.iter_mut().filter(|(known, _)| *known == pair).for_each(|(_, resolved)| *resolved = true);
        }
    }

    /// Returns the share of failing pairs that have succeeded, of those that had at least two minutes to, or `None` if
    /// there are too few to tell.
    pub fn share(&self, now_s: u32) -> Option<f64> {
        let old = self.0.iter().filter(|(at, _)| at + SPARED < now_s / 60 && at + MINUTES > now_s / 60);
        let (all, resolved) = old.fold((0_usize, 0_usize), |(all, resolved), (_, pairs)| {
            (all + pairs.len(), resolved + pairs.iter().filter(|(_, resolved)| *resolved).count())
        });
        (all >= ENOUGH).then(|| resolved as f64 / all as f64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_succeed_at_last_and_lists_of_credentials_do_not() {
        let mut resolution = Resolution::default();
        for n in 0..100 {
            resolution.failed(Some(n), Some(n), 30);
        }
        assert_eq!(resolution.share(60), None, "they may still succeed");
        for n in 0..40 {
            resolution.succeeded(Some(n), Some(n), 50);
        }
        resolution.succeeded(Some(50), Some(51), 50);
        assert_eq!(resolution.share(180), Some(0.4));
        resolution.succeeded(Some(60), Some(60), 400);
        assert_eq!((resolution.share(400), resolution.share(1200)), (Some(0.4), None));
        (0..9).for_each(|n| resolution.failed(Some(n), Some(n), 1200));
        assert_eq!(resolution.share(1400), None, "nine may misspell their logins");
        resolution.failed(Some(9), Some(9), 1200);
        assert_eq!(resolution.share(1400), Some(0.0));
    }

    #[test]
    fn floods_keep_a_sample() {
        let mut resolution = Resolution::default();
        (0..10_000).for_each(|n| resolution.failed(Some(n), Some(n), 0));
        assert_eq!(resolution.0[0].1.len(), PAIRS);
    }
}
