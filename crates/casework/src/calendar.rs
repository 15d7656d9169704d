//! Days in Vietnam (UTC+7, no summer time): what the documents mean by a day.

use jiff::Timestamp;
use jiff::civil::{Date, Time};
use jiff::tz::{Offset, offset};

const VIETNAM: Offset = offset(7);

/// The day in Vietnam at a moment.
pub fn day_in_vietnam(at: Timestamp) -> Date {
    VIETNAM.to_datetime(at).date()
}

/// The first moment of a day in Vietnam; the end of time for a day that no clock can reach.
pub(crate) fn first_moment(day: Date) -> Timestamp {
    VIETNAM
        .to_timestamp(day.to_datetime(Time::midnight()))
        .unwrap_or(Timestamp::MAX)
}
