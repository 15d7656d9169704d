//! Canonical JSON (RFC 8785): one spelling for each value, so that a signature covers bytes that anybody can make again.

use serde::Serialize;

/// Why a value has no canonical form.
#[derive(Debug, thiserror::Error)]
#[error("this value has no canonical JSON form: {0}")]
pub struct CanonicalError(#[from] serde_json::Error);

/// The canonical form of a value.
///
/// # Errors
///
/// When the value has none, such as a number that is not finite or a key that is no text.
///
/// ```
/// let record = serde_json::json!({"name": "Đỗ Thị Ánh", "doses": 2});
/// assert_eq!(signing::canonical::to_text(&record)?, r#"{"doses":2,"name":"Đỗ Thị Ánh"}"#);
/// # Ok::<(), signing::canonical::CanonicalError>(())
/// ```
pub fn to_text<T: Serialize>(value: &T) -> Result<String, CanonicalError> {
    Ok(serde_json_canonicalizer::to_string(value)?)
}
