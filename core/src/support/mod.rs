//! What every room may use: deadline, clock, random ids, log sink.

mod bits;
mod clock;
mod deadline;
mod ids;
pub mod log;
mod numbers;

pub use bits::Bits;
pub use clock::{Clock, FixedClock, SystemClock};
pub use deadline::Deadline;
pub use ids::{Ids, RandomIds, SequentialIds};
pub use numbers::NumberMap;
