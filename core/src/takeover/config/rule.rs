//! A configured rule: the events it counts, how they are grouped, the window and the thresholds.

pub use super::guard::Guard;

use super::condition::Condition;
use super::counting::Counting;
use super::field::Field;
use super::filter::Filter;
use super::response::Response;
use super::scalar::{chosen, small, text, unknown};
use crate::config::rule::check_versions;
use crate::fields::Refusal;
use crate::fields::read::{self, Fields, Getter, element};
use crate::takeover::name;
use crate::takeover::series::Name as Series;
use crate::takeover::severity::Severity;
use crate::takeover::state::{Table, WINDOWS};
use crate::takeover::words::alternatives;
use crate::value::Object;
use crate::value::Text;
use std::hash::{DefaultHasher, Hash, Hasher};

/// The maximum number of cases of a rule.
const CASES: usize = 8;
/// The maximum number of fields to group by, in addition to the service.
const GROUP_BY: usize = 3;
/// The maximum number of fields whose distinct values are counted.
const DISTINCT: usize = 3;
/// The maximum number of events of a rule.
const EVENTS: usize = 16;

/// The type of a rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// Compares metrics of a window to thresholds.
    Threshold,
    /// Compares a source's rate to the learned rates of the service's sources, or to this threshold until they are
    /// learned.
    LearnedRate(u32),
    /// Compares a series of the service to its past.
    Deviation(Series),
    /// Evaluates each event by itself, in code.
    Instant(Instant),
}

/// The rules that evaluate each event by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(missing_docs)]
pub enum Instant {
    PrivilegeViolation,
    ImpossibleTravel,
    PostCompromise,
    SuspiciousSuccess,
}

/// A severity and its condition.
#[derive(Clone, Debug)]
pub struct Case {
    /// The severity.
    pub severity: Severity,
    /// The condition.
    pub when: Condition,
}

/// An event that raises the severity of a signal.
#[derive(Clone, Debug)]
pub struct Escalation {
    /// The name of the event, which must belong to the same group.
    pub event: String,
    /// The filter that the event must pass.
    pub filter: Filter,
    /// Whether the event must come from a network of the group's attempts.
    pub from_attacker: bool,
    /// Whether the event also counts from a source familiar to the account.
    pub any_source: bool,
    /// The severity to which the signal is raised.
    pub severity: Severity,
    /// The condition on the group.
    pub when: Condition,
}

/// A rule.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The unique id.
    pub id: String,
    /// The name for display.
    pub name: String,
    /// Tags, by which suppressions, overrides and consumers select rules.
    pub tags: Vec<(String, String)>,
    /// Whether the rule is evaluated.
    pub enabled: bool,
    /// Whether this is one of the vendor's documented rules.
    pub documented: bool,
    /// The type.
    pub kind: Kind,
    /// What it counts.
    pub counting: Counting,
    /// The length of the window, in seconds.
    pub window_s: u32,
    /// The cases; the first whose condition holds decides the severity.
    pub cases: Vec<Case>,
    /// The events that raise the severity of an open signal.
    pub escalations: Vec<Escalation>,
    /// The guards against false positives.
    pub guards: Vec<Guard>,
    /// The rule whose signal this one joins.
    pub joins: Option<String>,
    /// Whether the rule only renames an open signal of the rule it joins.
    pub relabels: bool,
    /// The rule whose signals become children of this rule's, if they are about addresses within its network.
    pub absorbs: Option<String>,
    /// The time without an event after which a signal closes, in seconds.
    pub keep_alive_s: u32,
    /// The time after which a signal closes in any case, in seconds.
    pub max_duration_s: u32,
    /// The cool-down after closing, in seconds, during which the same signal reopens instead of a new one opening.
    pub cooldown_s: u32,
    /// The response.
    pub response: Response,
}

impl Rule {
    /// Reads a rule without its id.
    pub fn read(fields: &Fields<'_>, id: &Text) -> Result<Self, Refusal> {
        check_versions(fields)?;
        let id = String::from_utf8_lossy(id).into_owned();
        let kind = kind(fields)?;
        let window_s =
            seconds(fields, "window_s", &WINDOWS)?.ok_or_else(|| Refusal::error("missing key 'window_s'"))?;
        let group_by = fields_of(fields, "group_by", GROUP_BY)?;
        if let Some(field) = group_by.iter().find(|field| !field.groups()) {
            let known = alternatives(
                Field::NAMES.into_iter().filter(|name| Field::from_name(name).is_some_and(|field| field.groups())),
            );
            return Err(Refusal::error(format!("cannot group by '{}', expected {known}", field.name())));
        }
        let events = texts(fields, "events", EVENTS)?;
        if events.is_empty() {
            return Err(Refusal::error("missing key 'events'"));
        }
        let distinct = fields_of(fields, "distinct", DISTINCT)?;
        let filter = Filter::read(&fields.optional("filter", read::map)?.unwrap_or(Fields::EMPTY))?;
        let table = table(&events, &filter, &group_by, window_s);
        let beyond_ring = window_s > table.window_s();
        let cases = list(fields, "cases", CASES)?;
        let cases = cases.iter().map(|case| Case::read(case, &distinct, beyond_ring)).collect::<Result<Vec<_>, _>>()?;
        if cases.is_empty() {
            return Err(Refusal::error("missing key 'cases'"));
        }
        let escalations = list(fields, "escalations", CASES)?;
        let escalations =
            escalations.iter().map(|one| Escalation::read(one, &distinct, beyond_ring)).collect::<Result<_, _>>()?;
        let is_deviation = matches!(kind, Kind::Deviation(_));
        cases.iter().try_for_each(|case| case.when.check(is_deviation))?;
        if is_deviation && !group_by.is_empty() {
            return Err(Refusal::error("a deviation is grouped by 'service'"));
        }
        let count = fields.optional("count", text)?;
        let unfamiliar_only =
            count.map_or(Ok(false), |count| chosen("count", &count, &[("all", false), ("unfamiliar", true)]))?;
        Ok(Rule {
            name: fields.optional("name", text)?.unwrap_or_else(|| id.clone()),
            id,
            tags: tags(fields)?,
            enabled: fields.optional("enabled", read::boolean)?.unwrap_or(true),
            documented: fields.optional("documented", read::boolean)?.unwrap_or(false),
            kind,
            counting: Counting {
                events,
                success_events: texts(fields, "success_events", EVENTS)?,
                filter,
                requires: fields_of(fields, "requires", EVENTS)?,
                group_by,
                distinct,
                unfamiliar_only,
            },
            window_s,
            cases,
            escalations,
            guards: texts(fields, "guards", EVENTS)?.iter().map(|name| Guard::read(name)).collect::<Result<_, _>>()?,
            joins: fields.optional("joins", text)?,
            relabels: fields.optional("relabels", read::boolean)?.unwrap_or(false),
            absorbs: fields.optional("absorbs", text)?,
            keep_alive_s: duration(fields, "keep_alive_s")?.unwrap_or(3600),
            max_duration_s: duration(fields, "max_duration_s")?.unwrap_or(86_400),
            cooldown_s: fields.optional("cooldown_s", small)?.unwrap_or(900),
            response: match fields.optional("response", read::map)? {
                Some(fields) => Response::read(&fields)?,
                None => Response::default(),
            },
        })
    }

    /// The table in which its groups are counted.
    pub fn table(&self) -> Table {
        table(&self.counting.events, &self.counting.filter, &self.counting.group_by, self.window_s)
    }

    /// A hash of everything that its counts depend on; counts are kept as long as it does not change.
    pub fn state_signature(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        self.class_signature().hash(&mut hasher);
        (self.kind, self.window_s).hash(&mut hasher);
        hasher.finish()
    }

    /// A hash of everything that rules must have in common to share counts.
    pub fn class_signature(&self) -> u64 {
        let mut hasher = DefaultHasher::new();
        (&self.counting, self.table()).hash(&mut hasher);
        hasher.finish()
    }

    /// The id of the rule whose signals it opens or joins.
    pub fn family(&self) -> &str {
        self.joins.as_deref().unwrap_or(&self.id)
    }

    /// Returns the value of a tag.
    pub fn tag(&self, name: &str) -> Option<&str> {
        self.tags.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str())
    }

    /// Whether the rule has a guard.
    pub fn has(&self, guard: Guard) -> bool {
        self.guards.contains(&guard)
    }
}

/// Selects the table of a rule. Failed logins by the usual groups have tables of their own, with windows of 15
/// minutes and a day; most other groups use a table with a window of five minutes.
fn table(events: &[String], filter: &Filter, group_by: &[Field], window_s: u32) -> Table {
    let in_login_tables = window_s <= 900 || window_s == 86_400;
    if *events == [name::LOGIN_FAILURE] && filter.is_empty() && in_login_tables {
        match group_by {
            [Field::IpGroup] => return Table::Ip,
            [Field::Login] => return Table::Login,
            [Field::Network] => return Table::Network,
            [Field::Network, Field::UserAgent] => return Table::Pair,
            _ => {}
        }
    }
    match window_s {
        300 => Table::Event,
        other => Table::Window(other),
    }
}

impl Case {
    fn read(object: &Object, distinct: &[Field], beyond_ring: bool) -> Result<Self, Refusal> {
        let fields = element(object, read::map)?;
        Ok(Case { severity: severity(&fields)?, when: Condition::read_group(&fields, distinct, beyond_ring)? })
    }
}

impl Escalation {
    fn read(object: &Object, distinct: &[Field], beyond_ring: bool) -> Result<Self, Refusal> {
        let fields = element(object, read::map)?;
        let flag = |key| Ok::<_, Refusal>(fields.optional(key, read::boolean)?.unwrap_or(false));
        Ok(Escalation {
            event: fields.required("event", text)?,
            filter: Filter::read(&fields.optional("filter", read::map)?.unwrap_or(Fields::EMPTY))?,
            from_attacker: flag("from_attacker")?,
            any_source: flag("any_source")?,
            severity: severity(&fields)?,
            when: Condition::read_group(&fields, distinct, beyond_ring)?,
        })
    }
}

const DETECTORS: [(&str, Instant); 4] = [
    ("privilege_violation", Instant::PrivilegeViolation),
    ("impossible_travel", Instant::ImpossibleTravel),
    ("post_compromise", Instant::PostCompromise),
    ("suspicious_success", Instant::SuspiciousSuccess),
];

fn kind(fields: &Fields<'_>) -> Result<Kind, Refusal> {
    let name = fields.required("type", text)?;
    Ok(match name.as_str() {
        "threshold" => Kind::Threshold,
        "learned_rate" => Kind::LearnedRate(fields.optional("initial_threshold", small)?.unwrap_or(100)),
        "deviation" => {
            let name = fields.required("series", text)?;
            Kind::Deviation(Series::from_name(&name).ok_or_else(|| {
                Refusal::error(format!(
                    "unknown series '{name}', expected 'login_failures', 'failing_users', 'password_resets' or 'payment_failures'"
                ))
            })?)
        }
        "instant" => Kind::Instant(chosen("detector", &fields.required("detector", text)?, &DETECTORS)?),
        other => return Err(unknown("type", other, ["threshold", "deviation", "learned_rate", "instant"])),
    })
}

/// Reads the severity of a case.
pub(super) fn severity(fields: &Fields<'_>) -> Result<Severity, Refusal> {
    let name = fields.required("severity", text)?;
    Severity::read(&name).map_err(Refusal::error)
}

/// Reads the cases of an override for the rule that it changes.
pub(super) fn read_cases(objects: &[Object], rule: &Rule) -> Result<Vec<Case>, Refusal> {
    let beyond_ring = rule.window_s > rule.table().window_s();
    match objects.len() {
        0 => Err(Refusal::error("missing key 'cases'")),
        1..=CASES => {
            let read = |case| {
                let case = Case::read(case, &rule.counting.distinct, beyond_ring)?;
                case.when.check(matches!(rule.kind, Kind::Deviation(_)))?;
                Ok(case)
            };
            objects.iter().map(read).collect()
        }
        _ => Err(Refusal::error(format!("more than {CASES} elements in 'cases'"))),
    }
}

fn tags(fields: &Fields<'_>) -> Result<Vec<(String, String)>, Refusal> {
    let tags = fields.optional("tags", read::text_map)?.unwrap_or_default();
    let lossy = |text: &[u8]| String::from_utf8_lossy(text).into_owned();
    Ok(tags.iter().map(|(key, value)| (lossy(key), lossy(value))).collect())
}

fn fields_of(fields: &Fields<'_>, key: &str, most: usize) -> Result<Vec<Field>, Refusal> {
    let names = texts(fields, key, most + 1)?;
    // Grouping by service is implicit, because each service has its own state.
    let named = names.iter().filter(|name| *name != "service");
    let read = named.map(|name| Field::read(name)).collect::<Result<Vec<_>, _>>()?;
    match read.len() > most {
        true => Err(Refusal::error(format!("more than {most} elements in '{key}'"))),
        false => Ok(read),
    }
}

fn list<'a>(fields: &Fields<'a>, key: &str, most: usize) -> Result<&'a [Object], Refusal> {
    let array: Getter<'a, &'a [Object]> = read::array;
    let items = fields.optional(key, array)?.unwrap_or_default();
    match items.len() > most {
        true => Err(Refusal::error(format!("more than {most} elements in '{key}'"))),
        false => Ok(items),
    }
}

fn texts(fields: &Fields<'_>, key: &str, most: usize) -> Result<Vec<String>, Refusal> {
    list(fields, key, most)?.iter().map(|item| element(item, text)).collect()
}

/// Reads a number of seconds that must be one of `allowed`.
fn seconds(fields: &Fields<'_>, key: &str, allowed: &[u32]) -> Result<Option<u32>, Refusal> {
    let Some(seconds) = fields.optional(key, read::unsigned)? else { return Ok(None) };
    match allowed.iter().find(|allowed| u64::from(**allowed) == seconds) {
        Some(seconds) => Ok(Some(*seconds)),
        None => Err(Refusal::error(format!("unsupported {} {seconds}", key.trim_end_matches("_s")))),
    }
}

fn duration(fields: &Fields<'_>, key: &str) -> Result<Option<u32>, Refusal> {
    match fields.optional(key, read::unsigned)? {
        Some(0) => Ok(Some(0)),
        _ => seconds(fields, key, &WINDOWS),
    }
}
