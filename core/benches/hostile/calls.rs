//! Dangerous calls with parameters: one resource that contains every parameter, repeatedly.

use crate::Kind;
use bartizan::value::Value;

/// The address of a resource, its beginning, and what is repeated in it.
const CALLS: [(&str, &str, &str, &str); 5] = [
    ("file", "server.io.fs.file", "/srv/", "a/"),
    ("URL", "server.io.net.url", "http://h/", "ab"),
    ("query", "server.db.statement", "select a from b where c in (", "1,"),
    ("shell command", "server.sys.shell.cmd", "ls ", "a "),
    ("command", "server.sys.exec.cmd", "", "a "),
];

/// The size of a parameter together with its repetition in the resource.
const EACH: usize = 16;

/// Every kind of call.
pub fn kinds() -> Vec<Kind> {
    let mut kinds = vec![];
    for (name, address, head, piece) in CALLS {
        let resource = move |count: usize| {
            let text = format!("{head}{}", piece.repeat(count));
            match address {
                "server.sys.exec.cmd" => ["/bin/sh", "-c", &text].into_iter().map(Value::from).collect(),
                _ => Value::from(text),
            }
        };
        let call = move |count: usize, params: Value| {
            Value::from_entries([(address, resource(count)), ("server.request.query", params)])
        };
        kinds.push(Kind::new(format!("call: {name}, one parameter"), move |size| {
            call(size / EACH, Value::from_entries([("q", piece)]))
        }));
        kinds.push(Kind::new(format!("call: {name}, equal parameters"), move |size| {
            call(size / EACH, (0..size / EACH).map(|_| Value::from(piece)).collect())
        }));
        kinds.push(Kind::new(format!("call: {name}, growing parameters"), move |size| {
            let longest = ((size as f64).sqrt() as usize).max(1);
            call(size / EACH, (1..=longest).map(|n| Value::from(piece.repeat(n))).collect())
        }));
        kinds.push(Kind::new(format!("call: {name}, other parameters"), move |size| {
            call(size / EACH, (0..size / EACH).map(|n| Value::from(format!("{piece}{n}"))).collect())
        }));
    }
    kinds
}
