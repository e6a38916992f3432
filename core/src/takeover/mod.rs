//! In-process detection of account takeover and business-logic abuse, from events to signals and blocks.
//!
//! A backend that reads logs sees an attack minutes later and cannot respond to it. Here the process that checks the
//! passwords counts its own login events, detects attacks, and refuses the next attempt. Everything that an attacker
//! chooses (addresses, logins, user agents) is counted in memory of fixed size.
//!
//! An event is read and sanitized (`event`), normalized (`subject`), counted in memory (`state`) and evaluated
//! (`rules`). What rules find becomes a `signal`, which lasts as long as the attack and leads to blocks (`respond`)
//! and notifications (`notify`). `service` runs these steps; `detector` is the object that applications use.
//!
//! | file or folder | concept |
//! |---|---|
//! | `detector`, `verbs` | the detector, and its operations for operators and bindings |
//! | `event`, `headers`, `name`, `source` | events, the headers of their requests, their names, and how they are read from rules of the firewall |
//! | `text`, `login`, `address`, `normalization`, `subject`, `key` | normalization, and keyed hashes, whose values nobody can choose |
//! | `config` | documents with the key `bartizan_ato`; the built-in rules are one: `core/rules/takeover/rules.json` |
//! | `rules` | classes with common counts, evaluation, learned rates, travel |
//! | `series` | how much happens in a service as a whole, now and in the past |
//! | `familiarity` | whether enough is known of where accounts log in from |
//! | `state` | counts and familiar origins, behind a trait |
//! | `mining` | what the requests of an attack have in common, and rules made of it |
//! | `service` | the processing of an event by one service |
//! | `signal`, `severity` | detected attacks |
//! | `respond`, `assess` | blocks, their limits, and the assessment of attempts |
//! | `notify`, `export` | notifications, and exports for investigation |
//! | `health` | problems with the events themselves |
//! | `words` | what is said about unknown words of documents and arguments |
//! | `snapshot`, `record` | state that survives a restart, and reading what was written as maps |
//!
//! The most useful information about a failed attempt is whether the account has succeeded from there before: a user
//! who mistypes a password is familiar, a script is not. Failures from familiar origins do not count, successes from
//! them do not raise a signal, and an address that familiar users share is not blocked. Until enough is known (a
//! week, and half of the accounts), all failures count, and signals are marked as less certain.

pub(crate) mod address;
pub(crate) mod assess;
pub(crate) mod config;
pub(crate) mod detector;
pub(crate) mod event;
pub(crate) mod export;
pub(crate) mod familiarity;
pub(crate) mod headers;
pub(crate) mod health;
pub(crate) mod key;
pub(crate) mod login;
pub(crate) mod mining;
pub(crate) mod name;
pub(crate) mod normalization;
pub(crate) mod notify;
pub(crate) mod record;
pub(crate) mod respond;
pub(crate) mod rules;
pub(crate) mod series;
pub(crate) mod service;
pub(crate) mod severity;
pub(crate) mod signal;
pub(crate) mod snapshot;
pub(crate) mod source;
pub(crate) mod state;
pub(crate) mod subject;
pub(crate) mod text;
mod verbs;
pub(crate) mod words;

pub use assess::{Assessment, Decision};
pub use detector::{Detector, Options, Subscriber};
pub use event::Dropped;
pub(crate) use event::Event;
pub use export::Export;
pub use notify::{Kind, Notification, Wanted};
pub(crate) use respond::blocks::Look;
pub use service::Verdict;
pub use severity::Severity;
