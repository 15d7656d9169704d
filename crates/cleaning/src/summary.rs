//! The numbers of one job: what `summary.json` holds and all that `report.html` is made from.
//!
//! Every number is a plain count that a stage keeps while it passes over the rows; none is computed from another one, so
//! that [`Summary::reconcile`] is a proof and not a tautology. The sums are those that held in the national figures of
//! 2022: verified + differing + pending = with a number; with + without a number = all persons; doses likewise.

use registry::status::{ErrorCategory, Verification};
use registry::text::Text;
use serde::{Deserialize, Serialize};

/// Version of the layout of `summary.json`.
pub const FORMAT: u32 = 1;

/// All numbers of one job.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct Summary {
    /// [`FORMAT`] of the program that wrote it.
    pub format: u32,
    /// Program and version ("minhchung 0.1.0").
    pub program: String,
    /// The day from which dates were judged and for which all numbers hold, `YYYY-MM-DD`.
    pub as_of: String,
    /// The input files, in the order subjects, register, doses, facilities, lots.
    pub inputs: Vec<InputFile>,
    /// Subjects from the row read to the verdict.
    pub funnel: Funnel,
    /// Subjects by category of dispatch 2262.
    pub categories: Categories,
    /// Fields that differ among the subjects of E3 whose number the register holds.
    pub differing: Differing,
    /// Subjects of E1, E2 and E3 by what the search in the register gave.
    pub suggestions: Suggestions,
    /// Subjects with a suggested person by the shape of the difference, the most frequent first.
    pub shapes: Vec<ShapeCount>,
    /// Subjects by province of 2022, by code; a last row without code holds those without a known province.
    pub provinces: Vec<ProvinceCount>,
    /// Subjects by the commune that lists them, by province and commune code; rows without code hold the rest.
    pub communes: Vec<CommuneCount>,
    /// Facilities with at least one dose or finding, by code.
    pub facilities: Vec<FacilityCount>,
    /// Rules with at least one finding, the most frequent first.
    pub rules: Vec<RuleCount>,
    /// Records of the same person among the subjects.
    pub persons: Persons,
    /// Doses; `None` when no file of doses was given.
    pub doses: Option<Doses>,
    /// Facts about the register extract.
    pub register: RegisterCounts,
}

/// One input file as it was read.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct InputFile {
    /// What it was given as: `subjects`, `register`, `doses`, `facilities` or `lots`.
    pub role: String,
    /// File name without its folder.
    pub file: String,
    /// `CSV`, `XLSX` or `Parquet`.
    pub format: String,
    /// Encoding of a text file ("UTF-8", "Windows-1258"); `None` for the other formats.
    pub encoding: Option<String>,
    /// Rows below the header, blank rows not counted.
    pub read: u64,
    /// Rows that went on.
    pub accepted: u64,
    /// Rows that could not be read; each is in the reject list with its number, text and reason.
    pub rejected: u64,
    /// The reject list, relative to the report; `None` when nothing was rejected.
    pub rejects: Option<String>,
    /// Columns in the order of the file.
    pub columns: Vec<ColumnMatch>,
}

/// A column of an input and the field as which it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ColumnMatch {
    /// The heading in the file.
    pub heading: String,
    /// The field's canonical heading; `None` for a column that is not used.
    pub field: Option<String>,
}

/// Subjects from the row read to the verdict. Unit: records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Funnel {
    /// Rows of the file of subjects.
    pub read: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Rows that became a record.
    pub accepted: u64,
    /// Foreigners with a passport number: the register does not know them and is not asked.
    pub exempt: u64,
    /// No CCCD/CMND number (E1).
    pub no_id: u64,
    /// A number in a wrong format (E2).
    pub malformed: u64,
    /// A well-formed number, so that the register can be asked.
    pub usable: u64,
    /// The register does not hold the number (part of E3).
    pub not_found: u64,
    /// The register holds the number; name, birth date or sex differs (part of E3).
    pub differs: u64,
    /// Number, name, birth date and sex agree.
    pub verified: u64,
}

impl Funnel {
    /// Counts one accepted record by its outcome. Rows read and rejected come from the reader.
    pub fn count(&mut self, verification: Verification) {
        self.accepted += 1;
        match verification {
            Verification::ForeignerExempt => self.exempt += 1,
            Verification::NoId => self.no_id += 1,
            Verification::BadFormat => self.malformed += 1,
            Verification::NotFound => {
                self.usable += 1;
                self.not_found += 1;
            }
            Verification::False => {
                self.usable += 1;
                self.differs += 1;
            }
            Verification::True => {
                self.usable += 1;
                self.verified += 1;
            }
        }
    }
}

/// Subjects to be cleaned, by category of dispatch 2262. Unit: records; each is in exactly one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Categories {
    /// No CCCD/CMND number.
    pub e1: u64,
    /// Number in a wrong format.
    pub e2: u64,
    /// Wrong basic data: number, name, birth date or sex.
    pub e3: u64,
}

impl Categories {
    /// Counts one record.
    pub fn count(&mut self, category: ErrorCategory) {
        match category {
            ErrorCategory::E1 => self.e1 += 1,
            ErrorCategory::E2 => self.e2 += 1,
            ErrorCategory::E3 => self.e3 += 1,
        }
    }

    /// All records that have to be cleaned.
    pub fn open(&self) -> u64 {
        self.e1 + self.e2 + self.e3
    }
}

/// Differing fields of the records whose number the register holds. A record with two differing fields counts in both, so
/// these do not add up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Differing {
    /// Name differs.
    pub name: u64,
    /// Birth date differs.
    pub dob: u64,
    /// Sex differs or is missing.
    pub sex: u64,
    /// Exactly one of the three differs.
    pub only_one: u64,
}

/// What the search in the register gave for the records to be cleaned. Each record is in exactly one band; a veto
/// comes before a tie, a tie before a probability.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Suggestions {
    /// One person with a probability of at least 0.99.
    pub near_certain: u64,
    /// One person, 0.95 up to 0.99.
    pub likely: u64,
    /// One person, 0.5 up to 0.95.
    pub possible: u64,
    /// Two or more persons fit equally well: a person has to choose.
    pub tie: u64,
    /// A person fits, but a rule forbids the automatic link (two verified numbers, twins, parent and child).
    pub vetoed: u64,
    /// Nobody, or nobody with a probability of 0.5.
    pub none: u64,
}

impl Suggestions {
    /// Counts one record to be cleaned.
    pub fn count(&mut self, band: Band) {
        *match band {
            Band::NearCertain => &mut self.near_certain,
            Band::Likely => &mut self.likely,
            Band::Possible => &mut self.possible,
            Band::Tie => &mut self.tie,
            Band::Vetoed => &mut self.vetoed,
            Band::None => &mut self.none,
        } += 1;
    }

    /// Records for which one person is suggested.
    pub fn suggested(&self) -> u64 {
        self.near_certain + self.likely + self.possible
    }
}

/// The band of [`Suggestions`] in which a record is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Band {
    /// At least 0.99.
    NearCertain,
    /// 0.95 up to 0.99.
    Likely,
    /// 0.5 up to 0.95.
    Possible,
    /// Equal candidates.
    Tie,
    /// Forbidden by a veto.
    Vetoed,
    /// Below 0.5, or no candidate.
    None,
}

impl Band {
    /// The band of the best candidate. `probability` is `None` without a candidate.
    pub fn of(probability: Option<f64>, tie: bool, vetoed: bool) -> Self {
        match probability {
            Some(_) if vetoed => Self::Vetoed,
            Some(_) if tie => Self::Tie,
            Some(p) if p >= 0.99 => Self::NearCertain,
            Some(p) if p >= 0.95 => Self::Likely,
            Some(p) if p >= 0.5 => Self::Possible,
            Some(_) | None => Self::None,
        }
    }

    /// True when one person is suggested.
    pub fn is_suggested(self) -> bool {
        matches!(self, Self::NearCertain | Self::Likely | Self::Possible)
    }
}

/// A shape of difference between record and suggested person.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ShapeCount {
    /// Stable code ("`dob:day_month_swapped+name:accents_lost`").
    pub code: String,
    /// The shape in words.
    pub text: Text,
    /// Fields that it touches: `id_number`, `full_name`, `dob`, `sex`.
    pub fields: Vec<String>,
    /// Records with a suggested person and this shape.
    pub count: u64,
    /// Those of them in the band of at least 0.99: one look confirms them.
    pub ready: u64,
    /// False for shapes that are confirmed one by one, however certain they look (another number, another person).
    pub bulk: bool,
}

/// Records of one area by outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tally {
    /// Accepted records.
    pub subjects: u64,
    /// Verified (TRUE).
    pub verified: u64,
    /// Foreigners, exempt.
    pub exempt: u64,
    /// No number.
    pub e1: u64,
    /// Malformed number.
    pub e2: u64,
    /// Wrong basic data.
    pub e3: u64,
    /// Records of E1, E2 and E3 for which one person is suggested.
    pub suggested: u64,
}

impl Tally {
    /// Counts one accepted record. `suggested`: one person is suggested ([`Band::is_suggested`]).
    pub fn count(&mut self, verification: Verification, suggested: bool) {
        self.subjects += 1;
        match verification.category() {
            None if verification == Verification::ForeignerExempt => self.exempt += 1,
            None => self.verified += 1,
            Some(category) => {
                *match category {
                    ErrorCategory::E1 => &mut self.e1,
                    ErrorCategory::E2 => &mut self.e2,
                    ErrorCategory::E3 => &mut self.e3,
                } += 1;
                self.suggested += u64::from(suggested);
            }
        }
    }

    /// Records that have to be cleaned.
    pub fn open(&self) -> u64 {
        self.e1 + self.e2 + self.e3
    }

    pub(crate) fn plus(self, other: Self) -> Self {
        Self {
            subjects: self.subjects + other.subjects,
            verified: self.verified + other.verified,
            exempt: self.exempt + other.exempt,
            e1: self.e1 + other.e1,
            e2: self.e2 + other.e2,
            e3: self.e3 + other.e3,
            suggested: self.suggested + other.suggested,
        }
    }
}

/// Records of one province.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ProvinceCount {
    /// Two-digit code of 2022; `None` when the record names no known province.
    pub code: Option<String>,
    /// Name with its kind; empty without a code.
    pub name: String,
    /// The counts.
    #[serde(flatten)]
    pub tally: Tally,
}

/// Records of one commune: those that its list of dispatch 2262 is drawn from.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CommuneCount {
    /// Five-digit code; `None` when the record names no known commune.
    pub code: Option<String>,
    /// Name with its kind; empty without a code.
    pub name: String,
    /// District name; empty without one.
    pub district: String,
    /// Two-digit province code.
    pub province: Option<String>,
    /// Province name with its kind.
    pub province_name: String,
    /// The counts.
    #[serde(flatten)]
    pub tally: Tally,
    /// The spreadsheet, relative to the report; `None` when nothing is open.
    pub worklist: Option<String>,
}

/// Doses of one facility.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct FacilityCount {
    /// Facility code as in the doses; `None` for doses that name no facility.
    pub code: Option<String>,
    /// Name, where the list of facilities has it; else empty.
    pub name: String,
    /// Accepted doses that name it.
    pub doses: u64,
    /// Those with at least one finding of severity B, E or W.
    pub with_finding: u64,
    /// Findings of severity B, E or W on its doses.
    pub findings: u64,
    /// Its doses in a duplicate group (DU-01 to DU-05).
    pub duplicates: u64,
    /// The spreadsheet, relative to the report; `None` when nothing is open.
    pub worklist: Option<String>,
}

/// Findings of one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RuleCount {
    /// Stable id ("DB-05").
    pub id: String,
    /// `B`, `E`, `W` or `I`.
    pub severity: String,
    /// Whom it is about: `person`, `dose`, `facility`, `pair` or `record`.
    pub subject: String,
    /// What is wrong, without values.
    pub message: Text,
    /// Why it matters.
    pub why: Text,
    /// How to fix it.
    pub fix: Text,
    /// Findings.
    pub count: u64,
    /// Up to three examples, masked.
    pub examples: Vec<Example>,
}

/// One finding, fit to be shown: numbers, phones and names masked.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Example {
    /// The offending value, masked.
    pub value: String,
    /// The value of the register or of another record, masked.
    pub other: Option<String>,
    /// The proposed value, masked.
    pub fix: Option<String>,
}

/// Records of the same person among the subjects. Nothing is merged: a cluster links records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Persons {
    /// Different persons: records outside any cluster, and each cluster once.
    pub persons: u64,
    /// Clusters of two or more records.
    pub clusters: u64,
    /// Records in a cluster.
    pub records: u64,
    /// Pairs that look alike but are never linked automatically (DU-08, DU-09, DU-10).
    pub vetoed_pairs: u64,
}

/// Doses.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Doses {
    /// Rows of the file of doses.
    pub read: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Rows that became a dose.
    pub accepted: u64,
    /// Doses whose subject is not in the file of subjects.
    pub orphans: u64,
    /// Doses of verified subjects.
    pub of_verified: u64,
    /// Doses of foreigners, exempt.
    pub of_exempt: u64,
    /// Doses of subjects in E1.
    pub of_e1: u64,
    /// Doses of subjects in E2.
    pub of_e2: u64,
    /// Doses of subjects in E3.
    pub of_e3: u64,
    /// Doses with at least one finding of severity B, E or W.
    pub with_finding: u64,
    /// Doses without one.
    pub without_finding: u64,
    /// Duplicates by rule, DU-01 to DU-05.
    pub duplicates: Vec<DuplicateCount>,
}

impl Doses {
    /// Counts one accepted dose. `subject`: the outcome of its subject, `None` for an orphan.
    pub fn count(&mut self, subject: Option<Verification>, with_finding: bool) {
        self.accepted += 1;
        *match subject.map(|verification| (verification, verification.category())) {
            None => &mut self.orphans,
            Some((Verification::ForeignerExempt, _)) => &mut self.of_exempt,
            Some((_, None)) => &mut self.of_verified,
            Some((_, Some(ErrorCategory::E1))) => &mut self.of_e1,
            Some((_, Some(ErrorCategory::E2))) => &mut self.of_e2,
            Some((_, Some(ErrorCategory::E3))) => &mut self.of_e3,
        } += 1;
        if with_finding {
            self.with_finding += 1;
        } else {
            self.without_finding += 1;
        }
    }
}

/// Duplicate doses found by one rule.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct DuplicateCount {
    /// Rule id, DU-01 to DU-05.
    pub rule: String,
    /// What it means.
    pub text: Text,
    /// Groups of doses that seem to be one.
    pub groups: u64,
    /// Doses in these groups.
    pub doses: u64,
}

/// Facts about the register extract.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RegisterCounts {
    /// Rows of the file.
    pub read: u64,
    /// Rows that could not be read.
    pub rejected: u64,
    /// Rows that became an entry.
    pub accepted: u64,
    /// Entries marked as deceased.
    pub deceased: u64,
    /// Entries whose number was cancelled or superseded.
    pub superseded: u64,
    /// Entries marked as protected; they are never suggested.
    pub protected: u64,
}

/// A sum that has to hold: the total equals its parts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// What is summed.
    pub total: Term,
    /// What it consists of.
    pub parts: Vec<Term>,
}

/// A named number of an [`Identity`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Term {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: u64,
}

impl Identity {
    /// True when the parts add up to the total.
    pub fn holds(&self) -> bool {
        let sum = self
            .parts
            .iter()
            .try_fold(0_u64, |sum, part| sum.checked_add(part.value));
        sum == Some(self.total.value)
    }

    fn new(total: Term, parts: Vec<Term>) -> Self {
        Self { total, parts }
    }
}

/// Shorthand for the tables below.
fn term(vi: &str, en: &str, value: u64) -> Term {
    Term {
        name: Text::new(vi, en),
        value,
    }
}

impl Summary {
    /// Every sum that must hold, in the order of the report. All of them hold unless this program counted wrongly.
    pub fn reconcile(&self) -> Vec<Identity> {
        let mut identities = self.input_identities();
        identities.extend(self.funnel_identities());
        identities.extend(self.category_identities());
        identities.extend(self.suggestion_identities());
        identities.extend(self.area_identities());
        identities.extend(self.person_identities());
        identities.extend(self.doses.iter().flat_map(Doses::identities));
        identities.extend(self.facility_identities());
        identities
    }

    /// True when every sum holds.
    pub fn reconciles(&self) -> bool {
        self.reconcile().iter().all(Identity::holds)
    }

    fn input_identities(&self) -> Vec<Identity> {
        let rows_of = |role: &str| {
            let rows = self.inputs.iter().filter(|input| input.role == role);
            rows.map(|input| input.accepted).sum()
        };
        let mut identities: Vec<Identity> = self
            .inputs
            .iter()
            .map(|input| {
                let total = Term {
                    name: Text::new(
                        format!("Dòng đã đọc, {}", input.file),
                        format!("Rows read, {}", input.file),
                    ),
                    value: input.read,
                };
                let parts = vec![
                    term("nhận", "accepted", input.accepted),
                    term("loại", "rejected", input.rejected),
                ];
                Identity::new(total, parts)
            })
            .collect();
        if !self.inputs.is_empty() {
            identities.push(Identity::new(
                term(
                    "Bản ghi đối tượng được nhận",
                    "Subject records accepted",
                    self.funnel.accepted,
                ),
                vec![term(
                    "dòng được nhận của tệp",
                    "rows accepted from the file",
                    rows_of("subjects"),
                )],
            ));
        }
        identities
    }

    fn funnel_identities(&self) -> Vec<Identity> {
        let funnel = &self.funnel;
        vec![
            Identity::new(
                term("Dòng đối tượng đã đọc", "Subject rows read", funnel.read),
                vec![
                    term("nhận", "accepted", funnel.accepted),
                    term("loại", "rejected", funnel.rejected),
                ],
            ),
            Identity::new(
                term("Bản ghi được nhận", "Records accepted", funnel.accepted),
                vec![
                    term("có số hợp lệ", "with a usable number", funnel.usable),
                    term("thiếu số (E1)", "no number (E1)", funnel.no_id),
                    term(
                        "sai định dạng (E2)",
                        "malformed number (E2)",
                        funnel.malformed,
                    ),
                    term("người nước ngoài", "foreigners", funnel.exempt),
                ],
            ),
            Identity::new(
                term("Có số hợp lệ", "With a usable number", funnel.usable),
                vec![
                    term("khớp", "verified", funnel.verified),
                    term("sai lệch", "differing", funnel.differs),
                    term("không tìm thấy số", "number not found", funnel.not_found),
                ],
            ),
        ]
    }

    fn category_identities(&self) -> Vec<Identity> {
        let (funnel, categories) = (&self.funnel, &self.categories);
        vec![
            Identity::new(
                term("E1", "E1", categories.e1),
                vec![term("thiếu số", "no number", funnel.no_id)],
            ),
            Identity::new(
                term("E2", "E2", categories.e2),
                vec![term("sai định dạng", "malformed number", funnel.malformed)],
            ),
            Identity::new(
                term("E3", "E3", categories.e3),
                vec![
                    term("sai lệch", "differing", funnel.differs),
                    term("không tìm thấy số", "number not found", funnel.not_found),
                ],
            ),
        ]
    }

    fn suggestion_identities(&self) -> Vec<Identity> {
        let bands = &self.suggestions;
        vec![
            Identity::new(
                term(
                    "Cần làm sạch (E1 + E2 + E3)",
                    "To be cleaned (E1 + E2 + E3)",
                    self.categories.open(),
                ),
                vec![
                    term("≥ 0,99", "≥ 0.99", bands.near_certain),
                    term("0,95–0,99", "0.95–0.99", bands.likely),
                    term("0,5–0,95", "0.5–0.95", bands.possible),
                    term("ngang nhau", "tie", bands.tie),
                    term("không tự động", "vetoed", bands.vetoed),
                    term("không có gợi ý", "no suggestion", bands.none),
                ],
            ),
            Identity::new(
                term(
                    "Có một người được gợi ý",
                    "With one person suggested",
                    bands.suggested(),
                ),
                vec![term(
                    "tổng các dạng sai lệch",
                    "sum over the shapes",
                    self.shapes.iter().map(|shape| shape.count).sum(),
                )],
            ),
        ]
    }

    fn area_identities(&self) -> Vec<Identity> {
        type Figure = fn(&Tally) -> u64;
        let provinces = self
            .provinces
            .iter()
            .fold(Tally::default(), |sum, row| sum.plus(row.tally));
        let communes = self
            .communes
            .iter()
            .fold(Tally::default(), |sum, row| sum.plus(row.tally));
        let sums = |value: Figure| {
            [
                term("tổng các tỉnh", "sum over provinces", value(&provinces)),
                term("tổng các xã", "sum over communes", value(&communes)),
            ]
        };
        let wanted: [(Term, Figure); 4] = [
            (
                term(
                    "Bản ghi được nhận",
                    "Records accepted",
                    self.funnel.accepted,
                ),
                |tally| tally.subjects,
            ),
            (term("Khớp", "Verified", self.funnel.verified), |tally| {
                tally.verified
            }),
            (
                term("Cần làm sạch", "To be cleaned", self.categories.open()),
                Tally::open,
            ),
            (
                term(
                    "Có một người được gợi ý",
                    "With one person suggested",
                    self.suggestions.suggested(),
                ),
                |tally| tally.suggested,
            ),
        ];
        wanted
            .into_iter()
            .flat_map(|(total, value)| {
                sums(value).map(|part| Identity::new(total.clone(), vec![part]))
            })
            .collect()
    }

    fn person_identities(&self) -> Vec<Identity> {
        let Persons {
            persons,
            clusters,
            records,
            ..
        } = self.persons;
        vec![Identity::new(
            term(
                "Bản ghi được nhận",
                "Records accepted",
                self.funnel.accepted,
            ),
            vec![
                term("người khác nhau", "different persons", persons),
                term(
                    "bản ghi thừa của cùng một người",
                    "further records of the same person",
                    records.saturating_sub(clusters),
                ),
            ],
        )]
    }

    fn facility_identities(&self) -> Vec<Identity> {
        let Some(doses) = &self.doses else {
            return Vec::new();
        };
        let sum = |value: fn(&FacilityCount) -> u64| self.facilities.iter().map(value).sum();
        vec![
            Identity::new(
                term("Mũi tiêm được nhận", "Doses accepted", doses.accepted),
                vec![term(
                    "tổng các cơ sở tiêm chủng",
                    "sum over facilities",
                    sum(|row| row.doses),
                )],
            ),
            Identity::new(
                term(
                    "Mũi tiêm có phát hiện",
                    "Doses with a finding",
                    doses.with_finding,
                ),
                vec![term(
                    "tổng các cơ sở tiêm chủng",
                    "sum over facilities",
                    sum(|row| row.with_finding),
                )],
            ),
        ]
    }
}

impl Doses {
    fn identities(&self) -> Vec<Identity> {
        vec![
            Identity::new(
                term("Dòng mũi tiêm đã đọc", "Dose rows read", self.read),
                vec![
                    term("nhận", "accepted", self.accepted),
                    term("loại", "rejected", self.rejected),
                ],
            ),
            Identity::new(
                term("Mũi tiêm được nhận", "Doses accepted", self.accepted),
                vec![
                    term(
                        "của đối tượng đã khớp",
                        "of verified subjects",
                        self.of_verified,
                    ),
                    term("của E1", "of E1", self.of_e1),
                    term("của E2", "of E2", self.of_e2),
                    term("của E3", "of E3", self.of_e3),
                    term("của người nước ngoài", "of foreigners", self.of_exempt),
                    term(
                        "không có đối tượng trong tệp",
                        "without a subject in the file",
                        self.orphans,
                    ),
                ],
            ),
            Identity::new(
                term("Mũi tiêm được nhận", "Doses accepted", self.accepted),
                vec![
                    term("có phát hiện", "with a finding", self.with_finding),
                    term(
                        "không có phát hiện",
                        "without a finding",
                        self.without_finding,
                    ),
                ],
            ),
        ]
    }
}
