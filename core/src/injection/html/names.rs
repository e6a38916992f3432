//! The names of tags and of attributes that can run script.

use crate::injection::table::Table;
use crate::support::Stride;

static TAGS: Table<18, 65> = Table::new(include_bytes!("tags.tsv"));
static ATTRIBUTES: Table<262, 513> = Table::new(include_bytes!("attributes.tsv"));

/// What the value of an attribute may do.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Class {
    /// Runs script, whatever the value.
    Black,
    /// Is a URL.
    Url,
    /// Is a fragment of a style sheet.
    Style,
    /// Is the name of another attribute.
    Indirect,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Tag {
    Black,
    /// Loads a page, possibly an exempt one.
    Iframe,
}

/// The class of a tag. Browsers ignore NULs in names.
pub(super) fn tag(name: &[u8], stride: &mut Stride<'_>) -> Option<Tag> {
    if name.len() < 3 {
        return None;
    }
    let (_, class) = TAGS.get(Name::new(name, stride)?.as_bytes())?;
    Some(if class == b'i' { Tag::Iframe } else { Tag::Black })
}

/// The class of an attribute.
pub(super) fn attribute(name: &[u8], stride: &mut Stride<'_>) -> Option<Class> {
    if name.len() < 2 {
        return None;
    }
    let (spelling, class) = ATTRIBUTES.get(Name::new(name, stride)?.as_bytes())?;
    match class {
        // The reference requires the `on` of an event in one piece, with NULs only after it.
        b'b' if spelling.starts_with(b"ON") && !name[..2].eq_ignore_ascii_case(b"ON") => None,
        b'b' => Some(Class::Black),
        b'u' => Some(Class::Url),
        b's' => Some(Class::Style),
        _ => Some(Class::Indirect),
    }
}

/// A name without its NULs, if it is short enough for a table.
struct Name {
    bytes: [u8; Self::LONGEST],
    length: usize,
}

impl Name {
    const LONGEST: usize = 32;

    fn new(name: &[u8], stride: &mut Stride<'_>) -> Option<Self> {
        let mut short = Self { bytes: [0; Self::LONGEST], length: 0 };
        for (at, &byte) in name.iter().enumerate() {
            // Only NULs may make a name long.
            if byte == 0 {
                if stride.is_over(at) {
                    return None;
                }
                continue;
            }
            *short.bytes.get_mut(short.length)? = byte;
            short.length += 1;
        }
        Some(short)
    }

    fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.length]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::Deadline;

    fn tag(name: &[u8]) -> Option<Tag> {
        super::tag(name, &mut Stride::new(&mut Deadline::unlimited(), 1))
    }

    fn attribute(name: &[u8]) -> Option<Class> {
        super::attribute(name, &mut Stride::new(&mut Deadline::unlimited(), 1))
    }

    #[test]
    fn names_in_any_case_with_nuls() {
        assert_eq!(tag(b"ScRiPt"), Some(Tag::Black));
        assert_eq!(tag(b"s\0cript\0"), Some(Tag::Black));
        assert_eq!(tag(b"iframe"), Some(Tag::Iframe));
        assert_eq!(attribute(b"onclick"), Some(Class::Black));
        assert_eq!(attribute(b"oncl\0ick"), Some(Class::Black));
        assert_eq!(attribute(b"xlink:href"), Some(Class::Url));
        assert_eq!(attribute(b"t\0o"), Some(Class::Url));
        assert_eq!(attribute(b"style"), Some(Class::Style));
        assert_eq!(attribute(b"attributeName"), Some(Class::Indirect));
    }

    #[test]
    fn other_names() {
        for name in [&b""[..], b"o", b"onxyz", b"o\0nclick", b"xmlns", b"href2", &[b'a'; 100]] {
            assert_eq!(attribute(name), None);
        }
        for name in [&b""[..], b"b", b"svg", b"scripts", &[0; 100]] {
            assert_eq!(tag(name), None);
        }
    }

    #[test]
    fn no_table_has_a_longer_name() {
        let tables = [include_str!("tags.tsv"), include_str!("attributes.tsv")];
        assert!(tables.iter().flat_map(|text| text.lines()).all(|line| line.len() - 2 <= Name::LONGEST));
    }
}
