//! A campaign: what an order asks of whom, and by when (process, 5.7).
//!
//! A date may move, with the document that moves it: the latest document counts, and the dates before stay in the history. The clock
//! warns once before each date and notes once that it has passed; a date that moved is warned of anew.

pub mod file;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use jiff::Timestamp;
use jiff::civil::Date;
use registry::area::Place;
use serde::{Deserialize, Serialize};

use crate::calendar::first_moment;
use crate::hierarchy::stands_above;
use crate::procedure::Kind;
use crate::refusal::reasons;
use crate::{Act, Procedure, Queue, Refusal, Reminder, Task, Unit};

reasons! {
    /// No such campaign.
    UNKNOWN Missing "campaign.unknown"
        "Không có chiến dịch này" "There is no such campaign"
        "Kiểm tra mã chiến dịch." "Check the id of the campaign.",
    /// Opened twice.
    EXISTS Conflict "campaign.exists"
        "Chiến dịch đã có" "The campaign exists already"
        "Mở chiến dịch hiện có." "Open the existing campaign.",
    /// Neither the issuer nor the ministry.
    NOT_YOURS Forbidden "campaign.not_yours"
        "Chỉ đơn vị ban hành hoặc Bộ Y tế được thay đổi chiến dịch, trong địa bàn của mình"
        "Only the unit that issued the campaign or the ministry may change it, within its own area"
        "Liên hệ đơn vị ban hành." "Ask the unit that issued it.",
    /// Title, document or target id is missing.
    INCOMPLETE Invalid "campaign.incomplete"
        "Thiếu tiêu đề, số văn bản hoặc mã chỉ tiêu" "The title, the number of the document or the id of a target is missing"
        "Điền đầy đủ: mọi thời hạn phải có văn bản." "Fill it in: every date has a document.",
    /// An order that asks for nothing.
    NO_TARGET Invalid "campaign.no_target"
        "Chiến dịch không có chỉ tiêu nào" "The campaign has no target"
        "Thêm ít nhất một chỉ tiêu có thời hạn." "Give at least one target with a date.",
    /// The id is taken.
    TARGET_EXISTS Conflict "campaign.target_exists"
        "Mã chỉ tiêu đã có trong chiến dịch" "A target with this id exists already"
        "Dùng mã khác hoặc dời thời hạn của chỉ tiêu hiện có." "Use another id, or move the date of the existing target.",
    /// No such target.
    NO_TARGET_SO_NAMED Missing "campaign.target_unknown"
        "Chiến dịch không có chỉ tiêu này" "The campaign has no such target"
        "Tải lại chiến dịch để xem các chỉ tiêu." "Load the campaign again to see its targets.",
    /// Due before its own document.
    DUE_BEFORE_DOCUMENT Invalid "campaign.due_before_document"
        "Thời hạn sớm hơn ngày của văn bản" "The date lies before that of its document"
        "Kiểm tra thời hạn và ngày văn bản." "Check the date and the date of the document.",
    /// An older document.
    DOCUMENT_OLDER Conflict "campaign.document_older"
        "Thời hạn hiện tại dựa trên văn bản mới hơn" "The present date rests on a later document"
        "Chỉ văn bản mới hơn hoặc cùng ngày được dời thời hạn." "Only a document of the same day or later moves it.",
    /// Nothing moves.
    NOT_MOVED Invalid "campaign.not_moved"
        "Thời hạn mới trùng với thời hạn hiện tại" "The new date is the present one"
        "Chọn thời hạn khác." "Choose another date.",
    /// Over.
    CLOSED NotAllowed "campaign.closed"
        "Chiến dịch đã kết thúc" "The campaign is closed"
        "Mở chiến dịch mới." "Open a new campaign.",
    /// The clock's own act.
    CLOCK_ONLY Forbidden "campaign.clock_only"
        "Chỉ hệ thống được ghi nhận thời hạn" "Only the clock notes that a date has come"
        "Không cần thao tác: hệ thống tự ghi nhận." "Nothing to do: the platform does it by itself.",
}

/// The id of a target within its campaign.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(transparent)]
pub struct TargetId(pub String);

/// A document that orders something.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Document {
    /// Its number (`1975/BYT-CNTT`).
    pub number: String,
    /// Its date.
    pub date: Date,
}

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Work {
    /// Every injection entered and complete.
    Entry,
    /// Identities cleaned.
    Cleaning,
    /// No open feedback.
    Feedback,
    /// All verified persons signed.
    Signing,
    /// Contact officers named.
    Contacts,
    /// A report sent.
    Report,
}

/// Of whom it is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Addressee {
    /// Provinces: People's Committees, their task forces and health departments.
    Provinces,
    /// Commune health stations.
    Communes,
    /// Police of communes.
    Police,
    /// Vaccination facilities.
    Facilities,
    /// Units of the ministry of health and of other ministries.
    MinistryFacilities,
    /// Everybody in the scope.
    All,
}

/// A target as an order sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct NewTarget {
    /// Its id.
    pub id: TargetId,
    /// What.
    pub what: Work,
    /// Of whom.
    pub addressee: Addressee,
    /// The last day, in Vietnam.
    pub due: Date,
    /// The document that sets the date.
    pub document: Document,
}

/// A target as it stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Target {
    /// What.
    pub what: Work,
    /// Of whom.
    pub addressee: Addressee,
    /// The date that counts.
    pub deadline: Deadline,
    /// The dates before, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Deadline>,
    /// What the clock has noted about the date that counts.
    #[serde(default)]
    pub noted: Noted,
}

/// A date and what it rests on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deadline {
    /// The last day, in Vietnam.
    pub due: Date,
    /// The document.
    pub document: Document,
    /// When it was recorded here.
    pub set_at: Timestamp,
}

/// What the clock has noted about a date.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Noted {
    /// Nothing.
    #[default]
    Nothing,
    /// That it comes soon.
    Warned,
    /// That it has passed.
    Passed,
}

/// A campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Campaign {
    /// What it is about.
    pub title: String,
    /// The document that opened it.
    pub document: Document,
    /// Where it holds; the default place is the whole country.
    #[serde(default)]
    pub scope: Place,
    /// Who issued it.
    pub issuer: Unit,
    /// The clock warns so many days before a date.
    pub warn_days: u8,
    /// What it asks for.
    pub targets: BTreeMap<TargetId, Target>,
    /// When it was closed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed_at: Option<Timestamp>,
}

/// What may be asked of a campaign.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Open it.
    Open(Opening),
    /// Ask for something more.
    AddTarget(NewTarget),
    /// Move a date.
    MoveTarget {
        /// The target.
        target: TargetId,
        /// The new last day.
        due: Date,
        /// The document that moves it.
        document: Document,
    },
    /// Whatever the clock says.
    Clock,
    /// End it.
    Close,
}

/// A campaign as its order sets it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Opening {
    /// What it is about.
    pub title: String,
    /// The document.
    pub document: Document,
    /// Where it holds.
    #[serde(default)]
    pub scope: Place,
    /// The clock warns so many days before a date.
    pub warn_days: u8,
    /// What it asks for.
    pub targets: Vec<NewTarget>,
}

/// What happened to a campaign.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was opened.
    CampaignOpened {
        /// What the order sets.
        opening: Box<Opening>,
        /// Who issued it.
        issuer: Unit,
    },
    /// It asks for something more.
    TargetAdded {
        /// The target.
        target: NewTarget,
    },
    /// A date moved.
    TargetMoved {
        /// The target.
        target: TargetId,
        /// The last day before.
        before: Date,
        /// The last day now.
        due: Date,
        /// The document that moved it.
        document: Document,
    },
    /// A date comes soon.
    TargetWarned {
        /// The target.
        target: TargetId,
        /// Its last day.
        due: Date,
    },
    /// A date has passed.
    TargetPassed {
        /// The target.
        target: TargetId,
        /// Its last day.
        due: Date,
    },
    /// It is over.
    CampaignClosed,
}

/// The first moment after a day in Vietnam (UTC+7, no summer time).
pub fn end_of_day(day: Date) -> Timestamp {
    first_moment(day.tomorrow().unwrap_or(day))
}

impl Procedure for Campaign {
    const KIND: Kind = Kind::Campaign;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (None, Command::Open(opening)) => open(opening, act),
            (None, _) => Err(UNKNOWN.refusal()),
            (Some(_), Command::Open(_)) => Err(EXISTS.refusal()),
            (Some(campaign), Command::Clock) => {
                CLOCK_ONLY.unless(act.by.is_system())?;
                Ok(campaign.ticked(act.at))
            }
            (Some(campaign), command) => {
                campaign.belongs_to(act)?;
                CLOSED.unless(campaign.closed_at.is_none())?;
                campaign.changed(command)
            }
        }
    }

    fn apply(state: Option<Self>, event: &Event, act: &Act) -> Option<Self> {
        match (state, event) {
            (None, Event::CampaignOpened { opening, issuer }) => {
                Some(Self::opened(opening, issuer, act.at))
            }
            (None, _) | (Some(_), Event::CampaignOpened { .. }) => None,
            (Some(mut campaign), event) => campaign.take(event, act.at).then_some(campaign),
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let open = self.closed_at.is_none();
        let last = self.targets.values().map(Target::due_at).max();
        vec![Task {
            queue: Queue::Reports,
            desk: self.issuer.clone(),
            place: self.scope,
            state: if open { "OPEN" } else { "CLOSED" }.to_owned(),
            due: last,
            open,
        }]
    }

    fn reminders(&self) -> Vec<Reminder> {
        if self.closed_at.is_some() {
            return Vec::new();
        }
        let next = |(id, target): (&TargetId, &Target)| self.reminder(id, target);
        self.targets.iter().filter_map(next).collect()
    }
}

fn open(opening: &Opening, act: &Act) -> Result<Vec<Event>, Refusal> {
    NOT_YOURS.unless(stands_above(&act.by, opening.scope))?;
    INCOMPLETE.unless(!opening.title.trim().is_empty())?;
    opening.document.check()?;
    NO_TARGET.unless(!opening.targets.is_empty())?;
    for (at, target) in opening.targets.iter().enumerate() {
        target.check()?;
        let earlier = opening.targets.iter().take(at);
        TARGET_EXISTS.unless(earlier.clone().all(|other| other.id != target.id))?;
    }
    Ok(vec![Event::CampaignOpened {
        opening: Box::new(opening.clone()),
        issuer: act.by.unit().cloned().unwrap_or(Unit::Ministry),
    }])
}

impl Document {
    fn check(&self) -> Result<(), Refusal> {
        INCOMPLETE.unless(!self.number.trim().is_empty())
    }
}

impl NewTarget {
    fn check(&self) -> Result<(), Refusal> {
        INCOMPLETE.unless(!self.id.0.trim().is_empty())?;
        self.document.check()?;
        DUE_BEFORE_DOCUMENT.unless(self.due >= self.document.date)
    }
}

impl Target {
    fn set(new: &NewTarget, at: Timestamp) -> Self {
        Self {
            what: new.what,
            addressee: new.addressee,
            deadline: Deadline {
                due: new.due,
                document: new.document.clone(),
                set_at: at,
            },
            earlier: Vec::new(),
            noted: Noted::Nothing,
        }
    }

    /// The first moment at which it is late: the end of its last day in Vietnam.
    pub fn due_at(&self) -> Timestamp {
        end_of_day(self.deadline.due)
    }

    fn warn_at(&self, days: u8) -> Timestamp {
        let ahead = jiff::SignedDuration::from_hours(24 * i64::from(days));
        self.due_at().checked_sub(ahead).unwrap_or(Timestamp::MIN)
    }
}

impl Campaign {
    fn opened(opening: &Opening, issuer: &Unit, at: Timestamp) -> Self {
        let targets = opening.targets.iter();
        Self {
            title: opening.title.clone(),
            document: opening.document.clone(),
            scope: opening.scope,
            issuer: issuer.clone(),
            warn_days: opening.warn_days,
            targets: targets
                .map(|new| (new.id.clone(), Target::set(new, at)))
                .collect(),
            closed_at: None,
        }
    }

    fn belongs_to(&self, act: &Act) -> Result<(), Refusal> {
        let issuer = act.by.unit() == Some(&self.issuer);
        let ministry = act.by.unit() == Some(&Unit::Ministry);
        NOT_YOURS.unless(issuer || ministry || act.by.is_system())
    }

    fn changed(&self, command: &Command) -> Result<Vec<Event>, Refusal> {
        let event = match command {
            Command::Open(_) => return Err(EXISTS.refusal()),
            Command::Clock => return Err(CLOCK_ONLY.refusal()),
            Command::AddTarget(new) => {
                new.check()?;
                TARGET_EXISTS.unless(!self.targets.contains_key(&new.id))?;
                Event::TargetAdded {
                    target: new.clone(),
                }
            }
            Command::MoveTarget {
                target,
                due,
                document,
            } => return self.moved(target, *due, document),
            Command::Close => Event::CampaignClosed,
        };
        Ok(vec![event])
    }

    fn moved(&self, id: &TargetId, due: Date, document: &Document) -> Result<Vec<Event>, Refusal> {
        let target = self.targets.get(id);
        let deadline = &target.ok_or_else(|| NO_TARGET_SO_NAMED.refusal())?.deadline;
        if (due, document) == (deadline.due, &deadline.document) {
            return Ok(Vec::new());
        }
        document.check()?;
        DUE_BEFORE_DOCUMENT.unless(due >= document.date)?;
        DOCUMENT_OLDER.unless(document.date >= deadline.document.date)?;
        NOT_MOVED.unless(due != deadline.due)?;
        Ok(vec![Event::TargetMoved {
            target: id.clone(),
            before: deadline.due,
            due,
            document: document.clone(),
        }])
    }

    /// What the clock has to note now: for each target the latest of warning and passing, once.
    fn ticked(&self, now: Timestamp) -> Vec<Event> {
        if self.closed_at.is_some() {
            return Vec::new();
        }
        let note = |(id, target): (&TargetId, &Target)| {
            let (target_id, due) = (id.clone(), target.deadline.due);
            let passed = now >= target.due_at() && target.noted < Noted::Passed;
            let soon = now >= target.warn_at(self.warn_days) && now < target.due_at();
            if passed {
                Some(Event::TargetPassed {
                    target: target_id,
                    due,
                })
            } else if soon && target.noted < Noted::Warned {
                Some(Event::TargetWarned {
                    target: target_id,
                    due,
                })
            } else {
                None
            }
        };
        self.targets.iter().filter_map(note).collect()
    }

    fn reminder(&self, id: &TargetId, target: &Target) -> Option<Reminder> {
        let (at, what) = match target.noted {
            Noted::Nothing => (target.warn_at(self.warn_days), "warn"),
            Noted::Warned => (target.due_at(), "due"),
            Noted::Passed => return None,
        };
        Some(Reminder {
            at,
            what: format!("{what}:{}", id.0),
        })
    }

    /// Takes an event; `false` when it can't stand here.
    fn take(&mut self, event: &Event, at: Timestamp) -> bool {
        if self.closed_at.is_some() {
            return false;
        }
        match event {
            Event::CampaignOpened { .. } => false,
            Event::TargetAdded { target } => self
                .targets
                .insert(target.id.clone(), Target::set(target, at))
                .is_none(),
            Event::TargetMoved {
                target,
                due,
                document,
                ..
            } => self.with_target(target, |target| {
                let deadline = Deadline {
                    due: *due,
                    document: document.clone(),
                    set_at: at,
                };
                let before = std::mem::replace(&mut target.deadline, deadline);
                target.earlier.push(before);
                target.noted = Noted::Nothing;
            }),
            Event::TargetWarned { target, .. } => {
                self.with_target(target, |target| target.noted = Noted::Warned)
            }
            Event::TargetPassed { target, .. } => {
                self.with_target(target, |target| target.noted = Noted::Passed)
            }
            Event::CampaignClosed => {
                self.closed_at = Some(at);
                true
            }
        }
    }

    fn with_target(&mut self, id: &TargetId, change: impl FnOnce(&mut Target)) -> bool {
        self.targets.get_mut(id).map(change).is_some()
    }
}
