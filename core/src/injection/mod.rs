//! Detection of SQL injection and XSS in a single string.
//!
//! Unlike the detectors of [`exploit`](crate::exploit), which see a dangerous call and the parameters of a request,
//! these two see one string alone: does it read like a fragment of SQL written to continue somebody else's statement,
//! or like markup that runs script? Both are tokenizers with a verdict, and run on every string of every request. So
//! both settle the common case with a quick scan, work on slices of the input, never allocate, and read the input a
//! bounded number of times.
//!
//! Five more are ours. [`continues_statement`], [`runs_command`], [`adds_markup`], [`evaluates_template`] and [`calls_php`] ask whether a
//! value would *work* where it lands, rather than what it looks like: they read it as SQL behind the usual break-outs, and
//! as a shell, a browser, a template engine or PHP would.
//!
//! The verdicts of `is_sqli` and `is_xss` are those of the reference (libddwaf 2.1.0), whose embedded libinjection is a fork that matches no
//! published version. The word and fingerprint data come from libinjection (see `LICENSE-3rdparty`); the code does not.

mod table;

mod command;
mod html;
mod markup;
mod php;
mod sql;
mod statement;
mod template;

pub use command::{is_command_line, runs_command};
pub use html::is_xss;
pub use markup::{Elements, adds_markup};
pub use php::calls_php;
pub use sql::{Fingerprint, is_sqli};
pub use statement::continues_statement;
pub use template::evaluates_template;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Deadline;

    /// Texts that keep the analyses busy to their end.
    #[test]
    fn work_on_long_texts_ends_with_the_deadline() {
        let long = |head: &str, piece: &str| format!("{head}{}", piece.repeat(100_000 / piece.len())).into_bytes();
        let pieces = ["1+", "a, ", "(", " ", "a", "1", "@a+", "x'0'+", "\\'", "''", "/**/", "-- \n"];
        for (head, piece) in pieces.map(|piece| ("", piece)).into_iter().chain([("b'", "\0"), ("0x", "1"), ("$", "1")])
        {
            let mut deadline = Deadline::after(5_000);
            assert_eq!(is_sqli(&long(head, piece), &mut deadline), None);
            assert!(deadline.was_expired(), "{head}{piece}");
        }
        for piece in ["<a b=c ", "<a>", "<", "a=b ", "<a \0", "<!--->", "<!---\0", "<a style='/**/", "<a href=\"\x01"] {
            let mut deadline = Deadline::after(5_000);
            assert!(!is_xss(&long("=", piece), &mut deadline));
            assert!(deadline.was_expired(), "{piece}");
        }
        for (head, piece) in [
            ("1", "+1"),
            ("1", " or x"),
            ("1", " "),
            ("1 or ", "1"),
            ("1 or ", "a"),
            ("1 or ", "@a."),
            ("1 or 'a", "''"),
            ("1 or 'a", "\\'"),
            ("1 ", "--\n"),
            ("1 ", "/**/"),
            ("'", "||1"),
        ] {
            let mut deadline = Deadline::after(2_000);
            assert_eq!(continues_statement(&long(head, piece), &mut deadline), None);
            assert!(deadline.was_expired(), "{head}{piece}");
        }
        for (head, piece) in [("", "|a"), ("", "&"), ("", ";id, "), ("", "a"), (";", " "), ("a b;curl", " ` a` ")] {
            let mut deadline = Deadline::after(2_000);
            assert_eq!(runs_command(&long(head, piece), &mut deadline), None);
            assert!(deadline.was_expired(), "{head}{piece}");
        }
    }
}
