//! An item: a dimension and the value, or one of several values, that a request has in it.

use super::dimension::{Dimension, Stability};
use super::traits::{HEADER_VALUE, Traits, VALUE};
use crate::takeover::address::Prefix;
use crate::takeover::text::clean;
use crate::value::{Object, Value};

/// The maximum number of values of an item.
pub const VALUES: usize = 256;

/// A trait of requests.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Item {
    /// The dimension.
    pub dimension: Dimension,
    /// The name of the header, in lower case, for the dimensions that have one; otherwise empty.
    pub header: String,
    /// The values, any of which matches; for [`Dimension::Missing`] and [`Dimension::Present`] there is none.
    pub values: Vec<String>,
    /// Whether a value is only the beginning of the real one.
    pub cut: bool,
}

impl Item {
    /// An item with one value.
    pub fn of(dimension: Dimension, header: &str, value: &str) -> Self {
        Item { dimension, header: header.into(), values: vec![value.into()], cut: false }
    }

    /// An item about the presence of a header.
    pub fn header(dimension: Dimension, header: &str) -> Self {
        Item { dimension, header: header.into(), values: vec![], cut: false }
    }

    /// Whether two items must not be in one cluster: they have the same dimension and header.
    pub fn excludes(&self, other: &Item) -> bool {
        let is_about_presence = |item: &Item| matches!(item.dimension, Dimension::Missing | Dimension::Present);
        let same = self.dimension == other.dimension || is_about_presence(self) && is_about_presence(other);
        same && self.header == other.header
    }

    /// How well the item distinguishes software, and whether a rule can have it as a condition.
    pub fn stability(&self) -> Stability {
        if self.has_condition() { self.dimension.stability() } else { Stability::None }
    }

    /// Whether a condition of a rule can express the item. Invalid encodings were replaced when the event was read, so
    /// such a value differs from the one in requests.
    pub fn has_condition(&self) -> bool {
        let is_lossy = |value: &String| value.contains('\u{fffd}');
        self.dimension.stability() != Stability::None
            && !self.cut
            // Rules see the headers without cookies.
            && self.header != "cookie"
            && !self.values.iter().any(is_lossy)
            && (self.dimension != Dimension::Network || self.values.iter().all(|value| Prefix::parse(value).is_some()))
    }

    /// Whether a request has the trait.
    pub fn matches(&self, traits: &Traits<'_>) -> bool {
        match self.dimension {
            Dimension::Missing => traits.has_header(&self.header) == Some(false),
            Dimension::Present => traits.has_header(&self.header) == Some(true),
            dimension => traits.value(dimension, &self.header).is_some_and(|value| {
                value.cut == self.cut && self.values.binary_search_by(|known| known.as_str().cmp(&value.text)).is_ok()
            }),
        }
    }

    /// The key in printed clusters.
    pub fn key(&self) -> String {
        match self.dimension {
            Dimension::Value => format!("hv:{}", self.header),
            dimension => dimension.name().into(),
        }
    }

    /// Reads the items of an analyst: a map from dimensions to a value or a list of values.
    pub fn read(items: &Object) -> Result<Vec<Item>, String> {
        let pairs = items.as_map().ok_or("items must be a map")?;
        let mut read: Vec<Item> = vec![];
        for pair in pairs {
            let name = String::from_utf8_lossy(pair.key_bytes().unwrap_or_default()).into_owned();
            let (dimension, header) =
                Dimension::from_name(&name).ok_or_else(|| format!("unknown dimension '{}'", short(&name)))?;
            let values = values(pair.value()).ok_or_else(|| format!("'{name}' must be a text or a list of texts"))?;
            if matches!(dimension, Dimension::Missing | Dimension::Present) {
                let header = |value: &String| Item::header(dimension, &value.to_ascii_lowercase());
                read.extend(values.iter().map(header));
                continue;
            }
            let most = if dimension == Dimension::Value { HEADER_VALUE } else { VALUE };
            if values.iter().any(|value| value.len() > most) {
                return Err(format!("a value of '{name}' has more than {most} bytes"));
            }
            read.push(Item { dimension, header: header.to_ascii_lowercase(), values, cut: false });
        }
        read.sort();
        let twice = read.windows(2).any(|pair| pair[0].excludes(&pair[1]));
        match read.len() {
            0 => Err("a cluster needs an item".into()),
            _ if twice => Err("a cluster can have a dimension only once".into()),
            1..=8 => Ok(read),
            _ => Err("a cluster has at most 8 items".into()),
        }
    }

    /// The items as a map.
    pub fn print(items: &[Item]) -> Value {
        let mut keys: Vec<String> = items.iter().map(Item::key).collect();
        keys.dedup();
        Value::from_entries(keys.into_iter().map(|key| {
            let of_key = items.iter().filter(|item| item.key() == key);
            let texts: Vec<&String> = of_key
                .flat_map(|item| match item.values.is_empty() {
                    true => std::slice::from_ref(&item.header),
                    false => &item.values,
                })
                .collect();
            let value = match texts[..] {
                [one] => Value::from(one),
                _ => texts.into_iter().map(Value::from).collect(),
            };
            (key, value)
        }))
    }
}

fn values(value: &Object) -> Option<Vec<String>> {
    let text = |value: &Object| Some(clean(value.as_bytes()?)?.into_owned());
    let mut values = match value.as_array() {
        Some(list) if !list.is_empty() && list.len() <= VALUES => list.iter().map(text).collect::<Option<Vec<_>>>()?,
        Some(_) => return None,
        None => vec![text(value)?],
    };
    values.sort();
    values.dedup();
    Some(values)
}

fn short(name: &str) -> &str {
    crate::takeover::text::shown(name, 64)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    fn read(items: &str) -> Result<Vec<Item>, String> {
        Item::read(&json::parse(items.as_bytes()).unwrap())
    }

    #[test]
    fn items_are_read_as_printed() {
        for items in [
            r#"{"ua":"Mozilla/5.0"}"#,
            r#"{"hdr.unknown":"2-d0de8182","hdr.missing":"sec-ch-ua"}"#,
            r#"{"hdr.missing":["accept","te"],"hv:x-app":["1","2"]}"#,
            r#"{"fp.session":"none","network":"203.0.113.0/24"}"#,
        ] {
            assert_eq!(json::to_string(&Item::print(&read(items).unwrap())), items);
        }
    }

    #[test]
    fn bad_items_say_what_is_wrong() {
        let long = format!(r#"{{"ua":"{}"}}"#, "x".repeat(257));
        let many = format!(r#"{{"hdr.missing":[{}]}}"#, ["\"a\",", &"\"b\",".repeat(300), "\"c\""].concat());
        let table = [
            ("[]", "items must be a map"),
            ("{}", "a cluster needs an item"),
            (r#"{"exists":"false"}"#, "unknown dimension 'exists'"),
            (r#"{"ua":7}"#, "'ua' must be a text or a list of texts"),
            (r#"{"ua":[]}"#, "'ua' must be a text or a list of texts"),
            (r#"{"ua":""}"#, "'ua' must be a text or a list of texts"),
            (r#"{"ua":"a","ua":"b"}"#, "a cluster can have a dimension only once"),
            (r#"{"hdr.missing":"te","hdr.present":"TE"}"#, "a cluster can have a dimension only once"),
            (r#"{"hdr.missing":["1","2","3","4","5","6","7","8","9"]}"#, "a cluster has at most 8 items"),
            (&long, "a value of 'ua' has more than 256 bytes"),
            (&many, "'hdr.missing' must be a text or a list of texts"),
        ];
        for (items, error) in table {
            assert_eq!(read(items).err().as_deref(), Some(error), "{items:.80}");
        }
    }

    #[test]
    fn what_cannot_be_a_condition_is_known() {
        let cut = Item { cut: true, ..Item::of(Dimension::UserAgent, "", "x") };
        assert!(!cut.has_condition() && !Item::of(Dimension::Order, "", "x").has_condition());
        assert!(!Item::of(Dimension::Network, "", "AS64500").has_condition());
        assert!(!Item::of(Dimension::UserAgent, "", "b\u{fffd}").has_condition());
        assert!(Item::of(Dimension::Network, "", "203.0.113.0/24").has_condition());
        assert!(Item::header(Dimension::Missing, "te").has_condition());
    }
}
