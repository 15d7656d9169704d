//! What the platform adds to a decision: what only it knows before, and what follows on other records after.
//!
//! A command from outside says what somebody wants; where a facility stands, what the rules find, how long the policy gives, is filled in
//! here, never taken from whoever asks.

use std::pin::Pin;

use casework::cleaning::Snapshot;
use casework::facility::Facility;
use casework::feedback::Feedback;
use casework::subject::dose::{DoseCheck, DoseFacts, DoseId};
use casework::subject::person::{IdentityChange, IdentityEvidence};
use casework::subject::{Action, FINDING_STANDS, Subject};
use casework::{
    Act, Actor, Kind, RecordId, account, calendar, campaign, cleaning, contact, facility, feedback,
    inquiry, lookup, report, rights, subject,
};
use registry::area::Place;
use registry::status::SubjectIdentity;
use storage::Batch;

use crate::acts::{ActError, Done, Platform};
use crate::guard::{self, Guarded};
use crate::{jobs, messages, rules};

/// What follows; boxed, for what follows may be followed by more.
pub type Following<'a> = Pin<Box<dyn Future<Output = Result<(), ActError>> + Send + 'a>>;

/// A procedure as the platform runs it.
pub trait Governed: Guarded {
    /// The command with what only the platform knows; as it is when there is nothing to add.
    fn completed(
        _platform: &Platform,
        _state: Option<&Self>,
        command: &Self::Command,
        _act: &Act,
    ) -> impl Future<Output = Result<Self::Command, ActError>> + Send {
        std::future::ready(Ok(command.clone()))
    }

    /// Commands on the same record that follow from the one carried out, in the same decision.
    fn settling(
        _platform: &Platform,
        _now: &Self,
        _command: &Self::Command,
        _act: &Act,
    ) -> impl Future<Output = Result<Vec<Self::Command>, ActError>> + Send {
        async { Ok(Vec::new()) }
    }

    /// What follows on other records, as jobs, as messages: into the same batch.
    fn follow<'a>(
        _platform: &'a Platform,
        _act: &'a Act,
        _id: &'a RecordId,
        _before: Option<&'a Self>,
        _done: &'a Done<Self>,
        _batch: &'a mut Batch,
    ) -> Following<'a> {
        Box::pin(std::future::ready(Ok(())))
    }
}

impl Governed for Subject {
    async fn completed(
        platform: &Platform,
        state: Option<&Self>,
        command: &subject::Command,
        _act: &Act,
    ) -> Result<subject::Command, ActError> {
        let action = match &command.action {
            Action::Register(new) => {
                let mut new = new.clone();
                // Whoever registers a person can't say what the register answered or which records are one person's.
                new.answer = None;
                new.cluster = None;
                for dose in &mut new.doses {
                    dose.facts = placed(platform, &dose.facts).await?;
                    dose.check = DoseCheck::default();
                }
                Action::Register(new)
            }
            Action::EnterDose { dose, facts, .. } => Action::EnterDose {
                dose: dose.clone(),
                facts: placed(platform, facts).await?,
                check: DoseCheck::default(),
            },
            Action::CorrectDose {
                dose,
                version,
                facts,
                ..
            } => Action::CorrectDose {
                dose: dose.clone(),
                version: *version,
                facts: placed(platform, facts).await?,
                check: state
                    .and_then(|subject| subject.doses.get(dose))
                    .map(|dose| dose.check.clone())
                    .unwrap_or_default(),
            },
            Action::OverrideFinding { rule, .. } => {
                // Nothing is told of a record that is not there.
                FINDING_STANDS.unless(state.is_none() || rules::may_be_overridden(rule))?;
                command.action.clone()
            }
            Action::Link { cluster, .. } => Action::Link {
                cluster: cluster.clone(),
                verified_numbers: platform.verified_numbers(cluster).await?,
            },
            other => other.clone(),
        };
        Ok(subject::Command {
            action,
            policy: platform.policy(),
        })
    }

    async fn settling(
        platform: &Platform,
        now: &Self,
        command: &subject::Command,
        act: &Act,
    ) -> Result<Vec<subject::Command>, ActError> {
        let written: Vec<DoseId> = match &command.action {
            Action::Register(new) => new.doses.iter().map(|dose| dose.id.clone()).collect(),
            Action::EnterDose { dose, .. } | Action::CorrectDose { dose, .. } => {
                vec![dose.clone()]
            }
            Action::RetractDose { .. } | Action::JudgeDuplicate { .. } => Vec::new(),
            // The code is kept in the same transaction: whoever asks for it gets it from then on.
            Action::Issue(_) => {
                return Ok(vec![subject::Command {
                    action: Action::Deliver,
                    policy: platform.policy(),
                }]);
            }
            _ => return Ok(Vec::new()),
        };
        let mut facilities: Vec<Facility> = Vec::new();
        for dose in written.iter().filter_map(|id| now.doses.get(id)) {
            if let Some(code) = &dose.facts.facility {
                facilities.extend(platform.facility(code).await?);
            }
        }
        let day = calendar::day_in_vietnam(act.at);
        let checks = rules::rechecked(now, &written, &facilities, day);
        let command = |(dose, check)| subject::Command {
            action: Action::CheckDose { dose, check },
            policy: platform.policy(),
        };
        Ok(checks.into_iter().map(command).collect())
    }

    fn follow<'a>(
        _platform: &'a Platform,
        act: &'a Act,
        id: &'a RecordId,
        before: Option<&'a Self>,
        done: &'a Done<Self>,
        batch: &'a mut Batch,
    ) -> Following<'a> {
        Box::pin(async move {
            batch
                .messages
                .extend(messages::of_passport(id, done, act.at));
            let waits = |subject: &Self| {
                let unsettled = matches!(
                    subject.identity,
                    SubjectIdentity::NotSent | SubjectIdentity::Stale
                );
                unsettled && !subject.taken_back
            };
            let changed =
                |event: &subject::Event| matches!(event, subject::Event::IdentityChanged { .. });
            // An identity that changed under a question needs another one: the answer to the first is about somebody else.
            let asks_again =
                done.state.identity == SubjectIdentity::Pending && done.events.iter().any(changed);
            if asks_again || (waits(&done.state) && !before.is_some_and(waits)) {
                let job = jobs::ask_register(id, id, done.revision, act.at)?;
                batch.jobs.push(job);
            }
            Ok(())
        })
    }
}

/// The facts with the place of the facility as its record says.
pub(crate) async fn placed(platform: &Platform, facts: &DoseFacts) -> Result<DoseFacts, ActError> {
    let mut facts = facts.clone();
    facts.facility_place = match &facts.facility {
        Some(code) => platform
            .facility(code)
            .await?
            .map(|facility| facility.place)
            .unwrap_or_default(),
        None => registry::area::Place::default(),
    };
    Ok(facts)
}

impl Governed for Facility {
    async fn completed(
        platform: &Platform,
        state: Option<&Self>,
        command: &facility::Command,
        _act: &Act,
    ) -> Result<facility::Command, ActError> {
        let officer = match command {
            facility::Command::NameHead(account) => Some((account, casework::Role::Head)),
            facility::Command::Delegate { account, .. } => Some((account, casework::Role::Clerk)),
            _ => None,
        };
        if let (Some((account, role)), Some(facility)) = (officer, state) {
            let id = RecordId(account.0.clone());
            let stored = platform.store().load::<account::Account>(&id).await?;
            let unit = casework::Unit::Facility(facility.code.clone());
            let of_it = stored.is_some_and(|stored| {
                stored.state.unit == unit
                    && (stored.state.role == role || role == casework::Role::Clerk)
            });
            facility::NOT_OF_IT.unless(of_it)?;
        }
        Ok(command.clone())
    }
}

impl Governed for Feedback {
    async fn completed(
        platform: &Platform,
        _state: Option<&Self>,
        command: &feedback::Command,
        _act: &Act,
    ) -> Result<feedback::Command, ActError> {
        let terms = platform.policy().feedback;
        Ok(match command {
            feedback::Command::Submit {
                submission,
                phone_proven,
                ..
            } => {
                let mut submission = submission.clone();
                if let Some(code) = &submission.destination.facility {
                    let facility = platform.facility(code).await?;
                    let facility = facility.ok_or_else(|| facility::UNKNOWN.refusal())?;
                    submission.destination.place = facility.place;
                }
                submission.attachments = platform.kept(&submission.attachments).await?;
                feedback::Command::Submit {
                    submission,
                    phone_proven: *phone_proven,
                    terms,
                    delegations: platform.settings().delegations.clone(),
                }
            }
            feedback::Command::Reopen {
                phone_proven, text, ..
            } => feedback::Command::Reopen {
                phone_proven: *phone_proven,
                text: text.clone(),
                terms,
            },
            feedback::Command::Redirect { to } => feedback::Command::Redirect {
                to: feedback::Desk {
                    unit: to.unit.clone(),
                    place: platform.place_of(&to.unit).await?,
                },
            },
            feedback::Command::Correct(feedback::Correction::Record { subject, revision }) => {
                let stored = platform.store().load::<Subject>(subject).await?;
                let there = stored
                    .is_some_and(|stored| stored.revision >= *revision && !stored.state.taken_back);
                feedback::CORRECTION_MISSING.unless(there)?;
                command.clone()
            }
            other => other.clone(),
        })
    }

    fn follow<'a>(
        platform: &'a Platform,
        act: &'a Act,
        id: &'a RecordId,
        before: Option<&'a Self>,
        done: &'a Done<Self>,
        batch: &'a mut Batch,
    ) -> Following<'a> {
        Box::pin(async move {
            let feedback = &done.state;
            batch
                .messages
                .extend(messages::of_feedback(id, done, act.at));
            let own = by_platform("feedback", act);
            if before.is_none()
                && let Some(earlier) = &feedback.submission.earlier
            {
                let command = feedback::Command::FollowUp { later: id.clone() };
                platform
                    .also::<Self>(&own, earlier, &command, batch)
                    .await?;
            }
            let was_open = before.is_some_and(Self::is_open);
            if was_open != feedback.is_open() {
                platform.mark_subjects(&own, id, feedback, batch).await?;
            }
            Ok(())
        })
    }
}

impl Platform {
    /// While feedback about a person is open, nobody signs for them (F18): the record that it seems to be about knows it.
    async fn mark_subjects(
        &self,
        own: &Act,
        id: &RecordId,
        feedback: &Feedback,
        batch: &mut Batch,
    ) -> Result<(), ActError> {
        if feedback.submission.kind.is_complaint() {
            return Ok(());
        }
        let (open, subjects) = if feedback.is_open() {
            (true, self.subjects_meant(feedback).await?)
        } else {
            let key = lookup::feedback(&id.0);
            (
                false,
                self.store().find(Kind::Subject, &key, None, MOST).await?,
            )
        };
        for subject in subjects {
            let action = if open {
                Action::OpenFeedback(id.0.clone())
            } else {
                Action::CloseFeedback(id.0.clone())
            };
            let command = subject::Command {
                action,
                policy: self.policy(),
            };
            self.also::<Subject>(own, &subject, &command, batch).await?;
        }
        Ok(())
    }

    /// The records that a citizen's statement names: by number; without one, by name and birth date together with the phone. A statement
    /// proves nothing, so it must not hold up the signature of a namesake.
    async fn subjects_meant(&self, feedback: &Feedback) -> Result<Vec<RecordId>, ActError> {
        let stated = &feedback.submission.person;
        let find = async |key: Option<String>| match key {
            Some(key) => self.store().find(Kind::Subject, &key, None, MOST).await,
            None => Ok(Vec::new()),
        };
        let by_number = find(stated.number.as_deref().and_then(lookup::number)).await?;
        let by_person = find(lookup::person(&stated.full_name, &stated.birth_date)).await?;
        if !by_number.is_empty() {
            return Ok(by_number
                .into_iter()
                .filter(|id| by_person.contains(id))
                .collect());
        }
        let by_phone = find(lookup::phone(&stated.phone)).await?;
        Ok(by_person
            .into_iter()
            .filter(|id| by_phone.contains(id))
            .collect())
    }
}

/// Records that one statement may concern at most.
const MOST: u32 = 20;

/// The platform's own act that follows from somebody's.
pub(crate) fn by_platform(part: &str, act: &Act) -> Act {
    Act {
        at: act.at,
        by: Actor::system(part),
        from: act.from.clone(),
        why: None,
    }
}

impl Governed for cleaning::item::Item {
    async fn completed(
        platform: &Platform,
        state: Option<&Self>,
        command: &cleaning::item::Command,
        _act: &Act,
    ) -> Result<cleaning::item::Command, ActError> {
        use cleaning::item::Command;
        let subject = state.map(|item| &item.listing.subject);
        Ok(match (command, subject) {
            (Command::Apply { how, .. }, Some(subject)) => Command::Apply {
                now: platform.snapshot(subject).await?,
                how: *how,
            },
            (
                Command::Answer {
                    request, answer, ..
                },
                Some(subject),
            ) => Command::Answer {
                request: request.clone(),
                answer: answer.clone(),
                now: platform.snapshot(subject).await?,
            },
            _ => command.clone(),
        })
    }

    fn follow<'a>(
        platform: &'a Platform,
        act: &'a Act,
        id: &'a RecordId,
        before: Option<&'a Self>,
        done: &'a Done<Self>,
        batch: &'a mut Batch,
    ) -> Following<'a> {
        Box::pin(async move {
            use cleaning::item::Event;
            for event in &done.events {
                let Event::Applied { values, .. } = event else {
                    continue;
                };
                let item = before.unwrap_or(&done.state);
                // What the police confirm as it stands is no change.
                let change = values.differing_from(&item.listing.base.person);
                let changes = change != IdentityChange::default();
                if let Some(signed) = item.signed.as_ref().filter(|_| changes) {
                    let command = subject::Command {
                        action: Action::ChangeIdentity {
                            change,
                            evidence: IdentityEvidence::PoliceList {
                                list: signed.list.0.clone(),
                                row: id.0.clone(),
                                content_sha256: signed.content_sha256.clone(),
                            },
                        },
                        policy: platform.policy(),
                    };
                    platform
                        .also::<Subject>(act, &item.listing.subject, &command, batch)
                        .await?;
                } else {
                    let subject = &item.listing.subject;
                    let job = jobs::ask_register(subject, id, done.revision, act.at)?;
                    batch.jobs.push(job);
                }
            }
            Ok(())
        })
    }
}

impl Platform {
    /// The identity of a person as it stands.
    pub(crate) async fn snapshot(&self, subject: &RecordId) -> Result<Snapshot, ActError> {
        let stored = self.store().load::<Subject>(subject).await?;
        let stored = stored.filter(|stored| !stored.state.taken_back);
        let stored = stored.ok_or_else(|| subject::UNKNOWN.refusal())?;
        Ok(Snapshot {
            revision: stored.state.identity_version,
            person: stored.state.person,
        })
    }
}

impl Governed for inquiry::Inquiry {
    async fn completed(
        platform: &Platform,
        _state: Option<&Self>,
        command: &inquiry::Command,
        act: &Act,
    ) -> Result<inquiry::Command, ActError> {
        Ok(match command {
            inquiry::Command::Ask {
                question, place, ..
            } => {
                // Only about somebody whom the asker may know of.
                let person = platform.store().load::<Subject>(&question.subject).await?;
                let person = person.ok_or_else(|| rights::NOT_FOUND.refusal())?;
                let known = guard::may_see(&person.state, &act.by, Place::default());
                known.map_err(|_| rights::NOT_FOUND.refusal())?;
                inquiry::Command::Ask {
                    question: question.clone(),
                    place: *place,
                    days: platform.policy().inquiry.days,
                }
            }
            other => other.clone(),
        })
    }
}

impl Governed for contact::Contact {
    async fn completed(
        platform: &Platform,
        _state: Option<&Self>,
        command: &contact::Command,
        _act: &Act,
    ) -> Result<contact::Command, ActError> {
        Ok(match command {
            contact::Command::Name {
                unit,
                officer,
                interval_days,
                ..
            } => contact::Command::Name {
                unit: unit.clone(),
                place: platform.place_of(unit).await?,
                officer: officer.clone(),
                interval_days: *interval_days,
            },
            other => other.clone(),
        })
    }

    fn follow<'a>(
        _platform: &'a Platform,
        act: &'a Act,
        id: &'a RecordId,
        _before: Option<&'a Self>,
        done: &'a Done<Self>,
        batch: &'a mut Batch,
    ) -> Following<'a> {
        Box::pin(async move {
            batch
                .messages
                .extend(messages::of_contact(id, done, act.at));
            Ok(())
        })
    }
}

impl Governed for account::Account {
    async fn completed(
        platform: &Platform,
        _state: Option<&Self>,
        command: &account::Command,
        _act: &Act,
    ) -> Result<account::Command, ActError> {
        Ok(match command {
            account::Command::Create {
                id,
                name,
                unit,
                role,
                ..
            } => account::Command::Create {
                id: id.clone(),
                name: name.clone(),
                unit: unit.clone(),
                place: platform.place_of(unit).await?,
                role: *role,
            },
            account::Command::Assign { unit, role, .. } => account::Command::Assign {
                unit: unit.clone(),
                place: platform.place_of(unit).await?,
                role: *role,
            },
            other => other.clone(),
        })
    }
}

impl Governed for cleaning::list::List {}

impl Governed for campaign::Campaign {
    fn follow<'a>(
        platform: &'a Platform,
        act: &'a Act,
        id: &'a RecordId,
        _before: Option<&'a Self>,
        done: &'a Done<Self>,
        batch: &'a mut Batch,
    ) -> Following<'a> {
        Box::pin(async move {
            let asked = platform.asked(&done.state, &done.events).await?;
            batch
                .messages
                .extend(messages::of_campaign(id, done, &asked, act.at));
            Ok(())
        })
    }
}

impl Governed for report::Report {}
