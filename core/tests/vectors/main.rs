//! The tables of `tests/vectors`, which run in every language, and what is checked with their lines in Rust alone.

#[path = "../common/mod.rs"]
mod common;
mod detectors;
mod documentation;
mod engine;
mod http;
mod injection;
mod operators;
mod patterns;
mod processors;
mod remote;
mod requests;
mod scan;
mod transformers;
mod users;
mod warnings;
