//! Which facts the events of each procedure touch.

use super::{Accountable, Fact, Touch};
use crate::account::{self, Account};
use crate::campaign::{self, Campaign, TargetId};
use crate::cleaning::item::{self, Item};
use crate::cleaning::list::{self, List};
use crate::contact::{self, Contact};
use crate::facility::{self, Facility};
use crate::feedback::{self, Feedback};
use crate::inquiry::{self, Inquiry};
use crate::report::{self, Report};
use crate::subject::dose::DoseId;
use crate::subject::{self, Registration, Subject};

fn set(name: &str) -> Vec<(Fact, Touch)> {
    vec![(Fact::one(name), Touch::Set)]
}

fn dose(id: &DoseId, touch: Touch) -> (Fact, Touch) {
    (Fact::of("dose", &id.0), touch)
}

fn registered(new: &Registration) -> Vec<(Fact, Touch)> {
    let mut touches = ["identity", "contact", "residence"].map(set).concat();
    touches.extend(new.doses.iter().map(|new| dose(&new.id, Touch::Set)));
    touches.extend(new.cluster.iter().flat_map(|_| set("cluster")));
    touches
}

impl Accountable for Subject {
    fn touches(event: &subject::Event) -> Vec<(Fact, Touch)> {
        use subject::Event;
        match event {
            Event::Registered(new) => registered(new),
            Event::IdentityChanged { .. } => set("identity"),
            Event::ContactChanged { .. } => set("contact"),
            Event::Moved { .. } => set("residence"),
            Event::DoseEntered { dose: id, .. }
            | Event::DoseCorrected { dose: id, .. }
            | Event::DoseRetracted { dose: id }
            | Event::FindingOverridden { dose: id, .. }
            | Event::DuplicateJudged { dose: id, .. } => vec![dose(id, Touch::Set)],
            Event::Signed { content, .. } => {
                let doses = content.doses.iter();
                doses.map(|signed| dose(&signed.id, Touch::Sign)).collect()
            }
            Event::SignatureWithdrawn { doses, .. } => {
                doses.iter().map(|id| dose(id, Touch::Withdraw)).collect()
            }
            Event::PassportIssued(_) | Event::PassportRenewed(_) => {
                vec![(Fact::one("passport"), Touch::Sign)]
            }
            Event::PassportRevoked { .. } => vec![(Fact::one("passport"), Touch::Withdraw)],
            Event::Linked { .. } | Event::Unlinked { .. } => set("cluster"),
            Event::Sealed | Event::Unsealed => set("protection"),
            Event::Undone { before, .. } => {
                let mut touches = ["identity", "contact", "residence"].map(set).concat();
                let doses = before.iter().flat_map(|before| before.doses.keys());
                touches.extend(doses.map(|id| dose(id, Touch::Set)));
                touches
            }
            Event::Sent(_)
            | Event::Answered { .. }
            | Event::Aged
            | Event::DoseChecked { .. }
            | Event::DoseBecame { .. }
            | Event::PassportQueued
            | Event::PassportBlocked { .. }
            | Event::PassportDelivered
            | Event::PassportExpiring
            | Event::PassportExpired
            | Event::Suggested { .. }
            | Event::FeedbackOpened { .. }
            | Event::FeedbackClosed { .. } => Vec::new(),
        }
    }
}

impl Accountable for Facility {
    fn touches(event: &facility::Event) -> Vec<(Fact, Touch)> {
        use facility::Event;
        match event {
            Event::FacilityRegistered { .. } | Event::FacilityClosed { .. } => set("facility"),
            Event::HeadNamed { .. } => set("head"),
            Event::Delegated { account, .. } | Event::DelegationEnded { account } => {
                vec![(Fact::of("delegation", &account.0), Touch::Set)]
            }
            Event::SignerDesignated { .. } => set("signer"),
        }
    }
}

impl Accountable for Account {
    fn touches(event: &account::Event) -> Vec<(Fact, Touch)> {
        use account::Event;
        match event {
            Event::AccountCreated { .. }
            | Event::Assigned { .. }
            | Event::AccountDisabled
            | Event::AccountEnabled => set("account"),
            Event::PasswordChosen | Event::PasswordReset => set("password"),
            Event::FactorChanged { .. } => set("factors"),
        }
    }
}

impl Accountable for Campaign {
    fn touches(event: &campaign::Event) -> Vec<(Fact, Touch)> {
        use campaign::Event;
        let target = |id: &TargetId| (Fact::of("target", &id.0), Touch::Set);
        match event {
            Event::CampaignOpened { opening, .. } => {
                let mut touches = set("campaign");
                touches.extend(opening.targets.iter().map(|new| target(&new.id)));
                touches
            }
            Event::TargetAdded { target: new } => vec![target(&new.id)],
            Event::TargetMoved { target: id, .. } => vec![target(id)],
            Event::CampaignClosed => set("campaign"),
            Event::TargetWarned { .. } | Event::TargetPassed { .. } => Vec::new(),
        }
    }
}

impl Accountable for Report {
    fn touches(event: &report::Event) -> Vec<(Fact, Touch)> {
        match event {
            report::Event::ReportTaken { .. } => set("report"),
            report::Event::ReportSigned { .. } => vec![(Fact::one("report"), Touch::Sign)],
        }
    }
}

impl Accountable for Contact {
    fn touches(event: &contact::Event) -> Vec<(Fact, Touch)> {
        use contact::Event;
        match event {
            Event::ContactNamed { .. } | Event::ContactChanged { .. } => set("officer"),
            Event::ContactConfirmed { .. } => vec![(Fact::one("officer"), Touch::Sign)],
            Event::IntervalSet { .. } => set("interval"),
            Event::ConfirmationDue { .. } => Vec::new(),
        }
    }
}

impl Accountable for Feedback {
    fn touches(event: &feedback::Event) -> Vec<(Fact, Touch)> {
        use feedback::Event;
        match event {
            Event::Received { .. } => set("submission"),
            Event::Routed { .. } | Event::Redirected { .. } => set("desk"),
            Event::TakenUp { .. } | Event::Assigned { .. } => set("officer"),
            Event::Decided(_) => vec![(Fact::one("outcome"), Touch::Sign)],
            Event::Corrected(_) => set("correction"),
            Event::Reopened { .. } => vec![(Fact::one("outcome"), Touch::Withdraw)],
            Event::Resumed
            | Event::Notified { .. }
            | Event::FollowedUp { .. }
            | Event::Warned { .. }
            | Event::Escalated { .. } => Vec::new(),
        }
    }
}

impl Accountable for List {
    fn touches(event: &list::Event) -> Vec<(Fact, Touch)> {
        use list::Event;
        match event {
            Event::ListMade { .. } => set("list"),
            Event::ListSigned(_) => vec![(Fact::one("list"), Touch::Sign)],
            Event::ListSuperseded { .. } => Vec::new(),
        }
    }
}

impl Accountable for Item {
    fn touches(event: &item::Event) -> Vec<(Fact, Touch)> {
        use item::Event;
        match event {
            Event::Listed(_) | Event::CarriedOver { .. } => set("row"),
            Event::Reviewed(_) => set("proposal"),
            Event::Confirmed(_) | Event::NotConfirmed { .. } => set("confirmation"),
            Event::RegisterNoted { .. } => set("register"),
            Event::RowSigned(_) => vec![(Fact::one("confirmation"), Touch::Sign)],
            Event::AskedBack { .. } | Event::ReturnedStale { .. } => {
                vec![(Fact::one("confirmation"), Touch::Withdraw)]
            }
            Event::Applied { .. } => set("update"),
            Event::HandedOut | Event::RecheckSent { .. } | Event::Rechecked { .. } => Vec::new(),
        }
    }
}

impl Accountable for Inquiry {
    fn touches(event: &inquiry::Event) -> Vec<(Fact, Touch)> {
        use inquiry::Event;
        match event {
            Event::Asked { .. } | Event::Closed | Event::Withdrawn { .. } => set("question"),
            Event::AnswerGiven(_) => vec![(Fact::one("answer"), Touch::Sign)],
            Event::Forwarded { .. } => set("place"),
            Event::Escalated { .. } => Vec::new(),
        }
    }
}
