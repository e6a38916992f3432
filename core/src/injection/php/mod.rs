//! Whether a value would run as PHP: a call of one of its functions, and nothing that makes it a sentence.
//!
//! Texts about PHP name its functions with brackets, `array_map()`. So the call must be the value: at most a break-out comes
//! before it, and behind its last bracket nothing but the end of a statement. Names that are words of other languages and
//! of formulas as well (`date`, `max`) need an argument that only PHP has, or the end of a statement.

use crate::injection::table::Table;
use crate::support::{Deadline, Stride};

/// The longest value that is judged, in bytes.
const LONGEST: usize = 400;

/// How much may come before the call, in bytes.
const BREAK_OUT: usize = 16;

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 512;

/// The functions of PHP as text, `NAME<tab>class`, sorted: `w` where the name is a word elsewhere, `f` otherwise.
static FUNCTIONS: Table<1245, 2049> = Table::new(include_bytes!("functions.tsv"));

/// Whether a value is a call of a function of PHP.
pub fn calls_php(text: &[u8], deadline: &mut Deadline) -> bool {
    let text = text.trim_ascii();
    if text.len() > LONGEST || Stride::new(deadline, UNITS).is_over(text.len()) || !ends_as_call(text) {
        return false;
    }
    let mut at = 0;
    while at < text.len() {
        if !is_name(text[at]) {
            at += 1;
            continue;
        }
        let length = text[at..].iter().position(|&byte| !is_name(byte)).unwrap_or(text.len() - at);
        let name = &text[at..at + length];
        let skipped = blanks_and_comments(&text[at + length..]);
        if at <= BREAK_OUT && is_break_out(&text[..at]) && text.get(at + length + skipped) == Some(&b'(') {
            let arguments = &text[at + length + skipped + 1..];
            match FUNCTIONS.get(name) {
                Some((_, b'f')) => return is_argument(arguments),
                Some(_) => return text.ends_with(b";") && is_argument(arguments) || is_literal_of_php(arguments),
                None => {}
            }
        }
        at += length;
    }
    false
}

fn is_name(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

/// A break-out has no words but those that output or assign: `';print(md5(1)` and `$x=system(...)`.
fn is_break_out(before: &[u8]) -> bool {
    let words = before.split(|&byte| !is_name(byte)).filter(|word| !word.is_empty());
    let variable = before.contains(&b'$') || before.contains(&b'=') || before.contains(&b'(') || before.contains(&b';');
    words.count() <= usize::from(variable) && !matches!(before.last(), Some(b'.' | b'-' | b'/' | b':' | b'#' | b'<'))
}

/// Whether a value ends as a statement: with a bracket, and signs of the end of one.
fn ends_as_call(text: &[u8]) -> bool {
    let end =
        text.iter().rposition(|byte| !matches!(byte, b';' | b' ' | b'?' | b'>' | b'/' | b'#' | b'\'' | b'"' | b'*'));
    end.is_some_and(|end| text[end] == b')' || text[end..].starts_with(b"}"))
}

/// No signature of a documentation: `strpos(string $haystack, ...)`.
fn is_argument(arguments: &[u8]) -> bool {
    let word = arguments.iter().position(|&byte| !is_name(byte)).unwrap_or(arguments.len());
    word == 0 || !arguments[word..].starts_with(b" ")
}

/// A string, a variable or a call.
fn is_literal_of_php(arguments: &[u8]) -> bool {
    let arguments = arguments.trim_ascii_start();
    let name = arguments.iter().position(|&byte| !is_name(byte)).unwrap_or(arguments.len());
    match arguments.first() {
        Some(b'$') => true,
        Some(_) if name > 0 && arguments.get(name) == Some(&b'(') => {
            matches!(FUNCTIONS.get(&arguments[..name]), Some((_, b'f')))
        }
        _ => false,
    }
}

/// The length of the blanks and comments at the start of a text.
fn blanks_and_comments(text: &[u8]) -> usize {
    let mut at = 0;
    loop {
        at += text[at..].iter().take_while(|byte| byte.is_ascii_whitespace()).count();
        let rest = &text[at..];
        let comment = match rest {
            [b'/', b'*', inner @ ..] => memchr::memmem::find(inner, b"*/").map(|end| end + 4),
            [b'/', b'/', ..] | [b'#', ..] => memchr::memchr(b'\n', rest).map(|end| end + 1),
            _ => None,
        };
        match comment {
            Some(length) => at += length,
            None => return at,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn calls(text: &str) -> bool {
        calls_php(text.as_bytes(), &mut Deadline::unlimited())
    }

    #[test]
    fn finds_calls() {
        for text in [
            "unpack($x)",
            "base64_decode()",
            "array_diff_ukey /* x */ ($a, $b, 'system')",
            "';print_r(get_defined_vars());//",
            "$x=shell_exec('id');",
            "@file_get_contents('/etc/passwd')",
            "max(system('id'))",
            "date($_GET[1])",
            "@$a=array_filter([1]);",
            "str_rot13 #\n('x')",
        ] {
            assert!(calls(text), "{text}");
        }
    }

    #[test]
    fn leaves_texts_and_formulas() {
        for text in [
            "the file_exists() function",
            "array_map() vs foreach",
            "strpos(string $haystack, string $needle)",
            "max(a, b)",
            "=SUM(A1:B2)",
            "date(2024)",
            "count(*)",
            "rgb(1, 2, 3)",
            "see docs.array_map()",
            "POINT(1 2)",
            "translate(10px, 20px)",
        ] {
            assert!(!calls(text), "{text}");
        }
    }
}
