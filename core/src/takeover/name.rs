//! The events that detection knows by name. Rules of a configuration may use any other.

#![allow(missing_docs)] // each constant is its own text

pub const LOGIN_SUCCESS: &str = "users.login.success";
pub const LOGIN_FAILURE: &str = "users.login.failure";
pub const LOGIN_REFUSED: &str = "users.login.refused";
pub const SIGNUP: &str = "users.signup";
pub const DELETE: &str = "users.delete";
pub const PASSWORD_RESET: &str = "users.password_reset";
pub const PASSWORD_CHANGE: &str = "users.password_change";
pub const EMAIL_CHANGE: &str = "users.email_change";
pub const MFA_CHALLENGE: &str = "users.mfa.challenge";
pub const MFA_FAILURE: &str = "users.mfa.failure";
pub const SESSION_USE: &str = "users.session.use";
pub const PAYMENT_FAILURE: &str = "payment.failure";
pub const PAYMENT_SUCCESS: &str = "payment.success";
pub const ACTIVITY_SENSITIVE: &str = "activity.sensitive";
pub const THIRD_PARTY_API: &str = "activity.third_party_api";

/// What somebody does with an account that is not theirs.
pub fn is_after_takeover(event: &str) -> bool {
    matches!(event, EMAIL_CHANGE | PASSWORD_CHANGE | ACTIVITY_SENSITIVE) || event.starts_with("payment.")
}
