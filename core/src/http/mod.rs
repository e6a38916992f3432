//! The engine's surroundings in a web process: the origin of a request, the response to a blocked client, and reports.
//!
//! | file | concept |
//! |---|---|
//! | [`client_ip`] | the client's address behind proxies |
//! | [`inbound`] | a request as engine addresses, from its bytes |
//! | [`addresses`] | a request that a host has parsed, and a response, as engine addresses |
//! | `target` | the parts of a request target |
//! | [`block`], [`negotiate`], [`pages`] | the answer to a blocked client |
//! | [`stealth`] | an answer that looks like the application's own login failure |
//! | [`headers`] | header tags |
//! | [`report`] | event and engine tags, retention |
//! | [`body`], [`stacks`] | bounded copies of what a rule wants attached |
//! | [`rate`], [`sampling`] | rate limits and sampling |
//! | [`quality`] | shortcomings of a request's login events |
//! | [`settings`] | settings that every binding reads the same way |

pub mod addresses;
pub mod block;
pub mod body;
pub mod client_ip;
mod gzip;
pub mod headers;
pub mod inbound;
pub mod negotiate;
pub mod pages;
pub mod quality;
pub mod rate;
pub mod report;
pub mod sampling;
pub mod settings;
pub mod stacks;
pub mod stealth;
pub(crate) mod target;

pub use client_ip::{ADDRESS_HEADERS, ClientAddress, Proxies, ProxyError, client_address, is_public};
