//! Reading, resolving and exporting signals.

use super::Result;
use super::arguments::{PAGE, only, string, unsigned};
use crate::takeover::detector::Detector;
use crate::takeover::export::{Export, File, export};
use crate::takeover::service::{Resolution, Service};
use crate::takeover::severity::Severity;
use crate::takeover::signal::Signal;
use crate::value::{Object, Value};
use std::sync::Arc;

/// The maximum number of signals in one result.
const MOST_SIGNALS: usize = 1000;

impl Detector {
    /// Returns the signals, newest first, selected by `state`, `min_severity`, `service`, `rule`, `limit` and `skip`.
    pub fn signals(&self, query: &Object) -> Result<Value> {
        only(query, &[&["state", "min_severity", "service", "rule"], PAGE])?;
        let (state, service_name, rule) = (string(query, "state")?, string(query, "service")?, string(query, "rule")?);
        let least = string(query, "min_severity")?.map(|name| Severity::read(&name));
        let least = least.transpose()?.unwrap_or_default();
        let (skip, limit) = (unsigned(query, "skip")?.unwrap_or(0), unsigned(query, "limit")?.unwrap_or(100));
        let is = |wanted: &Option<String>, text: &str| wanted.as_ref().is_none_or(|wanted| wanted == text);
        let mut found = vec![];
        for service in self.all_services() {
            let inner = service.inner();
            if !is(&service_name, &service.name) {
                continue;
            }
            let wanted = inner.signals.all().rev().map(|(_, signal)| signal).filter(|signal| {
                is(&state, signal.status.name()) && is(&rule, &signal.rule_id) && signal.severity >= least
            });
            let most = skip.saturating_add(limit).min(MOST_SIGNALS as u64) as usize;
            found.extend(wanted.take(most).map(|signal| (signal.opened_s, signal.to_value())));
        }
        found.sort_by_key(|(opened_s, _)| std::cmp::Reverse(*opened_s));
        Ok(found.into_iter().skip(skip as usize).take(limit as usize).map(|(_, value)| value).collect())
    }

    /// Calls `then` with a signal, if it exists.
    fn with_signal<T>(&self, id: &str, then: impl FnOnce(&Signal) -> T) -> Option<T> {
        self.all_services()
            .iter()
            .find_map(|service| {
                let inner = service.inner();
                inner.signals.by_id(id)?;
                Some(service.clone())
            })?
            .with_signal(id, then)
    }

    /// Returns one signal, if it exists.
    pub fn signal(&self, id: &str) -> Option<Value> {
        self.with_signal(id, Signal::to_value)
    }

    /// Resolves a signal as `closed`, `false_positive` (its blocks end, and responses to its group are suspended for
    /// a day) or `confirmed`. Returns whether it exists.
    pub fn resolve(&self, id: &str, how: &str) -> Result<bool> {
        let how = Resolution::read(how)?;
        let (plan, now_s) = (self.plan(), self.now_s());
        let services = self.all_services();
        let resolve =
            |service: &Arc<Service>| service.resolve(id, how, now_s, &plan, &self.options.hash_key, &self.blocks);
        let found = services.iter().any(resolve);
        self.collect();
        self.publish_rules(0);
        Ok(found)
    }

    /// Exports a file about a signal, in pieces; returns `None` if the signal does not exist.
    pub fn export(&self, id: &str, file: &str) -> Result<Option<Export>> {
        let file = File::read(file)?;
        let material = self.all_services().iter().find_map(|service| service.material(id));
        Ok(material.map(|material| export(material, file, &self.blocks, self.now_s())))
    }
}

impl Service {
    fn with_signal<T>(&self, id: &str, then: impl FnOnce(&Signal) -> T) -> Option<T> {
        let inner = self.inner();
        let slot = inner.signals.by_id(id)?;
        inner.signals.get(slot).map(then)
    }
}
