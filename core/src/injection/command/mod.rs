//! Whether a value, put into a command line, runs a command of its own.
//!
//! The value is split as a shell would: at `;`, `|`, `&`, line ends and substitutions. What follows must be a command: past
//! keywords and assignments, a word that, with quotes, backslashes and empty expansions removed, names a program.
//!
//! Many programs are words of any text (`cat in the hat; sort of`), and separators are punctuation of prose, tables and URLs
//! (`A&W`, `be|nl`). So a name is not enough. What else is asked for depends on the place: in a *tight* value, where at most
//! one word comes before the separator as with `127.0.0.1;id`, a program that only looks around needs no arguments, others
//! need arguments that are none of prose: options, paths, addresses, redirections. In a longer text the arguments must be
//! those of an attack, or the name must be disguised.
//!
//! Each separator starts a segment that ends at the next, so the text is read a bounded number of times.

mod arguments;
mod names;
mod whole;
mod word;

use crate::support::{Deadline, Stride};
use arguments::Arguments;
use names::{Program, is_keyword, program, program_like};
use std::ops::Range;
use whole::Whole;
use word::Word;

/// How much of a text is read: a command line that comes later waits behind more text than a program takes.
const LONGEST: usize = 1 << 18;

/// Longer texts are likely to hold punctuation and words of all kinds.
const SHORT: usize = 200;

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 256;

/// The command that a value would run, from its separator on.
pub fn runs_command(text: &[u8], deadline: &mut Deadline) -> Option<Range<usize>> {
    let text = &text[..text.len().min(LONGEST)];
    if is_disguised_command(text) {
        return Some(0..text.len());
    }
    let mut tight_start = None;
    let mut whole = Whole::new(text, Stride::new(deadline, UNITS));
    let address = [memchr::memmem::find(text, b"://"), memchr::memchr(b'=', text)].into_iter().flatten().min();
    let line = memchr::memchr(b'\n', text).unwrap_or(text.len());
    let mut at = 0;
    loop {
        at += whole.stride.run(&text[at..], at, |byte| !SEPARATORS[usize::from(byte)]);
        if at == text.len() || whole.stride.is_over(at) {
            return None;
        }
        let Some((kind, length)) = Separator::read(text, at) else {
            at += 1;
            continue;
        };
        let begins_tight = *tight_start.get_or_insert_with(|| is_tight(&text[..at]) || is_call(&text[..at]));
        // Behind the first line of a long text, nothing is tight.
        let tight = begins_tight && (text.len() <= SHORT || at <= line);
        // What else counts in a long text needs a sign of attacks, and the rest of the text only becomes shorter.
        if !tight && text.len() > SHORT && !whole.sign_follows(&text[at..]) {
            return None;
        }
        let in_address = address.is_some_and(|from| from < at);
        if is_command(&text[at + length..], kind, Place { tight, text, before: &text[..at], in_address }, &mut whole) {
            return Some(at..text.len());
        }
        at += length;
    }
}

/// A value that is a command itself is only one to somebody who expects it, unless it is disguised.
fn is_disguised_command(text: &[u8]) -> bool {
    let place = Place { tight: true, text, before: b"", in_address: false };
    text.len() <= SHORT && matches!(text.first(), Some(b'a'..=b'z' | b'/' | b'\\' | b'{' | b'$')) && {
        let (word, after) = Word::read(text);
        let name = braces(text).unwrap_or(word.name());
        let arguments = Arguments::read(after);
        let disguised = word.disguised || word.wild && word.has_path() || braces(text).is_some();
        disguised
            && !word.in_quotes
            && (program(name).is_some() || word.wild && program_like(name).is_some())
            && (arguments.none || arguments.strange || arguments.expanded)
            && !is_word_pair(place)
    }
}

/// Whether a value as a whole is a command line: a program that is no word of a text, or one with arguments of attacks.
///
/// For places where nobody writes commands; consoles and manifests do.
pub fn is_command_line(text: &[u8], deadline: &mut Deadline) -> bool {
    let text = text.trim_ascii();
    if text.len() > 300 || Stride::new(deadline, UNITS).is_over(text.len()) {
        return false;
    }
    // `cat /etc/fstab explained` asks about a command.
    let is_prose = |word: &[u8]| {
        let letters = word.len() > 2 && word.iter().all(u8::is_ascii_alphabetic);
        letters && program(word).is_none() && !is_keyword(word)
    };
    let words = text.split(u8::is_ascii_whitespace).filter(|word| is_prose(word)).count();
    let signs = text.iter().filter(|byte| matches!(byte, b'-' | b'/' | b'.' | b':' | b'\\' | b'%' | b'$')).count();
    if words > signs / 3 || signs == 0 {
        return false;
    }
    let mut rest = text;
    // `time`, `sudo` and the like come before a command's name.
    for _ in 0..3 {
        let (word, after) = Word::read(rest);
        let arguments = Arguments::read(after);
        let prefixed = rest.len() < text.len();
        match program(word.name()) {
            Some(Program::Scout | Program::Tool | Program::Rare)
                if arguments.separate && (arguments.strange || prefixed && arguments.none) =>
            {
                return true;
            }
            Some(Program::Word) if arguments.strange && after.trim_ascii().starts_with(b"/") => return true,
            _ => {}
        }
        if !is_keyword(word.text()) || word.in_quotes {
            return false;
        }
        rest = after.trim_ascii_start();
    }
    false
}

/// The bytes with which a [`Separator`] may begin. A table, as texts of signs would mislead the prediction of branches.
const SEPARATORS: [bool; 256] = {
    let bytes = b";|&\n\r$`<>";
    let (mut table, mut i) = ([false; 256], 0);
    while i < bytes.len() {
        table[bytes[i] as usize] = true;
        i += 1;
    }
    table
};

/// At most one word, apart from what breaks out of quotes.
fn is_tight(before: &[u8]) -> bool {
    let trimmed = before.trim_ascii();
    trimmed.len() <= 64 && !trimmed.iter().any(u8::is_ascii_whitespace)
}

/// Whether a text is itself a call of a program with arguments that are none of prose.
fn is_call(text: &[u8]) -> bool {
    if text.len() > 80 {
        return false;
    }
    let (word, after) = Word::read(text.trim_ascii_start());
    matches!(program(word.name()), Some(Program::Scout | Program::Tool | Program::Rare))
        && Arguments::read(after).strange
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Separator {
    /// `;`, `||`, `&&`: between commands, and rare elsewhere.
    Sure,
    Pipe,
    Ampersand,
    Line,
    /// `$(`, `<(`, a backtick.
    Substitution,
}

impl Separator {
    fn read(text: &[u8], at: usize) -> Option<(Self, usize)> {
        Some(match text[at..] {
            [b';', ..] => (Self::Sure, 1),
            [b'|', b'|', ..] | [b'&', b'&', ..] => (Self::Sure, 2),
            [b'|', b'&', ..] => (Self::Pipe, 2),
            [b'|', ..] => (Self::Pipe, 1),
            [b'&', ..] => (Self::Ampersand, 1),
            [b'\n' | b'\r', ..] => (Self::Line, 1),
            [b'$' | b'<' | b'>', b'(', ..] => (Self::Substitution, 2),
            [b'`', ..] => (Self::Substitution, 1),
            _ => return None,
        })
    }
}

#[derive(Clone, Copy)]
struct Place<'t> {
    tight: bool,
    text: &'t [u8],
    before: &'t [u8],
    /// Whether a URL or a query string began before.
    in_address: bool,
}

fn is_command(text: &[u8], kind: Separator, place: Place<'_>, whole: &mut Whole<'_, '_>) -> bool {
    let mut rest = text;
    // Keywords, brackets, assignments and expansions come before a command's name.
    for _ in 0..6 {
        // A line end would be the next separator: to skip line ends here is to read them again for each of them.
        let blanks = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | 0x0B | 0x0C)).count();
        let spaced = &rest[blanks..];
        let Some(&byte) = spaced.first().filter(|&&byte| may_begin_word(byte)) else { return false };
        let listed = braces(spaced);
        if matches!(byte, b'(' | b'{' | b'!') && listed.is_none() && kind != Separator::Ampersand {
            rest = &spaced[1..];
            continue;
        }
        let (word, after) = Word::read(spaced);
        let name = word.name();
        if word.text().is_empty() && !word.disguised || name.is_empty() {
            return false;
        }
        if let Some(sign) = memchr::memchr(b'=', word.text()) {
            // `X=1 id`, but not the next parameter of a query string.
            if sign == 0 || matches!(kind, Separator::Ampersand | Separator::Pipe) || after.first() != Some(&b' ') {
                return false;
            }
            rest = after;
            continue;
        }
        let found = match listed {
            None if name == b"net" && names_of_net(after) => Some(Program::Rare),
            Some(name) => program(name),
            None if word.wild && word.has_path() => program_like(name),
            None => program(name),
        };
        let Some(program) = found else {
            if is_keyword(word.text()) && !word.in_quotes {
                rest = after;
                continue;
            }
            return false;
        };
        let disguised =
            (word.disguised || listed.is_some() || word.has_path() && (word.wild || place.tight)) && !word.in_quotes;
        if judge((name, program), disguised, after, kind, place, whole) {
            return true;
        }
        if !is_keyword(word.text()) {
            return false;
        }
        rest = after;
    }
    false
}

/// Whether the words that matter may begin so: most separators in a text of signs are followed by something else.
const fn may_begin_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric()
        || matches!(byte, b'!'..=b'*' | b'.' | b'/' | b':' | b'?'..=b'@' | b'['..=b'\\' | b'^'..=b'`' | b'{' | b'~')
            && !matches!(byte, b'#' | b'&' | b')')
}

/// What `net` of Windows is asked to do.
fn names_of_net(after: &[u8]) -> bool {
    let object = after[..after.len().min(64)].trim_ascii().split(u8::is_ascii_whitespace).next().unwrap_or_default();
    [&b"user"[..], b"view", b"localgroup", b"group", b"share", b"use", b"accounts"].contains(&object)
}

/// The name in `{cat,/etc/passwd}`, which a shell expands to words.
fn braces(text: &[u8]) -> Option<&[u8]> {
    let inner = text.strip_prefix(b"{")?;
    let end = inner.iter().take(32).position(|byte| !byte.is_ascii_alphanumeric())?;
    (inner[end] == b',').then(|| &inner[..end])
}

fn judge(
    (name, program): (&[u8], Program),
    disguised: bool,
    after: &[u8],
    kind: Separator,
    place: Place<'_>,
    whole: &mut Whole<'_, '_>,
) -> bool {
    let arguments = Arguments::read(after);
    // A backtick in a text is Markdown; a line among many is a line of a text.
    let in_text = !place.tight
        || place.text.len() > SHORT
        || place.text.get(place.before.len()) == Some(&b'`') && place.before.ends_with(b" ");
    if in_text && kind == Separator::Substitution
        || place.text.len() > SHORT && matches!(kind, Separator::Line | Separator::Pipe)
    {
        return false;
    }
    let attack = |whole: &mut Whole<'_, '_>| arguments.separate && whole.sign_follows(after);
    if whole.is_code_span(place.before, after) {
        return attack(whole);
    }
    if kind == Separator::Ampersand && place.in_address && !attack(whole) {
        return false;
    }
    if disguised || arguments.expanded {
        return place.tight
            || place.text.len() <= SHORT && (kind == Separator::Sure || arguments.strange || arguments.none);
    }
    if !place.tight {
        return place.text.len() <= 1000 && attack(whole);
    }
    let closed = kind == Separator::Substitution
        && after.iter().take(100).any(|byte| matches!(byte, b')' | b'`'))
        && (program != Program::Word || !arguments.none);
    match program {
        Program::Scout => {
            let spaced = after.is_empty() || arguments.none;
            match kind {
                Separator::Ampersand | Separator::Pipe => {
                    arguments.strange || spaced && (name.len() > 4 && name != b"hostname" || !is_word_pair(place))
                }
                Separator::Line => arguments.strange || spaced,
                _ => arguments.strange || spaced || closed || arguments.few && place.text.len() <= 80,
            }
        }
        Program::Rare if !arguments.none && arguments.separate && kind != Separator::Pipe => true,
        Program::Rare | Program::Tool => {
            arguments.strange
                || closed
                || kind == Separator::Sure && arguments.none && place.before.len() <= 24 && !after.starts_with(b"=")
        }
        Program::Word => (arguments.strange && !matches!(kind, Separator::Line)) || closed || attack(whole),
    }
}

/// `XBOX&PS`, `be|ls`: two short words joined by a sign, in a text that has nothing else.
fn is_word_pair(place: Place<'_>) -> bool {
    !place.before.is_empty()
        && place.before.len() <= 24
        && place.text.len() <= 64
        && place.before.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'|' | b'&' | b'_'))
        && place.text.iter().all(|byte| byte.is_ascii_alphabetic() || matches!(byte, b'|' | b'&' | b'_'))
}

#[cfg(test)]
mod tests;
