//! Who defends the service: our detector, and models of other tools, behind one trait.
//!
//! | file | concept |
//! |---|---|
//! | `ours` | the detector of bartizan |
//! | `bucket` | CrowdSec's leaky buckets |
//! | `jail` | fail2ban |
//! | `documented` | the thresholds that a vendor documents |
//! | `nobody` | no defence |
//!
//! The models get perfect, immediate events, which tools that read logs often lack. They do not include community block
//! lists and CAPTCHAs.

pub mod bucket;
pub mod documented;
pub mod jail;
pub mod nobody;
pub mod ours;

use crate::event::Event;
use bartizan::value::Value;
use std::collections::HashMap;
use std::net::IpAddr;

/// What a defender answers to an attempt before the password is checked.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The password may be checked.
    Allow,
    /// A further proof is needed, which honest people can give.
    StepUp,
    /// Refused, because the address, network or account is blocked.
    Block,
    /// Refused, because the request has the traits of an attacker.
    Cluster,
}

/// What became of an attempt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The password was right; a further proof may have been given before.
    Success {
        /// Whether it was.
        stepped_up: bool,
    },
    /// The password was wrong.
    Failure,
    /// It was refused.
    Refused(Answer),
    /// It was no login, and was done.
    Done,
}

/// A defender noticed something.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alarm {
    /// When.
    pub at_ms: u64,
    /// The name of the rule.
    pub rule: String,
    /// Whether it noticed when time passed, rather than because of the event that it was just told.
    pub by_time: bool,
    /// The figures it rests on, as JSON, if the defender tells.
    pub evidence: String,
}

/// What goes wrong around a defender.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Disturbance {
    /// The process restarts, and continues from what it saved.
    Restart,
    /// The clock jumps forward by so many milliseconds.
    Jump(u64),
}

/// Defends a service.
pub trait Defender {
    /// The time is now this. Alarms are added to the list.
    fn advance(&mut self, to_ms: u64, alarms: &mut Vec<Alarm>);

    /// What to do about an attempt.
    fn ask(&mut self, event: &Event) -> Answer;

    /// What became of it. Alarms are added to the list.
    fn tell(&mut self, event: &Event, outcome: Outcome, alarms: &mut Vec<Alarm>);

    /// Something goes wrong around the defender. Models do not mind.
    fn disturb(&mut self, _what: Disturbance) {}

    /// The signals that are open, as maps, if the defender has such.
    fn signals(&self) -> Value {
        Value::array()
    }

    /// The accounts that the defender calls taken over, by their names.
    fn compromised(&self) -> Vec<String> {
        vec![]
    }
}

/// Which addresses are banned until when, in milliseconds.
#[derive(Default)]
struct Bans(HashMap<IpAddr, u64>);

impl Bans {
    fn ban(&mut self, ip: IpAddr, until_ms: u64) {
        self.0.insert(ip, until_ms);
    }

    fn answer(&self, ip: IpAddr, now_ms: u64) -> Answer {
        let is_banned = self.0.get(&ip).is_some_and(|until| now_ms < *until);
        if is_banned { Answer::Block } else { Answer::Allow }
    }
}

/// A model that bans addresses because of failures.
trait ByAddress {
    /// The addresses that are banned.
    fn bans(&self) -> &Bans;

    /// Hears of a failure.
    fn failed(&mut self, event: &Event, alarms: &mut Vec<Alarm>);
}

impl<M: ByAddress> Defender for M {
    fn advance(&mut self, _to_ms: u64, _alarms: &mut Vec<Alarm>) {}

    fn ask(&mut self, event: &Event) -> Answer {
        self.bans().answer(event.ip, event.at_ms)
    }

    fn tell(&mut self, event: &Event, outcome: Outcome, alarms: &mut Vec<Alarm>) {
        if outcome == Outcome::Failure {
            self.failed(event, alarms);
        }
    }
}

/// The alarm of an event.
fn alarm(event: &Event, rule: &str) -> Alarm {
    Alarm { at_ms: event.at_ms, rule: rule.into(), by_time: false, evidence: String::new() }
}

/// Events for hand-made sequences in tests.
#[cfg(test)]
mod by_hand {
    use super::*;
    use crate::client::Client;
    use crate::event::{Label, Login, What, v4};
    use crate::time::{EPOCH, SECOND};

    /// A failure of an address on an account, some seconds after the beginning.
    pub fn failure(at_s: u64, ip: u32, account: u64) -> Event {
        let client = Client { agent: 0, headers: 0, language: 0 };
        let label = Label::attack("test", false);
        let login = Login::Account(account);
        Event::new(EPOCH + at_s * SECOND, What::Login { right: false }, login, v4(ip), client, label)
    }

    /// Tells of failures, as far as they are not refused; returns which ones raised an alarm, and which were refused.
    pub fn run(defender: &mut dyn Defender, failures: &[Event]) -> (Vec<usize>, Vec<usize>) {
        let (mut alarming, mut refused, mut alarms) = (vec![], vec![], vec![]);
        for (at, event) in failures.iter().enumerate() {
            defender.advance(event.at_ms, &mut alarms);
            match defender.ask(event) {
                Answer::Allow => defender.tell(event, Outcome::Failure, &mut alarms),
                answer => {
                    refused.push(at);
                    defender.tell(event, Outcome::Refused(answer), &mut alarms);
                }
            }
            if !alarms.is_empty() {
                alarming.push(at);
                alarms.clear();
            }
        }
        (alarming, refused)
    }
}
