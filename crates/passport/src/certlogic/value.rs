//! What an expression works on and gives: JSON, borrowed from the data where it can be, and date-times.

use std::rc::Rc;

use serde_json::{Map, Value as Json};

use super::DateTime;

/// A value during evaluation.
#[derive(Debug, Clone)]
pub enum Value<'a> {
    /// `null`, and everything that is not there.
    Null,
    /// A Boolean.
    Bool(bool),
    /// A number without a fraction, however it was written (`42` or `42.0`).
    Int(i64),
    /// A number with a fraction, or beyond 64 bits: no operation takes it.
    Float(f64),
    /// A string of the data or the expression.
    Text(&'a str),
    /// What `plusTime` and `dccDateOfBirth` make.
    DateTime(DateTime),
    /// An array of the data.
    Data(&'a [Json]),
    /// An object of the data.
    Record(&'a Map<String, Json>),
    /// An array that the expression made.
    Array(List<'a>),
    /// A data context that is put together from parts: by name.
    Context(Rc<[(&'a str, Value<'a>)]>),
}

/// An array that an expression made, with its extent, so that no expression can build without bounds.
#[derive(Debug, Clone)]
pub struct List<'a> {
    items: Rc<[Value<'a>]>,
    /// Values in it, those of inner lists too.
    size: usize,
    /// Lists in lists.
    depth: usize,
}

const MAX_SIZE: usize = 10_000;
const MAX_DEPTH: usize = 100;

impl<'a> List<'a> {
    /// `None` when it would be too large or too deep.
    pub(super) fn new(items: Vec<Value<'a>>) -> Option<Self> {
        let inner = items.iter().filter_map(|item| match item {
            Value::Array(list) => Some((list.size, list.depth)),
            _ => None,
        });
        let (size, depth) = inner.fold((items.len(), 0), |(sum, deepest), (size, depth)| {
            (sum + size, deepest.max(depth))
        });
        let items = items.into();
        let list = Self {
            items,
            size,
            depth: depth + 1,
        };
        (list.size <= MAX_SIZE && list.depth <= MAX_DEPTH).then_some(list)
    }

    pub(super) fn items(&self) -> &[Value<'a>] {
        &self.items
    }
}

impl<'a> Value<'a> {
    /// Takes JSON as a value without copying it.
    pub fn from_json(json: &'a Json) -> Self {
        match json {
            Json::Null => Self::Null,
            Json::Bool(truth) => Self::Bool(*truth),
            Json::Number(number) => integer(number).map_or_else(
                || Self::Float(number.as_f64().unwrap_or(f64::NAN)),
                Self::Int,
            ),
            Json::String(text) => Self::Text(text),
            Json::Array(items) => Self::Data(items),
            Json::Object(fields) => Self::Record(fields),
        }
    }

    /// A data context of named parts, such as `payload` and `external`.
    pub fn context(parts: Vec<(&'a str, Value<'a>)>) -> Self {
        Self::Context(parts.into())
    }

    /// The value as JSON; a date-time as JavaScript writes it.
    pub fn to_json(&self) -> Json {
        match self {
            Self::Null => Json::Null,
            Self::Bool(truth) => Json::Bool(*truth),
            Self::Int(number) => Json::from(*number),
            Self::Float(number) => Json::from(*number),
            Self::Text(text) => Json::from(*text),
            Self::DateTime(time) => Json::from(time.to_string()),
            Self::Data(items) => Json::from(*items),
            Self::Record(fields) => Json::Object((*fields).clone()),
            Self::Array(list) => list.items.iter().map(Self::to_json).collect(),
            Self::Context(parts) => {
                let parts = parts
                    .iter()
                    .map(|(name, value)| ((*name).to_owned(), value.to_json()));
                Json::Object(parts.collect())
            }
        }
    }

    /// `true`, `false`, or `None` for what is neither truthy nor falsy (specification, section "Truthy and falsy values").
    pub fn truth(&self) -> Option<bool> {
        match self {
            Self::Null => Some(false),
            Self::Bool(truth) => Some(*truth),
            Self::Int(number) => Some(*number != 0),
            Self::Text(text) => Some(!text.is_empty()),
            Self::Data(items) => Some(!items.is_empty()),
            Self::Record(fields) => Some(!fields.is_empty()),
            Self::Array(list) => Some(!list.items.is_empty()),
            Self::Context(parts) => Some(!parts.is_empty()),
            Self::Float(_) | Self::DateTime(_) => None,
        }
    }

    /// The type, for messages.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Null => "null",
            Self::Bool(_) => "a Boolean",
            Self::Int(_) => "an integer",
            Self::Float(_) => "a number with a fraction",
            Self::Text(_) => "a string",
            Self::DateTime(_) => "a date-time",
            Self::Data(_) | Self::Array(_) => "an array",
            Self::Record(_) | Self::Context(_) => "an object",
        }
    }

    /// What stands under a name in an object, or under an index in an array; `null` when nothing does.
    pub(super) fn step(&self, name: &str, index: Option<usize>) -> Self {
        let found = match self {
            Self::Record(fields) => fields.get(name).map(Self::from_json),
            Self::Context(parts) => parts
                .iter()
                .find(|(key, _)| *key == name)
                .map(|(_, value)| value.clone()),
            Self::Data(items) => index.and_then(|at| items.get(at)).map(Self::from_json),
            Self::Array(list) => index.and_then(|at| list.items.get(at)).cloned(),
            _ => None,
        };
        found.unwrap_or(Self::Null)
    }

    /// Equality without coercion, by content.
    pub(super) fn same(&self, other: &Value<'_>) -> bool {
        match (self, other) {
            (Self::Null, Value::Null) => true,
            (Self::Bool(a), Value::Bool(b)) => a == b,
            (Self::Int(a), Value::Int(b)) => a == b,
            (Self::Text(a), Value::Text(b)) => a == b,
            (Self::DateTime(a), Value::DateTime(b)) => a == b,
            // Rare, and bounded by the extent of a list: compared as the JSON that they stand for.
            (Self::Float(_), Value::Float(_))
            | (Self::Data(_) | Self::Array(_), Value::Data(_) | Value::Array(_))
            | (Self::Record(_) | Self::Context(_), Value::Record(_) | Value::Context(_)) => {
                same_json(&self.to_json(), &other.to_json())
            }
            _ => false,
        }
    }
}

/// Equality of JSON in which `1` and `1.0` are the same number, as they are to JavaScript.
pub(super) fn same_json(a: &Json, b: &Json) -> bool {
    match (a, b) {
        (Json::Number(x), Json::Number(y)) => match (integer(x), integer(y)) {
            (None, None) => x == y,
            (x, y) => x == y,
        },
        (Json::Array(x), Json::Array(y)) => {
            x.len() == y.len() && x.iter().zip(y).all(|(x, y)| same_json(x, y))
        }
        (Json::Object(x), Json::Object(y)) => {
            x.len() == y.len()
                && x.iter()
                    .all(|(name, value)| y.get(name).is_some_and(|other| same_json(value, other)))
        }
        _ => a == b,
    }
}

/// The number as an integer, if it is one.
pub(super) fn integer(number: &serde_json::Number) -> Option<i64> {
    number.as_i64().or_else(|| {
        // Beyond 2^53 a float no longer tells neighbouring integers apart.
        let float = number.as_f64()?;
        (float.fract() == 0.0 && float.abs() <= 9_007_199_254_740_992.0).then_some(float as i64)
    })
}
