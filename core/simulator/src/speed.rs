//! How quickly events are made and taken.

use crate::defenders::Defender;
use crate::defenders::nobody::Nobody;
use crate::defenders::ours::{Mode, Ours};
use crate::options::Options;
use crate::people::World;
use crate::play::play;
use crate::stream::Source;
use crate::suite::find;
use crate::time::TODAY;
use std::time::Instant;

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
    Ok(true)
}
