//! Calls about the user of a request that a host evaluates in a context of its own.

use super::args::{Args, Result};
use super::results::map_of;
use super::users::{in_scope, outcome_value, who};
use crate::eval::RunError;
use crate::report::Outcome;
use crate::users::sdk::CallOptions;
use crate::users::{RequestScope, Who};
use crate::value::{Object, Value};

/// Where a host should evaluate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// In the request's context.
    Request,
    /// In a subcontext, whose data is not kept.
    Aside,
}

/// Runs a call about a user, or `is_user_blocked`, in the scope of a request, and evaluates the addresses of its
/// outcome.
///
/// The arguments are those of [`super::call`], without `scope`; so is the result. `evaluate` evaluates addresses, if
/// the request has a context; its findings are returned beside the result.
///
/// # Errors
///
/// The error of `evaluate`. An argument that cannot be used is an `error` in the result.
pub fn call_in_scope(
    scope: &mut RequestScope,
    function: &str,
    arguments: &Object,
    mut evaluate: impl FnMut(Value, Place) -> std::result::Result<Option<Outcome>, RunError>,
) -> std::result::Result<(Value, Option<Outcome>), RunError> {
    match read(scope, function, arguments) {
        Err(error) => Ok((map_of([("error", error.into())]), None)),
        Ok(Asked::About(who)) => {
            let found = if who.is_nobody() { None } else { evaluate(who.addresses(), Place::Aside)? };
            let blocked = found.is_some_and(|found| found.blocking_action().is_some());
            Ok((map_of([("blocked", blocked.into())]), None))
        }
        Ok(Asked::To(outcome)) => {
            let addresses = outcome.addresses_value();
            let found = if addresses.is_empty() { None } else { evaluate(addresses, Place::Request)? };
            Ok((outcome_value(&outcome), found))
        }
    }
}

enum Asked {
    About(Who),
    To(crate::users::CallOutcome),
}

fn read(scope: &mut RequestScope, function: &str, arguments: &Object) -> Result<Asked> {
    let args = Args::of(arguments)?;
    match function {
        "is_user_blocked" => who(args, CallOptions::default()).map(Asked::About),
        _ => in_scope(function, args, scope).map(Asked::To),
    }
}
