//! Who may do what, and where: one table, asked by every route, job and export.
//!
//! A right that a role does not have at all is refused as forbidden. A record beyond an actor's reach is refused exactly as one that does
//! not exist, so that no answer tells anything about another province.

use registry::area::Place;
use registry::facility::FacilityCode;
use serde::Serialize;

use crate::refusal::reasons;
use crate::{Actor, Refusal, Role, Unit};

reasons! {
    /// The role does not have this right.
    FORBIDDEN Forbidden "rights.forbidden"
        "Vai trò của bạn không có quyền này" "Your role does not have this right"
        "Liên hệ quản trị cấp trên nếu bạn cần quyền." "Ask the administrator one level up if you need it.",
    /// There is no such record, or none that the actor may know of.
    NOT_FOUND Missing "record.not_found"
        "Không tìm thấy" "Not found"
        "Kiểm tra lại mã." "Check the id.",
}

/// A thing that can be allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Right {
    /// Read vaccination facts, with the number masked.
    SeeVaccination,
    /// Read identity fields in full.
    SeeIdentity,
    /// Know that a protected person exists.
    SeeSealed,
    /// Protect a person, or end it.
    Seal,
    /// Enter and correct vaccination facts.
    EnterDoses,
    /// Import files of records.
    Import,
    /// Take lists and records out.
    Export,
    /// Join and separate records of one person.
    Link,
    /// Work on feedback.
    WorkFeedback,
    /// Send feedback to another unit, delegate.
    RouteFeedback,
    /// Work on complaints about obstruction.
    WorkObstruction,
    /// Make cleaning lists.
    MakeLists,
    /// Propose values for rows of a list.
    ReviewRows,
    /// Confirm identity, sign lists.
    ConfirmIdentity,
    /// Apply what the police signed.
    ApplyLists,
    /// Ask the population register, take its answers.
    AskRegister,
    /// Sign for a facility.
    SignDoses,
    /// Run a facility's record: head, delegations, signer.
    ManageFacility,
    /// Sign passports centrally, renew, revoke.
    IssuePassports,
    /// Make campaigns, move their dates.
    ManageCampaigns,
    /// Take reports.
    Report,
    /// Name and confirm contact officers.
    ManageContacts,
    /// Open and close personal accounts one level down.
    ManageAccounts,
    /// Read the log and check it.
    ReadLog,
    /// Run jobs, look at the state of the platform.
    RunPlatform,
}

/// How far a right reaches.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Reach {
    /// What waits at, was entered by, or lives under the actor's own unit.
    Unit,
    /// The whole area of the actor's unit.
    Area,
    /// The whole country.
    Country,
}

/// What is acted on: whose it is and where it lies.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Target {
    /// Units that are responsible for it.
    pub units: Vec<Unit>,
    /// Places where it lies: of residence, of injection.
    pub places: Vec<Place>,
    /// A protected person.
    pub sealed: bool,
}

/// The policy: each role, its rights, and how far they reach.
pub const TABLE: &[(Role, &[(Right, Reach)])] = &[
    (
        Role::Clerk,
        &[
            (Right::SeeVaccination, Reach::Unit),
            (Right::SeeIdentity, Reach::Unit),
            (Right::EnterDoses, Reach::Unit),
            (Right::Import, Reach::Unit),
            (Right::WorkFeedback, Reach::Unit),
            (Right::Link, Reach::Unit),
        ],
    ),
    (
        Role::Head,
        &[
            (Right::SeeVaccination, Reach::Unit),
            (Right::SeeIdentity, Reach::Unit),
            (Right::EnterDoses, Reach::Unit),
            (Right::Import, Reach::Unit),
            (Right::Export, Reach::Unit),
            (Right::WorkFeedback, Reach::Unit),
            (Right::Link, Reach::Unit),
            (Right::SignDoses, Reach::Unit),
            (Right::ManageFacility, Reach::Unit),
            (Right::Report, Reach::Unit),
            (Right::ManageContacts, Reach::Unit),
        ],
    ),
    (
        Role::Station,
        &[
            (Right::SeeVaccination, Reach::Area),
            (Right::SeeIdentity, Reach::Area),
            (Right::MakeLists, Reach::Unit),
            (Right::ReviewRows, Reach::Area),
            (Right::ApplyLists, Reach::Unit),
            (Right::WorkFeedback, Reach::Unit),
            (Right::Export, Reach::Area),
            (Right::Report, Reach::Unit),
            (Right::ManageContacts, Reach::Unit),
            (Right::ManageAccounts, Reach::Area),
        ],
    ),
    (Role::HamletTeam, &[(Right::ReviewRows, Reach::Unit)]),
    (
        Role::Police,
        &[
            (Right::SeeIdentity, Reach::Area),
            (Right::ConfirmIdentity, Reach::Area),
            (Right::Report, Reach::Unit),
            (Right::ManageContacts, Reach::Unit),
        ],
    ),
    (
        Role::PoliceChief,
        &[
            (Right::Report, Reach::Area),
            (Right::ManageContacts, Reach::Area),
            (Right::ManageAccounts, Reach::Area),
        ],
    ),
    (
        Role::Supervisor,
        &[
            (Right::SeeVaccination, Reach::Area),
            (Right::WorkFeedback, Reach::Area),
            (Right::RouteFeedback, Reach::Area),
            (Right::WorkObstruction, Reach::Area),
            (Right::SignDoses, Reach::Area),
            (Right::ManageFacility, Reach::Area),
            (Right::Export, Reach::Area),
            (Right::Report, Reach::Area),
            (Right::ManageContacts, Reach::Area),
            (Right::ManageAccounts, Reach::Area),
        ],
    ),
    (
        Role::CentralSigner,
        &[
            (Right::SeeVaccination, Reach::Country),
            (Right::IssuePassports, Reach::Country),
        ],
    ),
    (
        Role::Administrator,
        &[
            (Right::SeeVaccination, Reach::Country),
            (Right::SeeIdentity, Reach::Country),
            (Right::SeeSealed, Reach::Country),
            (Right::Seal, Reach::Country),
            (Right::Import, Reach::Country),
            (Right::Export, Reach::Country),
            (Right::Link, Reach::Country),
            (Right::AskRegister, Reach::Country),
            (Right::RouteFeedback, Reach::Country),
            (Right::WorkObstruction, Reach::Country),
            (Right::ManageFacility, Reach::Country),
            (Right::ManageCampaigns, Reach::Country),
            (Right::Report, Reach::Country),
            (Right::ManageContacts, Reach::Country),
            (Right::ManageAccounts, Reach::Country),
        ],
    ),
    (
        Role::Operator,
        &[
            (Right::RunPlatform, Reach::Country),
            (Right::ManageAccounts, Reach::Country),
        ],
    ),
    (Role::Auditor, &[(Right::ReadLog, Reach::Area)]),
];

impl Right {
    /// How far a role's right reaches; `None` when the role does not have it.
    pub fn reach(self, role: Role) -> Option<Reach> {
        let (_, rights) = TABLE.iter().find(|(of, _)| *of == role)?;
        rights
            .iter()
            .find(|(right, _)| *right == self)
            .map(|(_, reach)| *reach)
    }
}

/// Whether the actor may do this here. The platform itself may; a citizen has no right by role (their own acts prove themselves).
///
/// # Errors
/// [`FORBIDDEN`] when the role has no such right at all, [`NOT_FOUND`] when the target lies beyond its reach.
pub fn check(actor: &Actor, right: Right, target: &Target) -> Result<(), Refusal> {
    if actor.is_system() {
        return Ok(());
    }
    let reach = check_role(actor, right)?;
    let (Some(unit), Some(role)) = (actor.unit(), actor.role()) else {
        return Err(FORBIDDEN.refusal());
    };
    NOT_FOUND.unless(!target.sealed || Right::SeeSealed.reach(role).is_some())?;
    NOT_FOUND.unless(reaches(unit, reach, target))
}

/// Whether the actor's role has a right at all, before it is known on what.
///
/// # Errors
/// [`FORBIDDEN`] when it does not.
pub fn check_role(actor: &Actor, right: Right) -> Result<Reach, Refusal> {
    if actor.is_system() {
        return Ok(Reach::Country);
    }
    // A personal account is opened by a person: whoever holds another system's token must not be able to make themselves one.
    let for_persons = right == Right::ManageAccounts;
    FORBIDDEN.unless(!(for_persons && matches!(actor, Actor::Client { .. })))?;
    let reach = actor.role().and_then(|role| right.reach(role));
    reach.ok_or_else(|| FORBIDDEN.refusal())
}

fn reaches(unit: &Unit, reach: Reach, target: &Target) -> bool {
    match reach {
        Reach::Country => true,
        Reach::Unit => target.units.contains(unit),
        Reach::Area => {
            // The ministry's area is the country.
            let within = |place: &Place| unit.holds(*place) || *unit == Unit::Ministry;
            target.units.contains(unit) || target.places.iter().any(within)
        }
    }
}

impl Target {
    /// What one unit is responsible for.
    pub fn of_unit(unit: Unit) -> Self {
        let place = unit.place();
        let places = if place == Place::default() {
            Vec::new()
        } else {
            vec![place]
        };
        Self {
            units: vec![unit],
            places,
            sealed: false,
        }
    }

    /// A facility's own affairs.
    pub fn of_facility(code: FacilityCode, place: Place) -> Self {
        Self {
            units: vec![Unit::Facility(code)],
            places: vec![place],
            sealed: false,
        }
    }
}

#[cfg(test)]
mod tests {
    use registry::area::{CommuneCode, ProvinceCode};

    use super::*;
    use crate::AccountId;

    fn actor(unit: Unit, role: Role) -> Actor {
        Actor::Staff {
            account: AccountId("a".into()),
            unit,
            role,
        }
    }

    #[test]
    fn a_record_beyond_reach_is_refused_like_one_that_does_not_exist() {
        let hà_nội = actor(Unit::Province(ProvinceCode(1)), Role::Supervisor);
        let within = Target::of_unit(Unit::Commune(CommuneCode(4)));
        assert_eq!(check(&hà_nội, Right::WorkFeedback, &within), Ok(()));
        let elsewhere = Target::of_unit(Unit::Province(ProvinceCode(79)));
        assert_eq!(
            check(&hà_nội, Right::WorkFeedback, &elsewhere),
            Err(NOT_FOUND.refusal())
        );
        assert_eq!(
            check(&hà_nội, Right::IssuePassports, &within),
            Err(FORBIDDEN.refusal())
        );
    }

    #[test]
    fn identity_and_vaccination_are_apart() {
        for (role, _) in TABLE {
            let changes_facts = Right::EnterDoses.reach(*role).is_some();
            let changes_identity = Right::ConfirmIdentity.reach(*role).is_some();
            assert!(!(changes_facts && changes_identity), "{role:?}");
        }
        assert_eq!(Right::SeeVaccination.reach(Role::Police), None);
        assert_eq!(Right::SeeIdentity.reach(Role::Operator), None);
    }

    #[test]
    fn a_unit_without_a_place_reaches_no_area() {
        let lost = actor(
            Unit::Facility(FacilityCode::parse("TYT-01").expect("a code")),
            Role::Supervisor,
        );
        let anywhere = Target {
            places: vec![Place::default()],
            ..Target::default()
        };
        assert_eq!(
            check(&lost, Right::SeeVaccination, &anywhere),
            Err(NOT_FOUND.refusal())
        );
    }

    #[test]
    fn another_system_opens_no_accounts_whatever_its_role() {
        let (unit, role) = (Unit::Province(ProvinceCode(1)), Role::Supervisor);
        let client = Actor::Client {
            token: "statistics".into(),
            unit: unit.clone(),
            role,
        };
        let target = Target::of_unit(unit.clone());
        let refused = Err(FORBIDDEN.refusal());
        assert_eq!(check(&client, Right::ManageAccounts, &target), refused);
        assert_eq!(check(&client, Right::Report, &target), Ok(()));
        assert_eq!(
            check(&actor(unit, role), Right::ManageAccounts, &target),
            Ok(())
        );
    }

    #[test]
    fn protected_persons_are_known_to_the_ministry_alone() {
        let sealed = Target {
            sealed: true,
            ..Target::of_unit(Unit::Commune(CommuneCode(4)))
        };
        let station = actor(Unit::Commune(CommuneCode(4)), Role::Station);
        assert_eq!(
            check(&station, Right::SeeIdentity, &sealed),
            Err(NOT_FOUND.refusal())
        );
        assert_eq!(
            check(
                &actor(Unit::Ministry, Role::Administrator),
                Right::SeeIdentity,
                &sealed
            ),
            Ok(())
        );
    }
}
