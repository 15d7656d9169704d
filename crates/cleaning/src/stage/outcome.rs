//! One outcome per subject, and the findings that need the register: `outcome.parquet`, `.work/findings-register.parquet`.

use linkage::{Reason, Spec, reason_en, reason_vi, shape};
use quality::{Answer, RegisterFacts, check_against_register, check_subject};
use rayon::prelude::*;
use registry::date::BirthDate;
use registry::fields::{FacilityField, RegisterField, RegisterRow, SubjectField, SubjectRow};
use registry::identity::IdentityNumber;
use registry::sex::Sex;
use registry::status::Verification;
use rustc_hash::FxHashMap;

use crate::finding::{FindingWriter, Located};
use crate::outcome::{Outcome, OutcomeWriter, PlaceFrom, RunnerUp, Suggested};
use crate::place::Place;
use crate::stage::check::at;
use crate::stage::dedupe;
use crate::stage::link::{self, Found, FoundCandidate, Succession};
use crate::stage::verify::{self, Answered};
use crate::table::{BATCH_ROWS, Table};
use crate::watch::Stage;
use crate::{CleanError, Job, rules};

/// Where the findings go.
pub(crate) const FINDINGS: &str = "findings-register.parquet";

/// From this probability on the register's residence says which commune lists the record.
const KNOWN_PERSON: f64 = 0.95;

/// The reason where the search found nobody, in Vietnamese and English.
const NOBODY: (&str, &str) = (
    "Không tìm thấy ai phù hợp trong dữ liệu dân cư.",
    "Nobody in the register fits.",
);

/// Joins the answers of the earlier stages.
pub(crate) fn run(job: &Job<'_>) -> Result<(), CleanError> {
    let catalogue = rules::catalogue(job)?;
    let context = rules::context(job, &catalogue)?;
    let data = Data::load(job)?;
    job.watch
        .begin(Stage::Outcome, data.subjects.len() as u64, "subjects");
    let mut outcomes = OutcomeWriter::create(&job.out("outcome.parquet"))?;
    let mut findings = FindingWriter::create(&job.work(FINDINGS), &catalogue)?;
    for start in (0..data.subjects.len()).step_by(BATCH_ROWS) {
        let end = data.subjects.len().min(start + BATCH_ROWS);
        let made: Vec<(Outcome, Vec<Located>)> = (start..end)
            .into_par_iter()
            .map(|row| {
                let outcome = data.outcome(row);
                let mut found = Vec::new();
                data.check_register(row, &outcome, &context, &mut found);
                (
                    outcome,
                    found
                        .into_iter()
                        .map(|finding| at(&data.subjects, row, finding))
                        .collect(),
                )
            })
            .collect();
        let (some, found): (Vec<Outcome>, Vec<Vec<Located>>) = made.into_iter().unzip();
        outcomes.write(&some)?;
        findings.write(&found.concat())?;
        job.advance((end - start) as u64)?;
    }
    findings.finish()?;
    outcomes.finish()
}

/// Everything that an outcome is made of.
struct Data {
    subjects: Table<SubjectField>,
    register: Table<RegisterField>,
    facilities: FxHashMap<String, Place>,
    answers: Vec<Answered>,
    found: Vec<Found>,
    persons: Vec<u32>,
    spec: Spec,
    succession: Succession,
}

impl Data {
    fn load(job: &Job<'_>) -> Result<Self, CleanError> {
        let subjects = Table::<SubjectField>::read(&job.work("subjects.parquet"))?;
        let found = link::read_links(job, subjects.len())?;
        Ok(Self {
            register: Table::read(&job.work("register.parquet"))?,
            facilities: facility_places(job)?,
            answers: verify::read_answers(job)?,
            persons: dedupe::read_persons(job)?,
            spec: link::spec()?,
            succession: Succession::load(job)?,
            found,
            subjects,
        })
    }

    fn outcome(&self, row: usize) -> Outcome {
        let (subject, answer, found) =
            (self.subjects.row(row), &self.answers[row], &self.found[row]);
        let chosen = Self::chosen(answer, found);
        let best = chosen.map(|b_row| self.register.row(b_row as usize));
        let probability = match answer.verification {
            Verification::True => 1.0,
            _ => found
                .candidates
                .first()
                .map_or(0.0, |best| best.probability),
        };
        let protected = best.as_ref().is_some_and(is_protected);
        let open = answer.verification.category().is_some();
        let veto = found
            .candidates
            .first()
            .filter(|_| open)
            .and_then(|best| best.veto)
            .map_or("", linkage::Veto::rule);
        let (shape, reason_vi, reason_en) = self.explain(answer, found);
        let (place, place_from) = self.place(
            &subject,
            best.as_ref().filter(|_| probability >= KNOWN_PERSON),
        );
        let text = |text: Option<&str>| text.unwrap_or_default().trim().to_owned();
        Outcome {
            unique_id: text(subject.unique_id),
            row: self.subjects.source_row(row),
            verification: answer.verification,
            differing: answer.differing.clone(),
            shape,
            suggestion: best
                .filter(|_| !protected)
                .map(|entry| suggested(&entry, probability)),
            p_none: open.then_some(found.p_none),
            runner_up: found
                .candidates
                .get(1)
                .filter(|_| open)
                .map(|second| self.runner_up(second)),
            tie: open && found.tie,
            veto: veto.to_owned(),
            reason_vi,
            reason_en,
            place,
            place_from,
            hamlet: text(
                subject
                    .hamlet
                    .or_else(|| best.and_then(|entry| entry.hamlet)),
            ),
            person: self.persons[row],
        }
    }

    /// The register row that the outcome is about: the person of a verified record, else the most probable candidate.
    fn chosen(answer: &Answered, found: &Found) -> Option<u32> {
        match answer.verification {
            Verification::True => answer.b_row,
            Verification::ForeignerExempt => None,
            _ => found.candidates.first().map(|best| best.b_row),
        }
    }

    /// Shape of the difference, and the reason in both languages.
    fn explain(&self, answer: &Answered, found: &Found) -> (String, String, String) {
        let verification = answer.verification;
        if verification.category().is_none() {
            return (
                String::new(),
                verification.vi().into(),
                verification.en().into(),
            );
        }
        let Some(best) = found.candidates.first() else {
            let (vi, en) = NOBODY;
            let mut shape = String::new();
            if answer.b_row.is_some() {
                // The entry of the number is so different that the search has left it out.
                shape::add(&mut shape, "id_number", "of_other");
            }
            return (shape, vi.into(), en.into());
        };
        let shape = self.shape(answer, found, best);
        let reason = Reason {
            pattern: best.pattern,
            tie: found.tie,
            veto: best.veto,
        };
        let (vi, en) = (
            reason_vi(&self.spec, &reason),
            reason_en(&self.spec, &reason),
        );
        (shape, vi, en)
    }

    /// Shape of the difference to the best candidate, with what only the register's answer tells: whose number it is.
    fn shape(&self, answer: &Answered, found: &Found, best: &FoundCandidate) -> String {
        let mut code = String::new();
        let number = self.shape_of_number(answer, best);
        let mut has_number = false;
        for (field, relation) in shape::parts(&found.shape) {
            let is_number = field == "id_number";
            has_number |= is_number;
            shape::add(
                &mut code,
                field,
                number.filter(|_| is_number).unwrap_or(relation),
            );
        }
        if let Some(relation) = number.filter(|_| !has_number) {
            shape::add(&mut code, "id_number", relation);
        }
        if answer.b_row == Some(best.b_row) {
            // Broken encodings: read as the same by the linker, never the same for the register.
            for field in answer
                .differing
                .split('|')
                .filter(|field| !field.is_empty())
            {
                if !shape::parts(&code).any(|(known, _)| known == field) {
                    shape::add(&mut code, field, "written");
                }
            }
        }
        code
    }

    fn shape_of_number(&self, answer: &Answered, best: &FoundCandidate) -> Option<&'static str> {
        match (answer.verification, answer.b_row) {
            (Verification::BadFormat, _) => Some("malformed"),
            (_, None) => None,
            (_, Some(holder)) if holder == best.b_row => {
                // Found by a number that is not the entry's present one.
                let level = self.spec.agrees(best.pattern, "id_number");
                (level == Some(false)).then_some("former")
            }
            (_, Some(holder)) if self.succession.current(holder) == best.b_row => Some("former"),
            (_, Some(holder)) => {
                let (holder, person) = (
                    self.register.row(holder as usize),
                    self.register.row(best.b_row as usize),
                );
                Some(if same_home(&holder, &person) {
                    "of_home"
                } else {
                    "of_other"
                })
            }
        }
    }

    /// The area whose list holds the record: permanent residence in the register when the person is known, else the record's own residence,
    /// else the facility that entered it.
    fn place(
        &self,
        subject: &SubjectRow<'_>,
        known: Option<&RegisterRow<'_>>,
    ) -> (Place, PlaceFrom) {
        let in_register =
            known.map(|entry| Place::read(entry.province, entry.district, entry.commune));
        let in_record = Place::read(subject.province, subject.district, subject.commune);
        let at_facility = subject
            .facility_code
            .and_then(|code| self.facilities.get(code.trim()).copied());
        let choices = [
            (in_register, PlaceFrom::Register),
            (Some(in_record), PlaceFrom::Record),
            (at_facility, PlaceFrom::Facility),
        ];
        let known = choices
            .into_iter()
            .filter_map(|(place, from)| Some((place?, from)));
        // The first that names a district at least; a bare province is better than nothing.
        let mut bare = None;
        for (place, from) in known {
            if place.district.is_some() {
                return (place, from);
            }
            if place.province.is_some() {
                bare.get_or_insert((place, from));
            }
        }
        bare.unwrap_or_default()
    }

    fn runner_up(&self, second: &FoundCandidate) -> RunnerUp {
        let id = self
            .register
            .text(RegisterField::UniqueId, second.b_row as usize);
        RunnerUp {
            register_id: id.unwrap_or_default().to_owned(),
            probability: second.probability,
        }
    }

    /// Findings that need the register: against the entry of the number, else against a person who is known well enough.
    fn check_register(
        &self,
        row: usize,
        outcome: &Outcome,
        context: &quality::Context<'_>,
        found: &mut Vec<quality::Finding>,
    ) {
        let (subject, answer) = (self.subjects.row(row), &self.answers[row]);
        let entry = |b_row: u32| self.register.row(b_row as usize);
        let mut ignored = Vec::new();
        let facts = check_subject(&subject, context, &mut ignored);
        let mut check = |answer: Answer<'_, '_>| {
            check_against_register(&subject, &facts, answer, context, found);
        };
        match (answer.verification, answer.b_row) {
            (Verification::ForeignerExempt, _) => {}
            (_, Some(b_row)) => check(Answer::Found(&RegisterFacts::parse(&entry(b_row)))),
            (Verification::NotFound, None) => check(Answer::NotFound),
            _ => {}
        }
        let suggested = self.found[row]
            .candidates
            .first()
            .filter(|_| outcome.band().is_suggested());
        if let Some(best) =
            suggested.filter(|best| answer.b_row.is_none() && best.probability >= KNOWN_PERSON)
        {
            check(Answer::Suggested(&RegisterFacts::parse(&entry(best.b_row))));
        }
    }
}

/// Where each facility stands.
fn facility_places(job: &Job<'_>) -> Result<FxHashMap<String, Place>, CleanError> {
    let rows = Table::<FacilityField>::read(&job.work("facilities.parquet"))?;
    let places = (0..rows.len()).filter_map(|row| {
        let facility = rows.row(row);
        let place = Place::read(facility.province, facility.district, facility.commune);
        Some((facility.facility_code?.trim().to_owned(), place))
    });
    Ok(places.collect())
}

/// Two entries share a telephone, or family name, hamlet and commune.
fn same_home(one: &RegisterRow<'_>, other: &RegisterRow<'_>) -> bool {
    let same = |one: Option<&str>, other: Option<&str>| {
        one.is_some() && one.map(str::trim) == other.map(str::trim)
    };
    let family = |name: Option<&str>| -> Option<String> {
        let folded = registry::name::fold(name?);
        folded.split(' ').next().map(str::to_owned)
    };
    same(one.phone, other.phone)
        || same(one.commune, other.commune)
            && same(one.hamlet, other.hamlet)
            && family(one.full_name) == family(other.full_name)
}

/// A protected entry is never shown.
fn is_protected(entry: &RegisterRow<'_>) -> bool {
    RegisterFacts::parse(entry).protected
}

/// What is suggested, in the form of our own files.
fn suggested(entry: &RegisterRow<'_>, probability: f64) -> Suggested {
    let text = |text: Option<&str>| text.unwrap_or_default().trim().to_owned();
    let number = entry
        .id_number
        .and_then(|text| IdentityNumber::parse(text).ok());
    Suggested {
        register_id: text(entry.unique_id),
        probability,
        id_number: number.map_or_else(|| text(entry.id_number), |number| number.to_string()),
        full_name: text(entry.full_name),
        dob: entry
            .dob
            .and_then(|text| BirthDate::parse(text).ok())
            .map_or_else(|| text(entry.dob), |(date, _)| date.iso()),
        sex: entry
            .sex
            .and_then(|text| Sex::parse(text).ok())
            .map_or_else(|| text(entry.sex), |sex| sex.code().into()),
    }
}
