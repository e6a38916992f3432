//! The curves as a picture: small multiples on logarithmic axes, in SVG that suits light and dark pages.

use crate::curves::{Curve, Series, figure};
use std::fmt::Write;

const COLUMNS: usize = 4;
/// A panel, and the plot within it.
const PANEL: (f64, f64) = (250.0, 215.0);
const PLOT: (f64, f64) = (170.0, 120.0);
const ORIGIN: (f64, f64) = (64.0, 38.0);
const HEAD: f64 = 44.0;

const STYLE: &str = "
  text { font: 11px system-ui, sans-serif; fill: #1f2328 }
  .name { font-weight: 600; font-size: 12px }
  .axis { fill: #59636e; font-size: 10px }
  .grid { stroke: #d1d9e0; stroke-width: 1 }
  .guide { stroke: #9aa4ae; stroke-width: 1; stroke-dasharray: 2 3 }
  .reference { stroke: #b35900; fill: #b35900 }
  .engine { stroke: #0969da; fill: #0969da }
  polyline { fill: none !important; stroke-width: 2 }
  @media (prefers-color-scheme: dark) {
    text { fill: #f0f6fc }
    .axis { fill: #9198a1 }
    .grid { stroke: #3d444d }
    .guide { stroke: #656c76 }
    .reference { stroke: #f0883e; fill: #f0883e }
    .engine { stroke: #58a6ff; fill: #58a6ff }
  }
";

/// All curves.
pub fn draw(curves: &[Curve]) -> String {
    let rows = curves.len().div_ceil(COLUMNS);
    let (width, height) = (PANEL.0 * COLUMNS as f64, HEAD + PANEL.1 * rows as f64);
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width} {height}\" role=\"img\" \
         aria-label=\"Cost against size, engine and reference\">\n<style>{STYLE}</style>\n"
    );
    legend(&mut svg);
    for (n, curve) in curves.iter().enumerate() {
        let (x, y) = (PANEL.0 * (n % COLUMNS) as f64, HEAD + PANEL.1 * (n / COLUMNS) as f64);
        _ = writeln!(svg, "<g transform=\"translate({x} {y})\">");
        panel(&mut svg, curve);
        svg.push_str("</g>\n");
    }
    svg.push_str("</svg>\n");
    svg
}

fn legend(svg: &mut String) {
    for (x, class) in [(24.0, "engine"), (124.0, "reference")] {
        _ = writeln!(svg, "<polyline class=\"{class}\" points=\"{x},22 {},22\"/>", x + 22.0);
        _ = writeln!(svg, "<text x=\"{}\" y=\"26\">{class}</text>", x + 28.0);
    }
    _ = writeln!(svg, "<line class=\"guide\" x1=\"230\" y1=\"22\" x2=\"252\" y2=\"22\"/>");
    svg.push_str("<text x=\"258\" y=\"26\">linear growth; both axes are logarithmic</text>\n");
}

fn panel(svg: &mut String, curve: &Curve) {
    let points = || curve.series.iter().flat_map(|series| &series.points);
    let across = Axis::over(points().map(|point| point.0), PLOT.0);
    let up = Axis::over(points().map(|point| point.1), PLOT.1);
    let bottom = ORIGIN.1 + PLOT.1;
    _ = writeln!(svg, "<text class=\"name\" x=\"{}\" y=\"{}\">{}</text>", ORIGIN.0, ORIGIN.1 - 12.0, curve.name);
    for power in up.decades() {
        let y = bottom - up.at(power);
        _ = writeln!(
            svg,
            "<line class=\"grid\" x1=\"{}\" y1=\"{y:.1}\" x2=\"{}\" y2=\"{y:.1}\"/>",
            ORIGIN.0,
            ORIGIN.0 + PLOT.0
        );
        let (x, label) = (ORIGIN.0 - 6.0, duration(power));
        _ = writeln!(svg, "<text class=\"axis\" text-anchor=\"end\" x=\"{x}\" y=\"{:.1}\">{label}</text>", y + 3.5);
    }
    for power in across.decades() {
        let x = ORIGIN.0 + across.at(power);
        _ = writeln!(svg, "<line class=\"grid\" x1=\"{x:.1}\" y1=\"{}\" x2=\"{x:.1}\" y2=\"{bottom}\"/>", ORIGIN.1);
        _ = writeln!(
            svg,
            "<text class=\"axis\" text-anchor=\"middle\" x=\"{x:.1}\" y=\"{}\">{}</text>",
            bottom + 14.0,
            count(power)
        );
    }
    let middle = ORIGIN.0 + PLOT.0 / 2.0;
    _ = writeln!(
        svg,
        "<text class=\"axis\" text-anchor=\"middle\" x=\"{middle}\" y=\"{}\">{}</text>",
        bottom + 28.0,
        curve.of
    );
    guide(svg, &across, &up, bottom);
    for series in &curve.series {
        line(svg, series, &across, &up, bottom);
    }
}

/// A guide that shows linear growth from the lower left corner.
fn guide(svg: &mut String, across: &Axis, up: &Axis, bottom: f64) {
    let decades = across.decades_long().min(up.decades_long());
    let (x, y) = (ORIGIN.0 + across.scale * decades, bottom - up.scale * decades);
    _ = writeln!(svg, "<line class=\"guide\" x1=\"{}\" y1=\"{bottom}\" x2=\"{x:.1}\" y2=\"{y:.1}\"/>", ORIGIN.0);
}

fn line(svg: &mut String, series: &Series, across: &Axis, up: &Axis, bottom: f64) {
    let place = |(x, y): &(f64, f64)| (ORIGIN.0 + across.at(*x), bottom - up.at(*y));
    let places: Vec<_> = series.points.iter().map(place).collect();
    let path = places.iter().map(|(x, y)| format!("{x:.1},{y:.1}")).collect::<Vec<_>>().join(" ");
    _ = writeln!(svg, "<polyline class=\"{}\" points=\"{path}\"/>", series.name);
    for ((x, y), (size, cost)) in places.iter().zip(&series.points) {
        let (class, size, cost) = (series.name, count(*size), figure(*cost));
        _ = writeln!(
            svg,
            "<circle class=\"{class}\" cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"2.5\"><title>{size}: {cost}</title></circle>"
        );
    }
}

/// A logarithmic axis over whole decades.
struct Axis {
    first: f64,
    last: f64,
    /// Pixels for a decade.
    scale: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64>, length: f64) -> Self {
        let (low, high) = values.fold((f64::MAX, f64::MIN), |(low, high), value| (low.min(value), high.max(value)));
        let (first, last) = (low.log10().floor(), high.log10().ceil());
        let last = last.max(first + 1.0);
        Axis { first, last, scale: length / (last - first) }
    }

    fn at(&self, value: f64) -> f64 {
        (value.log10() - self.first) * self.scale
    }

    fn decades_long(&self) -> f64 {
        self.last - self.first
    }

    fn decades(&self) -> impl Iterator<Item = f64> {
        (self.first as i32..=self.last as i32).map(|power| 10f64.powi(power))
    }
}

/// A power of ten in microseconds.
fn duration(power: f64) -> String {
    match power {
        _ if power < 1.0 => format!("{} ns", (power * 1e3).round()),
        _ if power < 1e3 => format!("{power} us"),
        _ if power < 1e6 => format!("{} ms", power / 1e3),
        _ => format!("{} s", power / 1e6),
    }
}

fn count(number: f64) -> String {
    match number {
        _ if number < 1e3 => format!("{number}"),
        _ if number < 1e6 => format!("{}k", number / 1e3),
        _ => format!("{}M", number / 1e6),
    }
}
