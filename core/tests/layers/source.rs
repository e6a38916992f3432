//! Which files of the crate use which: modules are followed from `lib.rs`, and paths to where the item is defined.
//!
//! This reads tokens, not types: a path counts if it starts with `crate`, `self`, `super` or the name of a child
//! module. Items compiled for tests only are ignored.

use regex::Regex;
use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

/// A module with its own file; inline modules belong to it.
#[derive(Default)]
pub struct Module {
    /// Below `core/src`.
    pub file: PathBuf,
    /// The modules it declares with `mod name;`.
    children: BTreeSet<String>,
    /// The names that its `use` declarations import.
    imports: BTreeMap<String, Vec<String>>,
    /// The paths it mentions, except for re-exports.
    paths: Vec<Vec<String>>,
}

/// All modules, by their path from the root of the crate.
pub struct Source(pub BTreeMap<Vec<String>, Module>);

impl Source {
    /// Reads the crate whose root is `lib.rs` in this directory.
    pub fn read(root: &Path) -> Self {
        let mut source = Source(BTreeMap::new());
        source.add(root, vec![], &Regex::new(TOKEN).expect("a pattern"));
        source
    }

    fn add(&mut self, root: &Path, path: Vec<String>, token: &Regex) {
        let below = path.iter().collect::<PathBuf>();
        let files = match path.is_empty() {
            true => vec![PathBuf::from("lib.rs")],
            false => vec![below.with_extension("rs"), below.join("mod.rs")],
        };
        let file = files.into_iter().find(|file| root.join(file).exists()).expect("a module has a file");
        let text = std::fs::read_to_string(root.join(&file)).expect("source is text");
        let mut module = Module { file, ..Module::default() };
        Reader { tokens: &tokens(&text, token), at: 0 }.module(&mut module);
        for child in &module.children {
            self.add(root, [&path[..], std::slice::from_ref(child)].concat(), token);
        }
        self.0.insert(path, module);
    }

    /// For each module, the modules whose items it uses.
    pub fn uses(&self) -> BTreeMap<&Vec<String>, BTreeSet<Vec<String>>> {
        let mut uses = BTreeMap::new();
        for (path, module) in &self.0 {
            let used = module.paths.iter().filter_map(|mentioned| self.resolve(path, mentioned, 0));
            uses.insert(path, used.filter(|used| used != path).collect());
        }
        uses
    }

    /// The module that defines the target of a path within `from`; `None` if that is outside of the crate.
    fn resolve(&self, from: &[String], mentioned: &[String], depth: usize) -> Option<Vec<String>> {
        assert!(depth < 20, "{mentioned:?} in {from:?} leads nowhere");
        let mut at = from.to_vec();
        for (nth, name) in mentioned.iter().enumerate() {
            match name.as_str() {
                "crate" => at.clear(),
                "self" => {}
                "super" => _ = at.pop(),
                name => {
                    let module = &self.0[&at];
                    let rest = &mentioned[nth + 1..];
                    if module.children.contains(name) {
                        at.push(name.into());
                    } else if let Some(import) = module.imports.get(name) {
                        return self.resolve(&at, &[import, rest].concat(), depth + 1);
                    } else if nth == 0 {
                        return None;
                    } else {
                        return Some(at);
                    }
                }
            }
        }
        Some(at)
    }
}

/// Comments, string literals, lifetimes, identifiers, `::` and single characters.
const TOKEN: &str = concat!(
    r#"(?s)//[^\n]*|/\*.*?\*/|b?r\#".*?"\#|b?r".*?"|b?"(?:\\.|[^"\\])*"|b?'(?:\\[^u]|\\u\{[^}]+\}|\\x..|[^'\\])'"#,
    r"|'(?-u:\w)+|(?-u:\w)+|::|\S"
);

/// The tokens of a text, without comments and string literals.
fn tokens(text: &str, token: &Regex) -> Vec<String> {
    let is_code = |token: &&str| !token.starts_with("//") && !token.starts_with("/*") && !token.contains(['"', '\'']);
    token.find_iter(text).map(|found| found.as_str()).filter(is_code).map(String::from).collect()
}

struct Reader<'t> {
    tokens: &'t [String],
    at: usize,
}

impl Reader<'_> {
    fn peek(&self, ahead: usize) -> &str {
        self.tokens.get(self.at + ahead).map_or("", String::as_str)
    }

    fn next(&mut self) -> &str {
        self.at += 1;
        self.tokens.get(self.at - 1).map_or("", String::as_str)
    }

    fn module(&mut self, module: &mut Module) {
        let mut shared = vec![];
        let mut mentioned = vec![];
        let mut is_public = false;
        while self.at < self.tokens.len() {
            match (self.peek(0), self.peek(1)) {
                ("#", "[") => {
                    if self.attribute() {
                        self.skip_item();
                    }
                    continue;
                }
                ("pub", "(") => {
                    is_public = true;
                    self.skip_group(1);
                    continue;
                }
                ("pub", _) => {
                    is_public = true;
                    self.at += 1;
                    continue;
                }
                ("mod", name) if self.peek(2) == ";" => {
                    module.children.insert(name.into());
                    self.at += 3;
                }
                ("use", _) => {
                    self.at += 1;
                    let mut leaves = vec![];
                    self.tree(&[], &mut leaves);
                    for (name, path) in leaves {
                        if is_public { &mut shared } else { &mut module.paths }.push(path.clone());
                        module.imports.insert(name, path);
                    }
                }
                (first, "::") if is_name(first) => {
                    let path = self.path();
                    mentioned.push(path);
                }
                (name, _) => {
                    if is_name(name) {
                        mentioned.push(vec![name.into()]);
                    }
                    self.at += 1;
                }
            }
            is_public = false;
        }
        // A re-export is not a use.
        let single: BTreeSet<_> = mentioned.iter().filter_map(|path| path.first()).collect();
        let used = |path: &Vec<String>| path.last().is_some_and(|name| single.contains(name));
        module.paths.extend(shared.into_iter().filter(used));
        let children = &module.children;
        let is_ours = |path: &[String]| match path {
            [first, ..] => matches!(&**first, "crate" | "self" | "super") || children.contains(first),
            [] => false,
        };
        module.paths.extend(mentioned.into_iter().filter(|path| path.len() > 1));
        module.paths.retain(|path| is_ours(path));
        module.imports.retain(|_, path| is_ours(path));
    }

    fn path(&mut self) -> Vec<String> {
        let mut path = vec![self.next().to_string()];
        while self.peek(0) == "::" && is_name(self.peek(1)) {
            self.at += 2;
            path.push(self.tokens[self.at - 1].clone());
        }
        // A macro is at the root, wherever it is defined.
        if self.peek(0) == "!" { vec![] } else { path }
    }

    /// The names that a `use` tree imports, with their targets.
    fn tree(&mut self, prefix: &[String], leaves: &mut Vec<(String, Vec<String>)>) {
        let mut path = prefix.to_vec();
        loop {
            match self.next() {
                "::" => {}
                "{" => {
                    while self.peek(0) != "}" && !self.peek(0).is_empty() {
                        self.tree(&path, leaves);
                        if self.peek(0) == "," {
                            self.at += 1;
                        }
                    }
                    self.at += 1;
                    return;
                }
                "self" if path.len() > prefix.len() || !prefix.is_empty() => {}
                name => path.push(name.into()),
            }
            if self.peek(0) == "as" {
                self.at += 1;
                let name = self.next().to_string();
                leaves.push((name, path));
                return;
            }
            if matches!(self.peek(0), ";" | "," | "}" | "") {
                leaves.extend(path.last().cloned().map(|name| (name, path)));
                return;
            }
        }
    }

    /// Skips an attribute; returns whether it marks code for tests.
    fn attribute(&mut self) -> bool {
        let start = self.at;
        self.skip_group(1);
        self.tokens[start..self.at].iter().map(String::as_str).collect::<String>().starts_with("#[cfg(test)")
    }

    /// Skips a group that opens this many tokens ahead.
    fn skip_group(&mut self, ahead: usize) {
        self.at += ahead;
        let mut depth = 0;
        loop {
            match self.next() {
                "(" | "[" | "{" => depth += 1,
                ")" | "]" | "}" => depth -= 1,
                "" => return,
                _ => {}
            }
            if depth == 0 {
                return;
            }
        }
    }

    /// Skips an item, a field or a statement.
    fn skip_item(&mut self) {
        let is_use = self.peek(0) == "use"
            || (self.peek(0) == "pub" && self.tokens[self.at..].iter().take(6).any(|token| token == "use"));
        loop {
            match self.peek(0) {
                ";" | "," | "" => return self.at += 1,
                // The end of the enclosing group.
                "}" | ")" => return,
                "{" if !is_use => return self.skip_group(0),
                "(" | "[" | "{" => self.skip_group(0),
                _ => self.at += 1,
            }
        }
    }
}

fn is_name(token: &str) -> bool {
    token.starts_with(|first: char| first.is_ascii_alphabetic() || first == '_')
}
