//! The curves: which quantity grows, and what is measured.

use crate::common::library::{Handle, Library, Object};
use crate::common::requests as shared;
use crate::{Side, requests, synthetic};
use std::time::{Duration, Instant};

/// One growing quantity, and its cost.
pub struct Curve {
    pub name: &'static str,
    /// The unit of the horizontal axis.
    pub of: &'static str,
    /// One series for each side.
    pub series: Vec<Series>,
}

/// The measurements of one side: size and cost.
pub struct Series {
    pub name: &'static str,
    pub points: Vec<(f64, f64)>,
}

/// How long one point is measured; at least one measurement is made.
const POINT: Duration = Duration::from_millis(250);
/// A curve ends when one measurement takes longer than this, as the next would take ten times as long.
const LONGEST: f64 = 0.6e6;
/// The batch time for quantities other than the size of the request.
const BATCH_MICROS: f64 = 200.0;

/// Measures and prints all curves with `only` in their names.
pub fn measure(sides: &[Side], ruleset: &[u8], only: &str) -> Vec<Curve> {
    let kilobytes = [1, 3, 10, 30, 100, 300, 1000];
    let leaves = [10, 30, 100, 300, 1000, 3000, 10_000];
    let times = [1, 2, 5, 10, 20];
    let entries = [1, 10, 100, 1000, 10_000, 100_000, 1_000_000];
    let phrases = [1, 10, 100, 1000, 10_000, 100_000];
    let denylist = |lists: fn(usize) -> String, count| synthetic::with_lists(&lists(count));
    let typical = shared::typical_get();
    let mut all = vec![];
    let mut curve = |name: &'static str, of, sizes: &[usize], point: &dyn Fn(&Side, usize) -> Option<f64>| {
        if !name.contains(only) {
            return;
        }
        let series = sides.iter().map(|side| series(side, name, sizes, point)).collect();
        all.push(Curve { name, of, series });
        print(all.last().expect("a curve"));
    };

    curve("JSON body", "KB", &kilobytes, &|side, size| request(side, ruleset, &requests::json(size * 1000)));
    curve("one string", "KB", &kilobytes, &|side, size| request(side, ruleset, &requests::text(size * 1000)));
    curve("short strings", "strings", &leaves, &|side, size| request(side, ruleset, &requests::leaves(size)));
    curve("depth", "levels", &leaves[..5], &|side, size| {
        let request = side.library.nested("server.request.body", size, "a string beside the next level");
        evaluation(&side.library, ruleset, request)
    });
    curve("runs of a context", "runs", &leaves[..5], &|side, size| runs(&side.library, ruleset, size));
    curve("rules, a typical GET", "times the rules", &times, &|side, size| {
        request(side, &synthetic::rules(ruleset, size), &typical)
    });
    curve("rules, to build", "times the rules", &times, &|side, size| {
        building(&side.library, &synthetic::rules(ruleset, size))
    });
    curve("addresses, look-up", "entries", &entries, &|side, size| {
        request(side, denylist(synthetic::addresses, size).as_bytes(), synthetic::CLIENT)
    });
    curve("addresses, to load", "entries", &entries, &|side, size| {
        building(&side.library, denylist(synthetic::addresses, size).as_bytes())
    });
    curve("users, look-up", "entries", &entries, &|side, size| {
        request(side, denylist(synthetic::users, size).as_bytes(), synthetic::CLIENT)
    });
    curve("users, to load", "entries", &entries, &|side, size| {
        building(&side.library, denylist(synthetic::users, size).as_bytes())
    });
    curve("phrases, 10 KB of JSON", "phrases", &phrases, &|side, size| {
        request(side, synthetic::phrases(size).as_bytes(), &requests::json(10_000))
    });
    all
}

fn series(side: &Side, name: &str, sizes: &[usize], point: &dyn Fn(&Side, usize) -> Option<f64>) -> Series {
    let mut points = vec![];
    for &size in sizes {
        eprint!("\r{name}: {} {size:<20}", side.name);
        // An engine may refuse large sizes.
        let Some(cost) = point(side, size) else { break };
        points.push((size as f64, cost));
        if cost > LONGEST {
            break;
        }
    }
    eprint!("\r{:<60}\r", "");
    Series { name: side.name, points }
}

/// Microseconds to evaluate a request given as JSON.
fn request(side: &Side, ruleset: &[u8], json: &str) -> Option<f64> {
    evaluation(&side.library, ruleset, side.library.parse(json.as_bytes()).expect("a request"))
}

fn evaluation(library: &Library, ruleset: &[u8], request: Object) -> Option<f64> {
    let handle = build(library, ruleset)?;
    let cost = median(|| library.evaluate(&handle, &request));
    library.destroy_object(request);
    library.destroy(handle);
    Some(cost)
}

/// Microseconds for this many runs of one context, each with new data.
fn runs(library: &Library, ruleset: &[u8], count: usize) -> Option<f64> {
    let handle = build(library, ruleset)?;
    let batches: Vec<_> = (0..count).map(|n| library.parse(requests::piece(n).as_bytes()).expect("a batch")).collect();
    let cost = median(|| {
        let context = library.context(&handle);
        batches.iter().for_each(|batch| library.run(context, batch));
        library.destroy_context(context);
    });
    batches.into_iter().for_each(|batch| library.destroy_object(batch));
    library.destroy(handle);
    Some(cost)
}

/// Microseconds to make an instance of a document that is already parsed.
fn building(library: &Library, ruleset: &[u8]) -> Option<f64> {
    let config = library.parse(ruleset).expect("a ruleset");
    let cost = median(|| library.destroy(library.build(&config).expect("an instance")));
    library.destroy_object(config);
    Some(cost)
}

fn build(library: &Library, ruleset: &[u8]) -> Option<Handle> {
    let config = library.parse(ruleset).expect("a ruleset");
    let handle = library.build(&config);
    library.destroy_object(config);
    handle
}

/// The median in microseconds; fast work is repeated within each measurement.
fn median(mut work: impl FnMut()) -> f64 {
    let mut measure = |batch: usize| {
        let start = Instant::now();
        (0..batch).for_each(|_| work());
        start.elapsed().as_secs_f64() * 1e6 / batch as f64
    };
    let first = measure(1);
    if first > LONGEST {
        return first;
    }
    let batch = ((BATCH_MICROS / measure(1).max(0.01)).ceil() as usize).max(1);
    let mut samples = vec![];
    let start = Instant::now();
    while samples.len() < 3 || start.elapsed() < POINT {
        samples.push(measure(batch));
    }
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}

fn print(curve: &Curve) {
    println!("{}", curve.name);
    for series in &curve.series {
        let points = series.points.iter().map(|(size, cost)| format!("{size} {}: {}", curve.of, figure(*cost)));
        println!("  {:<10} {}", series.name, points.collect::<Vec<_>>().join(", "));
        if let Some(exponent) = exponent(&series.points) {
            println!("  {:<10} grows with the power {exponent:.2} in the end", "");
        }
    }
}

/// The slope over the last ten-fold growth, as in the picture.
fn exponent(points: &[(f64, f64)]) -> Option<f64> {
    let (size, cost) = points.last()?;
    let (before, its_cost) = points.iter().rev().find(|(before, _)| before * 9.0 <= *size)?;
    Some((cost / its_cost).ln() / (size / before).ln())
}

/// Microseconds in readable form.
pub fn figure(micros: f64) -> String {
    match micros {
        _ if micros < 1.0 => format!("{:.0} ns", micros * 1e3),
        _ if micros < 1e3 => format!("{micros:.1} us"),
        _ if micros < 1e6 => format!("{:.1} ms", micros / 1e3),
        _ => format!("{:.2} s", micros / 1e6),
    }
}
