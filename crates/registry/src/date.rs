//! Dates with their precision. Days are counted from 1970-01-01 in `i32`.

pub use jiff::civil::{Date, DateTime};

/// A birth date as precisely as it is known; never padded (DB-11).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum BirthDate {
    /// The day is known.
    Day(Date),
    /// Only month and year.
    Month {
        /// Year.
        year: i16,
        /// 1–12.
        month: i8,
    },
    /// Only the year.
    Year(i16),
}

/// How a date was written where that matters to a rule.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DateForm {
    /// ISO or day/month/year: nothing to say.
    Plain,
    /// Read as month/day/year because day/month/year is impossible (13 ≤ second part ≤ 31).
    MonthFirst,
    /// Spreadsheet serial number, converted (DB-08).
    SpreadsheetSerial,
    /// Had a time of day.
    WithTime,
}

/// Why a text is no date.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum DateError {
    /// Blank.
    #[error("empty")]
    Empty,
    /// No form that we know.
    #[error("not a date")]
    Unreadable,
    /// Day or month that does not exist (31/02, 1988-00-02).
    #[error("no such day")]
    Impossible,
    /// Two-digit year (DB-09).
    #[error("two-digit year")]
    TwoDigitYear,
    /// 1900-01-00, 1900-01-01 from serial 0/1, 1970-01-01 from epoch text (DB-08): no date was there.
    #[error("spreadsheet or computer epoch, not a date")]
    Epoch,
}

impl BirthDate {
    /// Parses `YYYY-MM-DD`, `YYYY-MM`, `YYYY`, `dd/mm/yyyy`, `mm/yyyy` (separators `/`, `-`, `.`), `YYYYMMDD` and spreadsheet serials
    /// of five digits (1927–2173). A time of day is ignored, except that a moment in another zone is first brought to Vietnam time.
    ///
    /// # Errors
    /// What kind of text stands there instead, see [`DateError`]. Nothing is ever rounded to a date that exists.
    ///
    /// ```
    /// use registry::date::{BirthDate, DateError, DateForm, Date};
    /// let day = BirthDate::Day(Date::constant(1984, 5, 3));
    /// assert_eq!(BirthDate::parse("03/05/1984"), Ok((day, DateForm::Plain)));
    /// assert_eq!(BirthDate::parse("30805"), Ok((day, DateForm::SpreadsheetSerial)));
    /// assert_eq!(BirthDate::parse("1984"), Ok((BirthDate::Year(1984), DateForm::Plain)));
    /// assert_eq!(BirthDate::parse("31/02/1984"), Err(DateError::Impossible));
    /// ```
    pub fn parse(text: &str) -> Result<(Self, DateForm), DateError> {
        match read(text)? {
            (Read::Moment(moment), form) => Ok((Self::Day(moment.date()), form)),
            (Read::Month { year, month }, form) => Ok((Self::Month { year, month }, form)),
            (Read::Year(year), form) => Ok((Self::Year(year), form)),
        }
    }
    /// Year of birth.
    pub fn year(self) -> i16 {
        match self {
            Self::Day(date) => date.year(),
            Self::Month { year, .. } | Self::Year(year) => year,
        }
    }
    /// The day, when it is known.
    pub fn day(self) -> Option<Date> {
        if let Self::Day(d) = self {
            Some(d)
        } else {
            None
        }
    }
    /// First day it may be, in days since 1970.
    pub fn earliest(self) -> i32 {
        match self {
            Self::Day(date) => day_number(date),
            Self::Month { year, month } => days_before(year, month),
            Self::Year(year) => days_before(year, 1),
        }
    }
    /// Last day it may be.
    pub fn latest(self) -> i32 {
        match self {
            Self::Day(date) => day_number(date),
            Self::Month { year, month: 12 } | Self::Year(year) => {
                days_before(year.saturating_add(1), 1) - 1
            }
            Self::Month { year, month } => days_before(year, month + 1) - 1,
        }
    }
    /// `1984-05-03`, `1984-05` or `1984`.
    pub fn iso(self) -> String {
        match self {
            Self::Day(date) => date.to_string(),
            Self::Month { year, month } => format!("{year:04}-{month:02}"),
            Self::Year(year) => format!("{year:04}"),
        }
    }
    /// `03/05/1984`, `05/1984` or `1984`, for people.
    pub fn display_vi(self) -> String {
        match self {
            Self::Day(date) => format!("{:02}/{:02}/{:04}", date.day(), date.month(), date.year()),
            Self::Month { year, month } => format!("{month:02}/{year:04}"),
            Self::Year(year) => format!("{year:04}"),
        }
    }
}

/// Days since 1970-01-01.
pub fn day_number(date: Date) -> i32 {
    days_before(date.year(), date.month()) + i32::from(date.day()) - 1
}

/// The date of a day number; `None` outside years 1–9999.
pub fn from_day_number(days: i32) -> Option<Date> {
    let epoch = jiff::civil::date(1970, 1, 1);
    let date = epoch
        .checked_add(jiff::Span::new().try_days(days).ok()?)
        .ok()?;
    (date.year() >= 1).then_some(date)
}

/// Parses a date with optional time of day (Vietnam time), same forms as birth dates but only full days. Without a time it is midnight.
///
/// # Errors
/// As for a birth date; a month or a year alone is [`DateError::Unreadable`].
///
/// ```
/// use registry::date::parse_moment;
/// let (moment, _) = parse_moment("08/03/2021 09:30").unwrap();
/// assert_eq!(moment.to_string(), "2021-03-08T09:30:00");
/// assert!(parse_moment("2021").is_err());
/// ```
pub fn parse_moment(text: &str) -> Result<(DateTime, DateForm), DateError> {
    match read(text)? {
        (Read::Moment(moment), form) => Ok((moment, form)),
        (Read::Month { .. } | Read::Year(_), _) => Err(DateError::Unreadable),
    }
}

/// Day number of the first of a month, by counting days of the proleptic Gregorian calendar (years from March, so that the leap day comes
/// last). Total for every year of an `i16`.
fn days_before(year: i16, month: i8) -> i32 {
    let (year, month) = (i32::from(year), i32::from(month));
    let (march_year, march_month) = if month <= 2 {
        (year - 1, month + 9)
    } else {
        (year, month - 3)
    };
    let leap_days =
        march_year.div_euclid(4) - march_year.div_euclid(100) + march_year.div_euclid(400);
    365 * march_year + leap_days + (153 * march_month + 2) / 5 - 719_468
}

/// What a text says, before it is known what it is for.
enum Read {
    Moment(DateTime),
    Month { year: i16, month: i8 },
    Year(i16),
}

fn read(text: &str) -> Result<(Read, DateForm), DateError> {
    let text = text.trim();
    if text.is_empty() {
        return Err(DateError::Empty);
    }
    if let Some(read) = spreadsheet_serial(text) {
        return read;
    }
    let (date_text, time) = split_time(text)?;
    let (read, form) = read_date(date_text)?;
    let Read::Moment(midnight) = read else {
        return if time.is_some() {
            Err(DateError::Unreadable)
        } else {
            Ok((read, form))
        };
    };
    let day = midnight.date();
    if is_epoch(day, time) {
        return Err(DateError::Epoch);
    }
    let Some(clock) = time else {
        return Ok((read, form));
    };
    let to_vietnam = clock.offset_minutes.map_or(0, |offset| 7 * 60 - offset);
    let moment = day
        .to_datetime(clock.time)
        .checked_add(jiff::Span::new().minutes(to_vietnam))
        .map_err(|_| DateError::Impossible)?;
    let form = if form == DateForm::Plain {
        DateForm::WithTime
    } else {
        form
    };
    Ok((Read::Moment(moment), form))
}

/// Serial days of a spreadsheet (1 = 1900-01-01, with the 29 February 1900 that never was): five digits, perhaps with a fraction of the day.
/// 0 and 1 are an empty cell shown as a date.
fn spreadsheet_serial(text: &str) -> Option<Result<(Read, DateForm), DateError>> {
    if matches!(text, "0" | "1") {
        return Some(Err(DateError::Epoch));
    }
    let (whole, fraction) = text
        .split_once(['.', ','])
        .map_or((text, None), |(whole, fraction)| (whole, Some(fraction)));
    let digits = |t: &str| !t.is_empty() && t.bytes().all(|b| b.is_ascii_digit());
    if whole.len() != 5 || !digits(whole) || !fraction.is_none_or(digits) {
        return None;
    }
    let days = whole.parse::<i32>().ok().filter(|&days| days >= 10_000)?;
    let day = from_day_number(days - 25_569)?;
    let seconds = fraction
        .and_then(|f| format!("0.{f}").parse::<f64>().ok())
        .map_or(0, |part| (part * 86_400.0).round() as i64);
    let moment = day
        .to_datetime(jiff::civil::Time::midnight())
        .checked_add(jiff::Span::new().seconds(seconds.clamp(0, 86_400)))
        .ok()?;
    Some(Ok((Read::Moment(moment), DateForm::SpreadsheetSerial)))
}

/// The first days of the calendars of spreadsheets and computers. Of 1970-01-01 only a moment that is second 0 in UTC or in Vietnam
/// (UTC+7, in the south UTC+8 at that time) counts: the bare day is also what is written for people of whom only the year is known (DB-06).
fn is_epoch(day: Date, time: Option<Clock>) -> bool {
    let ymd = (day.year(), day.month(), day.day());
    match ymd {
        (1899, 12, 30 | 31) | (1900, 1, 1) => true,
        (1970, 1, 1) => time.is_some_and(|clock| {
            matches!(clock.time.hour(), 0 | 7 | 8)
                && clock.time.minute() == 0
                && clock.time.second() == 0
        }),
        _ => false,
    }
}

/// Time of day, and how far its zone is ahead of UTC where that is written.
#[derive(Clone, Copy)]
struct Clock {
    time: jiff::civil::Time,
    offset_minutes: Option<i64>,
}

/// Separates a date from a time of day before or after it ("08:30 03/05/2021", "2021-05-03T08:30:00Z").
fn split_time(text: &str) -> Result<(&str, Option<Clock>), DateError> {
    let Some((first, second)) = text
        .split_once(|c: char| c.is_whitespace() || c == 'T')
        .map(|(first, second)| (first.trim_end_matches(','), second.trim()))
    else {
        return Ok((text, None));
    };
    if first.contains([':', 'h']) {
        let day = second.strip_prefix("ngày ").unwrap_or(second);
        return Ok((day.trim(), Some(clock(first)?)));
    }
    Ok((first, Some(clock(second)?)))
}

fn clock(text: &str) -> Result<Clock, DateError> {
    let (text, half) = ["AM", "SA", "PM", "CH"]
        .iter()
        .find_map(|mark| {
            let at = text.len().checked_sub(2)?;
            text.get(at..)
                .filter(|end| end.eq_ignore_ascii_case(mark))
                .map(|_| (text[..at].trim_end(), Some(matches!(*mark, "PM" | "CH"))))
        })
        .unwrap_or((text, None));
    let (text, offset_minutes) = split_offset(text)?;
    let mut parts = text.splitn(3, [':', 'h']);
    let hour = short(parts.next())?;
    let minute = parts
        .next()
        .filter(|t| !t.is_empty())
        .map_or(Ok(0), |t| short(Some(t)))?;
    let second = parts.next().map_or(Ok(0), |t| {
        short(Some(t.split_once('.').map_or(t, |(whole, _)| whole)))
    })?;
    let hour = match half {
        Some(_) if !(1..=12).contains(&hour) => return Err(DateError::Impossible),
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        None => hour,
    };
    let time =
        jiff::civil::Time::new(hour, minute, second, 0).map_err(|_| DateError::Impossible)?;
    Ok(Clock {
        time,
        offset_minutes,
    })
}

/// `Z`, `+07`, `+07:00` or `+0700` behind a time.
fn split_offset(text: &str) -> Result<(&str, Option<i64>), DateError> {
    if let Some(text) = text.strip_suffix(['Z', 'z']) {
        return Ok((text, Some(0)));
    }
    let Some(at) = text.find(['+', '-']) else {
        return Ok((text, None));
    };
    let (time, zone) = text.split_at(at);
    let sign = if zone.starts_with('-') { -1 } else { 1 };
    let digits: String = zone[1..].chars().filter(|&c| c != ':').collect();
    let offset = match digits.len() {
        2 => short(Some(&digits)).map(|hours| i64::from(hours) * 60),
        4 if digits.is_ascii() => short(Some(&digits[..2]))
            .and_then(|hours| Ok(i64::from(hours) * 60 + i64::from(short(Some(&digits[2..]))?))),
        _ => Err(DateError::Unreadable),
    }?;
    Ok((time.trim_end(), Some(sign * offset)))
}

/// One or two digits.
fn short(text: Option<&str>) -> Result<i8, DateError> {
    let text = text.map(str::trim).unwrap_or_default();
    if !(1..=2).contains(&text.len()) || !text.bytes().all(|b| b.is_ascii_digit()) {
        return Err(DateError::Unreadable);
    }
    text.parse().map_err(|_| DateError::Unreadable)
}

/// A date without time of day, by the number and the lengths of its parts.
fn read_date(text: &str) -> Result<(Read, DateForm), DateError> {
    let mut parts = [""; 3];
    let mut count = 0;
    for part in text.split(['/', '-', '.']) {
        let part = part.trim();
        if part.is_empty() || part.len() > 8 || !part.bytes().all(|b| b.is_ascii_digit()) {
            return Err(DateError::Unreadable);
        }
        *parts.get_mut(count).ok_or(DateError::Unreadable)? = part;
        count += 1;
    }
    let number = |part: &str| part.parse::<i16>().map_err(|_| DateError::Unreadable);
    let plain = |read| Ok((read, DateForm::Plain));
    let [a, b, c] = parts;
    match (count, a.len(), b.len(), c.len()) {
        (1, 4, ..) => plain(Read::Year(year_of(number(a)?)?)),
        (1, 8, ..) if matches!(&a[..2], "18" | "19" | "20" | "21") => plain(moment(
            number(&a[..4])?,
            number(&a[4..6])?,
            number(&a[6..])?,
        )?),
        (2, 4, 1 | 2, _) => plain(month_of(number(a)?, number(b)?)?),
        (2, 1 | 2, 4, _) => plain(month_of(number(b)?, number(a)?)?),
        (3, 4, 1 | 2, 1 | 2) => plain(moment(number(a)?, number(b)?, number(c)?)?),
        (3, 1 | 2, 1 | 2, 4) => day_first(number(a)?, number(b)?, number(c)?),
        (3, 1 | 2, 1 | 2, 2) => Err(DateError::TwoDigitYear),
        _ => Err(DateError::Unreadable),
    }
}

/// Day/month/year, or month/day/year where only that is possible. The day 0 of January 1900 is a spreadsheet's zero.
fn day_first(first: i16, second: i16, year: i16) -> Result<(Read, DateForm), DateError> {
    if (1..=12).contains(&first) && (13..=31).contains(&second) {
        return Ok((moment(year, first, second)?, DateForm::MonthFirst));
    }
    Ok((moment(year, second, first)?, DateForm::Plain))
}

fn moment(year: i16, month: i16, day: i16) -> Result<Read, DateError> {
    if (year, month, day) == (1900, 1, 0) {
        return Err(DateError::Epoch);
    }
    let year = year_of(year)?;
    Date::new(year, month as i8, day as i8)
        .map(|date| Read::Moment(date.to_datetime(jiff::civil::Time::midnight())))
        .map_err(|_| DateError::Impossible)
}

fn month_of(year: i16, month: i16) -> Result<Read, DateError> {
    if !(1..=12).contains(&month) {
        return Err(DateError::Impossible);
    }
    Ok(Read::Month {
        year: year_of(year)?,
        month: month as i8,
    })
}

fn year_of(year: i16) -> Result<i16, DateError> {
    if year >= 1 {
        Ok(year)
    } else {
        Err(DateError::Impossible)
    }
}
