//! Reading and writing JSON.
//!
//! There is a reader because the ABI's reader differs from every JSON library in ways that callers can observe: numbers
//! are typed by sign and range, long decimals are *not* correctly rounded, a NUL ends the document, invalid UTF-8
//! passes, and data stops at 20 levels. The writer is for people and tests.

mod number;
mod read;
mod write;

pub use read::{JsonError, parse, parse_in, parse_within};
pub use write::{to_string, write};
