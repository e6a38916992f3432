//! Requests of any size.

use std::fmt::Write;

/// Records like those of a shop's API, of about this many bytes in total.
pub fn json(bytes: usize) -> String {
    let mut body = String::from(r#"{"server.request.body":{"orders":["#);
    let mut n = 0;
    while body.len() + 2 < bytes {
        n += 1;
        let comma = if n == 1 { "" } else { "," };
        let _ = write!(
            body,
            r#"{comma}{{"id":{n},"sku":"GH-{:05}","title":"Garden hose {} m, {}","price":{}.95,"in_stock":{},"address":{{"street":"{} High Street","city":"Springfield","zip":"{:05}"}},"note":"Deliver between {} and {} o'clock, thanks"}}"#,
            n * 37 % 99_999,
            n % 50,
            ["green", "blue", "yellow"][n % 3],
            n % 90,
            n % 2 == 0,
            n % 200,
            n * 7919 % 99_999,
            n % 12,
            n % 12 + 1
        );
    }
    body.push_str("]}}");
    body
}

/// One string of about this many bytes.
pub fn text(bytes: usize) -> String {
    let sentence = "The committee will meet again on Thursday to select the union's new office; everyone is welcome. ";
    format!(r#"{{"server.request.body":{{"text":"{}"}}}}"#, sentence.repeat(bytes.div_ceil(sentence.len())))
}

/// This many short strings.
pub fn leaves(count: usize) -> String {
    let values = (0..count).map(|n| format!(r#""value {n}""#)).collect::<Vec<_>>();
    format!(r#"{{"server.request.body":[{}]}}"#, values.join(","))
}

/// One of many pieces of data that a context gets in turn.
pub fn piece(n: usize) -> String {
    format!(r#"{{"server.request.body":{{"message":"piece {n} of the stream"}}}}"#)
}
