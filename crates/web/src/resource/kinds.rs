//! Each procedure as a resource: what opens it, and which of the platform's acts it is.

use std::sync::Arc;

use casework::account::Account;
use casework::campaign::Campaign;
use casework::cleaning::item::Item;
use casework::cleaning::list::List;
use casework::contact::Contact;
use casework::facility::Facility;
use casework::feedback::Feedback;
use casework::inquiry::Inquiry;
use casework::report::Report;
use casework::subject::{self, Action, Subject};
use casework::{AccountId, Act, Actor, RecordId};
use platform::access::{Access, FirstPassword};
use platform::cleaning::RowOutcome;
use platform::{ActError, Governed, Platform};
use serde_json::{Value, json};

use super::{Acted, NewRecord, Opened, Resource};
use crate::problem::{Problem, status_of};
use crate::wire;

/// A new record, opened by one command.
async fn opened<P: Governed>(
    access: &Access,
    act: &Act,
    id: RecordId,
    command: P::Command,
) -> Result<NewRecord, Problem> {
    let done = access
        .platform()
        .act::<P>(act, &id, Some(0), command)
        .await?;
    Ok(first(id, done.revision))
}

fn first(id: RecordId, revision: u64) -> NewRecord {
    NewRecord {
        id,
        revision,
        secret: None,
    }
}

/// Citizens sign in by confirming their phone.
fn phone_proven(act: &Act) -> bool {
    act.by == Actor::Citizen
}

/// The act of a resource whose every act is one command of its procedure.
macro_rules! acts_by_command {
    () => {
        async fn act(
            access: &Access,
            act: &Act,
            id: &RecordId,
            read: Option<u64>,
            wanted: Self::Act,
        ) -> Result<Acted, Problem> {
            Ok(access
                .platform()
                .act::<Self>(act, id, read, wanted.into())
                .await?
                .into())
        }
    };
}

impl Resource for Subject {
    const PATH: &'static str = "subjects";
    const ABOUT: &'static str = "A person's record: identity, injections, passport.";
    type Act = wire::subject::Act;

    async fn act(
        access: &Access,
        act: &Act,
        id: &RecordId,
        read: Option<u64>,
        wanted: Self::Act,
    ) -> Result<Acted, Problem> {
        let platform = access.platform();
        let command = under_policy(platform, wanted.into());
        Ok(platform.act::<Self>(act, id, read, command).await?.into())
    }
}

impl Opened for Subject {
    type Create = wire::subject::Create;

    async fn open(access: &Access, act: &Act, create: Self::Create) -> Result<NewRecord, Problem> {
        let id = access.platform().new_id("subject")?;
        opened::<Self>(
            access,
            act,
            id,
            under_policy(access.platform(), create.into()),
        )
        .await
    }
}

fn under_policy(platform: &Platform, action: Action) -> subject::Command {
    subject::Command {
        action,
        policy: Arc::clone(&platform.settings().policy),
    }
}

impl Resource for Facility {
    const PATH: &'static str = "facilities";
    const ABOUT: &'static str = "A vaccination facility: its head, its signers.";
    type Act = wire::facility::Act;

    acts_by_command!();
}

impl Opened for Facility {
    type Create = wire::facility::Create;

    async fn open(access: &Access, act: &Act, create: Self::Create) -> Result<NewRecord, Problem> {
        let id = RecordId(create.code.0.as_str().to_owned());
        opened::<Self>(access, act, id, create.into()).await
    }
}

impl Resource for List {
    const PATH: &'static str = "lists";
    const ABOUT: &'static str = "A cleaning list of one commune, signed by the police.";
    type Act = wire::list::Act;

    /// Lists and their rows change together; the revision is that of the list, which is looked at first.
    async fn act(
        access: &Access,
        act: &Act,
        id: &RecordId,
        read: Option<u64>,
        wanted: Self::Act,
    ) -> Result<Acted, Problem> {
        let platform = access.platform();
        let now = platform.view::<Self>(act, id).await?.revision;
        if let Some(read) = read.filter(|read| *read != now) {
            return Err(ActError::Changed {
                kind: casework::Kind::CleaningList,
                id: id.clone(),
                read,
                now,
                since: Vec::new(),
            }
            .into());
        }
        let same = |changed, rows| Acted {
            revision: now,
            changed,
            rows,
            secret: None,
        };
        Ok(match wanted {
            wire::list::Act::HandOut {} => {
                let handed = platform.hand_out(act, id).await?;
                same(handed > 0, Vec::new())
            }
            wire::list::Act::Sign {
                content_sha256,
                evidence,
            } => Acted {
                revision: platform
                    .sign_list(act, id, &content_sha256.0, evidence.into())
                    .await?,
                changed: true,
                ..Acted::default()
            },
            wire::list::Act::Apply {} => {
                let rows = platform.apply_list(act, id).await?;
                let done =
                    |(_, outcome): &(RecordId, RowOutcome)| matches!(outcome, RowOutcome::Done(_));
                same(rows.iter().any(done), rows.iter().map(row).collect())
            }
        })
    }
}

impl Opened for List {
    type Create = wire::list::Create;

    async fn open(access: &Access, act: &Act, create: Self::Create) -> Result<NewRecord, Problem> {
        let campaign = create.campaign.into();
        let place = create.place.into();
        let id = access.platform().make_list(act, &campaign, place).await?;
        Ok(first(id, 1))
    }
}

fn row((item, outcome): &(RecordId, RowOutcome)) -> Value {
    match outcome {
        RowOutcome::Done(state) => json!({ "item": item, "state": state }),
        RowOutcome::Refused(refusal) => json!({
            "item": item,
            "code": refusal.reason.code,
            "status": status_of(refusal.reason),
        }),
    }
}

impl Resource for Item {
    const PATH: &'static str = "items";
    const ABOUT: &'static str =
        "A row of a cleaning list on its way through hamlet, police and station.";
    type Act = wire::item::Act;

    acts_by_command!();
}

impl Resource for Inquiry {
    const PATH: &'static str = "inquiries";
    const ABOUT: &'static str =
        "A question to the police of the commune where a person lives permanently.";
    type Act = wire::inquiry::Act;

    acts_by_command!();
}

impl Opened for Inquiry {
    type Create = wire::inquiry::Create;

    async fn open(access: &Access, act: &Act, create: Self::Create) -> Result<NewRecord, Problem> {
        let id = access.platform().new_id("inquiry")?;
        opened::<Self>(access, act, id, create.into()).await
    }
}

impl Resource for Feedback {
    const PATH: &'static str = "feedback";
    const ABOUT: &'static str = "A citizen's feedback, decided within 48 hours.";
    type Act = wire::feedback::Act;

    async fn act(
        access: &Access,
        act: &Act,
        id: &RecordId,
        read: Option<u64>,
        wanted: Self::Act,
    ) -> Result<Acted, Problem> {
        let command = wanted.command(phone_proven(act));
        let platform = access.platform();
        Ok(platform.act::<Self>(act, id, read, command).await?.into())
    }
}

impl Opened for Feedback {
    type Create = wire::feedback::Create;

    async fn open(access: &Access, act: &Act, create: Self::Create) -> Result<NewRecord, Problem> {
        let id = access.platform().new_id("feedback")?;
        let command = create.command(phone_proven(act));
        opened::<Self>(access, act, id, command).await
    }
}

impl Resource for Campaign {
    const PATH: &'static str = "campaigns";
    const ABOUT: &'static str = "A campaign: what an order asks of whom, and by when.";
    type Act = wire::campaign::Act;

    acts_by_command!();
}

impl Opened for Campaign {
    type Create = wire::campaign::Create;

    async fn open(access: &Access, act: &Act, create: Self::Create) -> Result<NewRecord, Problem> {
        let id = access.platform().new_id("campaign")?;
        opened::<Self>(access, act, id, create.into()).await
    }
}

impl Resource for Report {
    const PATH: &'static str = "reports";
    const ABOUT: &'static str = "The numbers of a unit as they stood at a moment.";
    type Act = wire::report::Act;

    acts_by_command!();
}

impl Opened for Report {
    type Create = wire::report::Create;

    async fn open(access: &Access, act: &Act, create: Self::Create) -> Result<NewRecord, Problem> {
        let (campaign, earlier) = (create.campaign.into(), create.earlier.map(RecordId::from));
        let (id, _) = access
            .platform()
            .take_report(act, &create.unit.0, &campaign, earlier.as_ref())
            .await?;
        Ok(first(id, 1))
    }
}

impl Resource for Contact {
    const PATH: &'static str = "contacts";
    const ABOUT: &'static str = "The contact officer of a unit.";
    type Act = wire::contact::Act;

    acts_by_command!();
}

impl Opened for Contact {
    type Create = wire::contact::Create;

    async fn open(access: &Access, act: &Act, create: Self::Create) -> Result<NewRecord, Problem> {
        let unit = &create.unit.0;
        // One record for each unit. A hamlet's name comes last and is kept as it is.
        let id = RecordId(unit.to_string().replacen('/', ".", 2));
        opened::<Self>(access, act, id, create.into()).await
    }
}

impl Resource for Account {
    const PATH: &'static str = "accounts";
    const ABOUT: &'static str = "A personal account.";
    type Act = wire::account::Act;

    async fn act(
        access: &Access,
        act: &Act,
        id: &RecordId,
        read: Option<u64>,
        wanted: Self::Act,
    ) -> Result<Acted, Problem> {
        let id = AccountId(id.0.clone());
        Ok(match wanted {
            wire::account::Act::Assign { unit, role } => access
                .assign(act, &id, read, unit.0, role.into())
                .await?
                .into(),
            wire::account::Act::Disable {} => access.disable(act, &id, read).await?.into(),
            wire::account::Act::Enable {} => handed(&access.enable(act, &id, read).await?),
            wire::account::Act::Reset { factors } => {
                handed(&access.reset(act, &id, read, factors).await?)
            }
        })
    }
}

impl Opened for Account {
    type Create = wire::account::Create;

    async fn open(access: &Access, act: &Act, create: Self::Create) -> Result<NewRecord, Problem> {
        let first = access.create(act, &create.into()).await?;
        Ok(NewRecord {
            id: RecordId(first.id.0.clone()),
            revision: first.revision,
            secret: Some(shown_once(&first)),
        })
    }
}

fn handed(first: &FirstPassword) -> Acted {
    Acted {
        revision: first.revision,
        changed: true,
        rows: Vec::new(),
        secret: Some(shown_once(first)),
    }
}

fn shown_once(first: &FirstPassword) -> (&'static str, Value) {
    let told = json!({ "password": first.password, "until": first.until });
    ("first_password", told)
}
