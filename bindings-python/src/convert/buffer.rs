//! Reading buffers.

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyMemoryView, PySlice};

/// The beginning of a buffer, of about `limit` bytes, and its total length. Nothing else is copied, so what cannot be
/// cut (a row of a matrix that is not contiguous) is left out.
pub fn beginning<'py>(object: &Bound<'py, PyAny>, limit: usize) -> PyResult<(Bound<'py, PyBytes>, usize)> {
    let view = PyMemoryView::from(object)?;
    let length: usize = view.getattr("nbytes")?.extract()?;
    let first = |view: &Bound<'py, PyAny>, count: usize| view.get_item(PySlice::new(object.py(), 0, count as isize, 1));
    let beginning = match view.call_method1("cast", ("B",)) {
        Ok(bytes) => first(&bytes, length.min(limit))?,
        Err(_) => {
            let rows: usize = view.len()?;
            let bytes_of_row = length / rows.max(1);
            let wanted = limit.div_ceil(bytes_of_row.max(1)).min(rows);
            first(&view, if bytes_of_row > limit { 0 } else { wanted })?
        }
    };
    Ok((beginning.call_method0("tobytes")?.cast_into()?, length))
}
