//! The configuration of an engine as the target of changes.

use crate::config::Section;
use crate::remote::{BUNDLED_RULES, Loaded, Target};
use crate::takeover::Detector;
use crate::value::Object;
use crate::{Added, Builder, Waf};
use std::sync::Arc;

/// The builder as the target of a batch; the instance it builds is installed at the end.
pub(super) struct Swap<'a> {
    pub builder: &'a mut Builder,
    pub built: Option<Waf>,
    pub ruleset: Option<Added>,
    pub detector: Option<&'a Arc<Detector>>,
}

impl Target for Swap<'_> {
    fn add_or_update(&mut self, path: &str, content: &Object) -> Loaded {
        let bundled = path == BUNDLED_RULES;
        let mut added = match bundled {
            true => self.builder.add_ruleset(path.as_bytes(), content),
            false => self.builder.add_or_update(path.as_bytes(), content),
        };
        // A document without the key takes away what an earlier one of the same path said.
        if let Some(detector) = self.detector.filter(|_| content.is_map()) {
            let mut said = detector.apply(path, content);
            let refused = said.sections.values().any(Section::is_refused);
            let is_all = added.diagnostics.sections.values().all(|section| section.loaded.is_empty());
            added.accepted &= !(refused && is_all);
            added.diagnostics.sections.append(&mut said.sections);
        }
        let loaded = Loaded { accepted: added.accepted, diagnostics: added.diagnostics.to_value_with_warnings() };
        self.ruleset = Some(added).filter(|_| bundled).or(self.ruleset.take());
        loaded
    }

    fn remove(&mut self, path: &str) -> bool {
        if let Some(detector) = self.detector {
            detector.remove(path);
        }
        self.builder.remove(path.as_bytes())
    }

    fn rebuild(&mut self) -> Result<(), String> {
        self.built = self.builder.build();
        self.built.is_some().then_some(()).ok_or_else(|| "there is no rule to run".into())
    }
}
