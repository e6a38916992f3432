//! A configuration document -> typed specs, and the diagnostics that say what was refused and why.
//!
//! Documents come from several places (files, remote configuration, users) and are merged: each is added under a path,
//! and updating or removing a path changes only what it brought. [`document`] reads one document into the [`store`];
//! a file per kind of element says what the element may hold, in the order in which the reference checks it, since
//! only the first mistake is reported. Nothing is compiled here except patterns and lists, which may be refused.

pub mod action;
pub mod condition;
pub mod data;
pub mod detector;
pub mod diagnostics;
pub mod document;
pub mod exclusion;
mod known_addresses;
pub mod matcher;
pub mod obfuscator;
pub mod operator;
pub mod overrides;
pub mod processor;
pub mod reference;
pub mod review;
pub mod rule;
pub mod store;
pub mod version;
pub mod warning;

pub use diagnostics::{Diagnostics, Section};
pub use version::ENGINE_VERSION;
pub use warning::{Warning, WarningKind};
