//! The conditions of a rule: comparisons of metrics, combined by `all` and `any`.

use super::field::Field;
use super::scalar::chosen;
use crate::fields::Refusal;
use crate::fields::read::{self, Fields, element};
use crate::takeover::record::any_number;
use crate::value::Object;

/// The maximum nesting of `all` and `any`.
const DEPTH: usize = 3;
/// The maximum number of conditions in a list.
const WIDTH: usize = 16;

/// A metric of a group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Metric {
    /// `events` and `failures`: the events counted in the window.
    Counted,
    /// `failures_all`: attempts of any kind, counted or not.
    All,
    /// `successes`: successes of the group.
    Successes,
    /// `successes_familiar`: accounts that succeeded from familiar origins.
    SuccessesFamiliar,
    /// `distinct:<field>`: distinct values of a field, given by its index in the rule's `distinct`.
    Distinct(usize),
    /// `fail_ratio`: the share of attempts in attempts and successes together.
    FailRatio,
    /// `nonexistent_share`: the share of attempts on accounts that do not exist.
    NonexistentShare,
    /// `reputation_share`: the share of attempts from known offenders.
    ReputationShare,
    /// `unfamiliar_share`: the share of attempts that were counted as unfamiliar.
    UnfamiliarShare,
    /// `waf_share`: the share of attempts that look like a scanner's.
    WafShare,
    /// `duration_s`: the seconds between the first and the last event of the group.
    Duration,
    /// `z`: the deviation of a series in standard deviations.
    Z,
    /// `cusum`: the sum of the deviations of the last hours.
    Cusum,
    /// `excess`: the events above the expected number, per five minutes in longer windows.
    Excess,
    /// `ratio_to_baseline`: the number of events divided by the expected one.
    RatioToBaseline,
}

impl Metric {
    fn read(name: &[u8], distinct: &[Field], beyond_ring: bool) -> Result<Self, Refusal> {
        Ok(match name {
            b"events" | b"failures" => Self::Counted,
            b"failures_all" => Self::All,
            b"successes" => Self::Successes,
            b"successes_familiar" => Self::SuccessesFamiliar,
            b"fail_ratio" => Self::FailRatio,
            b"nonexistent_share" => Self::NonexistentShare,
            b"reputation_share" => Self::ReputationShare,
            b"unfamiliar_share" => Self::UnfamiliarShare,
            b"waf_share" => Self::WafShare,
            b"duration_s" => Self::Duration,
            b"z" => Self::Z,
            b"cusum" => Self::Cusum,
            b"excess" => Self::Excess,
            b"ratio_to_baseline" => Self::RatioToBaseline,
            _ => {
                let unknown = || Refusal::error(read::quoted("unknown metric ", name));
                let field = std::str::from_utf8(name).ok().and_then(|name| name.strip_prefix("distinct:"));
                let field = Field::from_name(field.ok_or_else(unknown)?).ok_or_else(unknown)?;
                // A field that is listed twice is counted over the window first and over the day second.
                let place = match beyond_ring {
                    false => distinct.iter().position(|counted| *counted == field),
                    true => distinct.iter().rposition(|counted| *counted == field),
                };
                Self::Distinct(place.ok_or_else(|| {
                    Refusal::error(format!("metric 'distinct:{0}' needs '{0}' in 'distinct'", field.name()))
                })?)
            }
        })
    }
}

impl Metric {
    /// Whether rules that compare a service to its past have the metric.
    fn is_of_deviations(self) -> bool {
        use Metric::*;
        matches!(self, Counted | Distinct(_) | Duration | Z | Cusum | Excess | RatioToBaseline)
    }

    /// Whether rules about groups of events have the metric.
    fn is_of_groups(self) -> bool {
        !matches!(self, Self::Z | Self::Cusum | Self::Excess | Self::RatioToBaseline)
    }
}

/// A comparison operator.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Operator {
    Greater,
    GreaterOrEqual,
    Less,
    LessOrEqual,
    Equal,
    NotEqual,
}

impl Operator {
    fn read(name: &[u8]) -> Result<Self, Refusal> {
        let operators = [
            (">", Self::Greater),
            (">=", Self::GreaterOrEqual),
            ("<", Self::Less),
            ("<=", Self::LessOrEqual),
            ("==", Self::Equal),
            ("!=", Self::NotEqual),
        ];
        chosen("operator", &String::from_utf8_lossy(name), &operators)
    }

    /// Evaluates the comparison.
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Self::Greater => left > right,
            Self::GreaterOrEqual => left >= right,
            Self::Less => left < right,
            Self::LessOrEqual => left <= right,
            Self::Equal => left == right,
            Self::NotEqual => left != right,
        }
    }
}

/// A condition on the metrics of a group.
#[derive(Clone, Debug, PartialEq)]
pub enum Condition {
    /// The metric must compare to the number.
    Compare(Metric, Operator, f64),
    /// All conditions must hold.
    All(Vec<Condition>),
    /// At least one condition must hold.
    Any(Vec<Condition>),
}

impl Condition {
    /// Reads `all` and `any` of a case. If both are given, both must hold; if neither is, the condition is always
    /// true.
    pub fn read_group(fields: &Fields<'_>, distinct: &[Field], beyond_ring: bool) -> Result<Self, Refusal> {
        Self::group(fields, distinct, beyond_ring, DEPTH)
    }

    fn group(fields: &Fields<'_>, distinct: &[Field], beyond_ring: bool, depth: usize) -> Result<Self, Refusal> {
        let list = |key: &str| -> Result<Option<Vec<Self>>, Refusal> {
            let Some(items) = fields.optional(key, read::array)? else { return Ok(None) };
            match (depth, items.len()) {
                (0, _) => Err(Refusal::error(format!("conditions nest deeper than {DEPTH}"))),
                (_, 0) => Err(Refusal::error(format!("empty list of conditions '{key}'"))),
                (_, 1..=WIDTH) => items
                    .iter()
                    .map(|item| Self::one(item, distinct, beyond_ring, depth - 1))
                    .collect::<Result<_, _>>()
                    .map(Some),
                _ => Err(Refusal::error(format!("more than {WIDTH} conditions in '{key}'"))),
            }
        };
        Ok(match (list("all")?, list("any")?) {
            (Some(all), None) => Self::All(all),
            (None, Some(any)) => Self::Any(any),
            (Some(mut all), Some(any)) => {
                all.push(Self::Any(any));
                Self::All(all)
            }
            (None, None) => Self::All(vec![]),
        })
    }

    fn one(item: &Object, distinct: &[Field], beyond_ring: bool, depth: usize) -> Result<Self, Refusal> {
        let fields = element(item, read::map)?;
        if fields.get("metric").is_none() && (fields.get("all").is_some() || fields.get("any").is_some()) {
            return Self::group(&fields, distinct, beyond_ring, depth);
        }
        let metric = Metric::read(fields.required("metric", read::strict_string)?, distinct, beyond_ring)?;
        let operator = Operator::read(fields.required("op", read::strict_string)?)?;
        Ok(Self::Compare(metric, operator, fields.required("value", number)?))
    }

    /// Checks that rules of the type have the metrics of the condition.
    pub fn check(&self, deviation: bool) -> Result<(), Refusal> {
        match self {
            Self::Compare(metric, ..) if deviation && !metric.is_of_deviations() => Err(Refusal::error(
                "rules of the type 'deviation' have the metrics 'events', 'distinct:usr.login', \
                     'distinct:ip_group', 'duration_s', 'z', 'cusum', 'excess' and 'ratio_to_baseline'",
            )),
            Self::Compare(metric, ..) if !deviation && !metric.is_of_groups() => Err(Refusal::error(
                "the metrics 'z', 'cusum', 'excess' and 'ratio_to_baseline' need the type 'deviation'",
            )),
            Self::Compare(..) => Ok(()),
            Self::All(conditions) | Self::Any(conditions) => {
                conditions.iter().try_for_each(|condition| condition.check(deviation))
            }
        }
    }

    /// Evaluates the condition on the metrics returned by `value`, with thresholds of counts multiplied by `scale`.
    pub fn holds(&self, value: &impl Fn(Metric) -> f64, scale: f64) -> bool {
        match self {
            Self::Compare(metric @ Metric::Counted, operator, right) => operator.holds(value(*metric), right * scale),
            Self::Compare(metric, operator, right) => operator.holds(value(*metric), *right),
            Self::All(conditions) => conditions.iter().all(|condition| condition.holds(value, scale)),
            Self::Any(conditions) => conditions.iter().any(|condition| condition.holds(value, scale)),
        }
    }
}

/// An integer or a decimal number.
fn number(object: &Object) -> Result<f64, read::Fault> {
    any_number(object).map_or_else(|| read::double(object), Ok)
}
