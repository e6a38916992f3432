//! No defence, to see what campaigns do unhindered.

use super::{Alarm, Answer, Defender, Outcome};
use crate::event::Event;

/// Allows everything.
pub struct Nobody;

impl Defender for Nobody {
    fn advance(&mut self, _to_ms: u64, _alarms: &mut Vec<Alarm>) {}

    fn ask(&mut self, _event: &Event) -> Answer {
        Answer::Allow
    }

    fn tell(&mut self, _event: &Event, _outcome: Outcome, _alarms: &mut Vec<Alarm>) {}
}
