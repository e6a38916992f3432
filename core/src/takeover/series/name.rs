//! The names of series.

/// The length of a bucket of the history, in seconds.
pub const BUCKET_S: u32 = 300;

/// A series of a service. Failures are those that no other signal explains.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Name {
    /// Failed logins.
    Failures,
    /// Failed logins from origins that are not familiar to the account.
    Unfamiliar,
    /// Failed logins from familiar origins, at most three per account in five minutes.
    Familiar,
    /// Successful logins.
    Successes,
    /// Distinct accounts with unfamiliar failures.
    Users,
    /// Password resets.
    Resets,
    /// Failed payments.
    Payments,
}

impl Name {
    /// All series, in the order in which they are stored.
    pub const ALL: [Name; 7] =
        [Name::Failures, Name::Unfamiliar, Name::Familiar, Name::Successes, Name::Users, Name::Resets, Name::Payments];

    /// What the series is about.
    pub fn topic(self) -> Topic {
        match self {
            Name::Resets => Topic::Resets,
            Name::Payments => Topic::Payments,
            _ => Topic::Logins,
        }
    }

    /// Returns the series that a rule names.
    pub fn from_name(name: &str) -> Option<Self> {
        Some(match name {
            "login_failures" => Name::Unfamiliar,
            "failing_users" => Name::Users,
            "password_resets" => Name::Resets,
            "payment_failures" => Name::Payments,
            _ => return None,
        })
    }

    /// The series in which deviations are looked for.
    pub const WATCHED: [Name; 5] = [Name::Failures, Name::Unfamiliar, Name::Users, Name::Resets, Name::Payments];
}

/// What series are about; an anomaly in one of them concerns all about the same.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Topic {
    Logins,
    Resets,
    Payments,
}
