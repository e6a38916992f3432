//! The boundary between parts.

use memchr::memmem::Finder;

/// What follows a boundary.
pub struct Next<'a> {
    /// Whether it says that no more parts follow.
    pub last: bool,
    /// What comes after it.
    pub after: &'a [u8],
}

/// A boundary, prepared for searches.
pub struct Boundary(Finder<'static>);

impl Boundary {
    /// Prepares a boundary.
    pub fn new(boundary: &[u8]) -> Self {
        Self(Finder::new(&[b"--", boundary].concat()).into_owned())
    }

    /// The text before the next boundary, which is a line of its own that may end in white space.
    pub fn split<'a>(&self, text: &'a [u8]) -> (&'a [u8], Option<Next<'a>>) {
        for at in self.0.find_iter(text) {
            if at > 0 && text[at - 1] != b'\n' {
                continue;
            }
            let behind = &text[at + self.0.needle().len()..];
            let (last, behind) = behind.strip_prefix(b"--").map_or((false, behind), |behind| (true, behind));
            let spaces = behind.iter().take_while(|byte| b" \t".contains(byte)).count();
            let after = match &behind[spaces..] {
                [b'\r', b'\n', after @ ..] | [b'\n', after @ ..] => after,
                after if last || after.is_empty() => after,
                _ => continue,
            };
            let before = &text[..at];
            let before = before.strip_suffix(b"\n").unwrap_or(before);
            let before = before.strip_suffix(b"\r").unwrap_or(before);
            return (before, Some(Next { last, after }));
        }
        (text, None)
    }
}
