//! `match_regex_with_checksum`: a string in which a regular expression finds something that passes a checksum, which
//! distinguishes card numbers from other numbers.

use super::match_regex::{Expression, MatchRegex};
use super::operator::{Highlight, Operator, ScalarMatcher};
use crate::fields::read::{self, quoted};
use crate::fields::{Fields, Refusal};
use crate::pattern::{Pattern, PatternCache, Required};
use crate::support::{Deadline, Expired};
use crate::value::Text;

/// The operator's name.
pub const NAME: &str = "match_regex_with_checksum";

/// Reads the operator's parameters.
pub fn read(parameters: &Fields<'_>, patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    let expression = Expression::read(parameters)?;
    let name = parameters.required("checksum", read::strict_string)?;
    let checksum =
        Checksum::from_name(name).ok_or_else(|| Refusal::error(quoted("unknown checksum algorithm: ", name)))?;
    Ok(ScalarMatcher::fixed(MatchRegexWithChecksum { regex: expression.compile(patterns)?, checksum }))
}

/// The operator with its parameters.
struct MatchRegexWithChecksum {
    regex: MatchRegex,
    checksum: Checksum,
}

impl Operator for MatchRegexWithChecksum {
    fn name(&self) -> &'static str {
        NAME
    }

    /// Candidates are tried from left to right; what follows one that fails is searched as a separate text.
    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        let MatchRegex { pattern, min_length } = &self.regex;
        let mut start = 0;
        while start < text.len() && text.len() - start >= *min_length {
            let found = pattern.find_within(&text[start..], deadline)?;
            let Some(found) = found.filter(|found| !found.is_empty()) else { break };
            let found = start + found.start..start + found.end;
            if self.checksum.passes(&text[found.clone()]) {
                return Ok(Some(Highlight::Part(found)));
            }
            start = found.end;
        }
        Ok(None)
    }

    fn shown_value(&self) -> Text {
        self.regex.shown_value()
    }

    fn pattern(&self) -> Option<&Pattern> {
        self.regex.pattern()
    }

    fn required(&self) -> Option<&Required> {
        self.regex.required()
    }

    fn least(&self) -> (usize, usize) {
        self.regex.least()
    }
}

/// The check of the text that the regular expression found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Checksum {
    /// Doubles every second digit, from the right; the digit sum must be a multiple of ten.
    Luhn,
}

impl Checksum {
    /// The checksum with this name.
    fn from_name(name: &[u8]) -> Option<Self> {
        (name == b"luhn").then_some(Self::Luhn)
    }

    /// Whether the digits of `text` pass; other characters are ignored.
    fn passes(self, text: &[u8]) -> bool {
        match self {
            Self::Luhn => luhn(text),
        }
    }
}

fn luhn(text: &[u8]) -> bool {
    let mut digits = text.iter().rev().filter(|byte| byte.is_ascii_digit()).map(|byte| byte - b'0').peekable();
    if digits.peek().is_none() {
        return false;
    }
    let doubled = |digit: u8| if digit < 5 { 2 * digit } else { 2 * digit - 9 };
    let sum = digits.enumerate().fold(0, |sum, (index, digit)| {
        // Only the remainder is kept, so that no length overflows.
        (sum + if index % 2 == 1 { doubled(digit) } else { digit }) % 10
    });
    sum == 0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn luhn_cases() {
        for valid in ["0", "00", "42", "4111111111111111", "4242-4242-4242-4242", "4x2", " 4 2 "] {
            assert!(Checksum::Luhn.passes(valid.as_bytes()), "{valid}");
        }
        for invalid in ["", "x", "1", "11", "4111111111111112", "24"] {
            assert!(!Checksum::Luhn.passes(invalid.as_bytes()), "{invalid}");
        }
        assert!(Checksum::Luhn.passes(&[b'0'; 100_000]));
    }

    #[test]
    fn names() {
        assert_eq!(Checksum::from_name(b"luhn"), Some(Checksum::Luhn));
        assert_eq!(Checksum::from_name(b"LUHN"), None);
    }
}
