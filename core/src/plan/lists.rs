//! Dynamic lists at evaluation time.

use crate::config::store::Store;
use crate::live::LiveSets;
use crate::matcher::data::DataMatcher;
use crate::matcher::ip_match::parse_address;
use crate::value::Text;
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

/// The lists of one instance, by slot.
#[derive(Default)]
pub struct Lists(Vec<List>);

/// What is under one name.
pub struct List {
    /// What configurations say; nothing if none ever did.
    data: Option<DataMatcher>,
    live: Option<Live>,
}

/// What was refused at run time, which belongs to a list of this name.
enum Live {
    /// `blocked_ips`
    Addresses(Arc<LiveSets>),
    /// `blocked_users`
    Users(Arc<LiveSets>),
}

impl Lists {
    /// Looks all names up. Two of them have what was refused at run time too, if there is such a thing.
    pub fn resolve(names: &[ListName], store: &Store, live: Option<&Arc<LiveSets>>) -> Self {
        let find = |name: &ListName| match name {
            ListName::Rules(id) => {
                List { data: store.rules_data.get(id), live: live.and_then(|sets| Live::of(id, sets)) }
            }
            ListName::Exclusions(id) => List { data: store.exclusion_data.get(id), live: None },
        };
        Lists(names.iter().map(find).collect())
    }

    /// The list in a slot; `None` if there is nothing in it to compare with.
    pub fn get(&self, slot: ListSlot) -> Option<&List> {
        let list = self.0.get(slot)?;
        let has_some = list.data.is_some() || list.live.as_ref().is_some_and(|live| !live.is_empty());
        has_some.then_some(list)
    }

    /// The operator that a list brings, as events name it.
    pub fn operator(&self, slot: ListSlot) -> &'static str {
        self.0.get(slot).map_or("", List::operator)
    }
}

impl List {
    fn operator(&self) -> &'static str {
        match (&self.data, &self.live) {
            (Some(data), _) => data.operator(),
            (None, Some(live)) => live.operator(),
            (None, None) => "",
        }
    }

    /// Whether the list holds `text` and the entry is alive at `now`, in seconds. All of it is to be highlighted.
    pub fn matches(&self, text: &[u8], now: u64) -> bool {
        self.data.as_ref().is_some_and(|data| data.matches(text, now))
            || self.live.as_ref().is_some_and(|live| live.matches(text, now))
    }
}

impl Live {
    fn of(id: &[u8], sets: &Arc<LiveSets>) -> Option<Self> {
        match id {
            b"blocked_ips" => Some(Self::Addresses(sets.clone())),
            b"blocked_users" => Some(Self::Users(sets.clone())),
            _ => None,
        }
    }

    fn is_empty(&self) -> bool {
        match self {
            Self::Addresses(sets) => sets.addresses.is_empty(),
            Self::Users(sets) => sets.users.is_empty(),
        }
    }

    fn operator(&self) -> &'static str {
        match self {
            Self::Addresses(_) => "ip_match",
            Self::Users(_) => "exact_match",
        }
    }

    fn matches(&self, text: &[u8], now: u64) -> bool {
        if self.is_empty() {
            return false;
        }
        match self {
            Self::Addresses(sets) => {
                parse_address(text).is_some_and(|address| sets.addresses.find(address, now).is_some())
            }
            Self::Users(sets) => sets.users.find(text, now).is_some(),
        }
    }
}
