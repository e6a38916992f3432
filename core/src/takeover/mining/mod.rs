//! What the requests of an attack have in common and honest requests lack, and rules made of it.
//!
//! A botnet changes addresses and accounts with every attempt, but its requests come from one program, which sends
//! other headers, or others together, than the programs of honest users. Requests are sampled all the time; during an
//! attack, a search compares its samples with those of honest logins and finds *clusters*: sets of traits that much of
//! the attack has and hardly any honest login.
//!
//! | file | concept |
//! |---|---|
//! | [`dimension`], [`item`] | what is compared, and a value in it |
//! | [`traits`] | the values of an event |
//! | [`dictionary`], [`sample`], [`reservoir`], [`history`] | random samples of requests in bounded memory, and what they are samples of |
//! | [`bitmap`], [`metrics`] | sets of samples, and how well a set of traits separates them |
//! | [`search`] | the search, which runs in parts |
//! | [`cluster`], [`matcher`] | a cluster and its grade, and its comparison with samples |
//! | [`miner`], `renewal`, `analysis` | all of this for one service, how clusters follow the searches, what analysts ask |
//! | [`save`], [`record`] | the samples, and clusters with rules, in a snapshot |
//! | [`generate`] | rules that match the requests of a cluster |
//!
//! Only clusters that hit fewer than one in a thousand honest logins, as far as the samples show, are graded for
//! blocking. An attacker who imitates the mixture of honest programs leaves no cluster.

mod analysis;
pub mod bitmap;
pub mod cluster;
pub mod dictionary;
pub mod dimension;
pub mod generate;
pub mod history;
pub mod item;
pub mod matcher;
pub mod metrics;
pub mod miner;
pub mod record;
mod renewal;
pub mod reservoir;
pub mod sample;
pub mod save;
pub mod search;
pub mod traits;

#[cfg(test)]
mod tests;

pub use analysis::{Explored, Isolated};
pub use cluster::{Cluster, Enforced, Grade};
pub use generate::{Mode, Plan, Rules};
pub use item::Item;
pub use metrics::Level;
pub use miner::Mining;
pub use traits::Traits;
