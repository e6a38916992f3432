//! Blocks by hand, and the list of all blocks.

use super::Result;
use super::arguments::{PAGE, TARGET, flag, only, string, target, unsigned};
use crate::takeover::config::response::LONGEST_BLOCK_S;
use crate::takeover::detector::Detector;
use crate::takeover::respond::blocks::{Block, Look, Selector};
use crate::takeover::service::Service;
use crate::takeover::words::chosen;
use crate::value::{Object, Value};
use std::sync::Arc;

/// The maximum number of blocks in one result.
const MOST_BLOCKS: usize = 10_000;
/// The shortest manual block, in seconds.
const SHORTEST_S: u64 = 60;
/// The arguments that select blocks other than by their target.
const SELECTOR: &[&str] = &["signal", "rule", "all"];
/// The arguments that say when a block ends.
const TIME: &[&str] = &["seconds", "permanent"];

impl Detector {
    /// Blocks `ip`, `cidr`, `user` or `session`, for `seconds` (1 minute to 7 days, by default the configured
    /// duration) or `permanent`. `mode` is `block` or `stealth`; `reason` and `signal` are optional. Returns the
    /// block.
    pub fn block(&self, request: &Object) -> Result<Value> {
        only(request, &[TARGET, TIME, &["mode", "reason", "signal"]])?;
        let target =
            target(request, self.group_bits())?.ok_or("one of `ip`, `cidr`, `user` and `session` must be given")?;
        let now_s = self.now_s();
        let until_s = self.end(request, None, now_s)?;
        let looks = [Look::Block, Look::Stealth].map(|look| (look.name(), look));
        let look = string(request, "mode")?.map_or(Ok(Look::Block), |mode| chosen("mode", &mode, &looks))?;
        let mut block = Block { signal: string(request, "signal")?, ..Block::manual(target, until_s, look, now_s) };
        block.reason = string(request, "reason")?.unwrap_or(block.reason);
        let value = block.to_value();
        match self.blocks.insert(block, now_s) {
            true => Ok(value),
            false => Err("there is no room for more blocks".into()),
        }
    }

    /// Reads when a block is to end: `seconds` from now, or never if it is `permanent`.
    fn end(&self, arguments: &Object, seconds: Option<u64>, now_s: u64) -> Result<Option<u64>> {
        if flag(arguments, "permanent") {
            return Ok(None);
        }
        let configured = self.plan().config.settings.duration_s.into();
        let seconds = seconds.or(unsigned(arguments, "seconds")?).unwrap_or(configured);
        match (SHORTEST_S..=LONGEST_BLOCK_S.into()).contains(&seconds) {
            true => Ok(Some(now_s + seconds)),
            false => Err(format!("`seconds` must be {SHORTEST_S} to {LONGEST_BLOCK_S}; longer ones are `permanent`")),
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
        match flag(arguments, "all") {
            true => Ok(Selector::All),
            false => {
                Err("one of `ip`, `cidr`, `user`, `session`, `signal`, `rule`, `kind` and `all` must be given".into())
            }
        }
    }

    /// Removes the blocks of a target, of a `signal`, of a `rule`, of a `kind`, or `all`; returns their number.
    pub fn unblock(&self, selector: &Object) -> Result<usize> {
        only(selector, &[TARGET, SELECTOR])?;
        let (selected, now_s) = (self.selector(selector)?, self.now_s());
        let mut removed = self.blocks.remove(&selected, now_s).len();
        if let Selector::Rule(rule) = &selected {
            let plan = self.plan();
            let services = self.all_services();
            let of =
                |service: &Arc<Service>| service.withdraw(rule, now_s, &plan, &self.options.hash_key, &self.blocks);
            removed += services.iter().filter(|service| of(service)).count();
            self.collect();
            self.publish_rules(0);
        }
        Ok(removed)
    }

    /// Changes the end of blocks, earlier or later, with the limits and the default of [`Detector::block`]: to `seconds`
    /// from now, which the selector may contain as well, or to never if it has `permanent`. Returns their number.
    pub fn extend(&self, selector: &Object, seconds: Option<u64>) -> Result<usize> {
        only(selector, &[TARGET, SELECTOR, TIME])?;
        let now_s = self.now_s();
        let until_s = self.end(selector, seconds, now_s)?;
        Ok(self.blocks.extend(&self.selector(selector)?, until_s, now_s))
    }

    /// Returns the blocks in force, newest first, paged by `skip` and `limit`.
    pub fn blocks(&self, page: &Object) -> Result<Value> {
        only(page, &[PAGE])?;
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
}
