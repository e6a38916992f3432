//! What was not inspected.
//!
//! An engine that runs out of time, or gets only a part of a request, must not look as if it had found nothing. This is
//! the one place that collects such reports: each evaluation reports what its budget cut off, the intake of host values
//! what its limits cut off, and the parser of a request which body it could not parse. A request's report, its span,
//! its telemetry and its log line are all made from it, and `on_incomplete` depends on it.

use crate::value::Truncation;
use std::fmt;

/// What part of the data of a call, or of a request, was not inspected; nothing by default.
///
/// ```
/// use bartizan::report::Incomplete;
/// let mut incomplete = Incomplete::default();
/// assert!(!incomplete.any());
/// incomplete.budget = true;
/// assert_eq!(incomplete.reasons().collect::<Vec<_>>(), ["budget"]);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Incomplete {
    /// The budget ended before everything was inspected. What was found until then was reported.
    pub budget: bool,
    /// What was cut when the data was converted.
    pub truncation: Truncation,
    /// Why the body was not parsed. Its fields were then not inspected separately, though its text may have been as a
    /// whole.
    pub body: Option<String>,
    /// Whether the body is longer than what is held of it, so that its end was not inspected.
    pub body_cut: bool,
}

impl Incomplete {
    /// Whether anything was not inspected.
    pub fn any(&self) -> bool {
        self.budget || self.truncation.any() || self.body.is_some() || self.body_cut
    }

    /// Adds what another report has.
    pub fn merge(&mut self, other: &Incomplete) {
        self.budget |= other.budget;
        self.truncation = self.truncation.or(other.truncation);
        if self.body.is_none() {
            self.body.clone_from(&other.body);
        }
        self.body_cut |= other.body_cut;
    }

    /// The name of each reason in reports, tags and telemetry: `budget`, `string_length`, `container_size`,
    /// `container_depth`, `unfinished` (the budget ended while the data was converted), `body`, `body_cut`.
    pub fn reasons(&self) -> impl Iterator<Item = &'static str> + use<> {
        let Truncation { string_length, container_size, container_depth, unfinished } = self.truncation;
        let reasons = [
            ("budget", self.budget),
            ("string_length", string_length > 0),
            ("container_size", container_size > 0),
            ("container_depth", container_depth > 0),
            ("unfinished", unfinished),
            ("body", self.body.is_some()),
            ("body_cut", self.body_cut),
        ];
        reasons.into_iter().filter_map(|(reason, holds)| holds.then_some(reason))
    }
}

impl Incomplete {
    /// The span tag with the reasons, separated by commas.
    pub const TAG: &str = "bartizan.incomplete";

    /// The telemetry metric that counts each reason.
    pub const METRIC: &str = "waf.incomplete";

    /// Span metrics with the original size of the largest item of each kind that was cut.
    pub fn metrics(&self) -> impl Iterator<Item = (String, f64)> + use<> {
        let Truncation { string_length, container_size, container_depth, .. } = self.truncation;
        let sizes = [
            ("string_length", string_length),
            ("container_size", container_size),
            ("container_depth", container_depth),
        ];
        let cut = sizes.into_iter().filter(|(_, size)| *size > 0);
        cut.map(|(name, size)| (format!("_dd.appsec.truncated.{name}"), size as f64))
    }
}

/// A sentence for a log.
impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Truncation { string_length, container_size, container_depth, unfinished } = self.truncation;
        let mut parts = vec![];
        if self.budget {
            parts.push("the budget ended first".to_string());
        }
        if unfinished {
            parts.push("the budget ended while the data was converted".to_string());
        }
        let sizes = [
            (string_length, "a string or key of", "bytes was cut"),
            (container_size, "a container of", "entries was cut"),
            (container_depth, "containers from level", "on were left out"),
        ];
        let cut = sizes.into_iter().filter(|(size, ..)| *size > 0);
        parts.extend(cut.map(|(size, before, after)| format!("{before} {size} {after}")));
        if let Some(reason) = &self.body {
            parts.push(format!("the body was not parsed ({reason})"));
        }
        if self.body_cut {
            parts.push("the end of the body was not read".to_string());
        }
        f.write_str(&parts.join(", "))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_is_named() {
        let truncation = Truncation { string_length: 5000, container_size: 300, container_depth: 21, unfinished: true };
        let mut all = Incomplete { budget: true, ..Incomplete::default() };
        all.merge(&Incomplete { truncation, body: Some("no JSON".into()), body_cut: true, budget: false });
        let reasons: Vec<_> = all.reasons().collect();
        assert_eq!(
            reasons,
            ["budget", "string_length", "container_size", "container_depth", "unfinished", "body", "body_cut"]
        );
        assert_eq!(
            all.to_string(),
            "the budget ended first, the budget ended while the data was converted, a string or key of 5000 bytes was cut, \
             a container of 300 entries was cut, containers from level 21 on were left out, the body was not parsed (no JSON), the end of the body was not read"
        );
        assert!(!Incomplete::default().any() && Incomplete::default().to_string().is_empty());
    }
}
