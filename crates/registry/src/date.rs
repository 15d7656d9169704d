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
    /// Parses `YYYY-MM-DD`, `YYYY-MM`, `YYYY`, `dd/mm/yyyy` (separators `/`, `-`, `.`), `YYYYMMDD`, spreadsheet serials, with a time of day ignored.
    pub fn parse(text: &str) -> Result<(Self, DateForm), DateError> {
        let _ = text;
        todo!()
    }
    /// Year of birth.
    pub fn year(self) -> i16 {
        todo!()
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
        todo!()
    }
    /// Last day it may be.
    pub fn latest(self) -> i32 {
        todo!()
    }
    /// `1984-05-03`, `1984-05` or `1984`.
    pub fn iso(self) -> String {
        todo!()
    }
    /// `03/05/1984`, `05/1984` or `1984`, for people.
    pub fn display_vi(self) -> String {
        todo!()
    }
}

/// Days since 1970-01-01.
pub fn day_number(date: Date) -> i32 {
    let _ = date;
    todo!()
}
/// The date of a day number; `None` outside years 1–9999.
pub fn from_day_number(days: i32) -> Option<Date> {
    let _ = days;
    todo!()
}

/// Parses a date with optional time of day (Vietnam time), same forms as birth dates but only full days.
pub fn parse_moment(text: &str) -> Result<(DateTime, DateForm), DateError> {
    let _ = text;
    todo!()
}
