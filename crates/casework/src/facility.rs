//! A facility: who heads it, who may sign for it, and until when (1815, the letter of February 2022).

use std::collections::BTreeMap;

use jiff::Timestamp;
use registry::area::Place;
use registry::facility::FacilityCode;
use serde::{Deserialize, Serialize};

use crate::hierarchy::stands_above;
use crate::procedure::Kind;
use crate::refusal::reasons;
use crate::{AccountId, Act, Procedure, Refusal, Task, Unit};

reasons! {
    /// No such facility.
    UNKNOWN Missing "facility.unknown"
        "Không có cơ sở tiêm chủng này" "There is no such facility"
        "Kiểm tra mã cơ sở." "Check the code of the facility.",
    /// Opened twice.
    EXISTS Conflict "facility.exists"
        "Cơ sở đã có trên hệ thống" "The facility exists already"
        "Cập nhật cơ sở hiện có." "Update the existing facility.",
    /// Only the head delegates, and only the level above names the head.
    NOT_YOURS Forbidden "facility.not_yours"
        "Chỉ người đứng đầu cơ sở được ủy quyền ký; chỉ cấp trên được chỉ định người đứng đầu hoặc đơn vị ký thay"
        "Only the head delegates signing; only the level above names the head or a central signer"
        "Liên hệ người đứng đầu cơ sở hoặc Sở Y tế." "Ask the head of the facility, or the health department.",
    /// Ends before it begins.
    ENDS_IN_THE_PAST Invalid "facility.ends_in_the_past"
        "Ngày hết hạn ủy quyền đã qua" "The end of the delegation is over already"
        "Chọn ngày trong tương lai." "Choose a later day.",
    /// No right to sign.
    MAY_NOT_SIGN Forbidden "facility.may_not_sign"
        "Bạn không có quyền ký cho cơ sở này" "You have no right to sign for this facility"
        "Cần là người đứng đầu, người được ủy quyền còn hạn, hoặc đơn vị được tỉnh chỉ định ký thay."
        "Be its head, an authorised person within the time of the delegation, or the unit that the province designated.",
    /// Not delegated.
    NOT_DELEGATED Conflict "facility.not_delegated"
        "Người này không được ủy quyền ký" "This person holds no delegation"
        "Tải lại danh sách ủy quyền." "Load the delegations again.",
    /// An account of another unit, or without the role.
    NOT_OF_IT Invalid "facility.not_of_it"
        "Tài khoản này không thuộc cơ sở hoặc không có vai trò phù hợp" "This account is not of the facility, or has not the role"
        "Chọn tài khoản của cơ sở; người đứng đầu cần vai trò người đứng đầu." "Choose an account of the facility; its head needs the role of a head.",
    /// Closed.
    CLOSED NotAllowed "facility.closed"
        "Cơ sở đã ngừng hoạt động" "The facility is closed"
        "Hồ sơ chuyển cho đơn vị kế thừa." "Its records went to the unit that took over.",
}

/// A facility as the procedures see it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Facility {
    /// Its code.
    pub code: FacilityCode,
    /// Its name.
    pub name: String,
    /// Where it stands.
    #[serde(default)]
    pub place: Place,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub head: Option<AccountId>,
    /// Authorised signers and the end of their authority.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub delegates: BTreeMap<AccountId, Timestamp>,
    /// The unit that the province lets sign for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub signs_for_it: Option<Unit>,
    /// Closed; its successor, if any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub closed: Option<Closed>,
}

/// A facility that is no more.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Closed {
    /// Who took over its records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub successor: Option<FacilityCode>,
}

/// By which right somebody signs for a facility.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Mandate {
    /// Who signs.
    pub account: AccountId,
    /// By which right.
    pub right: SigningRight,
}

/// Where the right to sign comes from.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "as", rename_all = "snake_case")]
pub enum SigningRight {
    /// Head of the facility.
    Head,
    /// Authorised by the head.
    Delegate {
        /// Until when.
        until: Timestamp,
    },
    /// The unit that the province designated.
    CentralSigner {
        /// The unit.
        unit: Unit,
    },
}

/// What may be asked of a facility's record.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Open it.
    Register {
        /// Its code.
        code: FacilityCode,
        /// Its name.
        name: String,
        /// Where it stands.
        place: Place,
    },
    /// Name the head. By the level above.
    NameHead(AccountId),
    /// Authorise a signer. By the head.
    Delegate {
        /// Who.
        account: AccountId,
        /// Until when.
        until: Timestamp,
    },
    /// End a delegation early.
    EndDelegation(AccountId),
    /// Let another unit sign for it. By the province.
    DesignateSigner(Option<Unit>),
    /// Close it.
    Close {
        /// Who takes over.
        successor: Option<FacilityCode>,
    },
}

/// What happened to a facility.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was opened.
    FacilityRegistered {
        /// Its code.
        code: FacilityCode,
        /// Its name.
        name: String,
        /// Where it stands.
        place: Place,
    },
    /// It has a head.
    HeadNamed {
        /// Who was it before.
        before: Option<AccountId>,
        /// Who is it now.
        head: AccountId,
    },
    /// Somebody may sign.
    Delegated {
        /// Who.
        account: AccountId,
        /// Until when.
        until: Timestamp,
    },
    /// Somebody may no longer sign.
    DelegationEnded {
        /// Who.
        account: AccountId,
    },
    /// Another unit signs for it, or no longer.
    SignerDesignated {
        /// The unit.
        unit: Option<Unit>,
    },
    /// It is closed.
    FacilityClosed {
        /// Who took over.
        successor: Option<FacilityCode>,
    },
}

impl Facility {
    /// The right of the actor to sign for this facility at that moment.
    ///
    /// # Errors
    /// The facility is closed, or the actor is neither head, nor delegate, nor of the designated unit.
    pub fn mandate(&self, act: &Act) -> Result<Mandate, Refusal> {
        CLOSED.unless(self.closed.is_none())?;
        let account = act.by.account().ok_or_else(|| MAY_NOT_SIGN.refusal())?;
        let at_home = act.by.unit() == Some(&Unit::Facility(self.code.clone()));
        let delegated = self.delegates.get(account).filter(|until| **until > act.at);
        let right = if at_home && self.head.as_ref() == Some(account) {
            SigningRight::Head
        } else if let Some(until) = delegated.filter(|_| at_home) {
            SigningRight::Delegate { until: *until }
        } else if let Some(unit) = self
            .signs_for_it
            .as_ref()
            .filter(|unit| act.by.unit() == Some(unit))
        {
            SigningRight::CentralSigner { unit: unit.clone() }
        } else {
            return Err(MAY_NOT_SIGN.refusal());
        };
        Ok(Mandate {
            account: account.clone(),
            right,
        })
    }

    /// True when the actor stands above this facility: its district, its province, the ministry, the platform.
    fn is_below(&self, act: &Act) -> bool {
        stands_above(&act.by, self.place)
    }

    fn is_headed_by(&self, act: &Act) -> bool {
        act.by.unit() == Some(&Unit::Facility(self.code.clone()))
            && act.by.account() == self.head.as_ref()
            && self.head.is_some()
    }
}

impl Procedure for Facility {
    const KIND: Kind = Kind::Facility;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        let facility = match (state, command) {
            (None, Command::Register { code, name, place }) => {
                return Ok(vec![Event::FacilityRegistered {
                    code: code.clone(),
                    name: name.clone(),
                    place: *place,
                }]);
            }
            (None, _) => return Err(UNKNOWN.refusal()),
            (Some(_), Command::Register { .. }) => return Err(EXISTS.refusal()),
            (Some(facility), _) => facility,
        };
        CLOSED.unless(facility.closed.is_none())?;
        let event = match command {
            Command::Register { .. } => return Err(EXISTS.refusal()),
            Command::NameHead(head) => {
                NOT_YOURS.unless(facility.is_below(act))?;
                Event::HeadNamed {
                    before: facility.head.clone(),
                    head: head.clone(),
                }
            }
            Command::Delegate { account, until } => {
                NOT_YOURS.unless(facility.is_headed_by(act))?;
                ENDS_IN_THE_PAST.unless(*until > act.at)?;
                Event::Delegated {
                    account: account.clone(),
                    until: *until,
                }
            }
            Command::EndDelegation(account) => {
                NOT_YOURS.unless(facility.is_headed_by(act) || facility.is_below(act))?;
                NOT_DELEGATED.unless(facility.delegates.contains_key(account))?;
                Event::DelegationEnded {
                    account: account.clone(),
                }
            }
            Command::DesignateSigner(unit) => {
                let above = !matches!(act.by.unit(), Some(Unit::District(_)));
                NOT_YOURS.unless(facility.is_below(act) && above)?;
                Event::SignerDesignated { unit: unit.clone() }
            }
            Command::Close { successor } => {
                NOT_YOURS.unless(facility.is_below(act))?;
                Event::FacilityClosed {
                    successor: successor.clone(),
                }
            }
        };
        Ok(vec![event])
    }

    fn apply(state: Option<Self>, event: &Event, _act: &Act) -> Option<Self> {
        if let Event::FacilityRegistered { code, name, place } = event {
            return state.is_none().then(|| Self {
                code: code.clone(),
                name: name.clone(),
                place: *place,
                head: None,
                delegates: BTreeMap::new(),
                signs_for_it: None,
                closed: None,
            });
        }
        let mut facility = state?;
        match event {
            Event::FacilityRegistered { .. } => return None,
            Event::HeadNamed { head, .. } => facility.head = Some(head.clone()),
            Event::Delegated { account, until } => {
                facility.delegates.insert(account.clone(), *until);
            }
            Event::DelegationEnded { account } => {
                facility.delegates.remove(account);
            }
            Event::SignerDesignated { unit } => facility.signs_for_it.clone_from(unit),
            Event::FacilityClosed { successor } => {
                facility.closed = Some(Closed {
                    successor: successor.clone(),
                });
            }
        }
        Some(facility)
    }

    fn tasks(&self) -> Vec<Task> {
        Vec::new()
    }
}
