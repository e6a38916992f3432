//! What a rule counts, and by what.

use super::field::Field;
use super::filter::Filter;

/// The events that a rule counts, and their groups. Rules that agree in this, and in the table, share their counts.
#[derive(Clone, Debug, Hash)]
pub struct Counting {
    /// The events that count as attempts.
    pub events: Vec<String>,
    /// The events that count as successes of the group.
    pub success_events: Vec<String>,
    /// The filter that an event must pass to be counted.
    pub filter: Filter,
    /// The fields that an event must have to be considered.
    pub requires: Vec<Field>,
    /// The fields to group by, in addition to the service.
    pub group_by: Vec<Field>,
    /// The fields whose distinct values are counted.
    pub distinct: Vec<Field>,
    /// Whether only attempts from sources unfamiliar to the account count.
    pub unfamiliar_only: bool,
}
