//! Work on several threads, with the progress on the standard error output.

use std::io::{IsTerminal, Write};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

/// Does jobs on so many threads; the results are in the order of the jobs.
pub fn work<J: Sync, R: Send>(
    threads: usize,
    jobs: &[J],
    name: impl Fn(&J) -> String,
    run: impl Fn(&J) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let (tell, told) = mpsc::channel();
    let mut results: Vec<(usize, R)> = std::thread::scope(|scope| {
        for _ in 0..threads.clamp(1, jobs.len().max(1)) {
            let (tell, next, run) = (tell.clone(), &next, &run);
            scope.spawn(move || {
                while let Some((at, job)) =
                    Some(next.fetch_add(1, Ordering::Relaxed)).and_then(|at| Some((at, jobs.get(at)?)))
                {
                    drop(tell.send((at, run(job))));
                }
            });
        }
        drop(tell);
        let numbered = told.iter().enumerate();
        numbered
            .inspect(|(done, (at, _))| progress(done + 1, jobs.len(), &name(&jobs[*at])))
            .map(|(_, done)| done)
            .collect()
    });
    results.sort_by_key(|(at, _)| *at);
    results.into_iter().map(|(_, result)| result).collect()
}

/// Shows the progress: in one line on a terminal, else now and then.
fn progress(done: usize, all: usize, what: &str) {
    let mut out = std::io::stderr();
    let line = format!("[{done}/{all}] {what}");
    drop(match out.is_terminal() {
        true => write!(out, "\r{line:<70}{}", if done == all { "\n" } else { "" }).and_then(|()| out.flush()),
        false if done == all || done.is_multiple_of(all.div_ceil(20)) => writeln!(out, "{line}"),
        false => Ok(()),
    });
}

#[cfg(test)]
mod tests {
    #[test]
    fn results_are_in_the_order_of_the_jobs() {
        let jobs: Vec<u64> = (0..100).collect();
        let squares = super::work(3, &jobs, ToString::to_string, |job| job * job);
        assert_eq!(squares, jobs.iter().map(|job| job * job).collect::<Vec<_>>());
    }
}
