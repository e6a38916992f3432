//! The two non-ASCII code points that fold with an ASCII letter: U+017F with `s` and U+212A with `k`.
//!
//! A pattern that requires such a letter may match its look-alike instead. So a subject with look-alikes is scanned
//! once more with the letters in place of them.

use memchr::memchr2_iter;

use super::STRETCH;

/// The encodings, and the letters they fold with.
const LOOK_ALIKES: [(&[u8], u8); 2] = [(&[0xC5, 0xBF], b's'), (&[0xE2, 0x84, 0xAA], b'k')];

/// The subject with its look-alikes replaced by letters; the inner `None` if it has none. Calls `stop` every
/// [`STRETCH`] bytes; the outer `None` means that it returned true.
pub(super) fn replaced(subject: &[u8], stop: &mut dyn FnMut() -> bool) -> Option<Option<Vec<u8>>> {
    let mut replaced = Vec::new();
    let mut copied = 0;
    for from in (0..subject.len()).step_by(STRETCH) {
        if from > 0 && stop() {
            return None;
        }
        let stretch = &subject[from..subject.len().min(from + STRETCH)];
        for at in memchr2_iter(0xC5, 0xE2, stretch).map(|at| from + at) {
            if let Some((encoding, letter)) =
                LOOK_ALIKES.iter().find(|(encoding, _)| subject[at..].starts_with(encoding))
            {
                replaced.reserve(if copied == 0 { subject.len() } else { 0 });
                replaced.extend_from_slice(&subject[copied..at]);
                replaced.push(*letter);
                copied = at + encoding.len();
            }
        }
    }
    if replaced.is_empty() {
        return Some(None);
    }
    replaced.extend_from_slice(&subject[copied..]);
    Some(Some(replaced))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_take_the_places_of_their_look_alikes() {
        let replaced = |subject: &str| replaced(subject.as_bytes(), &mut || false).flatten();
        for subject in ["", "select", "\u{180}", "\u{2129}\u{FF1C}", "\u{C5}\u{E2}"] {
            assert_eq!(replaced(subject), None, "{subject}");
        }
        for (subject, expected) in [
            ("\u{17F}", "s"),
            ("\u{17F}elect \u{212A}ey\u{E9}", "select key\u{E9}"),
            (&("a".repeat(STRETCH - 1) + "\u{212A}\u{17F}b"), &("a".repeat(STRETCH - 1) + "ksb")),
        ] {
            assert_eq!(replaced(subject), Some(expected.as_bytes().to_vec()));
        }
    }

    #[test]
    fn replacing_look_alikes_stops_on_request() {
        assert_eq!(replaced(&b"\xC5\xBF".repeat(STRETCH), &mut || true), None);
    }
}
