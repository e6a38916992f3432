//! The outcome of one call about a user. It is decided here and applied by the host.

use crate::value::Value;
use std::collections::BTreeMap;

/// The address of a user's id, login and session id.
pub const USER_ID: &str = "usr.id";
#[allow(missing_docs)]
pub const USER_LOGIN: &str = "usr.login";
#[allow(missing_docs)]
pub const SESSION_ID: &str = "usr.session_id";

/// The decision about one call: the host writes the tags, keeps the trace, evaluates the addresses and counts.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct CallOutcome {
    /// False if the call was ignored; then there is nothing to write, evaluate or keep.
    pub accepted: bool,
    /// String tags of the service-entry span.
    pub meta: BTreeMap<String, String>,
    /// Numeric tags of the service-entry span.
    pub metrics: BTreeMap<String, f64>,
    /// Whether the trace must be kept, regardless of any rate limit.
    pub keep: bool,
    /// What to evaluate in the request's context, in one run; `None` is the null value of a marker.
    pub addresses: Vec<(&'static str, Option<String>)>,
    /// Telemetry counters to increment.
    pub telemetry: Vec<Counter>,
    /// Mistakes of the caller, which a host logs with a rate limit.
    pub warnings: Vec<String>,
    /// Suggestions for better reports, which a host logs when debugging.
    pub notes: Vec<String>,
}

/// A telemetry counter of the namespace `appsec`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Counter {
    /// The metric's name.
    pub metric: &'static str,
    /// Its tags.
    pub tags: Vec<(&'static str, String)>,
}

impl CallOutcome {
    /// The outcome of an ignored call, with the reason.
    pub fn ignored(warning: impl Into<String>) -> Self {
        Self { warnings: vec![warning.into()], ..Self::default() }
    }

    /// What to evaluate, as a map from addresses to values.
    pub fn addresses_value(&self) -> Value {
        Value::from_entries(self.addresses.iter().map(|(address, value)| (address, value.as_deref())))
    }

    pub(super) fn accepted() -> Self {
        Self { accepted: true, ..Self::default() }
    }

    pub(super) fn tag(&mut self, key: impl Into<String>, value: impl Into<String>) {
        self.meta.insert(key.into(), value.into());
    }

    pub(super) fn submit(&mut self, address: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.addresses.push((address, Some(value.into())));
        }
    }

    pub(super) fn submit_marker(&mut self, address: &'static str) {
        self.addresses.push((address, None));
    }

    pub(super) fn count(&mut self, metric: &'static str, tags: [(&'static str, &str); 2]) {
        let tags = tags.map(|(name, value)| (name, value.to_string())).to_vec();
        self.telemetry.push(Counter { metric, tags });
    }
}
