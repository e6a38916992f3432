//! The words of SQL and of its dialects, and the phrases made of them.

use super::token::{MAX_TEXT, TokenType};
use crate::injection::table::Table;

/// The table as text: `WORD<tab>kind`, sorted.
pub(super) const TEXT: &[u8] = include_bytes!("words.tsv");

static WORDS: Table<985, 2049> = Table::new(TEXT);

/// Functions that are also plain names, depending on whether a parenthesis follows.
pub(super) const NAMES_OF_FUNCTIONS: [&[u8]; 11] = [
    b"USER_ID",
    b"USER_NAME",
    b"DATABASE",
    b"PASSWORD",
    b"USER",
    b"CURRENT_USER",
    b"CURRENT_DATE",
    b"CURRENT_TIME",
    b"CURRENT_TIMESTAMP",
    b"LOCALTIME",
    b"LOCALTIMESTAMP",
];

/// For each first byte, in upper case, the lengths (as bits) of the text before a blank in some phrase of the table.
/// This alone rules out a phrase for nearly all pairs of adjacent words.
static PHRASE_HEADS: [u32; 256] = phrase_heads(TEXT);

/// The kind of a word in any case.
#[inline]
pub(super) fn kind(word: &[u8]) -> Option<TokenType> {
    WORDS.get(word).map(|(_, class)| TokenType::of_word(class))
}

/// The phrase made of two texts with a blank between them: the table's spelling and its kind.
#[inline]
pub(super) fn phrase(head: &[u8], tail: &[u8]) -> Option<(&'static [u8], TokenType)> {
    let lengths = PHRASE_HEADS[head.first()?.to_ascii_uppercase() as usize];
    let length = head.len() + 1 + tail.len();
    if length > MAX_TEXT || lengths >> head.len() & 1 == 0 {
        return None;
    }
    let mut joined = [b' '; MAX_TEXT];
    joined[..head.len()].copy_from_slice(head);
    joined[head.len() + 1..length].copy_from_slice(tail);
    WORDS.get(&joined[..length]).map(|(spelling, class)| (spelling, TokenType::of_word(class)))
}

const fn phrase_heads(text: &[u8]) -> [u32; 256] {
    let mut heads = [0; 256];
    let (mut line, mut at) = (0, 0);
    while at < text.len() {
        match text[at] {
            b' ' => heads[text[line] as usize] |= 1 << (at - line),
            b'\n' => line = at + 1,
            _ => {}
        }
        at += 1;
    }
    heads
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_entry_is_found() {
        for line in TEXT.split(|&b| b == b'\n').filter(|line| !line.is_empty()) {
            let (word, class) = (&line[..line.len() - 2], line[line.len() - 1]);
            assert_eq!(kind(&word.to_ascii_lowercase()), Some(TokenType::of_word(class)));
            for blank in (0..word.len()).filter(|&i| word[i] == b' ') {
                assert_eq!(phrase(&word[..blank], &word[blank + 1..]), Some((word, TokenType::of_word(class))));
            }
        }
    }

    #[test]
    fn unlisted_words_are_not_found() {
        for word in [&b""[..], b"SELEC", b"SELECTS", b"SE\0ECT", b"0S&1C", b"bartizan", b"\xFF"] {
            assert_eq!(kind(word), None);
        }
        assert_eq!(phrase(b"UNION", b"SOME"), None);
        assert_eq!(phrase(b"", b"ALL"), None);
        assert_eq!(phrase(&[b'U'; 31], &[b'A'; 31]), None);
    }
}
