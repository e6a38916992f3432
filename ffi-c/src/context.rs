//! Contexts and subcontexts, which evaluate data.

use crate::abi::DDWAF_RET_CODE::{
    self, DDWAF_ERR_INTERNAL, DDWAF_ERR_INVALID_ARGUMENT, DDWAF_ERR_INVALID_OBJECT, DDWAF_MATCH, DDWAF_OK,
};
use crate::abi::{ddwaf_allocator, ddwaf_object};
use crate::allocator::AllocatorHandle;
use crate::handle::ddwaf_handle;
use crate::pointers::{allocator, exclusive, hand_out, shared, slot, take, take_back};
use crate::wall::{Fuse, wall};
use engine::value::{Input, Object};
use engine::{Context, Deadline, Outcome, RunError};
use std::ptr::null_mut;
use std::time::Duration;

/// The longest budget, whose nanoseconds fit 64 bits.
const LONGEST_MICROS: u64 = 9_223_372_036_854_775;

/// A context, behind the opaque pointer that callers hold.
pub struct ContextHandle(Evaluation);

/// A subcontext, behind the opaque pointer that callers hold.
pub struct SubcontextHandle(Evaluation);

/// The data of one request. For one thread at a time, except that several may make subcontexts of an idle context.
pub type ddwaf_context = *mut ContextHandle;

/// The data of a part of a request, on top of the data its context held when it was made. For one thread at a time;
/// independent of its context and of other subcontexts.
pub type ddwaf_subcontext = *mut SubcontextHandle;

/// What both have in common.
struct Evaluation {
    context: Context,
    output: &'static AllocatorHandle,
    fuse: Fuse,
}

/// The ABI promises that contexts move between threads, and that several threads make subcontexts of one.
const _: () = {
    const fn movable_and_shareable<T: Send + Sync>() {}
    movable_and_shareable::<Evaluation>();
    movable_and_shareable::<crate::handle::WafHandle>();
};

/// The required form of the data.
#[derive(Clone, Copy)]
enum Form {
    Map,
    Batches,
}

impl Evaluation {
    fn subcontext(&self) -> Option<Evaluation> {
        let context = self.fuse.run(|| self.context.subcontext())?;
        Some(Evaluation { context, output: self.output, fuse: Fuse::default() })
    }

    fn run(&mut self, data: Input, form: Form, deadline: Deadline) -> Result<Outcome, RunError> {
        let Some(guard) = self.fuse.guard() else { return Err(RunError::Internal) };
        let answer = match form {
            Form::Map => self.context.run(data, deadline),
            Form::Batches => self.context.run_batches(data, deadline),
        };
        guard.passed();
        answer
    }
}

/// The evaluation behind all four entry points.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of objects and allocators; the data is taken over or stays unchanged, as
/// the entry points say.
unsafe fn evaluate(
    target: Option<&mut Evaluation>,
    kind: &str,
    form: Form,
    data: *mut ddwaf_object,
    alloc: ddwaf_allocator,
    result: *mut ddwaf_object,
    timeout: u64,
) -> DDWAF_RET_CODE {
    // SAFETY: promises on objects and allocators. With an allocator the library now owns the tree; without one the
    // caller keeps it valid and unchanged as long as the context and its subcontexts live.
    let (Some(target), Some(root)) = (target, unsafe { take(data) }) else {
        engine::log!(Warn, "Illegal WAF call: {kind} or data was null");
        return DDWAF_ERR_INVALID_ARGUMENT;
    };
    let mut deadline = Deadline::new(Duration::from_micros(timeout.min(LONGEST_MICROS)));
    let endless = deadline.half(|deadline| root.is_endless_within(deadline));
    if endless == Some(true) {
        engine::log!(Warn, "Illegal WAF call: the data contains itself");
        return DDWAF_ERR_INVALID_OBJECT;
    }
    let silent = alloc.is_null() && !has_form(&root, form);
    // SAFETY: as above.
    let data = unsafe {
        match allocator(alloc) {
            Some(allocator) => Input::owned(root, allocator, endless == Some(false)),
            None => Input::borrowed(root),
        }
    };
    let output = target.output;
    match &mut target.run(data, form, deadline) {
        Ok(outcome) => {
            let is_match = outcome.is_match();
            // SAFETY: promise on objects.
            if let Some(result) = unsafe { slot(result) } {
                let Ok(value) = outcome.take_value_in(output) else {
                    engine::log!(Error, "out of memory for the result");
                    return DDWAF_ERR_INTERNAL;
                };
                result.put(value);
            }
            if is_match { DDWAF_MATCH } else { DDWAF_OK }
        }
        Err(RunError::InvalidObject) => {
            if !silent {
                engine::log!(Warn, "Illegal WAF call: parameter structure invalid!");
            }
            DDWAF_ERR_INVALID_OBJECT
        }
        Err(_) => DDWAF_ERR_INTERNAL,
    }
}

fn has_form(root: &Object, form: Form) -> bool {
    match form {
        Form::Map => root.is_map(),
        Form::Batches => root.is_array(),
    }
}

/// Creates a context, which holds the data of one request.
///
/// @param output_alloc  The allocator of results; must outlive the context and its subcontexts.
/// @return the context, to be destroyed with ddwaf_context_destroy; NULL if an argument is NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles and allocators.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_context_init(handle: ddwaf_handle, output_alloc: ddwaf_allocator) -> ddwaf_context {
    // SAFETY: promises on handles and allocators.
    wall(null_mut(), || unsafe {
        let (Some(handle), Some(output)) = (shared(handle), allocator(output_alloc)) else { return null_mut() };
        hand_out(ContextHandle(Evaluation { context: handle.waf().context(), output, fuse: Fuse::default() }))
    })
}

/// Evaluates new data, together with what the context already holds.
///
/// @param data     A map from addresses to values. With `alloc` the library takes it over (for every code but
///                 DDWAF_ERR_INVALID_ARGUMENT) and frees it after the context and its subcontexts. Without, the caller
///                 still owns it, and keeps it valid and unchanged until then; on DDWAF_ERR_INVALID_OBJECT nothing of
///                 it is kept. The caller always keeps data that contains itself, at whatever depth, or that shares
///                 parts so often that it expands to more than 2^20 entries and more than 16 times those in memory.
/// @param alloc    The allocator of data, or NULL.
/// @param result   Overwritten, for DDWAF_OK and DDWAF_MATCH only, with a map of `events`, `actions`, `duration`
///                 (nanoseconds), `timeout`, `attributes`, `keep` and `evaluated`; the caller destroys it with the
///                 context's output allocator. May be NULL.
/// @param timeout  The budget in microseconds; 0 is exhausted from the start.
/// @return DDWAF_MATCH if there are events, actions or attributes; DDWAF_OK if not; DDWAF_ERR_INVALID_ARGUMENT if
///         context or data is NULL; DDWAF_ERR_INVALID_OBJECT if data is not a map or contains itself;
///         DDWAF_ERR_INTERNAL, after which the context can only be destroyed.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles, objects and allocators; the data is taken over or stays
/// unchanged, as the entry point says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_context_eval(
    context: ddwaf_context,
    data: *mut ddwaf_object,
    alloc: ddwaf_allocator,
    result: *mut ddwaf_object,
    timeout: u64,
) -> DDWAF_RET_CODE {
    // SAFETY: promise on handles.
    wall(DDWAF_ERR_INTERNAL, || unsafe {
        let target = exclusive(context).map(|context| &mut context.0);
        evaluate(target, "context", Form::Map, data, alloc, result, timeout)
    })
}

/// Evaluates several maps in order, within one budget and into one result. Evaluation ends early when the budget is
/// exhausted or a rule blocks; `evaluated` in the result is the number of maps that were finished.
///
/// @param data  An array of maps; otherwise as for ddwaf_context_eval.
/// @return as ddwaf_context_eval; DDWAF_ERR_INVALID_OBJECT, with nothing evaluated, if data is anything else.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles, objects and allocators; the data is taken over or stays
/// unchanged, as the entry point says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_context_multieval(
    context: ddwaf_context,
    data: *mut ddwaf_object,
    alloc: ddwaf_allocator,
    result: *mut ddwaf_object,
    timeout: u64,
) -> DDWAF_RET_CODE {
    // SAFETY: promise on handles.
    wall(DDWAF_ERR_INTERNAL, || unsafe {
        let target = exclusive(context).map(|context| &mut context.0);
        evaluate(target, "context", Form::Batches, data, alloc, result, timeout)
    })
}

/// Destroys a context. Data that its subcontexts use is freed with the last of them. Does nothing for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_context_destroy(context: ddwaf_context) {
    // SAFETY: promise on handles.
    wall((), || drop(unsafe { take_back(context) }));
}

/// Creates a subcontext, which starts with what the context holds and has found; after that the two are independent. It
/// may outlive the context.
///
/// @return the subcontext, to be destroyed with ddwaf_subcontext_destroy; NULL for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_subcontext_init(context: ddwaf_context) -> ddwaf_subcontext {
    wall(null_mut(), || {
        // SAFETY: promise on handles.
        let made = unsafe { shared(context) }.and_then(|context| context.0.subcontext());
        made.map_or(null_mut(), |evaluation| hand_out(SubcontextHandle(evaluation)))
    })
}

/// As ddwaf_context_eval; data taken over is freed when the subcontext is destroyed.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles, objects and allocators; the data is taken over or stays as
/// it is, as the entry point says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_subcontext_eval(
    subcontext: ddwaf_subcontext,
    data: *mut ddwaf_object,
    alloc: ddwaf_allocator,
    result: *mut ddwaf_object,
    timeout: u64,
) -> DDWAF_RET_CODE {
    // SAFETY: promise on handles.
    wall(DDWAF_ERR_INTERNAL, || unsafe {
        let target = exclusive(subcontext).map(|subcontext| &mut subcontext.0);
        evaluate(target, "subcontext", Form::Map, data, alloc, result, timeout)
    })
}

/// As ddwaf_context_multieval; data taken over is freed when the subcontext is destroyed.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles, objects and allocators; the data is taken over or stays as
/// it is, as the entry point says.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_subcontext_multieval(
    subcontext: ddwaf_subcontext,
    data: *mut ddwaf_object,
    alloc: ddwaf_allocator,
    result: *mut ddwaf_object,
    timeout: u64,
) -> DDWAF_RET_CODE {
    // SAFETY: promise on handles.
    wall(DDWAF_ERR_INTERNAL, || unsafe {
        let target = exclusive(subcontext).map(|subcontext| &mut subcontext.0);
        evaluate(target, "subcontext", Form::Batches, data, alloc, result, timeout)
    })
}

/// Destroys a subcontext. Does nothing for NULL.
///
/// # Safety
///
/// What [`pointers`](crate::pointers) requires of handles.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn ddwaf_subcontext_destroy(subcontext: ddwaf_subcontext) {
    // SAFETY: promise on handles.
    wall((), || drop(unsafe { take_back(subcontext) }));
}
