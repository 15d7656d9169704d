//! A report: the numbers of one unit for one campaign as they stood at a moment, and never again touched (process, 5.7).
//!
//! A report is taken once and signed once. Whoever has later numbers takes a later report, which names the one before it by the hash of
//! its content, so that none can be dropped from between. Every number says what it counts, and the report says which event was the last
//! that it counted: a recount from the events up to there gives the same numbers.

#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use registry::area::Place;
use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use crate::hierarchy::{can_stand_in, stands_above};
use crate::procedure::{Kind, RecordId};
use crate::refusal::reasons;
use crate::{AccountId, Act, Procedure, Queue, Refusal, Task, Unit};

reasons! {
    /// No such report.
    UNKNOWN Missing "report.unknown"
        "Không có báo cáo này" "There is no such report"
        "Kiểm tra mã báo cáo." "Check the id of the report.",
    /// A report never changes.
    TAKEN Conflict "report.taken"
        "Báo cáo đã lập và không thể thay đổi" "The report is taken and never changes"
        "Lập báo cáo mới, dẫn chiếu báo cáo này." "Take a later report that names this one.",
    /// Another unit's report.
    NOT_YOURS Forbidden "report.not_yours"
        "Chỉ đơn vị hoặc cấp trên của đơn vị được lập báo cáo; chỉ chính đơn vị được ký"
        "Only the unit or one above it takes its report; only the unit itself signs it"
        "Liên hệ đơn vị báo cáo." "Ask the unit that reports.",
    /// A unit in another place than its own.
    PLACE_UNFIT Invalid "report.place_unfit"
        "Địa bàn không phải của đơn vị" "The place is not that of the unit"
        "Dùng địa bàn theo mã đơn vị." "Give the place that the code of the unit says.",
    /// Nothing counted.
    EMPTY Invalid "report.empty"
        "Báo cáo không có số liệu" "The report counts nothing"
        "Chọn ít nhất một số liệu." "Give at least one number.",
    /// A moment still to come.
    FROM_THE_FUTURE Invalid "report.from_the_future"
        "Thời điểm chốt số liệu chưa tới" "The moment of the numbers is still to come"
        "Chọn thời điểm đã qua." "Choose a moment that has passed.",
    /// It does not follow the report that it names.
    EARLIER_UNFIT Invalid "report.earlier_unfit"
        "Báo cáo được dẫn chiếu thuộc đơn vị hoặc chiến dịch khác, hoặc không sớm hơn"
        "The report named is of another unit or campaign, or not earlier"
        "Dẫn chiếu báo cáo gần nhất của chính đơn vị trong chiến dịch này." "Name the last report of this unit in this campaign.",
    /// Not what the report says.
    CONTENT_DIFFERS Conflict "report.content_differs"
        "Nội dung ký không trùng với báo cáo" "What was signed is not what the report says"
        "Tải lại báo cáo và ký lại." "Load the report again and sign that.",
    /// Signed without a proof.
    EVIDENCE_MISSING Invalid "report.evidence_missing"
        "Thiếu bằng chứng chữ ký" "The proof of the signature is missing"
        "Gửi kèm chữ ký số hoặc mã bản ký giấy." "Give the digital signature, or the id of the signed paper.",
    /// Signed already.
    SIGNED Conflict "report.signed"
        "Báo cáo đã ký" "The report is signed already"
        "Nếu số liệu thay đổi, lập báo cáo mới." "If numbers changed, take a later report.",
}

/// What a number counts. Persons and doses are never told apart by the number alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Counted {
    /// Persons.
    Persons,
    /// Doses.
    Doses,
    /// Passports.
    Passports,
    /// Lists to clean.
    Lists,
    /// Rows of lists.
    Rows,
    /// Citizens' feedback.
    Feedback,
    /// Units.
    Units,
}

/// A number and what it counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Count {
    /// What.
    pub of: Counted,
    /// How many.
    pub number: u64,
}

/// Numbers by name (`signed_today`).
pub type Counts = BTreeMap<String, Count>;

/// The numbers of a unit as they stood at a moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Snapshot {
    /// Whose numbers.
    pub unit: Unit,
    /// Where the unit stands.
    #[serde(default)]
    pub place: Place,
    /// For which campaign.
    pub campaign: RecordId,
    /// As of when.
    pub as_of: Timestamp,
    /// Number of the last event that was counted.
    pub last_event: u64,
    /// The numbers.
    pub counts: Counts,
    /// The report before it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub earlier: Option<Earlier>,
}

/// The report before, as a later one names it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Earlier {
    /// Its id.
    pub report: RecordId,
    /// Whose it was.
    pub unit: Unit,
    /// For which campaign.
    pub campaign: RecordId,
    /// As of when.
    pub as_of: Timestamp,
    /// Number of the last event that it counted.
    pub last_event: u64,
    /// Hash of its content.
    pub content_sha256: String,
}

/// The signature under a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Signature {
    /// The proof: a digital signature, or the id of the scan of a signed paper.
    pub evidence: String,
    /// Who signed.
    pub by: AccountId,
    /// When.
    pub at: Timestamp,
}

/// A report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Report {
    /// What it says.
    pub snapshot: Snapshot,
    /// When it was taken.
    pub taken_at: Timestamp,
    /// The signature under it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signature: Option<Signature>,
}

/// What may be asked of a report.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Take it.
    Take(Snapshot),
    /// Sign it.
    Sign {
        /// Hash of what was signed: [`Snapshot::content_sha256`].
        content_sha256: String,
        /// The proof.
        evidence: String,
    },
}

/// What happened to a report.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was taken.
    ReportTaken {
        /// What it says.
        snapshot: Box<Snapshot>,
    },
    /// It was signed.
    ReportSigned {
        /// Hash of what was signed.
        content_sha256: String,
        /// The proof.
        evidence: String,
        /// Who signed.
        by: AccountId,
    },
}

/// A number that a recount does not confirm.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// Its name.
    pub name: String,
    /// What the report says; `None` when it has no such number.
    pub reported: Option<Count>,
    /// What the recount says; `None` when it has no such number.
    pub recounted: Option<Count>,
}

impl Snapshot {
    /// SHA-256, in hex, of the content as JSON with its fields in the order of the type, without spaces. Fields of later versions are
    /// left out where they are absent, so the hash of an old report stays what it was.
    pub fn content_sha256(&self) -> String {
        // Texts, numbers and maps with text keys always have a JSON form.
        let json = serde_json::to_vec(self).unwrap_or_default();
        hex::encode(Sha256::digest(json))
    }

    /// The numbers that a recount from the events up to [`Snapshot::last_event`] does not confirm, by name.
    pub fn differences(&self, recount: &Counts) -> Vec<Difference> {
        let mut names: Vec<&String> = self.counts.keys().chain(recount.keys()).collect();
        names.sort_unstable();
        names.dedup();
        let difference = |name: &String| Difference {
            name: name.clone(),
            reported: self.counts.get(name).copied(),
            recounted: recount.get(name).copied(),
        };
        let all = names.into_iter().map(difference);
        all.filter(|it| it.reported != it.recounted).collect()
    }

    fn follows(&self, earlier: &Earlier) -> bool {
        earlier.unit == self.unit
            && earlier.campaign == self.campaign
            && earlier.as_of < self.as_of
            && earlier.last_event <= self.last_event
    }

    fn check(&self, act: &Act) -> Result<(), Refusal> {
        PLACE_UNFIT.unless(can_stand_in(&self.unit, self.place))?;
        let own = act.by.unit() == Some(&self.unit);
        NOT_YOURS.unless(own || stands_above(&act.by, self.place))?;
        EMPTY.unless(!self.counts.is_empty())?;
        FROM_THE_FUTURE.unless(self.as_of <= act.at)?;
        let follows = self.earlier.as_ref().is_none_or(|it| self.follows(it));
        EARLIER_UNFIT.unless(follows)
    }
}

impl Report {
    /// How a later report names this one.
    pub fn as_earlier(&self, id: RecordId) -> Earlier {
        Earlier {
            report: id,
            unit: self.snapshot.unit.clone(),
            campaign: self.snapshot.campaign.clone(),
            as_of: self.snapshot.as_of,
            last_event: self.snapshot.last_event,
            content_sha256: self.snapshot.content_sha256(),
        }
    }

    fn sign(&self, content: &str, evidence: &str, act: &Act) -> Result<Vec<Event>, Refusal> {
        let own = act.by.unit() == Some(&self.snapshot.unit);
        let account = act.by.account().filter(|_| own);
        let account = account.ok_or_else(|| NOT_YOURS.refusal())?;
        CONTENT_DIFFERS.unless(content == self.snapshot.content_sha256())?;
        EVIDENCE_MISSING.unless(!evidence.trim().is_empty())?;
        match &self.signature {
            Some(signature) if signature.evidence == evidence => Ok(Vec::new()),
            Some(_) => Err(SIGNED.refusal()),
            None => Ok(vec![Event::ReportSigned {
                content_sha256: content.to_owned(),
                evidence: evidence.to_owned(),
                by: account.clone(),
            }]),
        }
    }
}

impl Procedure for Report {
    const KIND: Kind = Kind::Report;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (None, Command::Take(snapshot)) => {
                snapshot.check(act)?;
                Ok(vec![Event::ReportTaken {
                    snapshot: Box::new(snapshot.clone()),
                }])
            }
            (None, Command::Sign { .. }) => Err(UNKNOWN.refusal()),
            (Some(report), Command::Take(snapshot)) => {
                snapshot.check(act)?;
                TAKEN.unless(report.snapshot == *snapshot)?;
                Ok(Vec::new())
            }
            (
                Some(report),
                Command::Sign {
                    content_sha256,
                    evidence,
                },
            ) => report.sign(content_sha256, evidence, act),
        }
    }

    fn apply(state: Option<Self>, event: &Event, act: &Act) -> Option<Self> {
        match (state, event) {
            (None, Event::ReportTaken { snapshot }) => Some(Self {
                snapshot: (**snapshot).clone(),
                taken_at: act.at,
                signature: None,
            }),
            (Some(report), Event::ReportSigned { evidence, by, .. })
                if report.signature.is_none() =>
            {
                Some(Self {
                    signature: Some(Signature {
                        evidence: evidence.clone(),
                        by: by.clone(),
                        at: act.at,
                    }),
                    ..report
                })
            }
            _ => None,
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let open = self.signature.is_none();
        vec![Task {
            queue: Queue::Reports,
            desk: self.snapshot.unit.clone(),
            place: self.snapshot.place,
            state: if open { "TAKEN" } else { "SIGNED" }.to_owned(),
            due: None,
            open,
        }]
    }
}
