//! Python objects -> engine values.
//!
//! Without recursion, so depth costs memory and no stack; and with the entries of each container taken out before the first
//! of them is looked at, so that code of the application that runs meanwhile (`__str__`, `__iter__`) may change it.

use engine::Deadline;
use engine::sdk::Taken;
use engine::value::{Intake, Limits, Truncation, Value, scalar_text};
use pyo3::exceptions::{PyException, PyTypeError};
use pyo3::prelude::*;
use pyo3::sync::critical_section::with_critical_section;
use pyo3::types::{
    PyBool, PyByteArray, PyBytes, PyDict, PyFloat, PyFrozenSet, PyInt, PyList, PyMapping, PyMemoryView, PySequence,
    PySet, PySlice, PyString, PyTuple,
};

/// What becomes of objects that are no data.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Strangers {
    /// Other mappings and sequences are read, anything else is taken as `str()` shows it; null where that fails.
    Coerced,
    /// They are refused with a `TypeError`.
    Refused,
}

/// A converted object.
pub struct Converted {
    pub value: Value,
    pub truncation: Truncation,
    /// What is left of the budget.
    pub deadline: Deadline,
    /// Bytes of text in it.
    pub text_bytes: usize,
}

/// Request data, within limits and the budget of its evaluation. Fails only where the application's own code raises
/// something that is no `Exception`.
pub fn request_data(object: &Bound<'_, PyAny>, limits: Limits, deadline: Deadline) -> PyResult<Converted> {
    Conversion { intake: Intake::until(deadline, limits), tasks: vec![], strangers: Strangers::Coerced }.run(object)
}

/// A configuration, whole.
pub fn configuration(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    let conversion = Conversion { intake: Intake::new(Limits::WHOLE), tasks: vec![], strangers: Strangers::Refused };
    let converted = conversion.run(object)?;
    match converted.truncation.any() {
        true => Err(PyTypeError::new_err("the configuration contains itself or is too large")),
        false => Ok(converted.value),
    }
}

/// How much of the arguments of functions about users and HTTP is taken.
const ARGUMENTS: Limits = Limits { depth: 100_000, values: 1_000_000, text_bytes: 64 << 20, ..Limits::WHOLE };

/// Arguments of functions about users and HTTP, whole but coerced.
pub fn arguments(object: &Bound<'_, PyAny>) -> PyResult<Value> {
    Ok(request_data(object, ARGUMENTS, Deadline::unlimited())?.value)
}

/// The same within the budget of an evaluation that they lead to.
pub fn arguments_within(object: &Bound<'_, PyAny>, deadline: Deadline) -> PyResult<(Value, Taken)> {
    let Converted { value, truncation, deadline, .. } = request_data(object, ARGUMENTS, deadline)?;
    Ok((value, Taken { truncation, deadline: Some(deadline) }))
}

enum Task<'py> {
    Value(Bound<'py, PyAny>),
    Entry(Bound<'py, PyAny>, Bound<'py, PyAny>),
    Close,
}

struct Conversion<'py> {
    intake: Intake,
    tasks: Vec<Task<'py>>,
    strangers: Strangers,
}

impl<'py> Conversion<'py> {
    fn run(mut self, object: &Bound<'py, PyAny>) -> PyResult<Converted> {
        self.value(object)?;
        while let Some(task) = self.tasks.pop() {
            if self.intake.is_over() {
                break;
            }
            match task {
                Task::Value(value) => self.value(&value)?,
                Task::Entry(key, value) => {
                    self.key(&key)?;
                    self.value(&value)?;
                }
                Task::Close => self.intake.close(),
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
            let wanted = self.intake.open_map(dict.len());
            with_critical_section(dict, || {
                fill(&mut self.tasks, dict.iter().take(wanted).map(|(key, value)| Task::Entry(key, value)));
            });
        } else if let Ok(list) = object.cast::<PyList>() {
            let wanted = self.intake.open_array(list.len());
            fill(&mut self.tasks, list.iter().take(wanted).map(Task::Value));
        } else if let Ok(tuple) = object.cast::<PyTuple>() {
            let wanted = self.intake.open_array(tuple.len());
            fill(&mut self.tasks, tuple.iter().take(wanted).map(Task::Value));
        } else if let Ok(bytes) = object.cast::<PyBytes>() {
            self.intake.string(bytes.as_bytes());
        } else if let Some(scalar) = number(object)? {
            match scalar {
                Scalar::Value(value) => self.intake.scalar(value),
                Scalar::Text(text) => self.intake.string(text.as_bytes()),
            }
        } else if object.is_instance_of::<PyByteArray>() || object.is_instance_of::<PyMemoryView>() {
            self.buffer(object)?;
        } else {
            return self.stranger(object);
        }
        Ok(())
    }

    /// Copies no more of a buffer than is wanted of it.
    fn buffer(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        let limit = self.intake.string_bytes();
        let read = || {
            let view = PyMemoryView::from(object)?;
            let length: usize = view.getattr("nbytes")?.extract()?;
            let beginning = match view.call_method1("cast", ("B",)) {
                Ok(flat) => flat.get_item(PySlice::new(object.py(), 0, length.min(limit) as isize, 1))?,
                Err(_) => view.into_any(), // not in one piece
            };
            let bytes = beginning.call_method0("tobytes")?.cast_into::<PyBytes>()?;
            Ok((bytes, length))
        };
        match caught(object.py(), read())? {
            Some((bytes, length)) => self.intake.cut_string(bytes.as_bytes(), length),
            None => self.intake.scalar(Value::null()),
        }
        Ok(())
    }

    fn stranger(&mut self, object: &Bound<'py, PyAny>) -> PyResult<()> {
        if self.strangers == Strangers::Refused {
            let kind = object.get_type().name()?;
            return Err(PyTypeError::new_err(format!("an object of type '{kind}' cannot be part of a configuration")));
        }
        let limit = self.intake.entry_limit();
        if object.is_instance_of::<PyMapping>() {
            let read = || {
                let entries = object.call_method0("items")?.try_iter()?.take(limit);
                let entries = entries.map(|pair| pair?.extract::<(Bound<'py, PyAny>, Bound<'py, PyAny>)>());
                Ok((object.len()?, entries.collect::<PyResult<Vec<_>>>()?))
            };
            match caught(object.py(), read())? {
                Some((length, entries)) => {
                    let wanted = self.intake.open_map(length.max(entries.len()));
                    fill(&mut self.tasks, entries.into_iter().take(wanted).map(|(key, value)| Task::Entry(key, value)));
                }
                None => self.intake.scalar(Value::null()),
            }
        } else if object.is_instance_of::<PySequence>() || is_set(object) {
            let read = || Ok((object.len()?, object.try_iter()?.take(limit).collect::<PyResult<Vec<_>>>()?));
            match caught(object.py(), read())? {
                Some((length, elements)) => {
                    let wanted = self.intake.open_array(length.max(elements.len()));
                    fill(&mut self.tasks, elements.into_iter().take(wanted).map(Task::Value));
                }
                None => self.intake.scalar(Value::null()),
            }
        } else {
            match caught(object.py(), object.str())? {
                Some(text) => {
                    with_text(&text, self.intake.string_bytes(), |bytes, length| {
                        self.intake.cut_string(bytes, length)
                    })?;
                }
                None => self.intake.scalar(Value::null()),
            }
        }
        Ok(())
    }

    /// Keys that are no strings become the text that JSON would show; what has none, an empty key.
    fn key(&mut self, key: &Bound<'py, PyAny>) -> PyResult<()> {
        let limit = self.intake.string_bytes();
        if let Ok(text) = key.cast::<PyString>() {
            return with_text(text, limit, |bytes, length| self.intake.cut_key(bytes, length));
        }
        if let Ok(bytes) = key.cast::<PyBytes>() {
            self.intake.key(bytes.as_bytes());
            return Ok(());
        }
        if self.strangers == Strangers::Refused {
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

/// Queues the parts of a container that was opened, and its end, in an order fit for a stack.
fn fill<'py>(tasks: &mut Vec<Task<'py>>, parts: impl Iterator<Item = Task<'py>>) {
    tasks.push(Task::Close);
    let start = tasks.len();
    tasks.extend(parts);
    tasks[start..].reverse();
}

enum Scalar {
    Value(Value),
    Text(String),
}

/// Null, booleans and numbers. Integers beyond 64 bits become text: decimal, or hexadecimal where Python itself refuses to
/// print decimals of that size.
fn number(object: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
    let value = if object.is_none() {
        Value::null()
    } else if let Ok(truth) = object.cast::<PyBool>() {
        truth.is_true().into()
    } else if let Ok(float) = object.cast::<PyFloat>() {
        float.value().into()
    } else if object.is_instance_of::<PyInt>() {
        if let Ok(signed) = object.extract::<i64>() {
            signed.into()
        } else if let Ok(unsigned) = object.extract::<u64>() {
            unsigned.into()
        } else {
            let builtins = object.py().import("builtins")?;
            let int = object.py().get_type::<PyInt>();
            let text = int.call_method1("__repr__", (object,)).or_else(|_| builtins.call_method1("hex", (object,)))?;
            return Ok(Some(Scalar::Text(text.extract()?)));
        }
    } else {
        return Ok(None);
    };
    Ok(Some(Scalar::Value(value)))
}

fn is_set(object: &Bound<'_, PyAny>) -> bool {
    object.is_instance_of::<PySet>() || object.is_instance_of::<PyFrozenSet>()
}

/// The bytes of a string and its length. Of a long one only the beginning is encoded.
fn with_text(text: &Bound<'_, PyString>, limit: usize, take: impl FnOnce(&[u8], usize)) -> PyResult<()> {
    let characters = text.code_point_len()?;
    if characters > limit && text.is_exact_instance_of::<PyString>() {
        let beginning = text.get_item(PySlice::new(text.py(), 0, limit as isize, 1))?.cast_into::<PyString>()?;
        return with_bytes(&beginning, |bytes| take(bytes, characters));
    }
    with_bytes(text, |bytes| take(bytes, bytes.len()))
}

/// Surrogates that stand for bytes (as `os.fsdecode` and WSGI make them) become those bytes again; others are encoded like
/// any character.
fn with_bytes(text: &Bound<'_, PyString>, take: impl FnOnce(&[u8])) -> PyResult<()> {
    if let Ok(text) = text.to_str() {
        take(text.as_bytes());
        return Ok(());
    }
    let class = text.py().get_type::<PyString>();
    let encode = |errors| class.call_method1("encode", (text, "utf-8", errors));
    let encoded = encode("surrogateescape").or_else(|_| encode("surrogatepass"))?.cast_into::<PyBytes>()?;
    take(encoded.as_bytes());
    Ok(())
}

/// What the application's code raised is nothing to us, unless it wants to end the program.
fn caught<T>(py: Python<'_>, result: PyResult<T>) -> PyResult<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.is_instance_of::<PyException>(py) => Ok(None),
        Err(error) => Err(error),
    }
}
