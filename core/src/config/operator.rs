//! Names of operators.

/// `name@vN` -> (`name`, N); a suffix that is not a number is version 0.
pub fn split_version(name: &[u8]) -> (&[u8], u32) {
    match name.windows(2).position(|two| two == b"@v") {
        Some(at) => {
            let digits = &name[at + 2..];
            let number = std::str::from_utf8(digits).ok().filter(|_| digits.iter().all(u8::is_ascii_digit));
            (&name[..at], number.and_then(|n| n.parse().ok()).unwrap_or(0))
        }
        None => (name, 0),
    }
}
