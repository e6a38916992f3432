//! Which requests get a schema: one per endpoint and status in each period.

use crate::support::fork::Renewable;
use std::collections::{BTreeMap, HashMap};

/// The number of endpoints remembered; the least recently sampled one is dropped first.
const MAX_ENDPOINTS: usize = 4096;

/// Samples each endpoint once per period. A forked child may sample one again.
#[derive(Debug)]
pub struct SchemaSampler {
    delay: u64,
    sampled: Renewable<Sampled>,
}

/// When each endpoint was last sampled.
#[derive(Debug, Default)]
struct Sampled {
    last: HashMap<(String, String, u16), (u64, u64)>,
    order: BTreeMap<u64, (String, String, u16)>,
    counter: u64,
}

impl SchemaSampler {
    /// The default period in seconds.
    pub const DEFAULT_DELAY: f64 = 30.0;

    /// A sampler with this period in seconds; zero samples every request.
    pub fn new(delay: f64) -> Self {
        let delay = if delay > 0.0 { (delay * 1e9) as u64 } else { 0 };
        Self { delay, sampled: Renewable::default() }
    }

    /// Whether to sample this request; `now` is in nanoseconds of a monotonic clock.
    pub fn sample(&self, method: &str, route: &str, status: u16, now: u64) -> bool {
        let key = || (method.to_string(), route.to_string(), status);
        self.delay == 0 || self.sampled.lock().sample(key(), self.delay, now)
    }
}

impl Sampled {
    fn sample(&mut self, key: (String, String, u16), delay: u64, now: u64) -> bool {
        if let Some((at, order)) = self.last.get(&key).copied() {
            if now.saturating_sub(at) < delay {
                return false;
            }
            self.order.remove(&order);
        } else if self.last.len() >= MAX_ENDPOINTS
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.last.remove(&oldest);
        }
        self.counter += 1;
        self.order.insert(self.counter, key.clone());
        self.last.insert(key, (now, self.counter));
        true
    }
}

#[cfg(test)]
mod tests {
    use super::SchemaSampler;

    #[test]
    fn once_per_endpoint_and_delay() {
        let sampler = SchemaSampler::new(1.0);
        assert!(sampler.sample("GET", "/", 200, 0));
        assert!(!sampler.sample("GET", "/", 200, 999_999_999));
        assert!(sampler.sample("GET", "/", 404, 1) && sampler.sample("POST", "/", 200, 1));
        assert!(sampler.sample("GET", "/", 200, 1_000_000_000));
        for endpoint in 0..5000 {
            assert!(sampler.sample("GET", &endpoint.to_string(), 200, 1_000_000_001));
        }
        let sampled = sampler.sampled.lock();
        assert!(sampled.last.len() <= 4096 && sampled.order.len() == sampled.last.len());
        assert!(SchemaSampler::new(0.0).sample("GET", "/", 200, 0));
        assert!(SchemaSampler::new(f64::INFINITY).sample("GET", "/", 200, 0));
    }
}
