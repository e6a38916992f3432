//! Account takeover and business-logic abuse, detected in process: events in, signals and blocks out.
//!
//! A backend that reads logs sees an attack minutes later and cannot answer it. Here the process that checks the passwords
//! counts what happens at its logins, says what is an attack, and refuses the next attempt. Everything an attacker chooses
//! (addresses, logins, agents) is counted in memory of fixed size.
//!
//! The way of an event: `event` (read and cleaned) -> `subject` (who, from where) -> `rules` (what counts it, what is
//! too much) over `state` (the counts) -> `signal` (what was found, while it lasts) -> `respond` (whom to refuse) and
//! `notify` (whom to tell). `service` leads it there; `detector` is what applications hold on to.
//!
//! | file or folder | concept |
//! |---|---|
//! | `detector`, `verbs` | the object, and what operators ask of it |
//! | `event`, `name`, `source` | what happened, what it is called, and what rules of the firewall report |
//! | `text`, `login`, `address`, `normalization`, `subject`, `key` | one spelling for what is the same, and hashes that nobody can aim |
//! | `config` | documents with the key `bartizan_ato`; the built-in rules are one: `core/rules/takeover/rules.json` |
//! | `rules` | classes that count together, judging, learned rates, travel |
//! | `familiarity` | whether enough is known of where accounts log in from |
//! | `state` | counts and accounts, behind a trait |
//! | `service` | the way of an event through one service |
//! | `signal`, `severity` | what was found |
//! | `respond`, `assess` | blocks, what forbids them, and the answer to an attempt |
//! | `notify`, `export` | what is told, and what is handed out |
//! | `health` | what is wrong with the events themselves |
//! | `snapshot` | what outlives a restart |
//!
//! Most useful is to know, when an attempt fails, whether this account has succeeded from there before: a person who
//! mistypes is familiar, a script is not. Familiar failures do not count, familiar successes do not make an incident worse,
//! and an address that familiar people share is not blocked. As long as too little is known (a week, half of the accounts),
//! all failures count and signals say that they are less sure.

pub(crate) mod address;
pub(crate) mod assess;
pub(crate) mod config;
pub(crate) mod detector;
pub(crate) mod event;
pub(crate) mod export;
pub(crate) mod familiarity;
pub(crate) mod health;
pub(crate) mod key;
pub(crate) mod login;
pub(crate) mod name;
pub(crate) mod normalization;
pub(crate) mod notify;
pub(crate) mod respond;
pub(crate) mod rules;
pub(crate) mod service;
pub(crate) mod severity;
pub(crate) mod signal;
pub(crate) mod snapshot;
pub(crate) mod source;
pub(crate) mod state;
pub(crate) mod subject;
pub(crate) mod text;
mod verbs;

pub use assess::{Assessment, Decision};
pub use detector::{Detector, Options, Subscriber};
pub use event::Dropped;
pub(crate) use event::Event;
pub use export::Export;
pub use notify::{Kind, Notification, Wanted};
pub(crate) use respond::blocks::Look;
pub use service::Verdict;
pub use severity::Severity;
