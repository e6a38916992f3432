//! Changes of the configuration by the operator of the process, at run time.

use super::engine::Engine;
use super::error::Error;
use super::exclusion::{EmptyExclusion, Exclusion, excluded};
use super::swap::Swap;
use crate::config::Warning;
use crate::remote::{BUNDLED_RULES, BatchReport, Loaded, Target};
use crate::value::{Object, Value};
use crate::{Added, Builder};
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Where documents of the operator are, so that they never replace those of remote configuration.
const LOCAL: &str = "local/";

impl Engine {
    /// Replaces the rules that the engine was made with, for requests that begin from now on. While remote configuration
    /// provides rules, the new ones wait until it no longer does.
    ///
    /// ```
    /// use bartizan::protect::{Engine, Settings};
    /// use bartizan::value::json;
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let engine = Engine::new(Settings::from_json(r#"{"version": "2.2", "rules": []}"#)?)?;
    /// let rules = json::parse(br#"{"version": "2.2", "rules": [{"id": "r1", "name": "finds attacks", "tags": {"type": "demo"},
    ///     "conditions": [{"operator": "match_regex", "parameters": {"regex": "attack",
    ///         "inputs": [{"address": "server.request.body"}]}}]}]}"#)?;
    /// assert!(engine.reload(rules)?.accepted);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// Rules of which none can be used; the former ones then stay.
    pub fn reload(&self, rules: Value) -> Result<Added, Error> {
        let added = Builder::new().add_ruleset(BUNDLED_RULES.as_bytes(), &rules);
        if !added.accepted {
            return Err(Error::Rules(Box::new(added.diagnostics)));
        }
        let rules = Arc::new(rules);
        self.change(|updater, target| updater.replace_bundled(target, rules.clone()));
        Ok(added)
    }

    /// Adds a document of the operator, or replaces the one under this path, beside the rules and remote configuration.
    /// A document of which nothing can be used takes nothing away but its predecessor.
    pub fn update(&self, path: &str, document: &Object) -> Loaded {
        self.change_local(|target| target.add_or_update(&format!("{LOCAL}{path}"), document))
    }

    /// Removes such a document; false if there is none.
    pub fn remove(&self, path: &str) -> bool {
        self.change_local(|target| target.remove(&format!("{LOCAL}{path}")))
    }

    /// Excludes something from the evaluation of requests that begin from now on. Those who are refused stay refused.
    /// Returns the id by which [`Engine::include`] takes it back.
    ///
    /// # Errors
    ///
    /// An exclusion that names nothing.
    pub fn exclude(&self, exclusion: &Exclusion) -> Result<String, EmptyExclusion> {
        let number = self.exclusions.fetch_add(1, Ordering::Relaxed);
        let (id, document) = (number.to_string(), exclusion.document(number)?);
        self.change_local(|target| target.add_or_update(&excluded(&id), &document));
        Ok(id)
    }

    /// What is doubtful about the exclusion with this id, or about all, such as a rule that does not exist.
    pub(crate) fn doubts_about_exclusions(&self, id: Option<&str>) -> Vec<Warning> {
        let path = excluded(id.unwrap_or_default());
        let concerns = |found: &[u8]| match id {
            Some(_) => found == path.as_bytes(),
            None => found.starts_with(path.as_bytes()),
        };
        self.warnings().into_iter().filter(|warning| concerns(&warning.path)).collect()
    }

    /// Takes an exclusion back; false if there is none of this id.
    pub fn include(&self, id: &str) -> bool {
        self.change_local(|target| target.remove(&excluded(id)))
    }

    fn change_local<T: Default>(&self, mut change: impl FnMut(&mut Swap<'_>) -> T) -> T {
        let mut answer = T::default();
        self.change(|updater, target| {
            answer = change(target);
            let on = updater.features().engine_on();
            BatchReport { built: on.then(|| target.rebuild()), ..BatchReport::default() }
        });
        answer
    }
}
