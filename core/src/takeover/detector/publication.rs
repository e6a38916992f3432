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

    /// Publishes the documents that have waited for this many seconds.
    pub(super) fn publish_rules(&self, after_s: u64) {
        let is_due = |waiting: &(u64, Vec<Publication>)| {
            !waiting.1.is_empty() && self.now_s() >= waiting.0.saturating_add(after_s)
        };
        if !is_due(&self.publications.lock()) {
            return;
        }
        // Later documents replace earlier ones, so two threads must not publish in the other order.
        let _publishing = self.publishing.lock();
        let documents = {
            let mut waiting = self.publications.lock();
            if !is_due(&waiting) {
                return;
            }
            std::mem::take(&mut waiting.1)
        };
        if let Some(publish) = &**self.publish.load() {
            publish(&documents);
        }
    }
}
