//! Which right each act needs, and whose each record is: every act and every read goes through here, whatever it came by.

use casework::rights::{self, Right, Target};
use casework::{
    Act, Actor, Procedure, Refusal, Unit, account, campaign, cleaning, contact, facility, feedback,
    inquiry, report, subject,
};
use registry::area::Place;

/// What an act needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needed {
    /// One of these rights.
    Any(&'static [Right]),
    /// Nothing but to be the citizen whom it concerns: the procedure checks the proof.
    Citizen,
    /// Nothing but to be the owner of the account: the procedure checks that.
    Owner,
    /// Nobody asks for it: it is what the platform does by itself.
    Platform,
}

/// How much of a record an actor sees.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sight {
    /// Numbers and contacts in full.
    pub identity: bool,
    /// Vaccination facts.
    pub vaccination: bool,
}

impl Sight {
    /// All of it.
    pub const WHOLE: Self = Self {
        identity: true,
        vaccination: true,
    };
}

/// A procedure under the policy table.
pub trait Guarded:
    Procedure<Command: Clone + Send + Sync, Event: Send + Sync> + Send + Sync
{
    /// The rights that let somebody see such a record; any of them does.
    const SEEN_BY: &'static [Right];

    /// What an act needs; `state` is the record before it.
    fn needed(state: Option<&Self>, command: &Self::Command) -> Needed;

    /// Whose the record is, and where it lies.
    fn target(&self) -> Target;

    /// Whose a record would be that a command opens; `None` for a command on a record that is there. So one that is not there and one beyond
    /// reach are refused alike.
    fn target_of_new(command: &Self::Command, act: &Act) -> Option<Target>;

    /// True when the actor must not even know of a record that lies within reach.
    fn is_hidden_from(&self, _actor: &Actor) -> bool {
        false
    }

    /// True when every unit that stands in `place` may read the record, whoever it belongs to.
    fn is_public_in(&self, _place: Place) -> bool {
        false
    }

    /// The record without what the actor may not see.
    #[must_use]
    fn trimmed(self, _sight: Sight) -> Self {
        self
    }
}

/// Whether the actor's role has any of the rights that an act needs, before anything is known of the record.
///
/// # Errors
/// Forbidden.
pub(crate) fn role_may<P: Guarded>(
    state: Option<&P>,
    command: &P::Command,
    act: &Act,
) -> Result<(), Refusal> {
    let allowed = match P::needed(state, command) {
        _ if act.by.is_system() => true,
        Needed::Citizen => act.by.unit().is_none(),
        Needed::Owner => true,
        Needed::Platform => false,
        Needed::Any(any) => any
            .iter()
            .any(|right| rights::check_role(&act.by, *right).is_ok()),
    };
    rights::FORBIDDEN.unless(allowed)
}

/// Whether an act is allowed; `state` is the record before it.
///
/// # Errors
/// Forbidden, when the role has none of the rights; missing, when the record is beyond its reach.
pub(crate) fn may_do<P: Guarded>(
    state: Option<&P>,
    command: &P::Command,
    act: &Act,
) -> Result<(), Refusal> {
    role_may(state, command, act)?;
    let Needed::Any(any) = P::needed(state, command) else {
        return Ok(());
    };
    if act.by.is_system() {
        return Ok(());
    }
    let target = match state {
        Some(state) => Some(state.target()),
        None => P::target_of_new(command, act),
    };
    let hidden = state.is_some_and(|state| state.is_hidden_from(&act.by));
    has_any(&act.by, any, &target.clone().unwrap_or_default())?;
    rights::NOT_FOUND.unless(target.is_some() && !hidden)
}

/// Whether an actor whose unit stands in `place` may read a record, and how much of it.
///
/// # Errors
/// As for an act.
pub(crate) fn may_see<P: Guarded>(
    state: &P,
    actor: &Actor,
    place: Place,
) -> Result<Sight, Refusal> {
    let target = state.target();
    let of_staff = P::SEEN_BY
        .iter()
        .any(|right| rights::check_role(actor, *right).is_ok());
    if !(of_staff && state.is_public_in(place)) {
        has_any(actor, P::SEEN_BY, &target)?;
    }
    rights::NOT_FOUND.unless(!state.is_hidden_from(actor))?;
    let sees = |right| rights::check(actor, right, &target).is_ok();
    Ok(Sight {
        identity: sees(Right::SeeIdentity),
        vaccination: sees(Right::SeeVaccination),
    })
}

/// One of the rights is enough. Who has one but not here gets "not found", who has none "forbidden".
pub(crate) fn has_any(actor: &Actor, any: &[Right], target: &Target) -> Result<(), Refusal> {
    let mut refusal = rights::FORBIDDEN.refusal();
    for right in any {
        match rights::check(actor, *right, target) {
            Ok(()) => return Ok(()),
            Err(refused) if refused.reason.code == rights::NOT_FOUND.code => refusal = refused,
            Err(_) => {}
        }
    }
    Err(refusal)
}

/// Units and their own places; a facility's place is given.
fn of_units(units: impl IntoIterator<Item = Unit>, place: Place) -> Target {
    let places = if place == Place::default() {
        Vec::new()
    } else {
        vec![place]
    };
    Target {
        units: units.into_iter().collect(),
        places,
        sealed: false,
    }
}

impl Guarded for subject::Subject {
    const SEEN_BY: &'static [Right] = &[Right::SeeVaccination, Right::SeeIdentity];

    fn needed(_state: Option<&Self>, command: &subject::Command) -> Needed {
        use subject::Action;
        use subject::person::IdentityEvidence;
        match &command.action {
            Action::Register(_)
            | Action::ChangeContact(_)
            | Action::Move { .. }
            | Action::EnterDose { .. }
            | Action::CorrectDose { .. }
            | Action::RetractDose { .. }
            | Action::OverrideFinding { .. }
            | Action::JudgeDuplicate { .. }
            | Action::ChangeIdentity {
                evidence: IdentityEvidence::ForeignPassport { .. },
                ..
            } => Needed::Any(&[Right::EnterDoses]),
            Action::Withdraw { .. } => Needed::Any(&[Right::SignDoses]),
            Action::Issue(_) | Action::Renew(_) | Action::Revoke => {
                Needed::Any(&[Right::IssuePassports])
            }
            Action::Link { .. } | Action::Unlink => Needed::Any(&[Right::Link]),
            Action::Seal | Action::Unseal => Needed::Any(&[Right::Seal]),
            // Signatures come from whole batches, identities from lists that the police signed or from the register.
            Action::Sign { .. }
            | Action::ChangeIdentity { .. }
            | Action::Send { .. }
            | Action::Answer { .. }
            | Action::Age
            | Action::CheckDose { .. }
            | Action::Suggest(_)
            | Action::Deliver
            | Action::Clock
            | Action::OpenFeedback(_)
            | Action::CloseFeedback(_)
            | Action::Undo { .. } => Needed::Platform,
        }
    }

    fn target(&self) -> Target {
        let facilities = self.doses.values().filter(|dose| dose.counts());
        let mut target = Target {
            sealed: self.sealed,
            ..Target::default()
        };
        for dose in facilities {
            target
                .units
                .extend(dose.facts.facility.clone().map(Unit::Facility));
            target.places.push(dose.facts.facility_place);
        }
        let home = [
            Unit::station_of(self.residence),
            Unit::police_of(self.residence),
        ];
        target.units.extend(home.into_iter().flatten());
        target.places.push(self.residence);
        target
    }

    fn target_of_new(command: &subject::Command, act: &Act) -> Option<Target> {
        let subject::Action::Register(new) = &command.action else {
            return None;
        };
        let facilities = new.doses.iter().map(|dose| dose.facts.facility.clone());
        let mut units: Vec<Unit> = facilities.flatten().map(Unit::Facility).collect();
        // Whoever registers somebody without a dose gives them one next.
        if units.is_empty() {
            units.extend(act.by.unit().cloned());
        }
        Some(of_units(units, Place::default()))
    }

    /// There is no such record any more.
    fn is_hidden_from(&self, _actor: &Actor) -> bool {
        self.taken_back
    }

    fn trimmed(mut self, sight: Sight) -> Self {
        if !sight.identity {
            self.person.number = self.person.masked_number();
            self.contact = subject::Contact::default();
        }
        if !sight.vaccination {
            self.doses.clear();
            self.passport = subject::passport::Passport::default();
        }
        self
    }
}

impl Guarded for facility::Facility {
    const SEEN_BY: &'static [Right] = &[
        Right::ManageFacility,
        Right::SeeVaccination,
        Right::WorkFeedback,
    ];

    fn needed(_state: Option<&Self>, _command: &facility::Command) -> Needed {
        Needed::Any(&[Right::ManageFacility])
    }

    fn target(&self) -> Target {
        Target::of_facility(self.code.clone(), self.place)
    }

    fn target_of_new(command: &facility::Command, _act: &Act) -> Option<Target> {
        match command {
            // Nobody opens their own facility: it is opened by those in whose area it stands.
            facility::Command::Register { place, .. } => Some(of_units([], *place)),
            _ => None,
        }
    }
}

impl Guarded for cleaning::list::List {
    const SEEN_BY: &'static [Right] =
        &[Right::MakeLists, Right::ConfirmIdentity, Right::ReviewRows];

    fn needed(_state: Option<&Self>, command: &cleaning::list::Command) -> Needed {
        match command {
            cleaning::list::Command::Make { .. } | cleaning::list::Command::Supersede { .. } => {
                Needed::Any(&[Right::MakeLists])
            }
            cleaning::list::Command::Sign { .. } => Needed::Any(&[Right::ConfirmIdentity]),
        }
    }

    fn target(&self) -> Target {
        of_units([self.station.clone(), self.police.clone()], self.place)
    }

    fn target_of_new(command: &cleaning::list::Command, _act: &Act) -> Option<Target> {
        match command {
            cleaning::list::Command::Make { place, .. } => {
                Some(of_units(Unit::station_of(*place), *place))
            }
            _ => None,
        }
    }
}

impl Guarded for cleaning::item::Item {
    const SEEN_BY: &'static [Right] = &[Right::ReviewRows, Right::ConfirmIdentity];

    fn needed(_state: Option<&Self>, command: &cleaning::item::Command) -> Needed {
        use cleaning::item::Command;
        match command {
            Command::List(_) | Command::CarryOver { .. } | Command::HandOut => {
                Needed::Any(&[Right::MakeLists])
            }
            Command::Review(_) => Needed::Any(&[Right::ReviewRows]),
            Command::Confirm { .. }
            | Command::NoteRegister { .. }
            | Command::AskBack { .. }
            | Command::CannotConfirm { .. }
            | Command::Sign { .. } => Needed::Any(&[Right::ConfirmIdentity]),
            Command::Apply { .. } => Needed::Any(&[Right::ApplyLists]),
            Command::Send { .. } | Command::Answer { .. } => Needed::Platform,
        }
    }

    fn target(&self) -> Target {
        let place = self.listing.place;
        let home = [Unit::station_of(place), Unit::police_of(place)];
        let desks = self.tasks().into_iter().map(|task| task.desk);
        of_units(home.into_iter().flatten().chain(desks), place)
    }

    fn target_of_new(command: &cleaning::item::Command, _act: &Act) -> Option<Target> {
        match command {
            cleaning::item::Command::List(listing) => {
                let place = listing.place;
                Some(of_units(Unit::station_of(place), place))
            }
            _ => None,
        }
    }
}

impl Guarded for inquiry::Inquiry {
    const SEEN_BY: &'static [Right] = &[Right::MakeLists, Right::ConfirmIdentity];

    fn needed(_state: Option<&Self>, command: &inquiry::Command) -> Needed {
        use inquiry::Command;
        match command {
            Command::Ask { .. } | Command::Close | Command::Withdraw => {
                Needed::Any(&[Right::MakeLists, Right::ConfirmIdentity])
            }
            Command::Answer(_) | Command::Forward { .. } => Needed::Any(&[Right::ConfirmIdentity]),
            Command::Clock => Needed::Platform,
        }
    }

    fn target(&self) -> Target {
        of_units([self.asker.clone(), self.desk.clone()], self.place)
    }

    fn target_of_new(command: &inquiry::Command, act: &Act) -> Option<Target> {
        // Everybody asks for their own unit.
        let asks = matches!(command, inquiry::Command::Ask { .. });
        let unit = act.by.unit().filter(|_| asks);
        unit.map(|unit| Target::of_unit(unit.clone()))
    }
}

impl Guarded for feedback::Feedback {
    const SEEN_BY: &'static [Right] = &[
        Right::WorkFeedback,
        Right::RouteFeedback,
        Right::WorkObstruction,
    ];

    fn needed(state: Option<&Self>, command: &feedback::Command) -> Needed {
        use feedback::Command;
        let complaint = state.is_some_and(|feedback| feedback.submission.kind.is_complaint());
        match command {
            Command::Submit { .. } | Command::Reopen { .. } | Command::FollowUp { .. } => {
                Needed::Citizen
            }
            Command::Notify { .. } | Command::Clock => Needed::Platform,
            _ if complaint => Needed::Any(&[Right::WorkObstruction]),
            Command::Redirect { .. } | Command::Assign(_) => {
                Needed::Any(&[Right::WorkFeedback, Right::RouteFeedback])
            }
            Command::TakeUp | Command::Decide(_) | Command::Correct(_) => {
                Needed::Any(&[Right::WorkFeedback])
            }
        }
    }

    fn target(&self) -> Target {
        self.desk.as_ref().map_or_else(Target::default, |desk| {
            of_units([desk.unit.clone()], desk.place)
        })
    }

    fn target_of_new(_command: &feedback::Command, _act: &Act) -> Option<Target> {
        None
    }

    fn is_hidden_from(&self, actor: &Actor) -> bool {
        let complaint = self.submission.kind.is_complaint();
        let may_know = rights::check_role(actor, Right::WorkObstruction).is_ok();
        complaint && (!may_know || actor.unit().is_some_and(|unit| self.is_hidden_from(unit)))
    }
}

impl Guarded for campaign::Campaign {
    const SEEN_BY: &'static [Right] = &[Right::Report, Right::ManageCampaigns];

    fn needed(_state: Option<&Self>, command: &campaign::Command) -> Needed {
        match command {
            campaign::Command::Clock => Needed::Platform,
            _ => Needed::Any(&[Right::ManageCampaigns]),
        }
    }

    fn target(&self) -> Target {
        of_units([self.issuer.clone()], self.scope)
    }

    /// An order is for everybody below.
    fn is_public_in(&self, place: Place) -> bool {
        self.scope == Place::default() || (place != Place::default() && self.scope.contains(place))
    }

    fn target_of_new(command: &campaign::Command, act: &Act) -> Option<Target> {
        let opens = matches!(command, campaign::Command::Open(_));
        let unit = act.by.unit().filter(|_| opens);
        unit.map(|unit| Target::of_unit(unit.clone()))
    }
}

impl Guarded for report::Report {
    const SEEN_BY: &'static [Right] = &[Right::Report];

    fn needed(_state: Option<&Self>, command: &report::Command) -> Needed {
        match command {
            // Its numbers are counted here, never sent.
            report::Command::Take(_) => Needed::Platform,
            report::Command::Sign { .. } => Needed::Any(&[Right::Report]),
        }
    }

    fn target(&self) -> Target {
        of_units([self.snapshot.unit.clone()], self.snapshot.place)
    }

    fn target_of_new(_command: &report::Command, _act: &Act) -> Option<Target> {
        None
    }
}

impl Guarded for contact::Contact {
    const SEEN_BY: &'static [Right] = &[Right::ManageContacts];

    fn needed(_state: Option<&Self>, command: &contact::Command) -> Needed {
        match command {
            contact::Command::Clock => Needed::Platform,
            _ => Needed::Any(&[Right::ManageContacts]),
        }
    }

    fn target(&self) -> Target {
        of_units([self.unit.clone()], self.place)
    }

    fn target_of_new(command: &contact::Command, _act: &Act) -> Option<Target> {
        match command {
            contact::Command::Name { unit, place, .. } => Some(of_units([unit.clone()], *place)),
            _ => None,
        }
    }
}

impl Guarded for account::Account {
    const SEEN_BY: &'static [Right] = &[Right::ManageAccounts];

    fn needed(_state: Option<&Self>, command: &account::Command) -> Needed {
        match command {
            account::Command::ChoosePassword | account::Command::ChangeFactor(_) => Needed::Owner,
            _ => Needed::Any(&[Right::ManageAccounts]),
        }
    }

    fn target(&self) -> Target {
        of_units([self.unit.clone()], self.place)
    }

    fn target_of_new(command: &account::Command, _act: &Act) -> Option<Target> {
        match command {
            account::Command::Create { unit, place, .. } => Some(of_units([unit.clone()], *place)),
            _ => None,
        }
    }
}
