//! Account takeover and business-logic abuse, detected in process: events in, signals and blocks out.

pub mod state;
