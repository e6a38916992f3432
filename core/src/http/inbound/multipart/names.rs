//! The names of a part: of its field, and of its file.

use crate::http::inbound::media::Media;
use crate::http::inbound::{charset, percent};
use std::collections::BTreeMap;

/// The most names and the most file names of a part. The content is judged under each of them, so an unbounded number
/// would multiply the memory of a body.
const MOST_NAMES: usize = 4;

/// All names that some reader would take.
#[derive(Default)]
pub struct Names {
    /// The names of the field.
    pub of_fields: Vec<Vec<u8>>,
    /// The names of the file, which may be empty.
    pub of_files: Vec<Vec<u8>>,
    /// Whether a file name was given at all.
    pub is_file: bool,
}

impl Names {
    /// Reads names and file names in all the ways of writing them: plain, with a charset (RFC 5987), in pieces (RFC 2231).
    /// Returns whether there was room for all of them.
    pub fn read(&mut self, disposition: &Media) -> bool {
        let mut all_named = true;
        let mut pieces: BTreeMap<(bool, usize), Vec<u8>> = BTreeMap::new();
        for (parameter, value) in disposition.parameters() {
            let (base, number) = parameter.split_once('*').unwrap_or((parameter, ""));
            let is_file = match base {
                "filename" => true,
                "name" => false,
                _ => continue,
            };
            self.is_file |= is_file;
            let is_extended = parameter.ends_with('*');
            let value = if is_extended { extended(value) } else { value.to_vec() };
            match number.trim_end_matches('*').parse() {
                Ok(number) => _ = pieces.insert((is_file, number), value),
                Err(_) => all_named &= self.named(is_file, value),
            }
        }
        for is_file in [false, true] {
            let joined: Vec<u8> =
                pieces.range((is_file, 0)..=(is_file, usize::MAX)).flat_map(|(_, piece)| piece.clone()).collect();
            if !joined.is_empty() {
                all_named &= self.named(is_file, joined);
            }
        }
        all_named
    }

    fn named(&mut self, is_file: bool, name: Vec<u8>) -> bool {
        let names = if is_file { &mut self.of_files } else { &mut self.of_fields };
        let is_known = names.contains(&name);
        if !is_known && names.len() < MOST_NAMES {
            names.push(name);
            return true;
        }
        is_known
    }
}

/// Whether a parameter is a name or a file name, in one of the ways of writing them.
pub fn is_name(parameter: &str) -> bool {
    let (base, rest) = parameter.split_once('*').unwrap_or((parameter, ""));
    ["name", "filename"].contains(&base) && rest.bytes().all(|byte| byte.is_ascii_digit() || byte == b'*')
}

/// The value of an extended parameter: `charset'language'percent-encoded`.
fn extended(value: &[u8]) -> Vec<u8> {
    let mut parts = value.splitn(3, |byte| *byte == b'\'');
    match (parts.next(), parts.next(), parts.next()) {
        (Some(label), Some(_), Some(text)) => {
            let bytes = percent::decode(text, false);
            charset::decode(&bytes, Some(label)).text.into_owned()
        }
        _ => percent::decode(value, false).into_owned(),
    }
}
