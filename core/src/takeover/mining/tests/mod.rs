//! Tests of the miner as a whole, on simulated requests.

mod accuracy;
mod documents;
mod hostile;
mod lifetime;
mod population;
