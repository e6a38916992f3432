//! Work that time brings: it is done by events, by requests that end, and by ticks.

use super::Detector;
use crate::takeover::rules::plan::Plan;
use crate::takeover::state::time::{LATEST_MS, Step};
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long an event or the end of a request may spend on pending work before the last part of it begins. Parts take some
/// hundred microseconds at most, so a slice takes less than two milliseconds.
const SLICE: Duration = Duration::from_micros(1400);
/// A manual clock skips steps longer than this, in seconds, if no work is pending. The account memory ages its records
/// correctly over breaks of more than 30 days.
const LONG_STEP_S: u64 = 31 * 86_400;
/// How long rules wait for a tick before a request publishes them, in seconds.
const PUBLISHED_AFTER_S: u64 = 5;

impl Detector {
    /// Does pending work and delivers notifications; call it about once a second when no events arrive.
    pub fn tick(&self) {
        self.compare_clocks();
        let (now_s, plan) = (self.now_s(), self.plan());
        // In slices all the same, because events wait while a service is worked on.
        while now_s >= self.due_s.load(Ordering::Relaxed) && !self.work(now_s, &plan, self.slice()) {}
        self.deliver(None);
        self.publish_rules(0);
    }

    /// Does a slice of [`Detector::tick`] of about two milliseconds at most, once a second; further calls within the
    /// second cost next to nothing, unless work is left over. Requests call it when they end.
    pub fn poll(&self) {
        self.guarded(|| (), || self.poll_now());
    }

    fn poll_now(&self) {
        let now_s = self.now_s();
        if self.polled_s.load(Ordering::Relaxed) != now_s && self.polled_s.swap(now_s, Ordering::Relaxed) != now_s {
            self.compare_clocks();
            self.blocks.sweep(now_s);
            self.publish_rules(PUBLISHED_AFTER_S);
            self.deliver(self.slice());
        }
        if now_s >= self.due_s.load(Ordering::Relaxed) {
            self.work(now_s, &self.plan(), self.slice());
        }
    }

    fn compare_clocks(&self) {
        let Some(_working) = self.working.try_lock() else { return };
        match self.time.tick() {
            Step::Back(by_ms) => self.all_services().iter().for_each(|service| service.rebase(by_ms / 1000)),
            Step::Forward(by_ms) => {
                let now_s = self.now_s() as u32;
                let from_s = now_s.saturating_sub((by_ms / 1000) as u32);
                self.all_services().iter().for_each(|service| service.inner().series.note_gap(from_s, now_s));
            }
            Step::Steady | Step::Standing => {}
        }
    }

    /// Returns the end of the slice of work that an event may do. With a manual clock there is no limit, so that
    /// replays do not depend on the speed of the machine.
    pub(super) fn slice(&self) -> Option<Instant> {
        self.options.manual.is_none().then(|| Instant::now() + SLICE)
    }

    /// Advances a manual clock, at most to 2106, and does pending work on the way at the time at which it is due. Returns
    /// false if the clock is not manual.
    pub fn advance(&self, to_ms: u64) -> bool {
        let Some(clock) = &self.options.manual else { return false };
        let to_ms = to_ms.min(LATEST_MS);
        loop {
            let now_s = self.now_s();
            let plan = self.plan();
            let next_s = self.next_due_s(now_s).max(now_s + 1);
            if next_s.saturating_mul(1000) > to_ms {
                break;
            }
            let is_long = to_ms / 1000 - now_s > LONG_STEP_S;
            if is_long && self.all_services().iter().all(|service| service.waits_for_nothing(now_s as u32)) {
                break;
            }
            clock.set_millis(next_s * 1000);
            self.time.tick();
            self.work(next_s, &plan, None);
        }
        clock.set_millis(to_ms.max(self.now_ms()));
        self.time.tick();
        self.tick();
        true
    }

    fn next_due_s(&self, now_s: u64) -> u64 {
        let services = self.all_services();
        let blocks = (now_s / 60 + 1) * 60;
        services.iter().map(|service| service.next_due_s(now_s)).min().map_or(u64::MAX, |next| next.min(blocks))
    }

    /// Does pending work until the slice ends; what is left over stays due. Returns false if there is some, unless
    /// another thread is at work.
    pub(super) fn work(&self, now_s: u64, plan: &Plan, end: Option<Instant>) -> bool {
        let Some(_working) = self.working.try_lock() else { return true };
        let services = self.services.load_full();
        for at in self.next_service.load(Ordering::Relaxed)..services.len() {
            let is_done = services[at].tick(now_s, plan, &self.options.hash_key, &self.blocks, end);
            let is_last = is_done && at + 1 == services.len();
            if end.is_some_and(|end| Instant::now() >= end) && !is_last {
                self.next_service.store(at + usize::from(is_done), Ordering::Relaxed);
                return false;
            }
        }
        self.next_service.store(0, Ordering::Relaxed);
        self.blocks.sweep(now_s);
        self.due_s.store(self.next_due_s(now_s), Ordering::Relaxed);
        self.collect();
        true
    }
}
