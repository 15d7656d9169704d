//! A whole file: what only many records together show.
//!
//! Pass one observes every record and keeps a few numbers of each; chunks of a file can be observed apart and merged in order. Pass two sorts
//! what was kept and gives back findings on rows and on facilities. Nothing depends on the order of a hash map or on the number of threads.

mod doses;
mod subjects;

use crate::context::Context;
use crate::dose::DoseFacts;
use crate::finding::Finding;
use crate::subject::SubjectFacts;
use registry::fields::DoseRow;

/// A finding of the file and what it points at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileFinding {
    /// What it points at.
    pub place: Place,
    /// The finding.
    pub finding: Finding,
}

/// What a finding of the file points at.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Place {
    /// A row of the file of subjects.
    Subject {
        /// Row number, as observed.
        row: u64,
    },
    /// A row of the file of doses.
    Dose {
        /// Row number, as observed.
        row: u64,
    },
    /// A facility; never a person.
    Facility {
        /// Code as written in the file.
        code: Box<str>,
    },
}

/// Observes the records of a file. See the module.
#[derive(Debug, Default, Clone)]
pub struct FileChecks {
    subjects: subjects::Subjects,
    doses: doses::Doses,
}

impl FileChecks {
    /// Observes a checked record of a person. `row` is its number in the file, and is what findings name.
    pub fn observe_subject(&mut self, facts: &SubjectFacts<'_>, row: u64) {
        self.subjects.observe(facts, row);
    }

    /// Observes a checked dose.
    pub fn observe_dose(&mut self, dose: &DoseRow<'_>, facts: &DoseFacts<'_>, row: u64) {
        self.doses.observe(dose, facts, row);
    }

    /// Appends what was observed of the next chunk.
    pub fn merge(&mut self, next: Self) {
        self.subjects.merge(next.subjects);
        self.doses.merge(next.doses);
    }

    /// The findings: CT-04, ID-10, ID-12, DU-06, DU-07 and DU-10 on subjects; VD-09, VD-13, FC-05, FC-07 and FC-09 on doses and facilities.
    ///
    /// Ordered by place, then by rule.
    pub fn finish(self, ctx: &Context<'_>) -> Vec<FileFinding> {
        let mut out = Vec::new();
        self.subjects.finish(ctx, &mut out);
        self.doses.finish(ctx, &mut out);
        out.sort_by(|a, b| {
            (&a.place, a.finding.rule, &a.finding.value).cmp(&(
                &b.place,
                b.finding.rule,
                &b.finding.value,
            ))
        });
        out
    }
}

fn raise(ctx: &Context<'_>, place: Place, finding: Finding, out: &mut Vec<FileFinding>) {
    out.extend(
        ctx.admit(finding)
            .map(|finding| FileFinding { place, finding }),
    );
}

/// How a row is named in a message.
fn row_name(row: u64) -> String {
    format!("#{row}")
}

/// Ranges of equal keys in a sorted slice, of those with more than one member.
fn groups<T, K: PartialEq>(sorted: &[T], key: impl Fn(&T) -> K) -> impl Iterator<Item = &[T]> {
    sorted
        .chunk_by(move |a, b| key(a) == key(b))
        .filter(|group| group.len() > 1)
}

/// A hash of a text; the same on every machine and in every run.
fn hash(text: &str) -> u64 {
    use std::hash::Hasher;
    let mut hasher = rustc_hash::FxHasher::default();
    hasher.write(text.as_bytes());
    hasher.write_usize(text.len());
    hasher.finish()
}
