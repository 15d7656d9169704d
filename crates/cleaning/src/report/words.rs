//! Numbers, dates and words as each language writes them.

use minijinja::value::Value;
use minijinja::{Environment, Error, ErrorKind};
use std::fmt::Write as _;

/// A language of the report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Language {
    /// Vietnamese.
    Vi,
    /// English.
    En,
}

impl Language {
    fn choose<T>(self, vi: T, en: T) -> T {
        match self {
            Self::Vi => vi,
            Self::En => en,
        }
    }
}

/// Gives a template the words of a language: `lang`, `t`, `num`, `pct`, `day`, `severity`, `role`; and `width`, `path`,
/// `masked`, which are the same in both.
pub(super) fn teach(page: &mut Environment<'_>, language: Language) {
    page.add_global("lang", language.choose("vi", "en"));
    page.add_function("t", move |vi: &str, en: &str| {
        language.choose(vi, en).to_owned()
    });
    page.add_filter("num", move |value: u64| {
        Value::from_safe_string(number(language, value))
    });
    page.add_function("pct", move |part: u64, whole: u64| {
        percent(language, part, whole)
    });
    page.add_filter("day", move |iso: &str| day(language, iso));
    page.add_function("severity", move |code: &str| severity(language, code));
    page.add_function("role", move |role: &str| role_name(language, role));
    page.add_function("width", width);
    page.add_filter("path", path);
    page.add_filter("masked", masked);
}

/// `1.240` or `1,240`.
fn number(language: Language, value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() + digits.len() / 3);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push(language.choose('.', ','));
        }
        text.push(digit);
    }
    text
}

/// `70,4 %` or `70.4%`. Never 0 for something, never 100 for less than all.
fn percent(language: Language, part: u64, whole: u64) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    let tenths = (u128::from(part) * 2000 + u128::from(whole)) / (2 * u128::from(whole));
    let (sign, tenths) = match tenths {
        0 if part > 0 => ("< ", 1),
        1000 if part < whole => ("> ", 999),
        tenths => ("", tenths),
    };
    let (point, unit) = language.choose((',', "\u{a0}%"), ('.', "%"));
    format!("{sign}{}{point}{}{unit}", tenths / 10, tenths % 10)
}

/// Width of a bar in percent, for a style sheet.
fn width(part: u64, whole: u64) -> String {
    let hundredths = u128::from(part.min(whole)) * 10_000 / u128::from(whole.max(1));
    format!("{}.{:02}", hundredths / 100, hundredths % 100)
}

/// `04/05/2022` or `4 May 2022`; anything but `YYYY-MM-DD` is shown as it is.
fn day(language: Language, iso: &str) -> String {
    const MONTHS: [&str; 12] = [
        "January",
        "February",
        "March",
        "April",
        "May",
        "June",
        "July",
        "August",
        "September",
        "October",
        "November",
        "December",
    ];
    let Ok(date) = iso.parse::<registry::date::Date>() else {
        return iso.to_owned();
    };
    let month = usize::from(date.month().unsigned_abs());
    match (language, MONTHS.get(month.wrapping_sub(1))) {
        (Language::En, Some(name)) => format!("{} {name} {}", date.day(), date.year()),
        _ => format!("{:02}/{month:02}/{}", date.day(), date.year()),
    }
}

fn severity(language: Language, code: &str) -> Result<&'static str, Error> {
    Ok(match code {
        "B" => language.choose("B · chặn", "B · block"),
        "E" => language.choose("E · lỗi", "E · error"),
        "W" => language.choose("W · cảnh báo", "W · warning"),
        "I" => language.choose("I · thông tin", "I · information"),
        other => return Err(unknown("severity", other)),
    })
}

fn role_name(language: Language, role: &str) -> Result<&'static str, Error> {
    Ok(match role {
        "subjects" => language.choose("Đối tượng tiêm chủng", "Vaccination subjects"),
        "register" => language.choose(
            "Tệp trích CSDLQG về dân cư",
            "Extract of the population register",
        ),
        "doses" => language.choose("Mũi tiêm", "Doses"),
        "facilities" => language.choose("Cơ sở tiêm chủng", "Facilities"),
        "lots" => language.choose("Lô vắc xin", "Vaccine lots"),
        other => return Err(unknown("role", other)),
    })
}

fn unknown(what: &str, value: &str) -> Error {
    Error::new(
        ErrorKind::InvalidOperation,
        format!("no such {what}: {value}"),
    )
}

/// A relative path as a link: whatever would end or change it is escaped.
fn path(path: &str) -> String {
    let mut link = String::with_capacity(path.len());
    for byte in path.bytes() {
        match byte {
            b'0'..=b'9' | b'A'..=b'Z' | b'a'..=b'z' | b'/' | b'-' | b'_' | b'.' | b'~' => {
                link.push(char::from(byte));
            }
            other => {
                let _ = write!(link, "%{other:02X}");
            }
        }
    }
    link
}

/// Examples come masked; should a number of nine or more digits slip through, its middle is hidden here.
fn masked(text: &str) -> String {
    let letters: Vec<char> = text.chars().collect();
    let mut shown = String::with_capacity(text.len());
    for run in letters.chunk_by(|a, b| a.is_ascii_digit() == b.is_ascii_digit()) {
        let hidden = run.len() >= 9 && run.iter().all(char::is_ascii_digit);
        let last = run.len().saturating_sub(2);
        shown.extend(run.iter().enumerate().map(|(place, letter)| {
            if hidden && (3..last).contains(&place) {
                '*'
            } else {
                *letter
            }
        }));
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_grouped_as_each_language_does() {
        for (value, vi, en) in [
            (0, "0", "0"),
            (999, "999", "999"),
            (1_240, "1.240", "1,240"),
            (82_299_012, "82.299.012", "82,299,012"),
        ] {
            assert_eq!(number(Language::Vi, value), vi);
            assert_eq!(number(Language::En, value), en);
        }
    }

    #[test]
    fn a_share_never_hides_the_few_that_are_missing() {
        for (part, whole, vi, en) in [
            (704, 1000, "70,4\u{a0}%", "70.4%"),
            (0, 5, "0,0\u{a0}%", "0.0%"),
            (1, 100_000, "< 0,1\u{a0}%", "< 0.1%"),
            (99_999, 100_000, "> 99,9\u{a0}%", "> 99.9%"),
            (7, 7, "100,0\u{a0}%", "100.0%"),
            (1, 0, "–", "–"),
        ] {
            assert_eq!(percent(Language::Vi, part, whole), vi);
            assert_eq!(percent(Language::En, part, whole), en);
        }
    }

    #[test]
    fn dates_are_written_as_people_do() {
        assert_eq!(day(Language::Vi, "2022-05-04"), "04/05/2022");
        assert_eq!(day(Language::En, "2022-05-04"), "4 May 2022");
        assert_eq!(day(Language::En, "soon"), "soon");
    }

    #[test]
    fn a_long_number_is_hidden_and_a_date_is_not() {
        assert_eq!(masked("số 001084000123"), "số 001*******23");
        assert_eq!(masked("0912345678"), "091*****78");
        assert_eq!(masked("03/05/1984"), "03/05/1984");
    }

    #[test]
    fn a_path_cannot_leave_its_attribute() {
        assert_eq!(
            path("worklists/Xã 1\"x.xlsx"),
            "worklists/X%C3%A3%201%22x.xlsx"
        );
    }
}
