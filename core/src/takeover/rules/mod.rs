//! The rules at work: which events they count together, and when it is too much.

pub mod class;
pub mod evaluate;
pub mod learned;
pub mod plan;
pub mod travel;
