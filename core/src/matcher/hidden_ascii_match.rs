//! `hidden_ascii_match`: text written in tag characters, the invisible copy of ASCII at U+E0000.

use super::operator::{Highlight, Operator, Scalar, ScalarMatcher, Tested, search};
use crate::fields::{Fields, Refusal};
use crate::pattern::PatternCache;
use crate::support::{Deadline, Expired, Stride};
use crate::transform::{Chain, Scratch, Transformer};
use memchr::memchr_iter;

/// The operator's name.
pub const NAME: &str = "hidden_ascii_match";

/// The operator has no parameters.
pub fn read(_parameters: &Fields<'_>, _patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    Ok(ScalarMatcher::fixed(HiddenAsciiMatch))
}

/// The operator.
///
/// As in the reference, it tests only strings that own their heap memory (type 0x10, and all map keys), not small or
/// literal ones.
struct HiddenAsciiMatch;

impl Operator for HiddenAsciiMatch {
    fn name(&self) -> &'static str {
        NAME
    }

    /// The text made visible by `unicode_normalize`, if it contains a tag character.
    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        if !holds_tag(text, deadline) {
            return Ok(None);
        }
        let mut scratch = Scratch::default();
        let visible = Chain::new([Transformer::UnicodeNormalize]).apply(text, &mut scratch, deadline)?;
        Ok(Some(Highlight::Text(visible.unwrap_or(text).to_vec())))
    }

    fn test(&self, value: Scalar<'_>, deadline: &mut Deadline) -> Result<Tested, Expired> {
        let Scalar::String { text, in_block: true } = value else { return Ok(None) };
        search(self, text, deadline).map(Some)
    }

    fn can_be_negated(&self) -> bool {
        false
    }
}

/// The cost of reading a kilobyte, in units of [`Deadline::spend`].
const UNITS: u32 = 64;

/// U+E0000 to U+E007F are F3 A0 80 80 to F3 A0 81 BF. The lead byte cannot be within another sequence, however
/// leniently that is decoded, so searching for it finds all of them.
fn holds_tag(text: &[u8], deadline: &mut Deadline) -> bool {
    let mut stride = Stride::new(deadline, UNITS);
    let mut leads = memchr_iter(0xF3, text).take_while(|&at| !stride.is_over(at));
    leads.any(|at| matches!(text[at..], [_, 0xA0, 0x80 | 0x81, 0x80..=0xBF, ..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_tags_and_shows_them() {
        for (text, expected) in [
            ("Résumé \u{E0069}\u{E0067}\u{E006E}".as_bytes(), Some("Resume ign")),
            ("\u{E0000}a".as_bytes(), Some("a")),
            ("\u{E007F}".as_bytes(), Some("\u{7F}")),
            (b"\xF3\xA0\x81\xBF", Some("\u{7F}")),
            (b"\xF3\xF3\xA0\x81\x81", Some("A")),
            (b"\xF3\xA0\x81", None),
            (b"\xF3\xA0\x82\x80", None),
            ("\u{E0080}\u{DFFFF}".as_bytes(), None),
            (b"", None),
        ] {
            let test = |in_block| {
                let value = Scalar::String { text, in_block };
                HiddenAsciiMatch.test(value, &mut Deadline::unlimited()).expect("there is no deadline")
            };
            let expected = expected.map(|text| Highlight::Text(text.into()));
            assert_eq!(test(true).expect("strings are looked at").ok(), expected, "{}", text.escape_ascii());
            assert_eq!(test(false), None);
        }
    }
}
