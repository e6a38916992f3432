//! Conditions: an operator, its parameters, and the targets it is applied to.

use super::detector::DetectorKind;
use super::matcher;
use super::operator::split_version;
use crate::exploit::Detector;
use crate::fields::read::{self, Fields, element, quoted};
use crate::fields::refusal::Refusal;
use crate::matcher::ScalarMatcher;
use crate::pattern::PatternCache;
use crate::transform::{Chain, Transformer};
use crate::value::Text;
use crate::value::{Object, Step};
use std::sync::Arc;

/// The most transformers of a rule or input; more are refused.
const MAX_TRANSFORMERS: usize = 10;

/// What a rule, filter or processor requires of the data. A plan has its own types of matchers and targets, in which
/// names are numbers.
#[derive(Clone)]
pub enum Condition<M = ScalarMatcher, T = Target> {
    /// One matcher over the scalars of some targets; a negated one has exactly one target.
    Scalar {
        /// The operator.
        matcher: M,
        /// Holds if nothing matches.
        negated: bool,
        /// The targets, in order.
        targets: Vec<T>,
    },
    /// Whether a target exists, whatever its value.
    Exists {
        /// Holds if it is absent.
        negated: bool,
        /// The targets, in order.
        targets: Vec<T>,
    },
    /// A RASP detector.
    Detector {
        /// The kind.
        kind: DetectorKind,
        /// The detector with its options.
        detector: Arc<Detector>,
        /// Its named arguments.
        arguments: Vec<Argument<T>>,
    },
}

/// A named argument of a detector.
#[derive(Clone)]
pub struct Argument<T = Target> {
    /// The name shown in events.
    pub name: &'static str,
    /// Exactly one target, except for `params`.
    pub targets: Vec<T>,
}

impl<M, T> Condition<M, T> {
    /// All targets.
    pub fn targets(&self) -> impl Iterator<Item = &T> {
        let (own, arguments) = match self {
            Condition::Scalar { targets, .. } | Condition::Exists { targets, .. } => (&targets[..], &[][..]),
            Condition::Detector { arguments, .. } => (&[][..], &arguments[..]),
        };
        own.iter().chain(arguments.iter().flat_map(|argument| &argument.targets))
    }

    /// All targets, mutable.
    pub fn targets_mut(&mut self) -> impl Iterator<Item = &mut T> {
        let (own, arguments) = match self {
            Condition::Scalar { targets, .. } | Condition::Exists { targets, .. } => (&mut targets[..], &mut [][..]),
            Condition::Detector { arguments, .. } => (&mut [][..], &mut arguments[..]),
        };
        own.iter_mut().chain(arguments.iter_mut().flat_map(|argument| &mut argument.targets))
    }

    /// The same condition with matchers and targets converted by functions that share `context`.
    pub fn map<C, N, U>(
        &self,
        context: &mut C,
        matcher: impl FnOnce(&mut C, &M) -> N,
        mut target: impl FnMut(&mut C, &T) -> U,
    ) -> Condition<N, U> {
        match self {
            Condition::Scalar { matcher: own, negated, targets } => Condition::Scalar {
                matcher: matcher(context, own),
                negated: *negated,
                targets: targets.iter().map(|own| target(context, own)).collect(),
            },
            Condition::Exists { negated, targets } => {
                let targets = targets.iter().map(|own| target(context, own)).collect();
                Condition::Exists { negated: *negated, targets }
            }
            Condition::Detector { kind, detector, arguments } => {
                let mut argument = |argument: &Argument<T>| Argument {
                    name: argument.name,
                    targets: argument.targets.iter().map(|own| target(context, own)).collect(),
                };
                let arguments = arguments.iter().map(&mut argument).collect();
                Condition::Detector { kind: *kind, detector: detector.clone(), arguments }
            }
        }
    }
}

/// What a condition is applied to.
#[derive(Clone, Debug)]
pub struct Target {
    /// The address.
    pub address: Text,
    /// The path within it.
    pub key_path: Vec<Step>,
    /// The transformers applied to strings before they are matched.
    pub chain: Chain,
    /// Whether values or map keys are matched.
    pub source: Source,
}

/// The part of a target that is matched.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Source {
    /// Scalar values.
    Values,
    /// Map keys.
    Keys,
}

/// The transformers of inputs that have none of their own.
#[derive(Clone)]
pub struct Defaults {
    chain: Chain,
    source: Source,
}

impl Default for Defaults {
    fn default() -> Self {
        Defaults { chain: Chain::new([]), source: Source::Values }
    }
}

impl Defaults {
    /// Reads a rule's own `transformers`.
    pub fn of_rule(rule: &Fields<'_>) -> Result<Self, Refusal> {
        let Some(names) = rule.optional("transformers", read::array)? else { return Ok(Self::default()) };
        let (chain, source) = transformers(names)?;
        Ok(Defaults { chain, source: source.unwrap_or(Source::Values) })
    }
}

/// Reads an array of conditions.
pub fn parse_all(
    conditions: &[Object],
    defaults: &Defaults,
    patterns: &mut PatternCache,
) -> Result<Vec<Condition>, Refusal> {
    conditions.iter().map(|condition| parse(condition, defaults, patterns)).collect()
}

fn parse(condition: &Object, defaults: &Defaults, patterns: &mut PatternCache) -> Result<Condition, Refusal> {
    let fields = element(condition, read::map)?;
    let (name, version) = split_version(fields.required("operator", read::strict_string)?);
    let parameters = fields.required("parameters", read::map)?;
    let (negated, plain) = match name.strip_prefix(b"!") {
        Some(plain) => (true, plain),
        None => (false, name),
    };
    // As in the reference, the source of one input carries over to the next within a condition, so it is one variable.
    let mut source = defaults.source;
    let mut inputs = |key, arity| targets(&parameters, key, arity, defaults, &mut source);
    if plain == b"exists" {
        let arity = if negated { Arity::One } else { Arity::Many };
        return Ok(Condition::Exists { negated, targets: inputs("inputs", arity)? });
    }
    if let Some(kind) = DetectorKind::from_name(plain).filter(|_| !negated) {
        if version > kind.max_version() {
            return Err(Refusal::skip());
        }
        let detector = Arc::new(kind.configure(&parameters)?);
        let mut arguments = vec![];
        for &name in kind.arguments() {
            let arity = if name == "params" { Arity::Many } else { Arity::One };
            arguments.push(Argument { name, targets: inputs(name, arity)? });
        }
        return Ok(Condition::Detector { kind, detector, arguments });
    }
    let matcher = matcher::parse(plain, &parameters, patterns)?
        .filter(|matcher| !negated || matcher.can_be_negated())
        .ok_or_else(|| Refusal::warning(quoted("unknown operator: ", plain)))?;
    let arity = if negated { Arity::One } else { Arity::Many };
    Ok(Condition::Scalar { matcher, negated, targets: inputs("inputs", arity)? })
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Arity {
    One,
    Many,
}

fn targets(
    parameters: &Fields<'_>,
    key: &'static str,
    arity: Arity,
    defaults: &Defaults,
    source: &mut Source,
) -> Result<Vec<Target>, Refusal> {
    let inputs = parameters.required(key, read::array)?;
    if inputs.is_empty() {
        return Err(Refusal::error("empty non-optional argument"));
    }
    if inputs.len() > 1 && arity == Arity::One {
        return Err(Refusal::error("multiple targets for non-variadic argument"));
    }
    inputs.iter().map(|input| target(input, defaults, source)).collect()
}

fn target(input: &Object, defaults: &Defaults, source: &mut Source) -> Result<Target, Refusal> {
    let fields = element(input, read::map)?;
    let address = fields.required("address", read::text)?;
    if address.is_empty() {
        return Err(Refusal::error("empty address"));
    }
    let key_path = key_path(&fields)?;
    let chain = match fields.optional_unkeyed("transformers", read::array)? {
        Some(names) => {
            let (chain, own) = transformers(names)?;
            *source = own.unwrap_or(Source::Values);
            chain
        }
        None => defaults.chain.clone(),
    };
    Ok(Target { address, key_path, chain, source: *source })
}

/// The `key_path` of an input or mapping.
pub fn key_path(fields: &Fields<'_>) -> Result<Vec<Step>, Refusal> {
    let path = fields.optional("key_path", read::key_path)?.unwrap_or_default();
    if path.iter().any(|step| matches!(step, Step::Key(key) if key.is_empty())) {
        return Err(Refusal::error("empty key_path"));
    }
    Ok(path)
}

/// A chain, and the last source selector among its names, if any.
fn transformers(names: &[Object]) -> Result<(Chain, Option<Source>), Refusal> {
    if names.len() > MAX_TRANSFORMERS {
        return Err(Refusal::error("number of transformers beyond allowed limit"));
    }
    let (mut chain, mut source) = (vec![], None);
    for name in names {
        match element(name, read::strict_string)? {
            b"keys_only" => source = Some(Source::Keys),
            b"values_only" => source = Some(Source::Values),
            name => match Transformer::from_name(name) {
                Some(transformer) => chain.push(transformer),
                None => return Err(Refusal::warning(quoted("unknown transformer: ", name))),
            },
        }
    }
    Ok((Chain::new(chain), source))
}
