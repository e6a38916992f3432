//! The operations of a detector for operators and bindings, with maps as arguments and results.

use super::address::Prefix;
use super::config::response::LONGEST_BLOCK_S;
use super::detector::Detector;
use super::event::text;
use super::export::{Export, File, export};
use super::key::HashKey;
use super::respond::Target;
use super::respond::blocks::{Block, Look, Selector};
use super::rules::plan::Plan;
use super::service::{Resolution, Service};
use super::signal::Signal;
use super::state::Table;
use crate::value::{Object, Value, View};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The maximum number of signals in one result.
const MOST_SIGNALS: usize = 1000;
/// The maximum number of blocks in one result.
const MOST_BLOCKS: usize = 10_000;
/// The shortest manual block, in seconds.
const SHORTEST_S: u64 = 60;

/// A result with an error message.
pub type Result<T> = std::result::Result<T, String>;

/// Returns an argument; null counts as absent.
fn argument<'a>(arguments: &'a Object, name: &str) -> Option<&'a Object> {
    arguments.get(name.as_bytes()).filter(|value| !matches!(value.view(), View::Null | View::Invalid))
}

fn string(arguments: &Object, name: &str) -> Result<Option<String>> {
    let Some(value) = argument(arguments, name) else { return Ok(None) };
    text(value).map(|text| Some(text.into_owned())).ok_or_else(|| format!("the argument `{name}` must be a string"))
}

fn unsigned(arguments: &Object, name: &str) -> Result<Option<u64>> {
    match argument(arguments, name).map(Object::view) {
        None => Ok(None),
        Some(View::Unsigned(number)) => Ok(Some(number)),
        Some(View::Signed(number)) if number >= 0 => Ok(Some(number as u64)),
        Some(View::Float(number)) if number >= 0.0 => Ok(Some(number as u64)),
        Some(_) => Err(format!("the argument `{name}` must be a number that is not negative")),
    }
}

/// Reads a target: `ip`, `cidr`, `user` or `session`, or `kind` and `value`.
fn target(arguments: &Object, hash_group: u8) -> Result<Option<Target>> {
    let named = ["ip", "cidr", "user", "session"]
        .into_iter()
        .find_map(|kind| string(arguments, kind).transpose().map(|value| value.map(|value| (kind.to_owned(), value))));
    let (kind, value) = match named.transpose()? {
        Some(named) => named,
        None => match (string(arguments, "kind")?, string(arguments, "value")?) {
            (Some(kind), Some(value)) => (kind, value),
            _ => return Ok(None),
        },
    };
    match kind.as_str() {
        "user" => Ok(Some(Target::User(value))),
        "session" => Ok(Some(Target::Session(value))),
        "ip" | "cidr" => {
            let prefix =
                Prefix::parse(&value).ok_or_else(|| format!("'{value}' is neither an address nor a network"))?;
            // A single IPv6 address is widened to its group, since its holder controls the whole group.
            let prefix = if prefix.is_host() { prefix.cut_by_family(32, hash_group) } else { prefix };
            Ok(Some(Target::Ip(prefix)))
        }
        other => Err(format!("unknown kind '{other}'")),
    }
}

impl Detector {
    fn group_bits(&self) -> u8 {
        self.plan().config.settings.normalization.ipv6_group
    }

    /// Returns the signals, newest first, selected by `state`, `min_severity`, `service`, `rule`, `limit` and `skip`.
    pub fn signals(&self, query: &Object) -> Result<Value> {
        let (state, service_name, rule) = (string(query, "state")?, string(query, "service")?, string(query, "rule")?);
        let least = string(query, "min_severity")?.map(|name| {
            super::severity::Severity::from_name(&name).ok_or_else(|| format!("unknown severity '{name}'"))
        });
        let least = least.transpose()?.unwrap_or_default();
        let (skip, limit) = (unsigned(query, "skip")?.unwrap_or(0), unsigned(query, "limit")?.unwrap_or(100));
        let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| wanted == text);
        let mut found = vec![];
        for service in self.all_services() {
            let inner = service.inner();
            if !is(&service_name, &service.name) {
                continue;
            }
            let wanted = inner.signals.all().rev().map(|(_, signal)| signal).filter(|signal| {
                is(&state, signal.status.name()) && is(&rule, &signal.rule_id) && signal.severity >= least
            });
            let most = skip.saturating_add(limit).min(MOST_SIGNALS as u64) as usize;
            found.extend(wanted.take(most).map(|signal| (signal.opened_s, signal.to_value())));
        }
        found.sort_by_key(|(opened_s, _)| std::cmp::Reverse(*opened_s));
        Ok(found.into_iter().skip(skip as usize).take(limit as usize).map(|(_, value)| value).collect())
    }

    /// Calls `then` with a signal, if it exists.
    fn with_signal<T>(&self, id: &str, then: impl FnOnce(&Signal) -> T) -> Option<T> {
        self.all_services()
            .iter()
            .find_map(|service| {
                let inner = service.inner();
                inner.signals.by_id(id)?;
                Some(service.clone())
            })?
            .with_signal(id, then)
    }

    /// Returns one signal, if it exists.
    pub fn signal(&self, id: &str) -> Option<Value> {
        self.with_signal(id, Signal::to_value)
    }

    /// Resolves a signal as `closed`, `false_positive` (its blocks end, and responses to its group are suspended for
    /// a day) or `confirmed`. Returns whether it exists.
    pub fn resolve(&self, id: &str, how: &str) -> Result<bool> {
        let how = Resolution::from_name(how).ok_or_else(|| format!("unknown resolution '{how}'"))?;
        let (plan, now_s) = (self.plan(), self.now_s());
        let services = self.all_services();
        let resolve =
            |service: &Arc<Service>| service.resolve(id, how, now_s, &plan, &self.options.hash_key, &self.blocks);
        let found = services.iter().any(resolve);
        self.collect();
        Ok(found)
    }

    /// Blocks `ip`, `cidr`, `user` or `session`, for `seconds` (1 minute to 7 days, by default the configured
    /// duration) or `permanent`. `mode` is `block` or `stealth`; `reason` and `signal` are optional. Returns the
    /// block.
    pub fn block(&self, request: &Object) -> Result<Value> {
        let target =
            target(request, self.group_bits())?.ok_or("one of `ip`, `cidr`, `user` and `session` must be given")?;
        let now_s = self.now_s();
        let permanent = matches!(argument(request, "permanent").map(Object::view), Some(View::Bool(true)));
        let seconds = unsigned(request, "seconds")?.unwrap_or(self.plan().config.settings.duration_s.into());
        if !permanent && !(SHORTEST_S..=LONGEST_BLOCK_S.into()).contains(&seconds) {
            return Err(format!("`seconds` must be {SHORTEST_S} to {LONGEST_BLOCK_S}; longer ones are `permanent`"));
        }
        let look = match string(request, "mode")?.as_deref() {
            None | Some("block") => Look::Block,
            Some("stealth") => Look::Stealth,
            Some(other) => return Err(format!("unknown mode '{other}'")),
        };
        let block = Block {
            target,
            until_s: (!permanent).then_some(now_s + seconds),
            look,
            reason: string(request, "reason")?.unwrap_or_default(),
            automatic: false,
            signal: string(request, "signal")?,
            rule: None,
            created_s: now_s,
            hits: 0,
            hit_s: None,
        };
        let value = block.to_value();
        match self.blocks.insert(block, now_s) {
            true => Ok(value),
            false => Err("there is no room for more blocks".into()),
        }
    }

    fn selector(&self, arguments: &Object) -> Result<Selector> {
        if let Some(target) = target(arguments, self.group_bits())? {
            return Ok(Selector::Target(target));
        }
        let named = [
            ("signal", Selector::Signal as fn(String) -> Selector),
            ("rule", Selector::Rule),
            ("kind", Selector::Kind),
        ];
        for (name, select) in named {
            if let Some(value) = string(arguments, name)? {
                return Ok(select(value));
            }
        }
        match argument(arguments, "all").map(Object::view) {
            Some(View::Bool(true)) => Ok(Selector::All),
            _ => Err("one of `ip`, `cidr`, `user`, `session`, `signal`, `rule`, `kind` and `all` must be given".into()),
        }
    }

    /// Removes the blocks of a target, of a `signal`, of a `rule`, of a `kind`, or `all`; returns their number.
    pub fn unblock(&self, selector: &Object) -> Result<usize> {
        let (selected, now_s) = (self.selector(selector)?, self.now_s());
        let mut removed = self.blocks.remove(&selected, now_s).len();
        if let Selector::Rule(rule) = &selected {
            let plan = self.plan();
            let services = self.all_services();
            let of =
                |service: &Arc<Service>| service.withdraw(rule, now_s, &plan, &self.options.hash_key, &self.blocks);
            removed += services.iter().filter(|service| of(service)).count();
            self.collect();
        }
        Ok(removed)
    }

    /// Changes the end of blocks to `seconds` from now or to never, earlier or later; returns their number.
    pub fn extend(&self, selector: &Object, seconds: Option<u64>) -> Result<usize> {
        let now_s = self.now_s();
        let until_s = seconds.map(|seconds| now_s.saturating_add(seconds));
        Ok(self.blocks.extend(&self.selector(selector)?, until_s, now_s))
    }

    /// Returns the blocks in force, newest first, paged by `skip` and `limit`.
    pub fn blocks(&self, page: &Object) -> Result<Value> {
        let (skip, limit) = (unsigned(page, "skip")?.unwrap_or(0), unsigned(page, "limit")?.unwrap_or(100));
        let list = self.blocks.list(skip as usize, (limit as usize).min(MOST_BLOCKS), self.now_s());
        Ok(list.iter().map(Block::to_value).collect())
    }

    /// Returns the latest changes of blocks, oldest first: `at` (seconds since the Unix epoch), `what` (`block`,
    /// `extend` or `unblock`) and `whom`.
    pub fn audit(&self) -> Value {
        let change = |(at_s, what, whom)| {
            Value::from_entries([("at", Value::from(at_s)), ("what", Value::from(what)), ("whom", Value::from(&whom))])
        };
        self.blocks.audit().into_iter().map(change).collect()
    }

    /// Exports a file about a signal, in pieces; returns `None` if the signal does not exist.
    pub fn export(&self, id: &str, file: &str) -> Result<Option<Export>> {
        let file = File::from_name(file).ok_or_else(|| format!("unknown export '{file}'"))?;
        let now_s = self.now_s();
        Ok(self.with_signal(id, |signal| export(signal, file, &self.blocks, now_s)))
    }

    /// Returns the blocks as documents for an engine without live sets, by path, with at most `chunk` entries each.
    /// Only changes since the last call are returned; null removes the document of a path.
    pub fn export_rules_data(&self, chunk: usize) -> Value {
        let now_s = self.now_s();
        let (mut addresses, mut users) = (vec![], vec![]);
        let enforced = self.plan().config.settings.response_enabled;
        for block in
            self.blocks.list(0, usize::MAX, now_s).into_iter().rev().filter(|block| enforced || !block.automatic)
        {
            let entry = Value::from_entries([
                ("value", Value::from(block.target.to_string())),
                ("expiration", Value::from(block.until_s.unwrap_or(0))),
            ]);
            match block.target {
                Target::Ip(_) => addresses.push(entry),
                Target::User(_) => users.push(entry),
                Target::Session(_) => {}
            }
        }
        let lists =
            [("blocked_ips", "ip_with_expiration", addresses), ("blocked_users", "data_with_expiration", users)];
        let mut exported = self.exported.lock();
        let mut former = std::mem::take(&mut *exported);
        let mut documents = Value::map();
        for (id, kind, entries) in lists {
            let chunks: Vec<&[Value]> = entries.chunks(chunk.clamp(1, 50_000)).collect();
            for (at, chunk) in chunks.into_iter().enumerate() {
                let path = format!("bartizan/ato/{id}/{at}");
                let data = chunk.iter().cloned().collect::<Value>();
                let list = Value::from_entries([("id", Value::from(id)), ("type", Value::from(kind)), ("data", data)]);
                let document = Value::from_entries([("rules_data", [list].into_iter().collect::<Value>())]);
                let print = HashKey([0, 0]).hash(crate::value::json::to_string(&document).as_bytes());
                if former.remove(&path) != Some(print) {
                    documents.insert(&path, document);
                }
                exported.insert(path, print);
            }
        }
        former.keys().for_each(|path| documents.insert(path, Value::null()));
        documents
    }

    /// Forgets a `user` (by login) or an `ip` (or network): counts, familiar origins, lists in signals, campaigns and
    /// blocks.
    pub fn forget(&self, whom: &Object) -> Result<()> {
        let (plan, now_s) = (self.plan(), self.now_s());
        let target = target(whom, self.group_bits())?.ok_or("one of `user` and `ip` must be given")?;
        for service in self.all_services() {
            service.forget(&target, &plan, &self.options.hash_key);
        }
        self.blocks.remove(&Selector::Target(target), now_s);
        Ok(())
    }

    /// Returns counters, findings about the events, and memory use.
    pub fn health(&self) -> Value {
        let number = |counter: &std::sync::atomic::AtomicU64| Value::from(counter.load(Ordering::Relaxed));
        let counters = &self.counters;
        let dropped = ["not_a_map", "no_name", "bad_name"]
            .into_iter()
            .zip(&counters.dropped)
            .map(|(name, count)| (name, number(count)));
        let services = self.all_services().into_iter().map(|service| {
            let inner = service.inner();
            Value::from_entries([
                ("service", Value::from(&service.name)),
                ("env", Value::from(&service.env)),
                ("memory_is_warm", Value::from(inner.familiarity.is_warm(self.now_s() as u32))),
                ("memory_bytes", Value::from(service.state.memory() as u64)),
                ("trusted_events", Value::from(inner.health.trusted)),
                ("double_events", Value::from(inner.health.double_events)),
                ("missing_fields", Value::from(inner.health.missing_fields)),
                ("ignored_fields", Value::from(inner.health.ignored_fields)),
                ("findings", inner.health.findings()),
            ])
        });
        let services = services.collect::<Value>();
        Value::from_entries([
            ("enabled", Value::from(self.plan().config.settings.enabled)),
            ("mode", Value::from(self.plan().config.settings.response_mode.name())),
            ("events", number(&counters.events)),
            ("dropped_events", Value::from_entries(dropped)),
            ("future_events", Value::from(self.time.future_events())),
            ("clock_jumps", Value::from(self.time.jumps())),
            ("folded_services", number(&counters.folded)),
            ("internal_errors", number(&counters.internal_errors)),
            ("dropped_notifications", Value::from(self.dropped_notifications())),
            ("blocks", Value::from(self.blocks.count() as u64)),
            ("services", services),
        ])
    }
}

impl Service {
    fn with_signal<T>(&self, id: &str, then: impl FnOnce(&Signal) -> T) -> Option<T> {
        let inner = self.inner();
        let slot = inner.signals.by_id(id)?;
        inner.signals.get(slot).map(then)
    }

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
