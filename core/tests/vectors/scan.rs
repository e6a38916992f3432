//! The scan has no false negatives: a pattern that matches is among the candidates.

use crate::common::random::Random;
use crate::common::text_or_hex;
use bartizan::internals::pattern::{Options, Pattern, Required};
use bartizan::internals::scan::{MatcherId, Prefilter, STRETCH};

/// Patterns like those of rules, in addition to those of the recorded answers.
const PATTERNS: &[&str] = &[
    r"(?:union\s+(?:all\s+)?select|insert\s+into)\b",
    r"<script[^>]*>",
    r"(?i:on(?:click|error|load|mouse\w+))\s*=",
    r"\.\./|\.\.\\",
    r"\$\{jndi:|\$\(.*\)",
    r"^(?:GET|POST)\s",
    r"['`;]",
    r"\bsleep\(\d+\)",
    r"k{3}s{2}",
    r"[sk]leep|masK",
    r"(?s)^a.{2,5}b$",
    r"[0-9]{2}-[0-9]{2}",
    r"é(?:t|T)é",
    r"(?:abc|abd|xbc)(?:12|34)?tail",
    r"x*|never",
    r"",
    r"\x00\x01",
    r"/etc/(?:passwd|shadow|hosts)",
    r"[^\x00-\x{10ffff}]|rest",
    r"a(?:b(?:c|d)|e(?:f|g))h",
    r"verylongliteralthatiscut\d",
    r"(?:0[1-9]|1[0-2]):[0-5][0-9]",
    r"..",
];

#[test]
fn every_match_is_a_candidate() {
    let lines = crate::common::vectors("patterns.jsonl");
    let mut sources: Vec<Vec<u8>> = lines.iter().map(|line| text_or_hex(&line["regex"])).collect();
    sources.extend(PATTERNS.iter().map(|source| source.as_bytes().to_vec()));
    let mut patterns = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        patterns.extend(Pattern::new(source, Options { case_sensitive: at % 3 == 0 }));
    }
    assert!(patterns.len() > 200, "only {} patterns", patterns.len());
    // Scanners of few and of many patterns: tables are fuller in the latter.
    let scanners: Vec<(usize, Prefilter)> = [1, 7, 60, patterns.len()]
        .into_iter()
        .flat_map(|size| (0..patterns.len()).step_by((size * 5).max(97)).map(move |start| (start, size)))
        .map(|(start, size)| {
            let chosen = patterns[start..].iter().take(size).enumerate();
            (start, Prefilter::new(chosen.map(|(at, pattern)| (MatcherId(at as u32), pattern.required()))))
        })
        .collect();

    let mut pieces: Vec<Vec<u8>> = lines
        .iter()
        .flat_map(|line| line["subjects"].as_array().into_iter().flatten())
        .map(|answer| text_or_hex(&answer[0]))
        .chain(sources.iter().cloned())
        .collect();
    for pattern in &patterns {
        pieces.extend(pattern.required().literals().take(4).map(<[u8]>::to_vec));
    }
    pieces.extend(["ſ", "K", "é", "\0", " ", "\n", "12:34", "mask", "SleeP(3)"].map(|piece| piece.into()));

    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut matches = 0;
    for _ in 0..1500 {
        let mut subject = Vec::new();
        for _ in 0..random.below(5) {
            let piece: &Vec<u8> = random.of(&pieces);
            subject.extend_from_slice(piece);
        }
        match random.below(4) {
            0 => subject.make_ascii_uppercase(),
            1 if !subject.is_empty() => {
                let at = random.below(subject.len());
                subject[at] = random.below(256) as u8;
            }
            _ => {}
        }
        let matching: Vec<bool> = patterns.iter().map(|pattern| pattern.find(&subject).is_some()).collect();
        for (pattern, matches_here) in patterns.iter().zip(&matching) {
            // This includes the second check before the search.
            assert_eq!(pattern.is_match(&subject), *matches_here, "{pattern:?} on {}", subject.escape_ascii());
        }
        for (start, scanner) in &scanners {
            let mut candidates = scanner.candidates();
            scanner.scan(&subject, &mut candidates);
            for (at, matches_here) in matching[*start..].iter().take(scanner.matchers()).enumerate() {
                matches += usize::from(*matches_here);
                assert!(
                    !matches_here || candidates.contains(MatcherId(at as u32)),
                    "{:?} matches {:?}",
                    patterns[start + at].source().escape_ascii().to_string(),
                    subject.escape_ascii().to_string(),
                );
            }
        }
    }
    assert!(matches > 10_000, "only {matches} matches");
}

/// Given the candidates for a text, a scan of a changed copy need not read what did not change.
#[test]
fn every_match_in_a_copy_is_a_candidate() {
    let lines = crate::common::vectors("patterns.jsonl");
    let sources: Vec<Vec<u8>> = lines
        .iter()
        .map(|line| text_or_hex(&line["regex"]))
        .chain(PATTERNS.iter().map(|source| source.as_bytes().to_vec()))
        .collect();
    let options = Options { case_sensitive: false };
    let patterns: Vec<Pattern> = sources.iter().flat_map(|source| Pattern::new(source, options)).collect();
    let scanner = Prefilter::new(patterns.iter().enumerate().map(|(at, p)| (MatcherId(at as u32), p.required())));
    let literals: Vec<Vec<u8>> =
        patterns.iter().flat_map(|pattern| pattern.required().literals().map(<[u8]>::to_vec)).collect();
    let common = |random: &mut Random, length: usize| -> Vec<u8> {
        let words = ["the ", "quick ", "Brown ", "fox", ", ", "12", "\u{E9}", "\u{17F}", ". "];
        (0..length).flat_map(|_| random.of(&words).bytes()).collect()
    };
    let mut random = Random(0x94D0_49BB_1331_11EB);
    let (mut new, mut matches) = (0, 0);
    for _ in 0..1500 {
        // Pieces that both have, and pieces of which the copy has a part, or something else.
        let (mut text, mut copy) = (vec![], vec![]);
        for _ in 0..random.below(6) {
            let length = random.below(40);
            let same = common(&mut random, length);
            let literal = random.of(&literals).clone();
            let cut = random.below(literal.len() + 1);
            let (before, after): (&[u8], &[u8]) = match random.below(6) {
                0 => (b"%27", b"'"),
                1 => (b"/* comment */", b""),
                2 => (b"\0", b""),
                3 => (b"%73", b"s"),
                4 => (b"%C5%BF", "\u{17F}".as_bytes()),
                _ => (b"", b""),
            };
            for (text, piece) in [(&mut text, before), (&mut copy, after)] {
                text.extend_from_slice(&same);
                text.extend_from_slice(&literal[..cut]);
                text.extend_from_slice(piece);
                text.extend_from_slice(&literal[cut..]);
            }
        }
        if random.below(3) == 0 {
            copy.make_ascii_lowercase();
        }
        let (mut of_text, mut of_copy) = (scanner.candidates(), scanner.candidates());
        let classes = scanner.scan(&text, &mut of_text);
        assert!(scanner.scan_copy((&text, &of_text, classes), &copy, &mut of_copy, &mut || false));
        for (at, pattern) in patterns.iter().enumerate().filter(|(_, pattern)| pattern.find(&copy).is_some()) {
            let matcher = MatcherId(at as u32);
            (new, matches) = (new + usize::from(!of_text.contains(matcher)), matches + 1);
            assert!(of_copy.contains(matcher), "{pattern:?} in {} of {}", copy.escape_ascii(), text.escape_ascii());
        }
    }
    assert!(new > 500 && matches > 10_000, "only {new} new matches of {matches}");
}

#[test]
fn ordinary_text_leaves_no_candidates() {
    let sources = [r"<script[^>]*>", r"union\s+select", r"/etc/passwd", r"\bsleep\(\d+\)", r"\$\{jndi:"];
    let patterns: Vec<Pattern> = sources
        .iter()
        .map(|source| Pattern::new(source.as_bytes(), Options { case_sensitive: false }).unwrap())
        .collect();
    let scanner = Prefilter::new(patterns.iter().enumerate().map(|(at, p)| (MatcherId(at as u32), p.required())));
    let mut candidates = scanner.candidates();
    scanner.scan(b"The quick brown fox jumps over the lazy dog; select one of 12 items (or none).", &mut candidates);
    assert!(candidates.is_empty(), "{:?}", candidates.iter().collect::<Vec<_>>());
    scanner.scan(b"x' UNION  SELECT 1 -- ${JNDI:ldap}", &mut candidates);
    assert_eq!(candidates.iter().collect::<Vec<_>>(), [MatcherId(1), MatcherId(4)]);
}

/// Long texts are scanned in stretches; matches across their ends are found, and a scan can be stopped between them.
#[test]
fn stretches_join() {
    let words = [&b"union"[..], b"xyz", b"qj", b"#"];
    let pairs = (b'0'..=b'9').flat_map(|first| (b'0'..=b'9').map(move |second| vec![first, second]));
    let literals: Vec<Vec<u8>> = words.iter().map(|word| word.to_vec()).chain(pairs).collect();
    let required: Vec<Required> = literals.iter().map(|literal| Required::from_literals(0, [&literal[..]])).collect();
    let scanner = Prefilter::new(required.iter().enumerate().map(|(at, required)| (MatcherId(at as u32), required)));
    let mut candidates = scanner.candidates();
    for at in [STRETCH - 7, 2 * STRETCH - 7].into_iter().flat_map(|start| start..start + 14) {
        for (number, literal) in literals.iter().enumerate().filter(|(number, _)| number % 20 < 4) {
            let mut text = vec![b'.'; 2 * STRETCH + 20];
            text[at..at + literal.len()].copy_from_slice(literal);
            candidates.clear();
            scanner.scan(&text, &mut candidates);
            assert_eq!(candidates.iter().collect::<Vec<_>>(), [MatcherId(number as u32)], "at {at}");
        }
    }
    let mut asked = 0;
    let mut stop = || {
        asked += 1;
        asked == 2
    };
    assert!(scanner.scan_unless(&vec![b'.'; 10 * STRETCH], &mut candidates, &mut stop).is_none());
    assert!(scanner.scan_unless(&vec![b'.'; STRETCH], &mut candidates, &mut || true).is_some());
}

/// Whatever the number of pairs and single bytes, only those in the text are found.
#[test]
fn many_pairs_stay_apart() {
    let letters = || b'a'..=b'z';
    let pairs = letters().flat_map(|first| letters().map(move |second| vec![first, second]));
    let bytes = (b'0'..=b'9').map(|digit| vec![digit]);
    let literals: Vec<Vec<u8>> = pairs.chain(bytes).collect();
    let required: Vec<Required> = literals.iter().map(|literal| Required::from_literals(0, [&literal[..]])).collect();
    let scanner = Prefilter::new(required.iter().enumerate().map(|(at, required)| (MatcherId(at as u32), required)));
    let mut candidates = scanner.candidates();
    for text in [&b"The quick brown fox 4 JUMPS"[..], b"z", b"7", b"", b"zz", b"over the lazy dog 12"] {
        candidates.clear();
        scanner.scan(text, &mut candidates);
        let lower = text.to_ascii_lowercase();
        for (at, literal) in literals.iter().enumerate() {
            let there = lower.windows(literal.len()).any(|window| window == literal);
            let name = literal.escape_ascii();
            assert_eq!(candidates.contains(MatcherId(at as u32)), there, "{name} in {}", text.escape_ascii());
        }
    }
}

#[test]
fn requirements_can_be_put_together_by_hand() {
    let required = [
        Required::from_literals(0, [&b"AbC"[..], b"xy"]),
        Required::from_literals(5, [&b"q"[..]]),
        Required::from_literals(4, []),
    ];
    let scanner = Prefilter::new(required.iter().enumerate().map(|(at, r)| (MatcherId(at as u32), r)));
    for (subject, expected) in [
        (&b"zaBcz"[..], vec![0, 2]),
        (b"xY", vec![0]),
        (b"Q", vec![]),
        (b"....Q", vec![1, 2]),
        (b"ab", vec![]),
        (b"", vec![]),
    ] {
        let mut candidates = scanner.candidates();
        scanner.scan(subject, &mut candidates);
        assert_eq!(candidates.iter().map(|id| id.0).collect::<Vec<_>>(), expected, "{:?}", subject.escape_ascii());
    }
}
