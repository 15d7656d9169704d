//! Typed values as the text that a person would see.

use std::fmt::Write as _;

use arrow_array::builder::StringBuilder;
use arrow_array::cast::AsArray;
use arrow_array::types as t;
use arrow_array::{Array, ArrayRef, ArrowPrimitiveType, StringArray};
use arrow_schema::{DataType, TimeUnit};

/// A column as text: whole numbers without decimals, dates as `YYYY-MM-DD`, moments as `YYYY-MM-DD HH:MM:SS` in Vietnam's time. `None`: a type
/// that has no text (lists, structures).
pub(crate) fn texts(array: &ArrayRef) -> Option<StringArray> {
    Some(match array.data_type() {
        DataType::Utf8 => array.as_string::<i32>().clone(),
        DataType::LargeUtf8 => array.as_string::<i64>().iter().collect(),
        DataType::Utf8View => array.as_string_view().iter().collect(),
        // Old writers leave the mark "this is text" away. What is none shows as U+FFFD.
        DataType::Binary => array
            .as_binary::<i32>()
            .iter()
            .map(|b| b.map(String::from_utf8_lossy))
            .collect(),
        DataType::LargeBinary => array
            .as_binary::<i64>()
            .iter()
            .map(|b| b.map(String::from_utf8_lossy))
            .collect(),
        DataType::BinaryView => array
            .as_binary_view()
            .iter()
            .map(|b| b.map(String::from_utf8_lossy))
            .collect(),
        DataType::Boolean => array
            .as_boolean()
            .iter()
            .map(|b| b.map(|b| if b { "true" } else { "false" }))
            .collect(),
        DataType::Int8 => numbers::<t::Int8Type>(array),
        DataType::Int16 => numbers::<t::Int16Type>(array),
        DataType::Int32 => numbers::<t::Int32Type>(array),
        DataType::Int64 => numbers::<t::Int64Type>(array),
        DataType::UInt8 => numbers::<t::UInt8Type>(array),
        DataType::UInt16 => numbers::<t::UInt16Type>(array),
        DataType::UInt32 => numbers::<t::UInt32Type>(array),
        DataType::UInt64 => numbers::<t::UInt64Type>(array),
        DataType::Float32 => {
            written::<t::Float32Type>(array, |value, out| number(out, f64::from(value)))
        }
        DataType::Float64 => written::<t::Float64Type>(array, |value, out| number(out, value)),
        DataType::Decimal128(_, scale) if *scale >= 0 => {
            written::<t::Decimal128Type>(array, |value, out| {
                decimal(out, value, scale.unsigned_abs());
            })
        }
        DataType::Date32 => written::<t::Date32Type>(array, |days, out| day(out, i64::from(days))),
        DataType::Date64 => {
            written::<t::Date64Type>(array, |millis, out| day(out, millis.div_euclid(86_400_000)))
        }
        DataType::Timestamp(unit, zone) => moments(array, *unit, zone.is_some()),
        DataType::Dictionary(..) => dictionary(array)?,
        DataType::Null => StringArray::new_null(array.len()),
        _ => return None,
    })
}

/// Writes each value that is not null.
fn written<T: ArrowPrimitiveType>(
    array: &ArrayRef,
    write: impl Fn(T::Native, &mut String),
) -> StringArray {
    let mut builder = StringBuilder::with_capacity(array.len(), array.len() * 8);
    let mut text = String::new();
    for value in array.as_primitive::<T>() {
        text.clear();
        builder.append_option(value.map(|value| {
            write(value, &mut text);
            &text
        }));
    }
    builder.finish()
}

fn numbers<T: ArrowPrimitiveType<Native: std::fmt::Display>>(array: &ArrayRef) -> StringArray {
    written::<T>(array, |value, out| {
        let _ = write!(out, "{value}"); // writing to a String does not fail
    })
}

/// A decimal number without exponent; a whole one without decimals, as `79201.0` is how some programs store 79201 beside blanks.
pub(crate) fn number(out: &mut String, value: f64) {
    // 2^53: beyond it not every whole number has a float of its own, and `{}` writes what the float is.
    let _ = if value.fract() == 0.0 && value.abs() < 9_007_199_254_740_992.0 {
        write!(out, "{}", value as i64)
    } else {
        write!(out, "{value}")
    };
}

fn decimal(out: &mut String, value: i128, scale: u8) {
    let digits = format!(
        "{:0>width$}",
        value.unsigned_abs(),
        width = usize::from(scale) + 1
    );
    let (whole, part) = digits.split_at(digits.len() - usize::from(scale));
    let part = part.trim_end_matches('0');
    let _ = write!(out, "{}{whole}", if value < 0 { "-" } else { "" });
    if !part.is_empty() {
        let _ = write!(out, ".{part}");
    }
}

/// A day since 1970; one beyond the calendar stays the number that it is.
fn day(out: &mut String, days: i64) {
    let date = i32::try_from(days)
        .ok()
        .and_then(registry::date::from_day_number);
    let _ = match date {
        Some(date) => write!(out, "{date}"),
        None => write!(out, "{days}"),
    };
}

fn moments(array: &ArrayRef, unit: TimeUnit, instant: bool) -> StringArray {
    match unit {
        TimeUnit::Second => {
            written::<t::TimestampSecondType>(array, |v, out| moment(out, v, 1, instant))
        }
        TimeUnit::Millisecond => {
            written::<t::TimestampMillisecondType>(array, |v, out| moment(out, v, 1_000, instant))
        }
        TimeUnit::Microsecond => written::<t::TimestampMicrosecondType>(array, |v, out| {
            moment(out, v, 1_000_000, instant);
        }),
        TimeUnit::Nanosecond => written::<t::TimestampNanosecondType>(array, |v, out| {
            moment(out, v, 1_000_000_000, instant);
        }),
    }
}

/// Vietnam's time is seven hours ahead of UTC, all year.
const VIETNAM: i64 = 7 * 3600;

/// A moment; midnight is written as a day, because files hold days as moments far more often than injections are given at midnight. An instant
/// (with a time zone) is turned into Vietnam's time, a wall clock reading is left alone.
fn moment(out: &mut String, value: i64, per_second: i64, instant: bool) {
    let seconds = value
        .div_euclid(per_second)
        .saturating_add(if instant { VIETNAM } else { 0 });
    day(out, seconds.div_euclid(86_400));
    let time = seconds.rem_euclid(86_400);
    if time != 0 {
        out.push(' ');
        clock(out, time as u32);
    }
}

/// `HH:MM:SS` of the seconds since midnight.
pub(crate) fn clock(out: &mut String, seconds: u32) {
    let _ = write!(
        out,
        "{:02}:{:02}:{:02}",
        seconds / 3600,
        seconds / 60 % 60,
        seconds % 60
    );
}

fn dictionary(array: &ArrayRef) -> Option<StringArray> {
    let dictionary = array.as_any_dictionary();
    let values = texts(dictionary.values())?;
    if values.is_empty() {
        return Some(StringArray::new_null(array.len()));
    }
    let keys = dictionary.normalized_keys();
    let text = |(at, key): (usize, usize)| {
        let known = array.is_valid(at) && key < values.len() && values.is_valid(key);
        known.then(|| values.value(key))
    };
    Some(keys.into_iter().enumerate().map(text).collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{
        BooleanArray, Date32Array, Decimal128Array, DictionaryArray, Float64Array, Int64Array,
        TimestampMicrosecondArray, types::Int32Type,
    };
    use std::sync::Arc;

    fn shown(array: impl Array + 'static) -> Vec<Option<String>> {
        let array: ArrayRef = Arc::new(array);
        texts(&array)
            .unwrap()
            .iter()
            .map(|text| text.map(str::to_owned))
            .collect()
    }

    fn some(texts: &[&str]) -> Vec<Option<String>> {
        texts.iter().map(|text| Some((*text).to_owned())).collect()
    }

    #[test]
    fn numbers_are_written_without_exponent_and_whole_ones_without_decimals() {
        let values = Float64Array::from(vec![79_201.0, 1e15, 1e21, 0.5, -3.0, 84_000_000_001.0]);
        let expected = [
            "79201",
            "1000000000000000",
            "1000000000000000000000",
            "0.5",
            "-3",
            "84000000001",
        ];
        assert_eq!(shown(values), some(&expected));
        assert_eq!(
            shown(Int64Array::from(vec![Some(-1), None])),
            [Some("-1".into()), None]
        );
    }

    #[test]
    fn decimals_lose_no_digit() {
        let array = Decimal128Array::from(vec![12_345, -5, 100])
            .with_precision_and_scale(10, 2)
            .unwrap();
        assert_eq!(shown(array), some(&["123.45", "-0.05", "1"]));
    }

    #[test]
    fn days_and_moments_are_iso_in_vietnam_time() {
        assert_eq!(
            shown(Date32Array::from(vec![0, -1, i32::MAX])),
            some(&["1970-01-01", "1969-12-31", "2147483647"])
        );
        let local = TimestampMicrosecondArray::from(vec![0, 34_200_000_000]);
        assert_eq!(
            shown(local.clone()),
            some(&["1970-01-01", "1970-01-01 09:30:00"])
        );
        let instant = local.with_timezone("UTC");
        assert_eq!(
            shown(instant),
            some(&["1970-01-01 07:00:00", "1970-01-01 16:30:00"])
        );
    }

    #[test]
    fn dictionaries_and_booleans_are_text() {
        let words: DictionaryArray<Int32Type> = vec![Some("Nam"), None, Some("Nữ"), Some("Nam")]
            .into_iter()
            .collect();
        assert_eq!(
            shown(words),
            [
                Some("Nam".into()),
                None,
                Some("Nữ".into()),
                Some("Nam".into())
            ]
        );
        assert_eq!(
            shown(BooleanArray::from(vec![Some(true), None])),
            [Some("true".into()), None]
        );
    }
}
