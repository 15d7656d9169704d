//! Stores of the first version, which had only the first migration, under this one; and the first version beside this one.
//!
//! `first/rows.sql` are the rows that the first version wrote of every kind of record, with its ledger and checkpoint.
//! `first/statements.sql` are the statements that it sent. Both stay as they are: tables are only ever added to, so that a program of an
//! earlier version goes on while the next one is rolled out.

use casework::account::Account;
use casework::campaign::Campaign;
use casework::cleaning::item::Item;
use casework::cleaning::list::List;
use casework::contact::Contact;
use casework::facility::Facility;
use casework::feedback::Feedback;
use casework::inquiry::Inquiry;
use casework::report::Report;
use casework::subject::person::RegisterAnswer;
use casework::subject::{Action, Subject};
use casework::{Kind, Procedure, Queue, RecordId, replay};
use ledger::{NoteKey, SignedCheckpoint, Verdict};
use storage::{Scope, Store};

use crate::intruder::Intruder;
use crate::place::{at, id, keep, on_new, settle, system};

const ROWS: &str = include_str!("first/rows.sql");
const STATEMENTS: &str = include_str!("first/statements.sql");

/// Who signed the checkpoint in the rows.
const LOG: &str = "minhchung.example/first+7c7c970e+AYSfnWITHt+CRX8Jdhb6WY9cBzByJbUefVR2IWu5Fgh2";

/// What the first migration was, on each store: one that ran it refuses another one of its number.
const FIRST_MIGRATION: [(&str, &str); 2] = [
    (
        "sqlite:",
        "163b0e72da1f3cefdf38836d83912b8ca3696fdd15fc97adb53956fb3ac9a3b9f29333b3976a07dfcc534c9bbaaa4bf2",
    ),
    (
        "postgres:",
        "384bc10890e0ff7dc966523f4f56743aaf45e0c9b7142b8f99e7736765b4a83eab83ea917d358bdce584cc6ac6f396b4",
    ),
];

#[test]
fn a_store_of_the_first_version_says_under_this_one_what_it_said_and_what_is_new() {
    on_new(async |url: String| {
        let mut intruder = Intruder::enter(&url).await;
        intruder.make_first_tables().await;
        intruder.script(ROWS).await;
        let before = intruder.records().await;
        let store = Store::open(&url).await.expect("opens");
        assert_eq!(
            store.pending_migrations().await.expect("asks").first(),
            Some(&2)
        );
        store.migrate().await.expect("migrates");
        assert_eq!(intruder.records().await, before, "no record changed");
        says_all(&store).await;
        keys_find_all(&store).await;
        goes_on(&store).await;
    });
}

#[test]
fn the_first_version_goes_on_beside_this_one() {
    on_new(async |url: String| {
        let store = Store::open(&url).await.expect("opens");
        store.migrate().await.expect("migrates");
        let mut intruder = Intruder::enter(&url).await;
        for statement in STATEMENTS.lines() {
            intruder.understands(statement).await;
        }
        intruder.script(ROWS).await;
        says_all(&store).await;
        goes_on(&store).await;
    });
}

#[test]
fn the_first_migration_is_what_it_was() {
    on_new(async |url: String| {
        Intruder::enter(&url).await.make_first_tables().await;
        let ran = Intruder::enter(&url).await.checksum(1).await;
        let (_, was) = FIRST_MIGRATION
            .into_iter()
            .find(|(scheme, _)| url.starts_with(scheme))
            .expect("one of both");
        assert_eq!(ran, was);
    });
}

/// Everything that the rows hold is read, and agrees with itself.
async fn says_all(store: &Store) {
    reads::<Subject>(store, 6).await;
    reads::<Facility>(store, 1).await;
    reads::<Account>(store, 1).await;
    reads::<Campaign>(store, 1).await;
    reads::<Contact>(store, 1).await;
    reads::<Report>(store, 1).await;
    reads::<Feedback>(store, 1).await;
    reads::<List>(store, 1).await;
    reads::<Item>(store, 1).await;
    reads::<Inquiry>(store, 1).await;
    counts_agree(store).await;
    let identity = store.counts(Queue::Identity, &Scope::Country).await;
    let identity: Vec<(String, u64)> = identity
        .expect("counts")
        .into_iter()
        .map(|count| (count.state, count.rows))
        .collect();
    // One of those that the register does not know so is sealed.
    assert_eq!(
        identity,
        [("FALSE".to_owned(), 1), ("UNVERIFIABLE".to_owned(), 2)]
    );
    assert!(
        !store
            .due(at(1_000_000_000), 10)
            .await
            .expect("asks")
            .is_empty()
    );
    let jobs = store.lease(at(500), at(600), 10).await.expect("leases");
    assert_eq!(keys(jobs.iter().map(|job| &job.key)), ["recheck/1"]);
    store
        .put_off("recheck/1", "", at(500))
        .await
        .expect("puts off");
    let unsent = store.unsent(10).await.expect("reads");
    assert_eq!(keys(unsent.iter().map(|message| &message.key)), ["m1"]);
    ledger_is_whole(store).await;
}

fn keys<'k>(keys: impl Iterator<Item = &'k String>) -> Vec<&'k str> {
    keys.map(String::as_str).collect()
}

async fn all<P: Procedure>(store: &Store) -> Vec<(RecordId, P)> {
    let ids = store.ids(P::KIND, None, 100).await.expect("reads");
    let stored = store.load_many::<P>(&ids).await.expect("reads");
    let states = stored.into_iter().map(|it| it.expect("is there").state);
    ids.into_iter().zip(states).collect()
}

/// So many records of a kind, each of them what its events lead to.
async fn reads<P: Procedure>(store: &Store, records: usize) {
    let all = all::<P>(store).await;
    assert_eq!(all.len(), records, "{:?}", P::KIND);
    for (id, state) in all {
        let history = store.history::<P>(&id).await.expect("reads");
        let folded = replay::<P>(history.iter().map(|it| (&it.event, &it.act)));
        assert_eq!(folded, Some(state), "{id}");
    }
}

async fn counts_agree(store: &Store) {
    for queue in Queue::ALL {
        let counted = store.counts(*queue, &Scope::Country).await.expect("counts");
        let recounted = store.recount(*queue, &Scope::Country).await;
        assert_eq!(counted, recounted.expect("recounts"), "{queue:?}");
    }
}

async fn ledger_is_whole(store: &Store) {
    store.sequence(1_000).await.expect("sequences");
    let key = NoteKey::parse(LOG).expect("a key");
    let kept = store.checkpoints().await.expect("reads");
    let checkpoints: Vec<_> = kept
        .iter()
        .map(|note| {
            let signed = SignedCheckpoint::parse(note).expect("a checkpoint");
            signed.verify(&key, &[], 0).expect("signed")
        })
        .collect();
    assert_eq!(checkpoints.len(), 1);
    let audit = store.audit(&checkpoints).await.expect("audits");
    assert_eq!(audit.verdict, Verdict::Intact);
}

/// Every record is found by every key that follows from it, though the first version knew none.
async fn keys_find_all(store: &Store) {
    let found = found::<Subject>(store).await
        + found::<Facility>(store).await
        + found::<Account>(store).await
        + found::<Campaign>(store).await
        + found::<Contact>(store).await
        + found::<Report>(store).await
        + found::<Feedback>(store).await
        + found::<List>(store).await
        + found::<Item>(store).await
        + found::<Inquiry>(store).await;
    assert!(found > 14, "{found}");
    let phone = casework::lookup::phone("0901000001").expect("a phone");
    let by_phone = store.find(Kind::Subject, &phone, None, 10).await;
    assert_eq!(by_phone.expect("finds"), [id(1)]);
}

async fn found<P: Procedure>(store: &Store) -> usize {
    let mut keys = 0;
    for (id, state) in all::<P>(store).await {
        for key in state.keys() {
            let found = store.find(P::KIND, &key, None, 100).await.expect("finds");
            assert!(found.contains(&id), "{id} by {key}");
            keys += 1;
        }
    }
    keys
}

/// Work goes on: old records change, new ones come.
async fn goes_on(store: &Store) {
    keep(store, 5, Action::Unseal, &system(900)).await;
    keep(store, 2, Action::Seal, &system(900)).await;
    settle(store, 100..105, 4, &RegisterAnswer::Unverifiable).await;
    counts_agree(store).await;
    let waiting = store.counts(Queue::Identity, &Scope::Country).await;
    let waiting: u64 = waiting.expect("counts").iter().map(|it| it.rows).sum();
    assert_eq!(waiting, 8);
    ledger_is_whole(store).await;
}
