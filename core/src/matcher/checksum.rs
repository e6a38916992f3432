//! Checksums that tell numbers of cards from other numbers.

/// What `match_regex_with_checksum` asks of the text its regex found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Checksum {
    /// Every second digit doubled, from the right; the digit sum is a multiple of ten.
    Luhn,
}

impl Checksum {
    /// The checksum with this name.
    pub fn from_name(name: &[u8]) -> Option<Self> {
        (name == b"luhn").then_some(Self::Luhn)
    }

    /// Whether the digits of `text` pass; whatever stands between them is ignored.
    pub fn passes(self, text: &[u8]) -> bool {
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
