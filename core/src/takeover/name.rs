//! The names of events that detection knows. Configured rules may use any other name.

#![allow(missing_docs)] // each constant is its own text

pub const LOGIN_SUCCESS: &str = "users.login.success";
pub const LOGIN_FAILURE: &str = "users.login.failure";
pub const LOGIN_REFUSED: &str = "users.login.refused";
pub const PASSWORD_RESET: &str = "users.password_reset";
pub const PAYMENT_FAILURE: &str = "payment.failure";
pub const SIGNUP: &str = "users.signup";
pub const PASSWORD_CHANGE: &str = "users.password_change";
pub const EMAIL_CHANGE: &str = "users.email_change";
pub const ACTIVITY_SENSITIVE: &str = "activity.sensitive";

/// Whether an event is typical of an account after its takeover.
pub fn is_after_takeover(event: &str) -> bool {
    matches!(event, EMAIL_CHANGE | PASSWORD_CHANGE | ACTIVITY_SENSITIVE) || event.starts_with("payment.")
}
