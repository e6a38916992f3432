//! Input of attackers and careless callers: every call takes linear time, and nothing panics.

mod arguments;
mod calls;
#[path = "../common/mod.rs"]
mod common;
mod processors;
