//! The rule catalogue on one record: what `clean` does to whole files, whenever somebody writes a dose.

use std::collections::BTreeMap;

use casework::facility::Facility;
use casework::subject::Subject;
use casework::subject::dose::{Dose, DoseCheck, DoseFacts, DoseId};
use jiff::civil::Date;
use quality::{Context, FacilityTable, Finding, Severity, check_dose, check_series, check_subject};
use registry::fields::{DoseField, DoseRow, FacilityRow, SubjectField, SubjectRow};

/// Columns that a record has; what it can't have is no finding.
const SUBJECT_COLUMNS: &[SubjectField] = &[
    SubjectField::FullName,
    SubjectField::BirthDate,
    SubjectField::Sex,
    SubjectField::IdNumber,
];
const DOSE_COLUMNS: &[DoseField] = &[
    DoseField::DoseId,
    DoseField::DoseNumber,
    DoseField::InjectedAt,
    DoseField::Vaccine,
    DoseField::Lot,
    DoseField::Facility,
];

/// The texts that the rules read, and what they find in them.
struct Written {
    id: String,
    number: Option<String>,
    entered_at: String,
    facts: DoseFacts,
}

/// What the rules say now of the doses of a record, where that differs from what stands there; `written` are the doses that somebody just
/// entered or corrected. Of the others only what one dose says of another is judged anew: what an import found with its lists of facilities
/// and lots stands until the dose itself is corrected.
pub(crate) fn rechecked(
    subject: &Subject,
    written: &[DoseId],
    facilities: &[Facility],
    day: Date,
) -> BTreeMap<DoseId, DoseCheck> {
    let context = Context::new(quality::catalogue(), day)
        .with_subject_columns(SUBJECT_COLUMNS)
        .with_dose_columns(DOSE_COLUMNS);
    let context = if facilities.is_empty() {
        context
    } else {
        context.with_facilities(table(facilities))
    };
    let doses: Vec<(&DoseId, &Dose)> = subject
        .doses
        .iter()
        .filter(|(_, dose)| dose.counts())
        .collect();
    let texts: Vec<Written> = doses
        .iter()
        .map(|(id, dose)| Written::of(id, dose))
        .collect();
    let person = SubjectRow {
        full_name: Some(&subject.person.full_name),
        dob: Some(&subject.person.birth_date),
        sex: Some(&subject.person.sex),
        id_number: subject.person.number.as_deref(),
        ..SubjectRow::default()
    };
    let person = check_subject(&person, &context, &mut Vec::new());
    let mut own = vec![Vec::new(); texts.len()];
    let facts: Vec<_> = texts
        .iter()
        .zip(&mut own)
        .map(|(text, found)| check_dose(&text.row(), Some(&person), &context, found))
        .collect();
    let mut between = Vec::new();
    let groups = check_series(&facts, &context, &mut between);
    let mut series = vec![Vec::new(); texts.len()];
    for (place, finding) in between {
        if let Some(findings) = series.get_mut(place) {
            findings.push(finding);
        }
    }
    let mut repeats: BTreeMap<&DoseId, DoseId> = BTreeMap::new();
    for group in groups {
        let kept = doses.get(group.keep).map(|(id, _)| (*id).clone());
        for (other, _) in group.others {
            if let (Some((id, _)), Some(kept)) = (doses.get(other), kept.clone()) {
                repeats.insert(id, kept);
            }
        }
    }
    let judged = doses.iter().zip(own).zip(series);
    judged
        .filter_map(|(((id, dose), own), series)| {
            let mut blocking = if written.contains(id) {
                standing(&own)
            } else {
                let of_itself = |rule: &&String| !is_between_doses(rule);
                let found = dose.check.blocking.iter().chain(&dose.check.overridden);
                found.filter(of_itself).cloned().collect()
            };
            blocking.extend(standing(&series));
            blocking.sort();
            blocking.dedup();
            let found = DoseCheck {
                blocking,
                overridden: Vec::new(),
                repeats: repeats.get(id).cloned(),
            };
            // Facts that were just written are looked at by others anew.
            let check = if written.contains(id) {
                found
            } else {
                found.keeping_overrides(&dose.check)
            };
            (check != dose.check).then(|| ((*id).clone(), check))
        })
        .collect()
}

/// True for a rule whose finding a second person may override; what blocks has to be mended.
pub(crate) fn may_be_overridden(rule: &str) -> bool {
    let rules = quality::catalogue().rules().iter();
    let mut errors = rules.filter(|rule| rule.severity == Severity::Error);
    errors.any(|error| error.id.as_str() == rule)
}

/// Rules that stand against a signature. That a dose repeats another is judged by itself.
fn standing(findings: &[Finding]) -> Vec<String> {
    let stands = |finding: &&Finding| {
        matches!(finding.severity, Severity::Block | Severity::Error)
            && !finding.rule.as_str().starts_with("DU-")
    };
    let rules = findings.iter().filter(stands);
    rules
        .map(|finding| finding.rule.as_str().to_owned())
        .collect()
}

/// Rules of order, number and interval: what one dose says of another.
fn is_between_doses(rule: &str) -> bool {
    rule.starts_with("DN-") || rule.starts_with("DU-")
}

fn table(facilities: &[Facility]) -> FacilityTable {
    let mut table = FacilityTable::default();
    for facility in facilities {
        let province = facility.place.province.map(|code| code.to_string());
        let row = FacilityRow {
            facility_code: Some(facility.code.as_str()),
            name: Some(&facility.name),
            province: province.as_deref(),
            ..FacilityRow::default()
        };
        // A code that stands there twice is the same facility.
        let _ = table.push(&row);
    }
    table
}

impl Written {
    fn of(id: &DoseId, dose: &Dose) -> Self {
        Self {
            id: id.0.clone(),
            number: dose.facts.number.map(|number| number.to_string()),
            entered_at: dose.entered_at.to_string(),
            facts: dose.facts.clone(),
        }
    }

    fn row(&self) -> DoseRow<'_> {
        let text = |text: &'_ str| (!text.trim().is_empty()).then_some(()).is_some();
        DoseRow {
            dose_id: Some(&self.id),
            dose_number: self.number.as_deref(),
            injected_at: Some(self.facts.injected_on.as_str()).filter(|it| text(it)),
            vaccine: Some(self.facts.vaccine.as_str()).filter(|it| text(it)),
            lot: self.facts.lot.as_deref(),
            facility_code: self
                .facts
                .facility
                .as_ref()
                .map(registry::facility::FacilityCode::as_str),
            entered_at: Some(&self.entered_at),
            ..DoseRow::default()
        }
    }
}
