//! The switches of the product `ASM_FEATURES`: whether the engine is on, and the collection mode of users.

use crate::users::text::utf8;
use crate::value::{Object, View};
use std::collections::BTreeMap;

/// The switches of each file.
#[derive(Clone, Debug)]
pub struct Features {
    /// The local setting `DD_APPSEC_ENABLED`; remote switches count only without it.
    local: Option<bool>,
    enabled: BTreeMap<String, bool>,
    /// The file with the collection mode, and the mode.
    mode: Option<(String, String)>,
}

impl Features {
    /// No switches yet.
    pub fn new(local: Option<bool>) -> Self {
        Self { local, enabled: BTreeMap::new(), mode: None }
    }

    /// Whether the engine should run.
    pub fn engine_on(&self) -> bool {
        self.local.unwrap_or_else(|| self.enabled.values().any(|enabled| *enabled))
    }

    /// Whether remote configuration may switch the engine on and off.
    pub fn remotely_switched(&self) -> bool {
        self.local.is_none()
    }

    /// The collection mode, as it was delivered.
    pub fn collection_mode(&self) -> Option<&str> {
        self.mode.as_ref().map(|(_, mode)| mode.as_str())
    }

    /// Reads a file; unknown members are meant for other tracers.
    pub fn apply(&mut self, path: &str, content: &Object) -> Result<(), String> {
        if content.as_map().is_none() {
            return Err("invalid configuration type, expected a map".into());
        }
        let enabled = content.get(b"asm").and_then(|asm| asm.get(b"enabled")).map(read_switch).transpose()?;
        let mode = content.get(b"auto_user_instrum").and_then(|instrumentation| instrumentation.get(b"mode"));
        if mode.is_some() && self.mode.as_ref().is_some_and(|(holder, _)| holder != path) {
            return Err("Multiple auto_user_instrum.mode received in ASM_FEATURES".into());
        }
        self.remove(path);
        if let Some(enabled) = enabled {
            self.enabled.insert(path.into(), enabled);
        }
        if let Some(mode) = mode {
            // A mode that is not even text is as unknown as a misspelt one, and disables collection.
            self.mode = Some((path.into(), mode.as_bytes().map_or("?".into(), |mode| utf8(mode).into_owned())));
        }
        Ok(())
    }

    /// Drops a file.
    pub fn remove(&mut self, path: &str) {
        self.enabled.remove(path);
        self.mode.take_if(|(holder, _)| holder == path);
    }
}

fn read_switch(value: &Object) -> Result<bool, String> {
    match value.view() {
        View::Bool(enabled) => Ok(enabled),
        View::String(text) if text.eq_ignore_ascii_case(b"true") => Ok(true),
        View::String(text) if text.eq_ignore_ascii_case(b"false") => Ok(false),
        _ => Err("asm.enabled is neither true nor false".into()),
    }
}
