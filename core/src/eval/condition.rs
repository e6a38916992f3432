//! Evaluating one condition.

use super::exclusions::Excluded;
use super::hits::{Hits, Known, OnlyAt};
use super::instance::Instance;
use super::path::{Lookup, resolve, resolve_positive};
use super::pending::Pending;
use super::store::Store;
use super::walk::Walk;
use crate::config::condition::Source;
use crate::exploit::{self, Param};
use crate::matcher::Matcher;
use crate::matcher::operator::Scalar;
use crate::matcher::operator::{Highlight, NoMatch};
use crate::plan::{Argument, Condition, List, MatcherRef, Target};
use crate::report::{ArgumentMatch, ConditionMatch, Operator};
use crate::support::{Deadline, Expired};
use crate::transform;
use crate::value::Text;
use crate::value::{Object, Step, View, scalar_text, tag};

/// What evaluating a condition reads and writes.
pub(super) struct Evaluation<'e> {
    pub instance: &'e Instance,
    pub store: &'e Store,
    pub excluded: Excluded<'e>,
    pub hits: Option<&'e Hits>,
    /// Whether the deadline is over. Then a hit suffices for a match, and whatever takes time to look up is left out.
    pub confirmed: bool,
    pub pending: &'e mut Pending,
    pub deadline: &'e mut Deadline,
    pub transform: &'e mut transform::Scratch,
}

/// After the budget, only the location of longer matching strings is reported, as finding the match takes another
/// search.
const SHOWN_LATE: usize = 16 << 10;

impl Evaluation<'_> {
    /// The match if the condition holds.
    pub(super) fn evaluate(&mut self, condition: &Condition) -> Result<Option<ConditionMatch>, Expired> {
        match condition {
            Condition::Scalar { matcher, negated, targets } => {
                let Some(matcher) = self.matcher(matcher) else { return Ok(None) };
                if *negated {
                    return targets.first().map_or(Ok(None), |target| self.negated(matcher, target));
                }
                for target in targets {
                    if let Some(found) = self.positive(matcher, target)? {
                        return Ok(Some(found));
                    }
                }
                Ok(None)
            }
            Condition::Exists { negated, targets } => Ok(self.exists(*negated, targets)),
            Condition::Detector { kind, detector, arguments } => self.detector(kind.name(), detector, arguments),
        }
    }

    fn matcher<'m>(&self, matcher: &'m MatcherRef) -> Option<AnyMatcher<'m>>
    where
        Self: 'm,
    {
        match matcher {
            MatcherRef::Fixed(matcher) => Some(AnyMatcher::Fixed(matcher)),
            MatcherRef::List(slot) => Some(AnyMatcher::List(*slot)),
            MatcherRef::Never => None,
        }
    }

    fn list(&self, slot: usize) -> Option<&List> {
        self.instance.lists.get(slot)
    }

    /// The value of a target's address, unless it has been inspected already.
    fn fresh<'s>(&mut self, store: &'s Store, target: &Target) -> Option<&'s Object> {
        if !self.pending.has_target(target.id) {
            return None;
        }
        let root = store.get(target.address)?;
        self.pending.set_tested(target.id);
        Some(root).filter(|root| !self.excluded.contains(root))
    }

    fn positive(&mut self, matcher: AnyMatcher<'_>, target: &Target) -> Result<Option<ConditionMatch>, Expired> {
        let store = self.store;
        let Some(root) = self.fresh(store, target) else { return Ok(None) };
        let only = match (self.hits, target.scan) {
            (Some(hits), Some((inspection, matcher))) => match hits.about(inspection, matcher, self.confirmed) {
                Known::Only(only) if only.is_empty() => return Ok(None),
                Known::Only(only) => Some(only),
                Known::Nothing => None,
            },
            _ => None,
        };
        match self.first_match(matcher, target, root, only) {
            Err(Expired) if self.confirmed && only.is_some() && self.is_proven(target) => {
                Ok(Some(self.report(matcher, false, target, vec![], vec![], vec![])))
            }
            Err(Expired) => {
                self.pending.look_again(target.id);
                Err(Expired)
            }
            found => found,
        }
    }

    /// Whether a hit alone proves that a target matches, which is not so if other parts of its address may have been
    /// hit.
    fn is_proven(&self, target: &Target) -> bool {
        target.key_path.is_empty() && self.excluded.is_nothing()
    }

    fn first_match(
        &mut self,
        matcher: AnyMatcher<'_>,
        target: &Target,
        root: &Object,
        only: Option<OnlyAt<'_>>,
    ) -> Result<Option<ConditionMatch>, Expired> {
        self.deadline.check()?;
        let Some(start) = resolve_positive(root, &target.key_path, self.excluded) else { return Ok(None) };
        let mut walk = Walk::new(start, target.source, self.excluded);
        while let Some(leaf) = walk.next(self.deadline)? {
            if only.is_some_and(|only| !only.contains(leaf.identity())) {
                self.deadline.try_spend(1)?;
                continue;
            }
            self.deadline.check()?;
            let is_long = || leaf.as_bytes().is_some_and(|text| text.len() > SHOWN_LATE);
            let (value, highlight) = if self.confirmed && only.is_some() && is_long() {
                (vec![], vec![])
            } else {
                let Some(Some((value, highlight))) = self.test(matcher, leaf, target)? else { continue };
                (value, vec![highlight])
            };
            let mut key_path = target.key_path.clone();
            key_path.extend(walk.path());
            return Ok(Some(self.report(matcher, false, target, value, key_path, highlight)));
        }
        Ok(None)
    }

    fn negated(&mut self, matcher: AnyMatcher<'_>, target: &Target) -> Result<Option<ConditionMatch>, Expired> {
        let store = self.store;
        if let AnyMatcher::List(slot) = matcher {
            // If the list never existed, the condition is false, negated or not.
            if self.list(slot).is_none() {
                return Ok(None);
            }
        }
        let Some(root) = self.fresh(store, target) else { return Ok(None) };
        self.deadline.check()?;
        let Lookup::Found(start) = resolve(root, &target.key_path, self.excluded) else { return Ok(None) };
        if target.source == Source::Keys && start.as_map().is_none() {
            return Ok(None);
        }
        let mut tested_any = false;
        let mut walk = Walk::new(start, target.source, self.excluded);
        while let Some(leaf) = walk.next(self.deadline)? {
            self.deadline.check()?;
            match self.test(matcher, leaf, target)? {
                Some(Some(_)) => return Ok(None),
                Some(None) => tested_any = true,
                None => {}
            }
        }
        if !tested_any {
            return Ok(None);
        }
        let shown = match start.as_array() {
            Some([single]) => single,
            _ => start,
        };
        let shown = if target.source == Source::Keys { None } else { scalar_text(shown) };
        let value = shown.map(|text| text.into_owned()).unwrap_or_default();
        let highlight = if value.is_empty() { vec![] } else { vec![value.clone()] };
        let key_path = target.key_path.clone();
        Ok(Some(self.report(matcher, true, target, value, key_path, highlight)))
    }

    /// Tests one element: `None` if its type is not inspected, `Some(None)` if it does not match.
    fn test(
        &mut self,
        matcher: AnyMatcher<'_>,
        element: &Object,
        target: &Target,
    ) -> Result<Option<Option<Shown>>, Expired> {
        let scalar = match element.view() {
            View::String(text) => {
                let given = (element.identity(), text);
                let copy = target.chain.apply_to(given, self.transform, self.deadline)?;
                let text = copy.map_or(text, |copy| copy.text);
                let in_block = target.source == Source::Keys || element.tag() == tag::STRING;
                let found = match matcher {
                    AnyMatcher::Fixed(matcher) => matcher.test(Scalar::String { text, in_block }, self.deadline)?,
                    AnyMatcher::List(slot) => self.instance.lists.get(slot).map(|list| {
                        let is_in = list.matches(text, self.instance.clock.unix_seconds());
                        if is_in { Ok(Highlight::Whole) } else { Err(NoMatch) }
                    }),
                };
                let Some(found) = found else { return Ok(None) };
                return Ok(Some(found.ok().map(|highlight| {
                    let highlight = match highlight {
                        Highlight::Nothing => vec![],
                        Highlight::Whole => text.to_vec(),
                        Highlight::Part(range) => text.get(range).unwrap_or_default().to_vec(),
                        Highlight::Text(text) => text,
                    };
                    (text.to_vec(), highlight)
                })));
            }
            View::Bool(value) => Scalar::Bool(value),
            View::Signed(value) => Scalar::Signed(value),
            View::Unsigned(value) => Scalar::Unsigned(value),
            View::Float(value) => Scalar::Float(value),
            View::Invalid | View::Null | View::Array(_) | View::Map(_) => return Ok(None),
        };
        let AnyMatcher::Fixed(matcher) = matcher else { return Ok(None) };
        let found = matcher.test(scalar, self.deadline)?;
        Ok(found.map(|found| found.ok().map(|_| (scalar_text(element).unwrap_or_default().into_owned(), vec![]))))
    }

    fn report(
        &self,
        matcher: AnyMatcher<'_>,
        negated: bool,
        target: &Target,
        value: Vec<u8>,
        key_path: Vec<Step>,
        highlight: Vec<Vec<u8>>,
    ) -> ConditionMatch {
        let (name, operator_value) = match matcher {
            AnyMatcher::Fixed(matcher) => (matcher.name(), matcher.shown_value()),
            AnyMatcher::List(slot) => (self.instance.lists.operator(slot), Text::default()),
        };
        ConditionMatch {
            operator: Operator { name, negated },
            operator_value,
            arguments: vec![ArgumentMatch { name: "input", address: target.name.clone(), value, key_path }],
            highlight,
        }
    }

    fn exists(&self, negated: bool, targets: &[Target]) -> Option<ConditionMatch> {
        let holds = |target: &&Target| {
            let Some(root) = self.store.get(target.address).filter(|root| !self.excluded.contains(root)) else {
                return false;
            };
            match resolve(root, &target.key_path, self.excluded) {
                Lookup::Found(_) => !negated,
                Lookup::Absent => negated,
                Lookup::Excluded => false,
            }
        };
        let target = targets.iter().find(holds)?;
        let (value, key_path) = (vec![], target.key_path.clone());
        Some(ConditionMatch {
            operator: Operator { name: "exists", negated },
            operator_value: Text::default(),
            arguments: vec![ArgumentMatch { name: "input", address: target.name.clone(), value, key_path }],
            highlight: vec![],
        })
    }

    fn detector(
        &mut self,
        name: &'static str,
        detector: &exploit::Detector,
        arguments: &[Argument],
    ) -> Result<Option<ConditionMatch>, Expired> {
        let excluded = self.excluded;
        let present = |target: &Target| self.store.get(target.address).filter(|root| !excluded.contains(root));
        let single = |name: &str| {
            let target = arguments.iter().find(|argument| argument.name == name)?.targets.first()?;
            Some((target, present(target)?))
        };
        let Some((resource_target, resource)) = single("resource") else { return Ok(None) };
        let db_type = single("db_type");
        let params = arguments.iter().find(|argument| argument.name == "params").map_or(&[][..], |a| &a.targets);
        let (param_targets, params): (Vec<&Target>, Vec<Param<'_>>) = params
            .iter()
            .filter_map(|target| {
                let transformers = (!target.chain.is_empty()).then_some(&target.chain);
                Some((target, Param { value: present(target)?, transformers }))
            })
            .unzip();
        if params.is_empty() {
            return Ok(None);
        }
        self.deadline.check()?;
        let hidden = |object: &Object| excluded.contains(object);
        let db_object = db_type.map(|(_, object)| object);
        let args = exploit::Arguments { resource, params: &params, db_type: db_object, excluded: &hidden };
        let Some(finding) = detector.evaluate(&args, self.deadline, self.transform) else {
            return self.deadline.in_time().map(|()| None);
        };
        let mut matched = vec![ArgumentMatch {
            name: "resource",
            address: resource_target.name.clone(),
            value: finding.resource.clone(),
            key_path: resource_target.key_path.clone(),
        }];
        matched.push(match &finding.source {
            Some(source) => ArgumentMatch {
                name: "params",
                address: param_targets[source.param].name.clone(),
                value: finding.param_value().to_vec(),
                key_path: source.key_path.clone(),
            },
            None => ArgumentMatch { name: "params", address: b""[..].into(), value: vec![], key_path: vec![] },
        });
        if let Some((target, object)) = db_type {
            let value = object.as_bytes().unwrap_or_default().to_vec();
            matched.push(ArgumentMatch { name: "db_type", address: target.name.clone(), value, key_path: vec![] });
        }
        Ok(Some(ConditionMatch {
            operator: Operator { name, negated: false },
            operator_value: Text::default(),
            arguments: matched,
            highlight: vec![finding.highlight],
        }))
    }
}

/// What is shown of a matching element: its text, and the part that matched.
type Shown = (Vec<u8>, Vec<u8>);

/// The matcher of a rule or of a list.
#[derive(Clone, Copy)]
enum AnyMatcher<'m> {
    Fixed(&'m Matcher),
    List(usize),
}
