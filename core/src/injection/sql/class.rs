//! What single bytes mean to the SQL lexer, as one table of flags.

/// Between tokens: skipped.
pub(super) const WHITE: u8 = 1;
/// After `--` and after a number's type suffix: counts as white.
pub(super) const BLANK: u8 = 1 << 1;
/// Ends a word.
pub(super) const ENDS_WORD: u8 = 1 << 2;
/// Ends the name of a variable.
pub(super) const ENDS_VARIABLE: u8 = 1 << 3;
/// Inside a word: what stands before it may be a keyword of its own.
pub(super) const SPLITS_WORD: u8 = 1 << 4;
/// Starts or continues a run in which no injection was ever seen; see [`only_plain`].
const PLAIN: u8 = 1 << 5;

static FLAGS: [u8; 256] = flags();

/// Whether `byte` has any of the flags.
#[inline]
pub(super) fn is(byte: u8, flags: u8) -> bool {
    FLAGS[byte as usize] & flags != 0
}

/// Whether `input` is made of letters, digits, `_`, `.` and bytes above ASCII alone.
///
/// Such an input has at most one word, at its start: a later one would follow a number, a dot or the part of a word before a
/// dot, and a word glued to what precedes it ends the analysis. So its tokens are one of any kind and then numbers, dots and
/// barewords (`0x` without digits), which folding at most shortens, and no known fingerprint has such a shape. (A test
/// holds the table to that.) Words, numbers, host names and hexadecimal ids are answered here.
#[inline]
pub(super) fn only_plain(input: &[u8]) -> bool {
    input.iter().all(|&byte| is(byte, PLAIN))
}

/// The number of leading bytes without any of the flags.
#[inline]
pub(super) fn run(input: &[u8], flags: u8) -> usize {
    input.iter().position(|&byte| is(byte, flags)).unwrap_or(input.len())
}

const fn flags() -> [u8; 256] {
    let mut table = [0; 256];
    mark(&mut table, b"\t\n\x0B\x0C\r \xA0\0", BLANK | WHITE);
    let mut control = 0;
    while control < 0x20 {
        table[control] |= WHITE;
        control += 1;
    }
    mark(&mut table, b"\x7F", WHITE);
    mark(&mut table, b" <>:\\?=@!#~+-*/&|^%(),';\t\n\x0B\x0C\r\"\0", ENDS_WORD | ENDS_VARIABLE);
    mark(&mut table, b"[]{}\xA0", ENDS_WORD);
    mark(&mut table, b"`", ENDS_VARIABLE);
    mark(&mut table, b".`", SPLITS_WORD);
    mark(&mut table, b"_.", PLAIN);
    let mut byte = 0;
    while byte < 256 {
        if (byte as u8).is_ascii_alphanumeric() || byte >= 0x80 && byte != 0xA0 {
            table[byte] |= PLAIN;
        }
        byte += 1;
    }
    table
}

const fn mark(table: &mut [u8; 256], bytes: &[u8], flags: u8) {
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] |= flags;
        i += 1;
    }
}
