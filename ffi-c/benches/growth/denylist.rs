//! Large denylists: the cost of loading, querying and updating them.

use crate::Side;
use crate::common::heap::in_use;
use crate::common::library::{Builder, Handle, Library};
use crate::curves::figure;
use crate::synthetic;
use std::time::Instant;

/// Prints the figures of lists of two lengths, of addresses and users together.
pub fn report(sides: &[Side]) {
    for count in [100_000, 1_000_000] {
        println!("\ndenylists of {count} addresses and {count} users");
        let columns: Vec<_> = sides.iter().map(|side| (side.name, measure(&side.library, count))).collect();
        println!("  {:<54}{}", "", columns.iter().map(|(name, _)| format!("{name:>14}")).collect::<String>());
        for row in 0..columns[0].1.len() {
            let figures = columns.iter().map(|(_, rows)| format!("{:>14}", rows[row].1));
            println!("  {:<54}{}", columns[0].1[row].0, figures.collect::<String>());
        }
    }
}

type Row = (&'static str, String);

fn measure(library: &Library, count: usize) -> Vec<Row> {
    eprint!("\rdenylists of {count}");
    let parse = |json: String| library.parse(json.as_bytes()).expect("a configuration");
    let rules = parse(synthetic::with_lists(""));
    let lists = parse(data(&format!("{},{}", synthetic::addresses(count), synthetic::users(count))));
    let other = parse(data(r#"{"id":"suspicious_ips","type":"ip_with_expiration","data":[{"value":"198.51.100.9"}]}"#));
    let request = parse(synthetic::CLIENT.to_string());
    let builder = library.builder();
    library.add(&builder, "rules", &rules);
    library.destroy(library.build_from(&builder));

    let before = in_use();
    let added = time(|| library.add(&builder, "lists", &lists));
    let (built, handle) = build(library, &builder);
    let held = in_use() - before;
    let mut asked = vec![];
    for _ in 0..200 {
        asked.push(time(|| (0..50).for_each(|_| library.evaluate(&handle, &request))) / 50.0);
    }
    // The update of a list while an instance with the old one serves requests.
    let replaced = time(|| library.add(&builder, "lists", &lists));
    let (rebuilt, second) = build(library, &builder);
    // Nine changes of another list, which do not affect the large ones.
    let (mut small, mut small_built) = (vec![], vec![]);
    for _ in 0..9 {
        small.push(time(|| library.add(&builder, "other", &other)));
        let (built, handle) = build(library, &builder);
        small_built.push(built);
        library.destroy(handle);
    }
    let freed = time(|| library.destroy(handle));
    library.destroy(second);
    library.destroy_builder(builder);
    for object in [rules, lists, other, request] {
        library.destroy_object(object);
    }
    eprint!("\r{:<40}\r", "");
    vec![
        ("adding the lists, parsed JSON to sets", figure(added)),
        ("the first instance with them", figure(built)),
        ("memory they take, KiB", format!("{held:.0}")),
        ("a request that both are asked about", figure(median(asked))),
        ("adding them again, changed", figure(replaced)),
        ("rebuilding the instance then", figure(rebuilt)),
        ("changing one entry of another list", figure(median(small))),
        ("rebuilding the instance then", figure(median(small_built))),
        ("freeing the first instance", figure(freed)),
    ]
}

fn data(lists: &str) -> String {
    format!(r#"{{"version":"2.2","rules_data":[{lists}]}}"#)
}

fn build(library: &Library, builder: &Builder) -> (f64, Handle) {
    let start = Instant::now();
    let handle = library.build_from(builder);
    (start.elapsed().as_secs_f64() * 1e6, handle)
}

/// Microseconds.
fn time(work: impl FnOnce()) -> f64 {
    let start = Instant::now();
    work();
    start.elapsed().as_secs_f64() * 1e6
}

fn median(mut samples: Vec<f64>) -> f64 {
    samples.sort_by(f64::total_cmp);
    samples[samples.len() / 2]
}
