//! The delivery of notifications to subscribers.

use super::Detector;
use crate::takeover::notify::{Notification, Wanted};
use crate::takeover::service::Service;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Instant;

/// Receives notifications.
pub type Subscriber = Arc<dyn Fn(&Notification) + Send + Sync>;

#[derive(Clone, Default)]
pub(super) struct Subscribers {
    next: u64,
    list: Vec<(u64, Wanted, Subscriber)>,
}

impl Detector {
    /// Moves the notifications of services into the queue.
    pub(in crate::takeover) fn collect(&self) {
        self.services.load_full().iter().for_each(|service| self.collect_from(service));
    }

    pub(super) fn collect_from(&self, service: &Service) {
        let (notices, publications) = {
            let mut inner = service.inner();
            (std::mem::take(&mut inner.notices), std::mem::take(&mut inner.publications))
        };
        if !publications.is_empty() && self.publish.load().is_some() {
            let mut waiting = self.publications.lock();
            if waiting.1.is_empty() {
                waiting.0 = self.now_s();
            }
            waiting.1.extend(publications);
        }
        if !notices.is_empty() {
            let mut queue = self.queue.lock();
            notices.into_iter().for_each(|notice| queue.push(notice));
        }
    }

    /// Delivers notifications, each to all subscribers that want it, on one thread at a time and without holding a
    /// lock that anything else takes. A subscriber that panics misses the notification.
    pub(super) fn deliver(&self, end: Option<Instant>) {
        let Some(_delivering) = self.delivering.try_lock() else { return };
        while end.is_none_or(|end| Instant::now() < end) {
            let Some(notification) = self.queue.lock().pop() else { return };
            let subscribers = self.subscribers.load_full();
            for (_, _, subscriber) in subscribers.list.iter().filter(|(_, wanted, _)| wanted.wants(&notification)) {
                drop(catch_unwind(AssertUnwindSafe(|| subscriber(&notification))));
            }
        }
    }

    /// Adds a subscriber for notifications from now on; the returned number is for [`Detector::unsubscribe`].
    pub fn subscribe(&self, wanted: Wanted, subscriber: Subscriber) -> u64 {
        self.is_heard.store(true, Ordering::Relaxed);
        self.subscribers.change(|subscribers| {
            subscribers.next += 1;
            subscribers.list.push((subscribers.next, wanted.clone(), subscriber.clone()));
            subscribers.next
        })
    }

    /// Removes a subscriber; returns whether the number was in use.
    pub fn unsubscribe(&self, id: u64) -> bool {
        self.subscribers.change(|subscribers| {
            let before = subscribers.list.len();
            subscribers.list.retain(|(known, ..)| *known != id);
            subscribers.list.len() < before
        })
    }

    /// Returns the number of notifications dropped because the queue was full.
    pub fn dropped_notifications(&self) -> u64 {
        self.queue.lock().dropped()
    }
}
