//! The engine and its contexts.

use crate::result::{NativeAdded, Reply, reply};
use crate::sdk::whole;
use crate::wire::{self, Malformed};
use engine::ENGINE_VERSION;
use engine::Warning;
use engine::internals::shared::{SharedContext, SharedInstance, SharedWaf};
use engine::value::Text;
use engine::value::{Input, Limits, Value, json};
use engine::{Deadline, Outcome, RunError};
use napi::bindgen_prelude::ObjectFinalize;
use napi::{Env, Error, Result};
use napi_derive::napi;
use std::cell::Cell;
use std::time::Duration;

/// The version of libddwaf whose behaviour the engine implements.
#[napi]
pub const NATIVE_ENGINE_VERSION: &str = ENGINE_VERSION;

/// How much of the data of a call is inspected.
#[napi(object)]
#[derive(Clone, Copy)]
pub struct NativeLimits {
    /// Bytes of a string.
    pub string_length: u32,
    /// Entries of a container.
    pub container_size: u32,
    /// The depth of nesting.
    pub container_depth: u32,
    /// Values in all.
    pub values: u32,
}

impl From<NativeLimits> for Limits {
    fn from(limits: NativeLimits) -> Self {
        Limits {
            string_bytes: limits.string_length as usize,
            entries: limits.container_size as usize,
            depth: limits.container_depth as usize,
            values: limits.values as usize,
            ..Limits::REQUEST
        }
    }
}

/// A ruleset, ready to evaluate requests.
#[napi]
pub struct NativeWaf {
    shared: SharedWaf,
    limits: Limits,
}

#[napi]
impl NativeWaf {
    /// Without any configuration.
    #[napi(constructor)]
    pub fn new(limits: NativeLimits) -> Self {
        NativeWaf { shared: SharedWaf::new(), limits: limits.into() }
    }

    /// Adds the built-in rules.
    #[napi]
    pub fn add_builtin(&self) {
        self.shared.add_builtin();
    }

    /// Adds the initial rules.
    #[napi]
    pub fn set_rules(&self, rules: &[u8]) -> Result<NativeAdded> {
        Ok(self.shared.set_rules(&*whole(rules)?).into())
    }

    /// Warnings about all configurations; JSON.
    #[napi]
    pub fn warnings(&self) -> String {
        json::to_string(&self.shared.warnings().iter().map(Warning::to_value).collect::<Value>())
    }

    /// Adds or replaces a configuration.
    #[napi]
    pub fn update(&self, path: String, config: &[u8]) -> Result<NativeAdded> {
        Ok(self.shared.update(&path, &*whole(config)?).into())
    }

    /// Removes a configuration.
    #[napi]
    pub fn remove(&self, path: String) -> bool {
        self.shared.remove(&path)
    }

    /// The paths of all configurations.
    #[napi]
    pub fn paths(&self) -> Vec<String> {
        self.shared.paths()
    }

    /// The addresses that the rules use.
    #[napi]
    pub fn known_addresses(&self) -> Vec<String> {
        texts(self.shared.known_addresses())
    }

    /// The types of actions that the rules can trigger.
    #[napi]
    pub fn known_actions(&self) -> Vec<String> {
        texts(self.shared.known_actions())
    }

    /// The current instance.
    #[napi]
    pub fn instance(&self) -> NativeInstance {
        NativeInstance(self.shared.instance())
    }

    /// A context without rules, to be started.
    #[napi]
    pub fn context(&self) -> NativeContext {
        NativeContext::new(SharedContext::closed(), self.limits)
    }
}

/// The rules at some moment.
#[napi]
pub struct NativeInstance(SharedInstance);

fn texts(all: Vec<Text>) -> Vec<String> {
    all.iter().map(|text| String::from_utf8_lossy(text).into_owned()).collect()
}

/// The garbage collector is not told of data below this size.
const WORTH_TELLING: i64 = 4096;

/// The bytes of data that the garbage collector was told of: it sees only a small object and would let many accumulate.
#[derive(Default)]
pub struct Told(Cell<i64>);

impl Told {
    /// Data of this size are held from now on. Few bytes are not worth the call, which costs more than evaluating them.
    pub fn holds(&self, env: &Env, bytes: i64) -> Result<()> {
        if bytes.abs() < WORTH_TELLING {
            return Ok(());
        }
        self.0.set(self.0.get() + bytes);
        env.adjust_external_memory(bytes).map(drop)
    }

    /// All data were freed.
    pub fn freed(&self, env: &Env) -> Result<()> {
        self.holds(env, -self.0.get())
    }
}

/// The evaluation of one request.
#[napi(custom_finalize)]
pub struct NativeContext {
    shared: SharedContext,
    limits: Limits,
    told: Told,
}

impl ObjectFinalize for NativeContext {
    fn finalize(self, env: Env) -> Result<()> {
        self.told.freed(&env)
    }
}

impl NativeContext {
    fn new(shared: SharedContext, limits: Limits) -> Self {
        NativeContext { shared, limits, told: Told::default() }
    }

    /// The context, for calls about users that are evaluated in it.
    pub fn shared(&self) -> &SharedContext {
        &self.shared
    }
}

#[napi]
impl NativeContext {
    /// Reuses this as the context of another request, which begins with one batch of data.
    #[napi]
    pub fn start<'e>(
        &self,
        env: &'e Env,
        instance: &NativeInstance,
        data: &[u8],
        length: u32,
        budget: f64,
    ) -> Result<Reply<'e>> {
        self.restart(instance);
        self.run(env, data, length, budget)
    }

    /// Reuses this as the context of another request.
    #[napi]
    pub fn restart(&self, instance: &NativeInstance) {
        self.shared.restart(&instance.0);
    }

    /// Evaluates one batch of data, the first `length` bytes of `data`, within a budget in milliseconds.
    #[napi]
    pub fn run<'e>(&self, env: &'e Env, data: &[u8], length: u32, budget: f64) -> Result<Reply<'e>> {
        self.told.holds(env, i64::from(length))?;
        let deadline = Deadline::from(duration(budget));
        evaluate(env, data, length, self.limits, |data| self.shared.run(data, deadline))
    }

    /// Evaluates an array of batches within a budget in milliseconds.
    #[napi]
    pub fn run_batches<'e>(&self, env: &'e Env, batches: &[u8], length: u32, budget: f64) -> Result<Reply<'e>> {
        self.told.holds(env, i64::from(length))?;
        // The array around the batches does not count as a level.
        let limits = Limits { depth: self.limits.depth.saturating_add(1), ..self.limits };
        let deadline = Deadline::from(duration(budget));
        evaluate(env, batches, length, limits, |batches| self.shared.run_batches(batches, deadline))
    }

    /// A context that starts with everything this one knows.
    #[napi]
    pub fn subcontext(&self) -> NativeContext {
        NativeContext::new(self.shared.subcontext(), self.limits)
    }

    /// Frees the data.
    #[napi]
    pub fn close(&self, env: &Env) -> Result<()> {
        self.shared.close();
        self.told.freed(env)
    }
}

fn evaluate<'e>(
    env: &'e Env,
    bytes: &[u8],
    length: u32,
    limits: Limits,
    run: impl FnOnce(Input) -> std::result::Result<Outcome, RunError>,
) -> Result<Reply<'e>> {
    let malformed = || Error::from_reason("the encoded data are malformed");
    let bytes = bytes.get(..length as usize).ok_or_else(malformed)?;
    let (value, truncation) = wire::read(bytes, limits).map_err(|Malformed| malformed())?;
    let outcome = run(value.into()).map_err(|error| Error::from_reason(error.to_string()))?;
    reply(env, &outcome, truncation)
}

/// A budget.
pub fn duration(milliseconds: f64) -> Duration {
    Duration::try_from_secs_f64(milliseconds / 1000.0).unwrap_or_default()
}
