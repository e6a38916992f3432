//! The programs that attackers call, by how much their name alone says.

use crate::injection::table::Table;
use crate::support::bits_of;

/// What the name of a program says.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Debug)]
pub(super) enum Program {
    /// Looks around, usually without arguments, and is no word of a text: `whoami`.
    Scout,
    /// Does something with its arguments, and is no word of a text: `wget`.
    Tool,
    /// The same, and with such a name that any argument will do: `kubectl`.
    Rare,
    /// Does something with its arguments, and is a word of texts as well: `cat`, `time`.
    Word,
}

impl Program {
    fn of(class: u8) -> Self {
        match class {
            b's' => Self::Scout,
            b't' => Self::Tool,
            b'r' => Self::Rare,
            _ => Self::Word,
        }
    }
}

/// The programs as text, `NAME<tab>class`, sorted: `s` a scout, `t` a tool, `r` rare, `w` a word.
const TEXT: &[u8] = include_bytes!("programs.tsv");

static PROGRAMS: Table<735, 1025> = Table::new(TEXT);

/// What a name in lower case, without its path and the ending `.exe`, says.
pub(super) fn program(name: &[u8]) -> Option<Program> {
    PROGRAMS.get(name).map(|(_, class)| Program::of(class))
}

/// What a name with the wildcards `?` and `*`, of which at least two bytes are given, may say.
///
/// The first program in the order of their classes decides: what a scout may be is one.
pub(super) fn program_like(pattern: &[u8]) -> Option<Program> {
    if pattern.iter().filter(|byte| byte.is_ascii_alphanumeric()).count() < 2 || pattern.len() > 16 {
        return None;
    }
    let letters = pattern.iter().filter(|byte| !matches!(byte, b'?' | b'*'));
    let holders =
        letters.map(|letter| HOLDERS.get(usize::from(letter.to_ascii_uppercase())).copied().unwrap_or_default());
    let candidates = holders.reduce(|a, b| std::array::from_fn(|i| a[i] & b[i]))?;
    let names = candidates.into_iter().enumerate().flat_map(|(i, bits)| bits_of(bits).map(move |bit| 64 * i + bit));
    let fitting = names.map(|place| PROGRAMS.at(place)).filter(|(name, _)| matches(pattern, name));
    fitting.map(|(_, class)| Program::of(class)).min()
}

/// For each letter, the programs whose names have it, as a set of their places in the table.
///
/// A pattern is compared with the few names that have all of its letters: comparing all names for each of many patterns
/// in a text would cost microseconds each.
static HOLDERS: [[u64; PROGRAMS.len().div_ceil(64)]; 128] = {
    let mut holders = [[0; PROGRAMS.len().div_ceil(64)]; 128];
    let mut place = 0;
    while place < PROGRAMS.len() {
        let (name, mut i) = (PROGRAMS.at(place).0, 0);
        while i < name.len() {
            holders[name[i] as usize][place / 64] |= 1 << (place % 64);
            i += 1;
        }
        place += 1;
    }
    holders
};

/// Whether a name fits a pattern.
///
/// Only the last `*` is ever given more to skip: what fits behind it does not depend on what earlier ones skipped. So a
/// name takes at most the product of both lengths, which are short.
fn matches(pattern: &[u8], name: &[u8]) -> bool {
    let (mut at, mut read, mut star) = (0, 0, None);
    while read < name.len() {
        match pattern.get(at) {
            Some(b'*') => {
                at += 1;
                star = Some((at, read));
            }
            Some(&byte) if byte == b'?' || byte.eq_ignore_ascii_case(&name[read]) => {
                at += 1;
                read += 1;
            }
            _ => {
                let Some((behind, skipped)) = star else { return false };
                star = Some((behind, skipped + 1));
                (at, read) = (behind, skipped + 1);
            }
        }
    }
    pattern[at..].iter().all(|&byte| byte == b'*')
}

/// Words of shells that come before a command.
pub(super) fn is_keyword(word: &[u8]) -> bool {
    matches!(
        word,
        b"if"
            | b"then"
            | b"else"
            | b"elif"
            | b"while"
            | b"until"
            | b"do"
            | b"!"
            | b"time"
            | b"exec"
            | b"command"
            | b"builtin"
            | b"nohup"
            | b"sudo"
            | b"trap"
            | b"eval"
            | b"env"
            | b"{"
            | b"coproc"
            | b"nice"
            | b"setsid"
            | b"start"
            | b"call"
            | b"xargs"
    )
}
