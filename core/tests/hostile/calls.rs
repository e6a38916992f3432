//! Costly calls: resources of 1 MB (less without optimisation), thousands of parameters, unclosed quotes, deep nesting.
//!
//! There is no clock here. Anything worse than linear takes minutes where linear time takes milliseconds, which will be
//! noticed; and a deadline that is over must end the work at once.

use std::time::Duration;

use bartizan::Deadline;
use bartizan::internals::exploit::{Arguments, Detector, Finding, Param, ssrf};
use bartizan::internals::transform::Scratch;
use bartizan::value::Value;

const LONG: usize = if cfg!(debug_assertions) { 1 << 17 } else { 1 << 20 };

/// A detector, the beginning of its resource, its dialect, and what is hard for its tokenizer.
struct Target {
    detector: Detector,
    head: &'static str,
    dialect: &'static str,
    pieces: &'static [&'static str],
}

const SQL: &[&str] =
    &["'", "''", "\\'", "\"", "`", "$a$", "$a", "/*", "*/", "-- \n", "(", "1,", "1e", "1_", "é$", "or 1=1 "];
const SHELL: &[&str] = &["'", "\"", "`", "$(", "${", "\"$(", "((", "{ ", "a=(", "1>&", "\\", "; a "];
const URL: &[&str] = &["/", "/..", "%2f", "a.", "@", "[", ":", "?", "&a="];

fn targets() -> Vec<Target> {
    let inspecting = ssrf::Options { path_inspection: true, query_inspection: true, ..ssrf::Options::default() };
    let sql = |dialect| Target { detector: Detector::Sqli, head: "select a from b where ", dialect, pieces: SQL };
    vec![
        Target { detector: Detector::Lfi, head: "/a", dialect: "", pieces: &["../", "/", "..", "a/"] },
        Target { detector: Detector::Ssrf(Box::new(inspecting)), head: "http://h/", dialect: "", pieces: URL },
        sql("generic"),
        sql("mysql"),
        sql("postgresql"),
        sql("sqlite"),
        Target { detector: Detector::Shi, head: "ls ", dialect: "", pieces: SHELL },
        Target { detector: Detector::Cmdi, head: "ls ", dialect: "", pieces: SHELL },
    ]
}

impl Target {
    fn evaluate(&self, text: &[u8], params: &Value, deadline: &mut Deadline) -> Option<Finding> {
        let (mut resource, dialect) = (Value::from(text), Value::from(self.dialect));
        if let Detector::Cmdi = self.detector {
            let argv = std::mem::replace(&mut resource, Value::array());
            [Value::from("/bin/sh"), Value::from("-c"), argv].into_iter().for_each(|element| resource.push(element));
        }
        let params = [Param { value: params, transformers: None }];
        let args = Arguments { resource: &resource, params: &params, db_type: Some(&dialect), excluded: &|_| false };
        self.detector.evaluate(&args, deadline, &mut Scratch::default())
    }

    /// The head, followed by `len` bytes of a repeated piece.
    fn resource(&self, piece: &str, len: usize) -> Vec<u8> {
        let mut resource = self.head.as_bytes().to_vec();
        resource.extend(repeated(piece, len).as_bytes());
        resource
    }

    /// Checks that the call ends, and at once if there is no time.
    fn ends(&self, text: &[u8], params: &Value) {
        self.evaluate(text, params, &mut Deadline::unlimited());
        let mut none = Deadline::new(Duration::ZERO);
        assert_eq!(self.evaluate(text, params, &mut none), None);
    }
}

fn repeated(piece: &str, len: usize) -> String {
    piece.repeat(len / piece.len())
}

fn list<T: Into<Value>>(params: impl IntoIterator<Item = T>) -> Value {
    let mut list = Value::array();
    params.into_iter().for_each(|param| list.push(param.into()));
    list
}

#[test]
fn long_resources() {
    for target in targets() {
        for piece in target.pieces {
            target.ends(&target.resource(piece, LONG), &list([&*repeated(piece, 16)]));
        }
    }
}

/// Each occurrence of such a parameter overlaps the next.
#[test]
fn long_parameters_that_occur_everywhere() {
    for target in targets() {
        for piece in target.pieces {
            let mut resource = target.resource(piece, LONG / 2);
            resource.push(b' ');
            target.ends(&resource, &list([&*repeated(piece, LONG / 4)]));
        }
    }
}

#[test]
fn thousands_of_parameters() {
    let params = list((0..10_000).map(|index| format!("value {index}/../'; $(x)")));
    for target in targets() {
        for piece in target.pieces {
            let mut resource = target.resource(piece, 1000);
            resource.extend(b" value 1 value 12/../ value 999/../';");
            target.ends(&resource, &params);
        }
    }
}

#[test]
fn parameters_in_deep_nests() {
    let mut nest = Value::from("or 1=1/../ -- ");
    for depth in 0..100_000 {
        nest = if depth % 2 == 0 { list([nest]) } else { Value::from_entries([("key", nest)]) };
    }
    for target in targets() {
        target.ends(&target.resource("or 1=1/../ -- ", 1000), &nest);
    }
}
