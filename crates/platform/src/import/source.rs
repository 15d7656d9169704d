//! What comes in: the files that were cleaned, and what cleaning found, joined by subject.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use casework::subject::dose::{DoseCheck, DoseFacts, DoseId};
use casework::subject::person::{IdentityField, Person, RegisterAnswer};
use casework::subject::{Contact, NewDose, Registration, Suggestion};
use cleaning::summary::Band;
use intake::{FieldSpec, IntakeError, Wanted, each_row, fields_of};
use registry::area::Place;
use registry::date::{BirthDate, parse_moment};
use registry::facility::FacilityCode;
use registry::fields::{DoseField, FacilityField, SubjectField};
use registry::sex::Sex;
use registry::status::Verification;
use registry::vaccine::{Named, named};

/// The files.
#[derive(Debug, Clone)]
pub struct Files {
    /// Subjects, as they were given to `clean`.
    pub subjects: PathBuf,
    /// Doses.
    pub doses: Option<PathBuf>,
    /// Facilities.
    pub facilities: Option<PathBuf>,
    /// The folder that `clean` wrote.
    pub cleaned: PathBuf,
}

/// Everything that comes in, in the order of the file.
#[derive(Debug, Clone)]
pub struct Source {
    subjects: Arc<Vec<Incoming>>,
    facilities: Vec<IncomingFacility>,
    /// Rows of the file of subjects that can't be read.
    pub unreadable: u64,
    /// Doses whose subject is not in the file.
    pub orphan_doses: u64,
}

/// A subject that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Incoming {
    /// Its row, from 1.
    pub row: u64,
    /// Its id.
    pub id: String,
    /// What is known of it.
    pub registration: Registration,
    /// Whom of the register it seems to be.
    pub suggestion: Option<Suggestion>,
}

/// A facility that comes in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IncomingFacility {
    /// Its code.
    pub code: FacilityCode,
    /// Its name.
    pub name: String,
    /// Where it stands.
    pub place: Place,
}

/// A file that can't be taken in.
#[derive(Debug, thiserror::Error)]
pub enum SourceError {
    /// It can't be read.
    #[error(transparent)]
    Intake(#[from] IntakeError),
    /// A result of another version of `clean`, or of another file.
    #[error("{path}: {what}; run `minhchung clean` on these files again")]
    NotOfThese {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        what: String,
    },
}

/// What cleaning found.
#[derive(Debug, Default)]
struct Found {
    outcomes: HashMap<String, Outcome>,
    clusters: HashMap<String, String>,
    blocking: HashMap<String, Vec<String>>,
    repeats: HashMap<String, DoseId>,
}

#[derive(Debug)]
struct Outcome {
    status: Verification,
    differing: Vec<IdentityField>,
    residence: Place,
    hamlet: Option<String>,
    suggestion: Option<Suggestion>,
}

/// The suggested person, unless nobody or several people fit.
fn suggestion(
    texts: [Option<&str>; 5],
    probability: Option<&str>,
    band: Band,
) -> Option<Suggestion> {
    let [number, full_name, birth_date, sex, why] = texts.map(Option::unwrap_or_default);
    let probability: f64 = probability?.parse().ok()?;
    (band.is_suggested() && !full_name.is_empty()).then(|| Suggestion {
        number: number.to_owned(),
        full_name: full_name.to_owned(),
        birth_date: self::birth_date(birth_date),
        sex: sex_code(sex),
        per_mille: ((probability * 1000.0).floor() as u16).min(999),
        why: why.to_owned(),
    })
}

impl Source {
    /// Reads and joins the files.
    ///
    /// # Errors
    /// A file that can't be read, or a result that is not of these files.
    pub fn read(files: &Files) -> Result<Self, SourceError> {
        let found = Found::read(&files.cleaned)?;
        let facilities = match &files.facilities {
            Some(path) => facilities(path)?,
            None => Vec::new(),
        };
        let mut source = Self::of(Vec::new(), facilities);
        let places = source
            .facilities
            .iter()
            .map(|facility| (facility.code.clone(), facility.place))
            .collect();
        let mut doses = match &files.doses {
            Some(path) => read_doses(path, &found, &places)?,
            None => HashMap::new(),
        };
        source.read_subjects(&files.subjects, &found, &mut doses)?;
        source.orphan_doses = doses.values().map(|doses| doses.len() as u64).sum();
        let uncleaned = source
            .subjects
            .iter()
            .find(|subject| !found.outcomes.contains_key(&subject.id));
        match uncleaned {
            Some(subject) => Err(SourceError::NotOfThese {
                path: files.cleaned.clone(),
                what: format!("nothing is said of row {}", subject.row),
            }),
            None => Ok(source),
        }
    }

    /// What was read and joined already.
    pub fn of(subjects: Vec<Incoming>, facilities: Vec<IncomingFacility>) -> Self {
        Self {
            subjects: Arc::new(subjects),
            facilities,
            unreadable: 0,
            orphan_doses: 0,
        }
    }

    /// The subjects.
    pub fn subjects(&self) -> &[Incoming] {
        &self.subjects
    }

    /// The same for another thread.
    pub(super) fn shared(&self) -> Arc<Vec<Incoming>> {
        Arc::clone(&self.subjects)
    }

    /// The facilities.
    pub fn facilities(&self) -> &[IncomingFacility] {
        &self.facilities
    }

    fn read_subjects(
        &mut self,
        path: &Path,
        found: &Found,
        doses: &mut HashMap<String, Vec<NewDose>>,
    ) -> Result<(), SourceError> {
        let fields = fields_of(&[SubjectField::UniqueId]);
        let names = [
            "unique_id",
            "full_name",
            "dob",
            "sex",
            "id_number",
            "phone",
            "email",
            "nationality",
        ];
        let mut row = 0;
        let mut subjects = Vec::new();
        let counts = each_row(
            path,
            Wanted::Fields(&fields),
            names,
            |[id, name, dob, sex, number, phone, email, nation]| {
                row += 1;
                let id = id.unwrap_or_default().to_owned();
                let outcome = found.outcomes.get(&id);
                let foreign = quality::Nationality::parse(nation) == quality::Nationality::Foreign
                    || outcome
                        .is_some_and(|outcome| outcome.status == Verification::ForeignerExempt);
                let owned = |text: Option<&str>| text.map(|text| text.trim().to_owned());
                let registration = Registration {
                    person: Person {
                        full_name: owned(name).unwrap_or_default(),
                        birth_date: dob.map(birth_date).unwrap_or_default(),
                        sex: sex.map(sex_code).unwrap_or_default(),
                        number: owned(number),
                        foreign,
                    },
                    contact: Contact {
                        phone: owned(phone),
                        email: owned(email),
                    },
                    residence: outcome.map(|outcome| outcome.residence).unwrap_or_default(),
                    hamlet: outcome.and_then(|outcome| outcome.hamlet.clone()),
                    answer: outcome.and_then(Outcome::answer),
                    doses: doses.remove(&id).unwrap_or_default(),
                    cluster: found.clusters.get(&id).cloned(),
                };
                subjects.push(Incoming {
                    row,
                    id,
                    registration,
                    suggestion: outcome.and_then(|outcome| outcome.suggestion.clone()),
                });
            },
        )?;
        self.unreadable = counts.rejected;
        self.subjects = Arc::new(subjects);
        Ok(())
    }
}

impl Outcome {
    /// What the register answered, if it could be asked. A number that it does not hold is a difference of the number.
    fn answer(&self) -> Option<RegisterAnswer> {
        match self.status {
            Verification::True => Some(RegisterAnswer::True),
            Verification::False => Some(RegisterAnswer::False {
                differing: self.differing.clone(),
            }),
            Verification::NotFound => Some(RegisterAnswer::False {
                differing: vec![IdentityField::Number],
            }),
            Verification::NoId | Verification::BadFormat | Verification::ForeignerExempt => None,
        }
    }
}

impl Found {
    fn read(folder: &Path) -> Result<Self, SourceError> {
        let mut found = Self::default();
        found.read_outcomes(&folder.join("outcome.parquet"))?;
        found.read_findings(&folder.join("findings.parquet"))?;
        let doses = folder.join("doses.parquet");
        if doses.exists() {
            found.read_duplicates(&doses)?;
        }
        Ok(found)
    }

    fn read_outcomes(&mut self, path: &Path) -> Result<(), SourceError> {
        let names = [
            "unique_id",
            "status",
            "differing",
            "list_province",
            "list_district",
            "list_commune",
            "hamlet",
            "person",
            "suggested_id_number",
            "suggested_full_name",
            "suggested_dob",
            "suggested_sex",
            "probability",
            "tie",
            "veto",
            "reason_vi",
        ];
        let mut unknown = None;
        // The first record of a person gives the cluster its name: the same whatever else is in the file.
        let mut first: HashMap<String, (String, bool)> = HashMap::new();
        each_row(
            path,
            Wanted::AsInFile,
            names,
            |[
                id,
                status,
                differing,
                province,
                district,
                commune,
                hamlet,
                person,
                number,
                full_name,
                birth_date,
                sex,
                probability,
                tie,
                veto,
                why,
            ]| {
                let id = id.unwrap_or_default().to_owned();
                let Some(status) = Verification::parse(status.unwrap_or_default()) else {
                    unknown = Some(status.unwrap_or_default().to_owned());
                    return;
                };
                let outcome = Outcome {
                    status,
                    differing: differing
                        .into_iter()
                        .flat_map(|text| text.split([',', '+', ' ']))
                        .filter_map(field)
                        .collect(),
                    residence: Place::read(province, district, commune),
                    hamlet: hamlet.map(str::to_owned),
                    suggestion: suggestion(
                        [number, full_name, birth_date, sex, why],
                        probability,
                        Band::of(
                            probability.and_then(|text| text.parse().ok()),
                            tie == Some("true"),
                            veto.is_some(),
                        ),
                    ),
                };
                let person = person.unwrap_or_default().to_owned();
                match first.get_mut(&person) {
                    None => {
                        first.insert(person, (id.clone(), false));
                    }
                    Some((founder, shared)) => {
                        if !*shared {
                            self.clusters.insert(founder.clone(), founder.clone());
                            *shared = true;
                        }
                        self.clusters.insert(id.clone(), founder.clone());
                    }
                }
                self.outcomes.insert(id, outcome);
            },
        )?;
        match unknown {
            Some(status) => Err(SourceError::NotOfThese {
                path: path.to_owned(),
                what: format!("`{status}` is no status"),
            }),
            None => Ok(()),
        }
    }

    fn read_findings(&mut self, path: &Path) -> Result<(), SourceError> {
        each_row(
            path,
            Wanted::AsInFile,
            ["record", "record_id", "severity", "rule"],
            |[record, id, severity, rule]| {
                let stands = [quality::Severity::Block, quality::Severity::Error]
                    .map(quality::Severity::as_str);
                if record == Some("dose")
                    && severity.is_some_and(|severity| stands.contains(&severity))
                {
                    let rules = self
                        .blocking
                        .entry(id.unwrap_or_default().to_owned())
                        .or_default();
                    // That a dose repeats another is judged by itself, and is no objection once it was.
                    rules.extend(
                        rule.filter(|rule| !rule.starts_with("DU-"))
                            .map(str::to_owned),
                    );
                }
            },
        )?;
        for rules in self.blocking.values_mut() {
            rules.sort();
            rules.dedup();
        }
        Ok(())
    }

    fn read_duplicates(&mut self, path: &Path) -> Result<(), SourceError> {
        each_row(
            path,
            Wanted::AsInFile,
            ["dose_id", "kept_dose_id"],
            |[id, kept]| {
                if let (Some(id), Some(kept)) = (id, kept.filter(|kept| Some(*kept) != id)) {
                    self.repeats.insert(id.to_owned(), DoseId(kept.to_owned()));
                }
            },
        )?;
        Ok(())
    }

    fn check_of(&self, dose: &str) -> DoseCheck {
        DoseCheck {
            blocking: self.blocking.get(dose).cloned().unwrap_or_default(),
            overridden: Vec::new(),
            repeats: self.repeats.get(dose).cloned(),
        }
    }
}

fn read_doses(
    path: &Path,
    found: &Found,
    places: &HashMap<FacilityCode, Place>,
) -> Result<HashMap<String, Vec<NewDose>>, SourceError> {
    let fields = fields_of(&[DoseField::DoseId, DoseField::SubjectId]);
    let names = [
        "dose_id",
        "subject_id",
        "dose_number",
        "injected_at",
        "vaccine",
        "manufacturer",
        "lot",
        "facility_code",
        "status",
    ];
    let mut doses: HashMap<String, Vec<NewDose>> = HashMap::new();
    each_row(
        path,
        Wanted::Fields(&fields),
        names,
        |[
            id,
            subject,
            number,
            date,
            vaccine,
            maker,
            lot,
            facility,
            status,
        ]| {
            if status.is_some_and(|status| status != "given") {
                return;
            }
            let facility = facility.and_then(FacilityCode::parse);
            let id = id.unwrap_or_default();
            let facts = DoseFacts {
                injected_on: date.map(day).unwrap_or_default(),
                vaccine: vaccine
                    .map(|vaccine| product(vaccine, maker))
                    .unwrap_or_default(),
                lot: lot.map(|lot| lot.trim().to_owned()),
                number: number.and_then(|number| number.trim().parse().ok()),
                facility_place: facility
                    .as_ref()
                    .and_then(|code| places.get(code))
                    .copied()
                    .unwrap_or_default(),
                facility,
            };
            let new = NewDose {
                id: DoseId(id.to_owned()),
                facts,
                check: found.check_of(id),
            };
            doses
                .entry(subject.unwrap_or_default().to_owned())
                .or_default()
                .push(new);
        },
    )?;
    Ok(doses)
}

fn facilities(path: &Path) -> Result<Vec<IncomingFacility>, SourceError> {
    let fields: Vec<FieldSpec> = fields_of(&[FacilityField::Code]);
    let mut facilities = Vec::new();
    let names = ["facility_code", "name", "province", "district", "commune"];
    each_row(
        path,
        Wanted::Fields(&fields),
        names,
        |[code, name, province, district, commune]| {
            if let Some(code) = code.and_then(FacilityCode::parse) {
                let name = name.unwrap_or_default().to_owned();
                facilities.push(IncomingFacility {
                    code,
                    name,
                    place: Place::read(province, district, commune),
                });
            }
        },
    )?;
    Ok(facilities)
}

/// A date that can be read is kept in one form; any other stands as it was written.
fn birth_date(text: &str) -> String {
    BirthDate::parse(text).map_or_else(|_| text.trim().to_owned(), |(date, _)| date.iso())
}

fn sex_code(text: &str) -> String {
    Sex::parse(text).map_or_else(|_| text.trim().to_owned(), |sex| sex.code().to_owned())
}

fn day(text: &str) -> String {
    parse_moment(text).map_or_else(
        |_| text.trim().to_owned(),
        |(moment, _)| moment.date().to_string(),
    )
}

/// The key of the product where the text names exactly one.
fn product(vaccine: &str, maker: Option<&str>) -> String {
    match named(vaccine, maker) {
        Named::Product(product)
        | Named::Alias {
            product,
            deprecated: false,
        } => product.key.to_owned(),
        _ => vaccine.trim().to_owned(),
    }
}

fn field(name: &str) -> Option<IdentityField> {
    match name {
        "id_number" => Some(IdentityField::Number),
        "full_name" => Some(IdentityField::FullName),
        "dob" => Some(IdentityField::BirthDate),
        "sex" => Some(IdentityField::Sex),
        _ => None,
    }
}
