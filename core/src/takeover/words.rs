//! Words that stand for one of a few values in documents and arguments, and what is said about any other word.

/// The message about a word that is none of `known`.
pub fn unknown<'a>(what: &str, word: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    format!("unknown {what} '{word}', expected {}", alternatives(known))
}

/// Lists words as alternatives: `'a', 'b' or 'c'`.
pub fn alternatives<'a>(words: impl IntoIterator<Item = &'a str>) -> String {
    let mut words: Vec<String> = words.into_iter().map(|word| format!("'{word}'")).collect();
    match (words.pop(), words.is_empty()) {
        (Some(last), false) => format!("{} or {last}", words.join(", ")),
        (last, _) => last.unwrap_or_default(),
    }
}

/// Returns the value of a word, or the message about an unknown one.
pub fn chosen<T: Clone>(what: &str, word: &str, values: &[(&str, T)]) -> Result<T, String> {
    let found = values.iter().find(|(known, _)| *known == word);
    found.map(|(_, value)| value.clone()).ok_or_else(|| unknown(what, word, values.iter().map(|(known, _)| *known)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_unknown_word_is_told_with_the_known_ones() {
        let values = [("monitor", 1), ("block", 2)];
        assert_eq!(chosen("mode", "block", &values), Ok(2));
        let said = "unknown mode 'blok', expected 'monitor' or 'block'";
        assert_eq!(chosen("mode", "blok", &values), Err(said.to_owned()));
        assert_eq!(unknown("x", "y", ["a", "b", "c"]), "unknown x 'y', expected 'a', 'b' or 'c'");
        assert_eq!(unknown("x", "y", ["a"]), "unknown x 'y', expected 'a'");
    }
}
