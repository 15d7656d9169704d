//! What a row would do to its record. Pure: it runs on a thread of its own beside the store's.

use std::sync::Arc;

use casework::policy::Policy;
use casework::subject::dose::Dose;
use casework::subject::{Action, Command, Registration, Subject};
use casework::{Act, RecordId, Refusal, carry_out};
use registry::status::SubjectIdentity;
use storage::{Change, StorageError, Stored};

use super::Incoming;
use super::review::{Reviewed, Would};

/// Who decides, when and by which rules.
#[derive(Debug, Clone)]
pub(super) struct Decider {
    pub(super) policy: Arc<Policy>,
    pub(super) act: Act,
    /// What was reviewed, when nothing else is to be written.
    pub(super) reviewed: Option<Reviewed>,
}

/// A row that was decided.
#[derive(Debug)]
pub(super) struct Decided {
    /// Its place in the source.
    pub(super) place: usize,
    /// The revision that was read.
    pub(super) read: u64,
    /// What it would do.
    pub(super) step: Step,
}

/// What a row would do.
#[derive(Debug)]
pub(super) enum Step {
    /// The record says so already.
    Unchanged,
    /// There is no such record yet.
    New(Change),
    /// The record changes.
    Updated {
        change: Change,
        /// What is done to it.
        actions: Vec<&'static str>,
        /// Doses that are entered or change.
        doses: u64,
    },
    /// The row is turned away: stable code and reason.
    Rejected(&'static str, String),
}

impl Step {
    pub(super) fn would(&self) -> Would {
        match self {
            Self::Unchanged => Would::Nothing,
            Self::New(_) => Would::New,
            Self::Updated { .. } => Would::Update,
            Self::Rejected(..) => Would::Reject,
        }
    }
}

impl Decider {
    pub(super) fn decide(
        &self,
        place: usize,
        row: &Incoming,
        stored: Option<Stored<Subject>>,
    ) -> Result<Decided, StorageError> {
        let read = stored.as_ref().map_or(0, |stored| stored.revision);
        let mut step = self.step(row, stored)?;
        let reviewed = self.reviewed.as_ref();
        if let Some((code, why)) =
            reviewed.and_then(|reviewed| reviewed.objection(row, read, step.would()))
        {
            step = Step::Rejected(code, why.to_owned());
        }
        Ok(Decided { place, read, step })
    }

    fn step(&self, row: &Incoming, stored: Option<Stored<Subject>>) -> Result<Step, StorageError> {
        let id = RecordId(row.id.clone());
        let (revision, before) = stored.map_or((0, None), |it| (it.revision, Some(it.state)));
        let state = match before {
            Some(state) if !state.taken_back => state,
            before => {
                let mut actions = vec![Action::Register(row.registration.clone())];
                if row.suggestion.is_some() {
                    actions.push(Action::Suggest(row.suggestion.clone()));
                }
                return self.change(&id, revision, before, actions, Step::New);
            }
        };
        if state.person != row.registration.person {
            let reason = "the record names another person under this id: identities change by the register or a police list, not by an import";
            return Ok(Step::Rejected("import.identity_differs", reason.into()));
        }
        let mut actions = differences(&state, &row.registration);
        let settled = state.identity == SubjectIdentity::True;
        if !settled && state.suggestion != row.suggestion {
            actions.push(Action::Suggest(row.suggestion.clone()));
        }
        let names = actions.iter().map(name).collect();
        let doses = actions
            .iter()
            .filter(|action| concerns_dose(action))
            .count() as u64;
        self.change(&id, revision, Some(state), actions, |change| {
            Step::Updated {
                change,
                actions: names,
                doses,
            }
        })
    }

    /// All actions of a row as one change of its record.
    fn change(
        &self,
        id: &RecordId,
        read: u64,
        before: Option<Subject>,
        actions: Vec<Action>,
        step: impl FnOnce(Change) -> Step,
    ) -> Result<Step, StorageError> {
        let mut state = before;
        let mut events = Vec::new();
        for action in actions {
            let command = Command {
                action,
                policy: Arc::clone(&self.policy),
            };
            match carry_out(state.clone(), &command, &self.act) {
                Ok((after, new)) => {
                    state = after;
                    events.extend(new);
                }
                Err(Refusal { reason, detail }) => {
                    let detail = detail
                        .map(|detail| format!(": {detail}"))
                        .unwrap_or_default();
                    return Ok(Step::Rejected(
                        reason.code,
                        format!("{}{detail}", reason.en),
                    ));
                }
            }
        }
        match state {
            Some(after) if !events.is_empty() => Ok(step(Change::of::<Subject>(
                id, read, &after, &events, &self.act,
            )?)),
            _ => Ok(Step::Unchanged),
        }
    }
}

/// What an existing record has to be told so that it says what the row says.
fn differences(subject: &Subject, row: &Registration) -> Vec<Action> {
    let mut actions = Vec::new();
    if subject.contact != row.contact {
        actions.push(Action::ChangeContact(row.contact.clone()));
    }
    if subject.residence != row.residence || subject.hamlet != row.hamlet {
        actions.push(Action::Move {
            residence: row.residence,
            hamlet: row.hamlet.clone(),
        });
    }
    for new in &row.doses {
        let (dose, facts, mut check) = (new.id.clone(), new.facts.clone(), new.check.clone());
        if let Some(known) = subject.doses.get(&new.id).filter(|it| it.facts == facts) {
            check = check.keeping_overrides(&known.check);
        }
        match subject.doses.get(&new.id).filter(|dose| dose.counts()) {
            None if subject.doses.contains_key(&new.id) => {}
            None => actions.push(Action::EnterDose { dose, facts, check }),
            Some(Dose {
                facts: known,
                version,
                ..
            }) if *known != facts => {
                actions.push(Action::CorrectDose {
                    dose,
                    version: *version,
                    facts,
                    check,
                });
            }
            Some(known) if known.check != check => actions.push(Action::CheckDose { dose, check }),
            Some(_) => {}
        }
    }
    let unasked = subject.identity == SubjectIdentity::NotSent;
    if let Some(answer) = row.answer.clone().filter(|_| unasked) {
        let request = "import".to_owned();
        actions.push(Action::Send {
            request: request.clone(),
        });
        actions.push(Action::Answer { request, answer });
    }
    actions
}

fn concerns_dose(action: &Action) -> bool {
    matches!(
        action,
        Action::EnterDose { .. } | Action::CorrectDose { .. } | Action::CheckDose { .. }
    )
}

/// The word for an action in a preview.
fn name(action: &Action) -> &'static str {
    match action {
        Action::ChangeContact(_) => "contact",
        Action::Move { .. } => "residence",
        Action::EnterDose { .. } => "dose entered",
        Action::CorrectDose { .. } => "dose corrected",
        Action::CheckDose { .. } => "dose checked",
        Action::Suggest(_) => "suggestion",
        Action::Send { .. } => "register asked",
        _ => "register answered",
    }
}
