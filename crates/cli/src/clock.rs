//! The clock, and moments on the command line.

use jiff::Timestamp;

/// Now, in whole seconds: certificates and signatures know nothing finer.
#[expect(
    clippy::disallowed_methods,
    reason = "the binary reads the clock, and hands the moment on"
)]
pub fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_second(now.as_second()).unwrap_or(now)
}

/// A moment as RFC 3339 text, or a date, which stands for its first moment in UTC.
pub fn moment(text: &str) -> Result<Timestamp, String> {
    let whole = match text.len() {
        10 => format!("{text}T00:00:00Z"),
        _ => text.to_owned(),
    };
    whole
        .parse()
        .map_err(|_| "give a date (2026-11-25) or a moment (2026-11-25T08:30:00Z)".to_owned())
}

#[cfg(test)]
mod tests {
    use super::moment;

    #[test]
    fn a_date_is_its_first_moment_and_anything_else_needs_a_zone() {
        let text = |of: &str| moment(of).map(|of| of.to_string());
        assert_eq!(text("2026-11-25"), Ok("2026-11-25T00:00:00Z".to_owned()));
        assert_eq!(
            text("2026-11-25T07:00:00+07:00"),
            Ok("2026-11-25T00:00:00Z".to_owned())
        );
        for wrong in ["2026-11-25T07:00:00", "2026-02-30", "25/11/2026", ""] {
            assert!(text(wrong).is_err(), "{wrong}");
        }
    }
}
