//! Converting Python objects to engine values.
//!
//! There is no recursion, so depth costs heap and no call stack. The entries of each container are copied before the
//! first of them is converted, so code of the application that runs meanwhile (`__str__`, `__iter__`) may change it.
//!
//! A container within itself becomes null, as it is being read already.

mod arguments;
mod buffer;
mod path;
mod text;

use crate::error::configuration_error;
pub use arguments::{arguments, arguments_within};
use engine::value::{Intake, Limits, Object, Truncation, Value, scalar_text};
use engine::{Builder, Deadline};
use path::Path;
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{
    PyByteArray, PyBytes, PyDict, PyFrozenSet, PyList, PyMapping, PyMemoryView, PySequence, PySet, PyString, PyTuple,
};
use text::{Scalar, number, with_text};

/// How unsupported types are treated.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Unsupported {
    /// Other mappings and sequences are read, anything else is converted with `str()`, or to null if that fails.
    Coerced,
    /// They are refused with a `TypeError`, and so are containers that contain themselves.
    Refused,
}

/// A converted object.
pub struct Converted {
    pub value: Value,
    pub truncation: Truncation,
    /// What is left of the budget.
    pub deadline: Deadline,
    /// The length of all text in it, in bytes.
    pub text_bytes: usize,
}

/// Request data, within limits and the budget of its evaluation. Fails only if the application's own code raises
/// something other than an `Exception`.
pub fn request_data(object: &Bound<'_, PyAny>, limits: Limits, deadline: Deadline) -> PyResult<Converted> {
    Conversion::new(Intake::until(deadline, limits), Unsupported::Coerced).run(object)
}

/// A configuration as a whole.
pub fn configuration(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let converted = Conversion::new(Intake::new(Limits::WHOLE), Unsupported::Refused).run(object)?;
    match converted.truncation.any() {
        true => Err(PyTypeError::new_err("the configuration is too large")),
        false => Ok(converted.value),
    }
}

/// A configuration document, which must be a dict; `refused` begins the error message.
pub fn document(object: &Bound<'_, PyAny>, refused: &str) -> PyResult<Value> {
    let value = configuration(object)?;
    match value.is_map() {
        true => Ok(value),
        false => Err(wrong_document(object, &value, refused)?),
    }
}

/// The error for a document that is not a dict: the engine's diagnostics, with a message in terms of Python.
pub fn wrong_document(object: &Bound<'_, PyAny>, converted: &Object, refused: &str) -> PyResult<PyErr> {
    let kind = object.get_type().name()?;
    let message = format!("{refused}: expected a dict, as `json.load` returns it, not '{kind}'");
    let added = Builder::new().add_or_update(b"default", converted);
    Ok(configuration_error(object.py(), message, added.diagnostics))
}

/// The number of digits converted for a unit of work.
const DIGITS_A_UNIT: usize = 32;

/// The cost of running code of the application, high enough that the remaining time is checked every few calls.
const FOREIGN: u32 = 64;

enum Task<'py> {
    Value(Bound<'py, PyAny>),
    Entry(Bound<'py, PyAny>, Bound<'py, PyAny>),
    Close,
}

struct Conversion<'py> {
    intake: Intake,
    tasks: Vec<Task<'py>>,
    path: Path<'py>,
    unsupported: Unsupported,
}

impl<'py> Conversion<'py> {
    fn new(intake: Intake, unsupported: Unsupported) -> Self {
        Conversion { intake, tasks: vec![], path: Path::default(), unsupported }
    }

    fn run(mut self, object: &Bound<'py, PyAny>) -> PyResult<Converted> {
        self.value(object)?;
        while let Some(task) = self.tasks.pop() {
            match task {
                Task::Close => {
                    self.path.leave();
                    self.intake.close();
                }
                // The rest of this container is left out.
                _ if self.intake.is_over() => {}
                Task::Value(value) => self.value(&value)?,
                Task::Entry(key, value) => {
                    self.key(&key)?;
                    self.value(&value)?;
                }
            }
        }
        let text_bytes = self.intake.text_bytes();
        let (value, truncation, deadline) = self.intake.finish_within();
        Ok(Converted { value, truncation, deadline, text_bytes })
    }

    fn value(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        if let Ok(text) = object.cast::<PyString>() {
            return with_text(text, self.intake.string_bytes(), |bytes, length| self.intake.cut_string(bytes, length));
        }
        if let Ok(dict) = object.cast::<PyDict>() {
            if self.enters(object)? {
                let wanted = self.intake.open_map(dict.len());
                with_critical_section(dict, || {
                    self.fill(dict.iter().take(wanted).map(|(key, value)| Task::Entry(key, value)));
                });
            }
        } else if let Ok(list) = object.cast::<PyList>() {
            if self.enters(object)? {
                let wanted = self.intake.open_array(list.len());
                self.fill(list.iter().take(wanted).map(Task::Value));
            }
        } else if let Ok(tuple) = object.cast::<PyTuple>() {
            if self.enters(object)? {
                let wanted = self.intake.open_array(tuple.len());
                self.fill(tuple.iter().take(wanted).map(Task::Value));
            }
        } else if let Ok(bytes) = object.cast::<PyBytes>() {
            self.intake.string(bytes.as_bytes());
        } else if let Some(scalar) = number(object)? {
            match scalar {
                Scalar::Value(value) => self.intake.scalar(value),
                Scalar::Text(text) => {
                    self.intake.costs((text.len() / DIGITS_A_UNIT) as u32);
                    self.intake.string(text.as_bytes());
                }
            }
        } else if object.is_instance_of::<PyByteArray>() || object.is_instance_of::<PyMemoryView>() {
            match caught(object.py(), buffer::beginning(object, self.intake.string_bytes()))? {
                Some((bytes, length)) => self.intake.cut_string(bytes.as_bytes(), length),
                None => self.intake.scalar(Value::null()),
            }
        } else {
            return self.stranger(object);
        }
        Ok(())
    }

    fn stranger(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        if self.unsupported == Unsupported::Refused {
            let kind = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("an object of type '{kind}' cannot be part of a configuration")));
        }
        let keyed = object.is_instance_of::<PyMapping>();
        if keyed || object.is_instance_of::<PySequence>() || is_set(object) {
            return self.foreign_container(object, keyed);
        }
        self.intake.costs(FOREIGN);
        match caught(object.py(), object.str())? {
            Some(text) => {
                with_text(&text, self.intake.string_bytes(), |bytes, length| self.intake.cut_string(bytes, length))
            }
            None => {
                self.intake.scalar(Value::null());
                Ok(())
            }
        }
    }

    /// A mapping, a sequence or a set of any class, whose reported length may be wrong.
    fn foreign_container(&mut self, container: &Bound<'py, PyAny>, keyed: bool) -> PyResult<()> {
        if !self.enters(container)? {
            return Ok(());
        }
        self.intake.costs(FOREIGN);
        let limit = self.intake.entry_limit();
        let read = || {
            let parts = if keyed { container.call_method0("items")?.try_iter()? } else { container.try_iter()? };
            let parts = parts.take(limit).map(|part| match keyed {
                true => part?.extract().map(|(key, value)| Task::Entry(key, value)),
                false => part.map(Task::Value),
            });
            Ok((container.len()?, parts.collect::<PyResult<Vec<_>>>()?))
        };
        match caught(container.py(), read())? {
            Some((length, parts)) => {
                let size = length.max(parts.len());
                let wanted = if keyed { self.intake.open_map(size) } else { self.intake.open_array(size) };
                self.fill(parts.into_iter().take(wanted));
            }
            None => {
                self.path.leave();
                self.intake.scalar(Value::null());
            }
        }
        Ok(())
    }

    /// Enters a container, unless it is being read already, in which case it becomes null.
    fn enters(&mut self, container: &Bound<'py, PyAny>) -> PyResult<bool> {
        let inside = self.path.contains(container);
        if inside && self.unsupported == Unsupported::Refused {
            return Err(PyTypeError::new_err("the configuration contains itself"));
        }
        match inside {
            true => self.intake.scalar(Value::null()),
            false => self.path.enter(container),
        }
        Ok(!inside)
    }

    /// Queues the parts of an opened container, and its end, in reverse order for a stack.
    fn fill(&mut self, parts: impl Iterator<Item = Task<'py>>) {
        self.tasks.push(Task::Close);
        let start = self.tasks.len();
        self.tasks.extend(parts);
        self.tasks[start..].reverse();
    }

    /// Keys other than strings become their JSON text, or an empty key if they have none.
    fn key(&mut self, key: &Bound<'py, PyAny>) -> PyResult<()> {
        let limit = self.intake.string_bytes();
        if let Ok(text) = key.cast::<PyString>() {
            return with_text(text, limit, |bytes, length| self.intake.cut_key(bytes, length));
        }
        if let Ok(bytes) = key.cast::<PyBytes>() {
            self.intake.key(bytes.as_bytes());
            return Ok(());
        }
        if self.unsupported == Unsupported::Refused {
            let kind = key.get_type().name()?;
            return Err(PyTypeError::new_err(format!("the keys of a configuration must be strings, not '{kind}'")));
        }
        match number(key)? {
            Some(Scalar::Value(value)) => self.intake.key(&scalar_text(&value).unwrap_or(b"null"[..].into())),
            Some(Scalar::Text(text)) => self.intake.key(text.as_bytes()),
            None => match caught(key.py(), key.str())? {
                Some(text) => with_text(&text, limit, |bytes, length| self.intake.cut_key(bytes, length))?,
                None => self.intake.key(b""),
            },
        }
        Ok(())
    }
}

fn is_set(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PySet>() || object.is_instance_of::<PyFrozenSet>()
}

/// Ignores what the application's code raised, unless it wants to end the program.
fn caught<T>(py: Python<'_>, result: PyResult<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<PyException>(py) => Ok(None),
        Err(error) => Err(error),
    }
}
