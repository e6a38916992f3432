//! Forgetting a user or an address.

use super::Result;
use super::arguments::{TARGET, only, target};
use crate::takeover::detector::Detector;
use crate::takeover::key::HashKey;
use crate::takeover::respond::Target;
use crate::takeover::respond::blocks::Selector;
use crate::takeover::rules::plan::Plan;
use crate::takeover::service::Service;
use crate::takeover::signal::Signal;
use crate::takeover::state::Table;
use crate::value::Object;

impl Detector {
    /// Forgets a `user` (by login) or an `ip` (or network): counts, familiar origins, lists in signals, campaigns and
    /// blocks.
    pub fn forget(&self, whom: &Object) -> Result<()> {
        only(whom, &[TARGET])?;
        let (plan, now_s) = (self.plan(), self.now_s());
        let target = target(whom, self.group_bits())?.ok_or("one of `user` and `ip` must be given")?;
        for service in self.all_services() {
            service.forget(&target, &plan, &self.options.hash_key);
        }
        self.blocks.remove(&Selector::Target(target), now_s);
        Ok(())
    }
}

impl Service {
    /// Forgets a target.
    fn forget(&self, target: &Target, plan: &Plan, hash: &HashKey) {
        let mut inner = self.inner();
        match target {
            Target::Ip(prefix) => {
                for class in plan.classes.iter().filter(|class| class.table == Table::Ip) {
                    self.state.forget(class.table, class.key_of_address(*prefix, hash));
                }
                let source = hash.hash(&prefix.bytes());
                inner.offenders.forget(source);
                for (_, signal) in inner.signals.all_mut() {
                    signal.top.ips.forget(prefix);
                    signal.campaign.forget_ip(*prefix);
                    signal
                        .compromised
                        .iter_mut()
                        .filter(|one| one.ip.is_some_and(|ip| prefix.contains(ip)))
                        .for_each(|one| one.ip = None);
                    redact(signal, &prefix.to_string());
                }
            }
            Target::User(user) | Target::Session(user) => {
                let Some(account) = plan.config.settings.normalization.login.apply(user) else { return };
                for class in plan.classes.iter().filter(|class| class.table == Table::Login) {
                    let key = class.key_of_login(&account, hash);
                    self.state.forget(class.table, key);
                    self.state.unspell(key);
                }
                let key = hash.account(hash.hash(account.as_bytes()));
                self.state.forget_account(key);
                inner.travel.forget(key);
                for (_, signal) in inner.signals.all_mut() {
                    signal.top.users.forget(account.as_ref());
                    signal.campaign.forget_user(user);
                    signal
                        .compromised
                        .retain(|one| one.login.as_deref() != Some(user) && one.user_id.as_deref() != Some(user));
                    redact(signal, &account);
                }
            }
        }
    }
}

/// Redacts a name from the group of a signal.
fn redact(signal: &mut Signal, name: &str) {
    signal.group.iter_mut().filter(|(_, value)| value == name).for_each(|(_, value)| *value = "forgotten".into());
}
