//! The generators compared with recorded answers.
//!
//! Other tests run every line of `tests/vectors/processors.jsonl` through whole engines. Here those that need one
//! processor without conditions, scanners or subcontexts are run through the generators alone, with the part of the
//! scheduling that such a line can observe.

use super::*;
use crate::value::{Heap, Pair};
use std::collections::{HashMap, HashSet};

#[test]
fn recorded_answers() {
    check_file(concat!(env!("CARGO_MANIFEST_DIR"), "/../tests/vectors/processors.jsonl"));
}

#[test]
#[ignore = "needs the complete tables in the folder BARTIZAN_SPEC_DATA"]
fn complete_recorded_answers() {
    let folder = std::env::var("BARTIZAN_SPEC_DATA").expect("BARTIZAN_SPEC_DATA");
    check_file(&format!("{folder}/processors.jsonl"));
}

fn check_file(path: &str) {
    let text = std::fs::read(path).expect(path);
    let (mut checked, mut skipped, mut wrong) = (0, 0, vec![]);
    for (number, line) in (1..).zip(text.split(|&byte| byte == b'\n').filter(|line| !line.is_empty())) {
        let line = json::read(line);
        match Session::of(&line) {
            None => skipped += 1,
            Some(session) => {
                checked += 1;
                let (got, expected) = (session.run(line.at("runs")), attributes_of(&line));
                if got != expected {
                    wrong.push(format!("line {number}\n  expected {expected:?}\n  got      {got:?}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {checked} wrong\n{}", wrong.len(), wrong.join("\n"));
    assert!(checked > 2 * skipped, "{checked} checked, {skipped} skipped");
}

struct Mapping {
    /// The address and key path of each parameter.
    inputs: Vec<(Vec<u8>, Vec<Step>)>,
    output: Vec<u8>,
}

/// One processor in one context.
struct Session {
    generator: Generator,
    mappings: Vec<Mapping>,
    evaluate: bool,
    output: bool,
    store: HashMap<Vec<u8>, Value>,
    generated: HashSet<Vec<u8>>,
    last: Vec<Presence>,
    fragments: Fragments,
}

impl Session {
    fn of(line: &json::Json) -> Option<Self> {
        if line.get("extra").is_some() || line.get("scope").is_some() {
            return None;
        }
        let generator = Generator::from_name(line.at("processor").str())?;
        let default = |parameter: &Parameter| {
            let address = match parameter.name {
                "method" => "server.request.method",
                "uri_raw" => "server.request.uri.raw",
                "query" => "server.request.query",
                "body" => "server.request.body",
                "headers" => "server.request.headers.no_cookies",
                "cookies" => "server.request.cookies",
                "session_id" => "usr.session_id",
                "user_id" => "usr.id",
                _ => "in",
            };
            (address.as_bytes().to_vec(), vec![])
        };
        let flag = |name, otherwise| match line.get("config").map(|config| config.at(name)) {
            Some(json::Json::Bool(flag)) => *flag,
            _ => otherwise,
        };
        let mappings = match line.get("config") {
            None => {
                vec![Mapping { inputs: generator.parameters().iter().map(default).collect(), output: b"out".to_vec() }]
            }
            Some(config) if !config.at("conditions").list().is_empty() => return None,
            Some(config) => {
                let mappings = config.at("parameters").at("mappings").list().iter();
                let mapping = |mapping: &json::Json| Mapping {
                    inputs: addresses_of(generator, mapping),
                    output: mapping.at("output").bytes(),
                };
                mappings.map(mapping).collect()
            }
        };
        Some(Session {
            generator,
            last: vec![Presence::default(); mappings.len()],
            mappings,
            evaluate: flag("evaluate", false),
            output: flag("output", true),
            store: HashMap::new(),
            generated: HashSet::new(),
            fragments: Fragments::default(),
        })
    }

    fn run(mut self, runs: &json::Json) -> Vec<String> {
        runs.list().iter().map(|run| canonical(&self.evaluate(run))).collect()
    }

    /// The attributes of one run of one or several batches.
    fn evaluate(&mut self, run: &json::Json) -> Value {
        let batches = match run {
            json::Json::List(batches) => &batches[..],
            single => std::slice::from_ref(single),
        };
        let mut attributes = HashMap::new();
        for batch in batches {
            for (address, value) in batch.entries() {
                self.store.insert(address, value.to_value());
            }
            for mapping in 0..self.mappings.len() {
                if let Some(value) = self.turn(mapping) {
                    let output = self.mappings[mapping].output.clone();
                    if self.output {
                        attributes.insert(output.clone(), value.clone());
                    }
                    if self.evaluate {
                        self.store.insert(output, value);
                    }
                }
            }
        }
        Value::from_entries(attributes)
    }

    fn turn(&mut self, mapping: usize) -> Option<Value> {
        let Mapping { inputs, output } = &self.mappings[mapping];
        let inputs: Vec<_> = inputs
            .iter()
            .map(|(address, key_path)| self.store.get(address).map(|object| Argument { object, key_path }))
            .collect();
        let done = self.generated.contains(output) || self.store.contains_key(output);
        if done && self.generator.is_final(self.last[mapping]) {
            return None;
        }
        let presence = self.generator.presence(&inputs)?;
        let rerun = self.generator.parameters().iter().any(|parameter| parameter.optional);
        if rerun && presence == self.last[mapping] {
            return None;
        }
        let scanners = Scanners::default();
        let outcome = self.generator.generate(&inputs, &mut self.fragments, &scanners, &mut Deadline::unlimited());
        self.generated.insert(output.clone());
        self.last[mapping] = presence;
        match outcome {
            RunOutcome::Made(value) => Some(value),
            RunOutcome::Nothing => None,
            RunOutcome::NotNow | RunOutcome::TimedOut => panic!("{outcome:?}"),
        }
    }
}

fn addresses_of(generator: Generator, mapping: &json::Json) -> Vec<(Vec<u8>, Vec<Step>)> {
    let input = |parameter: &Parameter| {
        let input = &mapping.at(parameter.name).list()[0];
        let steps = input.get("key_path").map_or(&[][..], |path| path.list()).iter().map(|step| match step {
            json::Json::Text(key) => Step::Key(key.clone().into()),
            json::Json::Integer(index) => Step::Index(*index as i64),
            _ => panic!("not a step"),
        });
        (input.at("address").bytes(), steps.collect())
    };
    generator.parameters().iter().map(input).collect()
}

fn attributes_of(line: &json::Json) -> Vec<String> {
    line.at("attributes").list().iter().map(|attributes| canonical(&attributes.to_value())).collect()
}

/// Comparable text: maps, and the types of an array in a schema, are unordered; floats are compared bit by bit.
fn canonical(object: &Object) -> String {
    match object.view() {
        View::Invalid | View::Null => "null".to_owned(),
        View::Bool(value) => value.to_string(),
        View::Signed(value) => value.to_string(),
        View::Unsigned(value) => value.to_string(),
        View::Float(value) if value.is_nan() => "nan".to_owned(),
        View::Float(value) => format!("f{:016x}", value.to_bits()),
        View::String(bytes) => format!("'{}'", bytes.escape_ascii()),
        View::Array([types, metadata]) if types.as_array().is_some() && metadata.get(b"len").is_some() => {
            let mut types: Vec<_> = types.as_array().unwrap().iter().map(canonical).collect();
            types.sort();
            format!("<{}; {}>", types.join(","), canonical(metadata))
        }
        View::Array(elements) => {
            let elements: Vec<_> = elements.iter().map(canonical).collect();
            format!("[{}]", elements.join(","))
        }
        View::Map(entries) => {
            let text =
                |entry: &Pair| format!("{}: {}", entry.key_bytes().unwrap().escape_ascii(), canonical(entry.value()));
            let mut entries: Vec<_> = entries.iter().map(text).collect();
            entries.sort();
            format!("{{{}}}", entries.join(", "))
        }
    }
}

#[test]
fn a_deadline_in_the_past_stops_every_generator_that_walks() {
    let mut entries = Value::map();
    for i in 0..40u64 {
        entries.insert(format!("key{i}"), i);
    }
    let text = Value::from("text");
    for generator in Generator::ALL {
        let inputs: Vec<_> = generator
            .parameters()
            .iter()
            .map(|parameter| {
                Some(Argument::from(if parameter.kind == ParameterType::Text { &*text } else { &*entries }))
            })
            .collect();
        let mut fragments = Fragments::default();
        let mut deadline = Deadline::new(std::time::Duration::ZERO);
        let outcome = generator.generate(&inputs, &mut fragments, &Scanners::default(), &mut deadline);
        let expected = match generator {
            Generator::JwtDecode | Generator::UriParse => matches!(outcome, RunOutcome::Nothing),
            _ => matches!(outcome, RunOutcome::TimedOut),
        };
        assert!(expected, "{}: {outcome:?}", generator.name());
        assert!(fragments.method.is_none() && fragments.fields.iter().all(Option::is_none));
    }
}

/// Generators that walk can be cut off anywhere in their input, and then stop.
#[test]
fn deadlines_hold_in_the_middle() {
    let map = |entries: usize, key: &str| {
        Value::from_entries((0..entries).map(|n| (format!("{key}{}", n * 7919 % entries), "a value")))
    };
    let wide = map(20_000, "key");
    let tree = Value::from_entries((0..100).map(|n| (format!("branch{n}"), map(100, "leaf"))));
    let (method, uri) = (Value::from("GET"), Value::from("/"));
    for (generator, inputs) in [
        (Generator::ExtractSchema, vec![Some(&tree)]),
        (Generator::HttpEndpointFingerprint, vec![Some(&method), Some(&uri), Some(&wide), Some(&wide)]),
        (Generator::HttpHeaderFingerprint, vec![Some(&wide)]),
        (Generator::HttpNetworkFingerprint, vec![Some(&wide)]),
        (Generator::SessionFingerprint, vec![Some(&wide), None, None]),
    ] {
        let run = |units: u64| {
            let inputs: Vec<_> = inputs.iter().map(|input| input.map(|value| Argument::from(&**value))).collect();
            let mut deadline = Deadline::after(units);
            let outcome = generator.generate(&inputs, &mut Fragments::default(), &Scanners::default(), &mut deadline);
            (outcome, deadline.spent())
        };
        let (outcome, whole) = run(u64::MAX);
        assert!(matches!(outcome, RunOutcome::Made(_)), "{}", generator.name());
        for units in (1..20).map(|part| whole * part / 20) {
            let (outcome, spent) = run(units);
            assert!(matches!(outcome, RunOutcome::TimedOut), "{}: {outcome:?}", generator.name());
            assert!(spent < units + 100, "{}: {spent} of {units}", generator.name());
        }
    }
}

/// Arguments of a few hundred kilobytes, each of which has one long part.
#[test]
fn work_on_long_inputs_ends_with_the_deadline() {
    let long = |piece: &str| piece.repeat(200_000 / piece.len());
    let text = |text: String| Value::from(text);
    let keys = |key: &dyn Fn(usize) -> String, count| {
        Value::from_entries((0..count).map(|nth| (key(nth).into_bytes(), Value::from("a"))).collect::<Vec<_>>())
    };
    let similar = keys(&|nth| format!("{}{nth}", "a".repeat(30_000)), 10);
    let (many, tokens) = (keys(&|nth| format!("key {nth}"), 20_000), "Bearer e30.");
    let cases = [
        (Generator::JwtDecode, text(format!("Bearer {}", long(" ")))),
        (Generator::JwtDecode, text(format!("{tokens}{}.", long("e30")))),
        (Generator::JwtDecode, text(format!("{tokens}{}.", long("WzEs")))),
        (Generator::JwtDecode, text(format!("{tokens}WyAg{}.", long("ICAg")))),
        (Generator::JwtDecode, text(format!("{tokens}WyIi{}.", long("XG5c")))),
        (Generator::UriParse, text(format!("/{}", long("a")))),
        (Generator::UriParse, text(format!("//h:{}", long("0")))),
        (Generator::UriParse, text(format!("/?{}", long("a=b&")))),
        (Generator::HttpHeaderFingerprint, many.clone()),
        (Generator::HttpHeaderFingerprint, similar.clone()),
        (Generator::SessionFingerprint, many),
        (Generator::SessionFingerprint, similar),
    ];
    for (nth, (generator, value)) in cases.iter().enumerate() {
        let inputs = vec![Some(Argument::from(&**value)); generator.parameters().len()];
        let mut deadline = Deadline::after(3_000);
        let outcome = generator.generate(&inputs, &mut Fragments::default(), &Scanners::default(), &mut deadline);
        assert!(matches!(outcome, RunOutcome::TimedOut), "{nth}: {generator:?}");
    }
}

#[test]
fn names_and_parameters() {
    for generator in Generator::ALL {
        assert_eq!(Generator::from_name(generator.name()), Some(generator));
        assert_eq!(generator.presence(&[]), None);
    }
    assert_eq!(Generator::from_name("uri_parse_processor"), None);
}

#[test]
fn wrong_types_are_absent() {
    let (text, map) = (Value::from("x"), Value::map());
    fn some(value: &Object) -> Option<Argument<'_>> {
        Some(value.into())
    }
    let endpoint = Generator::HttpEndpointFingerprint;
    let counts = |inputs: &[Option<Argument<'_>>]| endpoint.presence(inputs).map(|p| (p.all, p.optional));
    assert_eq!(counts(&[some(&text), some(&text), some(&map), None]), Some((3, 1)));
    assert_eq!(counts(&[some(&text), some(&text), some(&text), None]), Some((2, 0)));
    assert_eq!(counts(&[some(&map), some(&text), some(&map), some(&map)]), None);
    assert!(
        endpoint.is_final(Presence { all: 4, optional: 2 }) && !endpoint.is_final(Presence { all: 3, optional: 1 })
    );
    assert!(Generator::UriParse.is_final(Presence { all: 1, optional: 0 }));
}

/// A reader for the vectors, independent of the crate's own reader, whose rounding and depth are under test.
mod json {
    use super::*;

    #[derive(Debug)]
    pub(super) enum Json {
        Null,
        Bool(bool),
        Integer(i128),
        Float(f64),
        Text(Vec<u8>),
        List(Vec<Json>),
        Map(Vec<(Vec<u8>, Json)>),
    }

    impl Json {
        pub(super) fn get(&self, name: &str) -> Option<&Json> {
            match self {
                Json::Map(entries) => entries.iter().find(|(key, _)| key == name.as_bytes()).map(|(_, value)| value),
                _ => None,
            }
        }

        pub(super) fn at(&self, name: &str) -> &Json {
            self.get(name).unwrap_or(&Json::Null)
        }

        pub(super) fn list(&self) -> &[Json] {
            match self {
                Json::List(elements) => elements,
                _ => &[],
            }
        }

        pub(super) fn str(&self) -> &str {
            match self {
                Json::Text(text) => std::str::from_utf8(text).unwrap(),
                _ => panic!("not a text: {self:?}"),
            }
        }

        /// A string, plain or as `{"$b": hex}`.
        pub(super) fn bytes(&self) -> Vec<u8> {
            match self.get("$b") {
                None => self.str().as_bytes().to_vec(),
                Some(hex) => {
                    let byte = |at| u8::from_str_radix(&hex.str()[at..at + 2], 16).unwrap();
                    (0..hex.str().len()).step_by(2).map(byte).collect()
                }
            }
        }

        /// The entries of a map, plain or as `{"$m": [[key, value], ...]}`.
        pub(super) fn entries(&self) -> Vec<(Vec<u8>, &Json)> {
            match (self, self.get("$m")) {
                (_, Some(pairs)) => pairs.list().iter().map(|pair| (pair.list()[0].bytes(), &pair.list()[1])).collect(),
                (Json::Map(entries), None) => entries.iter().map(|(key, value)| (key.clone(), value)).collect(),
                _ => panic!("not a map: {self:?}"),
            }
        }

        pub(super) fn to_value(&self) -> Value {
            match self {
                Json::Null => Value::null(),
                Json::Bool(value) => (*value).into(),
                Json::Integer(value) => i64::try_from(*value).map_or_else(|_| (*value as u64).into(), Value::from),
                Json::Float(value) => (*value).into(),
                Json::Text(text) => text[..].into(),
                Json::List(elements) => elements.iter().map(Json::to_value).collect(),
                Json::Map(entries) => match entries.first().map(|(key, value)| (&key[..], value)) {
                    Some((b"$b", _)) => self.bytes()[..].into(),
                    Some((b"$f", name)) => name.str().parse::<f64>().unwrap().into(),
                    Some((b"$invalid", _)) => Value::invalid_in(Heap),
                    _ => Value::from_entries(self.entries().into_iter().map(|(key, value)| (key, value.to_value()))),
                },
            }
        }
    }

    pub(super) fn read(text: &[u8]) -> Json {
        let mut reader = Reader { text, at: 0 };
        let value = reader.value();
        assert_eq!(reader.peek(), 0, "text behind the value");
        value
    }

    struct Reader<'a> {
        text: &'a [u8],
        at: usize,
    }

    impl Reader<'_> {
        /// The next byte that is not blank; 0 at the end.
        fn peek(&mut self) -> u8 {
            while matches!(self.text.get(self.at), Some(b' ' | b'\r')) {
                self.at += 1;
            }
            self.text.get(self.at).copied().unwrap_or(0)
        }

        fn take(&mut self, byte: u8) -> bool {
            let found = self.peek() == byte;
            self.at += usize::from(found);
            found
        }

        fn value(&mut self) -> Json {
            match self.peek() {
                b'"' => Json::Text(self.string()),
                b'[' => Json::List(self.members(b']', Self::value)),
                b'{' => Json::Map(self.members(b'}', |reader| {
                    reader.peek();
                    let key = reader.string();
                    assert!(reader.take(b':'));
                    (key, reader.value())
                })),
                _ => self.word(),
            }
        }

        fn members<T>(&mut self, end: u8, mut member: impl FnMut(&mut Self) -> T) -> Vec<T> {
            self.at += 1;
            let mut members = vec![];
            while !self.take(end) {
                members.push(member(self));
                self.take(b',');
            }
            members
        }

        fn word(&mut self) -> Json {
            let rest = &self.text[self.at..];
            let length = rest.iter().position(|byte| b",]} \r".contains(byte)).unwrap_or(rest.len());
            self.at += length;
            match std::str::from_utf8(&rest[..length]).unwrap() {
                "null" => Json::Null,
                "true" => Json::Bool(true),
                "false" => Json::Bool(false),
                word => word.parse().map_or_else(|_| Json::Float(word.parse().expect(word)), Json::Integer),
            }
        }

        fn string(&mut self) -> Vec<u8> {
            self.at += 1;
            let start = self.at;
            while self.text[self.at] != b'"' {
                self.at += 1 + usize::from(self.text[self.at] == b'\\');
            }
            self.at += 1;
            // Escapes in strings are standard JSON.
            let text: String = serde_json::from_slice(&self.text[start - 1..self.at]).expect("a string");
            text.into_bytes()
        }
    }
}
