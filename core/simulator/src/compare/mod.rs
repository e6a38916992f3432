//! The comparison: every campaign against every defender, with the same events.
//!
//! | file | concept |
//! |---|---|
//! | this file | the runs |
//! | `chapter` | the cells to reach, and their bands |
//! | `table` | the printed table |

mod chapter;
mod table;

use crate::defenders::ours::Mode;
use crate::options::Options;
use crate::play::Tally;
use crate::suite::{self, Job, OURS};

/// Runs the comparison and prints its table; returns whether all cells are within their bands.
pub fn compare(options: &Options) -> Result<bool, String> {
    let campaigns = suite::chosen(options)?;
    let learned = suite::learn(options);
    let mut jobs = vec![];
    for seed in &learned {
        for campaign in &campaigns {
            let all = campaign.compared && !options.ours_only;
            let columns = if all { 0..=OURS } else { OURS..=OURS };
            let job = |column| Job { learned: seed, campaign: *campaign, column, mode: Mode::Strict };
            jobs.extend(columns.map(job));
        }
    }
    let tallies = suite::run(&jobs, options.threads);
    let mut rows: Vec<table::Row> = campaigns.iter().map(|campaign| table::Row::new(*campaign)).collect();
    for (job, tally) in jobs.iter().zip(tallies) {
        let row = rows.iter_mut().find(|row| row.campaign.id == job.campaign.id);
        row.into_iter().for_each(|row| row.columns[job.column].push(tally.clone()));
    }
    table::print(&rows, options);
    table::print_learning(&learned.iter().map(|learned| &learned.tally).collect::<Vec<&Tally>>());
    Ok(table::check(&rows, options))
}
