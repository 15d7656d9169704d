//! `certificates.parquet`, and the journal that it is made from.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;

use arrow_array::{ArrayRef, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use intake::{TableWriter, Wanted};
use jiff::Timestamp;
use passport::issue::Issued;

use super::records::rows;
use crate::exit::{Blame, Failure, usage};

/// The columns, of the table and the journal.
const COLUMNS: [&str; 7] = [
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
pub(super) struct Certified {
    pub(super) subject_id: String,
    pub(super) ci: String,
    /// Hexadecimal.
    pub(super) kid: String,
    pub(super) issued: Timestamp,
    pub(super) expires: Timestamp,
    pub(super) code: String,
    /// As written in the record: it stands on paper and is not in the code.
    pub(super) nationality: Option<String>,
}

impl Certified {
    pub(super) fn new(subject_id: &str, nationality: Option<&str>, issued: &Issued) -> Self {
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

    fn from_texts(texts: [&str; 7]) -> Option<Self> {
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

    fn texts(&self) -> [String; 7] {
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

/// Reads a table of certificates.
pub(super) fn read(path: &Path) -> Result<Vec<Certified>, Failure> {
    let mut all = Vec::new();
    let mut broken = false;
    rows(
        path,
        Wanted::AsInFile,
        COLUMNS,
        |texts| match Certified::from_texts(texts.map(Option::unwrap_or_default)) {
            Some(certified) => all.push(certified),
            None => broken = true,
        },
    )?;
    if broken {
        return Err(usage(format!(
            "{}: not a table of certificates as `passport issue` writes it",
            path.display()
        )));
    }
    Ok(all)
}

/// Writes a table of certificates, whole or not at all.
pub(super) fn write(path: &Path, all: &[Certified]) -> Result<(), Failure> {
    let fields: Vec<_> = COLUMNS
        .iter()
        .map(|name| Field::new(*name, DataType::Utf8, false))
        .collect();
    let schema = Arc::new(Schema::new(fields));
    let texts: Vec<_> = all.iter().map(Certified::texts).collect();
    let columns: Vec<ArrayRef> = (0..COLUMNS.len())
        .map(|column| -> ArrayRef {
            let values = texts.iter().map(|row| row.get(column));
            Arc::new(values.collect::<StringArray>())
        })
        .collect();
    let mut writer = TableWriter::create(path, schema.clone()).or_usage()?;
    writer
        .write(&RecordBatch::try_new(schema, columns).or_fault()?)
        .or_usage()?;
    writer.finish().or_usage()
}

/// What has been signed so far. A certificate is in it before anybody can see it, so that none is made twice.
pub(super) struct Journal {
    file: File,
    name: String,
}

impl Journal {
    /// Opens the journal and gives what an earlier run left in it. A last line that was not written to its end is dropped: what it said had
    /// not left the house.
    pub(super) fn open(path: &Path) -> Result<(Self, Vec<Certified>), Failure> {
        let name = path.display().to_string();
        let failed = |error: std::io::Error| usage(format!("{name}: {error}"));
        let mut options = OpenOptions::new();
        let mut file = options
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(failed)?;
        let mut text = String::new();
        file.read_to_string(&mut text).map_err(failed)?;
        let whole = text.rfind('\n').map_or(0, |end| end + 1);
        text.truncate(whole);
        file.set_len(whole as u64).map_err(failed)?;
        let mut reader = csv::ReaderBuilder::new();
        let mut reader = reader.has_headers(false).from_reader(text.as_bytes());
        let mut earlier = Vec::new();
        for record in reader.records() {
            let record = record.or_usage()?;
            let texts = std::array::from_fn(|column| record.get(column).unwrap_or_default());
            let certified = Certified::from_texts(texts);
            earlier.push(certified.ok_or_else(|| usage(format!("{name}: damaged")))?);
        }
        Ok((Self { file, name }, earlier))
    }

    /// Adds certificates; they are on the disk when it returns.
    pub(super) fn add(&mut self, new: &[Certified]) -> Result<(), Failure> {
        let mut writer = csv::Writer::from_writer(Vec::new());
        for certified in new {
            writer.write_record(certified.texts()).or_fault()?;
        }
        let bytes = writer.into_inner().or_fault()?;
        let written = self
            .file
            .write_all(&bytes)
            .and_then(|()| self.file.sync_data());
        written.map_err(|error| usage(format!("cannot write {}: {error}", self.name)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_that_was_not_written_to_its_end_is_dropped() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("journal");
        let one = Certified {
            subject_id: "A,1".into(),
            ci: "URN:UVCI:01:VN:1".into(),
            kid: "00".into(),
            issued: Timestamp::UNIX_EPOCH,
            expires: Timestamp::UNIX_EPOCH,
            code: "HC1:A ".into(),
            nationality: Some("VN".into()),
        };
        let (mut journal, earlier) = Journal::open(&path).unwrap();
        assert_eq!(earlier, []);
        journal.add(std::slice::from_ref(&one)).unwrap();
        journal.file.write_all(b"A2,URN:UV").unwrap();
        let (mut journal, earlier) = Journal::open(&path).unwrap();
        assert_eq!(earlier, std::slice::from_ref(&one));
        journal.add(std::slice::from_ref(&one)).unwrap();
        assert_eq!(Journal::open(&path).unwrap().1, [one.clone(), one]);
    }
}
