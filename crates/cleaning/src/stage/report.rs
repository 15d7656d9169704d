//! The numbers of the job, and the page that shows them: `summary.json`, `report.html`.

use std::collections::BTreeMap;

use linkage::Spec;
use quality::{About, Catalogue, RuleId, mask};
use registry::fields::{DoseField, FacilityField, RegisterField};
use registry::status::Verification;
use registry::text::Text;

use crate::finding::{self, FindingRow, RecordKind};
use crate::job::to_json;
use crate::outcome::{self, Outcome};
use crate::place::{Place, list_path};
use crate::stage::{dedupe, doses, link, lists, read};
use crate::summary::{
    Band, CommuneCount, Example, FacilityCount, ProvinceCount, RegisterCounts, RuleCount,
    ShapeCount, Summary, Tally,
};
use crate::table::Table;
use crate::watch::Stage;
use crate::{CleanError, Job, files, report, rules, summary};

/// Examples shown of each rule.
const EXAMPLES: usize = 3;
const SUMMARY: &str = "summary.json";

/// Counts everything and writes the report.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    job.watch.begin(Stage::Report, 4, "parts");
    let catalogue = rules::catalogue(job)?;
    let mut summary = Summary {
        format: summary::FORMAT,
        program: concat!("minhchung ", env!("CARGO_PKG_VERSION")).into(),
        as_of: job.settings.as_of.to_string(),
        inputs: read::load_inputs(job)?,
        persons: dedupe::load_counts(job)?,
        ..Summary::default()
    };
    count_subjects(job, &mut summary)?;
    job.advance(1)?;
    count_doses(job, &mut summary)?;
    count_register(job, &mut summary)?;
    job.advance(1)?;
    count_rules(job, &catalogue, &mut summary)?;
    job.advance(1)?;
    let page = report::render(&summary).map_err(|error| CleanError::Render {
        path: job.out("report.html"),
        message: error.to_string(),
    })?;
    files::write(&job.out("report.html"), page.as_bytes())?;
    files::write(&job.out(SUMMARY), to_json(&summary).as_bytes())?;
    job.advance(1)
}

/// The numbers as they were written.
pub(crate) fn load(job: &Job<'_>) -> Result<Summary, CleanError> {
    let path = job.out(SUMMARY);
    let text = std::fs::read(&path).map_err(CleanError::io(&path))?;
    serde_json::from_slice(&text).map_err(|_| CleanError::Damaged { path })
}

fn count_subjects(job: &Job<'_>, summary: &mut Summary) -> Result<(), CleanError> {
    let mut shapes: BTreeMap<String, (u64, u64)> = BTreeMap::new();
    let mut places: BTreeMap<Place, Tally> = BTreeMap::new();
    outcome::read(&job.out("outcome.parquet"), |_, outcome| {
        let band = outcome.band();
        let open = outcome.category().is_some();
        summary.funnel.count(outcome.verification);
        places
            .entry(outcome.place)
            .or_default()
            .count(outcome.verification, open && band.is_suggested());
        count_differing(outcome, summary);
        let Some(category) = outcome.category() else {
            return;
        };
        summary.categories.count(category);
        summary.suggestions.count(band);
        if band.is_suggested() {
            let (count, ready) = shapes.entry(outcome.shape.to_owned()).or_default();
            *count += 1;
            *ready += u64::from(band == Band::NearCertain);
        }
    })?;
    let subjects = summary.inputs.iter().find(|input| input.role == "subjects");
    summary.funnel.read = subjects.map_or(0, |input| input.read);
    summary.funnel.rejected = subjects.map_or(0, |input| input.rejected);
    let spec = link::spec()?;
    summary.shapes = shapes
        .into_iter()
        .map(|(code, counts)| shape(&spec, code, counts))
        .collect();
    summary
        .shapes
        .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.code.cmp(&b.code)));
    summary.provinces = provinces(&places);
    summary.communes = places
        .into_iter()
        .map(|(place, tally)| commune(place, tally))
        .collect();
    Ok(())
}

fn count_differing(outcome: &Outcome<&str>, summary: &mut Summary) {
    if outcome.verification != Verification::False {
        return;
    }
    let fields: Vec<&str> = outcome.differing.split('|').collect();
    let differing = &mut summary.differing;
    differing.name += u64::from(fields.contains(&"full_name"));
    differing.dob += u64::from(fields.contains(&"dob"));
    differing.sex += u64::from(fields.contains(&"sex"));
    differing.only_one += u64::from(fields.len() == 1);
}

fn shape(spec: &Spec, code: String, (count, ready): (u64, u64)) -> ShapeCount {
    ShapeCount {
        text: Text::new(
            linkage::shape::vi(spec, &code),
            linkage::shape::en(spec, &code),
        ),
        fields: linkage::shape::parts(&code)
            .map(|(field, _)| field.to_owned())
            .collect(),
        bulk: linkage::shape::is_bulk(&code),
        code,
        count,
        ready,
    }
}

fn provinces(places: &BTreeMap<Place, Tally>) -> Vec<ProvinceCount> {
    let mut sums: BTreeMap<Option<String>, ProvinceCount> = BTreeMap::new();
    for (place, tally) in places {
        let code = place.province.map(|code| code.to_string());
        let row = sums.entry(code.clone()).or_insert_with(|| ProvinceCount {
            code,
            name: place.province_name(),
            tally: Tally::default(),
        });
        row.tally = row.tally.plus(*tally);
    }
    // Those without a known province come last.
    let unknown = sums.remove(&None);
    sums.into_values().chain(unknown).collect()
}

fn commune(place: Place, tally: Tally) -> CommuneCount {
    let open = tally.open() > 0;
    CommuneCount {
        code: place.commune.map(|code| code.to_string()),
        name: place.commune_name(),
        district: place.district_name(),
        province: place.province.map(|code| code.to_string()),
        province_name: place.province_name(),
        tally,
        worklist: open.then(|| format!("worklists/{}", list_path(place))),
    }
}

fn count_doses(job: &Job<'_>, summary: &mut Summary) -> Result<(), CleanError> {
    let mut facilities = facility_names(job)?;
    let rows = Table::<DoseField>::read_fields(&job.work("doses.parquet"), &[DoseField::Facility])?;
    let of = |row: u32| {
        rows.text(DoseField::Facility, row as usize)
            .map(|code| code.trim().to_owned())
    };
    for row in 0..rows.len() {
        facility(&mut facilities, of(row as u32)).doses += 1;
    }
    let mut last = None;
    finding::read(&job.out("findings.parquet"), |found| {
        if !found.is_open() {
            return;
        }
        match found.kind {
            RecordKind::Subject => {}
            RecordKind::Dose => {
                let row = facility(&mut facilities, of(found.index));
                row.findings += 1;
                // Findings of one dose stand together.
                row.with_finding += u64::from(last != Some(found.index));
                last = Some(found.index);
            }
            RecordKind::Facility => {
                facility(&mut facilities, Some(found.record_id.to_owned())).findings += 1;
            }
        }
    })?;
    let counts = doses::load_counts(job)?;
    for row in counts.duplicates {
        facility(&mut facilities, of(row)).duplicates += 1;
    }
    if let Some(input) = summary.inputs.iter().find(|input| input.role == "doses") {
        summary.doses = Some(summary::Doses {
            read: input.read,
            rejected: input.rejected,
            ..counts.total
        });
    }
    summary.facilities = facilities
        .into_values()
        .filter(|row| row.doses > 0 || row.findings > 0)
        .map(|row| FacilityCount {
            worklist: (row.findings > 0).then(|| {
                let code = row.code.as_deref().unwrap_or(lists::NO_FACILITY);
                format!("worklists/{}", lists::facility_path(code, &row.name))
            }),
            ..row
        })
        .collect();
    Ok(())
}

fn facility(
    rows: &mut BTreeMap<Option<String>, FacilityCount>,
    code: Option<String>,
) -> &mut FacilityCount {
    rows.entry(code.clone()).or_insert_with(|| FacilityCount {
        code,
        ..FacilityCount::default()
    })
}

fn facility_names(job: &Job<'_>) -> Result<BTreeMap<Option<String>, FacilityCount>, CleanError> {
    let rows = Table::<FacilityField>::read(&job.work("facilities.parquet"))?;
    let mut facilities = BTreeMap::new();
    for row in 0..rows.len() {
        let listed = rows.row(row);
        let Some(code) = listed.facility_code.map(|code| code.trim().to_owned()) else {
            continue;
        };
        let name = listed.name.unwrap_or_default();
        name.clone_into(&mut facility(&mut facilities, Some(code)).name);
    }
    Ok(facilities)
}

fn count_register(job: &Job<'_>, summary: &mut Summary) -> Result<(), CleanError> {
    let fields = [RegisterField::LifeStatus, RegisterField::Protected];
    let rows = Table::<RegisterField>::read_fields(&job.work("register.parquet"), &fields)?;
    let input = summary.inputs.iter().find(|input| input.role == "register");
    let mut counts = RegisterCounts {
        read: input.map_or(0, |input| input.read),
        rejected: input.map_or(0, |input| input.rejected),
        accepted: rows.len() as u64,
        ..RegisterCounts::default()
    };
    for row in 0..rows.len() {
        let entry = quality::RegisterFacts::parse(&rows.row(row));
        counts.deceased += u64::from(entry.life == quality::Life::Deceased);
        counts.superseded += u64::from(matches!(
            entry.life,
            quality::Life::Cancelled | quality::Life::Superseded
        ));
        counts.protected += u64::from(entry.protected);
    }
    summary.register = counts;
    Ok(())
}

fn count_rules(
    job: &Job<'_>,
    catalogue: &Catalogue,
    summary: &mut Summary,
) -> Result<(), CleanError> {
    let mut counts: BTreeMap<RuleId, (u64, Vec<Example>)> = BTreeMap::new();
    finding::read(&job.out("findings.parquet"), |found| {
        let (count, examples) = counts.entry(found.rule).or_default();
        *count += 1;
        if examples.len() < EXAMPLES {
            examples.push(example(found));
        }
    })?;
    summary.rules = counts
        .into_iter()
        .map(|(id, (count, examples))| {
            let rule = catalogue.rule(id);
            RuleCount {
                id: id.as_str().into(),
                severity: rule.severity.as_str().into(),
                subject: about(rule.about).into(),
                message: rule.title.clone(),
                why: rule.why.clone(),
                fix: rule.fix.clone(),
                count,
                examples,
            }
        })
        .collect();
    summary
        .rules
        .sort_by(|a, b| b.count.cmp(&a.count).then_with(|| a.id.cmp(&b.id)));
    Ok(())
}

fn about(about: About) -> &'static str {
    match about {
        About::Person => "person",
        About::Dose => "dose",
        About::Facility => "facility",
        About::Pair => "pair",
        About::Certificate | About::Feedback => "record",
    }
}

/// A finding, fit to be shown: what tells who somebody is, is masked.
fn example(found: &FindingRow<'_>) -> Example {
    let masked = |field: &str, value: &str| mask(field, value).into_owned();
    Example {
        value: masked(found.field, found.value),
        other: found.other.map(|other| {
            if found.other_is_value {
                masked(found.field, other)
            } else {
                other.to_owned()
            }
        }),
        fix: found
            .fix
            .as_ref()
            .map(|(field, value)| masked(field, value)),
    }
}
