//! `--map FILE.toml`: columns and layout as the user names them, where the file does not say it itself.
//!
//! ```toml
//! header_row = 5
//! sheet = "Danh sách"        # XLSX
//! delimiter = ";"            # CSV
//! encoding = "windows-1258"  # CSV
//!
//! [columns]
//! full_name = "Họ và tên đệm"
//! id_number = ["CCCD mới", "CMND"]   # the first one that is not blank
//! email = []                          # this file has none
//! ```

use std::collections::BTreeMap;
use std::path::Path;

use serde::Deserialize;

use crate::{Encoding, IntakeError};

/// What a `--map` file says. A field that is not named is matched by its heading as usual.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnMap {
    /// Canonical heading → headings of the file, the preferred one first; none: the file does not hold this field.
    pub columns: BTreeMap<String, Vec<String>>,
    /// Delimiter of a CSV file.
    pub delimiter: Option<char>,
    /// Encoding of a CSV file.
    pub encoding: Option<Encoding>,
    /// Sheet of a workbook.
    pub sheet: Option<String>,
    /// Row of the headings, as a person counts it (from 1).
    pub header_row: Option<u64>,
    /// The file that said so, for messages.
    pub file: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Raw {
    #[serde(default)]
    columns: BTreeMap<String, Names>,
    delimiter: Option<String>,
    encoding: Option<String>,
    sheet: Option<String>,
    header_row: Option<u64>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Names {
    One(String),
    Several(Vec<String>),
}

impl ColumnMap {
    /// Reads a map file.
    ///
    /// # Errors
    /// `Io` when it can't be read, `Map` when it does not say what a map can say.
    pub fn load(path: &Path) -> Result<Self, IntakeError> {
        let name = path.display().to_string();
        let text = std::fs::read_to_string(path).map_err(IntakeError::io(&name))?;
        Self::parse(&name, &text)
    }

    /// Reads the text of a map file; `name` is what messages call it.
    ///
    /// # Errors
    /// `Map` when it does not say what a map can say.
    pub fn parse(name: &str, text: &str) -> Result<Self, IntakeError> {
        let raw: Raw = toml::from_str(text).map_err(|error| IntakeError::Map {
            file: name.to_owned(),
            problem: format!("{error}Known keys: columns, delimiter, encoding, sheet, header_row"),
            problem_vi: format!(
                "nội dung không hợp lệ: {error}Các khóa được dùng: columns, delimiter, encoding, sheet, header_row"
            ),
        })?;
        let names = |names| match names {
            Names::One(name) if name.trim().is_empty() => Vec::new(),
            Names::One(name) => vec![name],
            Names::Several(names) => names,
        };
        Ok(Self {
            columns: raw
                .columns
                .into_iter()
                .map(|(field, said)| (field, names(said)))
                .collect(),
            delimiter: raw
                .delimiter
                .map(|text| delimiter(name, &text))
                .transpose()?,
            encoding: raw.encoding.map(|text| encoding(name, &text)).transpose()?,
            sheet: raw.sheet,
            header_row: raw
                .header_row
                .map(|row| header_row(name, row))
                .transpose()?,
            file: name.to_owned(),
        })
    }
}

fn delimiter(file: &str, text: &str) -> Result<char, IntakeError> {
    match text {
        "tab" | "\\t" | "\t" => return Ok('\t'),
        _ => {}
    }
    let mut chars = text.chars();
    match (chars.next(), chars.next()) {
        (Some(c), None)
            if c.is_ascii()
                && !c.is_ascii_alphanumeric()
                && !matches!(c, '"' | '\r' | '\n' | '\0') =>
        {
            Ok(c)
        }
        _ => Err(IntakeError::Map {
            file: file.to_owned(),
            problem: format!(
                "delimiter = \"{text}\" is none; give one character such as , ; | or \"tab\""
            ),
            problem_vi: format!(
                "delimiter = \"{text}\" không hợp lệ; hãy ghi một ký tự như , ; | hoặc \"tab\""
            ),
        }),
    }
}

fn encoding(file: &str, text: &str) -> Result<Encoding, IntakeError> {
    Encoding::parse(text).ok_or_else(|| IntakeError::Map {
        file: file.to_owned(),
        problem: format!(
            "encoding = \"{text}\" is not known; give utf-8, utf-16le, utf-16be, windows-1258 or windows-1252"
        ),
        problem_vi: format!(
            "không biết bảng mã encoding = \"{text}\"; hãy ghi utf-8, utf-16le, utf-16be, windows-1258 hoặc windows-1252"
        ),
    })
}

fn header_row(file: &str, row: u64) -> Result<u64, IntakeError> {
    if row > 0 {
        return Ok(row);
    }
    Err(IntakeError::Map {
        file: file.to_owned(),
        problem: "header_row = 0: rows are counted from 1".into(),
        problem_vi: "header_row = 0: các dòng được đếm từ 1".into(),
    })
}
