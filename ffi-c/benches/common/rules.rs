//! The rules that engines are measured with.

use engine::builtin::DOCUMENTS;
use engine::value::json;
use std::collections::BTreeMap;

/// A ruleset from a file, or the built-in one as a single document, which any engine takes.
pub fn load(file: Option<&str>) -> Vec<u8> {
    match file {
        Some(file) => std::fs::read(file).unwrap_or_else(|e| panic!("{file}: {e}")),
        None => builtin().into_bytes(),
    }
}

fn builtin() -> String {
    let mut sections = BTreeMap::<String, Vec<String>>::new();
    for document in DOCUMENTS {
        let value = json::parse(document.json.as_bytes()).expect("the built-in rules are JSON");
        for section in value.as_map().unwrap_or_default() {
            let name = String::from_utf8_lossy(section.key_bytes().unwrap_or_default()).into_owned();
            let elements = section.value().as_array().unwrap_or_default();
            sections.entry(name).or_default().extend(elements.iter().map(json::to_string));
        }
    }
    sections.retain(|_, elements| !elements.is_empty());
    let sections = sections.iter().map(|(name, elements)| format!(r#""{name}":[{}]"#, elements.join(",")));
    format!(
        r#"{{"version":"2.2","metadata":{{"rules_version":"builtin"}},{}}}"#,
        sections.collect::<Vec<_>>().join(",")
    )
}
