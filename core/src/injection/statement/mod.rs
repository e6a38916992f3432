//! Whether a value goes on with somebody else's SQL statement.
//!
//! Text about SQL, and text with quotes and words such as *or*, is everywhere; an injection is text that *works*. So the
//! value is read as what follows each usual way of breaking out: a quote that closes the string it was put into, or
//! nothing, where it was put behind a number. From there on it must be SQL to its end: operators between operands,
//! brackets, clauses, and at the end a comment, or a string that the statement's own quote closes. `6' or 7' tall` fails
//! there, `6' or '7'='7` does not.
//!
//! Grammar alone says that a value *could* be part of a statement, as `5 - 3` could. Evidence says that it was written to
//! be: a condition that is joined and compares, a call of a function of the database, a further query or statement, a
//! comment that hides the rest. Where the value did not have to break out of a string, more of it is asked for.
//!
//! The reader is an automaton with two states, before and after an operand, and a depth: linear, and without recursion.

mod evidence;
mod lexer;
mod reader;
mod words;

use crate::support::{Deadline, Stride};
use evidence::Place;
use lexer::{Lexer, Token, is_word};
use reader::Reader;
use std::ops::Range;
use words::{Word, word};

/// How far the first quote is looked for, and how long a continuation is read: what comes later has been found before, or
/// waits behind more text than a statement is made of.
const LONGEST: usize = 1 << 18;

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 256;

/// The part of a value that goes on with a statement, from the break-out on.
///
/// Reads the text at most once for each kind of quote, and allocates nothing.
pub fn continues_statement(text: &[u8], deadline: &mut Deadline) -> Option<Range<usize>> {
    let text = &text[..text.len().min(LONGEST)];
    if is_formula(text) {
        return None;
    }
    let mut stride = Stride::new(deadline, UNITS);
    if let Some(found) = behind_number(text, &mut stride.anew()) {
        return Some(found);
    }
    [b'\'', b'"', b'`'].into_iter().find_map(|quote| {
        let first = memchr::memchr(quote, text)?;
        // A quote behind these opens a string: of JSON, say. The one that breaks out would close one.
        if text[..first].trim_ascii_end().last().is_some_and(|before| b"[{:,".contains(before)) {
            return None;
        }
        // A backslash may have escaped the quote, and a second quote may have; both readings are tried.
        let escaped = first > 0 && text[first - 1] == b'\\' || text.get(first + 1) == Some(&quote);
        let second = escaped.then(|| memchr::memchr(quote, &text[first + 1..]).map(|next| first + 1 + next)).flatten();
        [Some(first), second].into_iter().flatten().find_map(|at| {
            let place = Place { quote: Some(quote), bare: is_one_word(&text[..first]), short: text.len() <= 16 };
            Reader::new(Lexer::new(text, at + 1), place, &mut stride.anew()).read(true).then_some(at..text.len())
        })
    })
}

/// The same for a value that stands where no quotes are: it begins with an operand, or goes on at once.
fn behind_number(text: &[u8], stride: &mut Stride<'_>) -> Option<Range<usize>> {
    let blanks = stride.run(text, 0, |byte| byte.is_ascii_whitespace());
    let start = match text[blanks..] {
        // The last part of a path is the value.
        [b'/', ..] => {
            let length =
                stride.run(&text[blanks..], blanks, |byte| is_word(byte) || matches!(byte, b'/' | b'.' | b'-'));
            let path = &text[blanks..blanks + length];
            blanks + memchr::memrchr(b'/', path).map_or(0, |slash| slash + 1)
        }
        [b'-', ..] => blanks + 1,
        _ => blanks,
    };
    let mut lexer = Lexer::new(text, start);
    let (mut bare, mut after_operand) = (true, true);
    match lexer.peek(stride) {
        Token::Word(first) if word(first) == Word::Name && first.len() <= 40 => {
            let mut called = lexer;
            called.next(stride);
            bare = false;
            if called.peek(stride) == Token::Open {
                after_operand = false;
            } else {
                lexer = called;
            }
        }
        Token::Number | Token::Variable | Token::Quoted { open: false, .. } => {
            bare = lexer.next(stride) == Token::Number;
        }
        Token::Open => after_operand = false,
        _ => {}
    }
    let from = lexer.at();
    let place = Place { quote: None, bare, short: text.len() <= 16 };
    let mut reader = Reader::new(lexer, place, stride);
    reader.seen.began = bare && from > start;
    reader.read(after_operand).then_some(from..text.len())
}

/// A formula of a spreadsheet, which has conditions and functions too: `=IF(A1>0,"a","b")`.
fn is_formula(text: &[u8]) -> bool {
    let is_cell = |window: &[u8]| window[0].is_ascii_uppercase() && window[1].is_ascii_digit();
    match text {
        [b'=', first, second, rest @ ..] => {
            let name = rest.iter().position(|byte| !byte.is_ascii_uppercase()).unwrap_or(rest.len());
            let head = &rest[name..rest.len().min(name + 200)];
            first.is_ascii_uppercase()
                && second.is_ascii_uppercase()
                && head.first() == Some(&b'(')
                && text.ends_with(b")")
                && head.windows(2).any(is_cell)
        }
        _ => false,
    }
}

fn is_one_word(text: &[u8]) -> bool {
    text.len() <= 40
        && text.iter().all(|&byte| is_word(byte) || matches!(byte, b'.' | b'@' | b'-' | b'%' | b'\\' | b'/'))
}

#[cfg(test)]
mod tests;
