//! Hostile requests: what they cost, how the cost grows, and whether a budget holds.
//!
//!     cargo bench -p bartizan --bench hostile -- [--rules RULES.json] [--quick] [--patterns] [WORD ...]
//!
//! Every kind of string, structure, call and padding is evaluated with the built-in rules, or with others, in four sizes
//! without a budget, then in the largest size with budgets of 1 and 5 ms. All figures are processor time of the thread, so
//! other load hardly affects them. The worst come first, and violations of these bounds are marked:
//!
//! - more than 100 ns per byte from 4 KB on,
//! - growth by more than 2.6 when the size doubles (times below a millisecond are too noisy to tell),
//! - more than a tenth of the budget, or 0.2 ms, beyond the budget,
//! - a padding that hides the small attacks beside it.
//!
//! Words select the kinds whose names contain one of them. `--patterns` prints the cost of each pattern instead: on the
//! hardest text found for it, and, for each kind of string, the most costly patterns on 16 KB of it.

mod calls;
mod patterns;
#[path = "../../tests/common/random.rs"]
mod random;
mod strings;
mod structures;

use bartizan::value::{Value, json};
use bartizan::{Builder, Waf};
use random::Random;
use rustix::time::{ClockId, clock_gettime};
use std::collections::BTreeSet;
use std::time::Duration;

/// Data that an attacker may send, in any size.
pub struct Kind {
    /// The name in the table.
    pub name: String,
    /// Makes data of about this many bytes.
    pub make: Box<dyn Fn(usize) -> Value>,
}

impl Kind {
    /// A kind with this name.
    pub fn new(name: impl Into<String>, make: impl Fn(usize) -> Value + 'static) -> Self {
        Kind { name: name.into(), make: Box::new(make) }
    }
}

const NANOSECONDS_A_BYTE: f64 = 100.0;
const GROWTH: f64 = 2.6;
const SMALLEST: usize = 4 << 10;
const DOUBLED: [usize; 4] = [64 << 10, 128 << 10, 256 << 10, 512 << 10];
const LARGEST: usize = 1 << 20;
const BUDGETS: [Duration; 2] = [Duration::from_millis(1), Duration::from_millis(5)];

fn main() {
    let mut arguments = std::env::args().skip(1).filter(|argument| argument != "--bench");
    let (mut rules, mut quick, mut by_pattern, mut words) = (None, false, false, vec![]);
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--rules" => rules = arguments.next(),
            "--quick" => quick = true,
            "--patterns" => by_pattern = true,
            _ => words.push(argument),
        }
    }
    let chosen = |name: &str| words.is_empty() || words.iter().any(|word| name.contains(word.as_str()));
    if by_pattern {
        return patterns::print(rules.as_deref(), &chosen);
    }
    let waf = rules.map_or_else(Waf::builtin, |path| from_file(&path));
    let kinds: Vec<_> = strings::kinds().into_iter().chain(structures::kinds()).chain(calls::kinds()).collect();
    let kinds: Vec<_> = kinds.into_iter().filter(|kind| chosen(&kind.name)).collect();

    let scale = if quick { 4 } else { 1 };
    let mut rows: Vec<Row> = vec![];
    for (nth, kind) in kinds.iter().enumerate() {
        eprint!("\r{:>3}/{} {:<60}", nth + 1, kinds.len(), kind.name);
        rows.push(Row::measure(&waf, kind, scale));
    }
    eprintln!("\r{:<70}", "");
    rows.sort_by(|a, b| b.worst().total_cmp(&a.worst()));
    println!(
        "{:<44}{:>10}{:>8}{:>7}{:>7}{:>7}{:>11}{:>11}",
        "kind", "ns/byte", "at", "x2", "x4", "x8", "over 1 ms", "over 5 ms"
    );
    rows.iter().for_each(Row::print);
    println!();
    let mut hidden = 0;
    for (name, padding) in strings::paddings() {
        if chosen(&name) {
            hidden += usize::from(!paddings_hide_nothing(&waf, &name, &padding));
        }
    }
    let broken: usize = rows.iter().map(|row| row.marks().len()).sum();
    println!("{} kinds, {broken} bounds broken, {hidden} paddings hide attacks", rows.len());
    std::process::exit(i32::from(broken + hidden > 0));
}

fn from_file(path: &str) -> Waf {
    let text = std::fs::read(path).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut builder = Builder::new();
    builder.add_or_update(b"rules", &json::parse(&text).expect("rules in JSON"));
    builder.build().expect("rules")
}

/// The cost of one kind.
struct Row {
    name: String,
    /// The most costly size, and its nanoseconds per byte.
    dearest: (usize, f64),
    /// Milliseconds in sizes that double.
    doubled: [f64; 4],
    /// Milliseconds beyond each budget.
    overrun: [f64; 2],
}

impl Row {
    fn measure(waf: &Waf, kind: &Kind, scale: usize) -> Row {
        let mut dearest = (0, 0.0);
        let doubled = DOUBLED.map(|size| milliseconds(waf, &(kind.make)(size / scale), Duration::MAX));
        let small = [SMALLEST, 4 * SMALLEST].map(|size| (size, milliseconds(waf, &(kind.make)(size), Duration::MAX)));
        let sizes = DOUBLED.map(|size| size / scale).into_iter().zip(doubled).chain(small);
        for (size, time) in sizes {
            let each = time * 1e6 / size as f64;
            if each > dearest.1 {
                dearest = (size, each);
            }
        }
        let large = (kind.make)(LARGEST / scale);
        let overrun = BUDGETS.map(|budget| milliseconds(waf, &large, budget) - budget.as_secs_f64() * 1e3);
        Row { name: kind.name.clone(), dearest, doubled, overrun }
    }

    fn growth(&self) -> [f64; 3] {
        [1, 2, 3].map(|at| self.doubled[at] / self.doubled[at - 1].max(1e-6))
    }

    fn marks(&self) -> Vec<&'static str> {
        let mut marks = vec![];
        if self.dearest.1 > NANOSECONDS_A_BYTE {
            marks.push("dear");
        }
        if (1..4).any(|at| self.doubled[at - 1] > 1.0 && self.growth()[at - 1] > GROWTH) {
            marks.push("grows");
        }
        if BUDGETS.iter().zip(self.overrun).any(|(budget, over)| over > (budget.as_secs_f64() * 1e2).max(0.2)) {
            marks.push("late");
        }
        marks
    }

    /// Larger is worse.
    fn worst(&self) -> f64 {
        self.marks().len() as f64 * 1e6 + self.dearest.1
    }

    fn print(&self) {
        let [x2, x4, x8] = self.growth();
        let over = self.overrun.map(|over| if over > 0.0 { format!("{over:.2} ms") } else { "-".into() });
        println!(
            "{:<44}{:>10.2}{:>7}K{x2:>7.1}{x4:>7.1}{x8:>7.1}{:>11}{:>11}  {}",
            self.name,
            self.dearest.1,
            self.dearest.0 >> 10,
            over[0],
            over[1],
            self.marks().join(", ")
        );
    }
}

/// Milliseconds of processor time for one evaluation, the least of several, as other load only adds to it.
fn milliseconds(waf: &Waf, data: &Value, budget: Duration) -> f64 {
    let run = |budget| {
        let (mut context, data) = (waf.context(), data.clone());
        let start = processor_time();
        let outcome = context.run(data, budget);
        let time = processor_time() - start;
        drop(outcome);
        time
    };
    let first = run(budget);
    let rest = (Duration::from_millis(200).as_nanos() / first.as_nanos().max(1)).min(50);
    let best = (0..rest).map(|_| run(budget)).fold(first, Duration::min);
    best.as_secs_f64() * 1e3
}

fn processor_time() -> Duration {
    let used = clock_gettime(ClockId::ThreadCPUTime);
    Duration::new(used.tv_sec as u64, used.tv_nsec as u32)
}

/// Three small attacks in fields other than the padding, which comes first in every map.
fn paddings_hide_nothing(waf: &Waf, name: &str, padding: &Value) -> bool {
    let beside = |attack: &str, padding: &Value| {
        let mut map = Value::map();
        map.insert("a", padding.clone());
        map.insert("z", attack);
        map
    };
    let data = |padding: &Value| {
        let mut data = Value::map();
        data.insert("server.request.body", beside("1' UNION SELECT username, password FROM users-- ", padding));
        data.insert("server.request.query", beside("<script>alert(document.cookie)</script>", padding));
        data.insert("server.request.path_params", beside("../../../../../../etc/passwd", padding));
        data
    };
    let found = |data: Value, budget| {
        let outcome = waf.context().run(data, budget).expect("a map");
        let types = outcome.events.iter().flat_map(|event| &event.rule.tags).filter(|(name, _)| **name == *b"type");
        (types.map(|(_, kind)| kind.to_vec()).collect::<BTreeSet<_>>(), outcome.timeout)
    };
    let alone = found(data(&Value::null()), Duration::MAX).0;
    let at = BUDGETS.map(|budget| found(data(padding), budget));
    let ok = at.iter().all(|(types, _)| alone.is_subset(types));
    let [in_1, in_5] = at.map(|(types, timeout)| {
        let count = alone.intersection(&types).count();
        format!("{count} of {}{}", alone.len(), if timeout { ", and says that it is incomplete" } else { "" })
    });
    println!("padding: {name:<28} in 1 ms {in_1:<40} in 5 ms {in_5:<40}{}", if ok { "" } else { "  hidden" });
    ok
}
