//! Passing the user's id to downstream services in the trace context.

use base64::prelude::{BASE64_STANDARD, Engine};

/// The tag that is propagated with the trace.
pub const TAG: &str = "_dd.p.usr.id";

/// Longer values would exceed the 512 bytes of `x-datadog-tags`, for which a tracer drops *all* propagated tags.
const MAX_LENGTH: usize = 400;

/// The value of [`TAG`] for an id; `None` if it is too long.
pub fn propagated_id(id: &str) -> Option<String> {
    (id.len().div_ceil(3).checked_mul(4)? <= MAX_LENGTH).then(|| BASE64_STANDARD.encode(id))
}

/// The same value as member `t.usr.id` of a W3C `tracestate`, in which `=` has another meaning.
pub fn tracestate_form(propagated: &str) -> String {
    propagated.replace('=', "~")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_forms() {
        for (id, value, state) in [
            ("uid", "dWlk", "dWlk"),
            ("user=1~2,3", "dXNlcj0xfjIsMw==", "dXNlcj0xfjIsMw~~"),
            ("é", "w6k=", "w6k~"),
            ("12345", "MTIzNDU=", "MTIzNDU~"),
        ] {
            assert_eq!(propagated_id(id).as_deref(), Some(value));
            assert_eq!(tracestate_form(value), state);
        }
        assert!(propagated_id(&"x".repeat(300)).is_some());
        assert!(propagated_id(&"x".repeat(301)).is_none());
    }
}
