//! The queue of notifications: bounded, dropping the least important first.

use super::{Kind, Notification};
use std::collections::VecDeque;

/// The maximum number of notifications in the queue.
pub const CAPACITY: usize = 1024;

/// The queued notifications, oldest first.
#[derive(Default)]
pub struct Queue {
    waiting: VecDeque<Notification>,
    dropped: u64,
    /// The numbers of queued updates, and of other notifications that may be dropped. Both are usually zero, which
    /// avoids a search.
    updates: usize,
    minor: usize,
}

impl Queue {
    /// Adds a notification. If the queue is full, the oldest update is dropped, otherwise the oldest one that neither
    /// opens or escalates a signal nor names an account. If there is none of these either, a new notification of
    /// these vital kinds displaces the oldest of all, and any other is dropped.
    pub fn push(&mut self, notification: Notification) {
        if self.waiting.len() >= CAPACITY {
            let place = match (self.updates, self.minor) {
                (0, 0) => None,
                (0, _) => self.waiting.iter().position(|waiting| !is_vital(waiting.kind)),
                _ => self.waiting.iter().position(|waiting| waiting.kind == Kind::Updated),
            };
            self.dropped += 1;
            match place {
                Some(place) => {
                    let gone = self.waiting.remove(place);
                    self.count(gone.as_ref(), false);
                }
                None if is_vital(notification.kind) => drop(self.pop()),
                None => return,
            }
        }
        self.count(Some(&notification), true);
        self.waiting.push_back(notification);
    }

    fn count(&mut self, notification: Option<&Notification>, comes: bool) {
        let count = match notification.map(|notification| notification.kind) {
            Some(Kind::Updated) => &mut self.updates,
            Some(kind) if !is_vital(kind) => &mut self.minor,
            _ => return,
        };
        *count = if comes { *count + 1 } else { count.saturating_sub(1) };
    }

    /// Removes the oldest notification.
    pub fn pop(&mut self) -> Option<Notification> {
        let oldest = self.waiting.pop_front();
        self.count(oldest.as_ref(), false);
        oldest
    }

    /// The number of notifications dropped so far.
    pub fn dropped(&self) -> u64 {
        self.dropped
    }
}

fn is_vital(kind: Kind) -> bool {
    matches!(kind, Kind::Opened | Kind::Escalated | Kind::CompromisedUser)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::takeover::severity::Severity;
    use crate::value::Value;

    fn notification(kind: Kind, seq: u64) -> Notification {
        Notification {
            kind,
            seq,
            at_s: 0,
            signal_id: String::new(),
            severity: Severity::Low,
            category: String::new(),
            service: String::new(),
            env: String::new(),
            title: String::new(),
            signal: Value::null(),
            delta: Value::null(),
        }
    }

    #[test]
    fn updates_are_dropped_first_and_openings_last() {
        let mut queue = Queue::default();
        queue.push(notification(Kind::Closed, 0));
        queue.push(notification(Kind::Updated, 1));
        for seq in 2..CAPACITY as u64 {
            queue.push(notification(Kind::Opened, seq));
        }
        queue.push(notification(Kind::Opened, 2000));
        assert!(queue.waiting.iter().all(|waiting| waiting.kind != Kind::Updated));
        queue.push(notification(Kind::Escalated, 2001));
        assert!(queue.waiting.iter().all(|waiting| waiting.kind != Kind::Closed));
        queue.push(notification(Kind::Updated, 2002));
        assert!(queue.waiting.iter().all(|waiting| waiting.seq != 2002));
        assert_eq!((queue.waiting.len(), queue.dropped()), (CAPACITY, 3));
        assert_eq!(queue.pop().map(|first| first.seq), Some(2));
    }
}
