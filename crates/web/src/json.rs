//! JSON as it comes in: read strictly, so that what is stored is what was sent.
//!
//! A name that stands twice in an object and characters that no text has (NUL and other controls) are refused, not repaired. Where a value
//! does not fit, the answer says where, as a JSON pointer (RFC 6901).

use std::fmt;

use serde::Deserialize;
use serde::de::{
    DeserializeOwned, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess,
};
use serde_json::{Map, Number, Value};
use serde_path_to_error::{Path, Segment};

/// What is wrong with a body.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(crate) enum JsonError {
    /// The bytes are no text.
    #[error("byte {at} is not UTF-8")]
    NotText {
        /// Its place, from 0.
        at: usize,
    },
    /// The text is no JSON.
    #[error("line {line}, column {column}: {message}")]
    Malformed {
        /// Line, from 1.
        line: usize,
        /// Column, from 1.
        column: usize,
        /// What the reader says.
        message: String,
    },
    /// A value does not fit.
    #[error("{pointer}: {message}")]
    Unfit {
        /// Where: a JSON pointer.
        pointer: String,
        /// What was expected.
        message: String,
    },
}

/// Reads a text as JSON.
///
/// # Errors
/// The first thing that is wrong, and where.
pub(crate) fn read(bytes: &[u8]) -> Result<Value, JsonError> {
    let text = std::str::from_utf8(bytes).map_err(|error| JsonError::NotText {
        at: error.valid_up_to(),
    })?;
    let mut reader = serde_json::Deserializer::from_str(text);
    let read = Strict.deserialize(&mut reader);
    read.and_then(|value| reader.end().map(|()| value))
        .map_err(|error| malformed(&error))
}

/// Reads a value as a type.
///
/// # Errors
/// Where it does not fit, and what was expected there.
pub(crate) fn fit<T: DeserializeOwned>(value: Value) -> Result<T, JsonError> {
    serde_path_to_error::deserialize(value).map_err(|error| JsonError::Unfit {
        pointer: pointer(error.path()),
        message: error.inner().to_string(),
    })
}

/// Refuses members of a body that has none, or none besides those that were taken out.
///
/// # Errors
/// The first of them.
pub(crate) fn nothing_else(members: Map<String, Value>) -> Result<(), JsonError> {
    match members.into_iter().next() {
        None => Ok(()),
        Some((name, _)) => Err(JsonError::Unfit {
            pointer: format!("/{}", escape(&name)),
            message: "unknown field".to_owned(),
        }),
    }
}

/// Reads an object in which one member, `tag`, names which variant of an enum the others belong to.
///
/// # Errors
/// No object, no such member, an unknown variant, or members that do not fit it.
pub(crate) fn fit_tagged<T: DeserializeOwned>(
    mut members: Map<String, Value>,
    tag: &str,
) -> Result<T, JsonError> {
    let unfit = |pointer: String, message: &str| JsonError::Unfit {
        pointer,
        message: message.to_owned(),
    };
    let variant = match members.remove(tag) {
        Some(Value::String(variant)) => variant,
        Some(_) => return Err(unfit(format!("/{tag}"), "expected a string")),
        None => return Err(unfit(format!("/{tag}"), "is missing")),
    };
    let tagged = Map::from_iter([(variant.clone(), Value::Object(members))]);
    fit(Value::Object(tagged)).map_err(|error| untag(error, &variant, tag))
}

/// The place of an error in the object as it was sent, where the variant is a member and not a level.
fn untag(error: JsonError, variant: &str, tag: &str) -> JsonError {
    let JsonError::Unfit { pointer, message } = error else {
        return error;
    };
    let level = format!("/{}", escape(variant));
    let pointer = match pointer.strip_prefix(&level) {
        Some(rest) if !message.starts_with("unknown variant") => rest.to_owned(),
        _ if message.starts_with("unknown variant") && pointer.len() <= level.len() => {
            format!("/{tag}")
        }
        Some(rest) => rest.to_owned(),
        None => pointer,
    };
    JsonError::Unfit { pointer, message }
}

fn malformed(error: &serde_json::Error) -> JsonError {
    let whole = error.to_string();
    let place = format!(" at line {} column {}", error.line(), error.column());
    JsonError::Malformed {
        line: error.line(),
        column: error.column(),
        message: whole.strip_suffix(&place).unwrap_or(&whole).to_owned(),
    }
}

fn pointer(path: &Path) -> String {
    let mut pointer = String::new();
    for segment in path {
        let name = match segment {
            Segment::Seq { index } => index.to_string(),
            Segment::Map { key } => escape(key),
            Segment::Enum { variant } => escape(variant),
            Segment::Unknown => continue,
        };
        pointer.push('/');
        pointer.push_str(&name);
    }
    pointer
}

fn escape(name: &str) -> String {
    name.replace('~', "~0").replace('/', "~1")
}

/// Reads any value, refusing what only looks like one.
struct Strict;

impl<'de> DeserializeSeed<'de> for Strict {
    type Value = Value;

    fn deserialize<D: Deserializer<'de>>(self, from: D) -> Result<Value, D::Error> {
        from.deserialize_any(self)
    }
}

impl<'de> serde::de::Visitor<'de> for Strict {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::from(value))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        let number = Number::from_f64(value);
        number
            .map(Value::Number)
            .ok_or_else(|| E::custom("a number out of range"))
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<Value, E> {
        check_text(text).map_err(E::custom)?;
        Ok(Value::from(text))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(Self)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            if object.contains_key(&name) {
                return Err(A::Error::custom("a name stands twice in one object"));
            }
            object.insert(name, members.next_value_seed(Self)?);
        }
        Ok(Value::Object(object))
    }
}

/// Texts may have line breaks and tabs; other control characters are a broken or hostile sender.
fn check_text(text: &str) -> Result<(), &'static str> {
    let odd = |c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t');
    if text.chars().any(odd) {
        return Err("a text with control characters");
    }
    Ok(())
}

/// A member that may be absent but not null.
///
/// # Errors
/// The value does not fit.
pub(crate) fn present<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    from: D,
) -> Result<Option<T>, D::Error> {
    T::deserialize(from).map(Some)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    #[derive(Debug, PartialEq, Deserialize)]
    #[serde(rename_all = "snake_case", deny_unknown_fields)]
    enum Step {
        Go {
            #[serde(default)]
            to: Vec<u8>,
        },
        Stop {},
    }

    fn step(value: Value) -> Result<Step, String> {
        let Value::Object(members) = value else {
            panic!("an object");
        };
        fit_tagged(members, "act").map_err(|error| error.to_string())
    }

    fn fault(text: &str) -> String {
        read(text.as_bytes()).expect_err("refused").to_string()
    }

    #[test]
    fn a_fault_is_told_by_line_and_column() {
        assert!(fault("{\n  \"a\": ]}").starts_with("line 2, column 8: expected value"));
        assert!(fault("{\"a\": 1} x").starts_with("line 1, column 10: trailing"));
        assert!(fault("").starts_with("line 1, column 0: EOF"));
        assert_eq!(read(b"\"a\xff\""), Err(JsonError::NotText { at: 2 }));
    }

    #[test]
    fn a_name_that_stands_twice_and_a_nul_are_refused() {
        assert!(fault(r#"{"a": 1, "a": 2}"#).contains("twice"));
        assert!(fault(r#"["\u0000"]"#).contains("control"));
        assert_eq!(
            read(r#""dòng 1\ndòng 2""#.as_bytes()),
            Ok(json!("dòng 1\ndòng 2"))
        );
    }

    #[test]
    fn a_value_that_does_not_fit_is_told_by_its_place_as_sent() {
        assert_eq!(
            step(json!({"act": "go", "to": [1, 2]})),
            Ok(Step::Go { to: vec![1, 2] })
        );
        assert_eq!(step(json!({"act": "stop"})), Ok(Step::Stop {}));
        let place = |value| step(value).expect_err("refused");
        assert!(place(json!({"act": "go", "to": [1, 300]})).starts_with("/to/1: "));
        assert!(
            place(json!({"act": "go", "from": 1})).starts_with("/from: unknown field")
                || place(json!({"act": "go", "from": 1})).starts_with(": unknown field")
        );
        assert!(place(json!({"act": "fly"})).starts_with("/act: unknown variant"));
        assert_eq!(place(json!({"to": []})), "/act: is missing");
        assert_eq!(place(json!({"act": 1})), "/act: expected a string");
    }

    #[test]
    fn very_deep_nesting_is_refused_and_ends_nothing() {
        assert!(fault(&"[".repeat(100_000)).contains("recursion"));
    }

    proptest! {
        #[test]
        fn whatever_is_written_without_control_characters_reads_back(
            text in "[^\\x00-\\x1f\\x7f-\\x9f]{0,20}", number in any::<i64>(), yes in any::<bool>(),
        ) {
            let value = json!({"t": text, "n": [number, yes, null], "o": {"in": {}}});
            prop_assert_eq!(read(value.to_string().as_bytes()), Ok(value));
        }

        #[test]
        fn no_bytes_break_the_reader(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let _ = read(&bytes);
        }
    }
}
