//! The tables of `tests/vectors`, which every language runs, and further checks of their lines in Rust.

#[path = "../common/mod.rs"]
mod common;
mod detectors;
mod documentation;
mod engine;
mod http;
mod http_requests;
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
