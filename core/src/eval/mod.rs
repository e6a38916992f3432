//! Evaluation: what is new, what is excluded, which rules fire, what is returned.
//!
//! A [`Context`] belongs to one request. Data arrives in batches; each is put into the store, and then, as
//! plain steps of `batch`, pre-processors run, filters are applied, what is new is scanned, rules are
//! visited in order, post-processors run, and attributes are collected. What a context keeps between batches is
//! its state; a subcontext starts from a copy of it.
//!
//! Two things keep a benign request cheap. Rules are visited only if the scan found something they wait for, so the
//! cost of two hundred rules is a few bit sets. And nothing is built for the result until something is found.

mod attributes;
mod batch;
mod condition;
mod conditions;
mod context;
mod exclusions;
mod filters;
mod hits;
mod instance;
mod path;
mod pending;
mod processors;
mod rules;
mod scan;
mod state;
mod store;
mod sweep;
mod turn;
mod verify;
mod walk;

#[cfg(test)]
mod tests;

pub use context::{Context, RunError};
pub(crate) use instance::Instance;
