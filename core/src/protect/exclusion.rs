//! What an operator excludes from evaluation, in one line, as filters of the configuration grammar.

use crate::value::Value;
use std::fmt;

/// The ids of filters made here begin with this, which keeps them from denylists (see `plan::Planned::decides`).
pub(super) const FILTERS: &str = "bartizan/";

/// The path of an exclusion.
pub(super) fn excluded(id: &str) -> String {
    format!("{FILTERS}exclusions/{id}")
}

/// What is not evaluated: a rule, on a path, for a parameter, or any combination of these.
///
/// ```
/// use bartizan::protect::{Engine, Exclusion, Settings, Start};
/// use bartizan::value::Value;
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let engine = Engine::new(Settings::builtin())?;
/// let found = |path: &'static str| {
///     let query = Value::from_entries([("q", "<script>alert(1)</script>")]);
///     let decision = engine.request().start(Start::new("GET", path).query(query));
///     !decision.found.unwrap().events.is_empty()
/// };
/// let id = engine.exclude(&Exclusion::new().path("/search").parameter("q"))?;
/// assert!(!found("/search?q=...") && found("/other?q=..."));
/// assert!(engine.include(&id) && found("/search?q=..."));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exclusion {
    rules: Vec<String>,
    types: Vec<String>,
    path: Option<String>,
    /// Addresses, with the keys within them.
    inputs: Vec<(&'static str, Vec<String>)>,
}

/// An exclusion that names nothing would exclude everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct EmptyExclusion;

impl fmt::Display for EmptyExclusion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an exclusion needs a rule, a type, a path, a parameter, a header or a cookie")
    }
}

impl std::error::Error for EmptyExclusion {}

/// The addresses with the parameters that a client sends.
const PARAMETERS: [&str; 3] = ["server.request.query", "server.request.body", "server.request.path_params"];

impl Exclusion {
    /// Nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Only the rule with this id, or with any of several.
    #[must_use]
    pub fn rule(mut self, id: impl Into<String>) -> Self {
        self.rules.push(id.into());
        self
    }

    /// Only rules of this type, such as `sql_injection`, or of any of several.
    #[must_use]
    pub fn type_of(mut self, name: impl Into<String>) -> Self {
        self.types.push(name.into());
        self
    }

    /// Only requests for this path, as it is sent, without the query. A `*` at its end stands for any rest.
    #[must_use]
    pub fn path(self, path: impl Into<String>) -> Self {
        Self { path: Some(path.into()), ..self }
    }

    /// Only the value of this parameter of query, body and route.
    #[must_use]
    pub fn parameter(self, name: impl Into<String>) -> Self {
        self.nested_parameter([name.into()])
    }

    /// Only the value under these keys, one within the other; `*` stands for any key or element.
    #[must_use]
    pub fn nested_parameter<S: Into<String>>(mut self, keys: impl IntoIterator<Item = S>) -> Self {
        let keys: Vec<String> = keys.into_iter().map(Into::into).collect();
        self.inputs.extend(PARAMETERS.map(|address| (address, keys.clone())));
        self
    }

    /// Only the value of this header.
    #[must_use]
    pub fn header(mut self, name: impl AsRef<str>) -> Self {
        self.inputs.push(("server.request.headers.no_cookies", vec![name.as_ref().to_ascii_lowercase()]));
        self
    }

    /// Only the value of this cookie.
    #[must_use]
    pub fn cookie(mut self, name: impl Into<String>) -> Self {
        self.inputs.push(("server.request.cookies", vec![name.into()]));
        self
    }

    /// The document with the filter, whose id is made of the number.
    pub(super) fn document(&self, number: u64) -> Result<Value, EmptyExclusion> {
        let targets: Value = self.targets().collect();
        if targets.is_empty() && self.path.is_none() && self.inputs.is_empty() {
            return Err(EmptyExclusion);
        }
        let mut filter = Value::from_entries([("id", format!("{FILTERS}exclusion/{number}"))]);
        if !targets.is_empty() {
            filter.insert("rules_target", targets);
        }
        if let Some(path) = &self.path {
            filter.insert("conditions", [on_path(path)].into_iter().collect::<Value>());
        }
        if !self.inputs.is_empty() {
            let input = |(address, keys): &(&str, Vec<String>)| {
                Value::from_entries([("address", Value::from(*address)), ("key_path", keys.iter().collect())])
            };
            filter.insert("inputs", self.inputs.iter().map(input).collect::<Value>());
        }
        Ok(Value::from_entries([("exclusions", [filter].into_iter().collect::<Value>())]))
    }

    fn targets(&self) -> impl Iterator<Item = Value> {
        let by_id = self.rules.iter().map(|id| Value::from_entries([("rule_id", id.as_str())]));
        let of_type = |name: &String| Value::from_entries([("tags", Value::from_entries([("type", name.as_str())]))]);
        by_id.chain(self.types.iter().map(of_type))
    }
}

/// The condition that a request is for a path.
fn on_path(path: &str) -> Value {
    let (path, end) = path.strip_suffix('*').map_or((path, "(?:[?#]|$)"), |prefix| (prefix, ""));
    let literal: String = path.chars().flat_map(escaped).collect();
    let input = Value::from_entries([("address", "server.request.uri.raw")]);
    let parameters = Value::from_entries([
        ("regex", Value::from(format!("^{literal}{end}"))),
        ("inputs", [input].into_iter().collect()),
        ("options", Value::from_entries([("case_sensitive", true)])),
    ]);
    Value::from_entries([("operator", Value::from("match_regex")), ("parameters", parameters)])
}

fn escaped(character: char) -> impl Iterator<Item = char> {
    let special = character.is_ascii_punctuation();
    special.then_some('\\').into_iter().chain([character])
}
