//! Detects SQL injection in a single string.
//!
//! The string is tokenized as if it were in the middle of a statement, the tokens are [folded](fold) to at most five,
//! and the kinds of those five, a [`Fingerprint`], are looked up among 8,230 that attacks produce. As the context of
//! the string is unknown, it is tried as what follows a number and, if it contains a quote, as what continues a string
//! in that quote.
//!
//! Some of these fingerprints also occur in text (`1 and 2`), so a few final rules examine the content of the tokens.

mod class;
mod fingerprint;
mod fold;
mod lexer;
mod look;
mod token;
mod words;

pub use fingerprint::Fingerprint;

use crate::support::Deadline;
use fold::Window;
use lexer::{Dialect, Lexer};
use memchr::{memchr, memchr2, memchr3, memmem};
use token::{Token, TokenType};

/// The fingerprint of `input` if it looks like SQL that was written to be injected.
///
/// Takes time linear in the length of the input and allocates nothing. Also `None` once the deadline is over.
pub fn is_sqli(input: &[u8], deadline: &mut Deadline) -> Option<Fingerprint> {
    if look::is_harmless(input) {
        return None;
    }
    let mut either = |inside| match judge(input, inside, Dialect::Ansi, deadline) {
        (None, true) => judge(input, inside, Dialect::MySql, deadline).0,
        (verdict, _) => verdict,
    };
    let verdict = either(None);
    let Some(first) = memchr3(b'\'', b'"', b'`', input).filter(|_| verdict.is_none()) else { return verdict };
    let quoted = &input[first..];
    let single = memchr(b'\'', quoted).and_then(|_| either(Some(b'\'')));
    single.or_else(|| {
        // One search for both, as a long text usually contains neither.
        let quoted = &quoted[memchr2(b'"', b'`', quoted)?..];
        let mut within =
            |quote| memchr(quote, quoted).and_then(|_| judge(input, Some(quote), Dialect::MySql, deadline).0);
        within(b'"').or_else(|| within(b'`'))
    })
}

/// The verdict in one context, and whether the input has comments that the dialects read differently.
fn judge(input: &[u8], inside: Option<u8>, dialect: Dialect, deadline: &mut Deadline) -> (Option<Fingerprint>, bool) {
    let mut lexer = Lexer::new(input, inside, dialect, deadline);
    let mut window = Window::new();
    let tokens = window.fold(&mut lexer);
    let fingerprint = fingerprint(tokens);
    let found = fingerprint.is_known() && is_meant(&fingerprint, tokens, input, lexer.count);
    let saw_mysql = lexer.saw_mysql;
    if deadline.was_expired() {
        return (None, false);
    }
    (found.then_some(fingerprint), saw_mysql)
}

fn fingerprint(tokens: &[Token<'_>]) -> Fingerprint {
    if tokens.iter().any(|token| token.kind == TokenType::Evil) {
        return Fingerprint::new(std::iter::once(TokenType::Evil.letter()));
    }
    Fingerprint::new(tokens.iter().map(|token| token.kind.letter()))
}

/// Distinguishes attacks from text with the same fingerprint. `count` is the number of tokens before folding.
fn is_meant(fingerprint: &Fingerprint, tokens: &[Token<'_>], input: &[u8], count: usize) -> bool {
    let letters = fingerprint.as_bytes();
    // A comment with this word hides a statement from the audit log of SQL Server.
    if let [_, .., b'c'] = letters
        && memmem::find(input, b"sp_password").is_some()
    {
        return true;
    }
    match (letters, tokens) {
        (&[_, _], [_, second]) => match second.kind {
            TokenType::Union => count != 2,
            _ => !matches!(second.text, [b'#', ..] | [b'-', _, _, ..]),
        },
        (b"s&s", [first, _, last]) => first.open == 0 && last.close == 0 && first.close == last.open,
        (b"1&1" | b"1&v" | b"1&s", _) => count != 3,
        (&[_, b'k', _], [_, second, _]) => second.text.len() >= 5 && second.starts_with(b"INTO"),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(input: &[u8]) -> Option<String> {
        is_sqli(input, &mut Deadline::unlimited()).map(|fingerprint| fingerprint.to_string())
    }

    #[test]
    fn the_contexts() {
        let cases: &[(&[u8], Option<&str>)] = &[
            (b"1 OR 1=1", Some("1&1")),
            (b"1 or 1", None),
            (b"' OR 1=1/*", Some("s&1c")),
            (b"' or 'a'='a", Some("s&sos")),
            (b"\" or 1=1#", Some("s&1c")),
            (b"` or 1=1 -- ", Some("s&1c")),
        ];
        for (input, expected) in cases {
            assert_eq!(verdict(input).as_deref(), *expected, "{}", input.escape_ascii());
        }
    }

    #[test]
    fn the_word_boundary_rule() {
        assert_eq!(verdict(b"1+a or 1=1"), None);
        assert_eq!(verdict(b"1 + a or 1=1").as_deref(), Some("1&1"));
        assert_eq!(verdict(b"1fUNION select 2"), None);
    }

    #[test]
    fn any_bytes_at_all() {
        let deadline = &mut Deadline::unlimited();
        assert_eq!(is_sqli(b"", deadline), None);
        for a in 0..=255u8 {
            for b in 0..=255u8 {
                is_sqli(&[a, b], deadline);
                is_sqli(&[a, b'\'', b, a], deadline);
                is_sqli(&[b'$', a, b'$', b, b'$'], deadline);
            }
        }
    }
}
