//! Spreadsheets from which communes and facilities work.
//!
//! Dispatch 2262/BYT-CNTT has the commune health station list its permanent residents whose record lacks a number (E1), has a
//! malformed one (E2) or wrong basic data (E3). The hamlet team reviews the list, the commune police compare it with the
//! population register and sign it, the station updates. One spreadsheet goes all that way: what is held and what is suggested
//! are locked, the columns to fill are not, and the record's id and version tell on return whether the row is stale.
//!
//! Everything from outside is written as text, so that numbers keep their leading zeros and nothing that begins with `=` or `+`
//! becomes a formula. The same list gives the same bytes.

mod commune;
mod facility;
mod sheet;

use std::path::{Path, PathBuf};

use registry::date::Date;
use registry::status::ErrorCategory;
use rust_xlsxwriter::XlsxError;

/// Why a list could not be written.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {source}")]
pub struct WorklistError {
    /// The file.
    pub path: PathBuf,
    /// The cause.
    pub source: XlsxError,
}

/// What stands on every list of a job.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stamp {
    /// The day for which the list holds; also the file's creation date.
    pub as_of: Date,
    /// Version of the list, so that a later list of the same commune can be told from this one.
    pub version: String,
}

/// The list of one commune.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CommuneList {
    /// Commune name with its kind ("Xã Tân Thành"); empty when the records name none.
    pub commune: String,
    /// District name with its kind; empty when there is none.
    pub district: String,
    /// Province name with its kind; empty when the records name none.
    pub province: String,
    /// The records, in any order: the list is sorted by hamlet, then name.
    pub rows: Vec<CommuneItem>,
}

/// One record to be cleaned.
#[derive(Debug, Clone, PartialEq)]
pub struct CommuneItem {
    /// Id of the record.
    pub record_id: String,
    /// Version of the record when it was listed.
    pub version: String,
    /// Why it is listed.
    pub category: ErrorCategory,
    /// Hamlet as in the record; empty when it names none.
    pub hamlet: String,
    /// What the record says, as it stands there.
    pub held: Held,
    /// What is wrong, in Vietnamese words.
    pub difference: String,
    /// The person of the register that the record seems to be.
    pub suggestion: Option<Suggestion>,
    /// Why this person, or why nobody, in Vietnamese words.
    pub reason: String,
}

/// What a record says about a person; empty where it says nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Held {
    /// Full name.
    pub full_name: String,
    /// Birth date, as people write it ("03/05/1984").
    pub dob: String,
    /// Sex ("Nam", "Nữ").
    pub sex: String,
    /// CCCD or CMND number.
    pub id_number: String,
    /// Telephone.
    pub phone: String,
}

/// A person of the register: only the fields that the verification compares.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Suggestion {
    /// CCCD number.
    pub id_number: String,
    /// Full name.
    pub full_name: String,
    /// Birth date ("03/05/1984").
    pub dob: String,
    /// Sex ("Nam", "Nữ").
    pub sex: String,
    /// Probability that the record is this person's, 0 to 1.
    pub probability: f64,
}

/// The list of one facility.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FacilityList {
    /// Facility code.
    pub code: String,
    /// Name; empty when the list of facilities does not have it.
    pub name: String,
    /// Findings about the facility itself (heaping, throughput), in Vietnamese words.
    pub findings: Vec<String>,
    /// The doses, in any order: the list is sorted by date, subject, dose.
    pub rows: Vec<FacilityItem>,
}

/// One dose with findings.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct FacilityItem {
    /// Id of the dose.
    pub dose_id: String,
    /// Version of the dose when it was listed.
    pub version: String,
    /// Id of its subject.
    pub subject_id: String,
    /// Full name of the subject; empty for a dose without subject.
    pub subject_name: String,
    /// Date of injection as people write it; empty when unreadable.
    pub injected_on: String,
    /// The same date as `YYYY-MM-DD`, for the order of the list.
    pub injected_on_iso: String,
    /// Vaccine as written.
    pub vaccine: String,
    /// Lot as written.
    pub lot: String,
    /// Declared dose number as written.
    pub dose_number: String,
    /// Highest severity among the findings: `B`, `E` or `W`.
    pub severity: String,
    /// Rule ids and messages in Vietnamese ("VD-04: …").
    pub findings: Vec<String>,
    /// What is proposed, in Vietnamese words; empty without a proposal.
    pub proposal: String,
}

/// Writes the list of a commune.
///
/// # Errors
/// When the file cannot be written; it names the path.
pub fn write_commune(path: &Path, list: &CommuneList, stamp: &Stamp) -> Result<(), WorklistError> {
    commune::workbook(list, stamp)
        .and_then(|mut workbook| workbook.save(path))
        .map_err(failed(path))
}

/// The list of a commune as the bytes of a workbook.
///
/// # Errors
/// When it has more than a workbook can hold.
pub fn commune_workbook(list: &CommuneList, stamp: &Stamp) -> Result<Vec<u8>, WorklistError> {
    commune::workbook(list, stamp)
        .and_then(|mut workbook| workbook.save_to_buffer())
        .map_err(failed(Path::new("danh-sach.xlsx")))
}

/// Writes the list of a facility.
///
/// # Errors
/// When the file cannot be written; it names the path.
pub fn write_facility(
    path: &Path,
    list: &FacilityList,
    stamp: &Stamp,
) -> Result<(), WorklistError> {
    facility::workbook(list, stamp)
        .and_then(|mut workbook| workbook.save(path))
        .map_err(failed(path))
}

fn failed(path: &Path) -> impl FnOnce(XlsxError) -> WorklistError + use<> {
    let path = path.to_owned();
    move |source| WorklistError { path, source }
}
