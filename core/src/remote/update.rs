//! Applying a batch.

use super::diagnostics::{LogLine, apply_error, count_errors, log_lines};
use super::features::Features;
use super::path::{ConfigPath, Product};
use crate::value::{Object, Value};
use std::collections::BTreeSet;
use std::sync::Arc;

/// The key of the bundled rules: a path of the rules product, like those of other rule files.
pub const BUNDLED_RULES: &str = "datadog/00/ASM_DD/default/config";

/// The target of configurations.
pub trait Target {
    /// Adds a file, or replaces the one with the same path.
    fn add_or_update(&mut self, path: &str, content: &Object) -> Loaded;
    /// Removes a file; false if there is none.
    fn remove(&mut self, path: &str) -> bool;
    /// Builds an instance of what is loaded and replaces the current one with it. On an error, such as no rules at all,
    /// the current one stays.
    fn rebuild(&mut self) -> Result<(), String>;
}

/// The outcome of loading a file.
#[derive(Debug, Default)]
pub struct Loaded {
    /// Whether anything was loaded, or the file was empty.
    pub accepted: bool,
    /// The engine's diagnostics, section by section.
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

/// The protocol's apply states of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum ApplyState {
    Acknowledged = 2,
    Error = 3,
}

/// The state of a file, to be reported to remote configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileState {
    /// The file.
    pub path: String,
    /// Its state.
    pub state: ApplyState,
    /// The error; empty if there is none.
    pub error: String,
}

/// The outcome of a batch.
#[derive(Clone, Debug, Default)]
pub struct BatchReport {
    /// One for each file of the batch.
    pub states: Vec<FileState>,
    /// Whether building a new instance succeeded, if one was needed.
    pub built: Option<Result<(), String>>,
    /// Whether this batch switched the engine on (`true`) or off. If it is off, the host drops its instance.
    pub switched: Option<bool>,
    /// How much to add to the counter `waf.config_errors`.
    pub config_errors: usize,
    /// Lines for the telemetry log.
    pub log: Vec<LogLine>,
    /// The engine's diagnostics of each file, by path.
    pub diagnostics: Vec<(String, Value)>,
}

/// What is currently loaded, and the switches.
#[derive(Clone, Debug)]
pub struct Updater {
    bundled: Arc<Value>,
    bundled_loaded: bool,
    /// Whether an operator's own rule file is in use; then nothing remote reaches the engine.
    local_rules: bool,
    rule_files: BTreeSet<String>,
    other_files: BTreeSet<String>,
    features: Features,
}

impl Updater {
    /// An updater for an engine with these bundled rules.
    ///
    /// `local_rules` means that an operator chose the rule file (`DD_APPSEC_RULES`); `enabled` is `DD_APPSEC_ENABLED`.
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

    /// Replaces the bundled rules, also those in use.
    pub fn replace_bundled(&mut self, target: &mut impl Target, rules: Arc<Value>) -> BatchReport {
        let mut report = BatchReport::default();
        self.bundled = rules;
        if self.bundled_loaded {
            self.load_bundled(target, &mut report);
            report.built = Some(target.rebuild());
        }
        report
    }

    /// The switches.
    pub fn features(&self) -> &Features {
        &self.features
    }

    /// The products to subscribe to at present.
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

    /// Switches come first, as they decide whether the rest of the batch matters.
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
            // Something of a refused file, or of what was there before, may still be in use, and has to be removed in time.
            files.remove(path);
            self.other_files.insert(path.into());
            report.refuse(path, apply_error(&loaded.diagnostics));
        }
        report.diagnostics.push((path.into(), loaded.diagnostics));
        true
    }

    fn load_bundled(&mut self, target: &mut impl Target, report: &mut BatchReport) {
        let loaded = target.add_or_update(BUNDLED_RULES, &self.bundled);
        report.config_errors += count_errors(&loaded.diagnostics);
        self.bundled_loaded = loaded.accepted;
        report.diagnostics.push((BUNDLED_RULES.into(), loaded.diagnostics));
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
