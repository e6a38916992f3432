//! `extract_schema`: the shape of a value, with types, keys and lengths, but no content.
//!
//! A node of a schema is an array that begins with a type code, a map of the entries' nodes, or the set of the
//! elements' nodes. The set is what costs: an array of a thousand orders is described once if all orders look alike, so
//! nodes must be compared as structures. Most neighbours do look alike, so a [survey](survey) of the value first
//! [compares](comparison) a container with the one before it, and describes it only if it differs. Every described
//! container has a hash of its structure, which settles nearly all remaining comparisons; only nodes with equal hashes
//! are compared in full, and the nodes of a duplicate element are dropped at once. The schema is therefore built in
//! flat [tables] first, and [as an object](rendering) at the end.
//!
//! Breadth and depth are bounded (255 entries, 10 elements, 18 containers), so the recursion is bounded as well.

mod comparison;
mod rendering;
mod survey;
mod tables;

use super::classifier::{Classifier, Selection};
use super::keys::KeptKeys;
use super::scanner::Scanner;
use crate::support::fork::Renewable;
use crate::support::{Deadline, Expired};
use crate::value::{Object, Value};
use rendering::Rendering;
use std::sync::Arc;
use survey::Survey;
use tables::{Child, Container, Tables};

/// The nodes for which memory is kept between documents.
const KEPT_NODES: usize = 4096;
/// The number of workspaces that are kept.
const KEPT_WORKSPACES: usize = 8;

/// The scanners selected for a processor, and the workspaces for its schemas.
#[derive(Default)]
pub struct Scanners {
    selection: Selection,
    workspaces: Workspaces,
}

impl Scanners {
    /// Prepares a selection, in the order in which scanners are tried.
    pub fn new(scanners: Vec<Arc<Scanner>>) -> Self {
        Scanners { selection: Selection::new(scanners), workspaces: Workspaces::default() }
    }
}

pub(super) fn generate(input: &Object, scanners: &Scanners, deadline: &mut Deadline) -> Result<Value, Expired> {
    let Scanners { selection, workspaces } = scanners;
    let Workspace { keys, containers, children, open } = workspaces.take();
    let tables = Tables { containers, children: reused(children) };
    let mut survey = Survey::new(Classifier::new(selection, keys), tables, reused(open), deadline);
    let root = survey.visit(input, b"", 1);
    let Survey { classifier, mut tables, open, deadline, .. } = survey;
    let made = root.and_then(|root| Rendering { tables: &tables, scanners: selection, deadline }.root(root));
    tables.containers.clear();
    if tables.children.capacity().max(open.capacity()).max(tables.containers.capacity()) <= KEPT_NODES {
        let Tables { containers, children } = tables;
        let keys = classifier.into_kept();
        workspaces.give(Workspace { keys, containers, children: reused(children), open: reused(open) });
    }
    made
}

/// What is kept from one document to the next: results for keys, and memory.
#[derive(Default)]
struct Workspace {
    keys: KeptKeys,
    containers: Vec<Container>,
    children: Vec<Child<'static>>,
    open: Vec<Child<'static>>,
}

/// Workspaces that are not in use.
#[derive(Default)]
struct Workspaces(Renewable<Vec<Workspace>>);

impl Workspaces {
    fn take(&self) -> Workspace {
        self.0.lock().pop().unwrap_or_default()
    }

    fn give(&self, used: Workspace) {
        let mut waiting = self.0.lock();
        if waiting.len() < KEPT_WORKSPACES {
            waiting.push(used);
        }
    }
}

/// An empty list that reuses the memory of another.
fn reused<'b>(mut children: Vec<Child<'_>>) -> Vec<Child<'b>> {
    children.clear();
    // Nothing is left to be mapped; collecting in place keeps the allocation.
    children.into_iter().map(|child| Child::element(child.node)).collect()
}
