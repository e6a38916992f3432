//! Dynamic lists: values with expirations that conditions refer to by name.
//!
//! Lists of one name from several configurations act as one. Each keeps its own set, built once when it is added, and a
//! lookup queries them all: "the longest-lived entry wins" is the same as "any unexpired entry matches". So the cost of
//! an update depends only on the entries it brings.

use crate::fields::read::{self, Fields, element};
use crate::fields::refusal::Refusal;
use crate::matcher::data::{DataMatcher, ListType};
use crate::matcher::exact_match::ExactSet;
use crate::matcher::ip_match::IpSet;
use crate::value::Text;
use std::sync::Arc;

/// The values that one configuration adds to a list.
#[derive(Clone)]
pub enum DataSet {
    /// Addresses and networks.
    Ip(Arc<IpSet>),
    /// Whole strings.
    Exact(Arc<ExactSet>),
}

/// All sets of one name as one matcher.
pub fn join<'a>(settled: ListType, sets: impl Iterator<Item = &'a DataSet>) -> DataMatcher {
    match settled {
        ListType::Ip => DataMatcher::Ip(
            sets.filter_map(|set| if let DataSet::Ip(set) = set { Some(set.clone()) } else { None }).collect(),
        ),
        ListType::Data => DataMatcher::Exact(
            sets.filter_map(|set| if let DataSet::Exact(set) = set { Some(set.clone()) } else { None }).collect(),
        ),
    }
}

/// A list as configured; [`DataList::build`] interprets its values once the list's type is settled.
pub struct DataList {
    /// The type that the configuration declares.
    pub declared: ListType,
    values: Vec<(Text, u64)>,
}

impl DataList {
    /// Builds the set, in the type that the builder's list of this name has.
    pub fn build(&self, settled: ListType) -> DataSet {
        let values = self.values.iter().map(|(value, expiration)| (&value[..], *expiration));
        match settled {
            ListType::Ip => DataSet::Ip(Arc::new(IpSet::new(values))),
            ListType::Data => DataSet::Exact(Arc::new(ExactSet::new(values))),
        }
    }
}

/// Reads a list, after its id.
pub fn parse(fields: &Fields<'_>) -> Result<DataList, Refusal> {
    let type_name = fields.required("type", read::strict_string)?;
    let data = fields.required("data", Ok)?;
    let declared =
        ListType::from_name(type_name).ok_or_else(|| Refusal::about_id(read::quoted("unknown type: ", type_name)))?;
    let entries = element(data, read::array)?;
    let mut values = Vec::with_capacity(entries.len());
    for entry in entries {
        let entry = element(entry, read::map)?;
        let value = entry.required("value", read::text)?;
        values.push((value, entry.optional("expiration", read::unsigned)?.unwrap_or(0)));
    }
    Ok(DataList { declared, values })
}
