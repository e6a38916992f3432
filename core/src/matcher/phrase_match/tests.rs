use super::*;
use crate::support::test_random::Random;

fn search<'t>(matcher: &PhraseMatcher, text: &'t [u8]) -> Option<&'t [u8]> {
    matcher.find(text, &mut Deadline::unlimited())
}

fn find<'t>(phrases: &[&str], whole_words: bool, text: &'t str) -> Option<&'t str> {
    let found = search(&PhraseMatcher::new(phrases, whole_words).expect("phrases"), text.as_bytes());
    found.map(|found| str::from_utf8(found).expect("a phrase"))
}

#[test]
fn the_first_phrase_noticed_is_found() {
    for (phrases, text, expected) in [
        (&["abcd", "bc"][..], "abc", None),
        (&["abcd", "bc"], "abcx", Some("bc")),
        (&["abcd", "bc"], "abcd", Some("abcd")),
        (&["she", "he", "hers"], "ushers", Some("she")),
        (&["she", "he", "hers"], "hers", Some("he")),
        (&["a"], "a", Some("a")),
        (&["a"], "bbba", Some("a")),
        (&["a"], "ab", Some("a")),
        (&["ab"], "a", None),
        (&["ab"], "aab", Some("ab")),
        (&["ab", "ab"], "xab", Some("ab")),
        (&["aab"], "aaaaab", Some("aab")),
        (&["Ab"], "ab", None),
        (&["é"], "caf\u{E9}", Some("é")),
        (&[], "a", None),
        (&["a"], "", None),
    ] {
        assert_eq!(find(phrases, false, text), expected, "{phrases:?} {text}");
    }
}

#[test]
fn the_longest_phrase_must_be_a_word() {
    for (phrases, text, expected) in [
        (&["ab", "abc", "def"][..], "ab def", Some("def")),
        (&["ab", "abc", "def"], "ab abc", Some("abc")),
        (&["ab", "abc", "def"], "abc ab", Some("abc")),
        (&["ab", "abc", "def"], "xabc ab", None),
        (&["ab", "abc", "def"], "xab ab", None),
        (&["ab"], "ab_", None),
        (&["ab"], "ab1", None),
        (&["ab"], "éabé", Some("ab")),
        (&["-ab-"], "x-ab-y", Some("-ab-")),
        (&["ab"], "ab", Some("ab")),
        (&["select", "union select", "drop table"], "union select x; drop table t", Some("union select")),
    ] {
        assert_eq!(find(phrases, true, text), expected, "{phrases:?} {text}");
    }
}

#[test]
fn lists_that_are_refused() {
    assert_eq!(PhraseMatcher::new(&["a", ""], false).err(), Some(PhraseError::Empty));
    assert_eq!(PhraseMatcher::new(&["a"; 65_535], false).err(), Some(PhraseError::TooMany));
    assert!(PhraseMatcher::new(&["a"; 65_534], false).is_ok());
}

#[test]
fn every_first_byte_and_long_phrases_work() {
    let all: Vec<[u8; 2]> = (0..=255).map(|byte| [byte, byte]).collect();
    let matcher = PhraseMatcher::new(&all, false).expect("phrases");
    for phrase in &all {
        assert_eq!(search(&matcher, phrase), Some(&phrase[..]));
    }
    let long = [vec![b'a'; 100_000], b"b".to_vec()].concat();
    let matcher = PhraseMatcher::new(&[&long], true).expect("phrases");
    let text = [vec![b'a'; 300_000], b"b".to_vec()].concat();
    assert_eq!(search(&matcher, &[b" ".as_slice(), &long].concat()), Some(&long[..]));
    // One byte too many in front: no word, and found in linear time.
    assert_eq!(search(&matcher, &text), None);
}

/// The procedure as it is defined, a prefix being the state.
fn defined(phrases: &[&[u8]], text: &[u8], whole_words: bool) -> Option<Vec<u8>> {
    let is_prefix = |prefix: &[u8]| phrases.iter().any(|phrase| phrase.starts_with(prefix));
    let (mut state, mut at) = (Vec::new(), 0);
    let mut found: Option<(usize, usize)> = None;
    while at < text.len() {
        let longer = [&state[..], &text[at..=at]].concat();
        if is_prefix(&longer) {
            state = longer;
            at += 1;
        } else if state.is_empty() {
            at += 1;
        } else {
            state = (1..=state.len())
                .map(|skip| state[skip..].to_vec())
                .find(|suffix| is_prefix(suffix))
                .unwrap_or_default();
        }
        if !state.is_empty()
            && phrases.contains(&&state[..])
            && found.is_none_or(|(_, length)| whole_words && length < state.len())
        {
            found = Some((at - state.len(), state.len()));
        }
    }
    let (start, length) = found?;
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    let divided =
        |position: usize| position == 0 || position == text.len() || !word(text[position - 1]) || !word(text[position]);
    (!whole_words || (divided(start) && divided(start + length))).then(|| text[start..start + length].to_vec())
}

#[test]
fn random_phrases_follow_the_definition() {
    let mut random = Random(99);
    let mut random = |bound: usize| random.below(bound);
    for _ in 0..20_000 {
        let mut word = |least: usize, most: usize| -> Vec<u8> {
            let length = least + random(most - least + 1);
            (0..length).map(|_| b"aab -"[random(5)]).collect()
        };
        let phrases: Vec<_> = (0..word(0, 6).len()).map(|_| word(1, 5)).collect();
        let phrases: Vec<_> = phrases.iter().map(Vec::as_slice).collect();
        let text = word(0, 16);
        for whole_words in [false, true] {
            let matcher = PhraseMatcher::new(&phrases, whole_words).expect("phrases");
            let found = search(&matcher, &text).map(<[u8]>::to_vec);
            assert_eq!(found, defined(&phrases, &text, whole_words), "{phrases:?} {text:?} {whole_words}");
        }
    }
}
