//! How quickly events are made and taken, and how long the work between them takes.

use crate::defenders::nobody::Nobody;
use crate::defenders::ours::{Mode, Ours};
use crate::defenders::{Alarm, Answer, Defender, Outcome};
use crate::event::Event;
use crate::options::Options;
use crate::people::World;
use crate::play::play;
use crate::stream::Source;
use crate::suite::find;
use crate::time::{SECOND, TODAY};
use bartizan::internals::support::{FixedClock, processor_time};
use std::sync::Arc;
use std::time::{Duration, Instant};

/// Prints how long the events of a campaign (A1 by default) take.
pub fn speed(options: &Options) -> Result<bool, String> {
    let campaign = find(options.only.first().map_or("A1", String::as_str))?;
    let world = World::new(options.first_seed, options.accounts, options.logins);
    let count = |what: &str, run: &mut dyn FnMut() -> u64| {
        let start = Instant::now();
        let events = run();
        let seconds = start.elapsed().as_secs_f64();
        println!("{what:<24} {events:>8} events in {seconds:>6.2} s, {:>9.0} a second", events as f64 / seconds);
    };
    count("made", &mut || {
        let mut events = (campaign.script)(&world).play(&world, campaign.id);
        std::iter::from_fn(|| events.next()).count() as u64
    });
    let played = |defender: &mut dyn Defender| {
        let (script, mut events) = ((campaign.script)(&world), 0);
        let start_ms = script.start_ms;
        play(&mut script.play(&world, campaign.id), start_ms, &[], defender, &mut |_, _, _| events += 1);
        events
    };
    count("played to nobody", &mut || played(&mut Nobody));
    count("played to bartizan", &mut || played(&mut Ours::new(&world, Mode::Strict, TODAY)));
    let mut sliced = Sliced::new(&world);
    played(&mut sliced);
    sliced.print();
    Ok(true)
}

/// Our detector as a service has it: requests that end do the work that is due, a slice each.
struct Sliced<'w> {
    ours: Ours<'w>,
    clock: Arc<FixedClock>,
    at_ms: u64,
    slices: Vec<Duration>,
}

impl<'w> Sliced<'w> {
    fn new(world: &'w World) -> Self {
        let clock = Arc::new(FixedClock::at_millis(TODAY));
        let ours = Ours::with_clock(world, Mode::Strict, TODAY, clock.clone());
        Sliced { ours, clock, at_ms: TODAY, slices: vec![] }
    }

    /// Prints the processor time of slices that did more than to look whether there is work.
    fn print(mut self) {
        self.slices.retain(|took| *took >= Duration::from_micros(5));
        self.slices.sort_unstable();
        let at = |share: f64| self.slices[((self.slices.len() - 1) as f64 * share) as usize];
        let [half, p99, p999, most] = [0.5, 0.99, 0.999, 1.0].map(at);
        println!("{} slices of work, median {half:?}, p99 {p99:?}, p99.9 {p999:?}, most {most:?}", self.slices.len());
    }
}

impl Defender for Sliced<'_> {
    fn advance(&mut self, to_ms: u64, alarms: &mut Vec<Alarm>) {
        while self.at_ms / SECOND < to_ms / SECOND {
            self.at_ms = (self.at_ms / SECOND + 1) * SECOND;
            self.clock.set_millis(self.at_ms);
            let (start, worked) = (Instant::now(), processor_time::of_this_thread());
            self.ours.poll();
            let took = processor_time::of_this_thread().zip(worked).map(|(now, before)| now - before);
            self.slices.push(took.unwrap_or_else(|| start.elapsed()));
        }
        self.clock.set_millis(to_ms.max(self.at_ms));
        self.ours.hear(true, alarms);
    }

    fn ask(&mut self, event: &Event) -> Answer {
        self.ours.ask(event)
    }

    fn tell(&mut self, event: &Event, outcome: Outcome, alarms: &mut Vec<Alarm>) {
        self.ours.tell(event, outcome, alarms);
    }
}
