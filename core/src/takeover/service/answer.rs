//! The response to a signal: whom to refuse, for how long, and what forbids it.

use super::Work;
use super::success::EGRESS;
use super::told::Told;
use crate::takeover::address::{Network, Prefix};
use crate::takeover::config::response::{self, LONGEST_BLOCK_S, Mode};
use crate::takeover::config::rule::Rule;
use crate::takeover::notify::Kind;
use crate::takeover::respond::Target;
use crate::takeover::respond::blocks::{Block, Look, Selector};
use crate::takeover::respond::rails::SHARED_ACCOUNTS;
use crate::takeover::severity::Severity;
use crate::takeover::signal::{LISTED, Planned, Signal, Slot};
use crate::takeover::state::Reading;
use crate::value::Value;

/// The number of attempts in a group after which a source is refused.
const ATTEMPTS: u64 = 3;
/// The number of addresses of a network refused within an hour after which the network is refused.
const ADDRESSES: usize = 16;
/// The duration of that block, in seconds.
const NETWORK_S: u32 = 3600;
/// The maximum number of targets of one signal.
const PLANNED: usize = 65_536;
/// As long as nobody is known, the number of attacked accounts for each account that succeeded from a source, above which
/// these do not protect the source.
const ATTACKED_PER_EGRESS: u64 = 20;
/// The time after which a block that was withheld is considered again, in seconds.
const WITHHELD_S: u64 = 600;
/// The period, in seconds, over which refused attempts are watched: the response ends if more than 2 % of them are
/// from familiar origins.
const WATCH_S: u64 = 600;
/// The number of refused attempts from which that share is evaluated.
const WATCHED: u32 = 50;

/// The response that a rule and the settings ask for.
pub(super) struct Order {
    rule: String,
    pub mode: Mode,
    pub duration_s: u32,
    targets: Vec<response::Target>,
}

impl Work<'_> {
    /// Plans the response to a signal after an attempt or a change of severity.
    pub(super) fn answer(&mut self, slot: Slot, told: &Told<'_>) {
        let Some(order) = self.order(slot) else { return };
        for target in &order.targets {
            match target {
                response::Target::IpGroup => self.answer_source(slot, &order, told),
                response::Target::Network => self.answer_network(slot, &order, told),
                response::Target::User => self.answer_users(slot, &order, told),
            }
        }
        if self.plan.config.settings.block_users {
            self.answer_users(slot, &order, told);
        }
    }

    /// The mode in which signals of a rule are responded to.
    pub(super) fn mode_of(&self, rule: &Rule) -> Mode {
        let settings = &self.plan.config.settings;
        match settings.response_enabled {
            true => rule.response.mode.unwrap_or(settings.response_mode),
            false => Mode::Monitor,
        }
    }

    /// Records in the live signals of a new configuration in which mode they are responded to.
    pub(super) fn update_modes(&mut self) {
        for slot in self.inner.signals.live_slots() {
            let family = self.inner.signals.get(slot).map(|signal| signal.family.clone());
            let rule = self.plan.config.rules.iter().find(|rule| family.as_ref() == Some(&rule.id));
            let mode = rule.map_or(Mode::Monitor, |rule| self.mode_of(rule));
            if let Some(signal) = self.inner.signals.get_mut(slot) {
                signal.answer.mode = mode;
            }
        }
    }

    pub(super) fn order(&self, slot: Slot) -> Option<Order> {
        let settings = &self.plan.config.settings;
        let signal = self.inner.signals.get(slot)?;
        let rule = self.plan.config.rules.iter().find(|rule| rule.id == signal.family)?;
        let least = rule.response.min_severity.unwrap_or(settings.min_severity);
        let silent = signal.suppressed_by.is_some() || signal.allow_listed || signal.answer.demoted;
        if !settings.response_enabled || silent || signal.severity < least {
            return None;
        }
        Some(Order {
            rule: signal.rule_id.clone(),
            mode: self.mode_of(rule),
            duration_s: rule.response.duration_s.unwrap_or(settings.duration_s),
            targets: rule.response.block.clone(),
        })
    }

    /// Refuses the source of the attempt, once it has made enough attempts in the group.
    fn answer_source(&mut self, slot: Slot, order: &Order, told: &Told<'_>) {
        let Some(group) = told.subject.group else { return };
        let enough = self.inner.signals.get(slot).is_some_and(|signal| signal.top.ips.count(&group) >= ATTEMPTS);
        if enough && self.refuse(slot, order, Target::Ip(group), order.duration_s, told) {
            self.widen(slot, order, group, told);
        }
    }

    /// Refuses the network once many of its addresses are refused.
    fn widen(&mut self, slot: Slot, order: &Order, group: Prefix, told: &Told<'_>) {
        let (network, now_s) = (group.cut_by_family(24, 48), told.now());
        if self.inner.network_blocks.len() >= 4096 && !self.inner.network_blocks.contains_key(&network) {
            return;
        }
        let times = self.inner.network_blocks.entry(network).or_default();
        times.retain(|at| now_s.saturating_sub(*at) < 3600);
        times.push_back(now_s);
        if times.len() >= ADDRESSES && !self.has_familiar(told) {
            self.inner.network_blocks.remove(&network);
            self.refuse(slot, order, Target::Ip(network), NETWORK_S, told);
        }
    }

    /// Refuses the network, or the attacking source alone if familiar users are known in that network.
    fn answer_network(&mut self, slot: Slot, order: &Order, told: &Told<'_>) {
        let network = match told.subject.network {
            Some(Network::Prefix(prefix)) => prefix,
            _ => return self.answer_source(slot, order, told),
        };
        match self.has_familiar(told) {
            true => self.answer_source(slot, order, told),
            false => {
                self.refuse(slot, order, Target::Ip(network), order.duration_s, told);
            }
        }
    }

    /// Whether an account succeeded from the network, as a familiar origin, within a day.
    fn has_familiar(&self, told: &Told<'_>) -> bool {
        told.network.is_some_and(|network| self.egress(network, told).window() > 0)
    }

    fn egress(&self, source: u64, told: &Told<'_>) -> Reading {
        self.service.state.read(EGRESS, self.egress_key(source), told.when.now_s).unwrap_or_default()
    }

    /// Refuses the accounts that a critical signal names.
    fn answer_users(&mut self, slot: Slot, order: &Order, told: &Told<'_>) {
        let Some(signal) = self.inner.signals.get(slot).filter(|signal| signal.severity == Severity::Critical) else {
            return;
        };
        let users: Vec<_> =
            signal.compromised.iter().rev().take(LISTED).filter_map(|one| one.user_id.clone()).collect();
        for user in users {
            self.refuse(slot, order, Target::User(user), order.duration_s, told);
        }
    }

    /// Refuses a target from now on or, in monitor mode, records that it would. A decision about a target holds until its
    /// block ends; if the target attacks after that, it is decided again.
    fn refuse(&mut self, slot: Slot, order: &Order, target: Target, duration_s: u32, told: &Told<'_>) -> bool {
        let (now_s, acts) = (told.now(), order.mode == Mode::Block);
        let Some(signal) = self.inner.signals.get(slot) else { return false };
        let before = signal.answer.planned.get(&target).copied();
        let decided = before.is_some_and(|before| now_s <= before.until_s && before.acts >= acts);
        if decided || before.is_none() && signal.answer.planned.len() >= PLANNED {
            return false;
        }
        if let Err(why) = self.permit(slot, &target, told) {
            self.withhold(slot, target, &why, acts, now_s);
            return false;
        }
        let until_s = now_s + u64::from(self.length(slot, &target, duration_s, told));
        let Some(signal) = self.inner.signals.get_mut(slot) else { return false };
        let look = if signal.category() == "account_takeover" { Look::Stealth } else { Look::Block };
        if acts {
            let block = Block {
                target: target.clone(),
                until_s: Some(until_s),
                look,
                reason: signal.rule_name.clone(),
                automatic: true,
                signal: Some(signal.id.clone()),
                rule: Some(order.rule.clone()),
                created_s: Some(now_s),
                hits: 0,
                hit_s: None,
            };
            if !self.blocks.insert(block, now_s) {
                self.withhold(slot, target, "there is no room for more blocks", acts, now_s);
                return false;
            }
            let is_more = before.is_none_or(|before| !before.blocked);
            match target {
                Target::Ip(_) => signal.answer.blocked_ips += u64::from(is_more),
                _ => signal.answer.blocked_users += u64::from(is_more),
            }
        }
        let line = match acts {
            true => format!("{target} -> {} until {until_s}", look.name()),
            false => format!("would: {target} -> {} until {until_s}", look.name()),
        };
        if signal.answer.actions.len() < LISTED {
            signal.answer.actions.push(line.clone());
        }
        signal.answer.planned.insert(target, Planned { until_s, acts, blocked: acts });
        self.tell(slot, Kind::Response, Value::from_entries([("action", &line)]), now_s);
        true
    }

    /// Records that a target is not refused, and why. It is considered again later.
    fn withhold(&mut self, slot: Slot, target: Target, why: &str, acts: bool, now_s: u64) {
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        let line = format!("{target}: {why}");
        let before = signal.answer.planned.get(&target).copied();
        let blocked = before.is_some_and(|before| before.blocked);
        signal.answer.planned.insert(target, Planned { until_s: now_s + WITHHELD_S, acts, blocked });
        if before.is_some() && signal.answer.withheld.contains(&line) {
            return;
        }
        if signal.answer.withheld.len() < LISTED {
            signal.answer.withheld.push(line.clone());
        }
        self.tell(slot, Kind::Response, Value::from_entries([("withheld", &line)]), now_s);
    }

    /// Checks whether anything forbids an automatic block.
    fn permit(&mut self, slot: Slot, target: &Target, told: &Told<'_>) -> Result<(), String> {
        let now_s = told.now();
        let Some(signal) = self.inner.signals.get(slot) else { return Err("the signal is gone".into()) };
        let pardon = self.inner.pardoned.get(&(signal.family.clone(), signal.key));
        if pardon.is_some_and(|until| now_s < *until) {
            return Err("resolved as a false positive".into());
        }
        let Target::Ip(prefix) = target else { return Ok(()) };
        let settings = &self.plan.config.settings;
        if settings.normalization.local.contains(*prefix) {
            return Err("a local address".into());
        }
        if self.plan.trust(Some(*prefix), None).is_some() {
            return Err("on the allow-list".into());
        }
        if self.inner.health.address_is_not_propagated() {
            return Err("client addresses are not propagated".into());
        }
        let source = if prefix.is_host() || *prefix == prefix.cut(settings.normalization.ipv6_group) && prefix.is_v6() {
            told.source
        } else {
            told.network
        };
        let egress = source.map(|source| self.egress(source, told)).unwrap_or_default();
        let attacked = self.inner.signals.get(slot).map_or(0, |signal| signal.counts.distinct()[0]);
        // As long as nobody is known, the accounts may be the attacker's own, so a few do not protect from an attack on many.
        if told.familiar.is_none() && u64::from(egress.distinct) * ATTACKED_PER_EGRESS < attacked {
            return Ok(());
        }
        if egress.distinct >= SHARED_ACCOUNTS {
            return Err(format!("shared by {} familiar accounts", egress.distinct));
        }
        self.inner.rails.allow(egress.window(), told.when.now_s).map_err(str::to_owned)
    }

    /// The length of a block. It doubles each time within a week, and is randomized so that an attacker cannot
    /// compute the end.
    fn length(&mut self, slot: Slot, target: &Target, duration_s: u32, told: &Told<'_>) -> u32 {
        let source = self.hash.hasher().part(b"target").part(target.to_string().as_bytes()).finish();
        let times = self.inner.offenders.refuse(source, told.when.now_s);
        let full = u64::from(duration_s) * u64::from(times);
        let id = self.inner.signals.get(slot).map_or("", |signal| &signal.id);
        let dice = self.hash.hasher().part(id.as_bytes()).number(source).finish() % 2001;
        let jittered = full * (9000 + dice) / 10_000;
        jittered.min(u64::from(LONGEST_BLOCK_S)) as u32
    }

    /// Ends the response to a signal if it refuses too many familiar users.
    pub(super) fn watch_refusals(&mut self, slot: Slot, told: &Told<'_>) {
        let now_s = told.now();
        let Some(signal) = self.inner.signals.get_mut(slot) else { return };
        let (since_s, all, familiar) = &mut signal.answer.refused_window;
        if now_s.saturating_sub(*since_s) >= WATCH_S {
            (*since_s, *all, *familiar) = (now_s, 0, 0);
        }
        *all += 1;
        *familiar += u32::from(told.familiar == Some(true));
        if *all < WATCHED || *familiar * 50 <= *all || signal.answer.demoted {
            return;
        }
        signal.answer.demoted = true;
        let note = format!("answer ended: {familiar} of {all} refused attempts were familiar");
        signal.notes.push(note.clone());
        let id = signal.id.clone();
        self.blocks.remove(&Selector::Signal(id), now_s);
        self.tell(slot, Kind::Response, Value::from_entries([("demoted", &note)]), now_s);
        self.renew_rules(slot, now_s);
    }

    /// Handles a false positive: ends the blocks of the signal, and suspends responses to its group for a day.
    pub(super) fn pardon(&mut self, slot: Slot, now_s: u64) {
        let Some(signal) = self.inner.signals.get(slot) else { return };
        let (about, id) = ((signal.family.clone(), signal.key), signal.id.clone());
        if self.inner.pardoned.len() < 10_000 {
            self.inner.pardoned.insert(about, now_s + 86_400);
        }
        self.blocks.remove(&Selector::Signal(id), now_s);
    }

    /// Drops expired state of responses.
    pub(super) fn sweep_answers(&mut self, now_s: u64) {
        self.inner.pardoned.retain(|_, until| now_s < *until);
        self.inner.network_blocks.retain(|_, times| times.back().is_some_and(|at| now_s.saturating_sub(*at) < 3600));
    }
}

impl Signal {
    /// Records how the signal was resolved.
    pub fn resolve(&mut self, how: &'static str) {
        self.resolution = Some(how);
    }
}
