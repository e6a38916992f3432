//! Converting the arguments of a request's call.
//!
//! Most of a request's data shares the budget of its evaluation. What identifies the client must not: a large body
//! could then prevent the check of the denylist, or change which address is checked. So the arguments that can be large
//! share the budget, and each of the others is converted before them, under its own bounds of count and size. Bindings
//! convert in this order; what a cut means is decided here.

use crate::protect::Taken;
use crate::support::Deadline;
use crate::value::{Limits, Truncation, Value};

/// The arguments of a call, added one by one.
///
/// ```
/// use bartizan::internals::sdk::Arguments;
/// use bartizan::value::{Truncation, Value};
/// use bartizan::Deadline;
/// let mut arguments = Arguments::default();
/// assert!(!Arguments::share_budget(b"peer") && Arguments::share_budget(b"body"));
/// arguments.add(b"peer", Value::from("192.0.2.1"), Truncation::default());
/// let (arguments, taken) = arguments.with(Value::map(), Truncation::default(), Deadline::unlimited());
/// assert!(arguments.get(b"peer").is_some() && !taken.client_cut);
/// ```
#[derive(Default)]
pub struct Arguments {
    own: Vec<(Vec<u8>, Value)>,
    truncation: Truncation,
    client_cut: bool,
}

/// The values that each header may have: a name, a value, and the pair around them, or several values of one name.
const VALUES_OF_A_HEADER: usize = 16;

impl Arguments {
    /// The arguments that share the budget.
    pub const SHARED: [&str; 7] = ["addresses", "body", "cookies", "metadata", "path_params", "query", "values"];

    /// The arguments that the operator sets, not the client; they are converted as a whole.
    pub const WHOLE: [&str; 3] = ["client_ip_header", "templates", "trusted_proxies"];

    /// The bounds of each of the others. A header that is converted at all is converted completely, so a cut leaves no
    /// half of a pair.
    pub const BOUNDS: Limits = {
        let entries = 4096;
        Limits {
            string_bytes: 1 << 20,
            entries,
            depth: 64,
            values: (entries + 1) * VALUES_OF_A_HEADER,
            text_bytes: 1 << 20,
        }
    };

    /// Whether an argument shares the budget.
    pub fn share_budget(name: &[u8]) -> bool {
        Self::SHARED.iter().any(|shared| shared.as_bytes() == name)
    }

    /// The bounds of an argument that does not share the budget.
    pub fn bounds(name: &[u8]) -> Limits {
        match Self::WHOLE.iter().any(|whole| whole.as_bytes() == name) {
            true => Limits::WHOLE,
            false => Self::BOUNDS,
        }
    }

    /// Adds an argument that does not share the budget, and what was cut from it.
    pub fn add(&mut self, name: &[u8], value: Value, truncation: Truncation) {
        self.truncation = self.truncation.or(truncation);
        self.client_cut |= truncation.any() && decides_client(name);
        self.own.push((name.into(), value));
    }

    /// All arguments, with a map of those that share the budget.
    pub fn with(self, shared: Value, truncation: Truncation, deadline: Deadline) -> (Value, Taken) {
        let mut arguments = shared;
        for (name, value) in self.own {
            arguments.insert(name, value);
        }
        let truncation = self.truncation.or(truncation);
        (arguments, Taken { truncation, client_cut: self.client_cut, deadline: Some(deadline) })
    }
}

/// Whether the client's address depends on this argument.
fn decides_client(name: &[u8]) -> bool {
    [&b"headers"[..], b"peer", b"client_ip_header", b"trusted_proxies"].contains(&name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::{Intake, json};

    /// Pairs are converted as a whole or not at all, whatever they contain.
    #[test]
    fn pairs_are_taken_whole_or_not() {
        let mut intake = Intake::new(Arguments::BOUNDS);
        let pairs = intake.open_array(10_000);
        assert_eq!(pairs, Arguments::BOUNDS.entries);
        for _ in 0..pairs {
            assert_eq!(intake.open_array(2), 2);
            intake.string(&[b'n'; 300]);
            for _ in 0..intake.open_array(1000) {
                intake.string(&[b'v'; 300]);
            }
            intake.close();
            intake.close();
        }
        let (value, truncation) = intake.finish();
        assert_eq!(truncation.container_size, 10_000);
        let whole = |pair: &crate::value::Object| pair.as_array().is_some_and(|parts| parts.len() == 2);
        assert!(value.as_array().is_some_and(|pairs| pairs.len() == 4096 && pairs.iter().all(whole)));
    }

    #[test]
    fn a_cut_of_what_identifies_the_client_is_reported() {
        let cut = Truncation { string_length: 5, ..Truncation::default() };
        for (name, client_cut) in [("headers", true), ("peer", true), ("trusted_proxies", true), ("url", false)] {
            let mut arguments = Arguments::default();
            arguments.add(name.as_bytes(), Value::from("x"), cut);
            let (value, taken) = arguments.with(Value::map(), Truncation::default(), Deadline::unlimited());
            assert_eq!((taken.client_cut, taken.truncation), (client_cut, cut), "{name}");
            assert_eq!(json::to_string(&value), format!(r#"{{"{name}":"x"}}"#));
        }
    }
}
