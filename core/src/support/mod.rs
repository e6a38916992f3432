//! What every room may use: deadlines and how long texts check them, processor time, clock, random ids, log sink, state
//! that survives `fork`, sets and maps of small numbers, words of eight bytes.

mod bits;
mod clock;
mod deadline;
pub mod fork;
mod ids;
pub(crate) mod lists;
pub mod log;
mod numbers;
mod occasional;
mod pace;
pub mod processor_time;
mod stride;
#[cfg(test)]
#[path = "../../tests/common/random.rs"]
pub(crate) mod test_random;
pub(crate) mod words;

pub use bits::{Bits, bits_of};
pub use clock::{Clock, FixedClock, SystemClock};
pub use deadline::{Deadline, Expired};
pub(crate) use ids::random;
pub use ids::{Ids, RandomIds};
pub use numbers::NumberMap;
pub use occasional::Occasional;
pub use pace::Pace;
pub use stride::Stride;
