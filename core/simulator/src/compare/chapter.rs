//! What the comparison has to reach at 40,000 logins a day: the measured cells of the design, and their bands.

/// The cell of a campaign.
#[derive(Clone, Copy, Debug)]
pub struct Cell {
    /// The campaign.
    pub id: &'static str,
    /// The time until detection in seconds.
    pub time_s: f64,
    /// The attempts until then.
    pub attempts: f64,
    /// The share of attempts that are stopped, in percent.
    pub stopped: Option<f64>,
    /// The compromises that are not prevented.
    pub lost: Option<f64>,
}

const fn cell(id: &'static str, time_s: f64, attempts: f64, stopped: Option<f64>, lost: Option<f64>) -> Cell {
    Cell { id, time_s, attempts, stopped, lost }
}

/// All cells.
pub const CELLS: [Cell; 12] = [
    cell("A1", 60.0, 1378.0, Some(99.7), Some(2.0)),
    cell("A2", 62.0, 35.0, Some(99.8), Some(0.2)),
    cell("A3", 62.0, 33.0, Some(99.8), Some(0.0)),
    cell("A4", 21.0, 130.0, Some(99.7), None),
    cell("A5", 64.0, 172.0, Some(98.3), None),
    cell("A6", 97.0, 41.0, Some(98.6), None),
    cell("A7", 183.0, 28.0, Some(99.7), Some(0.0)),
    cell("A8", 179.0 * 60.0, 61.0, Some(78.0), None),
    cell("A9", 61.0, 46.0, Some(99.4), Some(0.2)),
    cell("A10-padding", 54.0, 46.0, Some(98.5), None),
    cell("A10-inflation", 240.0, 138.0, Some(99.3), None),
    cell("B6", 8.0, 31.0, None, None),
];

/// The campaigns in which no honest person may be blocked.
pub const UNHARMED: [&str; 6] = ["B1", "B2", "B3", "B4", "B5", "Q"];

/// By how much times, attempts, what is not stopped and what is lost may exceed the cell.
const TIMES: f64 = 1.25;
/// What is not stopped may also be this much more, in percent points.
const POINTS: f64 = 0.5;
/// At least so many compromises may be lost.
const LOST: f64 = 1.0;

/// What was measured: the medians of time and attempts, if all seeds detected the campaign, and the means of the rest.
#[derive(Clone, Copy, Debug)]
pub struct Measured {
    /// The time in seconds, and the attempts.
    pub first: Option<(f64, f64)>,
    /// In percent.
    pub stopped: f64,
    /// The compromises that were not prevented.
    pub lost: f64,
}

impl Cell {
    /// What is outside of the bands, in words.
    pub fn check(&self, measured: Measured) -> Vec<String> {
        let mut outside = vec![];
        let mut most = |what: &str, value: f64, most: f64| {
            if value > most {
                outside.push(format!("{} {what}: {value:.1}, at most {most:.1}", self.id));
            }
        };
        let (time_s, attempts) = measured.first.unwrap_or((f64::INFINITY, f64::INFINITY));
        most("seconds to detection", time_s, self.time_s * TIMES);
        most("attempts to detection", attempts, self.attempts * TIMES);
        if let Some(stopped) = self.stopped {
            most("% not stopped", 100.0 - measured.stopped, (100.0 - stopped) * TIMES + POINTS);
        }
        if let Some(lost) = self.lost {
            most("compromises not prevented", measured.lost, (lost * TIMES).max(LOST));
        }
        outside
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_held_to_their_bands() {
        let cell = CELLS[1];
        let good = Measured { first: Some((77.5, 43.0)), stopped: 99.3, lost: 1.0 };
        assert_eq!(cell.check(good), Vec::<String>::new());
        let bad = Measured { first: None, stopped: 99.0, lost: 1.1 };
        let outside = cell.check(bad);
        assert_eq!(outside.len(), 4);
        assert_eq!(outside[2], "A2 % not stopped: 1.0, at most 0.8");
    }
}
