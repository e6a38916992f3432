//! Budgets hold whatever the shape of the data. Times are compared with each other, so a slow machine changes nothing.

use bartizan::Waf;
use bartizan::value::Value;
use std::time::Duration;

/// Requests that keep the built-in rules busy for a while.
fn requests() -> [(&'static str, Value); 4] {
    let sentence = "The committee's office is open; `select` one of <b>these</b> at ../union/index.html?id=1 ";
    let body = |value: Value| Value::from_entries([("server.request.body", value)]);
    let strings =
        |count: usize| (0..count).map(|n| Value::from(format!("{n}: {sentence}").as_str())).collect::<Value>();
    [
        ("one long string", body(Value::from(sentence.repeat(2500).as_str()))),
        ("one long run", body(Value::from("a".repeat(500_000).as_str()))),
        ("many strings", body(strings(2500))),
        ("many arrays", body((0..200).map(|_| strings(12)).collect())),
    ]
}

#[test]
fn a_budget_ends_an_evaluation_wherever_it_is() {
    let waf = Waf::builtin();
    for (name, request) in requests() {
        // The first run compiles the patterns it needs.
        let runs = [Duration::MAX, Duration::MAX, Duration::ZERO].map(|budget| (budget, request.clone()));
        let [_, whole, none] = runs.map(|(budget, data)| waf.context().run(data, budget).expect("data"));
        assert!(!whole.timeout && none.timeout, "{name}");
        let budget = whole.duration / 20;
        let durations = (0..5).map(|_| {
            let cut = waf.context().run(request.clone(), budget).expect("data");
            assert!(cut.timeout, "{name}");
            cut.duration
        });
        let best = durations.min().unwrap_or_default();
        assert!(best < budget * 5, "{name}: {best:?} for {budget:?} of {:?}", whole.duration);
    }
}
