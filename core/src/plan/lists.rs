//! Dynamic lists, as conditions see them at evaluation time.

use crate::config::Text;
use crate::config::store::Store;
use crate::live::LiveSets;
use crate::matcher::data::DataMatcher;
use std::sync::Arc;

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
    /// Looks all names up. Two of them have what was refused at run time too, if there is such a thing.
    pub fn resolve(names: &[ListName], store: &Store, live: Option<&Arc<LiveSets>>) -> Self {
        let find = |name: &ListName| match name {
            ListName::Rules(id) => {
                let lists = store.rules_data.get(id);
                let Some((live, none)) = live.zip(without_entries(id)) else { return lists };
                Some(DataMatcher::Live(Box::new(lists.unwrap_or(none)), live.clone()))
            }
            ListName::Exclusions(id) => store.exclusion_data.get(id),
        };
        Lists(names.iter().map(find).collect())
    }

    /// The list in a slot.
    pub fn get(&self, slot: ListSlot) -> Option<&DataMatcher> {
        self.0.get(slot)?.as_ref()
    }
}

/// The lists of a name that has entries at run time, before any configuration brings some.
fn without_entries(id: &[u8]) -> Option<DataMatcher> {
    match id {
        b"blocked_ips" => Some(DataMatcher::Ip(Box::default())),
        b"blocked_users" => Some(DataMatcher::Exact(Box::default())),
        _ => None,
    }
}
