//! A quick scan that clears most ordinary strings in one pass, without tokenizing.
//!
//! It relies on what no fingerprint contains. Call a word *telling* if the table lists it as anything but a bareword or
//! a value, or as the first word of a phrase, or as a name that a parenthesis turns into a function. A string without
//! telling words, without quotes, variables, dollars, braces, `&&`, `||` and `/*` has few kinds of tokens: barewords,
//! numbers, operators, comments, punctuation and parentheses. Folding only drops such tokens or turns one of these
//! kinds into another. No known fingerprint consists only of
//!
//! - barewords, numbers, operators, comments, `,` `:` and `;`, or of
//! - barewords, numbers, comments, parentheses, `:` and `;`,
//!
//! so if the string does not have both parentheses and operators (or commas), it is harmless. Also, a string of word
//! bytes and dots can contain only one word, at its start, because a later one would violate the word boundary rule;
//! what follows it are numbers, dots and barewords, and no fingerprint continues like that.
//!
//! Tests check the table against these statements.

use super::class;
use super::words;
use crate::injection::table::mix;

/// Longer inputs go to the full analysis, which usually ends early.
const LONGEST: usize = 256;

/// Part of a word.
const WORD: u8 = 1;
/// An operator or a comma.
const OPERATOR: u8 = 1 << 1;
const PAREN: u8 = 1 << 2;
/// Has another meaning before a certain byte.
const PAIRED: u8 = 1 << 3;
/// Needs the full analysis.
const SUSPECT: u8 = 1 << 4;

static MEANINGS: [u8; 256] = meanings();

/// A Bloom filter of the telling words: a word outside it is not telling.
static TELLING: [u64; 1 << (TELLING_BITS - 6)] = telling(words::TEXT);
const TELLING_BITS: u32 = 14;

/// Whether `input` is certainly not an injection in any context.
pub(super) fn is_harmless(input: &[u8]) -> bool {
    if input.len() > LONGEST {
        return false;
    }
    let (mut at, mut seen) = (0, 0);
    while let Some(&byte) = input.get(at) {
        let meaning = MEANINGS[byte as usize];
        if meaning == WORD {
            let rest = &input[at..];
            let length = rest.iter().position(|&byte| MEANINGS[byte as usize] != WORD).unwrap_or(rest.len());
            if may_tell(&rest[..length]) {
                return is_single_word(input);
            }
            at += length;
            continue;
        }
        seen |= meaning;
        at += 1;
        if meaning >= PAIRED {
            let next = input.get(at).copied();
            if meaning & SUSPECT != 0 || next == Some(if byte == b'/' { b'*' } else { byte }) {
                return false;
            }
        }
    }
    seen & (OPERATOR | PAREN) != OPERATOR | PAREN
}

/// Whether `input` consists of word bytes and dots.
fn is_single_word(input: &[u8]) -> bool {
    input.iter().all(|&byte| byte == b'.' || MEANINGS[byte as usize] == WORD)
}

/// False if `word` is certainly not telling. What starts with a digit is a number, to which no word can be attached.
fn may_tell(word: &[u8]) -> bool {
    word.len() > 1 && !word[0].is_ascii_digit() && {
        let bit = (mix(word) >> (64 - TELLING_BITS)) as usize;
        TELLING[bit / 64] >> (bit % 64) & 1 == 1
    }
}

const fn meanings() -> [u8; 256] {
    let mut table = [0; 256];
    let mut byte = 0;
    while byte < 256 {
        let value = byte as u8;
        table[byte] = match value {
            b'0'..=b'9' | b'a'..=b'z' | b'A'..=b'Z' | b'_' => WORD,
            b'(' | b')' => PAREN,
            b'&' | b'|' | b'/' => PAIRED | OPERATOR,
            b'#' | b'-' | b'%' | b'+' | b'^' | b'~' | b'!' | b'*' | b':' | b'<' | b'=' | b'>' | b',' => OPERATOR,
            b'.' | b';' | b'?' | b'[' | b']' | b'\\' => 0,
            b'\'' | b'"' | b'`' | b'@' | b'$' | b'{' | b'}' => SUSPECT,
            _ if class::is(value, class::WHITE) => 0,
            _ => WORD,
        };
        byte += 1;
    }
    table
}

const fn telling(text: &[u8]) -> [u64; 1 << (TELLING_BITS - 6)] {
    let mut bits = [0; 1 << (TELLING_BITS - 6)];
    let mut rest = text;
    while !rest.is_empty() {
        // The word, or the part of a phrase or of a dotted name that the quick scan sees.
        let mut length = 0;
        while !matches!(rest[length], b' ' | b'.' | b'\t') {
            length += 1;
        }
        let is_phrase = rest[length] == b' ';
        let word = rest.split_at(length).0;
        while rest[length] != b'\t' {
            length += 1;
        }
        if is_phrase || !matches!(rest[length + 1], b'n' | b'1') || may_be_function(word) {
            let bit = (mix(word) >> (64 - TELLING_BITS)) as usize;
            bits[bit / 64] |= 1 << (bit % 64);
        }
        rest = rest.split_at(length + 3).1;
    }
    bits
}

const fn may_be_function(word: &[u8]) -> bool {
    let mut i = 0;
    while i < words::NAMES_OF_FUNCTIONS.len() {
        if mix(word) == mix(words::NAMES_OF_FUNCTIONS[i]) {
            return true;
        }
        i += 1;
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::injection::sql::{Dialect, judge};
    use crate::support::Deadline;

    /// The enabled fingerprints, without the one that no string cleared here can produce.
    fn fingerprints() -> impl Iterator<Item = &'static str> {
        include_str!("fingerprints.txt").lines().filter(|line| !line.ends_with('~') && *line != "X")
    }

    #[test]
    fn no_fingerprint_is_made_of_harmless_kinds() {
        for letters in fingerprints() {
            assert!(letters.contains(|letter| !"1NOC,:;".contains(letter)), "{letters}");
            assert!(letters.contains(|letter| !"1NC():;".contains(letter)), "{letters}");
            assert!(letters[1..].contains(|letter| !"1N".contains(letter)), "{letters}");
        }
    }

    #[test]
    fn telling_words_are_seen() {
        for word in ["select", "UNION", "or", "is", "left", "current", "user", "utl_inaddr", "like", "in", "if"] {
            assert!(may_tell(word.as_bytes()), "{word}");
            assert!(!is_harmless(format!("1 {word} 2").as_bytes()), "{word}");
        }
        for line in include_str!("words.tsv").lines().filter(|line| !line.ends_with(['n', '1'])) {
            let word = &line.as_bytes()[..line.len() - 2];
            let visible = word.iter().position(|&byte| MEANINGS[byte as usize] != WORD).unwrap_or(word.len());
            assert!(visible == 0 || may_tell(&word[..visible]), "{line}");
        }
    }

    #[test]
    fn ordinary_strings_need_no_full_analysis() {
        for text in [
            "",
            "bartizan",
            "select",
            "10.0.0.1",
            "user.name",
            "2024-01-02T03:04:05",
            "accept-encoding",
            "a (b) c",
            "a/b?c=d&e",
        ] {
            assert!(is_harmless(text.as_bytes()), "{text}");
        }
        for text in ["f(1, 2)", "a'b", "a || b", "a/*b*/", "@a", "$1", "{a}", "1 or 1"] {
            assert!(!is_harmless(text.as_bytes()), "{text}");
        }
    }

    /// Tests every short text over an alphabet of one piece of each kind: the full analysis finds nothing in those
    /// cleared here.
    #[test]
    fn agrees_with_the_full_analysis() {
        let pieces = [
            "a ", "user", "1", "1e", "(", ")", ",", ";", "-", "=", ":", ".", "#", " ", "\\", "\\N", "[", "like ", "&",
            "\n",
        ];
        let deadline = &mut Deadline::unlimited();
        for length in 1..5u32 {
            for choice in 0..pieces.len().pow(length) {
                let text: String = (0..length).map(|i| pieces[choice / pieces.len().pow(i) % pieces.len()]).collect();
                if is_harmless(text.as_bytes()) {
                    assert_eq!(judge(text.as_bytes(), None, Dialect::Ansi, deadline).0, None, "{text}");
                    assert_eq!(judge(text.as_bytes(), None, Dialect::MySql, deadline).0, None, "{text}");
                }
            }
        }
    }
}
