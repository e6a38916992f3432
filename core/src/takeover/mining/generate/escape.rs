//! Text of attackers in regular expressions.
//!
//! Letters, digits and a few harmless characters are written as they are, a dot as `\.`, and every other character by
//! its number. Characters beyond ASCII are written as one number each (`\x{e9}`): the engines read a pattern as
//! characters, so that `\xc3\xa9` would be two.

use std::fmt::Write;

/// The maximum length of a pattern, in bytes.
pub const LONGEST: usize = 512;

/// Appends a text that matches only itself.
pub fn literal(text: &str, pattern: &mut String) {
    for character in text.chars() {
        match character {
            'A'..='Z' | 'a'..='z' | '0'..='9' | '_' | ' ' | '/' | ':' | ';' | ',' | '=' | '-' => {
                pattern.push(character);
            }
            '.' => pattern.push_str("\\."),
            '\0'..='\x7f' => drop(write!(pattern, "\\x{:02x}", u32::from(character))),
            _ => drop(write!(pattern, "\\x{{{:x}}}", u32::from(character))),
        }
    }
}

/// A pattern for one of several texts between a beginning and an end; `None` if it is too long.
pub fn any_of(start: &str, texts: &[String], end: &str) -> Option<String> {
    let mut pattern = start.to_owned();
    if texts.len() != 1 {
        pattern.push_str("(?:");
    }
    for (nth, text) in texts.iter().enumerate() {
        if nth > 0 {
            pattern.push('|');
        }
        literal(text, &mut pattern);
        if pattern.len() > LONGEST {
            return None;
        }
    }
    if texts.len() != 1 {
        pattern.push(')');
    }
    pattern.push_str(end);
    (!texts.is_empty() && pattern.len() <= LONGEST).then_some(pattern)
}

/// A pattern for a user agent, of which `#` stands for a run of digits; `None` if it is too long.
pub fn family(family: &str) -> Option<String> {
    let mut pattern = String::from("^");
    for (nth, part) in family.split('#').enumerate() {
        if nth > 0 {
            pattern.push_str("[0-9]+");
        }
        literal(part, &mut pattern);
        if pattern.len() > LONGEST {
            return None;
        }
    }
    pattern.push('$');
    (pattern.len() <= LONGEST).then_some(pattern)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::takeover::text::mask_digits;

    /// Whether a pattern matches a text, as rules do.
    fn matches(pattern: &str, text: &str) -> bool {
        let pattern = regex::Regex::new(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
        pattern.is_match(text)
    }

    #[test]
    fn texts_match_themselves_and_nothing_else() {
        let hostile =
            ["/login", "a.b", "(a|b)*+?[^]{1,9}$^\\", "\"'<>%00\u{7f}\t", "é\u{1f600}\u{2028}", "\\Q.*\\E", "#&~!@`"];
        for text in hostile {
            let pattern = any_of("^", &[text.to_owned()], "$").unwrap();
            assert!(pattern.is_ascii() && !pattern.contains(['(', '*', '|']), "{pattern}");
            for other in hostile {
                assert_eq!(matches(&pattern, other), text == other, "{pattern} on {other}");
            }
            assert!(!matches(&pattern, &format!("{text}x")) && !matches(&pattern, &format!("x{text}")));
        }
        let one_of = any_of("^", &["/login".into(), "/a.b".into()], "(?:[?#]|$)").unwrap();
        assert_eq!(one_of, r"^(?:/login|/a\.b)(?:[?#]|$)");
        assert!(matches(&one_of, "/a.b?x=1") && !matches(&one_of, "/acb") && !matches(&one_of, "/loginx"));
        assert_eq!(any_of("^", &[], "$"), None);
    }

    #[test]
    fn families_match_other_versions() {
        let agent = "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0.0.0 (a+b)?";
        let pattern = family(&mask_digits(agent)).unwrap();
        assert!(matches(&pattern, agent) && matches(&pattern, &agent.replace("126", "9")));
        assert!(
            !matches(&pattern, &agent.replace("Chrome", "chrome")) && !matches(&pattern, &agent.replace("126", ""))
        );
    }

    #[test]
    fn patterns_are_bounded() {
        let fits = any_of("^", &["x".repeat(510)], "$").unwrap();
        assert_eq!(fits.len(), LONGEST);
        for text in ["x".repeat(511), "(".repeat(200), "x".repeat(1_000_000)] {
            assert_eq!((any_of("^", std::slice::from_ref(&text), "$"), family(&text)), (None, None));
        }
    }
}
