//! The guards of rules against false positives.

use super::scalar::chosen;
use crate::fields::Refusal;

/// A guard against false positives.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Guard {
    /// Many familiar accounts behind one address raise the threshold.
    SharedEgress,
    /// Many attempts with one password come from a client with an outdated one.
    StaleCredential,
    /// Attempts that are attacks in themselves come from a scanner.
    Scanner,
    /// Attempts on one account at a constant rate come from a monitoring probe.
    Probe,
    /// An address with a signal of its own explains its attempts on one account.
    ExplainedByAddress,
    /// Failures of a network count only if no address makes more than half of them; those of a service only if no source makes
    /// more than 30 %, and the sources make ten each at most.
    Spread,
    /// Failures of a network and user agent count only if they deviate from what the service expects of the two.
    UnusualPair,
    /// Networks of internet providers and mobile carriers do not count, unless a fifth of their sources are known offenders.
    SharedProvider,
}

impl Guard {
    /// Whether the guard is what the rule looks for, rather than an exception from it.
    pub fn is_part_of_rule(self) -> bool {
        matches!(self, Self::Spread | Self::UnusualPair | Self::SharedProvider)
    }

    /// Reads the name of a guard.
    pub(super) fn read(name: &str) -> Result<Self, Refusal> {
        let guards = [
            ("shared_egress", Self::SharedEgress),
            ("stale_credential", Self::StaleCredential),
            ("scanner", Self::Scanner),
            ("probe", Self::Probe),
            ("explained_by_address", Self::ExplainedByAddress),
            ("spread", Self::Spread),
            ("unusual_pair", Self::UnusualPair),
            ("shared_provider", Self::SharedProvider),
        ];
        chosen("guard", name, &guards)
    }
}
