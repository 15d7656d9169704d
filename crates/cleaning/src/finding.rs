//! `findings.parquet`: every finding of every rule, with its message in both languages.

use std::path::Path;
use std::sync::Arc;

use arrow_array::builder::{
    BooleanBuilder, StringBuilder, StringDictionaryBuilder, UInt16Builder, UInt32Builder,
    UInt64Builder,
};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int16Type, UInt32Type};
use arrow_array::{Array, ArrayRef, BooleanArray, RecordBatch, StringArray};
use arrow_schema::{DataType, Field, Schema};
use quality::{Catalogue, Finding, Other, RuleId, Severity};
use registry::text::Lang;

use crate::CleanError;
use crate::files::{self, ParquetFile};
use crate::table::BATCH_ROWS;

/// What a finding is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum RecordKind {
    /// A subject's record.
    Subject,
    /// A dose.
    Dose,
    /// A facility as a whole.
    Facility,
}

impl RecordKind {
    /// The word that files carry.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Subject => "subject",
            Self::Dose => "dose",
            Self::Facility => "facility",
        }
    }

    fn parse(text: &str) -> Option<Self> {
        [Self::Subject, Self::Dose, Self::Facility]
            .into_iter()
            .find(|kind| kind.as_str() == text)
    }
}

/// A finding and the record that it is about.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Located {
    /// Kind of record.
    pub kind: RecordKind,
    /// Position among the accepted rows; 0 for a facility.
    pub index: u32,
    /// Row number in the source file; 0 for a facility.
    pub row: u64,
    /// Id of the record, or code of the facility.
    pub record_id: String,
    /// What was found.
    pub finding: Finding,
}

/// A finding as it is read back.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct FindingRow<'a> {
    /// Kind of record.
    pub kind: RecordKind,
    /// Position among the accepted rows.
    pub index: u32,
    /// Id of the record, or code of the facility.
    pub record_id: &'a str,
    /// Rule.
    pub rule: RuleId,
    /// Severity at the time of the check.
    pub severity: Severity,
    /// Field at fault.
    pub field: &'a str,
    /// Offending value.
    pub value: &'a str,
    /// What it was held against.
    pub other: Option<&'a str>,
    /// `other` is as confidential as the value.
    pub other_is_value: bool,
    /// Field and value of the proposal.
    pub fix: Option<(&'a str, &'a str)>,
    /// Message in Vietnamese, unmasked.
    pub message_vi: &'a str,
}

impl FindingRow<'_> {
    /// True for a finding that somebody has to act on.
    pub(crate) fn is_open(&self) -> bool {
        is_open(self.severity)
    }
}

/// True for B, E and W; statistics, hints and vetoes ask nobody to correct a field.
pub(crate) fn is_open(severity: Severity) -> bool {
    matches!(
        severity,
        Severity::Block | Severity::Error | Severity::Warning
    )
}

fn schema() -> Schema {
    let word = |name| {
        let kind = DataType::Dictionary(Box::new(DataType::Int16), Box::new(DataType::Utf8));
        Field::new(name, kind, true)
    };
    let text = |name| Field::new(name, DataType::Utf8, true);
    Schema::new(vec![
        word("record"),
        text("record_id"),
        Field::new("row", DataType::UInt64, false),
        Field::new("record_index", DataType::UInt32, false),
        word("rule"),
        Field::new("rule_version", DataType::UInt16, false),
        word("severity"),
        word("field"),
        text("value"),
        text("other"),
        Field::new("other_is_value", DataType::Boolean, false),
        word("fix_field"),
        text("fix_value"),
        text("message_vi"),
        text("message_en"),
    ])
}

/// Writes findings batch by batch.
pub(crate) struct FindingWriter<'a> {
    file: ParquetFile,
    catalogue: &'a Catalogue,
}

impl<'a> FindingWriter<'a> {
    /// Starts the file.
    pub(crate) fn create(path: &Path, catalogue: &'a Catalogue) -> Result<Self, CleanError> {
        Ok(Self {
            file: ParquetFile::create(path, schema())?,
            catalogue,
        })
    }

    /// Appends findings.
    pub(crate) fn write(&mut self, found: &[Located]) -> Result<(), CleanError> {
        if found.is_empty() {
            Ok(())
        } else {
            self.file.write(columns(found, self.catalogue))
        }
    }

    /// Finishes the file.
    pub(crate) fn finish(self) -> Result<(), CleanError> {
        self.file.finish()
    }
}

fn columns(found: &[Located], catalogue: &Catalogue) -> Vec<ArrayRef> {
    let word = |get: &dyn Fn(&Located) -> Option<&str>| -> ArrayRef {
        let mut column = StringDictionaryBuilder::<Int16Type>::new();
        column.extend(found.iter().map(get));
        Arc::new(column.finish())
    };
    let text = |get: &dyn Fn(&Located) -> Option<&str>| -> ArrayRef {
        let mut column = StringBuilder::with_capacity(found.len(), found.len() * 12);
        column.extend(found.iter().map(get));
        Arc::new(column.finish())
    };
    let message = |lang| -> ArrayRef {
        let mut column = StringBuilder::with_capacity(found.len(), found.len() * 64);
        for located in found {
            column.append_value(located.finding.message(catalogue, lang));
        }
        Arc::new(column.finish())
    };
    let mut rows = UInt64Builder::with_capacity(found.len());
    let mut indices = UInt32Builder::with_capacity(found.len());
    let mut versions = UInt16Builder::with_capacity(found.len());
    let mut confidential = BooleanBuilder::with_capacity(found.len());
    for located in found {
        rows.append_value(located.row);
        indices.append_value(located.index);
        versions.append_value(catalogue.rule(located.finding.rule).version);
        confidential.append_value(matches!(located.finding.other, Some(Other::Value(_))));
    }
    vec![
        word(&|located| Some(located.kind.as_str())),
        text(&|located| Some(&located.record_id)),
        Arc::new(rows.finish()),
        Arc::new(indices.finish()),
        word(&|located| Some(located.finding.rule.as_str())),
        Arc::new(versions.finish()),
        word(&|located| Some(located.finding.severity.as_str())),
        word(&|located| Some(located.finding.field)),
        text(&|located| Some(&located.finding.value)),
        text(&|located| located.finding.other.as_ref().map(Other::as_str)),
        Arc::new(confidential.finish()),
        word(&|located| located.finding.fix.as_ref().map(|fix| fix.field)),
        text(&|located| located.finding.fix.as_ref().map(|fix| &*fix.value)),
        message(Lang::Vi),
        message(Lang::En),
    ]
}

/// Writes several files of findings as one, in the order given.
pub(crate) fn join(parts: &[&Path], path: &Path) -> Result<(), CleanError> {
    let mut file = ParquetFile::create(path, schema())?;
    for part in parts {
        files::read_parquet(part, BATCH_ROWS, |batch| {
            file.write(batch.columns().to_vec())
        })?;
    }
    file.finish()
}

/// Hands each finding to `visit`, in order.
pub(crate) fn read(path: &Path, mut visit: impl FnMut(&FindingRow<'_>)) -> Result<(), CleanError> {
    let damaged = || CleanError::Damaged {
        path: path.to_owned(),
    };
    files::read_parquet(path, BATCH_ROWS, |batch| {
        let columns = Columns::of(batch).ok_or_else(damaged)?;
        for place in 0..batch.num_rows() {
            visit(&columns.row(place).ok_or_else(damaged)?);
        }
        Ok(())
    })
}

/// The columns of a batch that are read back.
struct Columns<'a> {
    record: Words<'a>,
    record_id: &'a StringArray,
    index: &'a arrow_array::UInt32Array,
    rule: Words<'a>,
    /// Rule of each word of the dictionary, so that it is read once per batch.
    rules: Vec<Option<RuleId>>,
    severity: Words<'a>,
    field: Words<'a>,
    value: &'a StringArray,
    other: &'a StringArray,
    other_is_value: &'a BooleanArray,
    fix_field: Words<'a>,
    fix_value: &'a StringArray,
    message_vi: &'a StringArray,
}

/// A dictionary column of words.
type Words<'a> = arrow_array::TypedDictionaryArray<'a, Int16Type, StringArray>;

impl<'a> Columns<'a> {
    fn of(batch: &'a RecordBatch) -> Option<Self> {
        let column = |name: &str| batch.column_by_name(name);
        let text = |name: &str| column(name)?.as_string_opt::<i32>();
        let word = |name: &str| {
            column(name)?
                .as_dictionary_opt::<Int16Type>()?
                .downcast_dict::<StringArray>()
        };
        let rule: Words<'_> = word("rule")?;
        Some(Self {
            rules: rule.values().iter().map(|id| RuleId::parse(id?)).collect(),
            rule,
            record: word("record")?,
            record_id: text("record_id")?,
            index: column("record_index")?.as_primitive_opt::<UInt32Type>()?,
            severity: word("severity")?,
            field: word("field")?,
            value: text("value")?,
            other: text("other")?,
            other_is_value: column("other_is_value")?.as_boolean_opt()?,
            fix_field: word("fix_field")?,
            fix_value: text("fix_value")?,
            message_vi: text("message_vi")?,
        })
    }

    fn row(&self, place: usize) -> Option<FindingRow<'a>> {
        let rule = self
            .rule
            .keys()
            .is_valid(place)
            .then(|| self.rule.keys().value(place))?;
        let fix_field = word(&self.fix_field, place);
        Some(FindingRow {
            kind: RecordKind::parse(word(&self.record, place)?)?,
            index: self.index.value(place),
            record_id: text(self.record_id, place)?,
            rule: *self.rules.get(usize::try_from(rule).ok()?)?.as_ref()?,
            severity: Severity::parse(word(&self.severity, place)?)?,
            field: word(&self.field, place)?,
            value: text(self.value, place)?,
            other: text(self.other, place),
            other_is_value: self.other_is_value.value(place),
            fix: fix_field.zip(text(self.fix_value, place)),
            message_vi: text(self.message_vi, place)?,
        })
    }
}

fn text(column: &StringArray, place: usize) -> Option<&str> {
    column.is_valid(place).then(|| column.value(place))
}

fn word<'a>(column: &Words<'a>, place: usize) -> Option<&'a str> {
    let key = column
        .keys()
        .is_valid(place)
        .then(|| column.keys().value(place))?;
    Some(column.values().value(usize::try_from(key).ok()?))
}
