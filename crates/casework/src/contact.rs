//! The contact officer of a unit: who answers the telephone about the campaign, kept current (process, 5.8; dispatch 1975).
//!
//! What a unit says about itself is confirmed with that date; what a unit above enters waits for the unit's own word. A confirmation
//! counts for an interval that the order sets, then the clock asks again, once for each due date.

#[cfg(test)]
mod tests;

use jiff::{SignedDuration, Timestamp};
use registry::area::Place;
use serde::{Deserialize, Serialize};

use crate::hierarchy::{can_stand_in, stands_above};
use crate::procedure::Kind;
use crate::refusal::reasons;
use crate::{Act, Procedure, Queue, Refusal, Reminder, Task, Unit};

reasons! {
    /// Nobody named yet.
    UNKNOWN Missing "contact.unknown"
        "Đơn vị chưa cử cán bộ đầu mối" "The unit has named no contact officer"
        "Cử cán bộ đầu mối trước." "Name one first.",
    /// Named already.
    EXISTS Conflict "contact.exists"
        "Đơn vị đã có cán bộ đầu mối" "The unit has a contact officer already"
        "Cập nhật cán bộ đầu mối hiện có." "Change the present one.",
    /// Another unit's officer.
    NOT_YOURS Forbidden "contact.not_yours"
        "Chỉ đơn vị hoặc cấp trên của đơn vị được cử, thay đổi cán bộ đầu mối; chỉ chính đơn vị được xác nhận"
        "Only the unit or one above it names and changes the officer; only the unit itself confirms"
        "Liên hệ đơn vị hoặc cấp trên của đơn vị." "Ask the unit, or one above it.",
    /// Only those above set the interval.
    NOT_ABOVE Forbidden "contact.not_above"
        "Chỉ cấp trên được đặt chu kỳ xác nhận" "Only a unit above sets the interval of confirmation"
        "Liên hệ cấp trên." "Ask the unit above.",
    /// A field that can't be right.
    VALUE_UNFIT Invalid "contact.value_unfit"
        "Thông tin cán bộ đầu mối thiếu hoặc không hợp lệ" "A field of the contact officer is missing or does not fit"
        "Điền họ tên, chức vụ, số điện thoại và thư điện tử đúng định dạng." "Give name, title, a telephone number and an e-mail address.",
    /// A unit in another place than its own.
    PLACE_UNFIT Invalid "contact.place_unfit"
        "Địa bàn không phải của đơn vị" "The place is not that of the unit"
        "Dùng địa bàn theo mã đơn vị." "Give the place that the code of the unit says.",
    /// No interval.
    INTERVAL_UNFIT Invalid "contact.interval_unfit"
        "Chu kỳ xác nhận phải từ 1 đến 3650 ngày" "The interval of confirmation must be 1 to 3650 days"
        "Chọn số ngày khác." "Choose another number of days.",
    /// Changed since it was read.
    CHANGED Conflict "contact.changed"
        "Thông tin đã thay đổi sau khi bạn mở" "The entry changed after you read it"
        "Xem thông tin hiện tại rồi quyết định lại." "Look at the present entry and decide again.",
    /// The clock's own act.
    CLOCK_ONLY Forbidden "contact.clock_only"
        "Chỉ hệ thống được ghi nhận hạn xác nhận" "Only the clock notes that a confirmation is due"
        "Không cần thao tác: hệ thống tự ghi nhận." "Nothing to do: the platform does it by itself.",
}

/// How to reach somebody of the staff.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Reachable {
    /// Full name.
    pub name: String,
    /// Title or position.
    pub title: String,
    /// Telephone.
    pub phone: String,
    /// E-mail.
    pub email: String,
}

/// A contact officer and who stands in.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Officer {
    /// The officer.
    pub officer: Reachable,
    /// Who stands in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deputy: Option<Reachable>,
}

/// An officer of before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Former {
    /// Who it was.
    pub officer: Officer,
    /// Since when.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

/// The contact officer of one unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Contact {
    /// The unit.
    pub unit: Unit,
    /// Where it stands.
    #[serde(default)]
    pub place: Place,
    /// Who it is now.
    pub officer: Officer,
    /// Counts the changes of the officer, from 1.
    pub version: u32,
    /// Since when it is this one.
    pub since: Timestamp,
    /// When the unit last said that this is right; `None` when it has not said so since the last change.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub confirmed_at: Option<Timestamp>,
    /// A confirmation counts for so many days.
    pub interval_days: u16,
    /// The due dates of which the clock has reminded.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub reminded: Vec<Timestamp>,
    /// The officers before, the first one first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub earlier: Vec<Former>,
}

/// What may be asked of a unit's contact officer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Name the first one.
    Name {
        /// The unit.
        unit: Unit,
        /// Where it stands.
        place: Place,
        /// Who.
        officer: Officer,
        /// A confirmation counts for so many days.
        interval_days: u16,
    },
    /// Name another, or correct the entry.
    Change {
        /// The version that was read.
        version: u32,
        /// Who.
        officer: Officer,
    },
    /// It is still right.
    Confirm {
        /// The version that was read.
        version: u32,
    },
    /// A confirmation counts for another time.
    SetInterval(u16),
    /// Whatever the clock says.
    Clock,
}

/// What happened to a unit's contact officer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// The first one was named.
    ContactNamed {
        /// The unit.
        unit: Unit,
        /// Where it stands.
        place: Place,
        /// Who.
        officer: Officer,
        /// A confirmation counts for so many days.
        interval_days: u16,
        /// By the unit itself, which confirms it.
        confirmed: bool,
    },
    /// Another one, or a corrected entry.
    ContactChanged {
        /// Who it was.
        before: Officer,
        /// Who it is.
        after: Officer,
        /// By the unit itself, which confirms it.
        confirmed: bool,
    },
    /// The unit said that it is still right.
    ContactConfirmed {
        /// The version that it was said of.
        version: u32,
    },
    /// A confirmation counts for another time.
    IntervalSet {
        /// Days before.
        before: u16,
        /// Days now.
        days: u16,
    },
    /// The confirmation is due, and the unit was reminded.
    ConfirmationDue {
        /// Since when.
        due: Timestamp,
    },
}

impl Procedure for Contact {
    const KIND: Kind = Kind::Contact;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        match (state, command) {
            (
                None,
                Command::Name {
                    unit,
                    place,
                    officer,
                    interval_days,
                },
            ) => {
                PLACE_UNFIT.unless(can_stand_in(unit, *place))?;
                let own = act.by.unit() == Some(unit);
                NOT_YOURS.unless(own || stands_above(&act.by, *place))?;
                officer.check()?;
                check_interval(*interval_days)?;
                Ok(vec![Event::ContactNamed {
                    unit: unit.clone(),
                    place: *place,
                    officer: officer.clone(),
                    interval_days: *interval_days,
                    confirmed: own,
                }])
            }
            (None, _) => Err(UNKNOWN.refusal()),
            (Some(_), Command::Name { .. }) => Err(EXISTS.refusal()),
            (Some(contact), command) => contact.answer_to(command, act),
        }
    }

    fn apply(state: Option<Self>, event: &Event, act: &Act) -> Option<Self> {
        match (state, event) {
            (
                None,
                Event::ContactNamed {
                    unit,
                    place,
                    officer,
                    interval_days,
                    confirmed,
                },
            ) => Some(Self {
                unit: unit.clone(),
                place: *place,
                officer: officer.clone(),
                version: 1,
                since: act.at,
                confirmed_at: confirmed.then_some(act.at),
                interval_days: *interval_days,
                reminded: Vec::new(),
                earlier: Vec::new(),
            }),
            (None, _) | (Some(_), Event::ContactNamed { .. }) => None,
            (Some(mut contact), event) => contact.take(event, act.at).then_some(contact),
        }
    }

    fn tasks(&self) -> Vec<Task> {
        let (state, open) = match (self.confirmed_at, self.is_reminded()) {
            (_, true) => ("DUE", true),
            (None, false) => ("UNCONFIRMED", true),
            (Some(_), false) => ("CONFIRMED", false),
        };
        vec![Task {
            queue: Queue::Contacts,
            desk: self.unit.clone(),
            place: self.place,
            state: state.to_owned(),
            due: Some(self.due_at()),
            open,
        }]
    }

    fn reminders(&self) -> Vec<Reminder> {
        if self.is_reminded() {
            return Vec::new();
        }
        vec![Reminder {
            at: self.due_at(),
            what: "confirm".to_owned(),
        }]
    }
}

fn check_interval(days: u16) -> Result<(), Refusal> {
    INTERVAL_UNFIT.unless((1..=3650).contains(&days))
}

impl Officer {
    fn check(&self) -> Result<(), Refusal> {
        self.officer.check("officer")?;
        self.deputy
            .as_ref()
            .map_or(Ok(()), |deputy| deputy.check("deputy"))
    }
}

impl Reachable {
    /// The detail names the field, never its content: these are personal data.
    fn check(&self, whose: &str) -> Result<(), Refusal> {
        let unfit = if self.name.trim().is_empty() {
            "name"
        } else if self.title.trim().is_empty() {
            "title"
        } else if !is_telephone(&self.phone) {
            "phone"
        } else if !is_address(&self.email) {
            "email"
        } else {
            return Ok(());
        };
        Err(VALUE_UNFIT.because(format!("{whose}.{unfit}")))
    }
}

/// 8 to 15 digits (ITU-T E.164) with what people write between them: offices have landlines, so a mobile number is not asked for.
fn is_telephone(text: &str) -> bool {
    let text = text.trim();
    let digits = text.strip_prefix('+').unwrap_or(text);
    let count = digits.chars().filter(char::is_ascii_digit).count();
    let legal = |c: char| c.is_ascii_digit() || " .-()".contains(c);
    (8..=15).contains(&count) && digits.chars().all(legal)
}

/// One `@` between a name and a domain with a dot: whether mail arrives is seen when it is sent.
fn is_address(text: &str) -> bool {
    let clean = !text.chars().any(|c| c.is_whitespace() || c.is_control());
    let parts = text.split_once('@');
    clean
        && parts.is_some_and(|(name, domain)| {
            let labels = || domain.split('.');
            !name.is_empty()
                && !domain.contains('@')
                && labels().count() > 1
                && labels().all(|label| !label.is_empty())
        })
}

impl Contact {
    /// When the unit has to confirm again.
    pub fn due_at(&self) -> Timestamp {
        let from = self.confirmed_at.unwrap_or(self.since);
        let interval = SignedDuration::from_hours(24 * i64::from(self.interval_days));
        from.checked_add(interval).unwrap_or(Timestamp::MAX)
    }

    fn is_reminded(&self) -> bool {
        self.reminded.contains(&self.due_at())
    }

    fn answer_to(&self, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        let own = act.by.unit() == Some(&self.unit);
        let above = stands_above(&act.by, self.place);
        let event = match command {
            Command::Name { .. } => return Err(EXISTS.refusal()),
            Command::Change { version, officer } => {
                NOT_YOURS.unless(own || above)?;
                CHANGED.unless(*version == self.version)?;
                officer.check()?;
                if *officer == self.officer {
                    return Ok(Vec::new());
                }
                Event::ContactChanged {
                    before: self.officer.clone(),
                    after: officer.clone(),
                    confirmed: own,
                }
            }
            Command::Confirm { version } => {
                NOT_YOURS.unless(own)?;
                CHANGED.unless(*version == self.version)?;
                Event::ContactConfirmed { version: *version }
            }
            Command::SetInterval(days) => {
                NOT_ABOVE.unless(above)?;
                check_interval(*days)?;
                if *days == self.interval_days {
                    return Ok(Vec::new());
                }
                Event::IntervalSet {
                    before: self.interval_days,
                    days: *days,
                }
            }
            Command::Clock => {
                CLOCK_ONLY.unless(act.by.is_system())?;
                let due = self.due_at();
                if act.at < due || self.is_reminded() {
                    return Ok(Vec::new());
                }
                Event::ConfirmationDue { due }
            }
        };
        Ok(vec![event])
    }

    /// Takes an event; `false` when it can't stand here.
    fn take(&mut self, event: &Event, at: Timestamp) -> bool {
        match event {
            Event::ContactNamed { .. } => return false,
            Event::ContactChanged {
                before,
                after,
                confirmed,
            } => {
                if *before != self.officer {
                    return false;
                }
                let former = std::mem::replace(&mut self.officer, after.clone());
                self.earlier.push(Former {
                    officer: former,
                    from: self.since,
                    until: at,
                });
                self.version += 1;
                self.since = at;
                self.confirmed_at = confirmed.then_some(at);
            }
            Event::ContactConfirmed { version } => {
                if *version != self.version {
                    return false;
                }
                // A clock set back takes no confirmation away.
                self.confirmed_at = self.confirmed_at.max(Some(at));
            }
            Event::IntervalSet { days, .. } => self.interval_days = *days,
            Event::ConfirmationDue { due } => self.reminded.push(*due),
        }
        true
    }
}
