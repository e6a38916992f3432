//! `credentials_decode`: what a header of credentials says in clear.

use super::base64::base64_decode;
use super::step::Effect;
use crate::support::Stride;

/// Replaces `Basic dXNlcjpwYXNz` by `user:pass`, and `Bearer x` by `x`. Everything else stays.
pub(super) fn credentials_decode(input: &[u8], output: &mut Vec<u8>, stride: &mut Stride<'_>) -> Effect {
    let trimmed = input.trim_ascii();
    if let Some((scheme, token)) = trimmed.split_at_checked(7)
        && scheme.eq_ignore_ascii_case(b"bearer ")
    {
        output.extend_from_slice(token.trim_ascii());
        return Effect::Changed;
    }
    match trimmed.split_at_checked(6) {
        Some((scheme, encoded)) if scheme.eq_ignore_ascii_case(b"basic ") => {
            base64_decode(encoded.trim_ascii(), output, stride)
        }
        _ => Effect::Kept,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Deadline;

    #[test]
    fn only_basic_credentials_are_decoded() {
        for (text, expected) in [
            (&b"Basic dXNlcjpwYXNz"[..], Some(&b"user:pass"[..])),
            (b"basic  dTpw", Some(b"u:p")),
            (b"Bearer dXNlcjpwYXNz", Some(b"dXNlcjpwYXNz")),
            (b"Digest dXNlcjpwYXNz", None),
            (b"Basic", None),
            (b"Basic ~~~", None),
            (b"", None),
        ] {
            let mut output = vec![];
            let effect = credentials_decode(text, &mut output, &mut Stride::new(&mut Deadline::unlimited(), 1));
            assert_eq!((effect == Effect::Changed).then_some(&output[..]), expected, "{}", text.escape_ascii());
        }
    }
}
