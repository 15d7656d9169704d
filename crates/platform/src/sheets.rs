//! A cleaning list as a spreadsheet: out to the hamlets and the police, and back in row by row (2262; process, 5.3).
//!
//! People sort, filter, retype and delete. So a sheet that comes back is matched by the id of each row and by the headings, never by
//! places: a row that is not on the list, stands there twice, was listed with other values, or no longer has the version of its person is
//! refused by itself, with its number on the sheet; every other row is taken. What is missing is told.

use std::collections::BTreeMap;

use casework::cleaning::item::{Command, HamletOutcome, Item};
use casework::cleaning::list::List;
use casework::rights::{self, Right};
use casework::subject::person::{IdentityChange, Person};
use casework::subject::{Subject, Suggestion};
use casework::{Act, RecordId, Refusal, calendar};
use cleaning::worklist::{self, CommuneItem, CommuneList, Held, Stamp};
use intake::{IntakeError, Options, Wanted, each_row_of, open_bytes};
use registry::date::BirthDate;
use registry::sex::Sex;
use registry::status::CleaningItem;
use storage::Stored;

use crate::acts::{ActError, Platform};
use crate::guard::{self, Guarded as _};
use crate::trail::{self, Trace};

pub use reasons::*;

mod reasons;

/// What a sheet would do, or did, to one of its rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SheetRow {
    /// Number of the row on the sheet, from the first row under the headings.
    pub row: u64,
    /// The row of the list that it names.
    pub item: RecordId,
    /// What becomes of it.
    pub outcome: SheetOutcome,
}

/// What becomes of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SheetOutcome {
    /// It stands as it was.
    Unchanged,
    /// It goes on to this state.
    Taken(CleaningItem),
    /// It was not taken, for this reason.
    Refused(Refusal),
}

/// What a sheet that came back does.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Returned {
    /// Its rows, in its order.
    pub rows: Vec<SheetRow>,
    /// Rows of the list that are not on the sheet; nothing happens to them.
    pub missing: Vec<RecordId>,
}

/// Why a sheet can't be made or read at all.
#[derive(Debug, thiserror::Error)]
pub enum SheetError {
    /// Refused, or the store failed.
    #[error(transparent)]
    Act(#[from] ActError),
    /// The file can't be read, or lacks a column.
    #[error(transparent)]
    Unreadable(#[from] IntakeError),
    /// The sheet can't be written.
    #[error(transparent)]
    Unwritable(#[from] worklist::WorklistError),
}

const ID: &str = "Mã bản ghi";
const VERSION: &str = "Phiên bản";
const HEADINGS: [&str; 17] = [
    ID,
    VERSION,
    "Họ và tên",
    "Ngày sinh",
    "Giới tính",
    "Số CCCD/CMND",
    "Số CCCD gợi ý",
    "Họ và tên gợi ý",
    "Ngày sinh gợi ý",
    "Giới tính gợi ý",
    "Kết quả rà soát",
    "Số CCCD đúng",
    "Họ và tên đúng",
    "Ngày sinh đúng",
    "Giới tính đúng",
    "Ghi chú",
    "Công an xác nhận",
];

/// A row as somebody filled it in.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filled {
    /// Its number under the headings.
    pub row: u64,
    /// Id of the row of the list.
    pub item: String,
    /// Version of the person when it was listed.
    pub version: String,
    /// What the sheet says that is on record: name, birth date, sex, number.
    pub held: [String; 4],
    /// What it suggests: number, name, birth date, sex.
    pub suggested: [String; 4],
    /// What the hamlet found.
    pub review: String,
    /// What is right: number, name, birth date, sex.
    pub right: [String; 4],
    /// Note.
    pub note: String,
    /// What the police say.
    pub police: String,
}

/// The rows of a sheet that came back, by their headings, in any order of columns.
///
/// # Errors
/// No spreadsheet, or without the columns that tell which row is which.
pub fn read(name: &str, bytes: Vec<u8>) -> Result<Vec<Filled>, IntakeError> {
    let reader = open_bytes(name, bytes.clone(), Wanted::AsInFile, &Options::default())?;
    let layout = reader.layout();
    let lacks = |heading: &&str| layout.column(heading).is_none();
    let missing: Vec<&str> = [ID, VERSION].into_iter().filter(lacks).collect();
    if !missing.is_empty() {
        return Err(IntakeError::MissingColumns {
            file: name.to_owned(),
            row: layout.header_row,
            missing: missing
                .iter()
                .map(|it| ((*it).to_owned(), Vec::new()))
                .collect(),
            found: layout.columns.iter().map(|it| it.field.clone()).collect(),
        });
    }
    let mut rows = Vec::new();
    let mut number = 0;
    each_row_of(name, bytes, Wanted::AsInFile, HEADINGS, |cells| {
        number += 1;
        let [
            item,
            version,
            name,
            birth,
            sex,
            id_number,
            s_number,
            s_name,
            s_birth,
            s_sex,
            review,
            r_number,
            r_name,
            r_birth,
            r_sex,
            note,
            police,
        ] = cells.map(|cell| cell.unwrap_or_default().trim().to_owned());
        let filled = Filled {
            row: number,
            item,
            version,
            held: [name, birth, sex, id_number],
            suggested: [s_number, s_name, s_birth, s_sex],
            review,
            right: [r_number, r_name, r_birth, r_sex],
            note,
            police,
        };
        rows.push(filled);
    })?;
    Ok(rows)
}

impl Platform {
    /// A list as a workbook, for printing and filling in. Taking it out is noted with its purpose.
    ///
    /// # Errors
    /// No right to take lists out; the list is beyond reach.
    pub async fn list_sheet(
        &self,
        act: &Act,
        list: &RecordId,
        purpose: &str,
    ) -> Result<Vec<u8>, SheetError> {
        let rows = self.rows_of_list(act, list).await?;
        let stored = self
            .store()
            .load::<List>(list)
            .await
            .map_err(ActError::from)?;
        let stored = stored.ok_or_else(|| ActError::from(rights::NOT_FOUND.refusal()))?;
        let rights = [Right::Export, Right::ConfirmIdentity];
        let allowed = guard::has_any(&act.by, &rights, &stored.state.target());
        self.noting_refusal::<List, _>(act, list, allowed.map_err(ActError::from))
            .await?;
        let place = stored.state.place;
        let mut sheet = CommuneList {
            commune: place.commune_name(),
            district: place.district_name(),
            province: place.province_name(),
            rows: Vec::with_capacity(rows.len()),
        };
        for (id, row) in rows {
            let subject = &row.state.listing.subject;
            let person = self
                .store()
                .load::<Subject>(subject)
                .await
                .map_err(ActError::from)?;
            // Who was sealed since, or taken back, is on no list and in no file.
            let listed = |person: &Subject| !person.sealed && !person.taken_back;
            if let Some(person) = person.filter(|person| listed(&person.state)) {
                sheet.rows.push(line(&id, &row.state, &person.state));
            }
        }
        let count = sheet.rows.len() as u64;
        let stamp = Stamp {
            as_of: calendar::day_in_vietnam(act.at),
            version: stored.state.version.to_string(),
        };
        let bytes = worklist::commune_workbook(&sheet, &stamp)?;
        let about = trail::about(casework::Kind::CleaningList, list);
        let trace = Trace::Exported {
            rows: count,
            purpose,
        };
        let note = trail::note(about, trace, act).map_err(ActError::from)?;
        self.keep_note(note).await.map_err(ActError::from)?;
        Ok(bytes)
    }

    /// What a sheet that came back would do; with `take` it does it. Each row is an act by itself, so that one refusal holds up no other.
    ///
    /// # Errors
    /// The list is beyond reach, or the sheet can't be read.
    pub async fn sheet_returned(
        &self,
        act: &Act,
        list: &RecordId,
        sheet: &[Filled],
        take: bool,
    ) -> Result<Returned, ActError> {
        let mut listed: BTreeMap<RecordId, Stored<Item>> =
            self.rows_of_list(act, list).await?.into_iter().collect();
        let mut seen = BTreeMap::new();
        let mut returned = Returned::default();
        for filled in sheet {
            let item = RecordId(filled.item.clone());
            let outcome = match (seen.insert(item.clone(), filled.row), listed.get(&item)) {
                (_, None) => SheetOutcome::Refused(FOREIGN_ROW.refusal()),
                (Some(first), _) => {
                    SheetOutcome::Refused(ROW_TWICE.because(format!("row {first}")))
                }
                (None, Some(row)) => self.row_returned(act, &item, row, filled, take).await?,
            };
            returned.rows.push(SheetRow {
                row: filled.row,
                item,
                outcome,
            });
        }
        listed.retain(|id, _| !seen.contains_key(id));
        returned.missing = listed.into_keys().collect();
        Ok(returned)
    }

    async fn row_returned(
        &self,
        act: &Act,
        id: &RecordId,
        row: &Stored<Item>,
        filled: &Filled,
        take: bool,
    ) -> Result<SheetOutcome, ActError> {
        let command = match filled.command(act, &row.state) {
            Ok(Some(command)) => command,
            Ok(None) => return Ok(SheetOutcome::Unchanged),
            Err(refusal) => return Ok(SheetOutcome::Refused(refusal)),
        };
        let done = if take {
            self.act::<Item>(act, id, Some(row.revision), command).await
        } else {
            let mut unsaved = storage::Batch::default();
            self.prepare::<Item>(act, id, Some(row.revision), &command, &mut unsaved)
                .await
        };
        match done {
            Ok(done) if done.events.is_empty() => Ok(SheetOutcome::Unchanged),
            Ok(done) => Ok(SheetOutcome::Taken(done.state.state)),
            Err(ActError::Refused(refusal)) => Ok(SheetOutcome::Refused(refusal)),
            Err(ActError::Changed { now, .. }) => Ok(SheetOutcome::Refused(
                STALE_ROW.because(format!("revision {now}")),
            )),
            Err(other) => Err(other),
        }
    }
}

impl Filled {
    /// What the row asks for; `None` when nothing was filled in, or it was taken before.
    fn command(&self, act: &Act, item: &Item) -> Result<Option<Command>, Refusal> {
        let listed = item.listing.base.revision;
        if self.version != listed.to_string() {
            return Err(STALE_ROW.because(format!("version {listed}")));
        }
        let on_record = held(&item.listing.base.person);
        LOCKED_CHANGED.unless(self.held == on_record.map(|text| text.trim().to_owned()))?;
        let by_police = rights::check_role(&act.by, Right::ConfirmIdentity).is_ok();
        if by_police {
            return self.by_police(item);
        }
        self.by_hamlet(item)
    }

    fn by_hamlet(&self, item: &Item) -> Result<Option<Command>, Refusal> {
        // What was taken in once stands on the sheet still.
        if item.state != CleaningItem::HamletReview {
            return Ok(None);
        }
        let outcome = match self.review.as_str() {
            "" => return Ok(None),
            "Đúng như gợi ý" => {
                let values = values(&self.suggested)?;
                NOTHING_SUGGESTED.unless(values != IdentityChange::default())?;
                self.corrected(values)
            }
            "Sửa khác" => self.corrected(values(&self.right)?),
            "Không tìm thấy" => HamletOutcome::NotFound,
            "Đã mất" => HamletOutcome::Dead,
            "Từ chối" => HamletOutcome::Refuses,
            "Trùng với" => HamletOutcome::DuplicateOf {
                subject: RecordId(self.note.clone()),
            },
            // Where somebody moved to is a place of the list of communes: told in the form, not in free text.
            "Chuyển đi" => return Err(MOVED_ELSEWHERE.refusal()),
            other => {
                return Err(UNKNOWN_OUTCOME.because(other.chars().take(40).collect::<String>()));
            }
        };
        Ok(Some(Command::Review(outcome)))
    }

    fn corrected(&self, values: IdentityChange) -> HamletOutcome {
        let evidence = if self.note.is_empty() {
            "danh sách của thôn/tổ dân phố".to_owned()
        } else {
            self.note.clone()
        };
        HamletOutcome::Corrected { values, evidence }
    }

    fn by_police(&self, item: &Item) -> Result<Option<Command>, Refusal> {
        if item.state != CleaningItem::PoliceCheck {
            return Ok(None);
        }
        let why = || {
            WHY_MISSING.unless(!self.note.is_empty())?;
            Ok(self.note.clone())
        };
        let command = match self.police.as_str() {
            "" => return Ok(None),
            "Xác nhận" | "Đã cập nhật CSDLQG về dân cư" => {
                let filled = if self.review == "Đúng như gợi ý" {
                    &self.suggested
                } else {
                    &self.right
                };
                Command::Confirm {
                    values: values(filled)?,
                }
            }
            "Hỏi lại thôn/tổ dân phố" => Command::AskBack { question: why()? },
            "Không xác nhận được" => Command::CannotConfirm { why: why()? },
            // A question to another commune has its own form, with a place and a date.
            "Hỏi Công an xã khác" => return Err(ASK_ELSEWHERE.refusal()),
            other => {
                return Err(UNKNOWN_OUTCOME.because(other.chars().take(40).collect::<String>()));
            }
        };
        let same = |confirmed: &casework::cleaning::item::Confirmation| matches!(&command, Command::Confirm { values } if *values == confirmed.values);
        Ok((!item.confirmed.as_ref().is_some_and(same)).then_some(command))
    }
}

/// The values that are filled in: number, name, birth date, sex.
fn values([number, name, birth, sex]: &[String; 4]) -> Result<IdentityChange, Refusal> {
    let filled = |text: &String| (!text.is_empty()).then(|| text.clone());
    let birth_date = filled(birth)
        .map(|text| match BirthDate::parse(&text) {
            Ok((date, _)) => Ok(date.iso()),
            Err(_) => Err(UNREADABLE.because("Ngày sinh đúng")),
        })
        .transpose()?;
    let sex = filled(sex)
        .map(|text| match Sex::parse(&text) {
            Ok(sex) => Ok(sex.code().to_owned()),
            Err(_) => Err(UNREADABLE.because("Giới tính đúng")),
        })
        .transpose()?;
    Ok(IdentityChange {
        full_name: filled(name),
        birth_date,
        sex,
        number: filled(number),
        foreign: None,
    })
}

/// What is on record, as the sheet shows it.
fn held(person: &Person) -> [String; 4] {
    [
        person.full_name.clone(),
        shown_date(&person.birth_date),
        shown_sex(&person.sex),
        person.number.clone().unwrap_or_default(),
    ]
}

fn shown_date(text: &str) -> String {
    BirthDate::parse(text).map_or_else(|_| text.to_owned(), |(date, _)| date.display_vi())
}

fn shown_sex(text: &str) -> String {
    match Sex::parse(text) {
        Ok(Sex::Male) => "Nam".to_owned(),
        Ok(Sex::Female) => "Nữ".to_owned(),
        Err(_) => text.to_owned(),
    }
}

fn line(id: &RecordId, item: &Item, subject: &Subject) -> CommuneItem {
    let listing = &item.listing;
    let [full_name, dob, sex, id_number] = held(&listing.base.person);
    let suggestion = subject.suggestion.as_ref();
    CommuneItem {
        record_id: id.0.clone(),
        version: listing.base.revision.to_string(),
        category: listing.category,
        hamlet: listing.hamlet.clone().unwrap_or_default(),
        held: Held {
            full_name,
            dob,
            sex,
            id_number,
            phone: subject.contact.phone.clone().unwrap_or_default(),
        },
        difference: listing.category.vi().to_owned(),
        suggestion: suggestion.map(suggested),
        reason: suggestion.map(|it| it.why.clone()).unwrap_or_default(),
    }
}

fn suggested(suggestion: &Suggestion) -> worklist::Suggestion {
    worklist::Suggestion {
        id_number: suggestion.number.clone(),
        full_name: suggestion.full_name.clone(),
        dob: shown_date(&suggestion.birth_date),
        sex: shown_sex(&suggestion.sex),
        probability: f64::from(suggestion.per_mille) / 1000.0,
    }
}
