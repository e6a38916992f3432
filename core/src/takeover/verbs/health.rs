//! What a detector says about itself and its events.

use crate::takeover::detector::Detector;
use crate::value::Value;
use std::sync::atomic::{AtomicU64, Ordering};

impl Detector {
    /// Returns counters, findings about the events, and memory use.
    pub fn health(&self) -> Value {
        let number = |counter: &AtomicU64| Value::from(counter.load(Ordering::Relaxed));
        let counters = &self.counters;
        let dropped = ["not_a_map", "no_name", "bad_name"]
            .into_iter()
            .zip(&counters.dropped)
            .map(|(name, count)| (name, number(count)));
        let services = self.all_services().into_iter().map(|service| {
            let inner = service.inner();
            Value::from_entries([
                ("service", Value::from(&service.name)),
                ("env", Value::from(&service.env)),
                ("memory_is_warm", Value::from(inner.familiarity.is_warm(self.now_s() as u32))),
                ("memory_bytes", Value::from(service.state.memory() as u64)),
                ("trusted_events", Value::from(inner.health.trusted)),
                ("double_events", Value::from(inner.health.double_events)),
                ("missing_fields", Value::from(inner.health.missing_fields)),
                ("ignored_fields", Value::from(inner.health.ignored_fields)),
                ("current_hour", inner.health.current_hour()),
                ("findings", inner.health.findings()),
            ])
        });
        let services = services.collect::<Value>();
        Value::from_entries([
            ("enabled", Value::from(self.plan().config.settings.enabled)),
            ("mode", Value::from(self.plan().config.settings.response_mode.name())),
            ("events", number(&counters.events)),
            ("dropped_events", Value::from_entries(dropped)),
            ("future_events", Value::from(self.time.future_events())),
            ("clock_jumps", Value::from(self.time.jumps())),
            ("folded_services", number(&counters.folded)),
            ("internal_errors", number(&counters.internal_errors)),
            ("dropped_notifications", Value::from(self.dropped_notifications())),
            ("blocks", Value::from(self.blocks.count() as u64)),
            ("services", services),
        ])
    }
}
