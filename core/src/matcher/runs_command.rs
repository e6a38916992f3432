//! `runs_command`: a value that runs a command of its own in the command line it is put into. An operator of this engine alone: rules that use it stand under
//! `bartizan_rules`.

use super::operator::{Highlight, Operator, ScalarMatcher, prefilter};
use crate::fields::{Fields, Refusal, read};
use crate::injection;
use crate::pattern::{Pattern, PatternCache, Required};
use crate::support::{Deadline, Expired};

/// The operator's name.
pub const NAME: &str = "runs_command";

/// What every match contains: a separator, a quote, an expansion or a wildcard. The scan for all rules leaves out strings without it.
const REQUIRED: &[u8] = br#"[;|&\n\r$`'"\\^{?*\[<>]"#;

/// What a command line as a whole contains: a blank, or an end of a program's name.
const WHOLE: &[u8] = br"[a-z]\s";

/// `whole_value`, a boolean, asks whether the value as a whole is a command line, instead of a part behind a separator.
pub fn read(parameters: &Fields<'_>, patterns: &mut PatternCache) -> Result<ScalarMatcher, Refusal> {
    let whole = parameters.optional("whole_value", read::boolean)?.unwrap_or(false);
    let required = prefilter(if whole { WHOLE } else { REQUIRED }, patterns)?;
    Ok(ScalarMatcher::fixed(RunsCommand { whole, required }))
}

/// The operator.
struct RunsCommand {
    whole: bool,
    required: Pattern,
}

impl Operator for RunsCommand {
    fn name(&self) -> &'static str {
        NAME
    }

    fn find(&self, text: &[u8], deadline: &mut Deadline) -> Result<Option<Highlight>, Expired> {
        if self.whole {
            return Ok(injection::is_command_line(text, deadline).then_some(Highlight::Whole));
        }
        Ok(injection::runs_command(text, deadline).map(Highlight::Part))
    }

    fn can_be_negated(&self) -> bool {
        false
    }

    fn required(&self) -> Option<&Required> {
        Some(self.required.required())
    }
}
