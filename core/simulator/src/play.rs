//! The closed loop: an attempt is first put before the defender, who then hears what became of it.

use crate::defenders::{Alarm, Answer, Defender, Disturbance, Outcome};
use crate::event::{Actor, Event, What};
use crate::stream::Source;
use crate::time::HOUR;
use std::collections::{BTreeMap, BTreeSet};

/// What came of a campaign.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tally {
    /// The attempts of the attack, and those that were refused.
    pub attempts: u64,
    /// See `attempts`.
    pub refused: u64,
    /// The attempts with a right password, and those of them that nothing prevented.
    pub compromises: u64,
    /// See `compromises`.
    pub lost: u64,
    /// The first alarm about the attack.
    pub first: Option<First>,
    /// The honest logins: tries of people, and those that needed a further proof.
    pub honest: u64,
    /// See `honest`.
    pub asked: u64,
    /// The honest people of whom a try was refused.
    pub blocked: BTreeSet<u64>,
    /// Attempts and honest logins that were refused because of their traits.
    pub clustered: [u64; 2],
    /// Alarms by rule: those about the attack, and the others.
    pub alarms: BTreeMap<String, [u64; 2]>,
    /// The names of the accounts that were taken over, and of those that the defender calls taken over.
    pub taken: BTreeSet<String>,
    /// See `taken`.
    pub named: BTreeSet<String>,
}

/// The first alarm about an attack.
#[derive(Clone, Debug, PartialEq)]
pub struct First {
    /// The time since the beginning of the campaign, in milliseconds.
    pub after_ms: u64,
    /// The attempts until then.
    pub attempts: u64,
    /// The rule.
    pub rule: String,
    /// The figures it rests on, as JSON.
    pub evidence: String,
}

impl Tally {
    /// The share of attempts that were refused, in percent.
    pub fn stopped(&self) -> f64 {
        percent(self.refused, self.attempts)
    }

    /// The share of honest logins that needed a further proof, in percent.
    pub fn asked_share(&self) -> f64 {
        percent(self.asked, self.honest)
    }
}

fn percent(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 * 100.0 / whole as f64 }
}

/// Sees each event, what became of it, and the defender after that.
pub type Watch<'f> = &'f mut dyn FnMut(&Event, Answer, &dyn Defender);

/// Plays events to a defender. Honest people who are asked for a further proof give it, and so do attackers with accounts
/// of their own; other attackers cannot.
pub fn play(
    events: &mut dyn Source,
    start_ms: u64,
    disturbances: &[(u64, Disturbance)],
    defender: &mut dyn Defender,
    watch: Watch<'_>,
) -> Tally {
    let (mut tally, mut alarms) = (Tally::default(), vec![]);
    let (mut disturbances, mut attacked_ms) = (disturbances.iter().peekable(), None);
    while let Some(event) = events.next() {
        while let Some((_, what)) = disturbances.next_if(|(at_ms, _)| *at_ms <= event.at_ms) {
            defender.disturb(*what);
        }
        defender.advance(event.at_ms, &mut alarms);
        let attacked = |ago_ms| attacked_ms.is_some_and(|at_ms| event.at_ms <= at_ms + ago_ms);
        tally.note(&mut alarms, start_ms, attacked(HOUR));
        let answer = defender.ask(&event);
        if !matches!(event.label.actor, Actor::Person(_)) {
            attacked_ms = Some(event.at_ms);
        }
        let outcome = outcome(&event, answer);
        tally.count(&event, answer, outcome);
        defender.tell(&event, outcome, &mut alarms);
        tally.note(&mut alarms, start_ms, !matches!(event.label.actor, Actor::Person(_)));
        watch(&event, answer, defender);
        events.told(answer);
    }
    tally.named = defender.compromised().into_iter().collect();
    tally
}

fn outcome(event: &Event, answer: Answer) -> Outcome {
    let passes = match answer {
        Answer::Allow => true,
        Answer::StepUp => !event.is_attack(),
        Answer::Block | Answer::Cluster => false,
    };
    match event.what {
        _ if !passes => Outcome::Refused(answer),
        What::Login { right: true } => Outcome::Success { stepped_up: answer == Answer::StepUp },
        What::Login { right: false } => Outcome::Failure,
        _ => Outcome::Done,
    }
}

impl Tally {
    fn count(&mut self, event: &Event, answer: Answer, outcome: Outcome) {
        let is_refused = matches!(outcome, Outcome::Refused(_));
        let by_traits = u64::from(answer == Answer::Cluster);
        match event.label.actor {
            Actor::Attacker => {
                self.attempts += 1;
                self.refused += u64::from(is_refused);
                self.compromises += u64::from(event.label.compromise);
                self.clustered[0] += by_traits;
                if event.label.compromise && !is_refused {
                    self.lost += 1;
                    self.taken.insert(event.login.to_string());
                }
            }
            Actor::Person(person) if event.is_login() => {
                self.honest += 1;
                self.asked += u64::from(answer == Answer::StepUp);
                self.clustered[1] += by_traits;
                if is_refused {
                    self.blocked.insert(person);
                }
            }
            Actor::Person(_) | Actor::Cover => {}
        }
    }

    fn note(&mut self, alarms: &mut Vec<Alarm>, start_ms: u64, about_attack: bool) {
        for alarm in alarms.drain(..) {
            if about_attack && self.first.is_none() {
                let after_ms = alarm.at_ms.saturating_sub(start_ms);
                self.first = Some(First {
                    after_ms,
                    attempts: self.attempts,
                    rule: alarm.rule.clone(),
                    evidence: alarm.evidence,
                });
            }
            self.alarms.entry(alarm.rule).or_default()[usize::from(!about_attack)] += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::campaigns;
    use crate::defenders::nobody::Nobody;
    use crate::people::World;

    /// Asks everybody for a further proof.
    struct Strict;

    impl Defender for Strict {
        fn advance(&mut self, _to_ms: u64, _alarms: &mut Vec<Alarm>) {}

        fn ask(&mut self, _event: &Event) -> Answer {
            Answer::StepUp
        }

        fn tell(&mut self, _event: &Event, _outcome: Outcome, _alarms: &mut Vec<Alarm>) {}
    }

    fn tally(id: &str, defender: &mut dyn Defender) -> Tally {
        let world = World::new(1, 20_000, 4000);
        let campaign = campaigns::all().into_iter().find(|campaign| campaign.id == id).unwrap();
        let script = (campaign.script)(&world);
        let start_ms = script.start_ms;
        play(&mut script.play(&world, campaign.id), start_ms, &[], defender, &mut |_, _, _| {})
    }

    #[test]
    fn honest_people_give_further_proofs_and_attackers_do_not() {
        let strict = tally("A2", &mut Strict);
        assert_eq!((strict.attempts, strict.refused, strict.lost), (20_000, 20_000, 0));
        assert!(strict.blocked.is_empty() && strict.honest > 3000 && strict.asked == strict.honest);
        let open = tally("A2", &mut Nobody);
        assert_eq!((open.refused, open.lost, open.asked), (0, open.compromises, 0));
        assert!(open.compromises > 20 && open.taken.len() as u64 == open.lost);
    }

    #[test]
    fn own_accounts_of_attackers_are_not_attempts() {
        assert_eq!(tally("A10-padding", &mut Nobody).attempts, 3000);
    }
}
