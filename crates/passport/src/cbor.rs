//! CBOR (RFC 8949) as JSON and back, to look into any certificate and to take payloads that come as JSON.
//!
//! A certificate that is read for its meaning goes through [`crate::dcc`], which is stricter and much faster.

use minicbor::Decoder;
use minicbor::data::{Tag, Type};
use minicbor::decode::Error as Malformed;
use serde_json::{Map, Number, Value};

/// One CBOR item, and nothing after it, as JSON.
///
/// Integer keys become text, byte strings hexadecimal text, `undefined` null; dates (tags 0 and 1) become RFC 3339 text; other tags
/// are dropped.
///
/// # Errors
/// [`CborError`]: malformed, or something that JSON cannot hold (a map with a key twice, a number that is not finite).
///
/// ```
/// let json = passport::cbor::to_json(&[0xA1, 0x01, 0x82, 0x02, 0x63, 0x61, 0x62, 0x63])?;
/// assert_eq!(json, serde_json::json!({ "1": [2, "abc"] }));
/// # Ok::<(), passport::cbor::CborError>(())
/// ```
pub fn to_json(bytes: &[u8]) -> Result<Value, CborError> {
    let mut decoder = Decoder::new(bytes);
    let value = item(&mut decoder, 0)?;
    if decoder.position() < bytes.len() {
        return Err(CborError::Trailing);
    }
    Ok(value)
}

/// The CBOR of a JSON value: definite lengths, shortest numbers, members in the order of the value.
pub fn from_json(value: &Value) -> Vec<u8> {
    let mut writer = Writer::default();
    write(&mut writer, value);
    writer.into_bytes()
}

/// Why bytes are no CBOR, or none that JSON can hold.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CborError {
    /// Not well-formed.
    #[error("not well-formed CBOR: {0}")]
    Malformed(String),
    /// More bytes after the item.
    #[error("something follows the end of the data")]
    Trailing,
    /// Deeper than [`MAX_DEPTH`].
    #[error("nested more than {MAX_DEPTH} levels deep")]
    Depth,
    /// A key that is no text and no integer, or is there twice.
    #[error("a map has a key twice, or one that is neither text nor number")]
    Key,
    /// Infinity, not-a-number, an impossible time or an unknown simple value.
    #[error("a value that has no meaning here: {0}")]
    Value(String),
}

impl From<Malformed> for CborError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error.to_string())
    }
}

/// A certificate nests five levels deep.
pub const MAX_DEPTH: usize = 32;

fn item(d: &mut Decoder<'_>, depth: usize) -> Result<Value, CborError> {
    if depth > MAX_DEPTH {
        return Err(CborError::Depth);
    }
    Ok(match d.datatype()? {
        Type::Bool => d.bool()?.into(),
        Type::Null | Type::Undefined => {
            d.skip()?;
            Value::Null
        }
        Type::F16 | Type::F32 | Type::F64 => {
            let number = float(d)?;
            Number::from_f64(number)
                .ok_or_else(|| CborError::Value(number.to_string()))?
                .into()
        }
        Type::Bytes | Type::BytesIndef => {
            let chunks: Result<Vec<_>, _> = d.bytes_iter()?.collect();
            hex::encode(chunks?.concat()).into()
        }
        Type::String | Type::StringIndef => text(d)?.into(),
        Type::Array | Type::ArrayIndef => {
            let mut items = Items::array(d)?;
            let mut array = Vec::new();
            while items.next(d)? {
                array.push(item(d, depth + 1)?);
            }
            array.into()
        }
        Type::Map | Type::MapIndef => map(d, depth)?.into(),
        Type::Tag => tagged(d, depth)?,
        _ => {
            let integer = i128::from(d.int()?);
            let number = Number::from_i128(integer);
            number
                .ok_or_else(|| CborError::Value(integer.to_string()))?
                .into()
        }
    })
}

fn map(d: &mut Decoder<'_>, depth: usize) -> Result<Map<String, Value>, CborError> {
    let mut items = Items::map(d)?;
    let mut map = Map::new();
    while items.next(d)? {
        let key = match d.datatype()? {
            Type::String | Type::StringIndef => text(d)?,
            _ => i128::from(d.int().map_err(|_| CborError::Key)?).to_string(),
        };
        let value = item(d, depth + 1)?;
        if map.insert(key, value).is_some() {
            return Err(CborError::Key);
        }
    }
    Ok(map)
}

fn tagged(d: &mut Decoder<'_>, depth: usize) -> Result<Value, CborError> {
    const EPOCH_TIME: Tag = Tag::new(1);
    if d.tag()? != EPOCH_TIME {
        return item(d, depth + 1);
    }
    let seconds = seconds(d)?;
    match jiff::Timestamp::from_second(seconds) {
        Ok(time) => Ok(time.to_string().into()),
        Err(_) => Err(CborError::Value(seconds.to_string())),
    }
}

fn write(w: &mut Writer, value: &Value) {
    match value {
        Value::Null => w.simple(22),
        Value::Bool(value) => w.simple(20 + u8::from(*value)),
        Value::Number(number) => match (number.as_u64(), number.as_i64(), number.as_f64()) {
            (Some(number), ..) => w.unsigned(number),
            (_, Some(number), _) => w.integer(number),
            (.., number) => w.float(number.unwrap_or_default()),
        },
        Value::String(text) => w.text(text),
        Value::Array(items) => {
            w.array(items.len());
            for item in items {
                write(w, item);
            }
        }
        Value::Object(members) => {
            w.map(members.len());
            for (key, value) in members {
                w.text(key);
                write(w, value);
            }
        }
    }
}

/// Writes CBOR with definite lengths and the shortest heads; nothing here can fail.
#[derive(Debug, Default)]
pub(crate) struct Writer(Vec<u8>);

impl Writer {
    pub(crate) fn with_capacity(bytes: usize) -> Self {
        Self(Vec::with_capacity(bytes))
    }
    pub(crate) fn into_bytes(self) -> Vec<u8> {
        self.0
    }
    pub(crate) fn integer(&mut self, number: i64) {
        match u64::try_from(number) {
            Ok(number) => self.unsigned(number),
            Err(_) => self.head(1, (-1 - number).unsigned_abs()),
        }
    }
    pub(crate) fn unsigned(&mut self, number: u64) {
        self.head(0, number);
    }
    pub(crate) fn bytes(&mut self, bytes: &[u8]) {
        self.head(2, bytes.len() as u64);
        self.0.extend_from_slice(bytes);
    }
    pub(crate) fn text(&mut self, text: &str) {
        self.head(3, text.len() as u64);
        self.0.extend_from_slice(text.as_bytes());
    }
    pub(crate) fn array(&mut self, items: usize) {
        self.head(4, items as u64);
    }
    pub(crate) fn map(&mut self, members: usize) {
        self.head(5, members as u64);
    }
    pub(crate) fn tag(&mut self, tag: u64) {
        self.head(6, tag);
    }
    fn simple(&mut self, value: u8) {
        self.head(7, value.into());
    }
    fn float(&mut self, number: f64) {
        self.0.push(0xFB);
        self.0.extend(number.to_be_bytes());
    }
    /// Bytes that are CBOR already.
    pub(crate) fn raw(&mut self, cbor: &[u8]) {
        self.0.extend_from_slice(cbor);
    }
    /// Major type and argument (RFC 8949, section 3).
    fn head(&mut self, major: u8, argument: u64) {
        let major = major << 5;
        if let Ok(argument) = u8::try_from(argument) {
            if argument < 24 {
                self.0.push(major | argument);
            } else {
                self.0.extend([major | 0x18, argument]);
            }
        } else if let Ok(argument) = u16::try_from(argument) {
            self.0.push(major | 0x19);
            self.0.extend(argument.to_be_bytes());
        } else if let Ok(argument) = u32::try_from(argument) {
            self.0.push(major | 0x1A);
            self.0.extend(argument.to_be_bytes());
        } else {
            self.0.push(major | 0x1B);
            self.0.extend(argument.to_be_bytes());
        }
    }
}

/// Counts through an array or a map whose length may be unknown until its end.
pub(crate) struct Items {
    left: Option<u64>,
}

impl Items {
    pub(crate) fn array(d: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { left: d.array()? })
    }

    pub(crate) fn map(d: &mut Decoder<'_>) -> Result<Self, Malformed> {
        Ok(Self { left: d.map()? })
    }

    /// Whether another item (or key and value) comes.
    pub(crate) fn next(&mut self, d: &mut Decoder<'_>) -> Result<bool, Malformed> {
        match &mut self.left {
            Some(0) => Ok(false),
            Some(left) => {
                *left -= 1;
                Ok(true)
            }
            None if d.datatype()? == Type::Break => {
                d.skip()?;
                Ok(false)
            }
            None => Ok(true),
        }
    }
}

/// A text, in one piece or in several.
pub(crate) fn text(d: &mut Decoder<'_>) -> Result<String, Malformed> {
    if d.datatype()? == Type::String {
        return d.str().map(str::to_owned);
    }
    d.str_iter()?.collect()
}

/// Seconds since 1970 as integer or float of any width, towards the past.
pub(crate) fn seconds(d: &mut Decoder<'_>) -> Result<i64, CborError> {
    if !matches!(d.datatype()?, Type::F16 | Type::F32 | Type::F64) {
        return Ok(d.i64()?);
    }
    let seconds = float(d)?.floor();
    // jiff refuses what is outside the years that it knows; here only the cast has to be exact.
    if seconds.abs() < 1e15 {
        Ok(seconds as i64)
    } else {
        Err(CborError::Value(seconds.to_string()))
    }
}

pub(crate) fn float(d: &mut Decoder<'_>) -> Result<f64, Malformed> {
    match d.datatype()? {
        Type::F16 => d.f16().map(f64::from),
        Type::F32 => d.f32().map(f64::from),
        _ => d.f64(),
    }
}
