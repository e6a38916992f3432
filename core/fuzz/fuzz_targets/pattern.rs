//! The pattern parser and the analysis of what a match must contain. The first byte is the case flag, the first line
//! the pattern, the rest the subject.
#![no_main]

use bartizan::internals::pattern::{Options, Pattern};
use bartizan::internals::scan::{MatcherId, Prefilter};
use libfuzzer_sys::fuzz_target;

/// Longer patterns would mostly test the regex crates, which others fuzz.
const LONGEST: usize = 100;

fuzz_target!(|data: &[u8]| {
    let Some((flags, data)) = data.split_first() else { return };
    let Some(line) = data.iter().position(|&byte| byte == b'\n').filter(|&line| line <= LONGEST) else { return };
    let (source, subject) = (&data[..line], &data[line + 1..]);
    let options = Options { case_sensitive: flags & 1 == 1 };
    let Ok(pattern) = Pattern::new(source, options) else { return };
    let found = pattern.find(subject);
    assert_eq!(pattern.is_match(subject), found.is_some());
    assert_eq!(pattern.groups(subject, 0).map(|groups| groups.whole()), found);
    let scanner = Prefilter::new([(MatcherId(0), pattern.required())]);
    let mut candidates = scanner.candidates();
    scanner.scan(subject, &mut candidates);
    assert!(found.is_none() || candidates.contains(MatcherId(0)), "the scan misses a match");
});
