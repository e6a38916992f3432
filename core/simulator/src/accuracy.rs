//! How accurate detection is over the whole suite: by rule, of clusters, and of the accounts it calls taken over.
//!
//! Rules and accounts are measured while the detector only watches, as blocks would hide the rest of an attack; clusters
//! while it blocks, by whom they refuse.

use crate::campaigns::Campaign;
use crate::defenders::ours::Mode;
use crate::options::Options;
use crate::play::Tally;
use crate::suite::{self, Job, OURS};
use std::collections::BTreeMap;

/// Rules of one kind, what is to be reached, and the campaigns that they have to detect.
struct Family {
    name: &'static str,
    rules: &'static [&'static str],
    precision: f64,
    recall: f64,
    campaigns: &'static [&'static str],
}

const FAMILIES: [Family; 7] = [
    Family {
        name: "brute force",
        rules: &["ato-bruteforce", "ato-distributed-bruteforce"],
        precision: 0.99,
        recall: 1.0,
        campaigns: &["A5", "A6", "A10-spelling", "A10-flood", "A10-time"],
    },
    Family {
        name: "stuffing",
        rules: &["ato-credential-stuffing"],
        precision: 0.98,
        recall: 1.0,
        campaigns: &["A4", "A10-padding"],
    },
    Family {
        name: "slow",
        rules: &["ato-slow-stuffing", "ato-slow-bruteforce"],
        precision: 0.97,
        recall: 0.95,
        campaigns: &["A8"],
    },
    Family {
        name: "network",
        rules: &["ato-network-stuffing"],
        precision: 0.98,
        recall: 0.95,
        campaigns: &["A9", "A10-ipv6"],
    },
    Family {
        name: "distributed",
        rules: &["ato-distributed-attempts", "ato-distributed-users", "ato-distributed-fingerprint"],
        precision: 0.97,
        recall: 0.98,
        campaigns: &["A1", "A2", "A2-twice", "A3", "A7", "A9", "A10-inflation", "B7", "C1", "C2"],
    },
    Family { name: "enumeration", rules: &["ato-user-enumeration"], precision: 0.95, recall: 0.95, campaigns: &["B6"] },
    Family {
        name: "business logic",
        rules: &["bl-signup-rate", "bl-password-reset-enum", "bl-activity-rate-sdk", "bl-privilege-violation"],
        precision: 1.0,
        recall: 1.0,
        campaigns: &["A11-signups", "A11-resets", "A11-coupons", "A11-privilege"],
    },
];

/// Where clusters have to be found, and where there must be none.
const CLUSTERED: [&str; 4] = ["A1", "A2", "A7", "A9"];
const UNCLUSTERED: [&str; 6] = ["A3", "B1", "B2", "B3", "B4", "B5"];
/// The share of an attack that clusters have to cover, and the share of honest logins that they may.
const CLUSTER_RECALL: f64 = 0.95;
const COLLATERAL: f64 = 0.001;
/// What accounts called taken over have to reach.
const TAKEN_RECALL: f64 = 0.95;
const TAKEN_PRECISION: f64 = 0.9;

type Run<'t> = (Campaign, &'t Tally);

/// Runs the suite and prints the figures; returns whether all are reached.
pub fn accuracy(options: &Options) -> Result<bool, String> {
    let campaigns = suite::chosen(options)?;
    let learned = suite::learn(options);
    let mut jobs = vec![];
    for seed in &learned {
        for campaign in &campaigns {
            let mined = CLUSTERED.contains(&campaign.id) || UNCLUSTERED.contains(&campaign.id);
            let modes = [Some(Mode::Watching), mined.then_some(Mode::Strict)];
            let job = |mode| Job { learned: seed, campaign: *campaign, column: OURS, mode };
            jobs.extend(modes.into_iter().flatten().map(job));
        }
    }
    let tallies = suite::run(&jobs, options.threads);
    let of = |mode| {
        let runs = jobs.iter().zip(&tallies).filter(move |(job, _)| job.mode == mode);
        runs.map(|(job, tally)| (job.campaign, tally)).collect::<Vec<Run<'_>>>()
    };
    let (watched, strict) = (of(Mode::Watching), of(Mode::Strict));
    let reached = [by_rule(&watched), clusters(&strict), taken(&watched)];
    Ok(reached.iter().all(|reached| *reached))
}

fn share(part: u64, whole: u64) -> Option<f64> {
    (whole > 0).then(|| part as f64 / whole as f64)
}

fn show(share: Option<f64>) -> String {
    share.map_or_else(|| "-".into(), |share| format!("{share:.4}"))
}

fn verdict(reached: bool) -> &'static str {
    if reached { "reached" } else { "missed" }
}

fn by_rule(runs: &[Run<'_>]) -> bool {
    println!("| rules | precision | of alarms | recall | of runs | to reach | |\n|---|---|---|---|---|---|---|");
    let mut all = true;
    for family in &FAMILIES {
        let alarms = |tally: &Tally, side: usize| {
            family.rules.iter().filter_map(|rule| tally.alarms.get(*rule)).map(|counts| counts[side]).sum::<u64>()
        };
        let sum = |side| runs.iter().map(|(_, tally)| alarms(tally, side)).sum::<u64>();
        let (hits, misses) = (sum(0), sum(1));
        let wanted: Vec<_> = runs.iter().filter(|(campaign, _)| family.campaigns.contains(&campaign.id)).collect();
        let found = wanted.iter().filter(|(_, tally)| alarms(tally, 0) > 0).count() as u64;
        let (precision, recall) = (share(hits, hits + misses), share(found, wanted.len() as u64));
        let reached = precision.is_none_or(|share| share >= family.precision)
            && recall.is_none_or(|share| share >= family.recall);
        all &= reached;
        println!(
            "| {} | {} | {} | {} | {} | {} / {} | {} |",
            family.name,
            show(precision),
            hits + misses,
            show(recall),
            wanted.len(),
            family.precision,
            family.recall,
            verdict(reached)
        );
    }
    let mut missed: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for (campaign, tally) in runs {
        for (rule, counts) in tally.alarms.iter().filter(|(_, counts)| counts[1] > 0) {
            *missed.entry((campaign.id, rule)).or_default() += counts[1];
        }
    }
    println!("\nAlarms about honest events: {missed:?}\n");
    all
}

fn clusters(runs: &[Run<'_>]) -> bool {
    println!("| clusters | attempts refused by traits | honest logins refused by traits | |\n|---|---|---|---|");
    let mut all = true;
    for id in CLUSTERED.into_iter().chain(UNCLUSTERED) {
        let tallies: Vec<_> = runs.iter().filter(|(campaign, _)| campaign.id == id).map(|(_, tally)| *tally).collect();
        if tallies.is_empty() {
            continue;
        }
        let sum = |of: fn(&Tally) -> u64| tallies.iter().map(|tally| of(tally)).sum::<u64>();
        let recall = share(sum(|tally| tally.clustered[0]), sum(|tally| tally.attempts)).unwrap_or(0.0);
        let collateral = share(sum(|tally| tally.clustered[1]), sum(|tally| tally.honest)).unwrap_or(0.0);
        let reached = match CLUSTERED.contains(&id) {
            true => recall >= CLUSTER_RECALL && collateral <= COLLATERAL,
            false => recall == 0.0 && collateral == 0.0,
        };
        all &= reached;
        println!("| {id} | {recall:.4} | {collateral:.5} | {} |", verdict(reached));
    }
    all
}

fn taken(runs: &[Run<'_>]) -> bool {
    println!("\n| accounts taken over | named | recall | precision | |\n|---|---|---|---|---|");
    let mut all = true;
    let mut by_campaign: BTreeMap<&str, [u64; 3]> = BTreeMap::new();
    for (campaign, tally) in runs {
        let sums = by_campaign.entry(campaign.id).or_default();
        let both = tally.taken.intersection(&tally.named).count();
        [tally.taken.len(), tally.named.len(), both].iter().zip(sums).for_each(|(count, sum)| *sum += *count as u64);
    }
    for (id, [taken, named, both]) in by_campaign.into_iter().filter(|(_, sums)| sums[0] + sums[1] > 0) {
        let (recall, precision) = (share(both, taken), share(both, named));
        let wanted = CLUSTERED.contains(&id);
        let reached = precision.is_none_or(|share| share >= TAKEN_PRECISION)
            && (!wanted || recall.is_none_or(|share| share >= TAKEN_RECALL));
        all &= reached;
        println!("| {id}: {taken} | {named} | {} | {} | {} |", show(recall), show(precision), verdict(reached));
    }
    all
}
