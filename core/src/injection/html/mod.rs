//! Detects markup that runs script, in a single string.
//!
//! The string is tokenized as HTML, once for each context of a page in which it may appear: between tags, inside a tag,
//! and inside a value in each of the three quotes. It is an injection if any of these passes finds a tag, an attribute
//! with a value, or a comment that makes some browser run or load something.

mod lexer;
mod names;
mod value;

use crate::support::Deadline;
use lexer::{Lexer, Start, Token};
use memchr::{memchr, memchr2};
use names::{Class, Tag};

/// Whether `input` looks like markup written to run script in somebody else's page.
///
/// Takes time linear in the length of the input and allocates nothing. Also false once the deadline is over.
pub fn is_xss(input: &[u8], deadline: &mut Deadline) -> bool {
    // Everything dangerous starts with `<` or is a value, which `=` introduces.
    if memchr2(b'<', b'=', input).is_none() {
        return false;
    }
    let holds = |byte| memchr(byte, input).is_some();
    let mut runs_script = |start| runs_script(input, start, deadline);
    (holds(b'<') && runs_script(Start::Data))
        || runs_script(Start::Tag)
        || [b'\'', b'"', b'`'].into_iter().any(|quote| holds(quote) && runs_script(Start::Value(quote)))
}

fn runs_script(input: &[u8], start: Start, deadline: &mut Deadline) -> bool {
    let mut lexer = Lexer::new(input, start, deadline);
    let mut runs = false;
    while !runs && let Some(token) = lexer.next() {
        let stride = &mut lexer.stride.anew();
        runs = match token {
            Token::Doctype => true,
            Token::Tag { name, tail } => match names::tag(name, stride) {
                Some(Tag::Black) => true,
                Some(Tag::Iframe) => !value::is_exempt_iframe(tail, stride),
                None => false,
            },
            Token::Attribute { name, value } => match names::attribute(name, stride) {
                Some(Class::Black) => true,
                Some(Class::Url) => value::is_bad_url(value, stride),
                Some(Class::Style) => value::is_bad_style(value, stride),
                Some(Class::Indirect) => names::attribute(value, stride).is_some(),
                None => false,
            },
            Token::Comment(text) => is_bad_comment(text),
        };
    }
    runs && !deadline.was_expired()
}

/// Conditional comments of old browsers and declarations that load something.
fn is_bad_comment(text: &[u8]) -> bool {
    let starts_with = |word: &[u8]| text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word));
    text.len() > 3 && (starts_with(b"[if") || starts_with(b"xml"))
        || text.len() > 5 && (starts_with(b"import") || starts_with(b"entity"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_runs_script() {
        let bad: &[&[u8]] = &[
            b"<script",
            b"</script >",
            b"<scr\0ipt>",
            b"onclick=x",
            b"\" onclick=x",
            b"<a/onclick=x>",
            b"<a href=java:1>",
            b"<a href=' \tdata:1'>",
            b"<a href='d\nata:1'>",
            b"<a href=&#x144;ATA:>",
            b"<p style=url(x)>",
            b"<p style='u/**/rl'>",
            b"<!doctype>",
            b"<!--[if x-->",
            b"<?import x>",
            b"<%import%>",
            b"<p attributename=href>",
            b"<x datasrc=1>",
            b"</><script>x",
        ];
        for input in bad {
            assert!(is_xss(input, &mut Deadline::unlimited()), "{}", input.escape_ascii());
        }
    }

    #[test]
    fn what_does_not() {
        let good: &[&[u8]] = &[
            b"",
            b"plain text",
            b"</script>",
            b"<a onclick>",
            b"<a onxyz=x>",
            b"<a href=d\tata:1>",
            b"<p style=URL(x)>",
            b"<p style=x>",
            b"<svg>",
            b"<xss>",
            b"<p xmlns=x>",
            b"<!--[if-->",
            b"\xFF onclick=1",
        ];
        for input in good {
            assert!(!is_xss(input, &mut Deadline::unlimited()), "{}", input.escape_ascii());
        }
    }

    #[test]
    fn any_bytes_at_all() {
        let deadline = &mut Deadline::unlimited();
        for a in 0..=255u8 {
            for b in 0..=255u8 {
                for input in [&[b'<', a, b][..], &[b'<', b'!', a, b], &[b'<', a, b'=', b], &[a, b'=', b, a]] {
                    is_xss(input, deadline);
                }
            }
        }
    }
}
