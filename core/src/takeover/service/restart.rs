//! What survives a restart besides counts, histories and live signals: the rules of clusters, with those signals that
//! closed before them, and the paths of logins.
//!
//! In a snapshot they are lines of JSON. The first one has the version of this part and the paths; each other one has a
//! signal and its rules.

use super::login_routes::LoginRoutes;
use super::published::{Published, Ruled};
use super::{Inner, Service, Work};
use crate::takeover::config::rule::Rule;
use crate::takeover::key::HashKey;
use crate::takeover::mining::{Mode, Plan as Rules, record as cluster};
use crate::takeover::record::{flag, items, number, pairs, text};
use crate::takeover::respond::blocks::Blocks;
use crate::takeover::rules::plan::Plan;
use crate::takeover::signal::Signal;
use crate::takeover::state::snapshot::NEWER;
use crate::value::{Object, Value, json};

/// The version of this part of snapshots.
const VERSION: u64 = 1;

/// What was read.
#[derive(Default)]
pub(in crate::takeover) struct Saved {
    login_routes: LoginRoutes,
    rules: Vec<SavedRules>,
}

/// The rules of a signal.
struct SavedRules {
    /// The id of the signal.
    id: String,
    /// The signal, if it was closed and its rule still exists.
    closed: Option<Signal>,
    rules: Vec<Ruled>,
    until_s: u64,
    tail_refused: u32,
}

impl Inner {
    /// Writes the rules of clusters and the paths of logins.
    pub(in crate::takeover) fn save_rules(&self, out: &mut Vec<u8>) {
        let routes = self.login_routes.counts().map(|(path, count)| pair(path, count.into()));
        line(Value::from_entries([("version", Value::from(VERSION)), ("login_routes", routes.collect())]), out);
        for published in &self.published {
            let Some(signal) = self.signals.get(published.slot) else { continue };
            let signal_id = Value::from(&signal.id);
            let closed = if signal.is_live() { Value::null() } else { signal.to_record() };
            let rules = published.rules.iter().map(|ruled| {
                Value::from_entries([
                    ("cluster", cluster::write(&ruled.cluster)),
                    ("mode", Value::from(ruled.mode.name())),
                    ("rule_id", Value::from(&ruled.rule_id)),
                    ("has_rule", Value::from(ruled.has_rule)),
                    ("refused", Value::from(ruled.refused)),
                ])
            });
            let entries = [
                ("id", signal_id),
                ("closed", closed),
                ("rules", rules.collect()),
                ("until", Value::from(published.until_s)),
                ("tail_refused", Value::from(u64::from(published.tail_refused))),
            ];
            line(Value::from_entries(entries), out);
        }
    }

    /// Takes over the closed signals of what was read. They come before live ones, which may be about the same groups.
    pub(in crate::takeover) fn adopt_closed(&mut self, saved: &mut Saved, plan: &Plan, hash: &HashKey) {
        for signal in saved.rules.iter_mut().filter_map(|rules| rules.closed.take()) {
            self.adopt(signal, plan, hash);
        }
    }
}

impl Saved {
    /// Reads what [`Inner::save_rules`] wrote. Snapshots of earlier versions have no such part.
    pub fn read(bytes: &[u8], rules: &[Rule]) -> Result<Self, &'static str> {
        let mut lines = bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        let Some(head) = lines.next() else { return Ok(Saved::default()) };
        let head = json::parse(head).map_err(|_| UNREADABLE)?;
        if number(&head, "version") != Some(VERSION) {
            return Err(NEWER);
        }
        let routes = pairs(&head, "login_routes").into_iter();
        let routes = routes.map(|(path, count)| (path, u32::try_from(count).unwrap_or(u32::MAX)));
        let read = |line: &[u8]| {
            let value = json::parse(line).ok()?;
            read_rules(&value, rules)
        };
        let rules = lines.map(|line| read(line).ok_or(UNREADABLE)).collect::<Result<_, _>>()?;
        Ok(Saved { login_routes: LoginRoutes::restored(routes), rules })
    }
}

impl Service {
    /// Lets the rules that were read go on, and publishes them. Those of signals that no longer exist are lost.
    pub(in crate::takeover) fn continue_rules(
        &self,
        saved: Saved,
        now_s: u64,
        plan: &Plan,
        hash: &HashKey,
        blocks: &Blocks,
    ) {
        let mut inner = self.inner();
        inner.login_routes = saved.login_routes;
        for one in saved.rules {
            let Some(slot) = inner.signals.by_id(&one.id) else { continue };
            let path = Rules { signal: &one.id, routes: &[], until_s: one.until_s }.path();
            inner.published.push(Published {
                slot,
                path,
                document: Value::map(),
                rules: one.rules,
                routes: vec![],
                until_s: one.until_s,
                listed_until_s: 0,
                tail_refused: one.tail_refused,
            });
        }
        let mut work = Work { service: self, inner: &mut inner, plan, hash, blocks, verdict: Default::default() };
        work.renew_all_rules(now_s);
    }
}

/// The error for content that this version cannot read.
const UNREADABLE: &str = "the snapshot holds what this version cannot read";

fn line(value: Value, out: &mut Vec<u8>) {
    out.extend(json::to_string(&value).into_bytes());
    out.push(b'\n');
}

fn pair(text: &str, number: u64) -> Value {
    [Value::from(text), Value::from(number)].into_iter().collect()
}

fn read_rules(value: &Object, known: &[Rule]) -> Option<SavedRules> {
    let ruled = |item: &Object| {
        let mode = text(item, "mode")?;
        Some(Ruled {
            cluster: cluster::read(item.get(b"cluster")?)?,
            mode: [Mode::Monitor, Mode::Block, Mode::Stealth].into_iter().find(|one| one.name() == mode)?,
            rule_id: text(item, "rule_id")?,
            has_rule: flag(item, "has_rule"),
            refused: number(item, "refused")?,
        })
    };
    let closed = value.get(b"closed").filter(|record| record.is_map());
    Some(SavedRules {
        id: text(value, "id")?,
        closed: closed.and_then(|record| Signal::from_record(record, known)),
        rules: items(value, "rules").iter().map(ruled).collect::<Option<_>>()?,
        until_s: number(value, "until")?,
        tail_refused: u32::try_from(number(value, "tail_refused")?).unwrap_or(u32::MAX),
    })
}
