//! Who makes the attempts of a signal.

use super::told::Told;
use crate::takeover::key::HashKey;
use crate::takeover::signal::Signal;
use crate::takeover::text::{SHOWN, shown};

/// Counts the account and the source of an attempt.
pub(super) fn note_who(signal: &mut Signal, told: &Told<'_>, hash: &HashKey) {
    if let Some(account) = told.account {
        signal.counts.users.insert(account.get());
    }
    if let Some(login) = told.subject.account() {
        signal.audience.note(told.event, login, told.event.exists);
        signal.top.users.add(shown(login, SHOWN), 1, str::to_owned);
    }
    if let Some(group) = told.subject.group {
        signal.counts.ips.insert(hash.hash(&group.bytes()));
        signal.top.ips.add(&group, 1, |group| *group);
    }
    if let Some(network) = told.subject.network {
        signal.counts.networks.insert(hash.hash(&network.bytes()));
        signal.top.networks.add(&network, 1, |network| *network);
    }
    if let Some(agent) = &told.event.user_agent {
        signal.top.user_agents.add(shown(agent, SHOWN), 1, str::to_owned);
    }
}
