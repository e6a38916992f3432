//! What holds for a text as a whole, looked for once, when it matters: each separator would cost a search otherwise.

use crate::support::Stride;
use memchr::memmem;

/// What only attacks ask for.
const SIGNS: [&[u8]; 12] = [
    b"/etc/passwd",
    b"/etc/shadow",
    b"/dev/tcp/",
    b"/bin/sh",
    b"/bin/bash",
    b"|sh",
    b"|bash",
    b"/proc/self",
    b"-e /bin",
    b"whoami",
    b"169.254.169.254",
    b"/etc/hosts",
];

/// The part of a text that is searched between two checks of the deadline.
const PART: usize = 4096;

/// The text, and what is known about it.
pub(super) struct Whole<'t, 'd> {
    text: &'t [u8],
    /// How far the text has been read, and the deadline.
    pub(super) stride: Stride<'d>,
    /// Where it last names what only attacks ask for.
    sign: Option<Option<usize>>,
    /// Where its first code between backticks has a blank, and where its last one ends.
    span: Option<Option<(usize, usize)>>,
}

impl<'t, 'd> Whole<'t, 'd> {
    pub(super) fn new(text: &'t [u8], stride: Stride<'d>) -> Self {
        Self { text, stride, sign: None, span: None }
    }

    /// Whether a sign of attacks comes in or behind the rest of the text.
    pub(super) fn sign_follows(&mut self, rest: &[u8]) -> bool {
        let last = self.sign.unwrap_or_else(|| self.last_of(&SIGNS));
        self.sign = Some(last);
        last.is_some_and(|last| last >= self.text.len() - rest.len())
    }

    /// Whether a command stands in a text between backticks, as Markdown has code.
    pub(super) fn is_code_span(&mut self, before: &[u8], after: &[u8]) -> bool {
        let span = self.span.unwrap_or_else(|| self.code_span());
        self.span = Some(span);
        span.is_some_and(|(blank, end)| blank < before.len() && end >= self.text.len() - after.len())
    }

    fn code_span(&mut self) -> Option<(usize, usize)> {
        let opens = memmem::find(self.text, b" `")? + 2;
        let blank = opens + memchr::memchr(b' ', &self.text[opens..])?;
        Some((blank, self.last_of(&[b"` "])?))
    }

    /// Where the last of some short strings begins; nothing once the deadline is over.
    ///
    /// Searching forwards is many times as fast as searching backwards, so the text is searched in parts from its end, and
    /// only the part that has one is searched backwards.
    fn last_of(&mut self, strings: &[&[u8]]) -> Option<usize> {
        let longest = strings.iter().map(|string| string.len()).max()?;
        let (mut stride, mut end) = (self.stride.anew(), self.text.len());
        while end > 0 && !stride.is_over(self.text.len() - end) {
            let start = end.saturating_sub(PART);
            let part = &self.text[start..(end + longest - 1).min(self.text.len())];
            if strings.iter().any(|string| memmem::find(part, string).is_some()) {
                return strings.iter().filter_map(|string| memmem::rfind(part, string)).max().map(|at| start + at);
            }
            end = start;
        }
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Deadline;

    #[test]
    fn the_last_string_is_found_across_parts() {
        for at in [0, 5, PART - 3, PART, PART + 1, 2 * PART - 1, 3 * PART] {
            let mut text = vec![b'.'; 3 * PART + 20];
            text[at..at + 6].copy_from_slice(b"whoami");
            let mut deadline = Deadline::unlimited();
            let mut whole = Whole::new(&text, Stride::new(&mut deadline, 1));
            assert_eq!(whole.last_of(&SIGNS), Some(at));
            assert!(whole.sign_follows(&text[at..]) && !whole.sign_follows(&text[at + 1..]));
        }
    }
}
