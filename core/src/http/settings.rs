//! HTTP settings that every binding must read the same way.

/// The default time limit of one evaluation, in microseconds.
pub const DEFAULT_TIMEOUT: u64 = 5000;

/// Reads `DD_APPSEC_WAF_TIMEOUT`, in microseconds: a bare number, or one with a unit (`us`, `µs`, `ms`, `s`).
///
/// The unit of a bare number differs between tracers: milliseconds in Python, microseconds elsewhere. With `python`, a
/// value with a decimal point or below 100 is read as milliseconds, as it would make no sense in microseconds.
pub fn waf_timeout(text: &str, python: bool, warnings: &mut Vec<String>) -> u64 {
    let text = text.trim();
    if text.is_empty() {
        return DEFAULT_TIMEOUT;
    }
    let unit_at = text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(unit_at);
    let value: f64 = number.parse().unwrap_or(0.0);
    let scale = match unit.trim() {
        "" if python && (number.contains('.') || value < 100.0) => {
            warnings.push(format!("DD_APPSEC_WAF_TIMEOUT={text} is taken as milliseconds; write {text}ms"));
            1e3
        }
        "" | "us" | "µs" | "μs" => 1.0,
        "ms" => 1e3,
        "s" => 1e6,
        _ => 0.0,
    };
    let microseconds = (value * scale).round() as u64; // saturates
    if microseconds == 0 {
        warnings.push(format!("DD_APPSEC_WAF_TIMEOUT={text} is not a time; using {DEFAULT_TIMEOUT} microseconds"));
        return DEFAULT_TIMEOUT;
    }
    microseconds
}

#[cfg(test)]
mod tests {
    use super::waf_timeout;

    #[test]
    fn numbers_and_units() {
        for (text, python, expected, warned) in [
            ("", false, 5000, false),
            ("2000", false, 2000, false),
            ("5", false, 5, false),
            ("5", true, 5000, true),
            ("5.0", true, 5000, true),
            ("5000", true, 5000, false),
            ("10ms", true, 10_000, false),
            ("1.5 s", false, 1_500_000, false),
            ("7µs", false, 7, false),
            ("0", false, 5000, true),
            ("-3", false, 5000, true),
            ("fast", false, 5000, true),
            ("3 h", false, 5000, true),
        ] {
            let mut warnings = Vec::new();
            assert_eq!(waf_timeout(text, python, &mut warnings), expected, "{text}");
            assert_eq!(!warnings.is_empty(), warned, "{text}: {warnings:?}");
        }
    }
}
