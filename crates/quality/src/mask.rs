//! Masking: what a report may show of a value.

use std::borrow::Cow;

/// Masks a value of a field with this canonical heading. Values that do not tell who the person is stay as they are.
///
/// Numbers keep their first three and last two characters, names the first letter of each word, birth dates their year, e-mail addresses
/// their first letter; addresses are not shown at all.
pub fn mask<'a>(field: &str, value: &'a str) -> Cow<'a, str> {
    match field {
        "id_number" | "old_id_number" | "successor_id" | "guardian_id" | "bhyt" | "phone" => {
            Cow::Owned(ends(value))
        }
        "full_name" | "guardian_name" | "vaccinator" => Cow::Owned(initials(value)),
        "dob" => Cow::Owned(year_only(value)),
        "email" | "address" | "hamlet" => Cow::Owned(first_letter(value)),
        _ => Cow::Borrowed(value),
    }
}

fn ends(value: &str) -> String {
    let length = value.chars().count();
    let (head, tail) = match length {
        0..=5 => (0, 0),
        6..=8 => (1, 1),
        _ => (3, 2),
    };
    value
        .chars()
        .enumerate()
        .map(|(i, c)| {
            if i < head || i + tail >= length {
                c
            } else {
                '*'
            }
        })
        .collect()
}

fn initials(value: &str) -> String {
    let mut inside = false;
    value
        .chars()
        .map(|c| {
            let shown = !c.is_alphanumeric() || !inside;
            inside = c.is_alphanumeric();
            if shown { c } else { '*' }
        })
        .collect()
}

/// Digits are masked except a group of four that can be a year; all of them when none stands alone.
fn year_only(value: &str) -> String {
    let mut out = String::with_capacity(value.len());
    let mut group = String::new();
    for c in value.chars().chain(std::iter::once(' ')) {
        if c.is_ascii_digit() {
            group.push(c);
            continue;
        }
        match group.len() {
            4 => out.push_str(&group),
            n => out.extend(std::iter::repeat_n('*', n)),
        }
        group.clear();
        out.push(c);
    }
    out.pop();
    out
}

fn first_letter(value: &str) -> String {
    value.chars().take(1).chain("***".chars()).collect()
}

#[cfg(test)]
mod tests {
    use super::mask;

    #[test]
    fn what_tells_who_the_person_is_is_masked() {
        for (field, value, shown) in [
            ("id_number", "079201000123", "079*******23"),
            ("id_number", "12345", "*****"),
            ("phone", "0912345678", "091*****78"),
            ("full_name", "Đặng Thị Hoa", "Đ*** T** H**"),
            ("dob", "12/03/1975", "**/**/1975"),
            ("dob", "1975-03-12", "1975-**-**"),
            ("dob", "27465", "*****"),
            ("email", "hoa@example.vn", "h***"),
            ("lot", "FF8841", "FF8841"),
        ] {
            assert_eq!(mask(field, value), shown, "{field}");
        }
    }
}
