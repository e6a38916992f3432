//! Evaluation: what is new, what is excluded, which rules fire, what is returned.
//!
//! A [`Context`] belongs to one request. Data arrives in batches. Each is stored, and then, in the steps of `batch`,
//! pre-processors run, filters are applied, new strings are scanned, rules are visited in order, post-processors run,
//! and attributes are collected. A context keeps its state between batches; a subcontext starts from a copy of it.
//!
//! Two things keep a benign request cheap. Rules are visited only if the scan found something they depend on, so two
//! hundred rules cost a few bit sets. And no result is built until something is found.

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
