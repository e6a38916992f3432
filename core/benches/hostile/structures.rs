//! Bodies whose structure is costly.
//!
//! Sizes are in bytes; a value without text counts as sixteen.

use crate::Kind;
use crate::strings::random;
use bartizan::value::Value;

/// The size of a value without text.
const VALUE: usize = 16;

/// Every kind of structure.
pub fn kinds() -> Vec<Kind> {
    vec![
        list("nulls", VALUE, |_| Value::null()),
        list("booleans", VALUE, |n| Value::from(n % 2 == 0)),
        list("integers", VALUE, |n| Value::from(n as i64)),
        list("floats", VALUE, |n| Value::from(n as f64 / 3.0)),
        list("empty strings", VALUE, |_| Value::from("")),
        list("empty lists", VALUE, |_| Value::array()),
        list("empty maps", VALUE, |_| Value::map()),
        list("lists of one null", 2 * VALUE, |_| [Value::null()].into_iter().collect()),
        list("short words", VALUE, |n| Value::from(format!("attic {n}"))),
        list("quotes of one byte", VALUE, |_| Value::from("'")),
        list("short injections", 2 * VALUE, |n| Value::from(format!("{n}' or 1=1--"))),
        list("short scripts", 2 * VALUE, |n| Value::from(format!("<script>{n}"))),
        list("short look-ups", 2 * VALUE, |n| Value::from(format!("${{jndi:{n}"))),
        list("strings of 300 bytes", 300, |n| Value::from(format!("{n:0300}"))),
        list("strings of 4 KB", 4096, |_| Value::from(&random("unioselct '1=-*/", 4096)[..])),
        map("distinct keys", 2 * VALUE, |n| (format!("key{n}"), Value::from(n as i64))),
        map("one key again and again", 2 * VALUE, |n| ("key".into(), Value::from(n as i64))),
        map("hostile keys", 3 * VALUE, |n| (format!("{n}' or 1=1--"), Value::from("x"))),
        map("keys of 4 KB", 4096 + VALUE, |n| (format!("{n:04096}"), Value::null())),
        map("keys with every transformer's bytes", 3 * VALUE, |n| {
            (format!("%27&#39;\\u0027/**/{n}"), Value::from("x"))
        }),
        deep("nested lists", |inner| [inner].into_iter().collect()),
        deep("nested maps", |inner| Value::from_entries([("k", inner)])),
        deep("nested lists with text", |inner| [Value::from("' or 1=1"), inner].into_iter().collect()),
        Kind::new("structure: a table of strings", |size| {
            let rows = ((size / VALUE) as f64).sqrt() as usize;
            let row = |y: usize| (0..rows).map(|x| Value::from(format!("cell {x},{y}"))).collect::<Value>();
            body((0..rows).map(row).collect())
        }),
    ]
}

fn body(value: Value) -> Value {
    Value::from_entries([("server.request.body", value)])
}

fn list(name: &str, each: usize, element: impl Fn(usize) -> Value + 'static) -> Kind {
    Kind::new(format!("structure: {name}"), move |size| body((0..size / each).map(&element).collect()))
}

fn map(name: &str, each: usize, entry: impl Fn(usize) -> (String, Value) + 'static) -> Kind {
    Kind::new(format!("structure: {name}"), move |size| {
        let mut map = Value::map();
        for n in 0..size / each {
            let (key, value) = entry(n);
            map.insert(&*key, value);
        }
        body(map)
    })
}

fn deep(name: &str, around: impl Fn(Value) -> Value + 'static) -> Kind {
    Kind::new(format!("structure: {name}"), move |size| {
        body((0..size / (2 * VALUE)).fold(Value::null(), |inner, _| around(inner)))
    })
}
