//! Spreadsheets: per commune the list of dispatch 2262, per facility the doses to correct.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use linkage::Spec;
use rayon::prelude::*;
use registry::date::BirthDate;
use registry::fields::{DoseField, FacilityField, SubjectField, SubjectRow};
use registry::sex::Sex;

use crate::finding::{self, FindingRow, RecordKind};
use crate::outcome::{self, Outcome};
use crate::place::{Place, list_path, with_slug};
use crate::stage::link;
use crate::table::Table;
use crate::watch::Stage;
use crate::worklist::{
    self, CommuneItem, CommuneList, FacilityItem, FacilityList, Held, Stamp, Suggestion,
};
use crate::{CleanError, Job, files};

/// Lists written between two looks at the wish to stop.
const LISTS_AT_ONCE: usize = 64;

/// Writes all lists.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    let subjects = Table::<SubjectField>::read(&job.work("subjects.parquet"))?;
    let stamp = Stamp {
        as_of: job.settings.as_of,
        version: format!("1 ({})", job.settings.as_of),
    };
    let communes = commune_lists(job, &subjects)?;
    let facilities = facility_lists(job, &subjects)?;
    let folder = files::Partial::new(&job.out("worklists"))?;
    job.watch.begin(
        Stage::Worklists,
        (communes.len() + facilities.len()) as u64,
        "lists",
    );
    write_lists(job, &communes, |(place, list)| {
        let path = folder.interim().join(list_path(*place));
        worklist::write_commune(&made(path)?, list, &stamp).map_err(CleanError::from)
    })?;
    write_lists(job, &facilities, |list| {
        let path = folder.interim().join(facility_path(&list.code, &list.name));
        worklist::write_facility(&made(path)?, list, &stamp).map_err(CleanError::from)
    })?;
    std::fs::create_dir_all(folder.interim()).map_err(CleanError::io(folder.interim()))?;
    folder.keep()
}

/// The file of a facility's list, relative to `worklists/`.
pub(crate) fn facility_path(code: &str, name: &str) -> String {
    let safe = registry::name::fold(code).replace(' ', "-");
    format!("facilities/{}.xlsx", with_slug(&safe, name))
}

fn write_lists<T: Sync>(
    job: &Job<'_>,
    lists: &[T],
    write: impl Fn(&T) -> Result<(), CleanError> + Sync,
) -> Result<(), CleanError> {
    for some in lists.chunks(LISTS_AT_ONCE) {
        some.par_iter().try_for_each(&write)?;
        job.advance(some.len() as u64)?;
    }
    Ok(())
}

/// The path, with its folder made.
fn made(path: std::path::PathBuf) -> Result<std::path::PathBuf, CleanError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    std::fs::create_dir_all(folder).map_err(CleanError::io(folder))?;
    Ok(path)
}

/// One list per area with open records, in the order of the areas.
fn commune_lists(
    job: &Job<'_>,
    subjects: &Table<SubjectField>,
) -> Result<Vec<(Place, CommuneList)>, CleanError> {
    let spec = link::spec()?;
    let mut lists: BTreeMap<Place, CommuneList> = BTreeMap::new();
    outcome::read(&job.out("outcome.parquet"), |row, outcome| {
        let Some(category) = outcome.category() else {
            return;
        };
        let list = lists.entry(outcome.place).or_insert_with(|| CommuneList {
            commune: outcome.place.commune_name(),
            district: outcome.place.district_name(),
            province: outcome.place.province_name(),
            rows: Vec::new(),
        });
        list.rows.push(CommuneItem {
            record_id: outcome.unique_id.to_owned(),
            version: "1".into(),
            category,
            hamlet: outcome.hamlet.to_owned(),
            held: held(&subjects.row(row)),
            difference: difference(&spec, outcome),
            suggestion: suggestion(outcome),
            reason: outcome.reason_vi.to_owned(),
        });
    })?;
    Ok(lists.into_iter().collect())
}

/// What the record says, dates as people write them.
fn held(row: &SubjectRow<'_>) -> Held {
    let text = |text: Option<&str>| text.unwrap_or_default().trim().to_owned();
    Held {
        full_name: text(row.full_name),
        dob: row.dob.map_or_else(String::new, as_written),
        sex: row.sex.map_or_else(String::new, |sex| {
            Sex::parse(sex).map_or_else(|_| sex.trim().to_owned(), |sex| sex_vi(sex).to_owned())
        }),
        id_number: text(row.id_number),
        phone: text(row.phone),
    }
}

fn sex_vi(sex: Sex) -> &'static str {
    match sex {
        Sex::Male => "Nam",
        Sex::Female => "Nữ",
    }
}

/// What is wrong, in words.
fn difference(spec: &Spec, outcome: &Outcome<&str>) -> String {
    if outcome.shape.is_empty() {
        outcome.verification.vi().to_owned()
    } else {
        capitalised(&linkage::shape::vi(spec, outcome.shape))
    }
}

/// A birth date as people write it; what is no date, as it stands.
fn as_written(dob: &str) -> String {
    BirthDate::parse(dob).map_or_else(|_| dob.trim().to_owned(), |(date, _)| date.display_vi())
}

/// A phrase as a sentence of a cell.
fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(letters).collect()
    })
}

/// The suggested person, unless nobody or several people fit.
fn suggestion(outcome: &Outcome<&str>) -> Option<Suggestion> {
    let suggested = outcome
        .suggestion
        .as_ref()
        .filter(|_| outcome.band().is_suggested())?;
    Some(Suggestion {
        id_number: suggested.id_number.to_owned(),
        full_name: suggested.full_name.to_owned(),
        dob: as_written(suggested.dob),
        sex: Sex::parse(suggested.sex).map_or_else(|_| String::new(), |sex| sex_vi(sex).into()),
        probability: suggested.probability,
    })
}

/// One list per facility that has something to correct, by code.
fn facility_lists(
    job: &Job<'_>,
    subjects: &Table<SubjectField>,
) -> Result<Vec<FacilityList>, CleanError> {
    let doses = Table::<DoseField>::read(&job.work("doses.parquet"))?;
    let facilities = Table::<FacilityField>::read(&job.work("facilities.parquet"))?;
    let names: BTreeMap<&str, &str> = (0..facilities.len())
        .filter_map(|row| {
            let facility = facilities.row(row);
            Some((facility.facility_code?, facility.name?))
        })
        .collect();
    let subject_rows: rustc_hash::FxHashMap<&str, usize> = (0..subjects.len())
        .filter_map(|row| Some((subjects.text(SubjectField::UniqueId, row)?, row)))
        .collect();
    let mut lists: BTreeMap<String, FacilityList> = BTreeMap::new();
    let mut rows: BTreeMap<u32, FacilityItem> = BTreeMap::new();
    finding::read(&job.out("findings.parquet"), |found| {
        if !found.is_open() {
            return;
        }
        match found.kind {
            RecordKind::Facility => list_of(&mut lists, &names, found.record_id)
                .findings
                .push(format!("{}: {}", found.rule.as_str(), found.message_vi)),
            RecordKind::Dose => {
                let item = rows.entry(found.index).or_insert_with(|| {
                    let dose = doses.row(found.index as usize);
                    let subject = dose.subject_id.and_then(|id| subject_rows.get(id));
                    let name = subject
                        .and_then(|row| subjects.text(SubjectField::FullName, *row))
                        .unwrap_or_default();
                    dose_item(&dose, name)
                });
                add_finding(item, found);
            }
            RecordKind::Subject => {}
        }
    })?;
    for (dose, item) in rows {
        let code = doses
            .text(DoseField::Facility, dose as usize)
            .unwrap_or(NO_FACILITY);
        list_of(&mut lists, &names, code.trim()).rows.push(item);
    }
    Ok(lists.into_values().collect())
}

/// Stands for the facility of doses that name none.
pub(crate) const NO_FACILITY: &str = "khong-ro-co-so";

fn list_of<'a>(
    lists: &'a mut BTreeMap<String, FacilityList>,
    names: &BTreeMap<&str, &str>,
    code: &str,
) -> &'a mut FacilityList {
    lists
        .entry(code.to_owned())
        .or_insert_with(|| FacilityList {
            code: code.to_owned(),
            name: names.get(code).copied().unwrap_or_default().to_owned(),
            ..FacilityList::default()
        })
}

fn dose_item(dose: &registry::fields::DoseRow<'_>, subject_name: &str) -> FacilityItem {
    let text = |text: Option<&str>| text.unwrap_or_default().trim().to_owned();
    let moment = dose
        .injected_at
        .and_then(|text| registry::date::parse_moment(text).ok());
    let date = moment.map(|(moment, _)| moment.date());
    FacilityItem {
        dose_id: text(dose.dose_id),
        version: "1".into(),
        subject_id: text(dose.subject_id),
        subject_name: subject_name.trim().to_owned(),
        injected_on: date.map_or_else(String::new, |date| BirthDate::Day(date).display_vi()),
        injected_on_iso: date.map_or_else(String::new, |date| date.to_string()),
        vaccine: text(dose.vaccine),
        lot: text(dose.lot),
        dose_number: text(dose.dose_number),
        ..FacilityItem::default()
    }
}

/// Adds a finding to its dose; the severest one gives the row its mark.
fn add_finding(item: &mut FacilityItem, found: &FindingRow<'_>) {
    let mark = found.severity.as_str();
    // B, E, W: the order of the alphabet is that of their weight.
    if item.severity.is_empty() || mark < item.severity.as_str() {
        mark.clone_into(&mut item.severity);
    }
    item.findings
        .push(format!("{}: {}", found.rule.as_str(), found.message_vi));
    if let Some((field, value)) = found.fix {
        if !item.proposal.is_empty() {
            item.proposal.push_str("; ");
        }
        let _ = write!(item.proposal, "{} → {value}", field_vi(field));
    }
}

/// A column in the words of the people who fill it.
fn field_vi(heading: &str) -> &str {
    match heading {
        "injected_at" => "ngày tiêm",
        "dose_number" => "mũi số",
        "vaccine" => "vắc xin",
        "manufacturer" => "nhà sản xuất",
        "lot" => "số lô",
        "expiry" => "hạn dùng",
        "facility_code" => "cơ sở tiêm",
        "vaccinator" => "người tiêm",
        "entered_at" => "ngày nhập",
        other => other,
    }
}
