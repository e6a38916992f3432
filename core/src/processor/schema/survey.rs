//! The walk that describes a value in tables.

use super::comparison::{Comparison, scalar};
use super::tables::{Child, Container, MAX_DEPTH, MAX_ELEMENTS, MAX_ENTRIES, Node, Shape, Tables};
use crate::processor::classifier::Classifier;
use crate::support::{Deadline, Expired};
use crate::value::{Object, Pair, View};

/// Up to this many keys are compared with each other.
const FEW_KEYS: usize = 8;
/// Up to this many keys are compared by their hashes; more are sorted.
const SOME_KEYS: usize = 64;
/// How many nodes may be compared without success beyond the number of nodes described.
const SPARE: usize = 32;

pub(super) struct Survey<'a, 'd> {
    pub classifier: Classifier<'a>,
    pub tables: Tables<'a>,
    /// Children of the open containers, innermost last.
    pub open: Vec<Child<'a>>,
    pub deadline: &'d mut Deadline,
    /// The number of open arrays, as only their content is ever compared by hash.
    lists: usize,
    /// The number of nodes visited.
    visited: usize,
    /// The number of nodes compared without success, which is limited so that the walk stays linear.
    in_vain: usize,
}

impl<'a, 'd> Survey<'a, 'd> {
    /// `open` and the tables must be empty.
    pub(super) fn new(
        classifier: Classifier<'a>,
        tables: Tables<'a>,
        open: Vec<Child<'a>>,
        deadline: &'d mut Deadline,
    ) -> Self {
        Survey { classifier, tables, open, deadline, lists: 0, visited: 0, in_vain: 0 }
    }

    /// Describes a value under `key`, `depth` containers deep. Only containers recurse.
    #[inline]
    pub(super) fn visit(&mut self, object: &'a Object, key: &'a [u8], depth: usize) -> Result<Node, Expired> {
        self.deadline.try_spend(1)?;
        self.visited += 1;
        match object.view() {
            View::Map(entries) => self.record(entries, depth),
            View::Array(elements) => self.list(elements, key, depth),
            value => scalar(value, key, &mut self.classifier, self.deadline),
        }
    }

    fn record(&mut self, entries: &'a [Pair], depth: usize) -> Result<Node, Expired> {
        let base = self.open.len();
        if depth < MAX_DEPTH {
            let mut model = None;
            for entry in entries.iter().take(MAX_ENTRIES) {
                let Some(key @ [_, ..]) = entry.key_bytes() else { continue };
                let node = self.visit_beside(model, entry.value(), key, depth + 1)?;
                model = node.container().or(model);
                self.open.push(Child::new(entry.key(), key, node));
            }
        }
        if may_repeat(&self.open[base..]) {
            self.drop_repeated(base);
        }
        Ok(self.close(base, Shape::Record, entries.len() > MAX_ENTRIES))
    }

    /// Keeps the first of several open children with the same key.
    #[cold]
    fn drop_repeated(&mut self, base: usize) {
        // Equal keys are ordered by address, as a stable sort would allocate.
        self.open[base..]
            .sort_unstable_by(|a, b| a.compare_key(b).then_with(|| a.name.identity().cmp(&b.name.identity())));
        let mut kept = base;
        for at in base..self.open.len() {
            if at == base || !self.open[at].same_key(&self.open[kept - 1]) {
                self.open[kept] = self.open[at];
                kept += 1;
            }
        }
        self.open.truncate(kept);
    }

    fn list(&mut self, elements: &'a [Object], key: &'a [u8], depth: usize) -> Result<Node, Expired> {
        let base = self.open.len();
        if depth < MAX_DEPTH {
            self.lists += 1;
            let mut model = None;
            for element in elements.iter().take(MAX_ELEMENTS) {
                let before = self.tables.mark();
                let node = self.visit_beside(model, element, key, depth + 1)?;
                match self.open[base..].iter().find(|known| self.tables.equal(known.node, node)) {
                    Some(known) => {
                        model = known.node.container().or(model);
                        self.tables.cut(before);
                    }
                    None => {
                        model = node.container().or(model);
                        self.open.push(Child::element(node));
                    }
                }
            }
            self.lists -= 1;
        }
        Ok(self.close(base, Shape::List(elements.len()), elements.len() > MAX_ELEMENTS))
    }

    /// Makes a container of the open children from `base` on.
    fn close(&mut self, base: usize, shape: Shape, truncated: bool) -> Node {
        let tables = &mut self.tables;
        let start = tables.children.len();
        tables.children.extend_from_slice(&self.open[base..]);
        self.open.truncate(base);
        let children = start..tables.children.len();
        let hash = if self.lists > 0 { tables.hash(shape, truncated, children.clone()) } else { 0 };
        tables.containers.push(Container { shape, truncated, children, hash });
        Node::Container((tables.containers.len() - 1) as u32)
    }

    /// Describes a value next to a container, whose description is reused if they are alike.
    #[inline]
    fn visit_beside(
        &mut self,
        model: Option<u32>,
        object: &'a Object,
        key: &'a [u8],
        depth: usize,
    ) -> Result<Node, Expired> {
        if let Some(model) = model
            && object.is_container()
            && self.in_vain <= self.visited + SPARE
        {
            let Survey { tables, classifier, deadline, .. } = self;
            let mut comparison = Comparison { tables, classifier, deadline, nodes: 0 };
            if comparison.is_like(model, object, key, depth)? {
                return Ok(Node::Container(model));
            }
            self.in_vain += comparison.nodes;
        }
        self.visit(object, key, depth)
    }
}

/// Whether two keys of a record may be equal; if not, they certainly differ.
fn may_repeat(children: &[Child<'_>]) -> bool {
    const MORE: usize = FEW_KEYS + 1;
    match children.len() {
        0..=FEW_KEYS => {
            let repeats = |(at, child): (usize, &Child<'_>)| children[..at].iter().any(|other| child.same_start(other));
            children.iter().enumerate().any(repeats)
        }
        MORE..=SOME_KEYS => {
            let mut seen = [0u64; 64];
            children.iter().any(|child| {
                let hash = child.hash_key(0);
                let (word, bit) = (&mut seen[(hash >> 32) as usize % 64], 1 << ((hash >> 48) % 64));
                std::mem::replace(word, *word | bit) & bit != 0
            })
        }
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::super::rendering::Rendering;
    use super::super::{Scanners, generate};
    use super::*;
    use crate::processor::classifier::Selection;
    use crate::processor::keys::KeptKeys;
    use crate::support::test_random::Random;
    use crate::value::{Value, json};

    /// A schema made without comparing neighbours.
    fn plainly(input: &Value) -> Value {
        let scanners = Selection::default();
        let deadline = &mut Deadline::unlimited();
        let tables = Tables { containers: vec![], children: vec![] };
        let mut survey = Survey::new(Classifier::new(&scanners, KeptKeys::default()), tables, vec![], deadline);
        survey.in_vain = usize::MAX;
        let Ok(root) = survey.visit(input, b"", 1) else { panic!("no deadline") };
        let Survey { tables, deadline, .. } = survey;
        Rendering { tables: &tables, scanners: &scanners, deadline }.root(root).unwrap_or_default()
    }

    fn random_value(random: &mut impl FnMut(u64) -> u64, depth: u64) -> Value {
        match random(if depth > 4 { 4 } else { 8 }) {
            0 => Value::from(random(9)),
            1 => Value::from("text"),
            2 => Value::null(),
            3 => Value::from(random(2) == 0),
            4 | 5 => (0..random(5)).map(|_| random_value(random, depth + 1)).collect(),
            6 => {
                let model = random_value(random, depth + 1);
                (0..random(14))
                    .map(|_| if random(4) > 0 { model.clone() } else { random_value(random, depth + 1) })
                    .collect()
            }
            _ => {
                let model = random_value(random, depth + 1);
                let keys =
                    ["a", "a key of some length", "another key of some length", "b", "", "12345678x", "12345678y"];
                let range = random(12);
                let mut entries = Value::map();
                for _ in 0..range {
                    let key = keys[random(7) as usize];
                    entries.insert(key, if random(3) > 0 { model.clone() } else { random_value(random, depth + 1) });
                }
                entries
            }
        }
    }

    #[test]
    fn comparing_neighbours_changes_only_the_effort() {
        let mut random = Random(1);
        let mut random = |below: u64| random.below(below as usize) as u64;
        let mut alike = 0;
        for _ in 0..20_000 {
            let input = random_value(&mut random, 0);
            let scanners = Scanners::default();
            let Ok(made) = generate(&input, &scanners, &mut Deadline::unlimited()) else { panic!("no deadline") };
            let (made, expected) = (json::to_string(&made), json::to_string(&plainly(&input)));
            assert!(made == expected, "{}:\n{made}\n{expected}", json::to_string(&input));
            alike += usize::from(made.len() > 100);
        }
        assert!(alike > 1000, "the inputs are too plain: {alike}");
    }
}
