//! The RE2 dialect rules are written in, mapped onto the regex crates.
