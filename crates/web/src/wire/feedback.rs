//! A citizen's feedback.

use casework::RecordId;
use casework::feedback::rejection::Rejection;
use casework::feedback::submission::{self, FeedbackKind, Submission};
use casework::feedback::{self, Command, Correction, Desk, Outcome, Terms};
use casework::routing::{Delegations, Destination};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::fields::{
    AccountName, Day, FacilityCode, Id, Line, Place, Sha256Hex, Text, UnitCode, Words,
};

/// New feedback. By a citizen whose phone is confirmed.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = FeedbackCreate)]
pub(crate) struct Create {
    /// What is wrong.
    kind: KindOfFeedback,
    /// Who says so.
    person: StatedPerson,
    /// The facility that injected, if the citizen knows it.
    #[serde(default)]
    facility: Option<FacilityCode>,
    /// The place of injection, as far as the citizen knows it; that of a facility is known.
    #[serde(default)]
    place: Place,
    /// Dose by dose.
    #[serde(default)]
    #[schema(max_items = 20)]
    claims: Vec<DoseClaim>,
    /// In the citizen's own words.
    #[serde(default)]
    text: Words,
    /// Photos and other papers.
    #[serde(default)]
    #[schema(max_items = 20)]
    attachments: Vec<Attachment>,
    /// The feedback that this one follows.
    #[serde(default)]
    earlier: Option<Id>,
}

/// What is wrong, says the citizen.
#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[schema(as = FeedbackKind)]
enum KindOfFeedback {
    /// A dose is not on record.
    MissingDose,
    /// Name, birth date, sex, number or contact are wrong.
    WrongPerson,
    /// Day, vaccine, lot or number of a dose are wrong.
    WrongDose,
    /// There is no certificate.
    NoCertificate,
    /// A record or a dose is not theirs.
    NotMine,
    /// Staff obstruct or ask for money.
    Obstruction,
}

/// A person as stated.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"full_name": "Trần Văn Thử", "birth_date": "1984-05-03", "phone": "0901000001"})))]
struct StatedPerson {
    /// Full name.
    full_name: Line,
    /// Birth date.
    birth_date: Text<40>,
    /// Sex.
    #[serde(default)]
    sex: Text<20>,
    /// CCCD, CMND or passport number.
    #[serde(default)]
    number: Option<Text<40>>,
    /// Phone.
    phone: Text<40>,
    /// E-mail.
    #[serde(default)]
    email: Option<Text<254>>,
    /// Address.
    #[serde(default)]
    address: Words,
}

/// What the citizen says of one dose.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct DoseClaim {
    /// Its number.
    number: u8,
    /// The day.
    #[serde(default)]
    injected_on: Text<40>,
    /// The vaccine.
    #[serde(default)]
    vaccine: Line,
    /// Where.
    #[serde(default)]
    place: Line,
}

/// A file that came with the feedback.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct Attachment {
    /// Its id.
    id: Id,
    /// Its media type.
    media_type: Text<100>,
    /// Hash of its bytes.
    sha256: Sha256Hex,
    /// Its size in bytes.
    size: u64,
}

/// Why feedback is rejected: TK-01 to TK-13 for data, KN-01 and KN-02 for complaints.
#[derive(Debug, Clone, Copy, Serialize, Deserialize, ToSchema)]
#[schema(as = RejectionCode)]
pub(crate) enum Code {
    #[serde(rename = "TK-01")]
    Tk01,
    #[serde(rename = "TK-02")]
    Tk02,
    #[serde(rename = "TK-03")]
    Tk03,
    #[serde(rename = "TK-04")]
    Tk04,
    #[serde(rename = "TK-05")]
    Tk05,
    #[serde(rename = "TK-06")]
    Tk06,
    #[serde(rename = "TK-07")]
    Tk07,
    #[serde(rename = "TK-08")]
    Tk08,
    #[serde(rename = "TK-09")]
    Tk09,
    #[serde(rename = "TK-10")]
    Tk10,
    #[serde(rename = "TK-11")]
    Tk11,
    #[serde(rename = "TK-12")]
    Tk12,
    #[serde(rename = "TK-13")]
    Tk13,
    #[serde(rename = "KN-01")]
    Kn01,
    #[serde(rename = "KN-02")]
    Kn02,
}

/// A decision, with the text that the citizen sees.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = FeedbackOutcome)]
pub(crate) enum Decision {
    /// The citizen is right.
    Approved {
        /// What the citizen is told.
        text: Words,
    },
    /// It can't be decided yet.
    Later {
        /// What the citizen is told: why not yet.
        text: Words,
        /// When it is taken up again.
        take_up_on: Day,
    },
    /// Not accepted.
    Rejected {
        /// Why.
        reason: Code,
        /// What the citizen is told.
        text: Words,
    },
}

/// How approved feedback was made good.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = FeedbackCorrection)]
pub(crate) enum MadeGood {
    /// A record was corrected.
    Record {
        /// Which.
        subject: Id,
        /// The revision that holds the correction.
        revision: u64,
    },
    /// A complaint led to a measure.
    Measure {
        /// Which.
        text: Words,
    },
}

/// What may be asked of feedback.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = FeedbackAct)]
pub(crate) enum Act {
    /// Send it to the unit responsible. Needs `why`.
    Redirect {
        /// Whom.
        to: UnitCode,
    },
    /// An officer of the desk takes it up.
    TakeUp {},
    /// Give it to another of the desk's officers. Needs `why`.
    Assign {
        /// Whom.
        officer: AccountName,
    },
    /// The officer decides.
    Decide {
        /// What.
        outcome: Decision,
    },
    /// What was approved is made good.
    Correct {
        /// How.
        correction: MadeGood,
    },
    /// The citizen is not content. By a citizen whose phone is confirmed.
    Reopen {
        /// Why.
        text: Words,
    },
}

impl Create {
    /// The command; the proof of the phone is how the citizen signed in.
    pub(crate) fn command(self, phone_proven: bool) -> Command {
        Command::Submit {
            submission: Box::new(self.into()),
            phone_proven,
            terms: SET_BY_POLICY,
            delegations: Delegations::default(),
        }
    }
}

impl Act {
    /// The command; the proof of the phone is how the citizen signed in.
    pub(crate) fn command(self, phone_proven: bool) -> Command {
        match self {
            Self::Redirect { to } => Command::Redirect {
                to: Desk {
                    unit: to.0,
                    place: registry::area::Place::default(),
                },
            },
            Self::TakeUp {} => Command::TakeUp,
            Self::Assign { officer } => Command::Assign(officer.0),
            Self::Decide { outcome } => Command::Decide(outcome.into()),
            Self::Correct { correction } => Command::Correct(correction.into()),
            Self::Reopen { text } => Command::Reopen {
                phone_proven,
                text: text.into_string(),
                terms: SET_BY_POLICY,
            },
        }
    }
}

/// The platform puts the terms of policy in; these would allow nothing.
const SET_BY_POLICY: Terms = Terms {
    warn_hours: 0,
    due_hours: 0,
    attachment_bytes: 0,
};

impl From<Create> for Submission {
    fn from(new: Create) -> Self {
        let claim = |claim: DoseClaim| submission::DoseClaim {
            number: claim.number,
            injected_on: claim.injected_on.into_string(),
            vaccine: claim.vaccine.into_string(),
            place: claim.place.into_string(),
        };
        let attachment = |file: Attachment| submission::Attachment {
            id: file.id.into_string(),
            media_type: file.media_type.into_string(),
            sha256: file.sha256.0,
            size: file.size,
        };
        Self {
            kind: new.kind.into(),
            person: new.person.into(),
            destination: Destination {
                facility: new.facility.map(|code| code.0),
                place: new.place.into(),
            },
            claims: new.claims.into_iter().map(claim).collect(),
            text: new.text.into_string(),
            attachments: new.attachments.into_iter().map(attachment).collect(),
            earlier: new.earlier.map(RecordId::from),
        }
    }
}

impl From<StatedPerson> for submission::StatedPerson {
    fn from(person: StatedPerson) -> Self {
        Self {
            full_name: person.full_name.into_string(),
            birth_date: person.birth_date.into_string(),
            sex: person.sex.into_string(),
            number: person.number.map(Text::into_string),
            phone: person.phone.into_string(),
            email: person.email.map(Text::into_string),
            address: person.address.into_string(),
        }
    }
}

impl From<KindOfFeedback> for FeedbackKind {
    fn from(kind: KindOfFeedback) -> Self {
        match kind {
            KindOfFeedback::MissingDose => Self::MissingDose,
            KindOfFeedback::WrongPerson => Self::WrongPerson,
            KindOfFeedback::WrongDose => Self::WrongDose,
            KindOfFeedback::NoCertificate => Self::NoCertificate,
            KindOfFeedback::NotMine => Self::NotMine,
            KindOfFeedback::Obstruction => Self::Obstruction,
        }
    }
}

impl From<Decision> for Outcome {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Approved { text } => Self::Approved {
                text: text.into_string(),
            },
            Decision::Later { text, take_up_on } => Self::Later {
                text: text.into_string(),
                take_up_on: take_up_on.0,
            },
            Decision::Rejected { reason, text } => Self::Rejected {
                reason: reason.into(),
                text: text.into_string(),
            },
        }
    }
}

impl From<MadeGood> for Correction {
    fn from(correction: MadeGood) -> Self {
        match correction {
            MadeGood::Record { subject, revision } => feedback::Correction::Record {
                subject: subject.into(),
                revision,
            },
            MadeGood::Measure { text } => feedback::Correction::Measure {
                text: text.into_string(),
            },
        }
    }
}

impl From<Code> for Rejection {
    fn from(code: Code) -> Self {
        match code {
            Code::Tk01 => Self::Tk01,
            Code::Tk02 => Self::Tk02,
            Code::Tk03 => Self::Tk03,
            Code::Tk04 => Self::Tk04,
            Code::Tk05 => Self::Tk05,
            Code::Tk06 => Self::Tk06,
            Code::Tk07 => Self::Tk07,
            Code::Tk08 => Self::Tk08,
            Code::Tk09 => Self::Tk09,
            Code::Tk10 => Self::Tk10,
            Code::Tk11 => Self::Tk11,
            Code::Tk12 => Self::Tk12,
            Code::Tk13 => Self::Tk13,
            Code::Kn01 => Self::Kn01,
            Code::Kn02 => Self::Kn02,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_is_the_reason_that_it_names() {
        for reason in Rejection::ALL {
            let code = serde_json::from_value::<Code>(reason.code().into()).expect("a code");
            assert_eq!(Rejection::from(code), *reason);
        }
    }
}
