//! The lifetime of signals: they close, reopen, and are told of.

use super::Work;
use super::told::Told;
use crate::takeover::notify::{Kind, Notification};
use crate::takeover::signal::{Slot, Status};
use crate::value::Value;
use std::sync::atomic::Ordering;

/// Why a signal closes for which there is no room.
pub(super) const EVICTED: &str = "evicted";

impl Work<'_> {
    /// Closes a signal, with a notification.
    pub(super) fn close(&mut self, slot: Slot, status: Status, because: &'static str, now_s: u64) {
        let Some(signal) = self.inner.signals.get(slot).filter(|signal| signal.is_live()) else { return };
        self.service.state.pin(signal.table, signal.key, false);
        self.inner.signals.close(slot, status, because, now_s);
        self.tell(slot, Kind::Closed, Value::from_entries([("reason", because)]), now_s);
    }

    /// Queues a notification about a change of a signal, unless the signal is suppressed.
    pub(super) fn tell(&mut self, slot: Slot, kind: Kind, delta: Value, now_s: u64) {
        let pii = self.plan.config.settings.notify_pii;
        let hash = self.hash;
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        if signal.suppressed_by.is_some() {
            return;
        }
        signal.seq += 1;
        signal.told = (now_s, signal.counts.attempts());
        if !self.service.is_heard.load(Ordering::Relaxed) {
            return;
        }
        let notification = Notification {
            kind,
            seq: signal.seq,
            at_s: now_s,
            signal_id: signal.id.clone(),
            severity: signal.severity,
            category: signal.category().into(),
            service: signal.service.clone(),
            env: signal.env.clone(),
            title: signal.title(),
            signal: signal.to_notice(pii, hash),
            delta: if pii || kind != Kind::Response && kind != Kind::CompromisedUser { delta } else { Value::null() },
        };
        self.inner.notices.push(notification);
    }

    /// Reopens a signal because of something that happens now.
    pub(super) fn reopen(&mut self, slot: Slot, now_s: u64) {
        if let Some(signal) = self.inner.signals.get_mut(slot) {
            signal.last_event_s = now_s;
        }
        self.open_again(slot, now_s);
    }

    /// Reopens an evicted signal, and evicts another one if there is no room.
    pub(super) fn bring_back(&mut self, slot: Slot, told: &Told<'_>) {
        if let Some(evicted) = self.inner.signals.to_evict() {
            self.close(evicted, Status::Closed, EVICTED, told.now());
        }
        self.open_again(slot, told.now());
    }

    fn open_again(&mut self, slot: Slot, now_s: u64) {
        self.inner.signals.reopen(slot, now_s);
        self.verdict.opened = true;
        if let Some(signal) = self.inner.signals.get(slot) {
            self.service.state.pin(signal.table, signal.key, true);
        }
        self.tell(slot, Kind::Opened, Value::null(), now_s);
    }

    /// Whether a signal was evicted although its attack continues.
    pub(super) fn gave_way(&self, slot: Slot, now_s: u64) -> bool {
        let signal = self.inner.signals.get(slot);
        signal.is_some_and(|signal| signal.closed_because == Some(EVICTED) && now_s <= signal.closes_s())
    }
}
