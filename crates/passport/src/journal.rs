//! Certificates that were issued, as rows of texts, and the journal that a run keeps of them while it goes on.
//!
//! The journal is CSV without a heading. A run may break off at any byte: what stands behind the last whole row is dropped, and never a
//! row before it.
//!
//! ```
//! use passport::journal::{self, Certified};
//!
//! let one = Certified {
//!     subject_id: "A1".into(),
//!     ci: "URN:UVCI:01:VN:5E1AC3".into(),
//!     kid: "0102030405060708".into(),
//!     issued: "2026-11-25T00:00:00Z".parse()?,
//!     expires: "2027-11-25T00:00:00Z".parse()?,
//!     code: "HC1:…".into(),
//!     nationality: None,
//! };
//! let mut text = journal::to_text(std::slice::from_ref(&one));
//! let whole = text.len();
//! text.push_str("A2,URN:UV");
//! assert_eq!(journal::parse(&text)?, (vec![one], whole));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use jiff::Timestamp;

use crate::issue::Issued;

/// The columns, of a table and of the journal.
pub const COLUMNS: [&str; 7] = [
    "subject_id",
    "ci",
    "kid",
    "issued",
    "expires",
    "code",
    "nationality",
];

/// One certificate that was issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Certified {
    /// Whose it is.
    pub subject_id: String,
    /// Its identifier.
    pub ci: String,
    /// Its signer, hexadecimal.
    pub kid: String,
    /// When it was signed.
    pub issued: Timestamp,
    /// Until when it can be used.
    pub expires: Timestamp,
    /// The text of its QR code.
    pub code: String,
    /// As written in the record: it stands on paper and is not in the code.
    pub nationality: Option<String>,
}

/// The text is no journal; somebody else has written into it.
#[derive(Debug, thiserror::Error)]
#[error("row {row} is not of a certificate; put the file back as the run had left it")]
pub struct JournalError {
    /// Counted from 1.
    pub row: usize,
}

impl Certified {
    /// What was issued to a subject.
    pub fn new(subject_id: &str, nationality: Option<&str>, issued: &Issued) -> Self {
        Self {
            subject_id: subject_id.to_owned(),
            ci: issued.id.to_string(),
            kid: hex::encode(issued.kid),
            issued: issued.issued_at,
            expires: issued.expires_at,
            code: issued.code.clone(),
            nationality: nationality.map(str::to_owned),
        }
    }

    /// Reads the texts of [`COLUMNS`]; `None` when a moment in them is none.
    pub fn from_texts(texts: [&str; COLUMNS.len()]) -> Option<Self> {
        let [subject_id, ci, kid, issued, expires, code, nationality] = texts;
        Some(Self {
            subject_id: subject_id.to_owned(),
            ci: ci.to_owned(),
            kid: kid.to_owned(),
            issued: issued.parse().ok()?,
            expires: expires.parse().ok()?,
            code: code.to_owned(),
            nationality: (!nationality.is_empty()).then(|| nationality.to_owned()),
        })
    }

    /// The texts of [`COLUMNS`].
    pub fn texts(&self) -> [String; COLUMNS.len()] {
        [
            self.subject_id.clone(),
            self.ci.clone(),
            self.kid.clone(),
            self.issued.to_string(),
            self.expires.to_string(),
            self.code.clone(),
            self.nationality.clone().unwrap_or_default(),
        ]
    }
}

/// Reads a journal: its certificates, and how many bytes of it are whole rows.
///
/// # Errors
/// [`JournalError`] when a whole row is not of a certificate.
pub fn parse(text: &str) -> Result<(Vec<Certified>, usize), JournalError> {
    let whole = whole_rows(text.as_bytes());
    let rows = text.as_bytes().get(..whole).unwrap_or_default();
    let mut options = csv::ReaderBuilder::new();
    let mut reader = options.has_headers(false).from_reader(rows);
    let records = reader.records().enumerate().map(|(place, record)| {
        let broken = JournalError { row: place + 1 };
        let Ok(record) = record else {
            return Err(broken);
        };
        let texts = std::array::from_fn(|column| record.get(column).unwrap_or_default());
        Certified::from_texts(texts).ok_or(broken)
    });
    Ok((records.collect::<Result<_, _>>()?, whole))
}

/// Where the last whole row ends: a line end within quotes ends none.
fn whole_rows(text: &[u8]) -> usize {
    let (mut quoted, mut whole) = (false, 0);
    for (place, byte) in text.iter().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'\n' if !quoted => whole = place + 1,
            _ => {}
        }
    }
    whole
}

/// The rows of certificates, each with its line end.
///
/// # Panics
/// Never: texts are written into memory.
pub fn to_text(certificates: &[Certified]) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for certified in certificates {
        let written = writer.write_record(certified.texts());
        written.expect("rows of seven texts go into memory");
    }
    let bytes = writer.into_inner().expect("memory takes all");
    String::from_utf8(bytes).expect("made of texts")
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn certified() -> impl Strategy<Value = Certified> {
        let second = -2_000_000_000_i64..4_000_000_000;
        (
            "[A1\", \n\rĐ]{0,6}",
            "[A-Z0-9:#/]{0,9}",
            second,
            "\\PC{0,9}",
        )
            .prop_map(|(subject_id, ci, second, code)| Certified {
                subject_id,
                kid: "00".into(),
                issued: Timestamp::from_second(second).expect("a moment"),
                expires: Timestamp::from_second(second + 1).expect("a moment"),
                nationality: ci.chars().next().map(String::from),
                ci,
                code,
            })
    }

    proptest! {
        #[test]
        fn a_journal_cut_anywhere_keeps_every_row_that_was_whole(
            all in prop::collection::vec(certified(), 0..5),
            cut in any::<prop::sample::Index>(),
        ) {
            let text = to_text(&all);
            prop_assert_eq!(parse(&text).expect("a journal"), (all.clone(), text.len()));
            let mut end = cut.index(text.len() + 1);
            while !text.is_char_boundary(end) {
                end -= 1;
            }
            let ends: Vec<_> = (0..=all.len()).map(|rows| to_text(&all[..rows]).len()).collect();
            let rows = ends.iter().filter(|whole| **whole <= end).count() - 1;
            let read = parse(&text[..end]).expect("a journal");
            prop_assert_eq!(read, (all[..rows].to_vec(), ends[rows]));
        }

        #[test]
        fn no_text_breaks_the_reader(text in "\\PC{0,60}|[\",\n0-9TZ:-]{0,60}") {
            let _ = parse(&text);
        }
    }

    #[test]
    fn a_row_of_something_else_is_named() {
        assert_eq!(parse("a,b\nc").unwrap_err().row, 1);
        assert_eq!(parse("").unwrap(), (vec![], 0));
    }
}
