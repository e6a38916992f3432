//! The events with predefined names.

/// The three events that automation reports, too.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum LoginEvent {
    /// A login succeeded.
    Success,
    /// A login failed.
    Failure,
    /// An account was created.
    Signup,
}

impl LoginEvent {
    const ALL: [Self; 3] = [Self::Success, Self::Failure, Self::Signup];

    /// The event's name in tags.
    pub fn name(self) -> &'static str {
        match self {
            Self::Success => "users.login.success",
            Self::Failure => "users.login.failure",
            Self::Signup => "users.signup",
        }
    }

    /// The engine address that marks the event.
    pub fn marker(self) -> &'static str {
        match self {
            Self::Success => "server.business_logic.users.login.success",
            Self::Failure => "server.business_logic.users.login.failure",
            Self::Signup => "server.business_logic.users.signup",
        }
    }

    /// The event's name in telemetry.
    pub fn telemetry(self) -> &'static str {
        match self {
            Self::Success => "login_success",
            Self::Failure => "login_failure",
            Self::Signup => "signup",
        }
    }

    /// The event with this name.
    pub fn of(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|event| event.name() == name)
    }
}

/// The metadata that the detection rules of a built-in business event need.
pub(super) fn required_metadata(event: &str) -> &'static [&'static str] {
    match event {
        "activity.sensitive" => &["name", "required_role"],
        "users.login.success" | "users.signup" | "users.delete" => &["usr.id"],
        "users.login.failure" => &["usr.id", "usr.exists"],
        "users.password_reset" => &["usr.id", "usr.login", "exists"],
        _ => &[],
    }
}

/// The tags of an event named `name`: `appsec.events.<name>.<field>`.
pub(crate) fn public(name: &str, field: &str) -> String {
    format!("appsec.events.{name}.{field}")
}

/// The internal tags of an event: `_dd.appsec.events.<name>.<field>`.
pub(super) fn internal(name: &str, field: &str) -> String {
    format!("_dd.appsec.events.{name}.{field}")
}

/// The address of a business-logic event that carries a map (payments, model calls); the engine's rules turn it into
/// tags.
pub fn business_logic_address(name: &str) -> String {
    format!("server.business_logic.{name}")
}
