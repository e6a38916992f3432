//! The rooms of `core/src` use only those above them in ARCHITECTURE.md, and files do not depend on each other in
//! circles.

mod source;

use source::Source;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

fn read() -> Source {
    Source::read(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src"))
}

/// The rooms that ARCHITECTURE.md lists, from the top.
fn rooms() -> Vec<&'static str> {
    let house = include_str!("../../../ARCHITECTURE.md");
    let names = house.lines().filter_map(|line| line.strip_prefix("  src/")?.split_whitespace().next());
    names.collect()
}

#[test]
fn rooms_use_only_those_above_them() {
    let (rooms, source) = (rooms(), read());
    let place = |path: &[String]| rooms.iter().position(|room| path.first().is_some_and(|name| name == room));
    assert!(rooms.len() > 15, "the list of ARCHITECTURE.md was not found");
    let is_gone = |room: &&&str| !source.0.contains_key(&vec![room.to_string()]);
    let gone = rooms.iter().filter(is_gone).map(|room| format!("core/src/{room} is listed and not there"));
    let mut wrong: Vec<_> = gone.collect();
    for (path, used) in source.uses() {
        if path.is_empty() {
            continue;
        }
        let file = source.0[path].file.display();
        let Some(room) = place(path) else {
            wrong.push(format!("core/src/{file} is in no room: list {} in ARCHITECTURE.md", path[0]));
            continue;
        };
        for used in used {
            match place(&used) {
                None if used.is_empty() => wrong.push(format!("core/src/{file} uses what only lib.rs defines")),
                Some(other) if other > room => {
                    wrong.push(format!(
                        "core/src/{file} uses {}, but {} is below {}",
                        used.join("::"),
                        used[0],
                        path[0]
                    ));
                }
                _ => {}
            }
        }
    }
    wrong.sort();
    wrong.dedup();
    assert!(wrong.is_empty(), "ARCHITECTURE.md has it otherwise:\n{}", wrong.join("\n"));
}

/// Where files may still depend on each other in circles.
const LATER: [&str; 3] = ["pattern/automaton", "scan", "takeover/detector"];

#[test]
fn files_do_not_depend_on_each_other_in_circles() {
    let source = read();
    let uses = source.uses();
    let mut left: BTreeSet<&Vec<String>> = uses.keys().copied().collect();
    let mut circles = vec![];
    let reach = reachable(&uses);
    while let Some(first) = left.pop_first() {
        let circle = reach[first].iter().filter(|other| *other != first && reach[*other].contains(first));
        let circle: Vec<_> = circle.collect();
        let file = source.0[first].file.display().to_string();
        if circle.is_empty() || LATER.iter().any(|room| file.starts_with(room)) {
            continue;
        }
        let mut lines = vec![];
        for from in std::iter::once(first).chain(circle.iter().copied()) {
            left.remove(from);
            let within = uses[from].iter().filter(|to| *to == first || circle.contains(to));
            let names: Vec<_> = within.map(|to| source.0[to].file.display().to_string()).collect();
            lines.push(format!("  {} uses {}", source.0[from].file.display(), names.join(", ")));
        }
        circles.push(lines.join("\n"));
    }
    assert!(circles.is_empty(), "{} circles:\n{}", circles.len(), circles.join("\nand\n"));
}

/// For each module, everything that it uses, directly or indirectly.
fn reachable(uses: &BTreeMap<&Vec<String>, BTreeSet<Vec<String>>>) -> BTreeMap<Vec<String>, BTreeSet<Vec<String>>> {
    let from = |start: &&Vec<String>| {
        let (mut seen, mut next) = (BTreeSet::new(), vec![*start]);
        while let Some(path) = next.pop() {
            next.extend(uses[path].iter().filter(|used| seen.insert((*used).clone())));
        }
        ((*start).clone(), seen)
    };
    uses.keys().map(from).collect()
}
