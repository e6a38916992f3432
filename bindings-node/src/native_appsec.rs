//! The native half of `lib/native-appsec`: rulesets and contexts with the interface of libddwaf 1.30.

use crate::sdk::whole;
use crate::waf::Told;
use crate::wire::{self, Malformed};
use engine::internals::legacy::{self, Conversation, Obfuscation};
use engine::value::{Limits, Truncation, View, json};
use engine::{Deadline, Outcome, RunError};
use napi::bindgen_prelude::{Array, Either, ObjectFinalize};
use napi::{Env, Error, Result};
use napi_derive::napi;
use std::time::Duration;

/// The map of addresses is the first of twenty levels, of which the last is not read.
const LIMITS: Limits = Limits { depth: 19, ..Limits::REQUEST };

/// The depth that is reported where something was too deep, whatever its depth.
const TOO_DEEP: f64 = 20.0;

/// Figures in place of a duration: nothing was new, or a return code.
const NOTHING_NEW: f64 = -1.0;
const INVALID_OBJECT: f64 = -2.0;
const INTERNAL: f64 = -3.0;

/// Configurations, and the last instance that could be built from them.
#[napi]
pub struct NativeRuleset {
    /// None if no rule of the first configuration could be used, or when closed.
    ruleset: Option<legacy::Ruleset>,
    diagnostics: String,
}

#[napi]
impl NativeRuleset {
    /// A ruleset with a first configuration, and patterns of what is redacted.
    #[napi(constructor)]
    pub fn new(path: String, rules: &[u8], keys: String, values: String) -> Result<Self> {
        let obfuscation = Obfuscation { keys: &keys, values: &values };
        let (ruleset, added) = legacy::Ruleset::new(&path, &*whole(rules)?, obfuscation);
        Ok(NativeRuleset { ruleset, diagnostics: json::to_string(&added.diagnostics.to_value()) })
    }

    /// Whether there is an instance.
    #[napi(getter)]
    pub fn usable(&self) -> bool {
        self.ruleset.is_some()
    }

    /// The diagnostics of the last update; JSON.
    #[napi(getter)]
    pub fn diagnostics(&self) -> String {
        self.diagnostics.clone()
    }

    /// Adds or replaces a configuration; returns whether it is in use.
    #[napi]
    pub fn update(&mut self, path: String, config: &[u8]) -> Result<bool> {
        let config = whole(config)?;
        let added = self.ruleset()?.update(&path, &config);
        self.diagnostics = json::to_string(&added.diagnostics.to_value());
        Ok(added.accepted)
    }

    /// Removes a configuration; returns whether there was one.
    #[napi]
    pub fn remove(&mut self, path: String) -> Result<bool> {
        Ok(self.ruleset()?.remove(&path))
    }

    /// The paths of all configurations.
    #[napi]
    pub fn paths(&mut self) -> Result<Vec<String>> {
        Ok(texts(self.ruleset()?.paths()))
    }

    /// The addresses that the rules use.
    #[napi]
    pub fn known_addresses(&mut self) -> Result<Vec<String>> {
        Ok(texts(self.ruleset()?.known_addresses()))
    }

    /// The types of actions that the rules can trigger.
    #[napi]
    pub fn known_actions(&mut self) -> Result<Vec<String>> {
        Ok(texts(self.ruleset()?.known_actions()))
    }

    /// A context of the current instance.
    #[napi]
    pub fn context(&mut self) -> Result<NativeConversation> {
        let conversation = Conversation::new(&self.ruleset()?.instance());
        Ok(NativeConversation { conversation, told: Told::default() })
    }

    /// Frees the configurations and, once no context uses it, the instance.
    #[napi]
    pub fn close(&mut self) {
        self.ruleset = None;
    }

    fn ruleset(&mut self) -> Result<&mut legacy::Ruleset> {
        self.ruleset.as_mut().ok_or_else(|| Error::from_reason("there are no rules"))
    }
}

fn texts(all: impl IntoIterator<Item: AsRef<[u8]>>) -> Vec<String> {
    all.into_iter().map(|text| String::from_utf8_lossy(text.as_ref()).into_owned()).collect()
}

/// The evaluation of one request.
#[napi(custom_finalize)]
pub struct NativeConversation {
    conversation: Conversation,
    told: Told,
}

impl ObjectFinalize for NativeConversation {
    fn finalize(self, env: Env) -> Result<()> {
        self.told.freed(&env)
    }
}

#[napi]
impl NativeConversation {
    /// Evaluates persistent and ephemeral data, the first `length` bytes of `data`, null where there are none, within a
    /// budget in microseconds.
    ///
    /// Returns a figure if nothing was found and nothing cut: the duration in nanoseconds, or one of the figures below 0.
    /// Otherwise an array of the figure, whether the time was used up, whether to keep the trace, whether a rule matched,
    /// what was found (JSON, or nothing), and the sizes of what was cut: string, container, depth.
    #[napi]
    pub fn run<'e>(&mut self, env: &'e Env, data: &[u8], length: u32, budget: f64) -> Result<Either<f64, Array<'e>>> {
        let malformed = || Error::from_reason("the encoded data are malformed");
        let bytes = data.get(..length as usize).ok_or_else(malformed)?;
        self.told.holds(env, i64::from(length))?;
        // A float too large for the type becomes the largest value.
        let deadline = Deadline::from(Duration::from_micros(budget as u64));
        let (data, truncation) = wire::read_two(bytes, LIMITS).map_err(|Malformed| malformed())?;
        let [persistent, ephemeral] = data.map(|data| Some(data).filter(|data| !matches!(data.view(), View::Null)));
        match self.conversation.run(persistent, ephemeral, deadline) {
            Ok(outcome) => reply(env, outcome, truncation),
            Err(RunError::InvalidObject) => Ok(Either::A(INVALID_OBJECT)),
            Err(_) => Ok(Either::A(INTERNAL)),
        }
    }

    /// Frees the data.
    #[napi]
    pub fn close(&mut self, env: &Env) -> Result<()> {
        self.conversation.close();
        self.told.freed(env)
    }
}

fn reply<'e>(env: &'e Env, outcome: Option<Outcome>, truncation: Truncation) -> Result<Either<f64, Array<'e>>> {
    let figure = outcome.as_ref().map_or(NOTHING_NEW, |outcome| outcome.duration.as_nanos() as f64);
    let outcome = outcome.unwrap_or_default();
    let found = outcome.matched || !outcome.attributes.is_empty();
    if !found && !outcome.timeout && !truncation.any() {
        return Ok(Either::A(figure));
    }
    let mut reply = env.create_array(0)?;
    reply.set(0, figure)?;
    reply.set(1, outcome.timeout)?;
    reply.set(2, outcome.keep)?;
    reply.set(3, outcome.matched)?;
    if found {
        reply.set(4, json::to_string(&legacy::result(&outcome)))?;
    }
    reply.set(5, truncation.string_length as f64)?;
    reply.set(6, truncation.container_size as f64)?;
    reply.set(7, if truncation.container_depth > 0 { TOO_DEEP } else { 0.0 })?;
    Ok(Either::B(reply))
}
