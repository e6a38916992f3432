//! Notifications on their way: a queue with a bound, which drops what matters least first.

use super::{Kind, Notification};
use std::collections::VecDeque;

/// Notifications that wait.
pub const CAPACITY: usize = 1024;

/// Waiting notifications, oldest first.
#[derive(Default)]
pub struct Queue {
    waiting: VecDeque<Notification>,
    dropped: u64,
    /// Of those that wait, how many are updates, and how many else are not vital: mostly none, and then nobody looks for one.
    updates: usize,
    minor: usize,
}

impl Queue {
    /// Adds one. Without room the oldest update gives way, else the oldest of any kind that does not open a signal, make
    /// it graver or name an account; a newcomer for which nothing gives way is dropped unless it is such a one itself.
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

    /// Takes the oldest out.
    pub fn pop(&mut self) -> Option<Notification> {
        let oldest = self.waiting.pop_front();
        self.count(oldest.as_ref(), false);
        oldest
    }

    /// How many were dropped so far.
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
    fn updates_give_way_before_closings_and_openings_stay() {
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
