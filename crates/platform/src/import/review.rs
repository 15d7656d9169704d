//! The preview as a file that people look through before anything is written.
//!
//! JSON lines: a row is one line, so whatever reads lines can filter them, and a row is left out by taking its line away. A line holds no
//! personal data: the row's number and id, what would happen, the revision that this was decided on, and the hash of what the row says.

use std::collections::HashMap;
use std::io::{BufRead, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::Incoming;

/// The version of the format.
const VERSION: u32 = 1;

/// A preview that can't be written or read.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// It can't be written or read at all.
    #[error("the preview can't be written or read: {0}")]
    File(#[from] std::io::Error),
    /// A line that is none of a preview.
    #[error(
        "line {line} of the preview can't be read: {source}; take lines away, but change none, or make the preview anew"
    )]
    Line {
        /// Which, from 1.
        line: u64,
        /// Why.
        source: serde_json::Error,
    },
    /// Another file, or a preview of another version.
    #[error(
        "this is no preview of version {VERSION}: its first line is to say so; make it anew with `--preview FILE`"
    )]
    Foreign,
    /// Two lines about one row.
    #[error(
        "line {line} of the preview is about row {row}, as an earlier line is; take one of them away"
    )]
    Twice {
        /// Which line, from 1.
        line: u64,
        /// Which row.
        row: u64,
    },
}

/// The first line.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    preview: u32,
}

/// What would happen with a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Would {
    /// A record is opened.
    New,
    /// The record changes.
    Update,
    /// The record says so already.
    Nothing,
    /// The row is turned away.
    Reject,
    /// An earlier row has the same id.
    Duplicate,
}

/// What would happen with a row, and on what this was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PreviewRow {
    /// Its number in the file, from 1.
    pub row: u64,
    /// Its id.
    pub id: String,
    /// What would happen.
    pub would: Would,
    /// The revision of the record that was looked at; 0 when there is none.
    #[serde(default)]
    pub read: u64,
    /// SHA-256 of the row as it would be taken in, in hexadecimal.
    #[serde(default)]
    pub content: String,
    /// What would be done to the record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub actions: Vec<String>,
    /// Stable code of the reason, when it would be turned away.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The reason.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

/// A preview that was looked through.
#[derive(Debug, Clone, Default)]
pub struct Reviewed(HashMap<u64, Approved>);

#[derive(Debug, Clone)]
struct Approved {
    would: Would,
    read: u64,
    content: String,
}

impl Reviewed {
    /// Reads the lines that were left.
    ///
    /// # Errors
    /// A file that is no preview, or a line that was changed into none.
    pub fn read(lines: impl BufRead) -> Result<Self, ReviewError> {
        let mut rows = HashMap::new();
        let mut lines = (1..).zip(lines.lines());
        let (_, head) = lines.next().ok_or(ReviewError::Foreign)?;
        match serde_json::from_str(&head?) {
            Ok(Head { preview: VERSION }) => {}
            _ => return Err(ReviewError::Foreign),
        }
        for (line, text) in lines {
            let text = text?;
            if text.trim().is_empty() {
                continue;
            }
            let PreviewRow {
                row,
                would,
                read,
                content,
                ..
            } = serde_json::from_str(&text).map_err(|source| ReviewError::Line { line, source })?;
            if rows
                .insert(
                    row,
                    Approved {
                        would,
                        read,
                        content,
                    },
                )
                .is_some()
            {
                return Err(ReviewError::Twice { line, row });
            }
        }
        Ok(Self(rows))
    }

    /// Why a row is not written: `None` when exactly this was reviewed.
    pub(super) fn objection(
        &self,
        row: &Incoming,
        read: u64,
        would: Would,
    ) -> Option<(&'static str, &'static str)> {
        let Some(approved) = self.0.get(&row.row) else {
            return Some((
                "import.not_reviewed",
                "the reviewed preview has no line for this row",
            ));
        };
        if approved.content != content(row) {
            return Some((
                "import.row_changed",
                "the row says something else than when the preview was made: make the preview anew and look at it again",
            ));
        }
        if (approved.read, approved.would) != (read, would) {
            return Some((
                "import.changed_since_preview",
                "somebody changed the record since the preview was made: make the preview anew and look at this row again",
            ));
        }
        None
    }
}

/// Writes the first line.
pub(super) fn write_head(out: &mut dyn Write) -> Result<(), ReviewError> {
    write_line(out, &Head { preview: VERSION })
}

/// Writes a line.
pub(super) fn write_line(out: &mut dyn Write, line: &impl Serialize) -> Result<(), ReviewError> {
    let text = serde_json::to_string(line).map_err(std::io::Error::from)?;
    Ok(writeln!(out, "{text}")?)
}

/// The hash of what a row says.
pub(super) fn content(row: &Incoming) -> String {
    let mut hash = Sha256::new();
    hash.update(row.id.as_bytes());
    hash.update(b"\n");
    // Texts and numbers always can be written as JSON.
    hash.update(serde_json::to_vec(&row.registration).unwrap_or_default());
    hex::encode(hash.finalize())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(row: u64) -> PreviewRow {
        PreviewRow {
            row,
            id: format!("A{row}"),
            would: Would::Update,
            read: 3,
            content: "c0ffee".into(),
            actions: vec!["contact".into()],
            code: None,
            reason: None,
        }
    }

    fn file(lines: &[PreviewRow]) -> Vec<u8> {
        let mut out = Vec::new();
        write_head(&mut out).expect("writes");
        for line in lines {
            write_line(&mut out, line).expect("writes");
        }
        out
    }

    #[test]
    fn a_preview_reads_back_without_the_lines_that_were_taken_away() {
        let text = String::from_utf8(file(&[line(1), line(2), line(3)])).expect("text");
        let left: Vec<&str> = text
            .lines()
            .filter(|line| !line.contains("\"A2\""))
            .collect();
        let reviewed = Reviewed::read(left.join("\n").as_bytes()).expect("reads");
        let mut rows: Vec<u64> = reviewed.0.into_keys().collect();
        rows.sort_unstable();
        assert_eq!(rows, [1, 3]);
    }

    #[test]
    fn what_is_no_preview_is_refused_with_its_line() {
        let read = |bytes: &[u8]| {
            Reviewed::read(bytes)
                .map(|_| ())
                .map_err(|error| error.to_string())
        };
        assert!(read(b"").is_err_and(|error| error.contains("no preview")));
        assert!(read(b"row,id\n1,A1\n").is_err_and(|error| error.contains("no preview")));
        let mut broken = file(&[line(1)]);
        broken.extend_from_slice(b"{\"row\":2\n");
        assert!(read(&broken).is_err_and(|error| error.contains("line 3")));
        let twice = file(&[line(1), line(1)]);
        assert!(read(&twice).is_err_and(|error| error.contains("line 3")));
    }

    proptest::proptest! {
        #[test]
        fn no_text_makes_the_reader_fail_in_another_way_than_by_an_error(text in "(\\{\"preview\":1\\}\n)?(\\PC|\n){0,80}") {
            drop(Reviewed::read(text.as_bytes()));
        }
    }
}
