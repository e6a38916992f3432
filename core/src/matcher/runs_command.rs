//! `runs_command`: a value that runs a command of its own in the command line it is put into. An operator of this engine alone: rules that use it stand under
//! `bartizan_rules`.

use super::operator::{Highlight, Operator, ScalarMatcher};
use crate::fields::{Fields, Refusal};
use crate::injection;
use crate::pattern::{Options, Pattern, PatternCache, Required};
use crate::support::{Deadline, Expired};
use crate::value::Text;

/// The operator's name.
pub const NAME: &str = "runs_command";

/// What every match contains: a separator, a quote, an expansion or a wildcard. The scan for all rules leaves out strings without it.
const REQUIRED: &[u8] = br#"[;|&\n\r$`'"\\^{?*\[<>]"#;

/// The operator has no parameters.
pub fn read(_parameters: &Fields<'_>, patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    let required = patterns.get(&Text::from(REQUIRED), Options { case_sensitive: false });
    let required = required.map_err(|error| Refusal::error(error.to_string()))?;
    Ok(ScalarMatcher::fixed(RunsCommand { required }))
}

/// The operator.
struct RunsCommand {
    required: Pattern,
}

impl Operator for RunsCommand {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        Ok(injection::runs_command(text, deadline).map(Highlight::Part))
    }

    fn can_be_negated(&self) -> bool {
        false
    }

    fn required(&self) -> Option<&Required> {
        Some(self.required.required())
    }
}
