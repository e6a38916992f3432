//! What an application reports about a person: a user, and a login.

use crate::users::sdk::LoginReport;
use crate::value::Value;

/// A user: an id, and optional fields.
///
/// ```
/// use bartizan::protect::User;
/// let user = User::new("u-1").field("email", "bob@example.org").field("role", "admin");
/// assert_eq!(user.fields().len(), 3);
/// ```
#[derive(Clone, Debug)]
pub struct User(Value);

impl User {
    /// A user with this id, a non-empty string or a number other than 0.
    pub fn new(id: impl Into<Value>) -> Self {
        Self(Value::from_entries([("id", id.into())]))
    }

    /// Adds a field: `name`, `email`, `role`, `login`, `session_id`, or one of the application's own.
    #[must_use]
    pub fn field(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.0.insert(name, value);
        self
    }

    /// All fields, a map.
    pub fn fields(&self) -> &Value {
        &self.0
    }
}

/// A login or signup, as application code reports it.
///
/// ```
/// use bartizan::protect::{Login, User};
/// use bartizan::value::Value;
/// let login = Login::of("bob@example.org").user(User::new("u-1")).metadata(Value::from_entries([("mfa", true)]));
/// assert!(login.report().success);
/// ```
#[derive(Clone, Debug, Default)]
pub struct Login {
    login: Option<Value>,
    user: Option<User>,
    exists: Option<bool>,
    failed: bool,
    metadata: Option<Value>,
}

impl Login {
    /// A login, as it was entered.
    pub fn of(login: impl Into<Value>) -> Self {
        Self { login: Some(login.into()), ..Self::default() }
    }

    /// Sets the user.
    #[must_use]
    pub fn user(self, user: User) -> Self {
        Self { user: Some(user), ..self }
    }

    /// Whether the account of a failed login exists. Without it, nothing is reported about that.
    #[must_use]
    pub fn exists(self, exists: bool) -> Self {
        Self { exists: Some(exists), ..self }
    }

    /// Whether a signup succeeded; true by default.
    #[must_use]
    pub fn success(self, success: bool) -> Self {
        Self { failed: !success, ..self }
    }

    /// Arbitrary metadata, a map.
    #[must_use]
    pub fn metadata(self, metadata: Value) -> Self {
        Self { metadata: Some(metadata), ..self }
    }

    /// The arguments of the call.
    pub fn report(&self) -> LoginReport<'_> {
        LoginReport {
            login: self.login.as_deref(),
            user: self.user.as_ref().map(|user| &*user.0),
            exists: self.exists,
            success: !self.failed,
            metadata: self.metadata.as_deref(),
        }
    }
}
