//! SQL injection and XSS recognition on a single string.
