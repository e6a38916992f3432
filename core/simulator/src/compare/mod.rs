//! The comparison: every campaign against every defender, with the same events.
//!
//! | file | concept |
//! |---|---|
//! | this file | the runs |
//! | `chapter` | the cells to reach, and their bands |
//! | `table` | the printed table |

mod chapter;
mod table;

use crate::campaigns::{self, Campaign};
use crate::defenders::Defender;
use crate::defenders::bucket::Buckets;
use crate::defenders::documented::Documented;
use crate::defenders::jail::Jail;
use crate::defenders::ours::{Mode, Ours};
use crate::learn::learn;
use crate::options::Options;
use crate::parallel::work;
use crate::people::World;
use crate::play::{Tally, play};
use crate::time::TODAY;

/// The defenders, in the order of the columns.
pub const COLUMNS: [&str; 5] =
    ["CrowdSec generic", "CrowdSec slow enum.", "fail2ban", "documented thresholds", "bartizan"];
/// Our column.
pub const OURS: usize = 4;

/// A seed and what our detector learned in its world.
pub struct Learned {
    /// The world.
    pub world: World,
    /// What the detector knows.
    pub snapshot: Vec<u8>,
    /// What it noticed while learning.
    pub tally: Tally,
}

/// Learns the worlds of all seeds.
pub fn learn_all(options: &Options) -> Vec<Learned> {
    let seeds: Vec<u64> = (0..options.seeds).map(|seed| options.first_seed + seed).collect();
    work(
        options.threads,
        &seeds,
        |seed| format!("learned seed {seed}"),
        |seed| {
            let world = World::new(*seed, options.accounts, options.logins);
            let (snapshot, tally) = learn(&world);
            Learned { world, snapshot, tally }
        },
    )
}

/// The campaigns that are asked for.
pub fn chosen(options: &Options) -> Result<Vec<Campaign>, String> {
    let all = campaigns::all();
    if options.only.is_empty() {
        return Ok(all);
    }
    let find = |id: &String| {
        let found: Vec<_> = all.iter().filter(|one| one.id.eq_ignore_ascii_case(id)).copied().collect();
        found.first().copied().ok_or_else(|| format!("there is no campaign {id}"))
    };
    options.only.iter().map(find).collect()
}

/// Plays one campaign of one seed to one defender.
pub fn run(learned: &Learned, campaign: &Campaign, column: usize, mode: Mode) -> Tally {
    let world = &learned.world;
    let script = (campaign.script)(world);
    let (start_ms, disturbances) = (script.start_ms, script.disturbances.clone());
    let mut defender: Box<dyn Defender + '_> = match column {
        0 => Box::new(Buckets::generic()),
        1 => Box::new(Buckets::slow_enumeration()),
        2 => Box::new(Jail::new()),
        3 => Box::new(Documented::new()),
        _ => Box::new(Ours::restored(world, mode, TODAY, &learned.snapshot)),
    };
    play(&mut script.play(world, campaign.id), start_ms, &disturbances, defender.as_mut(), &mut |_, _| {})
}

/// Runs the comparison and prints its table; returns whether all cells are within their bands.
pub fn compare(options: &Options) -> Result<bool, String> {
    let campaigns = chosen(options)?;
    let learned = learn_all(options);
    let mut jobs = vec![];
    for seed in &learned {
        for (row, campaign) in campaigns.iter().enumerate() {
            let columns = if options.ours_only { OURS..=OURS } else { 0..=OURS };
            jobs.extend(
                columns
                    .filter(|column| campaign.compared || *column == OURS)
                    .map(|column| (seed, row, campaign, column)),
            );
        }
    }
    let name = |(learned, _, campaign, column): &(&Learned, usize, &Campaign, usize)| {
        format!("seed {} {} {}", learned.world.seed, campaign.id, COLUMNS[*column])
    };
    let tallies = work(options.threads, &jobs, name, |(learned, _, campaign, column)| {
        run(learned, campaign, *column, Mode::Strict)
    });
    let mut rows: Vec<table::Row> = campaigns.iter().map(|campaign| table::Row::new(*campaign)).collect();
    for ((_, row, _, column), tally) in jobs.iter().zip(tallies) {
        rows[*row].columns[*column].push(tally);
    }
    table::print(&rows, options);
    let learning: Vec<&Tally> = learned.iter().map(|learned| &learned.tally).collect();
    table::print_learning(&learning);
    Ok(table::check(&rows, options))
}
