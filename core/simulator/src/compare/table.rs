//! The table of the comparison, as Markdown.

use super::chapter::{CELLS, Measured, UNHARMED};
use crate::campaigns::Campaign;
use crate::options::Options;
use crate::play::Tally;
use crate::suite::{COLUMNS, OURS};
use std::collections::BTreeMap;

/// A campaign and the tallies of all seeds, by defender.
pub struct Row {
    /// The campaign.
    pub campaign: Campaign,
    /// The tallies.
    pub columns: [Vec<Tally>; COLUMNS.len()],
}

impl Row {
    /// A row without tallies.
    pub fn new(campaign: Campaign) -> Self {
        Row { campaign, columns: Default::default() }
    }
}

fn mean(tallies: &[Tally], of: impl Fn(&Tally) -> f64) -> f64 {
    tallies.iter().map(of).sum::<f64>() / tallies.len().max(1) as f64
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    if values.len() % 2 == 1 { values[middle] } else { (values[middle - 1] + values[middle]) / 2.0 }
}

/// The medians of time and attempts if more than half of the seeds detected the campaign, and the means of the rest.
pub fn measure(tallies: &[Tally]) -> Measured {
    let of = |value: fn(&crate::play::First) -> f64| {
        median(tallies.iter().map(|tally| tally.first.as_ref().map_or(f64::INFINITY, value)).collect())
    };
    let first = (of(|first| first.after_ms as f64 / 1000.0), of(|first| first.attempts as f64));
    Measured {
        first: Some(first).filter(|(time_s, _)| time_s.is_finite()),
        stopped: mean(tallies, Tally::stopped),
        lost: mean(tallies, |tally| tally.lost as f64),
    }
}

/// A time for people.
fn duration(seconds: f64) -> String {
    match seconds {
        _ if seconds < 600.0 => format!("{seconds:.0} s"),
        _ if seconds < 86_400.0 => format!("{:.0} min", seconds / 60.0),
        _ => format!("{:.1} d", seconds / 86_400.0),
    }
}

fn attack_cell(tallies: &[Tally]) -> String {
    let measured = measure(tallies);
    let detected = tallies.iter().filter(|tally| tally.first.is_some()).count();
    let mut cell = match measured.first {
        None => "never".to_owned(),
        Some((time_s, attempts)) => format!("{} / {attempts:.0}", duration(time_s)),
    };
    if detected > 0 && detected < tallies.len() {
        cell += &format!(" (in {detected} of {})", tallies.len());
    }
    cell += &format!("; {:.1} %", measured.stopped);
    let compromises = mean(tallies, |tally| tally.compromises as f64);
    if compromises > 0.0 {
        cell += &format!("; {:.1}/{compromises:.1}", measured.lost);
    }
    cell + &harm(tallies, true)
}

fn harm(tallies: &[Tally], only_if_any: bool) -> String {
    let blocked = mean(tallies, |tally| tally.blocked.len() as f64);
    let asked = mean(tallies, Tally::asked_share);
    let mut text = String::new();
    if blocked > 0.0 || !only_if_any {
        let digits = usize::from(blocked < 10.0 && blocked > 0.0);
        text += &format!("; {blocked:.digits$} blocked");
    }
    if asked > 0.0 {
        text += &format!("; {asked:.1} % asked");
    }
    text
}

fn honest_cell(tallies: &[Tally]) -> String {
    let false_alarms = mean(tallies, |tally| tally.alarms.values().map(|count| count[1] as f64).sum());
    let harm = harm(tallies, false);
    let alarms = if false_alarms > 0.0 { format!("; {false_alarms:.1} alarms") } else { String::new() };
    harm.trim_start_matches("; ").to_owned() + &alarms
}

/// Prints the table.
pub fn print(rows: &[Row], options: &Options) {
    println!(
        "{} seeds, {} accounts, {} logins a day. Attacks: time / attempts to the first detection (medians); share stopped; \
         compromises not prevented of all; honest people blocked and asked for a step-up, if any (means).\n",
        options.seeds, options.accounts, options.logins
    );
    let columns = if options.ours_only { &COLUMNS[OURS..] } else { &COLUMNS[..] };
    println!("| campaign | {} |", columns.join(" | "));
    println!("|---|{}", "---|".repeat(columns.len()));
    for row in rows {
        let cells = row.columns.iter().skip(COLUMNS.len() - columns.len()).map(|tallies| match row.campaign.hostile {
            _ if tallies.is_empty() => "-".to_owned(),
            true => attack_cell(tallies),
            false => honest_cell(tallies),
        });
        println!("| {} {} | {} |", row.campaign.id, row.campaign.about, cells.collect::<Vec<_>>().join(" | "));
    }
    println!("\nThe rules of bartizan, with the number of alarms per run about the attack and about honest events:\n");
    for row in rows {
        let mut rules: BTreeMap<&str, [f64; 2]> = BTreeMap::new();
        let ours = &row.columns[OURS];
        for (rule, counts) in ours.iter().flat_map(|tally| &tally.alarms) {
            let sums = rules.entry(rule).or_default();
            (0..2).for_each(|side| sums[side] += counts[side] as f64 / ours.len() as f64);
        }
        let list: Vec<_> = rules.iter().map(|(rule, [hit, miss])| format!("{rule} {hit:.1}/{miss:.1}")).collect();
        println!("* {}: {}", row.campaign.id, if list.is_empty() { "none".into() } else { list.join(", ") });
        if let Some(first) = ours.first().and_then(|tally| tally.first.as_ref()) {
            println!("  * the first of the first seed: {} {}", first.rule, first.evidence);
        }
    }
}

/// Prints what was noticed while learning.
pub fn print_learning(tallies: &[&Tally]) {
    let mut rules: BTreeMap<&str, u64> = BTreeMap::new();
    for (rule, counts) in tallies.iter().flat_map(|tally| &tally.alarms) {
        *rules.entry(rule).or_default() += counts[1];
    }
    let logins: u64 = tallies.iter().map(|tally| tally.honest).sum();
    println!("\nWhile learning, {logins} honest tries caused these alarms: {rules:?}");
}

/// Checks the cells of our column, and says what is outside of its band.
pub fn check(rows: &[Row], options: &Options) -> bool {
    if options.logins != 40_000 {
        println!("\nThe cells to reach are for 40,000 logins a day, so nothing is checked.");
        return true;
    }
    let mut outside = vec![];
    for row in rows {
        let (id, ours) = (row.campaign.id, &row.columns[OURS]);
        let cells = CELLS.iter().filter(|cell| cell.id == id);
        outside.extend(cells.flat_map(|cell| cell.check(measure(ours))));
        let blocked: usize = ours.iter().map(|tally| tally.blocked.len()).sum();
        if UNHARMED.contains(&id) && blocked > 0 {
            outside.push(format!("{id} honest people blocked: {blocked} in all seeds, at most 0"));
        }
    }
    match outside.is_empty() {
        true => println!("\nAll cells are within their bands."),
        false => println!("\nOutside of their bands:\n* {}", outside.join("\n* ")),
    }
    outside.is_empty()
}
