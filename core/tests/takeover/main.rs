//! The detection of account takeover, and the sets by which it refuses.

#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod live_sets;
mod notifications;
mod programs;
mod requests;
mod rule_events;
mod state;
