//! What instances and contexts cost besides time.

use crate::library::Library;
use std::time::Instant;

const INSTANCES: usize = 10;
const CONTEXTS: usize = 500;

/// Prints build time and resident memory of an instance, and resident memory of a context that saw a request.
pub fn report(libraries: &[Library; 2], ruleset: &[u8]) {
    println!("{:<26}{:>22}{:>22}", "", "reference", "engine");
    let figures = libraries.each_ref().map(|library| measure(library, ruleset));
    for (row, name) in ["instance, ms to build", "instance, KiB", "context, KiB"].iter().enumerate() {
        println!("{name:<26}{:>22.1}{:>22.1}", figures[0][row], figures[1][row]);
    }
}

fn measure(library: &Library, ruleset: &[u8]) -> [f64; 3] {
    let config = library.parse(ruleset).expect("the ruleset is JSON");
    let request = library.parse(crate::requests::typical_get().as_bytes()).expect("a request");
    // What the first build allocates once and for all is not counted.
    library.destroy(library.build(&config).expect("an instance"));
    let before = resident();
    let mut times = vec![];
    let mut handles = vec![];
    for _ in 0..INSTANCES {
        let start = Instant::now();
        let handle = library.build(&config).expect("an instance");
        times.push(start.elapsed().as_secs_f64() * 1e3);
        // Patterns that compile when first needed belong to the instance too.
        for (_, json) in crate::requests::all() {
            let request = library.parse(json.as_bytes()).expect("a request");
            library.evaluate(&handle, &request);
            library.destroy_object(request);
        }
        handles.push(handle);
    }
    let instance = (resident() - before) / INSTANCES as f64;
    times.sort_by(f64::total_cmp);
    let before = resident();
    let contexts: Vec<_> = (0..CONTEXTS).map(|_| library.idle_context(&handles[0], &request)).collect();
    let context = (resident() - before) / CONTEXTS as f64;
    contexts.into_iter().for_each(|context| library.destroy_context(context));
    handles.into_iter().for_each(|handle| library.destroy(handle));
    library.destroy_object(request);
    library.destroy_object(config);
    [times[times.len() / 2], instance, context]
}

/// Resident memory of this process in KiB.
fn resident() -> f64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmRSS:")).unwrap_or("VmRSS: 0 kB");
    line.split_whitespace().nth(1).and_then(|n| n.parse().ok()).unwrap_or(0.0)
}
