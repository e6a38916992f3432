//! All forms of the automaton compared with the regex crate.

use super::active::Room;
use super::states::States;
use super::{Automaton, Watch, looks_at_bytes};
use crate::pattern::groups::Groups;
use crate::pattern::oracle::Oracle;
use crate::pattern::parse;
use crate::support::Deadline;
use crate::support::test_random::Random;

const ATOMS: &[&str] = &[
    "a",
    "b",
    "ab",
    "é",
    "[ab]",
    "[^a]",
    r"\w",
    r"\W",
    r"\s",
    ".",
    "(?s:.)",
    "x",
    r"\d",
    "[a-cé-ü]",
    r"\p{Hebrew}",
    "k",
    r"\n",
    "日",
    r"[^\x00-\x{7f}]",
    "",
];
const ASSERTIONS: &[&str] = &["^", "$", r"\b", r"\B", "(?m:^)", "(?m:$)", r"\z", r"\A"];
const REPEATS: &[&str] = &["*", "+", "?", "*?", "+?", "??", "{2}", "{0,3}", "{1,3}?", "{2,}", "{0}", "{0,1}", "{3,9}"];

/// A random pattern: nested choices, repetitions of bodies that may be empty, assertions anywhere, groups.
fn pattern(random: &mut Random, depth: usize) -> String {
    let mut made = String::new();
    for _ in 0..=random.below(3) {
        match random.below(if depth == 0 { 3 } else { 8 }) {
            0 => made += *random.of(ASSERTIONS),
            1 | 2 => made += *random.of(ATOMS),
            3 | 4 => made += &format!("({}|{})", pattern(random, depth - 1), pattern(random, depth - 1)),
            5 => made += &format!("(?:{}|{})", pattern(random, depth - 1), random.of(ATOMS)),
            _ => made += &format!("(?:{}){}", pattern(random, depth - 1), random.of(REPEATS)),
        }
    }
    if random.below(60) == 0 { format!(r"{made}\C") } else { made }
}

fn text(random: &mut Random) -> Vec<u8> {
    const PIECES: &[&str] = &["a", "b", "ab", "é", "x", "k", "K", "\n", " ", "1", "_", "日", "ü", "aaaa", "\u{212A}"];
    let mut text = Vec::new();
    for _ in 0..random.below(12) {
        text.extend_from_slice(random.of(PIECES).as_bytes());
    }
    if random.below(4) == 0 && !text.is_empty() {
        let at = random.below(text.len());
        text[at] = random.below(256) as u8;
    }
    if random.below(20) == 0 {
        text = text.repeat(10);
    }
    text
}

fn check(automaton: &Automaton, text: &[u8], from: usize, oracle: &Oracle, source: &str) {
    let expected = oracle.find(text, from);
    let mut notes = [None; Groups::NOTES];
    let found = automaton.find_groups(text, from, &mut notes).map(|whole| {
        let groups = Groups::new(whole.clone(), &notes);
        (whole, groups.iter().collect::<Vec<_>>())
    });
    assert_eq!(found, expected, "{source} on {} from {from}", text.escape_ascii());
    if from == 0 {
        // Twice, as the second search uses the states of the first.
        for _ in 0..2 {
            let found = automaton.find(text, &mut Watch::forever());
            let expected = expected.as_ref().map(|(whole, _)| whole.clone());
            assert_eq!(found, Ok(expected), "{source} on {}", text.escape_ascii());
        }
        let is_match = automaton.is_match(text, &mut Watch::forever());
        assert_eq!(is_match, Ok(expected.is_some()), "{source} on {}", text.escape_ascii());
    }
}

#[test]
fn every_form_agrees_with_the_regex_crate() {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let (mut patterns, mut matches) = (0, 0);
    while patterns < 150 {
        let source = pattern(&mut random, 3);
        let Ok(tree) = parse::parse(source.as_bytes(), random.below(2) == 0) else { continue };
        let automaton = Automaton::new(&tree);
        if automaton.program.len() > 150 {
            continue;
        }
        patterns += 1;
        let oracle = Oracle::new(&tree);
        // Simulating fork by fork takes long.
        let entangled = Automaton::read_by(&tree, looks_at_bytes(&tree), false);
        let entangled = entangled.filter(|automaton| automaton.program.len() < 50);
        let forms = [Some(automaton), Automaton::read_by(&tree, true, true), entangled];
        for _ in 0..12 {
            let text = text(&mut random);
            let from = if random.below(5) == 0 { random.below(text.len() + 1) } else { 0 };
            matches += usize::from(oracle.find(&text, from).is_some());
            forms.iter().flatten().for_each(|automaton| check(automaton, &text, from, &oracle, &source));
        }
    }
    assert!(matches > 500, "only {matches} matches");
}

/// A search from the places that fit the opening finds what a full search finds.
#[test]
fn matches_begin_with_the_opening() {
    let mut random = Random(0xBF58_476D_1CE4_E5B9);
    let (mut openings, mut matches) = (0, 0);
    while openings < 150 {
        let source = pattern(&mut random, 2);
        let Ok(tree) = parse::parse(source.as_bytes(), random.below(2) == 0) else { continue };
        let automaton = Automaton::new(&tree);
        if automaton.program.len() > 150 {
            continue;
        }
        let Some(opening) = &automaton.opening else { continue };
        openings += 1;
        for _ in 0..30 {
            let text = text(&mut random);
            let (places, mut deadline) = (opening.places(&text), Deadline::unlimited());
            let found = automaton.is_match(&text, &mut Watch::at(Some(&places), &mut deadline));
            let expected = automaton.is_match(&text, &mut Watch::forever());
            assert_eq!(found, expected, "{source} on {}", text.escape_ascii());
            matches += usize::from(expected == Ok(true));
        }
    }
    assert!(matches > 700, "only {matches} matches");
}

const LONG_MATCHES: &[(&str, &str, &str, &str)] = &[
    (r"a.*(b)", "xx", "acb ", "  "),
    (r"a(.)*?zz", "", "abc", "zzz"),
    (r"(?s)<(\w+)[^>]*>.*</", "\n\n<b>", "text\n", "</b></b>"),
    (r"(?:a|b|(?:ab))*c", "c", "ab", "abd"),
    (r"\b(?:x{1,70}y)+\b", "x", "xxxxy", "yyx"),
    (r"[^\n]{0,60}n[^\n]{0,60}d", "no", "dxnx\n", "n d"),
    (r"^[^\n]*(?:'\s*(?:or|and)\b|;|--)[^\n]*$", "1' or ", "a b;-'-", "or"),
    (r"(?m)^\w+ .*(?:x|\by{2,9})$", "", "ab yy\nb ", "y"),
    // The preferred match is decided at the first end, far behind it, or by the absence of a character.
    (r"x(.)*?y", "", "xay ", "x"),
    (r"(?:ab)|a.*(z)", "-", "ab ", "z"),
    (r"a.*(z)|(a)b", "-", "ab ", "z"),
    (r"a.*(z)|(a)b", "-", "ab ", ""),
    (r"(a|ab)(c|bcd.{300}e)?", "-", "abcd-", "e"),
    (r"\b(a.{255,257}b|a).*?\b", "a", "ab-b", "b"),
];

/// Matches that span many blocks, in texts whose states repeat.
#[test]
fn long_matches_are_walked_block_by_block() {
    for &(source, head, unit, tail) in LONG_MATCHES {
        let tree = parse::parse(source.as_bytes(), true).expect(source);
        let (automaton, oracle) = (Automaton::new(&tree), Oracle::new(&tree));
        for count in [1, 120, 1023, 1024, 1025, 4095, 4096, 4097] {
            let text = format!("{head}{}{tail}", unit.repeat(count));
            for from in [0, 1, text.len() / 2] {
                check(&automaton, text.as_bytes(), from, &oracle, source);
            }
        }
    }
}

/// In texts that hardly repeat a state, reading by states is abandoned, in the middle of a block or of a match.
#[test]
fn long_matches_without_repetition_are_walked_by_sets() {
    let mut random = Random(7);
    for &(source, head, unit, tail) in LONG_MATCHES {
        let tree = parse::parse(source.as_bytes(), true).expect(source);
        let (automaton, oracle) = (Automaton::new(&tree), Oracle::new(&tree));
        let letters: Vec<char> = unit.chars().filter(|&letter| letter != '\n').collect();
        for repeated in [0, 100, 5000] {
            for count in [50, 300, 3000, 9000] {
                let mut text = head.to_string() + &unit.repeat(repeated);
                text.extend((0..count).map(|_| letters[random.below(letters.len())]));
                text += tail;
                check(&automaton, text.as_bytes(), 0, &oracle, source);
            }
        }
    }
}

#[test]
fn patterns_too_entangled_for_masks_are_walked_through() {
    let sources = [r"^(?:a?){1000}b".to_string(), format!("(?:{}){{5}}x", "a?b?c?d?e?f?g?".repeat(60))];
    for source in sources {
        let tree = parse::parse(source.as_bytes(), true).expect("a pattern");
        let (automaton, oracle) = (Automaton::new(&tree), Oracle::new(&tree));
        for text in ["aaab", "abcdefgabcdefgx", "gfedcba gfedcbax", "", "ab b"] {
            check(&automaton, text.as_bytes(), 0, &oracle, "entangled");
        }
    }
}

#[test]
fn a_search_ends_with_its_budget() {
    let tree = parse::parse(br"j[^\n]{0,40}n[^\n]{0,40}d[^\n]{0,40}i", true).expect("a pattern");
    let automaton = Automaton::new(&tree);
    let mut random = Random(1);
    let text: Vec<u8> = (0..1 << 20).map(|_| b"jnda"[random.below(4)]).collect();
    let mut deadline = Deadline::after(1000);
    let mut watch = Watch::until(&mut deadline);
    assert!(automaton.is_match(&text, &mut watch).is_err());
    assert!(watch.settled < 1 << 18, "{}", watch.settled);
}

/// A search earns credit while it is in a state, which must survive even if the table is full.
#[test]
fn a_full_table_of_states_is_renewed_only_when_asked() {
    let mut states = States::new(3, 0);
    let mut room = Room::new(4);
    let mut active = room.set(4);
    let idle = states.find_or_add(&active, 0);
    for number in 1u64.. {
        active.clear();
        active.load(&[number, 1, 1, 1]);
        if states.find_or_add(&active, 0).is_none() {
            break;
        }
    }
    states.earn(1 << 20);
    assert_eq!(idle.map(|row| states.is_idle(row)), Some(true));
    states.renew();
    active.clear();
    assert_eq!(states.find(&active, 0), None);
}
