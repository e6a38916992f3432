//! Converting engine values to Python objects, without recursion.

use engine::value::{Object, Pair, Step, View};
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyString, PyTuple};

/// A string; bytes that are not UTF-8 become surrogates, which `str.encode("utf-8", "surrogateescape")` converts back.
pub fn text<'py>(py: Python<'py>, bytes: &[u8]) -> PyResult<Bound<'py, PyAny>> {
    match std::str::from_utf8(bytes) {
        Ok(text) => Ok(PyString::new(py, text).into_any()),
        Err(_) => PyBytes::new(py, bytes).call_method1("decode", ("utf-8", "surrogateescape")),
    }
}

/// A tuple of strings.
pub fn texts<'py, T: AsRef<[u8]>>(py: Python<'py>, all: &[T]) -> PyResult<Bound<'py, PyTuple>> {
    let texts = all.iter().map(|bytes| text(py, bytes.as_ref())).collect::<PyResult<Vec<_>>>()?;
    PyTuple::new(py, texts)
}

/// Keys and indexes as a tuple.
pub fn key_path<'py>(py: Python<'py>, path: &[Step]) -> PyResult<Bound<'py, PyTuple>> {
    let steps = path.iter().map(|step| match step {
        Step::Key(key) => text(py, key),
        Step::Index(index) => Ok(index.into_pyobject(py)?.into_any()),
    });
    PyTuple::new(py, steps.collect::<PyResult<Vec<_>>>()?)
}

/// Containers whose entries are not complete yet.
enum Open<'a, 'py> {
    Array(std::slice::Iter<'a, Object>, Bound<'py, PyList>),
    Map(std::slice::Iter<'a, Pair>, Bound<'py, PyDict>),
}

/// Any value; the last of equal keys of a map wins.
pub fn value<'py>(py: Python<'py>, object: &Object) -> PyResult<Bound<'py, PyAny>> {
    let mut open = vec![];
    let root = node(py, object, &mut open)?;
    while let Some(top) = open.last_mut() {
        let next = match top {
            Open::Array(elements, list) => elements.next().map(|element| (element, None, list.clone().into_any())),
            Open::Map(pairs, dict) => pairs.next().map(|pair| (pair.value(), Some(pair), dict.clone().into_any())),
        };
        let Some((child, pair, parent)) = next else {
            open.pop();
            continue;
        };
        let made = node(py, child, &mut open)?;
        match pair {
            None => parent.cast::<PyList>()?.append(made)?,
            Some(pair) => parent.set_item(text(py, pair.key_bytes().unwrap_or_default())?, made)?,
        }
    }
    Ok(root)
}

fn node<'a, 'py>(py: Python<'py>, object: &'a Object, open: &mut Vec<Open<'a, 'py>>) -> PyResult<Bound<'py, PyAny>> {
    Ok(match object.view() {
        View::Invalid | View::Null => py.None().into_bound(py),
        View::Bool(value) => value.into_pyobject(py)?.to_owned().into_any(),
        View::Signed(value) => value.into_pyobject(py)?.into_any(),
        View::Unsigned(value) => value.into_pyobject(py)?.into_any(),
        View::Float(value) => value.into_pyobject(py)?.into_any(),
        View::String(bytes) => text(py, bytes)?,
        View::Array(elements) => {
            let list = PyList::empty(py);
            open.push(Open::Array(elements.iter(), list.clone()));
            list.into_any()
        }
        View::Map(pairs) => {
            let dict = PyDict::new(py);
            open.push(Open::Map(pairs.iter(), dict.clone()));
            dict.into_any()
        }
    })
}
