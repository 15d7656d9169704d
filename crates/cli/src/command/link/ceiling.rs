//! How much memory a run may use, and what follows from it.

use crate::exit::{Failure, usage};
use crate::measure::peak_rss_bytes;

/// Bytes that the decision takes for a record: its claims, its candidates, its id.
const DECIDED: u64 = 260;
/// Bytes that a record takes while it is searched for: itself and the entries that it meets.
const SEARCHED: u64 = 3_000;
/// Bytes that a row of either file takes in a run without files.
const DIRECT: u64 = 400;
/// Records searched for at a time, at the least and at the most.
const LEAST_PART: u64 = 2_000;
const MOST_PART: u64 = 500_000;
/// What the program takes before it reads anything.
const PROGRAM: u64 = 40 << 20;

/// Reads `2GiB`, `800MB`, `1500000000`.
pub fn size(text: &str) -> Result<u64, String> {
    let text = text.trim();
    let digits = text
        .find(|c: char| !(c.is_ascii_digit() || c == '.'))
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: f64 = number
        .parse()
        .map_err(|_| format!("'{text}' is no size; say 2GiB or 800MB"))?;
    let scale = match unit.trim().to_ascii_lowercase().as_str() {
        "" | "b" => 1.0,
        "kb" => 1e3,
        "mb" => 1e6,
        "gb" => 1e9,
        "k" | "kib" => 1_024.0,
        "m" | "mib" => 1_048_576.0,
        "g" | "gib" => 1_073_741_824.0,
        _ => return Err(format!("'{unit}' is no unit of memory; say 2GiB or 800MB")),
    };
    Ok((number * scale) as u64)
}

/// The most memory that a run may use, in bytes.
#[derive(Clone, Copy)]
pub(super) struct Ceiling(u64);

impl Ceiling {
    /// None means as much as there is.
    pub(super) fn of(memory: Option<u64>) -> Self {
        Self(memory.unwrap_or(u64::MAX))
    }

    /// Whether so many rows of both files fit, without going through files.
    pub(super) fn holds_all(self, rows: u64) -> bool {
        PROGRAM + rows * DIRECT <= self.0
    }

    /// Bytes for sorting the keys of the register, which is in memory.
    pub(super) fn for_keys(self) -> Result<u64, Failure> {
        let used = peak_rss_bytes().unwrap_or_default();
        self.enough(used + (32 << 20), "the register")?;
        Ok((self.0 - used) / 2)
    }

    /// How many of the records may be searched for at a time.
    pub(super) fn part(self, records: u64) -> Result<u64, Failure> {
        let needed = PROGRAM + records * DECIDED;
        self.enough(needed + LEAST_PART * SEARCHED, "these records")?;
        let left = self.0 - needed;
        Ok((left / SEARCHED).clamp(LEAST_PART, MOST_PART))
    }

    fn enough(self, needed: u64, what: &str) -> Result<(), Failure> {
        if self.0 >= needed {
            return Ok(());
        }
        let mib = |bytes: u64| bytes.div_ceil(1 << 20);
        Err(usage(format!(
            "--memory {}MiB is too little for {what}: give at least {}MiB, or divide the file",
            mib(self.0),
            mib(needed)
        )))
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_read_in_the_usual_units() {
        assert_eq!(size("2GiB"), Ok(2 << 30));
        assert_eq!(size("800 MB"), Ok(800_000_000));
        assert_eq!(size("1.5g"), Ok(3 << 29));
        assert_eq!(size("12"), Ok(12));
        assert!(size("much").is_err() && size("3 rooms").is_err());
    }
}
