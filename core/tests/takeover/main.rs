//! Tests of account-takeover detection and of its denylists.

mod blocks;
mod campaign;
#[path = "../common/mod.rs"]
mod common;
mod hostile;
mod live_sets;
mod notifications;
mod programs;
mod requests;
mod rule_events;
mod state;
