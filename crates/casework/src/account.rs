//! A personal account: made one level up, with a password that its owner alone knows, never shared (9458, step 1).
//!
//! Passwords, second factors and sessions are no events: this record says that they changed, storage keeps what they are.

use registry::area::Place;
use serde::{Deserialize, Serialize};

use crate::procedure::Kind;
use crate::refusal::reasons;
use crate::{AccountId, Act, Procedure, Refusal, Role, Task, Unit, lookup};

reasons! {
    /// No such account.
    UNKNOWN Missing "account.unknown"
        "Không có tài khoản này" "There is no such account"
        "Kiểm tra tên đăng nhập." "Check the name.",
    /// The name is taken.
    EXISTS Conflict "account.exists"
        "Tên đăng nhập đã có" "The name is taken"
        "Chọn tên khác." "Choose another name.",
    /// A name that can't be one.
    NAME_UNFIT Invalid "account.name_unfit"
        "Tên đăng nhập không hợp lệ" "The name can't be used"
        "Dùng 3–60 chữ cái, chữ số, dấu chấm, gạch ngang hoặc @." "Use 3 to 60 letters, digits, dots, dashes or @.",
    /// Not one level up.
    NOT_ABOVE Forbidden "account.not_above"
        "Tài khoản do đơn vị cấp trên trực tiếp quản lý" "An account is run by the unit one level up"
        "Liên hệ đơn vị cấp trên trực tiếp." "Ask the unit one level up.",
    /// A role that the unit does not have.
    ROLE_UNFIT Invalid "account.role_unfit"
        "Vai trò không phù hợp với loại đơn vị" "The role does not exist in such a unit"
        "Chọn vai trò thuộc loại đơn vị đó." "Choose a role of that kind of unit.",
    /// Disabled.
    DISABLED Forbidden "account.disabled"
        "Tài khoản đã bị khóa" "The account is disabled"
        "Liên hệ đơn vị cấp trên." "Ask the unit one level up.",
    /// Not one's own.
    NOT_YOURS Forbidden "account.not_yours"
        "Chỉ chủ tài khoản được thực hiện thao tác này" "Only the owner of the account may do this"
        "Đăng nhập bằng tài khoản của bạn." "Sign in with your own account.",
}

/// Where an account stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AccountState {
    /// Made, or its password was reset: the owner has to choose a password before anything else.
    Invited,
    /// In use.
    Active,
    /// Closed: its sessions are over at once.
    Disabled,
}

/// A personal account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// The name at login.
    pub id: AccountId,
    /// The person's name, as colleagues see it.
    pub name: String,
    /// The unit.
    pub unit: Unit,
    /// Where the unit stands.
    #[serde(default)]
    pub place: Place,
    /// The role.
    pub role: Role,
    /// Where it stands.
    pub state: AccountState,
    /// Counts what ends all sessions: a reset, a change of unit or role, a disabling.
    pub generation: u32,
}

/// What may be asked of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Command {
    /// Make it.
    Create {
        /// The name at login.
        id: AccountId,
        /// The person's name.
        name: String,
        /// The unit.
        unit: Unit,
        /// Where the unit stands.
        place: Place,
        /// The role.
        role: Role,
    },
    /// The owner chose a password.
    ChoosePassword,
    /// The owner changed second factors: what, for the log.
    ChangeFactor(String),
    /// Take the password away: the owner gets a new first password.
    Reset,
    /// Another unit or role.
    Assign {
        /// The unit.
        unit: Unit,
        /// Where it stands.
        place: Place,
        /// The role.
        role: Role,
    },
    /// Close it.
    Disable,
    /// Open it again.
    Enable,
}

/// What happened to an account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum Event {
    /// It was made.
    AccountCreated {
        /// The name at login.
        id: AccountId,
        /// The person's name.
        name: String,
        /// The unit.
        unit: Unit,
        /// Where it stands.
        place: Place,
        /// The role.
        role: Role,
    },
    /// The owner chose a password.
    PasswordChosen,
    /// A second factor changed.
    FactorChanged {
        /// What.
        what: String,
    },
    /// The password was taken away.
    PasswordReset,
    /// Another unit or role.
    Assigned {
        /// The unit.
        unit: Unit,
        /// Where it stands.
        place: Place,
        /// The role.
        role: Role,
    },
    /// It was closed.
    AccountDisabled,
    /// It was opened again.
    AccountEnabled,
}

/// The units one level above a unit that stands in a place. Those of the ministry are run by the operator. Police accounts come from the
/// police: whoever enters vaccination facts must not be able to open an account that confirms identities.
pub fn parents(unit: &Unit, place: Place) -> Vec<Unit> {
    let stands = place_of(unit, place);
    let province = stands.province.map(Unit::Province);
    let district = stands.district.map(Unit::District);
    match unit {
        Unit::Ministry | Unit::Province(_) | Unit::ProvincePolice(_) => vec![Unit::Ministry],
        Unit::District(_) => province.into_iter().collect(),
        Unit::Commune(_) | Unit::Facility(_) => district.into_iter().chain(province).collect(),
        Unit::Police(_) => stands
            .district
            .map(Unit::DistrictPolice)
            .into_iter()
            .collect(),
        Unit::DistrictPolice(_) => stands
            .province
            .map(Unit::ProvincePolice)
            .into_iter()
            .collect(),
        Unit::Hamlet(commune, _) => vec![Unit::Commune(*commune)],
    }
}

/// Where a unit stands: its own code says so, but for a facility.
fn place_of(unit: &Unit, given: Place) -> Place {
    let own = unit.place();
    if own == Place::default() { given } else { own }
}

/// True when such a unit has such a role.
pub fn has_role(unit: &Unit, role: Role) -> bool {
    match unit {
        Unit::Ministry => {
            matches!(
                role,
                Role::CentralSigner | Role::Administrator | Role::Operator | Role::Auditor
            )
        }
        Unit::Province(_) => matches!(role, Role::Supervisor | Role::Auditor),
        // An island district does the work of a station too.
        Unit::District(_) => matches!(role, Role::Supervisor | Role::Station),
        Unit::Commune(_) => role == Role::Station,
        Unit::Police(_) => role == Role::Police,
        Unit::DistrictPolice(_) => matches!(role, Role::Police | Role::PoliceChief),
        Unit::ProvincePolice(_) => role == Role::PoliceChief,
        Unit::Hamlet(..) => role == Role::HamletTeam,
        Unit::Facility(_) => matches!(role, Role::Clerk | Role::Head),
    }
}

impl AccountId {
    /// Reads the name of an account: 3 to 60 letters, digits, `.`, `-`, `_`, `@`, in lower case.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim().to_ascii_lowercase();
        let legal = |b: u8| b.is_ascii_alphanumeric() || b".-_@".contains(&b);
        ((3..=60).contains(&text.len()) && text.bytes().all(legal)).then_some(Self(text))
    }
}

impl Account {
    fn run_by(unit: &Unit, place: Place, act: &Act) -> Result<(), Refusal> {
        let operator = act.by.role() == Some(Role::Operator) && *unit == Unit::Ministry;
        let above = act
            .by
            .unit()
            .is_some_and(|actor| parents(unit, place).contains(actor));
        let above = above && (*unit != Unit::Ministry || operator);
        NOT_ABOVE.unless(above || act.by.is_system())
    }
}

impl Procedure for Account {
    const KIND: Kind = Kind::Account;
    type Command = Command;
    type Event = Event;

    fn decide(state: Option<&Self>, command: &Command, act: &Act) -> Result<Vec<Event>, Refusal> {
        let account = match (state, command) {
            (
                None,
                Command::Create {
                    id,
                    name,
                    unit,
                    place,
                    role,
                },
            ) => {
                NAME_UNFIT.unless(
                    AccountId::parse(&id.0).as_ref() == Some(id) && !name.trim().is_empty(),
                )?;
                ROLE_UNFIT.unless(has_role(unit, *role))?;
                Self::run_by(unit, *place, act)?;
                let (id, name, unit) = (id.clone(), name.clone(), unit.clone());
                return Ok(vec![Event::AccountCreated {
                    id,
                    name,
                    unit,
                    place: *place,
                    role: *role,
                }]);
            }
            (None, _) => return Err(UNKNOWN.refusal()),
            (Some(_), Command::Create { .. }) => return Err(EXISTS.refusal()),
            (Some(account), _) => account,
        };
        let own = act.by.account() == Some(&account.id);
        let disabled = account.state == AccountState::Disabled;
        let event = match command {
            Command::Create { .. } => return Err(EXISTS.refusal()),
            Command::ChoosePassword => {
                NOT_YOURS.unless(own || act.by.is_system())?;
                DISABLED.unless(!disabled)?;
                Event::PasswordChosen
            }
            Command::ChangeFactor(what) => {
                NOT_YOURS.unless(own)?;
                DISABLED.unless(!disabled)?;
                Event::FactorChanged { what: what.clone() }
            }
            Command::Reset => {
                Self::run_by(&account.unit, account.place, act)?;
                DISABLED.unless(!disabled)?;
                Event::PasswordReset
            }
            Command::Assign { unit, place, role } => {
                Self::run_by(&account.unit, account.place, act)?;
                Self::run_by(unit, *place, act)?;
                ROLE_UNFIT.unless(has_role(unit, *role))?;
                if (unit, place, role) == (&account.unit, &account.place, &account.role) {
                    return Ok(Vec::new());
                }
                Event::Assigned {
                    unit: unit.clone(),
                    place: *place,
                    role: *role,
                }
            }
            Command::Disable if disabled => return Ok(Vec::new()),
            Command::Enable if !disabled => return Ok(Vec::new()),
            Command::Disable => {
                Self::run_by(&account.unit, account.place, act)?;
                Event::AccountDisabled
            }
            Command::Enable => {
                Self::run_by(&account.unit, account.place, act)?;
                Event::AccountEnabled
            }
        };
        Ok(vec![event])
    }

    fn apply(state: Option<Self>, event: &Event, _act: &Act) -> Option<Self> {
        if let Event::AccountCreated {
            id,
            name,
            unit,
            place,
            role,
        } = event
        {
            return state.is_none().then(|| Self {
                id: id.clone(),
                name: name.clone(),
                unit: unit.clone(),
                place: *place,
                role: *role,
                state: AccountState::Invited,
                generation: 1,
            });
        }
        let mut account = state?;
        match event {
            Event::AccountCreated { .. } => return None,
            Event::PasswordChosen => account.state = AccountState::Active,
            Event::FactorChanged { .. } => {}
            Event::PasswordReset => {
                account.state = AccountState::Invited;
                account.generation += 1;
            }
            Event::Assigned { unit, place, role } => {
                account.unit = unit.clone();
                account.place = *place;
                account.role = *role;
                account.generation += 1;
            }
            Event::AccountDisabled => {
                account.state = AccountState::Disabled;
                account.generation += 1;
            }
            // Whoever comes back chooses a password anew.
            Event::AccountEnabled => account.state = AccountState::Invited,
        }
        Some(account)
    }

    fn tasks(&self) -> Vec<Task> {
        Vec::new()
    }

    fn keys(&self) -> Vec<String> {
        vec![lookup::unit(&self.unit)]
    }
}

#[cfg(test)]
mod tests {
    use jiff::Timestamp;
    use registry::area::{CommuneCode, DistrictCode, ProvinceCode};
    use registry::facility::FacilityCode;

    use super::*;
    use crate::{Actor, Origin, carry_out};

    fn act(unit: Unit, role: Role) -> Act {
        let by = Actor::Staff {
            account: AccountId("boss".into()),
            unit,
            role,
        };
        Act {
            at: Timestamp::UNIX_EPOCH,
            by,
            from: Origin::default(),
            why: None,
        }
    }

    fn create(unit: Unit, role: Role) -> Command {
        let place = Place::of_commune(CommuneCode(4)).expect("a commune");
        Command::Create {
            id: AccountId("le.van.an".into()),
            name: "Lê Văn Ân".into(),
            unit,
            place,
            role,
        }
    }

    #[test]
    fn an_account_is_made_one_level_up_and_by_nobody_else() {
        let facility = Unit::Facility(FacilityCode::parse("TYT-01").expect("a code"));
        let new = create(facility, Role::Clerk);
        let made =
            |unit, role| Account::decide(None, &new, &act(unit, role)).map(|events| events.len());
        assert_eq!(
            made(Unit::District(DistrictCode(1)), Role::Supervisor),
            Ok(1)
        );
        assert_eq!(
            made(Unit::Province(ProvinceCode(1)), Role::Supervisor),
            Ok(1)
        );
        assert_eq!(
            made(Unit::Ministry, Role::Administrator),
            Err(NOT_ABOVE.refusal())
        );
        assert_eq!(
            made(Unit::Province(ProvinceCode(79)), Role::Supervisor),
            Err(NOT_ABOVE.refusal())
        );
        let central = create(Unit::Ministry, Role::CentralSigner);
        let by_administrator =
            Account::decide(None, &central, &act(Unit::Ministry, Role::Administrator));
        assert_eq!(by_administrator, Err(NOT_ABOVE.refusal()));
        assert!(Account::decide(None, &central, &act(Unit::Ministry, Role::Operator)).is_ok());
    }

    #[test]
    fn nobody_of_the_health_side_opens_an_account_of_the_police() {
        let new = create(Unit::Police(CommuneCode(4)), Role::Police);
        let made =
            |unit, role| Account::decide(None, &new, &act(unit, role)).map(|events| events.len());
        assert_eq!(
            made(Unit::District(DistrictCode(1)), Role::Supervisor),
            Err(NOT_ABOVE.refusal())
        );
        assert_eq!(
            made(Unit::DistrictPolice(DistrictCode(1)), Role::PoliceChief),
            Ok(1)
        );
    }

    #[test]
    fn a_role_belongs_to_a_kind_of_unit() {
        let odd = create(Unit::Police(CommuneCode(4)), Role::Clerk);
        let refused = Account::decide(
            None,
            &odd,
            &act(Unit::District(DistrictCode(1)), Role::Supervisor),
        );
        assert_eq!(refused, Err(ROLE_UNFIT.refusal()));
    }

    #[test]
    fn whatever_takes_rights_away_ends_all_sessions() {
        let above = act(Unit::District(DistrictCode(1)), Role::Supervisor);
        let facility = Unit::Facility(FacilityCode::parse("TYT-01").expect("a code"));
        let (account, _) =
            carry_out(None, &create(facility, Role::Clerk), &above).expect("allowed");
        let generation =
            |account: &Option<Account>| account.as_ref().map_or(0, |account| account.generation);
        let before = generation(&account);
        let (disabled, _) = carry_out(account.clone(), &Command::Disable, &above).expect("allowed");
        assert!(generation(&disabled) > before);
        let (reset, _) = carry_out(account, &Command::Reset, &above).expect("allowed");
        assert!(generation(&reset) > before);
        let chosen = Account::decide(
            disabled.as_ref(),
            &Command::ChoosePassword,
            &Act::system("cli", above.at),
        );
        assert_eq!(chosen, Err(DISABLED.refusal()));
    }
}
