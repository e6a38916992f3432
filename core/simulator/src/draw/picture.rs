//! The picture of a campaign: two charts with one axis of time, and the traits of attackers below. The style is that of the
//! growth picture, and suits light and dark pages.

use super::{BUCKET, Bucket, Cluster, Course};
use crate::time::{HOUR, hour_of_day};
use std::fmt::Write;

const WIDTH: f64 = 900.0;
/// The left and right edges of the charts.
const LEFT: f64 = 70.0;
const RIGHT: f64 = 880.0;
/// The upper edges and heights of the charts.
const LOGINS: (f64, f64) = (64.0, 170.0);
const DEVIATION: (f64, f64) = (284.0, 110.0);
/// Where the traits begin, and how high each is.
const TRAITS: f64 = 446.0;
const ROW: f64 = 34.0;
/// The deviation from which a signal opens.
const OPENS: f64 = 6.0;

const STYLE: &str = "
  text { font: 11px system-ui, sans-serif; fill: #1f2328 }
  .name { font-weight: 600; font-size: 12px }
  .axis { fill: #59636e; font-size: 10px }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .guide { stroke: #59636e; stroke-width: 1; stroke-dasharray: 4 3 }
  .honest { stroke: #1a7f37; fill: #1a7f37 }
  .failures { stroke: #cf222e; fill: #cf222e }
  .refused { stroke: #0969da; fill: #0969da }
  .expected { stroke: #8250df; fill: #8250df; stroke-dasharray: 5 3 }
  .deviation { stroke: #b35900; fill: #b35900 }
  .block { fill: #0969da } .monitor { fill: #9aa4ae }
  polyline { fill: none !important; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .axis { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .guide { stroke: #9198a1 }
    .honest { stroke: #3fb950; fill: #3fb950 }
    .failures { stroke: #f85149; fill: #f85149 }
    .refused { stroke: #58a6ff; fill: #58a6ff }
    .expected { stroke: #bc8cff; fill: #bc8cff }
    .deviation { stroke: #f0883e; fill: #f0883e }
    .block { fill: #58a6ff } .monitor { fill: #656c76 }
  }
";

/// The picture.
pub fn draw(course: &Course) -> String {
    let height = TRAITS + ROW * course.clusters.len().max(1) as f64 + 16.0;
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">\n\
         <style>{STYLE}</style>\n",
        escaped(&course.title)
    );
    _ = writeln!(svg, "<text class=\"name\" x=\"{LEFT}\" y=\"20\">{}</text>", escaped(&course.title));
    logins(&mut svg, course);
    deviation(&mut svg, course);
    traits(&mut svg, course);
    svg.push_str("</svg>\n");
    svg
}

/// A chart over time.
struct Chart<'c> {
    course: &'c Course,
    top: f64,
    height: f64,
    most: f64,
}

impl<'c> Chart<'c> {
    /// A chart whose axis reaches a round number above the largest value.
    fn new(course: &'c Course, (top, height): (f64, f64), largest: f64) -> Self {
        let power = 10f64.powf(largest.max(1.0).log10().floor());
        let most = [1.0, 2.0, 4.0, 6.0, 8.0, 10.0].map(|times| times * power).into_iter().find(|most| *most >= largest);
        Chart { course, top, height, most: most.unwrap_or(largest) }
    }

    fn x(&self, at: usize) -> f64 {
        across(self.course, at)
    }

    fn y(&self, value: f64) -> f64 {
        self.top + self.height * (1.0 - value / self.most)
    }

    fn frame(&self, svg: &mut String, label: &str) {
        for step in 0..=4 {
            let value = self.most * f64::from(step) / 4.0;
            let y = self.y(value);
            _ = writeln!(svg, "<line class=\"grid\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>");
            let x = LEFT - 6.0;
            _ = writeln!(svg, "<text class=\"axis\" text-anchor=\"end\" x=\"{x}\" y=\"{:.1}\">{value}</text>", y + 3.5);
        }
        let middle = self.top + self.height / 2.0;
        _ = writeln!(
            svg,
            "<text class=\"axis\" text-anchor=\"middle\" transform=\"translate(16 {middle}) rotate(-90)\">{label}</text>"
        );
        hours(svg, self.course, self.top, self.top + self.height);
    }

    /// A line through the buckets that have a value; it is interrupted where they have none.
    fn line(&self, svg: &mut String, class: &str, value: impl Fn(&Bucket) -> Option<f64>) {
        let mut points: Vec<String> = vec![];
        let mut end = |points: &mut Vec<String>| {
            if points.len() > 1 {
                _ = writeln!(svg, "<polyline class=\"{class}\" points=\"{}\"/>", points.join(" "));
            }
            points.clear();
        };
        for (at, bucket) in self.course.buckets.iter().enumerate() {
            match value(bucket) {
                Some(value) => points.push(format!("{:.1},{:.1}", self.x(at), self.y(value.clamp(0.0, self.most)))),
                None => end(&mut points),
            }
        }
        end(&mut points);
    }
}

fn across(course: &Course, at: usize) -> f64 {
    LEFT + (RIGHT - LEFT) * at as f64 / course.buckets.len().max(2) as f64
}

/// The axis of time, with a label at full hours.
fn hours(svg: &mut String, course: &Course, top: f64, bottom: f64) {
    let per_hour = (HOUR / BUCKET) as usize;
    let step = per_hour * (course.buckets.len() / per_hour / 12).max(1);
    for at in (0..course.buckets.len()).step_by(step) {
        let (x, hour) = (across(course, at), hour_of_day(course.from_ms + at as u64 * BUCKET));
        _ = writeln!(svg, "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{top}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>");
        let y = bottom + 14.0;
        _ = writeln!(svg, "<text class=\"axis\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{y}\">{hour:02.0}:00</text>");
    }
}

fn legend(svg: &mut String, y: f64, entries: &[(&str, &str)]) {
    let mut x = LEFT;
    for (class, text) in entries {
        _ = writeln!(svg, "<polyline class=\"{class}\" points=\"{x},{y} {},{y}\"/>", x + 22.0);
        _ = writeln!(svg, "<text x=\"{}\" y=\"{}\">{text}</text>", x + 28.0, y + 4.0);
        x += 48.0 + 6.2 * text.len() as f64;
    }
}

fn logins(svg: &mut String, course: &Course) {
    let largest = course.buckets.iter().map(|bucket| bucket.honest.max(bucket.failures).max(bucket.refused)).max();
    let chart = Chart::new(course, LOGINS, largest.unwrap_or(1).into());
    chart.frame(svg, "in 5 minutes");
    let entries = [
        ("honest", "honest logins"),
        ("failures", "failures"),
        ("refused", "refused attempts"),
        ("expected", "failures expected from unfamiliar places"),
    ];
    legend(svg, 42.0, &entries);
    chart.line(svg, "honest", |bucket| Some(bucket.honest.into()));
    chart.line(svg, "refused", |bucket| Some(bucket.refused.into()));
    chart.line(svg, "failures", |bucket| Some(bucket.failures.into()));
    chart.line(svg, "expected", |bucket| bucket.expected);
}

fn deviation(svg: &mut String, course: &Course) {
    let largest = course.buckets.iter().filter_map(|bucket| bucket.deviation).fold(2.0 * OPENS, f64::max);
    let chart = Chart::new(course, DEVIATION, largest);
    chart.frame(svg, "deviation Z");
    legend(
        svg,
        DEVIATION.0 - 14.0,
        &[("deviation", "deviation of the failures, while a signal is open"), ("guide", "opens a signal")],
    );
    let y = chart.y(OPENS);
    _ = writeln!(svg, "<line class=\"guide\" x1=\"{LEFT}\" y1=\"{y:.1}\" x2=\"{RIGHT}\" y2=\"{y:.1}\"/>");
    chart.line(svg, "deviation", |bucket| bucket.deviation);
}

fn traits(svg: &mut String, course: &Course) {
    _ = writeln!(
        svg,
        "<text class=\"name\" x=\"{LEFT}\" y=\"{}\">Traits of the attackers, and the share of the attack that has them</text>",
        TRAITS - 12.0
    );
    if course.clusters.is_empty() {
        _ = writeln!(svg, "<text class=\"axis\" x=\"{LEFT}\" y=\"{}\">none were found</text>", TRAITS + 12.0);
    }
    for (at, cluster) in course.clusters.iter().enumerate() {
        row(svg, course, cluster, TRAITS + ROW * at as f64);
    }
}

/// A cluster: its traits, and a bar over the time in which they were known.
fn row(svg: &mut String, course: &Course, cluster: &Cluster, y: f64) {
    let (from, to) = (across(course, cluster.seen.0), across(course, cluster.seen.1 + 1));
    let class = if cluster.grade == "block" { "block" } else { "monitor" };
    _ = writeln!(
        svg,
        "<rect class=\"{class}\" x=\"{from:.1}\" y=\"{}\" width=\"{:.1}\" height=\"6\" rx=\"2\"/>",
        y + 16.0,
        to - from
    );
    let what = format!("{:.0} % ({}): {}", cluster.share * 100.0, cluster.grade, cluster.traits);
    let short: String = what.chars().take(130).collect();
    _ = writeln!(
        svg,
        "<text x=\"{LEFT}\" y=\"{}\">{}<title>{}</title></text>",
        y + 10.0,
        escaped(&short),
        escaped(&what)
    );
}

/// Text for SVG; the traits of attackers are theirs to choose.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn attackers_cannot_write_into_the_picture() {
        let traits = "ua = <script>\"&".to_owned();
        let cluster = Cluster { id: "k1".into(), traits, share: 0.5, grade: "block".into(), seen: (0, 1) };
        let course = Course { buckets: vec![Bucket::default(); 20], clusters: vec![cluster], ..Course::default() };
        let course = Course { from_ms: crate::time::TODAY, ..course };
        let svg = draw(&course);
        assert!(!svg.contains("<script") && svg.contains("50 % (block): ua = &lt;script&gt;&quot;&amp;"));
    }

    #[test]
    fn axes_reach_round_numbers() {
        let course = Course::default();
        for (largest, most) in [(0.0, 1.0), (7.0, 8.0), (168.0, 200.0), (1700.0, 2000.0), (401.0, 600.0)] {
            assert_eq!(Chart::new(&course, LOGINS, largest).most, most);
        }
    }
}
