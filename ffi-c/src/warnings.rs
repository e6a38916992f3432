//! What is doubtful about the configurations of a builder.

use crate::abi::ddwaf_object;
use crate::builder::ddwaf_builder;
use crate::pointers::{shared, slot};
use crate::wall::wall;
use engine::Warning;
use engine::value::Value;

/// Tells what is doubtful about the configurations a builder has now: rules that ask for actions that are not configured or
/// look at addresses that nobody is known to submit, patterns that were refused (a look-ahead, say) in full, keys that are no
/// sections, rulesets without rules. The diagnostics of ddwaf_builder_add_or_update_config are silent about most of these.
///
/// @param warnings  Overwritten with an array of maps of strings: `kind`, `path` (of the configuration), `section`, `id` (of
///                  the element; empty for a section as a whole), `message`. The caller's, to be destroyed with the default
///                  allocator. May be NULL.
/// @return how many warnings there are; 0, with warnings untouched, if builder is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) asks of handles and objects.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn bartizan_builder_warnings(builder: ddwaf_builder, warnings: *mut ddwaf_object) -> usize {
    // SAFETY: promises on handles and objects.
    wall(0, || unsafe {
        let Some(builder) = shared(builder) else { return 0 };
        let found = builder.0.load().warnings();
        if let Some(warnings) = slot(warnings) {
            warnings.put(found.iter().map(Warning::to_value).collect::<Value>());
        }
        found.len()
    })
}
