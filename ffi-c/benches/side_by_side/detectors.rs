//! Each detector alone: rulesets of one rule with one condition. The data is that of a dangerous call or, for the two
//! detectors of single strings, of one request: its parameters together with the resource, ordinary or under attack.

use crate::Kind;
use crate::common::requests;
use serde_json::{Value, json};
use std::fmt::Write;

const PARAMS: [&str; 3] = ["server.request.query", "server.request.body", "server.request.path_params"];

/// Every detector on ordinary calls and on attacks, and on calls with many parameters and a long resource.
pub fn all() -> Vec<Kind> {
    let mut kinds =
        vec![Kind { name: "no detector".into(), ruleset: inert(), request: call("other", &json!("x"), None) }];
    for detector in detectors() {
        let Detector { name, operator, address, .. } = detector;
        let ruleset = guarding(operator, address);
        let mut push = |case: &str, request| {
            kinds.push(Kind { name: format!("{name} {case}"), ruleset: ruleset.clone(), request });
        };
        push("benign", call(address, &detector.benign, None));
        push("attack", call(address, &detector.attack.0, Some(detector.attack.1)));
        push("200 parameters", with_form(&call(address, &detector.long, None)));
        push("200, attack", with_form(&call(address, &detector.attack.0, Some(detector.attack.1))));
    }
    for (name, attack) in
        [("is_sqli", "1' UNION SELECT name, secret FROM users -- "), ("is_xss", "\"><img src=x onerror=alert(1)>")]
    {
        let mut push = |case: &str, request| {
            kinds.push(Kind { name: format!("{name} {case}"), ruleset: judging(name), request });
        };
        push("benign", requests::typical_get());
        push("form", requests::named("form"));
        push("attack", call("other", &json!("x"), Some(attack)));
        push("200 parameters", with_form(&requests::typical_get()));
        push("100 KB text", requests::named("text 100 KB"));
    }
    kinds
}

struct Detector {
    name: &'static str,
    operator: &'static str,
    address: &'static str,
    benign: Value,
    /// The attacked resource, and the parameter that causes it.
    attack: (Value, &'static str),
    long: Value,
}

fn detectors() -> Vec<Detector> {
    vec![
        Detector {
            name: "lfi",
            operator: "lfi_detector@v2",
            address: "server.io.fs.file",
            benign: json!("/srv/shop/templates/garden/list.html"),
            attack: (json!("/srv/shop/templates/../../../etc/passwd"), "../../../etc/passwd"),
            long: json!(format!("/srv/shop/{}../list.html", "templates/garden/".repeat(50))),
        },
        Detector {
            name: "ssrf",
            operator: "ssrf_detector",
            address: "server.io.net.url",
            benign: json!("https://stock.shop.example/v1/items?page=3&sort=price&q=garden+hose+25m"),
            attack: (json!("https://169.254.169.254/latest/meta-data?page=3"), "169.254.169.254/latest/meta-data?"),
            long: json!(format!("https://stock.shop.example/v1/items?page=3{}", "&item=garden-hose-25m".repeat(50))),
        },
        Detector {
            name: "sqli",
            operator: "sqli_detector@v2",
            address: "server.db.statement",
            benign: json!(STATEMENT),
            attack: (json!("SELECT id, name FROM items WHERE id = 3 OR 1=1 -- AND visible"), "3 OR 1=1 -- "),
            long: json!(long_statement()),
        },
        Detector {
            name: "shi",
            operator: "shi_detector",
            address: "server.sys.shell.cmd",
            benign: json!("convert /srv/shop/in/price.png -resize 25 -quality 85 /srv/shop/out/price.png"),
            attack: (json!("convert in.png -resize 25; cat /etc/passwd out.png"), "25; cat /etc/passwd"),
            long: json!(format!(
                "montage {} -resize 25 'garden hose 25m' out.png",
                "'in/garden hose.png' ".repeat(100)
            )),
        },
        Detector {
            name: "cmdi",
            operator: "cmdi_detector",
            address: "server.sys.exec.cmd",
            benign: json!(["/bin/sh", "-c", "convert in/price.png -resize 25 -quality 85 out/price.png"]),
            attack: (json!(["/bin/sh", "-c", "convert in.png -resize 25; cat /etc/passwd"]), "25; cat /etc/passwd"),
            long: json!([
                "/bin/sh",
                "-c",
                format!("montage {} 'garden hose 25m' out.png", "'in/garden hose.png' ".repeat(100))
            ]),
        },
    ]
}

/// Its literals contain parameters, one of which would be an attack elsewhere, so that the statement is tokenized.
const STATEMENT: &str = "SELECT i.id, i.name, i.price, s.amount FROM items AS i JOIN stock AS s ON s.item = i.id \
    WHERE i.visible AND i.name LIKE 'garden hose 25m' AND s.amount > 3 ORDER BY price LIMIT 20 OFFSET 40";

fn long_statement() -> String {
    let mut statement = String::from("INSERT INTO items (id, name, price, note) VALUES ");
    for item in 0..100 {
        let _ = write!(statement, "({item}, 'garden hose 25m', 17.95, 'delivered between 8 and {item} o''clock'), ");
    }
    statement + "(100, 'garden hose 25m', 17.95, NULL)"
}

fn addresses(names: &[&str]) -> Value {
    names.iter().map(|name| json!({"address": name})).collect()
}

fn ruleset(condition: &Value) -> Vec<u8> {
    let rule = json!({"id": "detector", "name": "detector", "tags": {"type": "t", "category": "c"}, "conditions": [condition]});
    json!({"version": "2.2", "rules": [rule]}).to_string().into_bytes()
}

fn inert() -> Vec<u8> {
    ruleset(&json!({"operator": "exact_match", "parameters": {"inputs": addresses(&["inert"]), "list": ["inert"]}}))
}

fn guarding(operator: &str, address: &str) -> Vec<u8> {
    let mut parameters = json!({"resource": addresses(&[address]), "params": addresses(&PARAMS)});
    if operator.starts_with("sqli") {
        parameters["db_type"] = addresses(&["server.db.system"]);
    }
    if operator.starts_with("ssrf") {
        parameters["options"] = json!({"path-inspection": true});
    }
    ruleset(&json!({"operator": operator, "parameters": parameters}))
}

fn judging(operator: &str) -> Vec<u8> {
    let inputs = [&PARAMS[..], &["server.request.headers.no_cookies", "server.request.cookies"]].concat();
    ruleset(&json!({"operator": operator, "parameters": {"inputs": addresses(&inputs)}}))
}

/// A request with the resource of a call, and optionally the parameter of an attack on it.
fn call(address: &str, resource: &Value, parameter: Option<&str>) -> String {
    let mut request: Value = serde_json::from_str(&requests::typical_get()).expect("a request is JSON");
    request[address] = resource.clone();
    request["server.db.system"] = json!("mysql");
    if let Some(parameter) = parameter {
        request["server.request.query"]["attack"] = json!([parameter]);
    }
    request.to_string()
}

/// Adds a form of 200 fields with text.
fn with_form(request: &str) -> String {
    let mut request: Value = serde_json::from_str(request).expect("a request is JSON");
    let field = |index: usize| match index % 4 {
        0 => (format!("item[{index}][name]"), json!(format!("garden hose {index} m, green"))),
        1 => (format!("item[{index}][price]"), json!(format!("{index}.95"))),
        2 => (format!("item[{index}][note]"), json!("the neighbour's, if nobody's in; or (again) on Monday")),
        _ => (format!("item[{index}][path]"), json!(format!("/garden/hoses/{index}/list.html"))),
    };
    request["server.request.body"] = Value::Object((0..200).map(field).collect());
    request.to_string()
}
