//! The order in which rules, filters and processors are tried.
//!
//! It is not document order. The reference keeps them in hash tables and sorts rules with an unstable sort, which
//! determines which rule of a type is reported, which filter's action wins, and which processor runs first. So the same
//! order is computed here, once, when an instance is built: [`Table`] replays the insertions and removals on the table
//! layout of LLVM's libc++ (`hash` has its string hash), and [`sort_unstable_like_libcxx`] replays its sort. The
//! evaluation just walks a list.

mod hash;
mod sort;
mod table;

pub use hash::hash;
pub use sort::sort_unstable_like_libcxx;
pub use table::Table;
