//! A request from its first header to its report: `cargo run -p bartizan --example whole_request`.
//!
//! A server does the same with each of its requests, around the application's code.

use bartizan::Outcome;
use bartizan::http::block::{Answer, Ask};
use bartizan::protect::{Engine, Finish, Login, Response, Settings, Start, Subject, User};
use bartizan::value::{Value, json};
use std::error::Error;
use std::time::Duration;

fn main() -> Result<(), Box<dyn Error>> {
    // One engine for the process, here with the built-in rules, which report and do not block.
    let engine = Engine::new(Settings::builtin())?;

    // A user is refused at run time, for an hour.
    let service = engine.service();
    service.block(&Subject::user("u-1"), service.end_after(Duration::from_secs(3600)))?;

    // A request begins, and what is known of it is evaluated. The application's parsers come later.
    let mut request = engine.request();
    let start = Start::new("POST", "/login?next=/../../etc/passwd")
        .header("User-Agent", "Mozilla/5.0")
        .header("Accept", "text/html")
        .peer("192.0.2.7:40312")
        .query(Value::from_entries([("next", "/../../etc/passwd")]));
    let decision = request.start(start);
    show("the head", decision.found.as_ref());

    // The body has arrived.
    let body = json::parse(br#"{"login": "bob@example.org", "comment": "' OR 1=1 --"}"#)?;
    let decision = request.run(Value::from_entries([("server.request.body", body)]));
    show("the body", decision.found.as_ref());

    // The application reports who logged in, and is told that this user is refused.
    let login = Login::of("bob@example.org").user(User::new("u-1").field("role", "admin"));
    let decision = request.login_success(&login);
    println!("the login: blocked = {}", decision.blocked);

    // A blocked client gets the engine's response, any other the application's.
    match request.block_response(&Ask::default()) {
        Some(Answer::Http(page)) => {
            println!("the answer: {} with {} bytes for a browser", page.status, page.body.len());
        }
        Some(other) => println!("the answer: {other:?}"),
        None => {
            request.response(Response::new(200).header("Content-Type", "text/html"));
        }
    }

    // The tags for the request's span.
    let report = request.finish(&Finish::default());
    println!("the report: keep the trace = {}", report.keep);
    for (tag, text) in &report.meta {
        println!("  {tag} = {}", text.chars().take(100).collect::<String>());
    }
    Ok(())
}

/// Prints the rules that matched, and the parts of the request in which they matched.
fn show(part: &str, found: Option<&Outcome>) {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    for event in found.iter().flat_map(|found| &found.events) {
        println!("{part}: {} ({})", text(&event.rule.name), text(&event.rule.id));
        for (matched, argument) in
            event.matches.iter().flat_map(|found| found.arguments.iter().map(move |of| (found, of)))
        {
            let highlights: Vec<_> = matched.highlight.iter().map(|part| text(part)).collect();
            println!("  {} matched {highlights:?} in {:?}", text(&argument.address), text(&argument.value));
        }
    }
}
