//! Handling of text in events, which is attacker-controlled, of any length and in any encoding.

use std::borrow::Cow;

/// The number of bytes of a string that are kept; more would not identify anybody better.
pub const KEPT: usize = 1024;

/// The number of bytes of a string that are shown.
pub const SHOWN: usize = 256;

/// Removes control characters, truncates, and replaces invalid UTF-8; returns `None` if nothing is left.
pub fn clean(bytes: &[u8]) -> Option<Cow<'_, str>> {
    // Input beyond what removal and replacement can use up is not read at all, since it would be truncated.
    let bytes = bytes.get(..4 * KEPT).unwrap_or(bytes);
    let text = match std::str::from_utf8(bytes) {
        Ok(text) => Cow::Borrowed(text),
        Err(_) => String::from_utf8_lossy(bytes),
    };
    // Without an early exit, the compiler vectorizes the loop.
    let plain = !text.bytes().fold(false, |found, byte| found | byte.is_ascii_control());
    let text = match text {
        text if plain => text,
        text => Cow::Owned(text.chars().filter(|character| !character.is_ascii_control()).collect()),
    };
    let text = cut(text, KEPT);
    (!text.is_empty()).then_some(text)
}

/// Truncates a string to at most this many bytes, between characters.
pub fn cut(text: Cow<'_, str>, most: usize) -> Cow<'_, str> {
    if text.len() <= most {
        return text;
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(shown(text, most)),
        Cow::Owned(text) => Cow::Owned(shown(&text, most).into()),
    }
}

/// Truncates a borrowed string in the same way.
pub fn shown(text: &str, most: usize) -> &str {
    let end = (0..=most.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap_or(0);
    &text[..end]
}

/// Replaces each run of digits by `#`, so that versions of the same program are equal.
pub fn mask_digits(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '0'..='9' if masked.ends_with('#') => {}
            '0'..='9' => masked.push('#'),
            other => masked.push(other),
        }
    }
    masked
}

/// Formats seconds since the Unix epoch as RFC 3339 in UTC (Gregorian calendar, in cycles of 400 years).
pub fn timestamp(seconds: u64) -> String {
    let (days, rest) = (seconds / 86_400, seconds % 86_400);
    // Years start in March, so that the leap day is the last day of a year.
    let days = days + 719_468;
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let (day, month) = (day - (153 * month + 2) / 5 + 1, if month < 10 { month + 3 } else { month - 9 });
    let year = era * 400 + year + u64::from(month <= 2);
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_cleaned_and_cut_between_characters() {
        assert_eq!(clean(b"bob").unwrap(), "bob");
        assert_eq!(clean(b"b\0o\x1f\x7fb\xff").unwrap(), "bob\u{fffd}");
        assert_eq!(clean(b""), None);
        assert_eq!(clean(b"\n\r"), None);
        let long = "é".repeat(1000);
        assert_eq!(clean(long.as_bytes()).unwrap().len(), 1024);
        let odd = format!("a{long}");
        assert_eq!(clean(odd.as_bytes()).unwrap().len(), 1023);
        assert_eq!(clean(&vec![b'x'; 1_000_000]).unwrap().len(), 1024);
    }

    #[test]
    fn versions_are_masked() {
        assert_eq!(mask_digits("Chrome/126.0.0.0"), mask_digits("Chrome/9.12.0.7"));
        assert_ne!(mask_digits("Chrome/126.0"), mask_digits("Chrome/126"));
    }

    #[test]
    fn dates() {
        let table = [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (1_764_064_920, "2025-11-25T10:02:00Z"),
            (4_102_444_800, "2100-01-01T00:00:00Z"),
        ];
        for (seconds, text) in table {
            assert_eq!(timestamp(seconds), text);
        }
    }
}
