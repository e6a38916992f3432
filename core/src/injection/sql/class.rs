//! The meanings of single bytes to the SQL lexer, as a table of flags.

/// Skipped between tokens.
pub(super) const WHITE: u8 = 1;
/// Counts as white space after `--` and after the type suffix of a number.
pub(super) const BLANK: u8 = 1 << 1;
/// Ends a word.
pub(super) const ENDS_WORD: u8 = 1 << 2;
/// Ends the name of a variable.
pub(super) const ENDS_VARIABLE: u8 = 1 << 3;
/// Within a word: the part before it may be a keyword of its own.
pub(super) const SPLITS_WORD: u8 = 1 << 4;

static FLAGS: [u8; 256] = flags();

/// Whether `byte` has any of the flags.
#[inline]
pub(super) const fn is(byte: u8, flags: u8) -> bool {
    FLAGS[byte as usize] & flags != 0
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
    table
}

const fn mark(table: &mut [u8; 256], bytes: &[u8], flags: u8) {
    let mut i = 0;
    while i < bytes.len() {
        table[bytes[i] as usize] |= flags;
        i += 1;
    }
}
