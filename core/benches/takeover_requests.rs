//! What the detection of account takeover costs requests that have nothing to do with it: evaluation while addresses are
//! denied as fast as a response to a botnet denies them, and requests that are no logins.
//!
//! `cargo bench -p bartizan --bench takeover_requests`. Times are processor time of the thread that has the requests.

use bartizan::protect::{Engine, Finish, Response, Settings, Start, Subject};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};
use std::time::{Duration, Instant};

/// The requests of one turn, and the turns.
const REQUESTS: usize = 4_000;
const TURNS: usize = 20;
/// The addresses denied in ten milliseconds, which makes 100,000 a second.
const DENIED: u32 = 1_000;
const PAUSE: Duration = Duration::from_millis(10);

fn main() {
    let new = |takeover| Engine::new(Settings::builtin().takeover(takeover)).expect("the built-in rules");
    let engine = new(true);
    let quiet = || turn(&engine);
    let denying = || while_denying(&engine, || turn(&engine));
    compare("nothing denied meanwhile", &quiet, "100,000 addresses a second denied", &denying);

    let (with, without) = (new(true), new(false));
    let (off, on) = (|| turn(&without), || turn(&with));
    compare("no login, detection off", &off, "no login, detection on", &on);
}

/// Takes turns, so that what else the machine does harms both alike.
fn compare(first: &str, one: &dyn Fn() -> Vec<u64>, second: &str, other: &dyn Fn() -> Vec<u64>) {
    let (mut former, mut latter) = (vec![], vec![]);
    for _ in 0..TURNS {
        former.extend(one());
        latter.extend(other());
    }
    let (former, latter) = (Times::of(former), Times::of(latter));
    former.print(first);
    latter.print(second);
    let more = |before: u64, after: u64| (after as f64 / before as f64 - 1.0) * 100.0;
    println!("{:>36} {:>+9.1} % {:>+9.1} %\n", "", more(former.median, latter.median), more(former.p99, latter.p99));
}

struct Times {
    median: u64,
    p99: u64,
}

impl Times {
    fn of(mut nanos: Vec<u64>) -> Self {
        nanos.sort_unstable();
        let at = |share: f64| nanos[((nanos.len() - 1) as f64 * share) as usize];
        Times { median: at(0.5), p99: at(0.99) }
    }

    fn print(&self, name: &str) {
        println!("{name:>36}: median {:>7} ns, p99 {:>7} ns", self.median, self.p99);
    }
}

/// The times of requests.
fn turn(engine: &Arc<Engine>) -> Vec<u64> {
    let time = || {
        let start = Start::new("GET", "/products/7?sort=price&page=2")
            .header("Host", "shop.example.com")
            .header("User-Agent", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0")
            .header("Accept", "text/html,application/xhtml+xml")
            .header("Accept-Language", "en-US,en;q=0.5")
            .header("Cookie", "session=5f2b8c7d9e")
            .peer("203.0.113.7:40312");
        let before = thread_ns();
        let mut request = engine.request();
        let decision = request.start(start);
        assert!(!decision.blocked);
        request.response(Response::new(200).header("Content-Type", "text/html"));
        drop(request.finish(&Finish::default()));
        thread_ns() - before
    };
    (0..REQUESTS).map(|_| time()).collect()
}

/// Does something while another thread denies addresses.
fn while_denying<T>(engine: &Engine, does: impl FnOnce() -> T) -> T {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    let (ends, service) = (AtomicBool::new(false), engine.service());
    std::thread::scope(|scope| {
        scope.spawn(|| {
            let (start, mut turns) = (Instant::now(), 0);
            while !ends.load(Ordering::Relaxed) {
                for _ in 0..DENIED {
                    let number = NEXT.fetch_add(1, Ordering::Relaxed);
                    let [_, a, b, c] = number.to_be_bytes();
                    let address = Subject::address(format!("{}.{a}.{b}.{c}", 20 + number % 60));
                    service.block(&address, service.end_after(Duration::from_secs(3600))).expect("room");
                }
                turns += 1;
                std::thread::sleep((PAUSE * turns).saturating_sub(start.elapsed()));
            }
        });
        let done = does();
        ends.store(true, Ordering::Relaxed);
        done
    })
}

/// Processor time of this thread, so that others on the machine do not count.
fn thread_ns() -> u64 {
    let used = rustix::time::clock_gettime(rustix::time::ClockId::ThreadCPUTime);
    used.tv_sec as u64 * 1_000_000_000 + used.tv_nsec as u64
}
