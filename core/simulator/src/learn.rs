//! What the detector knows before a campaign: 28 days of honest traffic, learned once and then restored for each campaign.

use crate::defenders::ours::{Mode, Ours};
use crate::people::World;
use crate::people::daily::Daily;
use crate::play::{Tally, play};
use crate::time::{EPOCH, TODAY};

/// Lets a detector watch 28 days of honest traffic; returns a snapshot of it, and what it noticed.
pub fn learn(world: &World) -> (Vec<u8>, Tally) {
    let mut ours = Ours::new(world, Mode::Watching, EPOCH);
    let tally = play(&mut Daily::new(world, EPOCH, TODAY), EPOCH, &[], &mut ours, &mut |_, _| {});
    (ours.snapshot(), tally)
}
