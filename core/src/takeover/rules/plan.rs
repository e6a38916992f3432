//! A compiled configuration: for each event, the classes that it counts in, succeeds in or escalates.

use super::class::Class;
use crate::matcher::ip_match::IpSet;
use crate::takeover::address::Prefix;
use crate::takeover::config::exceptions::{Allowed, Trust};
use crate::takeover::config::field::Field;
use crate::takeover::config::rule::{Instant, Kind, Rule};
use crate::takeover::config::{Config, Suppression};
use crate::takeover::name;
use crate::takeover::state::Table;
use std::collections::HashMap;

/// The role of an event in a class.
#[derive(Clone, Copy, Debug, Default)]
pub struct Role {
    /// The index of the class in the plan.
    pub class: usize,
    /// Whether the event may be counted.
    pub counts: bool,
    /// Whether the event is a success of the group.
    pub succeeds: bool,
    /// Whether the event may raise the severity of the group's signal.
    pub escalates: bool,
}

/// A compiled configuration. It is immutable; a new configuration becomes a new plan.
pub struct Plan {
    /// The configuration.
    pub config: Config,
    /// The classes of its rules.
    pub classes: Vec<Class>,
    /// The class that counts failed logins by address.
    pub by_address: Option<usize>,
    roles: HashMap<String, Vec<Role>>,
    /// The rules that evaluate single events, by the name of the event.
    instant: HashMap<String, Vec<(Instant, usize)>>,
    /// The rules about the service as a whole.
    pub deviations: Vec<usize>,
    users: HashMap<String, Trust>,
    /// The networks of the allow-list, by level of trust.
    networks: Vec<(Trust, IpSet)>,
}

impl Plan {
    /// Compiles a configuration.
    pub fn new(config: Config) -> Self {
        let mut classes: Vec<Class> = vec![];
        let mut instant: HashMap<String, Vec<(Instant, usize)>> = HashMap::new();
        let mut deviations = vec![];
        for (at, rule) in config.rules.iter().enumerate().filter(|(_, rule)| rule.enabled) {
            if matches!(rule.kind, Kind::Deviation(_)) {
                deviations.push(at);
                continue;
            }
            if let Kind::Instant(detector) = rule.kind {
                for event in &rule.counting.events {
                    instant.entry(event.clone()).or_default().push((detector, at));
                }
                continue;
            }
            let signature = rule.class_signature();
            match classes.iter_mut().find(|class| class.signature() == signature) {
                Some(class) => class.rules.push(at),
                None => classes.push(Class::of(rule, at)),
            }
        }
        let by_address =
            classes.iter().position(|class| class.table == Table::Ip && class.counting.group_by == [Field::IpGroup]);
        let mut roles: HashMap<String, Vec<Role>> = HashMap::new();
        for (at, class) in classes.iter().enumerate() {
            let mut with = |event: &String, set: fn(&mut Role)| {
                let roles = roles.entry(event.clone()).or_default();
                match roles.iter_mut().find(|role| role.class == at) {
                    Some(role) => set(role),
                    None => {
                        let mut role = Role { class: at, ..Role::default() };
                        set(&mut role);
                        roles.push(role);
                    }
                }
            };
            class.counting.events.iter().for_each(|event| with(event, |role| role.counts = true));
            class.counting.success_events.iter().for_each(|event| with(event, |role| role.succeeds = true));
            for rule in class.rules.iter().filter_map(|rule| config.rules.get(*rule)) {
                rule.escalations.iter().for_each(|one| with(&one.event, |role| role.escalates = true));
            }
        }
        let users = config.allow.iter().filter_map(|entry| match &entry.who {
            Allowed::User(user) => Some((config.settings.normalization.login.apply(user)?.into_owned(), entry.trust)),
            Allowed::Network(_) => None,
        });
        let users = users.collect();
        let networks = [Trust::Trusted, Trust::Monitored].map(|trust| {
            let entries = config.allow.iter().filter(|entry| entry.trust == trust);
            let networks = entries.filter_map(|entry| match &entry.who {
                Allowed::Network(network) => Some((network.to_string(), 0)),
                Allowed::User(_) => None,
            });
            (trust, networks.collect::<Vec<_>>())
        });
        let networks = networks.into_iter().filter(|(_, networks)| !networks.is_empty());
        let networks = networks.map(|(trust, networks)| (trust, IpSet::new(networks))).collect();
        Plan { config, classes, by_address, roles, instant, deviations, users, networks }
    }

    /// Returns the roles of an event of this name.
    pub fn roles(&self, event: &str) -> &[Role] {
        // A refused login has the roles of the failure that it would have become.
        let event = if event == name::LOGIN_REFUSED { name::LOGIN_FAILURE } else { event };
        self.roles.get(event).map_or(&[], Vec::as_slice)
    }

    /// Returns the rules that evaluate single events of this name.
    pub fn instant(&self, event: &str) -> &[(Instant, usize)] {
        self.instant.get(event).map_or(&[], Vec::as_slice)
    }

    /// Returns the rules of a class with their indices in the configuration.
    pub fn rules<'p>(&'p self, class: &'p Class) -> impl Iterator<Item = (usize, &'p Rule)> {
        class.rules.iter().filter_map(|at| Some((*at, self.config.rules.get(*at)?)))
    }

    /// Returns the level of trust of an address or an account, if the allow-list has it.
    pub fn trust(&self, address: Option<Prefix>, account: Option<&str>) -> Option<Trust> {
        let addresses = [address, address.and_then(Prefix::translated)];
        let holds =
            |networks: &IpSet| addresses.iter().flatten().any(|address| networks.contains(address.address(), 0));
        let by_network = self.networks.iter().filter(|(_, networks)| holds(networks)).map(|(trust, _)| *trust);
        by_network.max().max(account.and_then(|account| self.users.get(account).copied()))
    }

    /// Whether a threat-intelligence list names an address as an offender.
    pub fn is_offender(&self, address: Prefix, now_s: u64) -> bool {
        self.config.intel.iter().any(|list| list.names(address, now_s))
    }

    /// Returns the suppressions that cover a rule at `now_s`.
    pub fn suppressions<'p>(&'p self, rule: &'p Rule, now_s: u64) -> impl Iterator<Item = &'p Suppression> {
        self.config.suppressions.iter().filter(move |suppression| suppression.concerns(rule, now_s))
    }
}
