//! `hidden_ascii_match`: text written in tag characters, the invisible copy of ASCII at U+E0000.

use memchr::memchr_iter;

use crate::support::{Deadline, Stride};
use crate::transform::{Chain, Scratch, Transformer};

/// What reading a kilobyte costs, in units of [`Deadline::spend`].
const UNITS: u32 = 64;

/// The text made visible, by `unicode_normalize`, if it holds a tag character. This is what the event highlights.
///
/// The reference looks only at strings that own their heap memory (type 0x10, and all map keys), not at small or literal
/// ones; the caller says which it is in `examined`.
///
/// Once the deadline is over the answer doesn't matter.
pub fn find(text: &[u8], examined: bool, deadline: &mut Deadline) -> Option<Vec<u8>> {
    if !examined || !holds_tag(text, deadline) {
        return None;
    }
    let mut scratch = Scratch::default();
    let visible = Chain::new([Transformer::UnicodeNormalize]).apply(text, &mut scratch, deadline);
    Some(visible.ok()?.unwrap_or(text).to_vec())
}

/// U+E0000 to U+E007F are F3 A0 80 80 to F3 A0 81 BF. The lead byte cannot stand inside another sequence, however
/// leniently that is decoded, so looking for it finds all of them.
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
            assert_eq!(
                find(text, true, &mut Deadline::unlimited()).as_deref(),
                expected.map(str::as_bytes),
                "{}",
                text.escape_ascii()
            );
            assert_eq!(find(text, false, &mut Deadline::unlimited()), None);
        }
    }
}
