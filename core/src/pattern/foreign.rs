//! Constructs of other dialects, by name.
//!
//! Look-around, back-references and the like cannot be matched in linear time, so this dialect has none of them. Rules
//! are often ported from engines that have them, and `(?=` alone tells an author little.

/// The prefixes of these constructs, longer ones first.
const CONSTRUCTS: [(&[u8], &str); 24] = [
    (b"(?=", "look-ahead"),
    (b"(?!", "negative look-ahead"),
    (b"(?<=", "look-behind"),
    (b"(?<!", "negative look-behind"),
    (b"(?<", "named groups without a `P`"),
    (b"(?'", "named groups without a `P`"),
    (b"(?>", "atomic groups"),
    (b"(?#", "comments"),
    (b"(?(", "conditions"),
    (b"(?|", "groups that reset numbers"),
    (b"(?P=", "back-references"),
    (b"(?P>", "calls of groups"),
    (b"(?&", "calls of groups"),
    (b"(?R", "recursion"),
    (b"(?x", "flag `x`"),
    (b"\\k", "back-references"),
    (b"\\g", "back-references"),
    (b"\\K", r"`\K`"),
    (b"\\G", r"`\G`"),
    (b"\\Z", r"`\Z` (write `\z`)"),
    (b"\\h", r"`\h` (write `[ \t]`)"),
    (b"\\R", r"`\R` (write `\r?\n`)"),
    (b"\\X", r"`\X`"),
    (b"\\u", r"`\u` (write `\x{...}`)"),
];

/// The name of the foreign construct at the beginning of `rest`, if there is one; `length` bytes of it are the reported
/// fragment.
pub(super) fn name(rest: &[u8], length: usize) -> Option<&'static str> {
    match rest {
        [b'\\', b'1'..=b'9', ..] => return Some("back-references"),
        [b'*' | b'+' | b'?' | b'{', _, ..] => {
            let mistake = rest.get(1..length).unwrap_or_default();
            return mistake.ends_with(b"+").then_some("possessive repetition");
        }
        _ => {}
    }
    CONSTRUCTS.iter().find(|(beginning, _)| rest.starts_with(beginning)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use crate::pattern::{Options, Pattern};

    fn named(pattern: &str) -> Option<&'static str> {
        let refused = Pattern::new(pattern.as_bytes(), Options { case_sensitive: true });
        refused.unwrap_err().foreign_construct()
    }

    #[test]
    fn foreign_constructs_are_named() {
        for (pattern, name) in [
            ("a(?=b)", "look-ahead"),
            ("a(?!b)", "negative look-ahead"),
            ("(?<=a)b", "look-behind"),
            ("(?<!a)b", "negative look-behind"),
            ("(?<name>a)", "named groups without a `P`"),
            ("(?>a)", "atomic groups"),
            (r"(a)\1", "back-references"),
            (r"(?P<a>b)(?P=a)", "back-references"),
            (r"(?P<a>b)\k<a>", "back-references"),
            ("a++", "possessive repetition"),
            ("a{2}+", "possessive repetition"),
            (r"a\Z", r"`\Z` (write `\z`)"),
            ("(?#note)a", "comments"),
        ] {
            assert_eq!(named(pattern), Some(name), "{pattern}");
        }
        for pattern in ["a(", "[b-a]", "*a", "+a", "a**", "(?i=a)", r"\y", "a{2000}"] {
            assert_eq!(named(pattern), None, "{pattern}");
        }
    }
}
