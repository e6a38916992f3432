//! Build time and memory of instances and contexts.

use crate::common::heap::in_use;
use crate::common::library::Library;
use crate::common::requests;
use std::time::Instant;

const INSTANCES: usize = 10;
const CONTEXTS: usize = 500;

/// Prints build time and memory of an instance, and memory of a context that evaluated a request.
pub fn report(libraries: &[Library; 2], ruleset: &[u8]) {
    println!("{:<26}{:>22}{:>22}", "", "reference", "engine");
    let figures = libraries.each_ref().map(|library| measure(library, ruleset));
    for (row, name) in ["instance, ms to build", "instance, KiB", "context, KiB"].iter().enumerate() {
        println!("{name:<26}{:>22.1}{:>22.1}", figures[0][row], figures[1][row]);
    }
}

fn measure(library: &Library, ruleset: &[u8]) -> [f64; 3] {
    let config = library.parse(ruleset).expect("the ruleset is JSON");
    let request = library.parse(requests::typical_get().as_bytes()).expect("a request");
    // Allocations that the first build makes once do not count.
    library.destroy(library.build(&config).expect("an instance"));
    let before = in_use();
    let mut times = vec![];
    let mut handles = vec![];
    for _ in 0..INSTANCES {
        let start = Instant::now();
        let handle = library.build(&config).expect("an instance");
        times.push(start.elapsed().as_secs_f64() * 1e3);
        // Patterns that compile on first use belong to the instance, too.
        for (_, json) in requests::all() {
            let request = library.parse(json.as_bytes()).expect("a request");
            library.evaluate(&handle, &request);
            library.destroy_object(request);
        }
        handles.push(handle);
    }
    let instance = (in_use() - before) / INSTANCES as f64;
    times.sort_by(f64::total_cmp);
    let before = in_use();
    let contexts: Vec<_> = (0..CONTEXTS).map(|_| library.idle_context(&handles[0], &request)).collect();
    let context = (in_use() - before) / CONTEXTS as f64;
    contexts.into_iter().for_each(|context| library.destroy_context(context));
    handles.into_iter().for_each(|handle| library.destroy(handle));
    library.destroy_object(request);
    library.destroy_object(config);
    [times[times.len() / 2], instance, context]
}
