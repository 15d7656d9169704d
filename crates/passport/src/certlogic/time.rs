//! Dates and times of CertLogic: parsed leniently, counted in milliseconds, offset as JavaScript's `Date` does.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Date;
use registry::date::{day_number, from_day_number};

const MS_PER_HOUR: i64 = 3_600_000;
const MS_PER_DAY: i64 = 24 * MS_PER_HOUR;

/// A moment, to the millisecond; the only thing that `plusTime` and `dccDateOfBirth` give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DateTime {
    /// Milliseconds since 1970-01-01T00:00:00Z.
    ms: i64,
}

/// What `plusTime` counts in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TimeUnit {
    /// Calendar years; 29 February plus a year is 1 March.
    Year,
    /// Calendar months; a day that the month lacks runs over into the next.
    Month,
    /// Days of 24 hours.
    Day,
    /// Hours.
    Hour,
}

impl DateTime {
    /// Reads a date or date-time in one of the forms of the specification (section "Offset date-time"). A date without a day means its
    /// last day, without a time midnight, without an offset UTC; digits behind the millisecond are dropped.
    pub fn parse(text: &str) -> Option<Self> {
        match text.split_once('T') {
            Some((day, time)) if day.len() == 10 => {
                let midnight = Self::parse_birth_date(day)?.ms;
                let ms = midnight.checked_add(time_of_day(time)?)?;
                Some(Self { ms })
            }
            Some(_) => None,
            None => Self::parse_birth_date(text),
        }
    }

    /// Reads a date of birth of a DCC (`YYYY`, `YYYY-MM` or `YYYY-MM-DD`) as the last day that it allows, at midnight UTC.
    pub fn parse_birth_date(text: &str) -> Option<Self> {
        let part = |from: usize, to: usize| number(text.get(from..to)?);
        let dashes_at = |places: &[usize]| {
            places
                .iter()
                .all(|&at| text.as_bytes().get(at) == Some(&b'-'))
        };
        let date = match text.len() {
            4 => Date::new(part(0, 4)?, 12, 31).ok()?,
            7 if dashes_at(&[4]) => Date::new(part(0, 4)?, part(5, 7)? as i8, 1)
                .ok()?
                .last_of_month(),
            10 if dashes_at(&[4, 7]) => {
                Date::new(part(0, 4)?, part(5, 7)? as i8, part(8, 10)? as i8).ok()?
            }
            _ => return None,
        };
        Some(Self::at_midnight(date))
    }

    /// The moment `amount` units later (earlier, if negative); `None` when that is beyond the years 1 to 9999.
    pub fn plus(self, amount: i64, unit: TimeUnit) -> Option<Self> {
        let ms = match unit {
            TimeUnit::Hour => self.ms.checked_add(amount.checked_mul(MS_PER_HOUR)?)?,
            TimeUnit::Day => self.ms.checked_add(amount.checked_mul(MS_PER_DAY)?)?,
            TimeUnit::Month => self.plus_months(amount)?,
            TimeUnit::Year => self.plus_months(amount.checked_mul(12)?)?,
        };
        let moved = Self { ms };
        moved.date().map(|_| moved)
    }

    /// As ECMAScript's `setUTCMonth`: the first day of the wanted month, and from there as many days on as before.
    fn plus_months(self, months: i64) -> Option<i64> {
        let date = self.date()?;
        let counted = i64::from(date.year()) * 12 + i64::from(date.month()) - 1;
        let counted = counted.checked_add(months)?;
        let year = i16::try_from(counted.div_euclid(12)).ok()?;
        let first = Date::new(year, counted.rem_euclid(12) as i8 + 1, 1).ok()?;
        let days = i64::from(day_number(first)) + i64::from(date.day()) - 1;
        Some(days * MS_PER_DAY + self.ms.rem_euclid(MS_PER_DAY))
    }

    /// The day on which the moment falls in UTC; `None` outside the years 1 to 9999.
    pub fn date(self) -> Option<Date> {
        from_day_number(i32::try_from(self.ms.div_euclid(MS_PER_DAY)).ok()?)
    }

    /// Milliseconds since 1970-01-01T00:00:00Z.
    pub fn as_millisecond(self) -> i64 {
        self.ms
    }

    fn at_midnight(date: Date) -> Self {
        Self {
            ms: i64::from(day_number(date)) * MS_PER_DAY,
        }
    }
}

impl From<Timestamp> for DateTime {
    fn from(time: Timestamp) -> Self {
        Self {
            ms: time.as_millisecond(),
        }
    }
}

impl fmt::Display for DateTime {
    /// As JavaScript writes it: `2021-05-04T22:00:00.000Z`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let time = Timestamp::from_millisecond(self.ms).map_err(|_| fmt::Error)?;
        write!(f, "{time:.3}")
    }
}

/// Milliseconds from midnight UTC that a `hh:mm:ss[.S…][offset]` stands for.
fn time_of_day(text: &str) -> Option<i64> {
    let bytes = text.as_bytes();
    if bytes.get(2) != Some(&b':') || bytes.get(5) != Some(&b':') {
        return None;
    }
    let (hour, minute, second) = (
        number(text.get(0..2)?)?,
        number(text.get(3..5)?)?,
        number(text.get(6..8)?)?,
    );
    let (ms, offset) = match text.get(8..)?.strip_prefix('.') {
        None => (0, text.get(8..)?),
        Some(rest) => {
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            (milliseconds(rest.get(..digits)?)?, rest.get(digits..)?)
        }
    };
    let midnight_next = hour == 24 && minute == 0 && second == 0 && ms == 0;
    if !(hour < 24 && minute < 60 && second < 60 || midnight_next) {
        return None;
    }
    let seconds = (i64::from(hour) * 60 + i64::from(minute)) * 60 + i64::from(second);
    Some(seconds * 1000 + ms - offset_minutes(offset)? * 60_000)
}

/// The first three decimals, as many as are missing taken as 0.
fn milliseconds(digits: &str) -> Option<i64> {
    if digits.is_empty() {
        return None;
    }
    let digits = digits.bytes().chain(*b"00").take(3);
    Some(digits.fold(0, |ms, digit| ms * 10 + i64::from(digit - b'0')))
}

/// Minutes east of UTC: nothing or `Z`, or a sign with `h`, `hh`, `hmm`, `hhmm`, `h:mm` or `hh:mm`.
fn offset_minutes(text: &str) -> Option<i64> {
    let (sign, rest) = match text.as_bytes().first() {
        None => return Some(0),
        Some(b'Z') => return (text.len() == 1).then_some(0),
        Some(b'+') => (1, text.get(1..)?),
        Some(b'-') => (-1, text.get(1..)?),
        Some(_) => return None,
    };
    let (hours, minutes) = match (rest.split_once(':'), rest.len()) {
        (Some((hours, minutes)), 4..=5) if minutes.len() == 2 => (hours, minutes),
        (None, 1 | 2) => (rest, "00"),
        (None, 3 | 4) => (rest.get(..rest.len() - 2)?, rest.get(rest.len() - 2..)?),
        _ => return None,
    };
    let (hours, minutes) = (number(hours)?, number(minutes)?);
    (hours < 24 && minutes < 60).then(|| sign * (i64::from(hours) * 60 + i64::from(minutes)))
}

/// Up to four digits and nothing else.
fn number(text: &str) -> Option<i16> {
    let all_digits =
        !text.is_empty() && text.len() <= 4 && text.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| {
        text.bytes()
            .fold(0, |sum, digit| sum * 10 + i16::from(digit - b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Option<String> {
        DateTime::parse(text).map(|time| time.to_string())
    }

    #[test]
    fn every_form_of_the_specification_is_read() {
        for (text, expected) in [
            ("2021", "2021-12-31T00:00:00.000Z"),
            ("2024-02", "2024-02-29T00:00:00.000Z"),
            ("2021-05-04", "2021-05-04T00:00:00.000Z"),
            ("2021-05-04T13:37:42", "2021-05-04T13:37:42.000Z"),
            ("2021-05-04T13:37:42Z", "2021-05-04T13:37:42.000Z"),
            ("2021-05-04T13:37:42+1", "2021-05-04T12:37:42.000Z"),
            ("2021-05-04T13:37:42-02", "2021-05-04T15:37:42.000Z"),
            ("2021-05-04T13:37:42+130", "2021-05-04T12:07:42.000Z"),
            ("2021-05-04T13:37:42+0130", "2021-05-04T12:07:42.000Z"),
            ("2021-05-04T13:37:42+1:30", "2021-05-04T12:07:42.000Z"),
            ("2021-05-04T13:37:42+01:30", "2021-05-04T12:07:42.000Z"),
            ("2021-05-04T13:37:42.5", "2021-05-04T13:37:42.500Z"),
            ("2021-05-04T13:37:42.0479999Z", "2021-05-04T13:37:42.047Z"),
            ("2021-05-04T13:37:42.1-7", "2021-05-04T20:37:42.100Z"),
            ("2021-05-04T13:37:42.12+0700", "2021-05-04T06:37:42.120Z"),
            ("2021-05-04T24:00:00Z", "2021-05-05T00:00:00.000Z"),
        ] {
            assert_eq!(read(text).as_deref(), Some(expected), "{text}");
        }
    }

    #[test]
    fn what_is_no_date_is_refused() {
        for text in [
            "",
            "20",
            "2021-13",
            "2022-02-29",
            "2021-09-99",
            "2021-5-4",
            "04/05/2021",
            "2021-05-04 13:37:42",
            "2021-05-04T",
            "2021-05T13:37:42Z",
            "2021-05-04T13:37",
            "2021-05-04T25:00:00Z",
            "2021-05-04T13:60:00Z",
            "2021-05-04T13:37:42.Z",
            "2021-05-04T13:37:42z",
            "2021-05-04T13:37:42+",
            "2021-05-04T13:37:42+1:3",
            "2021-05-04T13:37:42+01:30:00",
            "2021-05-04T13:37:42+12345",
            "2021-05-04T13:37:42Zulu",
            "２０２１-05-04",
            "+2021",
            "-021-05-04",
        ] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn an_offset_follows_javascript() {
        for (text, amount, unit, expected) in [
            // The table "Leap days" of the specification.
            ("2020-02-29", 1, TimeUnit::Day, "2020-03-01"),
            ("2020-02-29", 1, TimeUnit::Month, "2020-03-29"),
            ("2020-02-29", 1, TimeUnit::Year, "2021-03-01"),
            ("2020-02-29", -4, TimeUnit::Year, "2016-02-29"),
            ("2021-01-31", 1, TimeUnit::Month, "2021-03-03"),
            ("2021-03-31", -1, TimeUnit::Month, "2021-03-03"),
            ("2021-01-15", -13, TimeUnit::Month, "2019-12-15"),
            ("2021-12-31", 24, TimeUnit::Hour, "2022-01-01"),
            ("2021-03-28", 0, TimeUnit::Year, "2021-03-28"),
        ] {
            let moved = DateTime::parse(text).and_then(|time| time.plus(amount, unit));
            assert_eq!(moved, DateTime::parse(expected), "{text} {amount} {unit:?}");
        }
    }

    #[test]
    fn an_offset_beyond_the_calendar_is_nothing() {
        let time = DateTime::parse("2021-05-04").unwrap();
        for unit in [
            TimeUnit::Year,
            TimeUnit::Month,
            TimeUnit::Day,
            TimeUnit::Hour,
        ] {
            for amount in [i64::MAX, i64::MIN, 1_000_000_000, -1_000_000_000] {
                assert_eq!(time.plus(amount, unit), None, "{amount} {unit:?}");
            }
        }
    }
}
