//! What queues, acts and places in the ledger cost in a store of a given size; `cargo xtask bench platform` runs it on both stores.
//!
//! `cargo run --release -p platform --example store_rates -- fill URL ITEMS` makes a store of open rows of cleaning lists,
//! `-- queues URL PAGES SEED` reads pages and counts of it, `-- acts URL SEED` hands rows out. Each prints one JSON object a line: `what`,
//! `n`, and of these milliseconds on the wall `p50` and `p95`, or `per_second`, and `cpu`, the milliseconds of this process for each.
#![expect(
    clippy::print_stdout,
    clippy::disallowed_methods,
    reason = "a measuring programme reads the clock and prints"
)]

use std::error::Error;
use std::sync::Arc;
use std::time::Instant;

use casework::cleaning::item::{Command, HamletOutcome, Item, Listing};
use casework::cleaning::{CampaignRef, Snapshot};
use casework::policy::Policy;
use casework::routing::Delegations;
use casework::subject::person::{IdentityChange, Person};
use casework::{AccountId, Act, Actor, Kind, Origin, Queue, RecordId, Role, Unit, carry_out};
use cpu_time::ProcessTime;
use jiff::Timestamp;
use platform::{Platform, RandomIds, Settings};
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;
use registry::area::{CommuneCode, Place, ProvinceCode, Vintage};
use registry::status::ErrorCategory;
use storage::{Batch, Change, Cursor, PageQuery, Scope, Store};

/// The commune, and its province, whose share of the rows grows with the store: a fiftieth and a tenth. The others lie all over the country.
const COMMUNE: CommuneCode = CommuneCode(4);
const PROVINCE: ProvinceCode = ProvinceCode(1);

/// Rows of a page.
const PAGE: u32 = 50;
/// Records written at once.
const BATCH: usize = 5_000;
/// Entries that get their places at once.
const SEQUENCED_AT_ONCE: u32 = 5_000;
/// Acts one after the other, and acts of each of several that act at once.
const ACTS: usize = 300;
const AT_ONCE: usize = 8;

type Failure = Box<dyn Error + Send + Sync>;

#[tokio::main(worker_threads = 2)]
async fn main() -> Result<(), Failure> {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = words.iter().map(String::as_str).collect();
    match words.as_slice() {
        ["fill", url, items] => fill(url, items.parse()?).await,
        ["queues", url, pages, seed] => queues(url, pages.parse()?, seed.parse()?).await,
        ["acts", url, seed] => acts(url, seed.parse()?).await,
        _ => Err("expected `fill URL ITEMS`, `queues URL PAGES SEED` or `acts URL SEED`".into()),
    }
}

async fn open(url: &str) -> Result<Platform, Failure> {
    let store = Store::open(url).await?;
    store.migrate().await?;
    let settings = Settings {
        policy: Arc::new(Policy::shipped()),
        delegations: Delegations::default(),
        ids: Arc::new(RandomIds),
        vault: None,
    };
    Ok(Platform::new(store, settings))
}

/// Makes a store of so many open rows, and gives their events places in the ledger.
async fn fill(url: &str, items: usize) -> Result<(), Failure> {
    let platform = open(url).await?;
    let store = platform.store();
    let mut dice = Pcg64::seed_from_u64(items as u64);
    let meter = Meter::start();
    store.begin_load().await?;
    for first in (0..items).step_by(BATCH) {
        let mut batch = Batch::default();
        for n in first..items.min(first + BATCH) {
            let steps = [1, 1, 1, 1, 1, 2, 2, 2, 3, 3][dice.random_range(0..10)];
            batch.changes.push(row(n, steps, &mut dice)?);
        }
        store.commit(&batch).await?;
    }
    store.end_load().await?;
    meter.rate("rows loaded", items);
    sequence(store).await?;
    store.close().await;
    Ok(())
}

/// Gives all new entries their places.
async fn sequence(store: &Store) -> Result<(), Failure> {
    let before = store.log_head().await?.size;
    let meter = Meter::start();
    let mut size = before;
    loop {
        let head = store.sequence(SEQUENCED_AT_ONCE).await?;
        if head.size == size {
            break;
        }
        size = head.size;
    }
    meter.rate("entries sequenced", usize::try_from(size - before)?);
    Ok(())
}

/// A row of a cleaning list after its first steps: listed, handed to the hamlet, seen by the hamlet and with the police.
fn row(n: usize, steps: usize, dice: &mut Pcg64) -> Result<Change, Failure> {
    let communes = Vintage::Of2022.communes();
    let commune = match n % 50 {
        0 => COMMUNE,
        1..5 => {
            let of_province = communes.iter().filter(|it| it.province == PROVINCE);
            let of_province: Vec<_> = of_province.collect();
            of_province[dice.random_range(0..of_province.len())].code
        }
        _ => communes[dice.random_range(0..communes.len())].code,
    };
    let place = Place::of_commune(commune).ok_or("a commune without a district")?;
    let id = RecordId(format!("item-{:032x}", dice.random::<u128>()));
    let listing = Listing {
        item: id.clone(),
        list: RecordId(format!("list-{commune}-{}", n % 3)),
        campaign: CampaignRef {
            id: "1975".into(),
            begins: jiff::civil::date(2022, 4, 19),
        },
        subject: RecordId(format!("S{n:09}")),
        category: ErrorCategory::E3,
        base: Snapshot {
            revision: 1,
            person: Person {
                full_name: "Trần Văn Thử".into(),
                birth_date: "1984-05-03".into(),
                sex: "M".into(),
                number: Some(format!("001084{:06}", n % 1_000_000)),
                foreign: false,
            },
        },
        place,
        hamlet: None,
    };
    let station = staff(Unit::Commune(commune), Role::Station)?;
    let corrected = HamletOutcome::Corrected {
        values: IdentityChange {
            full_name: Some("Trần Văn Thủ".into()),
            ..IdentityChange::default()
        },
        evidence: "ảnh CCCD".into(),
    };
    let commands = [
        Command::List(Box::new(listing)),
        Command::HandOut,
        Command::Review(corrected),
    ];
    let (mut state, mut events) = (None, Vec::new());
    for command in commands.iter().take(steps) {
        let (after, also) = carry_out::<Item>(state, command, &station)?;
        state = after;
        events.extend(also);
    }
    let state = state.ok_or("a row without a state")?;
    Ok(Change::of::<Item>(&id, 0, &state, &events, &station)?)
}

/// Pages at random places of three queues, and their counts.
async fn queues(url: &str, pages: usize, seed: u64) -> Result<(), Failure> {
    let platform = open(url).await?;
    let store = platform.store();
    let mut dice = Pcg64::seed_from_u64(seed);
    let queues = [
        ("a commune", Scope::Commune(COMMUNE)),
        ("a province", Scope::Province(PROVINCE)),
        ("the country", Scope::Country),
    ];
    for (whose, scope) in queues {
        let mut times = Times::default();
        for turn in 0..pages + pages / 10 {
            let after = Cursor {
                due: None,
                kind: Kind::CleaningItem,
                // In the first half, so that every page is full.
                id: RecordId(format!("item-{:032x}", dice.random::<u128>() / 2)),
            };
            let query = PageQuery {
                queue: Queue::Cleaning,
                scope: scope.clone(),
                state: None,
                after: Some(after),
                limit: PAGE,
            };
            let meter = Meter::start();
            let page = store.page(&query).await?;
            times.take(turn >= pages / 10, meter);
            if page.len() != PAGE as usize {
                return Err(format!("a page of {whose} has {} rows", page.len()).into());
            }
        }
        times.tell(&format!("page of {whose}"));
        let mut times = Times::default();
        for turn in 0..pages + pages / 10 {
            let meter = Meter::start();
            let counts = store.counts(Queue::Cleaning, &scope).await?;
            times.take(turn >= pages / 10, meter);
            if counts.is_empty() {
                return Err(format!("{whose} has no rows").into());
            }
        }
        times.tell(&format!("count of {whose}"));
    }
    store.close().await;
    Ok(())
}

/// The station hands rows out: one after the other, then several at once, then their entries get places.
async fn acts(url: &str, seed: u64) -> Result<(), Failure> {
    let platform = open(url).await?;
    let mut dice = Pcg64::seed_from_u64(seed);
    let mut rows = Vec::new();
    let mut batch = Batch::default();
    for n in 0..ACTS * (1 + AT_ONCE) {
        let change = row(n, 1, &mut dice)?;
        rows.push(change.id().clone());
        batch.changes.push(change);
    }
    platform.store().commit_in_ledger(&batch).await?;
    let (alone, together) = rows.split_at(ACTS);
    let mut times = Times::default();
    for id in alone {
        let meter = Meter::start();
        hand_out(&platform, id).await?;
        times.take(true, meter);
    }
    times.tell("act, one after the other");
    let meter = Meter::start();
    let mut clerks = Vec::new();
    for rows in together.chunks(ACTS) {
        let (platform, rows) = (platform.clone(), rows.to_vec());
        clerks.push(tokio::spawn(async move {
            for id in &rows {
                hand_out(&platform, id).await?;
            }
            Ok::<(), Failure>(())
        }));
    }
    for clerk in clerks {
        clerk.await??;
    }
    meter.rate(&format!("acts, {AT_ONCE} at once"), together.len());
    sequence(platform.store()).await?;
    platform.store().close().await;
    Ok(())
}

/// Looks at a row and hands it out, as a station does.
async fn hand_out(platform: &Platform, id: &RecordId) -> Result<(), Failure> {
    let stored = platform.store().load::<Item>(id).await?;
    let stored = stored.ok_or("a row that is not there")?;
    let commune = stored.state.listing.place.commune.ok_or("no commune")?;
    let act = staff(Unit::Commune(commune), Role::Station)?;
    let read = Some(stored.revision);
    let done = platform
        .act::<Item>(&act, id, read, Command::HandOut)
        .await?;
    if done.revision == stored.revision + 1 {
        Ok(())
    } else {
        Err("an act that changed nothing".into())
    }
}

fn staff(unit: Unit, role: Role) -> Result<Act, Failure> {
    Ok(Act {
        at: Timestamp::from_second(1_650_344_400)?,
        by: Actor::Staff {
            account: AccountId(format!("{unit}.1")),
            unit,
            role,
        },
        from: Origin("127.0.0.1".into()),
        why: None,
    })
}

/// Wall and processor time from a moment on.
struct Meter(Instant, ProcessTime);

impl Meter {
    fn start() -> Self {
        Self(Instant::now(), ProcessTime::now())
    }

    /// Milliseconds on the wall and of the processor.
    fn stop(self) -> (f64, f64) {
        (
            self.0.elapsed().as_secs_f64() * 1e3,
            self.1.elapsed().as_secs_f64() * 1e3,
        )
    }

    fn rate(self, what: &str, n: usize) {
        let (wall, cpu) = self.stop();
        let (per_second, cpu) = (n as f64 / wall * 1e3, cpu / n as f64);
        println!(r#"{{"what":"{what}","n":{n},"per_second":{per_second:.0},"cpu":{cpu:.4}}}"#);
    }
}

/// What one thing took each time.
#[derive(Default)]
struct Times {
    wall: Vec<f64>,
    cpu: f64,
}

impl Times {
    /// Takes a measurement in, unless it only warmed the caches.
    fn take(&mut self, counts: bool, meter: Meter) {
        let (wall, cpu) = meter.stop();
        if counts {
            self.wall.push(wall);
            self.cpu += cpu;
        }
    }

    fn tell(mut self, what: &str) {
        self.wall.sort_by(f64::total_cmp);
        let n = self.wall.len();
        let at = |share: usize| self.wall.get(n * share / 100).copied().unwrap_or(f64::NAN);
        let (p50, p95, cpu) = (at(50), at(95), self.cpu / n as f64);
        println!(r#"{{"what":"{what}","n":{n},"p50":{p50:.3},"p95":{p95:.3},"cpu":{cpu:.4}}}"#);
    }
}
