//! Modules and collections, derived from the ordered rules.

use super::order_rules::{ModuleKind, Planned};
use super::rule::{Collection, Module};
use crate::support::lists::place_of;

/// The modules with rules.
pub fn form(rules: &[Planned]) -> Vec<Module> {
    let mut modules = vec![];
    let mut types: Vec<&[u8]> = vec![];
    let mut start = 0;
    while start < rules.len() {
        let kind = rules[start].module;
        let length = rules[start..].iter().take_while(|rule| rule.module == kind).count();
        let range = start..start + length;
        let collections = if kind == ModuleKind::Waf { collections(rules, range.clone(), &mut types) } else { vec![] };
        modules.push(Module { rules: range, ignores_deadline: kind.ignores_deadline(), collections });
        start += length;
    }
    modules
}

/// A new collection starts whenever the type differs from that of the previous rule; the type "before" the first rule
/// is empty, so leading rules of the empty type belong to none.
fn collections<'a>(rules: &'a [Planned], range: std::ops::Range<usize>, types: &mut Vec<&'a [u8]>) -> Vec<Collection> {
    let mut collections: Vec<Collection> = vec![];
    let mut previous: &[u8] = b"";
    for id in range {
        let name = rules[id].type_name();
        if name != previous {
            let type_id = place_of(types, name);
            collections.push(Collection { rules: id..id + 1, type_id, verdict: rules[id].verdict });
        } else if let Some(last) = collections.last_mut() {
            last.rules.end = id + 1;
        }
        previous = name;
    }
    collections
}
