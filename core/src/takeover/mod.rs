//! Account takeover and business-logic abuse, detected in process: events in, signals and blocks out.

pub mod address;
pub mod config;
pub mod event;
pub mod familiarity;
pub mod key;
pub mod login;
pub mod name;
pub mod notify;
pub mod respond;
pub mod rules;
pub mod severity;
pub mod signal;
pub mod state;
pub mod subject;
pub mod text;
