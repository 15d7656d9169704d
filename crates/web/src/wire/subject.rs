//! A person's record: identity, injections, passport.

use casework::subject::dose::{self, DoseCheck, DoseId};
use casework::subject::passport::{self, Basis};
use casework::subject::person::IdentityEvidence;
use casework::subject::{self, Action};
use serde::Deserialize;
use utoipa::ToSchema;

use super::identity::{IdentityChange, Person};
use crate::fields::{FacilityCode, Id, Line, Moment, Place, Sha256Hex, Text};

/// A new record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubjectCreate)]
pub(crate) struct Create {
    /// Who.
    person: Person,
    /// How to reach them.
    #[serde(default)]
    contact: Contact,
    /// Where they live permanently.
    #[serde(default)]
    residence: Place,
    /// The hamlet there.
    #[serde(default)]
    hamlet: Option<Line>,
    /// Injections.
    #[serde(default)]
    #[schema(max_items = 100)]
    doses: Vec<NewDose>,
}

/// An injection of a new record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct NewDose {
    /// Its id, unique within the record.
    id: Id,
    /// The facts.
    facts: DoseFacts,
}

/// How to reach a person.
#[derive(Debug, Default, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = SubjectContact, examples(json!({"phone": "0901000001"})))]
pub(crate) struct Contact {
    /// Phone.
    #[serde(default)]
    phone: Option<Text<40>>,
    /// E-mail.
    #[serde(default)]
    email: Option<Text<254>>,
}

/// What is known of an injection, as recorded. The place of the facility is taken from its record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(examples(json!({"injected_on": "2021-09-01", "vaccine": "jcovden", "lot": "XE395", "number": 1, "facility": "TYT-00004"})))]
pub(crate) struct DoseFacts {
    /// Day of the injection, `YYYY-MM-DD`.
    #[serde(default)]
    injected_on: Text<40>,
    /// Vaccine: the key of the product, or as written.
    #[serde(default)]
    vaccine: Line,
    /// Lot.
    #[serde(default)]
    lot: Option<Line>,
    /// Number of the dose as declared.
    #[serde(default)]
    number: Option<u8>,
    /// The facility that injected.
    #[serde(default)]
    facility: Option<FacilityCode>,
}

/// A certificate as the central signer issued it; the code itself stays with the signer.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(crate) struct Certificate {
    /// Unique certificate identifier.
    uvci: Line,
    /// When it was signed.
    issued_at: Moment,
    /// When it expires.
    expires_at: Moment,
    /// From when on it is renewed.
    renew_from: Moment,
    /// The issuing profile.
    profile: Line,
    /// Hash of the code.
    code_sha256: Sha256Hex,
    /// Version of the identity that it was made of.
    identity_version: u32,
    /// Signed doses that it was made of.
    #[schema(max_items = 100)]
    doses: Vec<BasisDose>,
}

/// A dose that a certificate was made of.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct BasisDose {
    /// Its id.
    id: Id,
    /// Its version.
    version: u32,
}

/// What may be asked of a person's record.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
#[schema(as = SubjectAct)]
pub(crate) enum Act {
    /// Change who a foreigner is: by the passport, seen by the facility, which answers for it. Identities of Vietnamese change by the
    /// register or by a list that the police signed.
    ChangeForeigner {
        /// What changes.
        change: IdentityChange,
        /// The facility that saw the passport.
        facility: FacilityCode,
    },
    /// Change phone or e-mail.
    ChangeContact {
        /// Both, as they should be.
        contact: Contact,
    },
    /// The person lives elsewhere.
    Move {
        /// Where.
        residence: Place,
        /// The hamlet there.
        #[serde(default)]
        hamlet: Option<Line>,
    },
    /// Enter an injection.
    EnterDose {
        /// Its id.
        dose: Id,
        /// The facts.
        facts: DoseFacts,
    },
    /// Correct an injection: only the facility that entered it.
    CorrectDose {
        /// Its id.
        dose: Id,
        /// The version that was read.
        version: u32,
        /// All facts as they should be.
        facts: DoseFacts,
    },
    /// Take an injection back: it was never given, or belongs to somebody else. Needs `why`.
    RetractDose {
        /// Its id.
        dose: Id,
    },
    /// Override what a rule found in an injection, as somebody else than those who wrote it. Needs `why`.
    OverrideFinding {
        /// The injection.
        dose: Id,
        /// The rule (`LT-01`), as the record shows it.
        rule: Text<20, 1>,
    },
    /// Judge a suspected duplicate. Needs `why`.
    JudgeDuplicate {
        /// Its id.
        dose: Id,
        /// The same injection as the other one, which supersedes it.
        same: bool,
    },
    /// Take a facility's signature back, to correct and sign again. Needs `why`.
    WithdrawSignature {
        /// Whose signature.
        facility: FacilityCode,
    },
    /// The ministry signed the passport.
    IssuePassport {
        /// What was signed.
        certificate: Certificate,
    },
    /// The ministry signed a new code before the old one expires.
    RenewPassport {
        /// What was signed.
        certificate: Certificate,
    },
    /// Withdraw the passport for another cause than a correction. Needs `why`.
    RevokePassport {},
    /// Take the record out of its cluster. Needs `why`.
    Unlink {},
    /// Protect the person: on no list, in no count, in no export. Needs `why`.
    Seal {},
    /// End the protection. Needs `why`.
    Unseal {},
}

impl From<Act> for Action {
    fn from(act: Act) -> Self {
        match act {
            Act::ChangeForeigner { change, facility } => Self::ChangeIdentity {
                change: change.into(),
                evidence: IdentityEvidence::ForeignPassport {
                    facility: facility.0,
                },
            },
            Act::ChangeContact { contact } => Self::ChangeContact(contact.into()),
            Act::Move { residence, hamlet } => Self::Move {
                residence: residence.into(),
                hamlet: hamlet.map(Text::into_string),
            },
            Act::EnterDose { dose, facts } => Self::EnterDose {
                dose: DoseId(dose.into_string()),
                facts: facts.into(),
                check: DoseCheck::default(),
            },
            Act::CorrectDose {
                dose,
                version,
                facts,
            } => Self::CorrectDose {
                dose: DoseId(dose.into_string()),
                version,
                facts: facts.into(),
                check: DoseCheck::default(),
            },
            Act::RetractDose { dose } => Self::RetractDose {
                dose: DoseId(dose.into_string()),
            },
            Act::OverrideFinding { dose, rule } => Self::OverrideFinding {
                dose: DoseId(dose.into_string()),
                rule: rule.into_string(),
            },
            Act::JudgeDuplicate { dose, same } => Self::JudgeDuplicate {
                dose: DoseId(dose.into_string()),
                same,
            },
            Act::WithdrawSignature { facility } => Self::Withdraw {
                facility: facility.0,
            },
            Act::IssuePassport { certificate } => Self::Issue(certificate.into()),
            Act::RenewPassport { certificate } => Self::Renew(certificate.into()),
            Act::RevokePassport {} => Self::Revoke,
            Act::Unlink {} => Self::Unlink,
            Act::Seal {} => Self::Seal,
            Act::Unseal {} => Self::Unseal,
        }
    }
}

impl From<Create> for Action {
    fn from(new: Create) -> Self {
        Self::Register(new.into())
    }
}

impl From<Create> for subject::Registration {
    fn from(new: Create) -> Self {
        let dose = |dose: NewDose| subject::NewDose {
            id: DoseId(dose.id.into_string()),
            facts: dose.facts.into(),
            check: DoseCheck::default(),
        };
        Self {
            person: new.person.into(),
            contact: new.contact.into(),
            residence: new.residence.into(),
            hamlet: new.hamlet.map(Text::into_string),
            answer: None,
            doses: new.doses.into_iter().map(dose).collect(),
            cluster: None,
        }
    }
}

impl From<Contact> for subject::Contact {
    fn from(contact: Contact) -> Self {
        Self {
            phone: contact.phone.map(Text::into_string),
            email: contact.email.map(Text::into_string),
        }
    }
}

impl From<DoseFacts> for dose::DoseFacts {
    fn from(facts: DoseFacts) -> Self {
        Self {
            injected_on: facts.injected_on.into_string(),
            vaccine: facts.vaccine.into_string(),
            lot: facts.lot.map(Text::into_string),
            number: facts.number,
            facility: facts.facility.map(|code| code.0),
            facility_place: registry::area::Place::default(),
        }
    }
}

impl From<Certificate> for passport::Certificate {
    fn from(of: Certificate) -> Self {
        let dose = |dose: BasisDose| (DoseId(dose.id.into_string()), dose.version);
        Self {
            uvci: of.uvci.into_string(),
            issued_at: of.issued_at.0,
            expires_at: of.expires_at.0,
            renew_from: of.renew_from.0,
            profile: of.profile.into_string(),
            code_sha256: of.code_sha256.0,
            basis: Basis {
                identity_version: of.identity_version,
                doses: of.doses.into_iter().map(dose).collect(),
            },
        }
    }
}
