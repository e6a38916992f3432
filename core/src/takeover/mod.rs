//! Account takeover and business-logic abuse, detected in process: events in, signals and blocks out.

pub mod address;
pub mod assess;
pub mod config;
pub mod detector;
pub mod event;
pub mod export;
pub mod familiarity;
pub mod health;
pub mod key;
pub mod login;
pub mod name;
pub mod notify;
pub mod respond;
pub mod rules;
pub mod service;
pub mod severity;
pub mod signal;
pub mod snapshot;
pub mod state;
pub mod subject;
pub mod text;
mod verbs;
