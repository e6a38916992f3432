//! Dynamic lists at evaluation time.

use crate::config::store::Store;
use crate::matcher::data::DataMatcher;
use crate::value::Text;

/// The number of a list name.
pub type ListSlot = usize;

/// Which list a condition refers to.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum ListName {
    /// From `rules_data`.
    Rules(Text),
    /// From `exclusion_data`.
    Exclusions(Text),
}

/// The lists of one instance, by slot; `None` for names that never had any.
#[derive(Default)]
pub struct Lists(Vec<Option<DataMatcher>>);

impl Lists {
    /// Looks up all names.
    pub fn resolve(names: &[ListName], store: &Store) -> Self {
        let find = |name: &ListName| match name {
            ListName::Rules(id) => store.rules_data.get(id),
            ListName::Exclusions(id) => store.exclusion_data.get(id),
        };
        Lists(names.iter().map(find).collect())
    }

    /// The list in a slot.
    pub fn get(&self, slot: ListSlot) -> Option<&DataMatcher> {
        self.0.get(slot)?.as_ref()
    }
}
