//! The options of a detector.

use crate::support::{Clock, FixedClock};
use crate::takeover::key::HashKey;
use crate::takeover::respond::blocks::Blocks;
use crate::takeover::state::{Bounded, Profile, State};
use std::sync::Arc;

/// Creates the state of a service.
pub type MakeState = Arc<dyn Fn(Profile) -> Box<dyn State> + Send + Sync>;

/// The options of a detector.
pub struct Options {
    /// The clock.
    pub(crate) clock: Arc<dyn Clock>,
    /// The clock that [`Detector::advance`] moves; with it, the times of events are accepted, as replays need.
    pub(crate) manual: Option<Arc<FixedClock>>,
    /// The key of all keyed hashes.
    pub(crate) hash_key: HashKey,
    /// The service of events that name none.
    pub(crate) service: String,
    /// The environment of events that name none.
    pub(crate) env: String,
    /// The blocks, and the denylists that the engine reads.
    pub(crate) blocks: Arc<Blocks>,
    /// Creates the state of services.
    pub(crate) make_state: MakeState,
}

impl Options {
    /// Options for the system clock and a random hash key.
    pub fn system(service: &str, env: &str) -> Self {
        let clock = Arc::new(crate::support::SystemClock);
        Options { clock, manual: None, hash_key: HashKey::random(), ..Self::manual(0, service, env) }
    }

    /// Options for tests and replays: the clock stands still until it is advanced, the times of events are accepted,
    /// and the same events produce the same signals byte for byte.
    pub fn manual(start_ms: u64, service: &str, env: &str) -> Self {
        let clock = Arc::new(FixedClock::at_millis(start_ms));
        Options {
            clock: clock.clone(),
            manual: Some(clock),
            hash_key: HashKey([0, 0]),
            service: service.into(),
            env: env.into(),
            blocks: Arc::default(),
            make_state: Arc::new(|profile| Box::new(Bounded::new(profile))),
        }
    }

    /// The same options with a clock that the caller moves. Unlike a manual clock it leaves work in slices, and the times
    /// of events are not accepted.
    #[cfg(feature = "internals")]
    #[must_use]
    pub fn with_clock(self, clock: Arc<dyn Clock>) -> Self {
        Options { clock, manual: None, ..self }
    }

    /// The same options with another implementation of the state.
    #[cfg(feature = "internals")]
    #[must_use]
    pub fn with_state(self, make_state: MakeState) -> Self {
        Options { make_state, ..self }
    }
}
