//! One word of a command line, with what a shell removes from it removed.

/// A word as the shell sees it, as far as it is short.
pub(super) struct Word {
    bytes: [u8; Self::LONGEST],
    length: usize,
    /// Quotes, backslashes and empty expansions inside it: nobody writes `wh''oami` but to hide it.
    pub(super) disguised: bool,
    /// Whether it has wildcards.
    pub(super) wild: bool,
    /// Whether all of it is in quotes.
    pub(super) in_quotes: bool,
}

impl Word {
    const LONGEST: usize = 48;

    /// Where reading ends whatever follows: the next separator starts over, so that a longer look would be repeated.
    const FARTHEST: usize = 64;

    /// Reads the word at the start of a text; what follows it, which is a blank, a separator or nothing.
    pub(super) fn read(text: &[u8]) -> (Self, &[u8]) {
        let mut word = Self { bytes: [0; Self::LONGEST], length: 0, disguised: false, wild: false, in_quotes: false };
        let mut at = 0;
        let mut letters = 0;
        while let Some(&byte) = text.get(at)
            && at < Self::FARTHEST
        {
            let rest = &text[at..];
            match byte {
                b' ' | b'\t' | b'\n' | b'\r' | b';' | b'|' | b'&' | b'<' | b'>' | b')' | b'(' => break,
                b'\'' | b'"' => {
                    let Some(end) = memchr::memchr(byte, &rest[1..rest.len().min(Self::FARTHEST)]) else { break };
                    if at == 0 && !continues(rest.get(end + 2)) {
                        word.in_quotes = true;
                    } else if letters > 0 || end < 3 {
                        word.disguised |= continues(rest.get(end + 2)) || letters > 0;
                    }
                    for &inside in &rest[1..=end] {
                        word.push(inside);
                    }
                    letters += end;
                    at += end + 2;
                }
                b'\\' if rest.get(1).is_some_and(u8::is_ascii_alphanumeric) => {
                    word.disguised = true;
                    at += 1;
                }
                b'^' if rest.get(1).is_some_and(u8::is_ascii_alphabetic) => {
                    word.disguised = true;
                    at += 1;
                }
                b'`' if rest.get(1) == Some(&b'`') => {
                    word.disguised = true;
                    at += 2;
                }
                b'`' => break,
                b'$' => {
                    let skipped = empty_expansion(rest);
                    if skipped == 0 || is_blank_expansion(rest) {
                        break;
                    }
                    word.disguised |= letters > 0 || continues(rest.get(skipped));
                    at += skipped;
                }
                b'[' => {
                    // A set of one character is that character.
                    let end = rest.iter().take(7).position(|&byte| byte == b']');
                    let Some(end) = end.filter(|&end| end >= 2) else { break };
                    word.disguised |= end == 2;
                    word.wild |= end != 2;
                    word.push(if end == 2 { rest[1] } else { b'?' });
                    letters += 1;
                    at += end + 1;
                }
                b'?' | b'*' => {
                    word.wild = true;
                    word.push(byte);
                    at += 1;
                }
                _ => {
                    word.push(byte.to_ascii_lowercase());
                    letters += 1;
                    at += 1;
                }
            }
        }
        (word, &text[at..])
    }

    fn push(&mut self, byte: u8) {
        if let Some(place) = self.bytes.get_mut(self.length) {
            *place = byte.to_ascii_lowercase();
        }
        self.length += 1;
    }

    /// The word in lower case; nothing if it is too long to be a name.
    pub(super) fn text(&self) -> &[u8] {
        self.bytes.get(..self.length).unwrap_or_default()
    }

    /// The name of a program: without the path and the ending.
    pub(super) fn name(&self) -> &[u8] {
        let text = self.text();
        let name = text.rsplit(|byte| matches!(byte, b'/' | b'\\')).next().unwrap_or(text);
        name.strip_suffix(b".exe").unwrap_or(name)
    }

    /// Whether it is the path of a system's program.
    pub(super) fn has_path(&self) -> bool {
        let text = self.text();
        text.starts_with(b"/bin/")
            || text.starts_with(b"/usr/")
            || text.starts_with(b"/sbin/")
            || self.wild && text.starts_with(b"/")
    }
}

fn continues(next: Option<&u8>) -> bool {
    next.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'\'' | b'"' | b'\\' | b'/'))
}

/// The length of an expansion that usually yields nothing: `$@`, `$1`, `${x}`, `$()`; 0 if this is none.
fn empty_expansion(text: &[u8]) -> usize {
    match text {
        [b'$', b'@' | b'*' | b'0'..=b'9' | b'!', ..] => 2,
        [b'$', b'(', b')', ..] => 3,
        [b'$', b'{', rest @ ..] => memchr::memchr(b'}', &rest[..rest.len().min(24)]).map_or(0, |end| end + 3),
        [b'$', b'\'' | b'"', ..] => 1,
        _ => 0,
    }
}

/// Whether an expansion yields a blank: `$IFS`, `${IFS}`.
pub(super) fn is_blank_expansion(text: &[u8]) -> bool {
    text.get(1..4).is_some_and(|name| name.eq_ignore_ascii_case(b"ifs"))
        || text.get(1..5).is_some_and(|name| name.eq_ignore_ascii_case(b"{ifs"))
}
