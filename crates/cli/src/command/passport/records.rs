//! Who may get a certificate: subjects, doses and what cleaning found, joined.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use intake::{Wanted, each_row, fields_of};
use jiff::civil::Date;
use passport::names::{HolderName, NameError};
use passport::numbering::DoseNumber;
use passport::profile::{Profile, Refusal as NotIssuable, VaccineCodes};
use registry::date::BirthDate;
use registry::fields::{DoseField, SubjectField};
use registry::status::Verification;
use registry::text::Text;

use crate::exit::{Blame, Failure, usage};

/// One subject of the file.
pub(super) struct Subject {
    pub(super) id: String,
    name: String,
    birth_date: Option<String>,
    /// As written.
    nationality: Option<String>,
}

/// A dose that was given, as written.
struct Dose {
    id: String,
    injected_at: Option<String>,
    vaccine: Option<String>,
    manufacturer: Option<String>,
}

/// What a certificate of a subject is to say.
pub(super) struct Plan {
    pub(super) name: HolderName,
    pub(super) birth_date: BirthDate,
    pub(super) vaccine: VaccineCodes,
    pub(super) number: DoseNumber,
    pub(super) date: Date,
    /// As written; for the paper.
    pub(super) nationality: Option<String>,
}

/// Why a subject gets no certificate.
#[derive(Clone)]
pub(super) struct Refusal {
    /// The word under which it is counted.
    pub(super) code: &'static str,
    pub(super) text: Text,
}

impl Refusal {
    pub(super) fn new(code: &'static str, vi: impl Into<String>, en: impl Into<String>) -> Self {
        let text = Text::new(vi, en);
        Self { code, text }
    }

    /// A name that cannot stand in a certificate.
    pub(super) fn of_name(error: NameError) -> Self {
        let vi = match error {
            NameError::Empty => "Không có họ tên.".to_owned(),
            NameError::Character { character } => {
                format!("Họ tên có ký tự {character:?} không chuyển được sang chữ Latinh.")
            }
            NameError::TooLong { length } => {
                format!("Họ tên dài {length} ký tự, quá giới hạn của chứng nhận.")
            }
        };
        Self::new("name", vi, error.to_string())
    }

    /// A vaccine that has no code.
    pub(super) fn of_vaccine(error: &NotIssuable) -> Self {
        let vi = match error {
            NotIssuable::Ambiguous { products } => format!(
                "Tên vắc xin chỉ nhiều sản phẩm ({products}); cần số lô hoặc nhà sản xuất để xác định."
            ),
            NotIssuable::Generic => "Không ghi rõ sản phẩm vắc xin.".to_owned(),
            NotIssuable::NoCode { vaccine } => {
                format!("Vắc xin {vaccine:?} không có mã trong danh mục của EU.")
            }
            NotIssuable::Deprecated { code } => format!("Mã {code} đã ngừng dùng."),
        };
        Self::new("vaccine", vi, error.to_string())
    }
}

/// All that is known, ready to be asked subject by subject.
pub(super) struct Records {
    pub(super) subjects: Vec<Subject>,
    /// Rows of the file of subjects that cannot be read.
    pub(super) unreadable: u64,
    doses: HashMap<String, Vec<Dose>>,
    findings: Option<Cleaned>,
}

/// What the job `clean` found.
struct Cleaned {
    /// Status and number of the person, by subject.
    outcomes: HashMap<String, (Verification, String)>,
    /// Subjects by person.
    records: HashMap<String, Vec<String>>,
    /// Rule of a blocking finding, by subject and by dose.
    blocked: HashMap<(Kind, String), String>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash)]
enum Kind {
    Subject,
    Dose,
}

impl Records {
    pub(super) fn read(
        subjects: &Path,
        doses: &Path,
        cleaned: Option<&Path>,
        limit: Option<usize>,
    ) -> Result<Self, Failure> {
        let mut read = Self {
            subjects: Vec::new(),
            unreadable: 0,
            doses: HashMap::new(),
            findings: cleaned.map(Cleaned::read).transpose()?,
        };
        let fields = fields_of(&[SubjectField::UniqueId, SubjectField::FullName]);
        let names = ["unique_id", "full_name", "dob", "nationality"];
        let counts = each_row(
            subjects,
            Wanted::Fields(&fields),
            names,
            |[id, name, dob, nation]| {
                read.subjects.push(Subject {
                    id: id.unwrap_or_default().to_owned(),
                    name: name.unwrap_or_default().to_owned(),
                    birth_date: dob.map(str::to_owned),
                    nationality: nation.map(str::to_owned),
                });
            },
        )
        .or_usage()?;
        read.unreadable = counts.rejected;
        if let Some(limit) = limit {
            read.subjects.truncate(limit);
        }
        let fields = fields_of(&[DoseField::DoseId, DoseField::SubjectId]);
        let names = [
            "dose_id",
            "subject_id",
            "injected_at",
            "vaccine",
            "manufacturer",
            "status",
        ];
        each_row(
            doses,
            Wanted::Fields(&fields),
            names,
            |[id, subject, date, vaccine, maker, status]| {
                let owned = |text: Option<&str>| text.map(str::to_owned);
                if status.is_none_or(|status| status == "given") {
                    let doses = read.doses.entry(subject.unwrap_or_default().to_owned());
                    doses.or_default().push(Dose {
                        id: id.unwrap_or_default().to_owned(),
                        injected_at: owned(date),
                        vaccine: owned(vaccine),
                        manufacturer: owned(maker),
                    });
                }
            },
        )
        .or_usage()?;
        Ok(read)
    }

    /// What the certificate of each subject is to say, in the order of the file.
    pub(super) fn plans<'s>(
        &'s self,
        profile: &Profile,
        today: Date,
    ) -> Vec<Result<Plan, Refusal>> {
        let (mut ids, mut people) = (HashSet::new(), HashSet::new());
        let plan = |subject: &'s Subject| {
            if !ids.insert(subject.id.as_str()) {
                return Err(Refusal::new(
                    "duplicate_id",
                    "Mã đối tượng đã có ở một dòng trước.",
                    "The id of the subject stands in an earlier row.",
                ));
            }
            self.verified(subject)?;
            let plan = self.plan(subject, profile, today)?;
            if let Some(person) = self.person(subject)
                && !people.insert(person)
            {
                return Err(Refusal::new(
                    "same_person",
                    "Người này đã được cấp theo một bản ghi khác.",
                    "Another record of the same person gets the certificate.",
                ));
            }
            Ok(plan)
        };
        self.subjects.iter().map(plan).collect()
    }

    fn person(&self, subject: &Subject) -> Option<&str> {
        let (_, person) = self.findings.as_ref()?.outcomes.get(&subject.id)?;
        Some(person)
    }

    fn verified(&self, subject: &Subject) -> Result<(), Refusal> {
        let Some(cleaned) = &self.findings else {
            return Ok(());
        };
        let status = cleaned.outcomes.get(&subject.id).map(|(status, _)| *status);
        match status {
            Some(Verification::True | Verification::ForeignerExempt) => {}
            Some(other) => {
                return Err(Refusal {
                    code: "not_verified",
                    text: Text::new(
                        format!("Chưa được xác minh với CSDL dân cư: {}.", other.vi()),
                        format!("Not verified against the register: {}.", other.en()),
                    ),
                });
            }
            None => {
                return Err(Refusal::new(
                    "not_cleaned",
                    "Không có trong kết quả làm sạch.",
                    "Not among the results of cleaning.",
                ));
            }
        }
        cleaned.blocking(Kind::Subject, &subject.id)
    }

    /// Doses of all records of the person.
    fn doses_of(&self, subject: &Subject) -> Vec<&Dose> {
        let records = self.findings.as_ref().zip(self.person(subject));
        let records = records.and_then(|(cleaned, person)| cleaned.records.get(person));
        let own = std::slice::from_ref(&subject.id);
        let records = records.map_or(own, Vec::as_slice);
        let doses = records.iter().filter_map(|id| self.doses.get(id));
        doses.flatten().collect()
    }

    fn plan(&self, subject: &Subject, profile: &Profile, today: Date) -> Result<Plan, Refusal> {
        let name = HolderName::from_full_name(&subject.name).map_err(Refusal::of_name)?;
        let birth_date = BirthDate::parse(subject.birth_date.as_deref().unwrap_or_default())
            .map_err(|error| {
                let en = format!("The birth date cannot be used: {error}.");
                Refusal::new("birth_date", "Ngày sinh thiếu hoặc không có thật.", en)
            })?
            .0;
        let mut doses = Vec::new();
        for dose in self.doses_of(subject) {
            if let Some(cleaned) = &self.findings {
                cleaned.blocking(Kind::Dose, &dose.id)?;
            }
            doses.push(read_dose(dose, profile, today)?);
        }
        doses.sort_by_key(|(date, _)| *date);
        let products: Vec<_> = doses
            .iter()
            .map(|(date, codes)| (*date, codes.vaccine))
            .collect();
        let numbers = profile.numbering.number(&products).map_err(|error| {
            let day = error.day.strftime("%d/%m/%Y");
            let vi = format!("Có hai mũi tiêm cùng ngày {day}; cần xử lý trùng trước.");
            Refusal::new("same_day", vi, error.to_string())
        })?;
        let (Some((date, vaccine)), Some(number)) = (doses.last(), numbers.last()) else {
            return Err(Refusal::new(
                "no_dose",
                "Không có mũi tiêm nào được ghi nhận.",
                "No dose is recorded.",
            ));
        };
        Ok(Plan {
            name,
            birth_date,
            vaccine: *vaccine,
            number: *number,
            date: *date,
            nationality: subject.nationality.clone(),
        })
    }
}

/// Day and product of a dose.
fn read_dose(dose: &Dose, profile: &Profile, today: Date) -> Result<(Date, VaccineCodes), Refusal> {
    let date = BirthDate::parse(dose.injected_at.as_deref().unwrap_or_default());
    let date = date.ok().and_then(|(date, _)| date.day()).ok_or_else(|| {
        Refusal::new(
            "dose_date",
            "Ngày tiêm của một mũi không rõ.",
            "The date of a dose is not known to the day.",
        )
    })?;
    if date > today {
        return Err(Refusal::new(
            "dose_date",
            "Ngày tiêm ở tương lai.",
            "A dose is dated in the future.",
        ));
    }
    let codes = match dose.vaccine.as_deref() {
        Some(vaccine) => profile.codes_of(vaccine, dose.manufacturer.as_deref()),
        None => Err(NotIssuable::Generic),
    };
    let codes = codes.map_err(|error| Refusal::of_vaccine(&error))?;
    Ok((date, codes))
}

impl Cleaned {
    /// Reads the folder that `clean` wrote.
    fn read(folder: &Path) -> Result<Self, Failure> {
        let mut cleaned = Self {
            outcomes: HashMap::new(),
            records: HashMap::new(),
            blocked: HashMap::new(),
        };
        let path = folder.join("outcome.parquet");
        let mut unknown = None;
        each_row(
            &path,
            Wanted::AsInFile,
            ["unique_id", "status", "person"],
            |[id, status, person]| {
                let (id, status) = (id.unwrap_or_default(), status.unwrap_or_default());
                let person = person.unwrap_or_default().to_owned();
                let Some(verification) = Verification::parse(status) else {
                    unknown = Some(status.to_owned());
                    return;
                };
                let records = cleaned.records.entry(person.clone()).or_default();
                records.push(id.to_owned());
                cleaned
                    .outcomes
                    .insert(id.to_owned(), (verification, person));
            },
        )
        .or_usage()?;
        if let Some(status) = unknown {
            return Err(usage(format!(
                "{}: unknown status '{status}'",
                path.display()
            )));
        }
        let names = ["record", "record_id", "severity", "rule"];
        let path = folder.join("findings.parquet");
        each_row(
            &path,
            Wanted::AsInFile,
            names,
            |[record, id, severity, rule]| {
                let kind = match record {
                    Some("subject") => Kind::Subject,
                    Some("dose") => Kind::Dose,
                    _ => return,
                };
                if severity == Some(quality::Severity::Block.as_str()) {
                    let key = (kind, id.unwrap_or_default().to_owned());
                    cleaned
                        .blocked
                        .insert(key, rule.unwrap_or_default().to_owned());
                }
            },
        )
        .or_usage()?;
        Ok(cleaned)
    }

    fn blocking(&self, kind: Kind, id: &str) -> Result<(), Refusal> {
        match self.blocked.get(&(kind, id.to_owned())) {
            None => Ok(()),
            Some(rule) => Err(Refusal {
                code: "blocked",
                text: Text::new(
                    format!("Còn lỗi phải sửa trước khi cấp (quy tắc {rule})."),
                    format!("A blocking finding is open (rule {rule})."),
                ),
            }),
        }
    }
}
