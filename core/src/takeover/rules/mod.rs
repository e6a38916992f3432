//! The evaluation of rules: which events are counted together, and which counts open a signal.

pub mod class;
pub mod deviation;
pub mod evaluate;
pub mod learned;
pub mod plan;
pub mod travel;
