//! What all contexts of an instance share.

use super::scan::Scratch;
use super::state::State;
use crate::plan::{Lists, Plan};
use crate::support::fork::Renewable;
use crate::support::{Clock, Ids};
use once_cell::race::OnceBox;
use std::any::Any;
use std::sync::Arc;

/// A plan with its lists and its sources of time and ids.
pub(crate) struct Instance {
    pub plan: Arc<Plan>,
    pub lists: Lists,
    pub clock: Arc<dyn Clock>,
    pub ids: Arc<dyn Ids>,
    /// An object that a binding attaches to the instance and its contexts.
    pub companion: OnceBox<Box<dyn Any + Send + Sync>>,
    pub(super) idle: Renewable<Idle>,
}

impl Instance {
    pub(crate) fn new(plan: Arc<Plan>, lists: Lists, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Self {
        Instance { plan, lists, clock, ids, companion: OnceBox::new(), idle: Renewable::default() }
    }
}

/// Buffers of finished contexts, reused by later ones.
#[derive(Default)]
#[expect(clippy::vec_box, reason = "contexts hold boxes: passing one on must not copy what is in it")]
pub(super) struct Idle {
    pub states: Vec<Box<State>>,
    pub scratches: Vec<Box<Scratch>>,
}

/// The most idle buffers of a kind that are kept.
const KEPT_IDLE: usize = 64;

impl Idle {
    pub(super) fn give(&mut self, state: Option<Box<State>>, scratch: Option<Box<Scratch>>) {
        if self.states.len() < KEPT_IDLE {
            self.states.extend(state);
        }
        if self.scratches.len() < KEPT_IDLE {
            self.scratches.extend(scratch);
        }
    }
}
