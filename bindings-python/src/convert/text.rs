//! The text of strings and of other scalars.

use engine::value::Value;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyFloat, PyInt, PySlice, PyString};

/// Passes the bytes of a string and its length to `take`. Of a long string only the beginning is encoded.
pub fn with_text(text: &Bound<'_, PyString>, limit: usize, take: impl FnOnce(&[u8], usize)) -> PyResult<()> {
    let characters = text.code_point_len()?;
    if characters > limit && text.is_exact_instance_of::<PyString>() {
        let beginning = text.get_item(PySlice::new(text.py(), 0, limit as isize, 1))?.cast_into::<PyString>()?;
        return with_bytes(&beginning, |bytes| take(bytes, characters));
    }
    with_bytes(text, |bytes| take(bytes, bytes.len()))
}

/// Surrogates that stand for bytes (made by `os.fsdecode` and WSGI) become those bytes again; others are encoded like
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

/// A scalar that is not a string.
pub enum Scalar {
    Value(Value),
    Text(String),
}

/// Decimal conversion of integers takes quadratic time; longer ones than this become hexadecimal.
const DECIMAL_BITS: usize = 4096;

/// Null, booleans and numbers. Integers beyond 64 bits become text: decimal, or hexadecimal if they are very long.
pub fn number(object: &Bound<'_, PyAny>) -> PyResult<Option<Scalar>> {
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
            let int = object.py().get_type::<PyInt>();
            let bits: usize = int.call_method1("bit_length", (object,))?.extract()?;
            let text = match bits <= DECIMAL_BITS {
                true => int.call_method1("__repr__", (object,))?,
                false => int.call_method1("__format__", (object, "#x"))?,
            };
            return Ok(Some(Scalar::Text(text.extract()?)));
        }
    } else {
        return Ok(None);
    };
    Ok(Some(Scalar::Value(value)))
}
