//! How the clusters of an attack follow its searches.

use super::cluster::{Cluster, Merits};
use super::miner::Mining;
use super::search::{Found, Measured, Why};

/// The maximum number of clusters that are not in use any more.
const STALE: usize = 16;

impl Mining {
    /// Replaces the clusters by what a search found. A cluster keeps its id as long as its items are the same.
    pub(super) fn take(&mut self, found: Found) {
        let former = std::mem::take(&mut self.clusters);
        self.covered = found.covered;
        let mut stale = vec![];
        for measured in &found.measured {
            let known = former.iter().find(|cluster| cluster.items == measured.items);
            match measured.why {
                Why::Chosen => {
                    let id = known.map(|known| known.id.clone()).unwrap_or_else(|| {
                        self.named += 1;
                        format!("k{}", self.named)
                    });
                    let is_stale = measured.stale.unwrap_or(false);
                    self.clusters.push(cluster(id, measured, &found, is_stale));
                }
                Why::Former => {
                    let Some(known) = known else { continue };
                    match measured.stale {
                        Some(true) => stale.push(cluster(known.id.clone(), measured, &found, true)),
                        // A cluster that still matches attempts but was not chosen is one that others replaced.
                        Some(false) => {}
                        // A pause says nothing about it. Waves come back, and its rule has to be there.
                        None => stale.push(known.clone()),
                    }
                }
                Why::Custom => {
                    if let Some(custom) = self.custom.iter_mut().find(|custom| custom.items == measured.items) {
                        let is_stale = measured.stale.unwrap_or(custom.stale);
                        *custom = Cluster { custom: true, ..cluster(custom.id.clone(), measured, &found, is_stale) };
                    }
                }
            }
        }
        let surplus = stale.len().saturating_sub(STALE);
        self.clusters.extend(stale.into_iter().skip(surplus));
    }
}

fn cluster(id: String, measured: &Measured, found: &Found, stale: bool) -> Cluster {
    let merits = Merits {
        collateral_upper: measured.metrics.collateral_upper,
        present_before: measured.present_before,
        successes: found.successes,
        precision: measured.metrics.precision,
    };
    Cluster {
        id,
        grade: merits.grade(&measured.items),
        items: measured.items.clone(),
        metrics: measured.metrics,
        threat_intel: [measured.offenders, found.usual_offenders],
        nonexistent: measured.nonexistent,
        present_before: measured.present_before,
        correlation: measured.correlation,
        stale,
        custom: false,
    }
}
