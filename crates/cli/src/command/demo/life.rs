//! A few days of the procedures in the invented province: staff, campaigns, lists, tickets and passports in every state.

use std::path::Path;
use std::sync::Arc;

use casework::campaign::{self, Campaign};
use casework::cleaning::SignatureEvidence;
use casework::cleaning::item::{Applying, Command as RowCommand, HamletOutcome, Item};
use casework::contact::{self, Contact, Officer, Reachable};
use casework::facility::{self, Facility};
use casework::feedback::rejection::Rejection;
use casework::feedback::submission::{FeedbackKind, StatedPerson, Submission};
use casework::feedback::{self, Correction, Feedback, Outcome as Decision};
use casework::inquiry::{self, Inquiry, Question};
use casework::policy::Policy;
use casework::routing::{Delegations, Destination};
use casework::subject::Subject;
use casework::subject::person::IdentityChange;
use casework::{AccountId, Act, Actor, Origin, Queue, RecordId, Role, Unit};
use jiff::{SignedDuration, Timestamp, ToSpan as _};
use passport::profile::Profile;
use platform::access::{Access, NewAccount, Rules, Setup, Site};
use platform::import::{Files, Import, Source};
use platform::issuing::PassportKey;
use platform::register::Extract;
use platform::signing::SigningKey;
use platform::workers::{Courier, NotTaken};
use platform::{ActError, Ids as _, Platform, RandomIds, Settings, Workers};
use registry::area::{CommuneCode, Place};
use registry::facility::FacilityCode;
use registry::status::{CleaningItem, SubjectIdentity};
use signing::authority::{Request, Subject as Name, Validity, create_authority, issue_signer};
use signing::{Certificate, KeyKind, Purpose, SoftwareKey, Trust};
use storage::{Message, PageQuery, Scope, Store};

use crate::command::register::register;
use crate::exit::{Blame, Failure};

/// What the demo put into its store.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Subjects taken in.
    pub(super) subjects: u64,
    /// Rows of the first cleaning list.
    pub(super) rows: usize,
    /// Feedback in its states.
    pub(super) feedback: usize,
    /// Persons signed for.
    pub(super) signed: usize,
    /// Passports issued.
    pub(super) passports: u64,
    /// Accounts, with their first passwords.
    pub(super) accounts: Vec<(AccountId, String)>,
}

/// The province while its days pass.
struct Life {
    platform: Platform,
    access: Access,
    at: Timestamp,
    told: Told,
}

/// Messages that go nowhere: nobody in the demo has a phone.
struct Nowhere;

impl Courier for Nowhere {
    fn send(&self, _message: &Message) -> Result<(), NotTaken> {
        Ok(())
    }
}

/// Takes the cleaned province into a new store and lets its days pass, the last of which is now.
pub(super) async fn live(dir: &Path, now: Timestamp) -> Result<Told, Failure> {
    let file = dir.join("records.db");
    for end in ["", "-wal", "-shm"] {
        let old = dir.join(format!("records.db{end}"));
        if old.exists() {
            std::fs::remove_file(&old).or_usage()?;
        }
    }
    let store = Store::open(&format!("sqlite:{}", file.display()))
        .await
        .or_usage()?;
    store.migrate().await.or_fault()?;
    let policy = Arc::new(Policy::shipped());
    let platform = Platform::new(
        store.clone(),
        Settings {
            policy: Arc::clone(&policy),
            delegations: Delegations::default(),
            ids: Arc::new(RandomIds),
            vault: None,
        },
    );
    let setup = Setup {
        rules: Rules::shipped(),
        seal: None,
        site: Site {
            name: "Minh Chứng".to_owned(),
            domain: "localhost".to_owned(),
            origins: vec!["http://localhost:8080".to_owned()],
        },
        providers: Vec::new(),
    };
    let mut life = Life {
        access: Access::new(platform.clone(), setup).or_fault()?,
        platform,
        at: now - SignedDuration::from_hours(72),
        told: Told::default(),
    };
    life.take_in(dir, &policy).await?;
    let campaign = life.order().await?;
    let desk = life
        .busiest(Queue::Identity, SubjectIdentity::False.as_str())
        .await?;
    if let Some(Unit::Commune(commune)) = desk {
        life.clean(commune, &campaign, dir).await?;
    }
    let desk = life.busiest(Queue::Signing, "ELIGIBLE").await?;
    if let Some(Unit::Facility(code)) = desk {
        life.sign_and_issue(&code).await?;
        life.hear_citizens(&code).await?;
    }
    life.at = now;
    life.workers(dir)?.settle(now).await.or_fault()?;
    store.close().await;
    Ok(life.told)
}

impl Life {
    async fn take_in(&mut self, dir: &Path, policy: &Arc<Policy>) -> Result<(), Failure> {
        let data = dir.join("data");
        let source = Source::read(&Files {
            subjects: data.join("subjects.parquet"),
            doses: Some(data.join("doses.parquet")),
            facilities: Some(data.join("facilities.parquet")),
            cleaned: dir.join("result"),
        })
        .or_fault()?;
        let store = self.platform.store().clone();
        let number = RandomIds.next().or_fault()?;
        let import = Import::new(&store, Arc::clone(policy), self.at, "demo", number);
        self.told.subjects = import.commit(&source).await.or_fault()?.tally.new;
        Ok(())
    }

    /// Somebody of the staff, with an account of their own.
    async fn staff(&mut self, unit: Unit, role: Role, name: &str) -> Result<Act, Failure> {
        let word = match role {
            Role::Head => "lanhdao",
            Role::Clerk => "nhaplieu",
            Role::Station => "tramyte",
            Role::Police => "congan",
            Role::Administrator => "quantri",
            Role::CentralSigner => "kyso",
            _ => "canbo",
        };
        let id = format!("{word}.{unit}").to_lowercase().replace('/', ".");
        let new = NewAccount {
            id: id.clone(),
            name: name.to_owned(),
            unit: unit.clone(),
            role,
        };
        let console = Act::system("demo", self.at);
        let first = self.access.create(&console, &new).await.or_fault()?;
        let password = first.password.expose().to_owned();
        self.told.accounts.push((first.id.clone(), password));
        Ok(Act {
            at: self.at,
            by: Actor::Staff {
                account: first.id,
                unit,
                role,
            },
            from: Origin("demo".to_owned()),
            why: Some("theo quy trình".to_owned()),
        })
    }

    fn citizen(&self) -> Act {
        Act {
            at: self.at,
            by: Actor::Citizen,
            from: Origin("demo".to_owned()),
            why: None,
        }
    }

    fn pass(&mut self, hours: i64) {
        self.at += SignedDuration::from_hours(hours);
    }

    /// The ministry's orders of 2022; the one that lists are made for.
    async fn order(&mut self) -> Result<RecordId, Failure> {
        let ministry = self
            .staff(Unit::Ministry, Role::Administrator, "Nguyễn Thị Minh")
            .await?;
        let mut first = None;
        for planned in campaign::file::of_2022() {
            for command in planned.commands {
                let opened = self
                    .platform
                    .act::<Campaign>(&ministry, &planned.id, None, command);
                opened.await.or_fault()?;
            }
            first.get_or_insert(planned.id);
        }
        Ok(first.unwrap_or_else(|| RecordId(String::new())))
    }

    /// The desk on whose queue the most rows stand in a state.
    async fn busiest(&self, queue: Queue, state: &str) -> Result<Option<Unit>, Failure> {
        let mut rows = std::collections::BTreeMap::<Unit, usize>::new();
        let mut query = PageQuery {
            queue,
            scope: Scope::Country,
            state: Some(state.to_owned()),
            after: None,
            limit: 1_000,
        };
        loop {
            let page = self.platform.store().page(&query).await.or_fault()?;
            query.after = page.last().map(|row| row.cursor.clone());
            for row in page {
                *rows.entry(row.desk).or_default() += 1;
            }
            if query.after.is_none() {
                break;
            }
        }
        let local = rows
            .into_iter()
            .filter(|(desk, _)| matches!(desk, Unit::Commune(_) | Unit::Facility(_)));
        Ok(local.max_by_key(|(_, rows)| *rows).map(|(desk, _)| desk))
    }

    /// One commune's list, with rows in every state.
    async fn clean(
        &mut self,
        commune: CommuneCode,
        campaign: &RecordId,
        dir: &Path,
    ) -> Result<(), Failure> {
        let place = Place::of_commune(commune).unwrap_or_default();
        let station = self
            .staff(Unit::Commune(commune), Role::Station, "Lê Thị Trạm")
            .await?;
        let police = self
            .staff(Unit::Police(commune), Role::Police, "Phạm Văn An")
            .await?;
        let platform = self.platform.clone();
        let list = platform
            .make_list(&station, campaign, place)
            .await
            .or_fault()?;
        platform.hand_out(&station, &list).await.or_fault()?;
        let rows = platform.rows_of_list(&station, &list).await.or_fault()?;
        self.told.rows = rows.len();
        for (n, (row, item)) in rows.iter().enumerate() {
            let subject = &item.state.listing.subject;
            let stored = platform.store().load::<Subject>(subject).await.or_fault()?;
            let suggestion = stored.and_then(|stored| stored.state.suggestion);
            let outcome = match (suggestion, n % 5) {
                (_, 0) => continue,
                (Some(found), _) => HamletOutcome::Corrected {
                    values: IdentityChange {
                        full_name: Some(found.full_name),
                        birth_date: Some(found.birth_date),
                        sex: Some(found.sex),
                        number: Some(found.number),
                        foreign: None,
                    },
                    evidence: "thẻ CCCD".to_owned(),
                },
                (None, 1) => HamletOutcome::Refuses,
                (None, _) => HamletOutcome::NotFound,
            };
            let values = match &outcome {
                HamletOutcome::Corrected { values, .. } => Some(values.clone()),
                _ => None,
            };
            let review = RowCommand::Review(outcome);
            platform
                .act::<Item>(&station, row, None, review)
                .await
                .or_fault()?;
            if let Some(values) = values.filter(|_| n % 5 > 1) {
                let confirm = RowCommand::Confirm { values };
                accepted(platform.act::<Item>(&police, row, None, confirm).await)?;
            }
        }
        self.pass(2);
        self.hand_over(&list, &station, &police).await?;
        self.ask_elsewhere(&rows, &station).await?;
        self.workers(dir)?.settle(self.at).await.or_fault()?;
        Ok(())
    }

    /// The police sign; the station applies E1 and E2 at once, E3 one by one, and leaves some for tomorrow.
    async fn hand_over(&self, list: &RecordId, station: &Act, police: &Act) -> Result<(), Failure> {
        let platform = &self.platform;
        let to_sign = platform.to_sign(police, list).await.or_fault()?;
        if to_sign.rows.is_empty() {
            return Ok(());
        }
        let evidence = SignatureEvidence::Scan {
            attachment: "bien-ban".to_owned(),
            sha256: to_sign.content_sha256.clone(),
        };
        let signed = platform.sign_list(police, list, &to_sign.content_sha256, evidence);
        signed.await.or_fault()?;
        platform.apply_list(station, list).await.or_fault()?;
        let rows = platform.rows_of_list(station, list).await.or_fault()?;
        let waiting = rows
            .into_iter()
            .filter(|(_, row)| row.state.state == CleaningItem::PoliceSigned);
        for (id, row) in waiting.step_by(2) {
            let command = RowCommand::Apply {
                now: row.state.listing.base,
                how: Applying::Single,
            };
            accepted(platform.act::<Item>(station, &id, None, command).await)?;
        }
        Ok(())
    }

    /// The station asks the police of another commune about one who is not found here.
    async fn ask_elsewhere(
        &self,
        rows: &[(RecordId, storage::Stored<Item>)],
        station: &Act,
    ) -> Result<(), Failure> {
        let Some((row, item)) = rows.first() else {
            return Ok(());
        };
        let listing = &item.state.listing;
        let neighbours = registry::area::Vintage::Of2022.communes().iter();
        let mut neighbours = neighbours.filter(|it| {
            it.district == listing.place.district && Some(it.code) != listing.place.commune
        });
        let Some(other) = neighbours.next().and_then(|it| Place::of_commune(it.code)) else {
            return Ok(());
        };
        let command = inquiry::Command::Ask {
            question: Question {
                subject: listing.subject.clone(),
                item: Some(row.clone()),
                text: "Người này có hộ khẩu tại địa phương không?".to_owned(),
            },
            place: other,
            days: 0,
        };
        let id = self.platform.new_id("hoi").or_fault()?;
        accepted(
            self.platform
                .act::<Inquiry>(station, &id, None, command)
                .await,
        )
    }

    /// The facility signs for everybody who is ready, and the ministry signs their passports in the evening.
    async fn sign_and_issue(&mut self, code: &FacilityCode) -> Result<(), Failure> {
        let unit = Unit::Facility(code.clone());
        let head = self
            .staff(unit.clone(), Role::Head, "Trần Thị Hạnh")
            .await?;
        let platform = self.platform.clone();
        let account = head
            .by
            .account()
            .cloned()
            .unwrap_or_else(|| AccountId(String::new()));
        let console = Act::system("demo", self.at);
        let id = RecordId(code.as_str().to_owned());
        let name = facility::Command::NameHead(account);
        platform
            .act::<Facility>(&console, &id, None, name)
            .await
            .or_fault()?;
        let reachable = Reachable {
            name: "Trần Thị Hạnh".to_owned(),
            title: "Trưởng trạm".to_owned(),
            phone: "0912345678".to_owned(),
            email: "hanh@example.vn".to_owned(),
        };
        let officer = contact::Command::Name {
            unit: unit.clone(),
            place: Place::default(),
            officer: Officer {
                officer: reachable,
                deputy: None,
            },
            interval_days: 90,
        };
        let contact_id = platform.new_id("dau-moi").or_fault()?;
        accepted(
            platform
                .act::<Contact>(&head, &contact_id, None, officer)
                .await,
        )?;

        let (key, trust) = facility_key(&unit, self.at)?;
        let query = PageQuery {
            queue: Queue::Signing,
            scope: Scope::Desk(unit),
            state: Some("ELIGIBLE".to_owned()),
            after: None,
            limit: 1_000,
        };
        let page = platform.page(&head, &query).await.or_fault()?;
        let ready: Vec<RecordId> = page.into_iter().map(|row| row.cursor.id).collect();
        let signed = platform.sign_for_facility(&head, code, &ready, &key, &trust);
        self.told.signed = signed.await.or_fault()?.len();
        self.pass(8);
        let signer = self
            .staff(Unit::Ministry, Role::CentralSigner, "Đỗ Văn Ký")
            .await?;
        let evening = platform
            .issue_passports(&signer, &passport_key(self.at)?)
            .await;
        self.told.passports = evening.or_fault()?.issued;
        Ok(())
    }

    /// Feedback about one facility, left in each of its states.
    async fn hear_citizens(&mut self, code: &FacilityCode) -> Result<(), Failure> {
        let clerk = self
            .staff(Unit::Facility(code.clone()), Role::Clerk, "Vũ Thị Nhập")
            .await?;
        let query = PageQuery {
            queue: Queue::Signing,
            scope: Scope::Desk(Unit::Facility(code.clone())),
            state: None,
            after: None,
            limit: 7,
        };
        let page = self.platform.page(&clerk, &query).await.or_fault()?;
        for (n, row) in page.into_iter().enumerate() {
            let subject = row.cursor.id;
            let stored = self
                .platform
                .store()
                .load::<Subject>(&subject)
                .await
                .or_fault()?;
            let Some(stored) = stored else { continue };
            let kind = if n == 6 {
                FeedbackKind::Obstruction
            } else {
                FeedbackKind::NoCertificate
            };
            let feedback = self.send(kind, &stored.state, code).await?;
            if n > 0 && n < 6 {
                self.work_on(&clerk, &feedback, n, &subject, stored.revision)
                    .await?;
            }
            self.told.feedback += 1;
        }
        Ok(())
    }

    async fn send(
        &self,
        kind: FeedbackKind,
        subject: &Subject,
        code: &FacilityCode,
    ) -> Result<RecordId, Failure> {
        let person = &subject.person;
        let submission = Submission {
            kind,
            person: StatedPerson {
                full_name: person.full_name.clone(),
                birth_date: person.birth_date.clone(),
                sex: person.sex.clone(),
                number: person.number.clone(),
                phone: "0912345678".to_owned(),
                email: None,
                address: String::new(),
            },
            destination: Destination {
                facility: Some(code.clone()),
                place: Place::default(),
            },
            claims: Vec::new(),
            text: "Tôi đã tiêm đủ liều nhưng chưa có hộ chiếu vắc xin.".to_owned(),
            attachments: Vec::new(),
            earlier: None,
        };
        let command = feedback::Command::Submit {
            submission: Box::new(submission),
            phone_proven: true,
            terms: Policy::shipped().feedback,
            delegations: Delegations::default(),
        };
        let id = self.platform.new_id("pa").or_fault()?;
        let by = self.citizen();
        accepted(self.platform.act::<Feedback>(&by, &id, None, command).await)?;
        Ok(id)
    }

    /// 1: taken up. 2: put off. 3: rejected. 4: approved. 5: corrected; the workers tell the citizen.
    async fn work_on(
        &self,
        clerk: &Act,
        feedback: &RecordId,
        n: usize,
        subject: &RecordId,
        revision: u64,
    ) -> Result<(), Failure> {
        let clerk = Act {
            at: self.at,
            ..clerk.clone()
        };
        let act = async |command| {
            let done = self
                .platform
                .act::<Feedback>(&clerk, feedback, None, command);
            accepted(done.await)
        };
        act(feedback::Command::TakeUp).await?;
        let tomorrow = casework::calendar::day_in_vietnam(self.at)
            .checked_add(5.days())
            .or_fault()?;
        let decision = match n {
            2 => Decision::Later {
                text: "Đang chờ cơ sở tiêm nơi khác xác nhận.".to_owned(),
                take_up_on: tomorrow,
            },
            3 => Decision::Rejected {
                reason: Rejection::Tk08,
                text: "Ảnh giấy chứng nhận bị mờ.".to_owned(),
            },
            4 | 5 => Decision::Approved {
                text: "Đã bổ sung dữ liệu.".to_owned(),
            },
            _ => return Ok(()),
        };
        act(feedback::Command::Decide(decision)).await?;
        if n == 5 {
            let correction = Correction::Record {
                subject: subject.clone(),
                revision,
            };
            act(feedback::Command::Correct(correction)).await?;
        }
        Ok(())
    }

    fn workers(&self, dir: &Path) -> Result<Workers, Failure> {
        let register = register(&dir.join("data").join("register.parquet"))?;
        Ok(Workers::new(self.platform.clone())
            .with_register(Arc::new(Extract::new(register)))
            .with_courier(Arc::new(Nowhere)))
    }
}

/// A refusal is part of the demo: the invented data decide which rows go through.
fn accepted<T>(result: Result<T, ActError>) -> Result<(), Failure> {
    match result {
        Ok(_) | Err(ActError::Refused(_)) => Ok(()),
        Err(other) => Err(other).or_fault(),
    }
}

fn name(common_name: &str) -> Name {
    Name {
        country: "VN".to_owned(),
        organisation: "Demo".to_owned(),
        common_name: common_name.to_owned(),
    }
}

/// A certificate for a new key, under a new authority.
fn certified(
    at: Timestamp,
    purposes: &[Purpose],
) -> Result<(SoftwareKey, Certificate, Certificate), Failure> {
    let years = Validity {
        not_before: at - SignedDuration::from_hours(24),
        not_after: at + SignedDuration::from_hours(24 * 365 * 3),
    };
    let authority_key = SoftwareKey::generate(KeyKind::P256).or_fault()?;
    let authority = create_authority(&authority_key, &name("Demo CA"), years).or_fault()?;
    let key = SoftwareKey::generate(KeyKind::P256).or_fault()?;
    let request = Request::create(&key, &name("Demo")).or_fault()?;
    let certificate = issue_signer(&authority_key, &authority, &request, purposes, years);
    Ok((key, certificate.or_fault()?, authority))
}

fn facility_key(unit: &Unit, at: Timestamp) -> Result<(SigningKey, Trust), Failure> {
    let (key, certificate, authority) = certified(at, &[])?;
    let key = SigningKey {
        signer: Arc::new(key),
        chain: vec![certificate],
        unit: unit.clone(),
    };
    Ok((key, Trust::new([authority])))
}

fn passport_key(at: Timestamp) -> Result<PassportKey, Failure> {
    let (key, certificate, _) = certified(at, &[Purpose::Vaccination])?;
    Ok(PassportKey {
        profile: Profile::parse(Profile::EU_2023).or_fault()?,
        certificate,
        signer: Arc::new(key),
    })
}
