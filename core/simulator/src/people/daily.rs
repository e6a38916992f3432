//! The logins of a service over days: more by day than by night, fewer at the weekend, never twice the same.

use super::World;
use super::visit::{Agenda, MISTYPED, Visit};
use crate::event::{Event, Label, Login, What};
use crate::random::Random;
use crate::stream::Source;
use crate::time::{DAY, EPOCH, MINUTE, day, hour_of_day, is_weekend};
use std::f64::consts::PI;

/// The shape of the gamma distribution by which minutes differ; its variance is the inverse.
const MINUTE_SHAPE: f64 = 30.0;
/// The standard deviation of the logarithm of a day's volume.
const DAY_NOISE: f64 = 0.09;
/// The volume at weekends.
const WEEKEND: f64 = 0.7;
/// Sign-ups, password resets and payments, as shares of logins.
const SIGN_UPS: f64 = 0.02;
const RESETS: f64 = 0.01;
const PAYMENTS: f64 = 0.05;
/// How many payments fail.
const PAYMENTS_FAIL: f64 = 0.05;

/// A time that is not like others.
#[derive(Clone, Copy, Debug)]
pub struct Spell {
    /// Its beginning.
    pub from_ms: u64,
    /// Its end.
    pub to_ms: u64,
    /// The volume of logins, compared to usual.
    pub times: f64,
    /// The share of tries that fail.
    pub fails: f64,
}

/// The honest logins of a service between two times.
pub struct Daily<'w> {
    world: &'w World,
    random: Random,
    agenda: Agenda,
    spells: Vec<Spell>,
    /// The name of the spells.
    campaign: Option<&'static str>,
    /// The next minute to draw.
    minute_ms: u64,
    end_ms: u64,
    noise: f64,
    sign_ups: u64,
}

/// The volume of a time of day, with a mean of 1 over the day.
pub fn curve(hour: f64) -> f64 {
    let hump = |start: f64| (2.0 * PI * (hour - start) / 24.0).sin().max(0.0);
    let mean = 0.25 + (0.75 + 0.25) / PI;
    (0.25 + 0.75 * hump(5.0) + 0.25 * hump(14.0)) / mean
}

impl<'w> Daily<'w> {
    /// The logins from one time, a full minute, to another.
    pub fn new(world: &'w World, from_ms: u64, end_ms: u64) -> Self {
        let purpose = format!("daily {from_ms}");
        Daily {
            world,
            random: world.random(&purpose),
            agenda: Agenda::default(),
            spells: vec![],
            campaign: None,
            minute_ms: from_ms,
            end_ms,
            noise: 1.0,
            sign_ups: 0,
        }
    }

    /// With times that are not like others.
    pub fn with_spells(self, campaign: &'static str, spells: Vec<Spell>) -> Self {
        Daily { spells, campaign: Some(campaign), ..self }
    }

    /// Draws the logins that begin within the next minute.
    fn draw_minute(&mut self) {
        let at_ms = self.minute_ms;
        self.minute_ms += MINUTE;
        let weekday = if is_weekend(day(at_ms)) { WEEKEND } else { 1.0 };
        if (at_ms - EPOCH).is_multiple_of(DAY) {
            self.noise = (DAY_NOISE * self.random.normal()).exp();
        }
        let spell = self.spell(at_ms).copied();
        let usual = self.world.logins_per_day as f64 / 1440.0 * curve(hour_of_day(at_ms)) * weekday * self.noise;
        let mean = usual * self.random.gamma(MINUTE_SHAPE) * spell.map_or(1.0, |spell| spell.times);
        for _ in 0..self.random.poisson(mean) {
            let at_ms = at_ms + self.random.below(MINUTE);
            self.visit(at_ms, spell);
        }
    }

    fn spell(&self, at_ms: u64) -> Option<&Spell> {
        self.spells.iter().find(|spell| spell.from_ms <= at_ms && at_ms < spell.to_ms)
    }

    fn visit(&mut self, at_ms: u64, spell: Option<Spell>) {
        let account = self.random.below(self.world.accounts);
        let visit = Visit::usual(self.world, account, at_ms, &mut self.random);
        let visit = Visit { campaign: self.campaign.filter(|_| spell.is_some()), ..visit };
        let spells = &self.spells;
        let fails = |at_ms| {
            let spell = spells.iter().find(|spell| spell.from_ms <= at_ms && at_ms < spell.to_ms);
            spell.map_or(MISTYPED, |spell| spell.fails)
        };
        visit.tries(self.world, fails, &mut self.random, |event| self.agenda.push(event));
        self.other_business(visit);
    }

    /// What some people do besides logging in.
    fn other_business(&mut self, visit: Visit) {
        let dice = self.random.unit();
        let what = match dice {
            _ if dice < SIGN_UPS => What::SignUp,
            _ if dice < SIGN_UPS + RESETS => What::Reset,
            _ if dice < SIGN_UPS + RESETS + PAYMENTS => {
                What::Payment { accepted: !self.random.chance(PAYMENTS_FAIL), card: visit.account }
            }
            _ => return,
        };
        let (world, account) = (self.world, visit.account);
        let login = match what {
            What::SignUp => {
                self.sign_ups += 1;
                Login::Account(world.accounts * 2 + self.sign_ups)
            }
            _ => Login::Account(account),
        };
        let at_ms = visit.at_ms + self.random.between(MINUTE / 2, 5 * MINUTE);
        let label = Label::honest(account, None);
        let event = Event::new(at_ms, what, login, visit.ip, world.client(account), label);
        self.agenda.push(Event { device: Some(world.device(account)), ..event });
    }
}

impl Source for Daily<'_> {
    fn next(&mut self) -> Option<Event> {
        loop {
            if let Some(event) = self.agenda.pop_before(self.minute_ms.min(self.end_ms)) {
                return Some(event);
            }
            if self.minute_ms >= self.end_ms {
                return None;
            }
            self.draw_minute();
        }
    }
}

/// What is known from longer ago: on the day before everything else, each account logs in once, at home.
pub struct Before<'w> {
    world: &'w World,
    account: u64,
}

impl<'w> Before<'w> {
    /// The logins of all accounts.
    pub fn new(world: &'w World) -> Self {
        Before { world, account: 0 }
    }
}

impl Source for Before<'_> {
    fn next(&mut self) -> Option<Event> {
        let (world, account) = (self.world, self.account);
        if account == world.accounts {
            return None;
        }
        self.account += 1;
        let at_ms = EPOCH - DAY + (account as f64 / world.accounts as f64 * DAY as f64) as u64;
        let (login, ip) = (Login::Account(account), world.home_ip(account));
        let label = Label::honest(account, None);
        let event = Event::new(at_ms, What::Login { right: true }, login, ip, world.client(account), label);
        Some(Event { device: Some(world.device(account)), ..event })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::time::{HOUR, SECOND};

    fn week() -> Vec<Event> {
        let world = World::new(3, 20_000, 4000);
        let mut daily = Daily::new(&world, EPOCH, EPOCH + 7 * DAY);
        std::iter::from_fn(|| daily.next()).collect()
    }

    #[test]
    fn volumes_and_shares_are_as_told() {
        let events = week();
        assert!(events.windows(2).all(|two| two[0].at_ms <= two[1].at_ms));
        let logins = events.iter().filter(|event| event.what == What::Login { right: true });
        let (weekdays, weekend) = logins.partition::<Vec<&Event>, _>(|event| !is_weekend(day(event.at_ms)));
        let per_day = weekdays.len() as f64 / 5.0;
        assert!((3500.0..4500.0).contains(&per_day), "{per_day}");
        assert!((0.55..0.85).contains(&(weekend.len() as f64 / 2.0 / per_day)));
        let failures = events.iter().filter(|event| event.what == What::Login { right: false }).count();
        let misspelled = events.iter().filter(|event| matches!(event.login, Login::Misspelled(..))).count();
        let all = (weekdays.len() + weekend.len()) as f64;
        assert!((0.09..0.105).contains(&(failures as f64 / all)), "mistyped 0.087 a login, and misspelled 0.01");
        assert!((0.008..0.012).contains(&(misspelled as f64 / all)));
        let count = |wanted: fn(&What) -> bool| events.iter().filter(|event| wanted(&event.what)).count() as f64 / all;
        assert!((0.017..0.023).contains(&count(|what| *what == What::SignUp)));
        assert!((0.008..0.012).contains(&count(|what| *what == What::Reset)));
        assert!((0.045..0.055).contains(&count(|what| matches!(what, What::Payment { .. }))));
    }

    #[test]
    fn most_logins_are_from_home_and_on_known_devices() {
        let world = World::new(3, 20_000, 4000);
        let events = week();
        let honest: Vec<_> = events
            .iter()
            .filter(|event| event.is_login())
            .filter_map(|event| Some((event.login.account()?, event)))
            .collect();
        let share = |wanted: &dyn Fn(u64, &Event) -> bool| {
            honest.iter().filter(|(account, event)| wanted(*account, event)).count() as f64 / honest.len() as f64
        };
        assert!((0.92..0.94).contains(&share(&|account, event| event.ip == world.home_ip(account))));
        assert!((0.955..0.975).contains(&share(&|_, event| event.device.is_some())));
    }

    #[test]
    fn people_retry_soon_and_give_up_in_an_outage() {
        let world = World::new(3, 20_000, 4000);
        let spell = Spell { from_ms: EPOCH + HOUR, to_ms: EPOCH + 3 * HOUR, times: 1.0, fails: 1.0 };
        let mut daily = Daily::new(&world, EPOCH, EPOCH + 2 * HOUR).with_spells("outage", vec![spell]);
        let events: Vec<_> = std::iter::from_fn(|| daily.next()).collect();
        let during = |event: &&Event| event.at_ms >= EPOCH + HOUR + 150 * SECOND && event.is_login();
        assert!(events.iter().filter(during).all(|event| event.what == What::Login { right: false }));
        let last = events.iter().rfind(|event| event.label.campaign.is_some()).unwrap();
        assert_eq!(last.label.campaign, Some("outage"));
    }

    #[test]
    fn the_curve_has_a_mean_of_one() {
        let mean = (0..2400).map(|step| curve(f64::from(step) / 100.0)).sum::<f64>() / 2400.0;
        assert!((mean - 1.0).abs() < 0.001, "{mean}");
    }
}
