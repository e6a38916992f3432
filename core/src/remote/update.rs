//! Applying a batch.

use super::diagnostics::{LogLine, apply_error, count_errors, log_lines};
use super::features::Features;
use super::path::{ConfigPath, Product};
use crate::value::{Object, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The key of the bundled rules: a path of the rules product, so that they are found where rules are looked for.
pub const BUNDLED_RULES: &str = "datadog/00/ASM_DD/default/config";

/// What configurations are applied to.
pub trait Target {
    /// Adds a file, or replaces the one of the same path.
    fn add_or_update(&mut self, path: &str, content: &Object) -> Loaded;
    /// Removes a file; false when there is none.
    fn remove(&mut self, path: &str) -> bool;
    /// Builds an instance of what is loaded and puts it in the place of the current one. On an error, such as no rules at
    /// all, the current one stays.
    fn rebuild(&mut self) -> Result<(), String>;
}

/// What became of a file.
#[derive(Debug)]
pub struct Loaded {
    /// True when anything was loaded, or the file was empty.
    pub accepted: bool,
    /// What the engine says about it, section by section.
    pub diagnostics: Value,
}

/// The difference between two consecutive states.
#[derive(Clone, Debug, Default)]
pub struct Batch {
    /// Paths that are gone.
    pub removed: Vec<String>,
    /// New and changed files, in the order received.
    pub changed: Vec<(String, Value)>,
}

/// The protocol's states of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ApplyState {
    Acknowledged = 2,
    Error = 3,
}

/// The state of a file, to be answered to the management side.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// The file.
    pub path: String,
    /// Its state.
    pub state: ApplyState,
    /// What is wrong with it; empty when nothing is.
    pub error: String,
}

/// What a batch led to.
#[derive(Clone, Debug, Default)]
pub struct BatchReport {
    /// One for each file of the batch.
    pub states: Vec<FileState>,
    /// Whether a new instance was built, if one had to be.
    pub built: Option<Result<(), String>>,
    /// The engine was switched on (`true`) or off by this batch. Off, the host drops its instance.
    pub switched: Option<bool>,
    /// How often to count `waf.config_errors`.
    pub config_errors: usize,
    /// What to write to the telemetry log.
    pub log: Vec<LogLine>,
}

/// What is loaded at the moment, and the switches.
#[derive(Clone, Debug)]
pub struct Updater {
    bundled: Arc<Value>,
    bundled_loaded: bool,
    /// True when an operator's own rule file is in use: nothing remote reaches the engine then.
    local_rules: bool,
    rule_files: BTreeSet<String>,
    other_files: BTreeSet<String>,
    features: Features,
}

impl Updater {
    /// An updater for an engine with these bundled rules.
    ///
    /// `local_rules` says that an operator named the rule file (`DD_APPSEC_RULES`); `enabled` is `DD_APPSEC_ENABLED`.
    pub fn new(bundled: Value, local_rules: bool, enabled: Option<bool>) -> Self {
        Self {
            bundled: Arc::new(bundled),
            bundled_loaded: false,
            local_rules,
            rule_files: BTreeSet::new(),
            other_files: BTreeSet::new(),
            features: Features::new(enabled),
        }
    }

    /// Loads the bundled rules if the engine is to run from the start.
    pub fn start(&mut self, target: &mut impl Target) -> BatchReport {
        let mut report = BatchReport::default();
        if self.features.engine_on() {
            self.load_bundled(target, &mut report);
            report.built = Some(target.rebuild());
        }
        report
    }

    /// The switches.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The products to subscribe to at the moment.
    pub fn products(&self) -> &'static [Product] {
        let all = &Product::ALL;
        if self.features.engine_on() && !self.local_rules { all } else { all.split_at(1).0 }
    }

    /// Applies a batch.
    pub fn apply(&mut self, target: &mut impl Target, batch: &Batch) -> BatchReport {
        let mut report = BatchReport::default();
        let mut changed = self.apply_features(target, batch, &mut report);
        for path in &batch.removed {
            changed |= self.remove(target, path, &mut report);
        }
        for (path, content) in &batch.changed {
            changed |= self.add(target, path, content, &mut report);
        }
        if self.features.engine_on() && changed {
            if self.rule_files.is_empty() && !self.bundled_loaded {
                self.load_bundled(target, &mut report);
            }
            report.built = Some(target.rebuild());
        }
        report
    }

    /// Switches come first: they decide whether the rest of the batch means anything.
    fn apply_features(&mut self, target: &mut impl Target, batch: &Batch, report: &mut BatchReport) -> bool {
        let is_feature = |path: &str| ConfigPath::parse(path).is_ok_and(|path| path.product == Product::Features);
        let was_on = self.features.engine_on();
        for path in batch.removed.iter().filter(|path| is_feature(path)) {
            self.features.remove(path);
            report.acknowledge(path);
        }
        for (path, content) in batch.changed.iter().filter(|(path, _)| is_feature(path)) {
            match self.features.apply(path, content) {
                Ok(()) => report.acknowledge(path),
                Err(error) => report.refuse(path, error),
            }
        }
        let is_on = self.features.engine_on();
        if is_on != was_on {
            report.switched = Some(is_on);
            if !is_on {
                self.unload(target);
            }
        }
        is_on && !was_on
    }

    fn remove(&mut self, target: &mut impl Target, path: &str, report: &mut BatchReport) -> bool {
        if ConfigPath::parse(path).is_ok_and(|parsed| parsed.product == Product::Features) {
            return false;
        }
        report.acknowledge(path);
        let known = self.rule_files.remove(path) || self.other_files.remove(path);
        known && target.remove(path)
    }

    fn add(&mut self, target: &mut impl Target, path: &str, content: &Object, report: &mut BatchReport) -> bool {
        let parsed = match ConfigPath::parse(path) {
            Ok(ConfigPath { product: Product::Features, .. }) => return false,
            Ok(parsed) => parsed,
            Err(error) => {
                report.refuse(path, error);
                return false;
            }
        };
        if self.local_rules || !self.features.engine_on() {
            report.refuse(path, "the engine doesn't take remote configuration".into());
            return false;
        }
        let files = if parsed.product == Product::Rules { &mut self.rule_files } else { &mut self.other_files };
        if parsed.product == Product::Rules && self.bundled_loaded {
            self.bundled_loaded = false;
            target.remove(BUNDLED_RULES);
        }
        let loaded = target.add_or_update(path, content);
        report.config_errors += count_errors(&loaded.diagnostics);
        report.log.append(&mut log_lines(parsed, &loaded.diagnostics));
        if loaded.accepted {
            files.insert(path.into());
            report.acknowledge(path);
        } else {
            files.remove(path);
            report.refuse(path, apply_error(&loaded.diagnostics));
        }
        true
    }

    fn load_bundled(&mut self, target: &mut impl Target, report: &mut BatchReport) {
        let loaded = target.add_or_update(BUNDLED_RULES, &self.bundled);
        report.config_errors += count_errors(&loaded.diagnostics);
        self.bundled_loaded = loaded.accepted;
    }

    fn unload(&mut self, target: &mut impl Target) {
        if std::mem::take(&mut self.bundled_loaded) {
            target.remove(BUNDLED_RULES);
        }
        for path in std::mem::take(&mut self.rule_files).union(&std::mem::take(&mut self.other_files)) {
            target.remove(path);
        }
    }
}

impl BatchReport {
    fn acknowledge(&mut self, path: &str) {
        self.states.push(FileState { path: path.into(), state: ApplyState::Acknowledged, error: String::new() });
    }

    fn refuse(&mut self, path: &str, error: String) {
        self.states.push(FileState { path: path.into(), state: ApplyState::Error, error });
    }
}
