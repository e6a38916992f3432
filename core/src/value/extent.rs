//! Whether a value is finite.
//!
//! Values made by safe code are trees, and everything that reads, copies or frees one relies on that. A value laid out
//! in C may contain itself, directly or indirectly, and then no walk terminates. Or it may share parts: forty arrays,
//! each of which holds the next one twice, expand to a trillion elements in a few kilobytes. So the C boundary checks
//! values here first.
//!
//! For ordinary data the check must cost next to nothing. Most values are small and shallow, and a bounded walk visits
//! all of them. A larger or deeper value is searched depth first, visiting each container that holds containers once,
//! however often it occurs: linear in the memory of the value. The search also yields the expanded size, in which
//! shared parts count once per occurrence; it may exceed the entries in memory only by a constant factor, so that every
//! later walk is linear, too.

use super::{Object, tag};
use crate::support::Deadline;
use std::collections::HashMap;

/// The expanded size, in entries, that is always allowed.
const MOST_ENTRIES: u64 = 1 << 20;

/// Beyond that, the expanded size may be this many times the number of entries in memory. It equals that number for a
/// value without shared parts.
const MOST_TIMES: u64 = 16;

/// The most entries that the bounded walk visits.
const FEW: usize = 16_384;

/// The deepest nesting that the bounded walk visits.
const SHALLOW: u32 = 32;

/// Containers of up to this many entries are cheaper to search again than to remember.
const TINY: usize = 16;

/// This many entries are searched whatever the deadline says.
const ALWAYS: usize = 65_536;

/// The cost of remembering a container, in entries.
const REMEMBERED: usize = 16;

/// Entries searched between two checks of the deadline.
const STRETCH: usize = 4096;
const ENTRIES_A_UNIT: usize = 64;

impl Object {
    /// Whether this contains itself, at whatever depth, or shares parts so often that it expands to more than 2^20
    /// entries and more than 16 times those in memory. Takes time linear in the memory of the value.
    pub fn is_endless(&self) -> bool {
        self.is_endless_within(&mut Deadline::unlimited()).unwrap_or(true)
    }

    /// The same; `None` if the deadline ends first.
    pub fn is_endless_within(&self, deadline: &mut Deadline) -> Option<bool> {
        if ends_soon(self, SHALLOW, &mut { FEW }) {
            return Some(false);
        }
        Search::new(deadline, MOST_ENTRIES, MOST_TIMES).run(self)
    }

    /// Whether this is an array of at most [`TINY`] elements, none of them a container.
    #[inline]
    fn is_scalar_list(&self) -> bool {
        let elements = if self.tag() == tag::ARRAY { self.as_array() } else { None };
        elements
            .is_some_and(|elements| elements.len() <= TINY && elements.iter().all(|element| !element.is_container()))
    }

    /// The first non-empty container among the entries from `from` up to `to`, with its index.
    #[inline]
    fn container_between(&self, from: usize, to: usize) -> Option<(usize, &Object)> {
        let is_inner = |object: &Object| object.is_container() && !object.is_empty();
        let (nth, container) = if let Some(elements) = self.as_array() {
            elements.get(from..to)?.iter().enumerate().find(|(_, element)| is_inner(element))?
        } else {
            let values = self.as_map()?.get(from..to)?.iter().map(|pair| pair.value());
            values.enumerate().find(|(_, value)| is_inner(value))?
        };
        Some((from + nth, container))
    }
}

/// Whether a walk ends before its limits on entries and levels. All data is checked, so scalars and the short lists of
/// them that headers and parameters are cost no call.
fn ends_soon(object: &Object, levels: u32, left: &mut usize) -> bool {
    let entries = object.len();
    if entries > *left || (levels == 0 && entries > 0) {
        return false;
    }
    *left -= entries;
    let mut ends =
        |inner: &Object| !inner.is_container() || inner.is_scalar_list() || ends_soon(inner, levels - 1, left);
    match object.as_map() {
        Some(pairs) => pairs.iter().all(|pair| ends(pair.value())),
        None => object.as_array().is_none_or(|elements| elements.iter().all(ends)),
    }
}

/// Identifies a container by its block: objects are copied bitwise when they change hands, so their address does not.
type Identity = (usize, usize, bool);

fn identity(container: &Object) -> Identity {
    (container.block() as usize, container.len(), container.is_map())
}

/// A depth-first search for cycles that also computes expanded sizes.
struct Search<'a, 'd> {
    deadline: &'d mut Deadline,
    /// The limits on the expanded size: in entries, and as a multiple of those in memory.
    most: u64,
    times: u64,
    /// The expanded size of each container; `None` while it is on the path.
    amounts: HashMap<Identity, Option<u64>>,
    path: Vec<Open<'a>>,
    /// Work done, in entries, and the part of it that the deadline was not yet charged for.
    done: usize,
    owed: usize,
    /// Entries in memory.
    entries: u64,
}

/// A container on the path.
struct Open<'a> {
    container: &'a Object,
    /// The index of the next entry.
    next: usize,
    /// The expanded size of the entries searched so far.
    amount: u64,
}

impl<'a, 'd> Search<'a, 'd> {
    fn new(deadline: &'d mut Deadline, most: u64, times: u64) -> Self {
        Search { deadline, most, times, amounts: HashMap::new(), path: vec![], done: 0, owed: 0, entries: 0 }
    }

    /// Whether `root` is endless; `None` if the deadline ended first.
    fn run(mut self, root: &'a Object) -> Option<bool> {
        self.open(root);
        loop {
            let amount = match self.next_inner()? {
                None => self.close()?,
                Some(inner) if is_flat(inner) => {
                    self.owed += inner.len();
                    self.entries += inner.len() as u64;
                    inner.len() as u64
                }
                Some(inner) => match self.amounts.get(&identity(inner)) {
                    Some(&Some(amount)) => amount,
                    Some(None) => return Some(true),
                    None => {
                        self.open(inner);
                        continue;
                    }
                },
            };
            let Some(outer) = self.path.last_mut() else {
                return Some(amount > self.most.max(self.times.saturating_mul(self.entries)));
            };
            outer.amount = outer.amount.saturating_add(amount);
        }
    }

    fn open(&mut self, container: &'a Object) {
        self.amounts.insert(identity(container), None);
        self.path.push(Open { container, next: 0, amount: container.len() as u64 });
        self.owed += REMEMBERED;
        self.entries += container.len() as u64;
    }

    /// Leaves the innermost container and returns its expanded size.
    fn close(&mut self) -> Option<u64> {
        let Open { container, amount, .. } = self.path.pop()?;
        self.amounts.insert(identity(container), Some(amount));
        Some(amount)
    }

    /// The next container within the innermost one, if there is another; `None` if the deadline ended first.
    fn next_inner(&mut self) -> Option<Option<&'a Object>> {
        let Some(Open { container, next, .. }) = self.path.last_mut() else { return Some(None) };
        while *next < container.len() {
            let end = container.len().min(*next + STRETCH);
            let found = container.container_between(*next, end);
            let reached = found.map_or(end, |(nth, _)| nth + 1);
            self.owed += reached - *next;
            *next = reached;
            if self.owed >= STRETCH {
                self.done += self.owed;
                let units = std::mem::take(&mut self.owed) / ENTRIES_A_UNIT;
                if self.done > ALWAYS && self.deadline.spend(units as u32) {
                    return None;
                }
            }
            if let Some((_, inner)) = found {
                return Some(Some(inner));
            }
        }
        Some(None)
    }
}

/// Whether a container is known to hold no containers. Checks only small ones.
fn is_flat(container: &Object) -> bool {
    container.len() <= TINY && container.container_between(0, container.len()).is_none()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::support::test_random::Random;
    use crate::value::{Value, tag};

    /// Arrays that refer to each other in any way, in blocks that are never freed.
    struct Graph(Vec<(*mut Object, usize)>);

    impl Graph {
        /// Each node is an array of the given nodes; an index out of range stands for a null.
        fn new(edges: &[Vec<usize>]) -> Self {
            let block = |node: &Vec<usize>| {
                let nulls: Vec<_> = node.iter().map(|_| Value::null().into_object()).collect();
                (Box::into_raw(nulls.into_boxed_slice()).cast(), node.len())
            };
            let graph = Graph(edges.iter().map(block).collect());
            for (node, edges) in edges.iter().enumerate() {
                for (nth, edge) in edges.iter().enumerate().filter(|(_, edge)| **edge < graph.0.len()) {
                    // SAFETY: within the block.
                    unsafe { graph.0[node].0.add(nth).write(graph.node(*edge)) };
                }
            }
            graph
        }

        fn node(&self, node: usize) -> Object {
            let mut object = Object::INVALID;
            let (data, size) = self.0[node];
            // SAFETY: a block that is never freed, with so many elements.
            unsafe { object.set_container_parts(tag::ARRAY, size, size, data.cast()) };
            object
        }

        fn root(&self) -> Object {
            self.node(0)
        }
    }

    /// The expanded size of a node by definition, `None` if it is endless.
    fn amount(edges: &[Vec<usize>], node: usize, path: &mut Vec<usize>) -> Option<u64> {
        if path.contains(&node) {
            return None;
        }
        path.push(node);
        let inner = |edge: &usize| {
            if *edge < edges.len() && !edges[*edge].is_empty() { amount(edges, *edge, path) } else { Some(0) }
        };
        let inner: Option<u64> = edges[node].iter().map(inner).sum();
        path.pop();
        Some(inner? + edges[node].len() as u64)
    }

    fn search(root: &Object, most: u64) -> Option<bool> {
        Search::new(&mut Deadline::unlimited(), most, 0).run(root)
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
    fn finite_values_are_those_finite_by_definition() {
        let mut random = Random(1);
        let mut random = |below: usize| random.below(below);
        let mut endless = 0;
        for round in 0..20_000 {
            let nodes = 1 + random(7);
            let mut edges: Vec<Vec<usize>> = vec![];
            for node in 0..nodes {
                // Every other graph has only forward edges, and so no cycle.
                let size = random(4);
                let first = if round % 2 == 0 { 0 } else { node + 1 };
                edges.push((0..size).map(|_| first + random(nodes + 4)).collect());
            }
            let graph = Graph::new(&edges);
            let root = graph.root();
            if root.is_empty() {
                continue;
            }
            let expected = amount(&edges, 0, &mut vec![]);
            endless += u32::from(expected.is_none());
            assert_eq!(root.is_endless(), expected.is_none(), "{edges:?}");
            for most in [3, 10] {
                assert_eq!(search(&root, most), Some(expected.is_none_or(|amount| amount > most)), "{most} {edges:?}");
            }
        }
        assert!((2_000..10_000).contains(&endless), "{endless}");
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
    fn cycles_are_found_after_many_entries_and_at_any_depth() {
        for (before, length) in [(0, 1), (0, 2), (50_000, 1), (200_000, 3), (0, 100_000), (20, 1000)] {
            // Nodes 0 to length - 1 each hold some nulls and then the next node; the last one holds the first.
            let edges = |closed: bool| -> Vec<Vec<usize>> {
                let next = |node: usize| {
                    if node + 1 < length {
                        node + 1
                    } else if closed {
                        0
                    } else {
                        usize::MAX
                    }
                };
                (0..length).map(|node| [vec![usize::MAX; before], vec![next(node)]].concat()).collect()
            };
            assert!(Graph::new(&edges(true)).root().is_endless(), "{before} {length}");
            assert!(!Graph::new(&edges(false)).root().is_endless(), "{before} {length}");
        }
    }

    #[test]
    fn shared_parts_count_once_per_occurrence() {
        // Each array holds the next one twice: 2^n - 1 arrays of two elements when expanded.
        let doubling =
            |levels: usize| Graph::new(&(0..levels).map(|level| vec![level + 1; 2]).collect::<Vec<_>>()).root();
        assert!(!doubling(10).is_endless() && !doubling(19).is_endless());
        for levels in [20, 28, 64, 10_000] {
            assert!(doubling(levels).is_endless(), "{levels}");
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
    fn large_values_may_repeat_their_parts_in_proportion() {
        // An array with this many references to one array of 200,000 nulls.
        let repeated = |times: usize| Graph::new(&[vec![1; times], vec![usize::MAX; 200_000]]).root();
        assert!(!repeated(5).is_endless() && !repeated(16).is_endless() && repeated(17).is_endless());
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
    fn the_search_is_linear_in_the_memory() {
        let grid = |levels: usize, width: usize| {
            Graph::new(&(0..levels).map(|level| vec![level + 1; width]).collect::<Vec<_>>()).root()
        };
        for (levels, width) in [(64, 2), (64, 256), (2000, 2), (2000, 256)] {
            // A unit stands for 64 entries; searching the next level once per reference would multiply.
            let mut deadline = Deadline::unlimited();
            assert_eq!(grid(levels, width).is_endless_within(&mut deadline), Some(true));
            let spent = deadline.spent();
            assert!(spent <= (levels * (width + REMEMBERED) / ENTRIES_A_UNIT) as u64 + 1, "{levels} {width}: {spent}");
        }
    }

    #[test]
    fn an_element_may_lie_in_its_own_block() {
        let graph = Graph::new(&[vec![usize::MAX; 2]]);
        let mut within = graph.root();
        // SAFETY: a block that is never freed; its second element becomes an array of that element.
        let root = unsafe {
            let second = graph.0[0].0.add(1);
            within.set_container_parts(tag::ARRAY, 1, 1, second.cast());
            second.write(within);
            graph.root()
        };
        assert!(root.is_endless());
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
    fn trees_are_finite_whatever_their_size() {
        let mut deep = Value::from(1);
        for _ in 0..200_000 {
            let mut outer = Value::map_with_capacity(1);
            outer.insert("a key", deep);
            deep = outer;
        }
        let wide: Value =
            (0..300_000).map(|i| if i % 3 == 0 { Value::from_entries([("k", i)]) } else { Value::array() }).collect();
        for value in [&Value::null(), &Value::from("text"), &Value::array(), &Value::map(), &deep, &wide] {
            assert!(!value.is_endless());
        }
    }

    #[test]
    #[cfg_attr(miri, ignore = "slow")]
    fn the_deadline_counts_after_the_minimum_search() {
        let over = || Deadline::after(0);
        let little: Value = (0..60_000).collect();
        assert_eq!(little.is_endless_within(&mut over()), Some(false));
        let much: Value = (0..200_000).collect();
        assert_eq!(much.is_endless_within(&mut over()), None);
        assert_eq!(much.is_endless_within(&mut Deadline::after(100_000)), Some(false));
    }
}
