//! Rules that a subject's own record and the file as a whole decide: `.work/findings-subjects.parquet`.

use quality::{FileChecks, Finding, Place, check_subject};
use rayon::prelude::*;
use registry::fields::SubjectField;

use crate::finding::{FindingWriter, Located, RecordKind};
use crate::table::Table;
use crate::watch::Stage;
use crate::{CleanError, Job, rules};

/// Subjects checked between two looks at the wish to stop.
const ROWS_AT_ONCE: usize = 1 << 16;

/// Where the findings go.
pub(crate) const FINDINGS: &str = "findings-subjects.parquet";

/// Checks all subjects.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    let catalogue = rules::catalogue(job)?;
    let context = rules::context(job, &catalogue)?;
    let subjects = Table::<SubjectField>::read(&job.work("subjects.parquet"))?;
    job.watch
        .begin(Stage::Check, subjects.len() as u64, "subjects");
    let mut writer = FindingWriter::create(&job.work(FINDINGS), &catalogue)?;
    let mut whole_file = FileChecks::default();
    for start in (0..subjects.len()).step_by(ROWS_AT_ONCE) {
        let end = subjects.len().min(start + ROWS_AT_ONCE);
        let checked: Vec<_> = (start..end)
            .into_par_iter()
            .map(|row| {
                let mut found = Vec::new();
                let facts = check_subject(&subjects.row(row), &context, &mut found);
                (facts, found)
            })
            .collect();
        let mut located = Vec::new();
        for (row, (facts, found)) in (start..end).zip(checked) {
            whole_file.observe_subject(&facts, subjects.source_row(row));
            located.extend(found.into_iter().map(|finding| at(&subjects, row, finding)));
        }
        writer.write(&located)?;
        job.advance((end - start) as u64)?;
    }
    let found: Vec<Located> = whole_file
        .finish(&context)
        .into_iter()
        .filter_map(|found| match found.place {
            Place::Subject { row } => {
                Some(at(&subjects, subjects.find_source_row(row)?, found.finding))
            }
            Place::Dose { .. } | Place::Facility { .. } => None,
        })
        .collect();
    writer.write(&found)?;
    writer.finish()
}

/// A finding about a subject.
pub(crate) fn at(subjects: &Table<SubjectField>, row: usize, finding: Finding) -> Located {
    Located {
        kind: RecordKind::Subject,
        index: row as u32,
        row: subjects.source_row(row),
        record_id: subjects
            .text(SubjectField::UniqueId, row)
            .unwrap_or_default()
            .to_owned(),
        finding,
    }
}
