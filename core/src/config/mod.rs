//! Reading configuration documents into typed specs, with diagnostics of what was refused and why.
//!
//! Documents come from several places (files, remote configuration, users) and are merged: each is added under a path,
//! and updating or removing a path changes only what it contributed. [`document`] reads one document into the
//! [`store`]; there is a file per kind of element, which checks fields in the order of the reference, since only the
//! first mistake is reported. Only patterns and lists, which may be refused, are compiled here.

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
