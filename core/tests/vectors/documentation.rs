//! Compares `tests/vectors/README.md` with the tables it documents.

use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// The sections of the page, by the names of files in their headings.
fn sections(page: &str) -> BTreeMap<&str, &str> {
    let sections = page.split("\n#").filter_map(|section| section.trim_start_matches('#').split_once('\n'));
    sections.map(|(heading, text)| (heading.trim(), text)).filter(|(heading, _)| heading.contains(".json")).collect()
}

#[test]
fn every_table_is_documented() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/vectors");
    let page = std::fs::read_to_string(folder.join("README.md")).expect("the page");
    let sections = sections(&page);
    let names = std::fs::read_dir(&folder).expect("the folder").map(|entry| entry.expect("a file").file_name());
    let files: BTreeSet<String> =
        names.map(|name| name.into_string().expect("a name")).filter(|name| name != "README.md").collect();
    assert_eq!(sections.keys().map(|name| (*name).to_owned()).collect::<BTreeSet<_>>(), files);
    for (name, section) in sections {
        let text = std::fs::read_to_string(folder.join(name)).expect(name);
        let lines = if name.ends_with(".jsonl") { text.lines().collect() } else { vec![text.as_str()] };
        for line in lines {
            let line: Value = serde_json::from_str(line).expect(name);
            for member in line.as_object().expect("an object").keys() {
                assert!(section.contains(&format!("`{member}`")), "{name}: its section does not name `{member}`");
            }
        }
    }
}
