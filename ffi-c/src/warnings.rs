//! Warnings about the configurations of a builder.

use crate::abi::ddwaf_object;
use crate::builder::ddwaf_builder;
use crate::pointers::{shared, slot};
use crate::wall::wall;
use engine::Warning;
use engine::value::Value;

/// Lists warnings about the current configurations of a builder: rules that refer to unconfigured actions or to
/// addresses under which no data is known to be submitted, refused patterns (a look-ahead, for example) in full,
/// unknown sections, and rulesets without rules. The diagnostics of ddwaf_builder_add_or_update_config do not mention
/// most of these.
///
/// @param warnings  Overwritten with an array of maps of strings: `kind`, `path` (of the configuration), `section`,
///                  `id` (of the element; empty for a section as a whole), `message`. The caller destroys it with the
///                  default allocator. May be NULL.
/// @return the number of warnings; 0, with warnings untouched, if builder is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and objects.
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
