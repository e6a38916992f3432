//! What an attacker or a careless caller would send: every answer comes in linear time, and nothing panics.

mod arguments;
mod calls;
#[path = "../common/mod.rs"]
mod common;
mod processors;
