use proptest::prelude::*;
use registry::date::{
    BirthDate, Date, DateError, DateForm, day_number, from_day_number, parse_moment,
};

#[test]
fn birth_dates_are_read_in_every_form_with_their_precision() {
    let day = |iso: &str| Ok(iso.to_owned());
    for (text, iso, form) in [
        ("1984-05-03", day("1984-05-03"), DateForm::Plain),
        ("03/05/1984", day("1984-05-03"), DateForm::Plain),
        ("3-5-1984", day("1984-05-03"), DateForm::Plain),
        ("03.05.1984", day("1984-05-03"), DateForm::Plain),
        ("19840503", day("1984-05-03"), DateForm::Plain),
        ("05/31/1984", day("1984-05-31"), DateForm::MonthFirst),
        ("30805", day("1984-05-03"), DateForm::SpreadsheetSerial),
        ("30805.5", day("1984-05-03"), DateForm::SpreadsheetSerial),
        ("03/05/1984 00:00:00", day("1984-05-03"), DateForm::WithTime),
        ("1984-05-03T00:00:00", day("1984-05-03"), DateForm::WithTime),
        (
            "1984-05-02T17:00:00.000Z",
            day("1984-05-03"),
            DateForm::WithTime,
        ),
        ("1984", day("1984"), DateForm::Plain),
        ("05/1984", day("1984-05"), DateForm::Plain),
        ("1984-05", day("1984-05"), DateForm::Plain),
        ("1970-01-01", day("1970-01-01"), DateForm::Plain),
        ("29/02/2000", day("2000-02-29"), DateForm::Plain),
    ] {
        let read = BirthDate::parse(text).map(|(date, form)| (date.iso(), form));
        assert_eq!(read, iso.map(|iso| (iso, form)), "{text}");
    }
}

#[test]
fn what_is_no_date_says_why() {
    for (text, error) in [
        ("  ", DateError::Empty),
        ("31/02/1988", DateError::Impossible),
        ("1988-00-02", DateError::Impossible),
        ("2021-09-99", DateError::Impossible),
        ("29/02/1900", DateError::Impossible),
        ("13/13/1984", DateError::Impossible),
        ("0000", DateError::Impossible),
        ("03/05/84", DateError::TwoDigitYear),
        ("1900-01-00", DateError::Epoch),
        ("00/01/1900", DateError::Epoch),
        ("1900-01-01", DateError::Epoch),
        ("0", DateError::Epoch),
        ("1970-01-01T00:00:00Z", DateError::Epoch),
        ("01/01/1970 07:00:00", DateError::Epoch),
        ("hôm qua", DateError::Unreadable),
        ("1984-05-", DateError::Unreadable),
        ("1984 10:00", DateError::Unreadable),
        ("03/05/1984 25:00", DateError::Impossible),
    ] {
        assert_eq!(BirthDate::parse(text), Err(error), "{text}");
    }
}

#[test]
fn moments_are_read_in_vietnam_time() {
    for (text, moment) in [
        ("2021-08-15 09:30:15", "2021-08-15T09:30:15"),
        ("15/08/2021 09:30", "2021-08-15T09:30:00"),
        ("15/08/2021 2:05 PM", "2021-08-15T14:05:00"),
        ("15/08/2021 12:05 SA", "2021-08-15T00:05:00"),
        ("09:30 15/08/2021", "2021-08-15T09:30:00"),
        ("09h30 ngày 15/08/2021", "2021-08-15T09:30:00"),
        ("2021-08-15T09:30:00Z", "2021-08-15T16:30:00"),
        ("2021-08-15T09:30:00+07:00", "2021-08-15T09:30:00"),
        ("15/08/2021", "2021-08-15T00:00:00"),
        ("44423.5", "2021-08-15T12:00:00"),
    ] {
        let read = parse_moment(text).map(|(moment, _)| moment.to_string());
        assert_eq!(read.as_deref(), Ok(moment), "{text}");
    }
}

#[test]
fn a_partial_date_covers_its_month_or_year() {
    let range = |text: &str| {
        let (date, _) = BirthDate::parse(text).unwrap();
        [date.earliest(), date.latest()].map(|day| from_day_number(day).unwrap().to_string())
    };
    assert_eq!(range("2024-02"), ["2024-02-01", "2024-02-29"]);
    assert_eq!(range("1984"), ["1984-01-01", "1984-12-31"]);
    assert_eq!(range("12/1984"), ["1984-12-01", "1984-12-31"]);
}

proptest! {
    #[test]
    fn no_text_stops_the_readers(text in "\\PC*", near in "[0-9TZ/:. +-]{0,24}") {
        for text in [&text, &near] {
            if let Ok((date, _)) = BirthDate::parse(text) {
                prop_assert!(date.earliest() <= date.latest());
                prop_assert_eq!(BirthDate::parse(&date.iso()).map(|read| read.0), Ok(date));
                prop_assert_eq!(BirthDate::parse(&date.display_vi()).map(|read| read.0), Ok(date));
            }
            let _ = parse_moment(text);
        }
    }

    #[test]
    fn day_numbers_count_as_the_calendar_does(days in -719_162..=2_932_896i32) {
        let date = from_day_number(days).unwrap();
        prop_assert_eq!(day_number(date), days);
        let epoch = Date::constant(1970, 1, 1);
        let until = date.duration_since(epoch).as_hours() / 24;
        prop_assert_eq!(until, i64::from(days));
    }
}
