//! Running the suite: learning for each seed, then campaigns against defenders, on several threads.

use crate::campaigns::{self, Campaign};
use crate::defenders::Defender;
use crate::defenders::bucket::Buckets;
use crate::defenders::documented::Documented;
use crate::defenders::jail::Jail;
use crate::defenders::ours::{Mode, Ours};
use crate::options::Options;
use crate::parallel::work;
use crate::people::World;
use crate::people::daily::{Before, Daily};
use crate::play::{Tally, play};
use crate::stream::Source;
use crate::time::{DAY, EPOCH, TODAY};

/// The defenders, in the order of columns.
pub const COLUMNS: [&str; 5] =
    ["CrowdSec generic", "CrowdSec slow enum.", "fail2ban", "documented thresholds", "bartizan"];
/// Our column.
pub const OURS: usize = 4;

/// A seed and what our detector knows in its world after 28 days of honest traffic. That is learned once and then restored
/// for each campaign.
pub struct Learned {
    /// The world.
    pub world: World,
    /// What the detector knows.
    pub snapshot: Vec<u8>,
    /// What it noticed while learning.
    pub tally: Tally,
}

/// A campaign of one seed against one defender.
pub struct Job<'l> {
    /// The seed.
    pub learned: &'l Learned,
    /// The campaign.
    pub campaign: Campaign,
    /// The defender.
    pub column: usize,
    /// How our detector answers.
    pub mode: Mode,
}

impl Learned {
    /// Lets the detector watch 28 days of honest traffic, after a day on which it gets to know all accounts.
    pub fn new(seed: u64, options: &Options) -> Self {
        let world = World::new(seed, options.accounts, options.logins);
        let mut ours = Ours::new(&world, Mode::Watching, EPOCH - DAY);
        let mut tally = Tally::default();
        for days in [&mut Before::new(&world) as &mut dyn Source, &mut Daily::new(&world, EPOCH, TODAY)] {
            tally = play(days, EPOCH, &[], &mut ours, &mut |_, _, _| {});
        }
        let snapshot = ours.snapshot();
        Learned { world, snapshot, tally }
    }
}

/// Learns for all seeds.
pub fn learn(options: &Options) -> Vec<Learned> {
    let seeds: Vec<u64> = (0..options.seeds).map(|seed| options.first_seed + seed).collect();
    work(options.threads, &seeds, |seed| format!("learned seed {seed}"), |seed| Learned::new(*seed, options))
}

/// The campaigns that are asked for.
pub fn chosen(options: &Options) -> Result<Vec<Campaign>, String> {
    if options.only.is_empty() {
        return Ok(campaigns::all());
    }
    options.only.iter().map(|id| find(id)).collect()
}

/// The campaign of a name.
pub fn find(id: &str) -> Result<Campaign, String> {
    let found = campaigns::all().into_iter().find(|one| one.id.eq_ignore_ascii_case(id));
    found.ok_or_else(|| format!("there is no campaign {id}"))
}

/// Runs jobs; the tallies are in their order.
pub fn run(jobs: &[Job<'_>], threads: usize) -> Vec<Tally> {
    let name = |job: &Job<'_>| format!("seed {} {} {}", job.learned.world.seed, job.campaign.id, COLUMNS[job.column]);
    work(threads, jobs, name, Job::run)
}

impl Job<'_> {
    fn run(&self) -> Tally {
        let world = &self.learned.world;
        let script = (self.campaign.script)(world);
        let (start_ms, disturbances) = (script.start_ms, script.disturbances.clone());
        let mut defender: Box<dyn Defender + '_> = match self.column {
            0 => Box::new(Buckets::generic()),
            1 => Box::new(Buckets::slow_enumeration()),
            2 => Box::new(Jail::new()),
            3 => Box::new(Documented::new()),
            _ => Box::new(Ours::restored(world, self.mode, TODAY, &self.learned.snapshot)),
        };
        let mut events = script.play(world, self.campaign.id);
        play(&mut events, start_ms, &disturbances, defender.as_mut(), &mut |_, _, _| {})
    }
}
