//! The publication of rules of clusters in the configuration of an engine.

use super::Detector;
use crate::takeover::service::published::Publication;
use std::sync::Arc;

/// Takes documents into the configuration of an engine.
pub(crate) type Publish = Arc<dyn Fn(&[Publication]) + Send + Sync>;

impl Detector {
    /// Sets where rules of clusters are published. Building an engine's configuration takes tens of milliseconds, so this
    /// is left to [`Detector::tick`]; if nobody calls it, requests do it after some seconds.
    pub(crate) fn publish_to(&self, publish: Publish) {
        self.publish.change(|to| *to = Some(publish.clone()));
    }

    /// Publishes the documents that have waited for this many seconds, one thread at a time. They wait until they are
    /// published, so that a child forked meanwhile publishes them again.
    pub(crate) fn publish_rules(&self, after_s: u64) {
        let Some(_publishing) = self.publishing.try_lock() else { return };
        loop {
            let documents = {
                let waiting = self.publications.lock();
                if waiting.1.is_empty() || self.now_s() < waiting.0.saturating_add(after_s) {
                    return;
                }
                waiting.1.clone()
            };
            if let Some(publish) = &**self.publish.load() {
                publish(&documents);
            }
            let mut waiting = self.publications.lock();
            let count = documents.len().min(waiting.1.len());
            waiting.1.drain(..count);
        }
    }
}
