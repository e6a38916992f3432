//! The builder, which merges configurations and makes instances.

use crate::Waf;
use crate::config::diagnostics::Diagnostics;
use crate::config::document::{self, Root};
use crate::config::store::{Contribution, Store};
use crate::config::{Warning, review};
use crate::eval::Instance;
use crate::live::LiveSets;
use crate::order::Table;
use crate::pattern::PatternCache;
use crate::pattern::{Options, Pattern};
use crate::plan::{self, EngineOptions, Lists, Plan};
use crate::support::{Clock, Ids, RandomIds, SystemClock};
use crate::value::Object;
use crate::value::Text;
use std::sync::Arc;

/// Merges configurations and builds instances from them.
///
/// Configurations are added, updated and removed under paths, in any order; each [`Builder::build`] makes an immutable
/// [`Waf`] of the current state, and earlier ones stay as they are. Successive instances share compiled patterns and,
/// if only dynamic lists changed, the whole plan.
///
/// A clone is cheap, as it shares everything configured and built; after that the two are independent.
#[derive(Clone)]
pub struct Builder {
    store: Store,
    paths: Table<Arc<Contribution>>,
    patterns: PatternCache,
    plan: Option<Arc<Plan>>,
    clock: Arc<dyn Clock>,
    ids: Arc<dyn Ids>,
    live: Option<Arc<LiveSets>>,
    engine: EngineOptions,
}

/// The outcome of adding a configuration.
#[derive(Debug)]
#[non_exhaustive]
pub struct Added {
    /// Whether it is part of the builder now. If not, the path is unchanged (if the document is not a map) or empty.
    pub accepted: bool,
    /// The outcome of each element.
    pub diagnostics: Diagnostics,
}

impl Default for Builder {
    fn default() -> Self {
        Self::new()
    }
}

impl Builder {
    /// A builder without configurations.
    pub fn new() -> Self {
        Self::with_sources(Arc::new(SystemClock), Arc::new(RandomIds))
    }

    /// A builder whose instances get time and ids from these sources.
    pub fn with_sources(clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        let (store, paths, patterns) = (Store::default(), Table::default(), PatternCache::default());
        Builder { store, paths, patterns, plan: None, clock, ids, live: None, engine: EngineOptions::default() }
    }

    /// Has the lists `blocked_ips` and `blocked_users` of all instances that are built from now on hold what these sets hold
    /// too, at any time.
    #[cfg(feature = "internals")]
    pub fn refer_to(&mut self, live: Arc<LiveSets>) {
        self.set_live(live);
    }

    pub(crate) fn set_live(&mut self, live: Arc<LiveSets>) {
        self.live = Some(live);
    }

    /// What an engine adds to the instances built from now on. If it monitors, blocking actions of rules are
    /// [withheld](crate::Outcome::withheld), except those of denylists and other decisions.
    pub(crate) fn set_engine(&mut self, options: EngineOptions) {
        self.engine = options;
        self.plan = None;
    }

    /// Adds a configuration, or replaces the one under this path.
    pub fn add_or_update(&mut self, path: &[u8], document: &Object) -> Added {
        self.add(path, document, false)
    }

    /// Adds a ruleset. Unlike any other configuration it must not be empty, and there is a warning if none of its rules
    /// can match.
    pub fn add_ruleset(&mut self, path: &[u8], ruleset: &Object) -> Added {
        self.add(path, ruleset, true)
    }

    /// Warnings about all current configurations, path by path.
    pub fn warnings(&self) -> Vec<Warning> {
        self.paths.iter().flat_map(|(path, contribution)| self.warnings_of(path, contribution)).collect()
    }

    fn warnings_of(&self, path: &[u8], contribution: &Contribution) -> Vec<Warning> {
        let mut warnings = contribution.warnings.clone();
        warnings.append(&mut review::references(&self.store, contribution));
        with_path(warnings, path)
    }

    fn add(&mut self, path: &[u8], document: &Object, is_ruleset: bool) -> Added {
        let mut added = self.read(path, document, is_ruleset);
        added.diagnostics.warnings = match self.paths.get(path).filter(|_| added.accepted) {
            Some(contribution) => self.warnings_of(path, contribution),
            None => with_path(added.diagnostics.warnings, path),
        };
        added
    }

    fn read(&mut self, path: &[u8], document: &Object, is_ruleset: bool) -> Added {
        let mut diagnostics = Diagnostics::default();
        if path.is_empty() {
            diagnostics.error = Some("a configuration needs a path".into());
            return Added { accepted: false, diagnostics };
        }
        let root = document::root(document, &mut diagnostics);
        if let Root::Unusable = root {
            return Added { accepted: false, diagnostics };
        }
        // The old contribution is removed first, so that an update may reuse its ids; the path keeps its place.
        let known = self.paths.get_mut(path).map(std::mem::take);
        let was_known = known.is_some();
        known.iter().for_each(|old| self.store.remove(old));
        let accepted = match root {
            Root::Usable(fields) => {
                let mut adding = self.store.start();
                let mut accepted = document::read_sections(&fields, &mut adding, &mut self.patterns, &mut diagnostics);
                if is_ruleset {
                    accepted &= document::is_ruleset(&adding, &mut diagnostics);
                }
                let mut contribution = adding.finish(&mut diagnostics.warnings);
                contribution.takeover = fields.get(document::TAKEOVER).map(Object::to_value);
                if accepted {
                    self.register(path, contribution);
                } else {
                    self.store.remove(&contribution);
                    if was_known {
                        self.paths.remove(path);
                    }
                }
                accepted
            }
            Root::Unusable | Root::Unreadable => {
                self.register(path, Contribution::default());
                false
            }
        };
        Added { accepted, diagnostics }
    }

    fn register(&mut self, path: &[u8], contribution: Contribution) {
        let contribution = Arc::new(contribution);
        match self.paths.get_mut(path) {
            Some(known) => *known = contribution,
            None => _ = self.paths.insert(path.into(), contribution),
        }
    }

    /// Removes the configuration under this path; returns whether there was one.
    pub fn remove(&mut self, path: &[u8]) -> bool {
        let removed = self.paths.remove(path);
        removed.map(|contribution| self.store.remove(&contribution)).is_some()
    }

    /// The paths of all configurations, or of those that match `filter` (a pattern, case-sensitive, unanchored). An
    /// invalid filter matches none.
    pub fn paths(&self, filter: Option<&[u8]>) -> Vec<&[u8]> {
        let pattern = match filter.filter(|filter| !filter.is_empty()) {
            None => None,
            Some(filter) => match Pattern::new(filter, Options { case_sensitive: true }) {
                Ok(pattern) => Some(pattern),
                Err(_) => return vec![],
            },
        };
        let paths = self.paths.iter().map(|(path, _)| &path[..]);
        paths.filter(|path| pattern.as_ref().is_none_or(|pattern| pattern.is_match(path))).collect()
    }

    /// What the configurations say about the detection of account takeover, by path.
    pub(crate) fn takeover_sections(&self) -> impl Iterator<Item = (&[u8], &Object)> {
        self.paths.iter().filter_map(|(path, contribution)| Some((&path[..], &**contribution.takeover.as_ref()?)))
    }

    /// An instance of the current state; `None` if there is nothing to run: neither an enabled rule nor a
    /// post-processor.
    pub fn build(&mut self) -> Option<Waf> {
        if self.store.take_changed() || self.plan.is_none() {
            self.plan = plan::build(&self.store, &mut self.patterns, &self.engine).map(Arc::new);
            self.patterns.drop_unused();
        }
        let plan = self.plan.clone()?;
        let lists = Lists::resolve(&plan.list_names, &self.store, self.live.as_ref());
        Some(Waf::from_instance(Instance::new(plan, lists, self.clock.clone(), self.ids.clone())))
    }
}

fn with_path(mut warnings: Vec<Warning>, path: &[u8]) -> Vec<Warning> {
    let path = Text::from(path);
    warnings.iter_mut().for_each(|warning| warning.path = path.clone());
    warnings
}

impl Waf {
    /// An instance of one ruleset, or the errors in it.
    ///
    /// Refused rules do not keep the others from loading; use a [`Builder`] to get the diagnostics of each.
    ///
    /// ```
    /// use bartizan::{Waf, value::{Value, json}};
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let ruleset = json::parse(br#"{"version": "2.2", "rules": [{"id": "five", "name": "Five", "tags": {"type": "t"},
    ///     "conditions": [{"operator": "equals", "parameters":
    ///         {"inputs": [{"address": "number"}], "value": 5, "type": "signed"}}]}]}"#)?;
    /// let waf = Waf::new(&ruleset)?;
    /// let data = Value::from_entries([("number", Value::from(5))]);
    /// let outcome = waf.context().run(data, std::time::Duration::from_millis(5))?;
    /// assert_eq!(&*outcome.events[0].rule.id, b"five");
    /// # Ok(())
    /// # }
    /// ```
    pub fn new(ruleset: &Object) -> Result<Waf, Diagnostics> {
        let mut builder = Builder::new();
        let added = builder.add_ruleset(b"default", ruleset);
        builder.build().ok_or(added.diagnostics)
    }
}
