//! Splitting texts into words, so that versions of a page can be compared.

/// The mark for the login in a text: a private-use character, which no page needs.
pub(super) const ECHO: char = '\u{e000}';
/// The mark for whatever differs between versions of a text.
pub(super) const GAP: char = '\u{e001}';

#[derive(Clone, Copy, PartialEq, Eq)]
enum Class {
    Word,
    Space,
    /// Punctuation and marks, one by one.
    Single,
}

/// Runs of letters and digits, runs of blanks, and everything else character by character. Hyphens belong to a word
/// only within it: at its ends they may belong to a comment.
pub(super) fn words(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let first = rest.chars().next()?;
        let end = match class(first) {
            Class::Single => first.len_utf8(),
            _ if first == '-' => 1,
            run => {
                let end = rest.find(|character| class(character) != run).unwrap_or(rest.len());
                rest[..end].trim_end_matches('-').len()
            }
        };
        let (word, tail) = rest.split_at(end);
        rest = tail;
        Some(word)
    })
}

/// Whether a character is part of words.
pub(super) fn is_word_character(character: char) -> bool {
    class(character) == Class::Word
}

fn class(character: char) -> Class {
    match character {
        '-' | '_' => Class::Word,
        ECHO | GAP => Class::Single,
        _ if character.is_alphanumeric() => Class::Word,
        _ if character.is_whitespace() => Class::Space,
        _ => Class::Single,
    }
}

#[cfg(test)]
mod tests {
    use super::words;

    #[test]
    fn the_words_of_a_text_add_up_to_it() {
        for text in ["", "a", " ", "a b-c_d<é>1", "\u{e000}x\u{e001}\u{e001}", "\u{2028}ß\u{301}"] {
            assert_eq!(words(text).collect::<String>(), text);
        }
        let cut: Vec<_> = words("<p>Zoë Müller: ab-12</p>").collect();
        assert_eq!(cut, ["<", "p", ">", "Zoë", " ", "Müller", ":", " ", "ab-12", "<", "/", "p", ">"]);
        assert_eq!(words("<!--a--b-->").collect::<Vec<_>>(), ["<", "!", "-", "-", "a--b", "-", "-", ">"]);
    }
}
