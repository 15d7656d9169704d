//! Records of one person: a link, never a move.

use std::collections::BTreeMap;
use std::sync::Arc;

use casework::subject::{self, Action, Contact, Subject};
use casework::{Act, RecordId};
use platform::Platform;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64Mcg;

use crate::world::{
    HERE, THERE, clerk, code_of, head, id, on_both, open_facility, person, settle, subject,
};

const PEOPLE: u32 = 6;

/// So many sequences in every run of the tests; the issue asks for ten thousand, which `sequences_of_a_night` tries.
const SEQUENCES: u32 = 40;

async fn edit(platform: &Platform, act: &Act, subject: &RecordId, phone: u32) {
    let command = subject::Command {
        action: Action::ChangeContact(Contact {
            phone: Some(format!("09{phone:08}")),
            email: None,
        }),
        policy: Arc::clone(&platform.settings().policy),
    };
    let done = platform.act::<Subject>(act, subject, None, command).await;
    done.expect("edits");
}

/// What the records say but for the link.
async fn apart(platform: &Platform, people: &[RecordId]) -> BTreeMap<RecordId, String> {
    let mut states = BTreeMap::new();
    for id in people {
        let mut subject = subject(platform, id).await;
        subject.cluster = None;
        states.insert(id.clone(), serde_json::to_string(&subject).expect("writes"));
    }
    states
}

/// Joins, edits and separates at random beside the same edits without any join; at the end both say the same to the last byte.
async fn sequence(platform: &Platform, people: &[RecordId], seed: u64) {
    let mut random = Pcg64Mcg::seed_from_u64(seed);
    let act = clerk(HERE);
    let mut expected = apart(platform, people).await;
    for _ in 0..random.random_range(3..10) {
        let one = people[random.random_range(0..people.len())].clone();
        match random.random_range(0..4) {
            0 | 1 => {
                let other = people[random.random_range(0..people.len())].clone();
                // Refused for one record with itself, and for two clusters: nothing happens then.
                let _ = platform.join(&act, &[one, other]).await;
            }
            2 => {
                let phone = random.random_range(0..100_000_000);
                let mut alone: Subject = serde_json::from_str(&expected[&one]).expect("reads");
                alone.contact.phone = Some(format!("09{phone:08}"));
                expected.insert(one.clone(), serde_json::to_string(&alone).expect("writes"));
                edit(platform, &act, &one, phone).await;
            }
            _ => {
                if let Some(cluster) = subject(platform, &one).await.cluster {
                    platform.separate(&act, &cluster).await.expect("separates");
                }
            }
        }
    }
    for id in people {
        if let Some(cluster) = subject(platform, id).await.cluster {
            platform.separate(&act, &cluster).await.expect("separates");
        }
    }
    assert_eq!(apart(platform, people).await, expected, "seed {seed}");
    for id in people {
        assert_eq!(subject(platform, id).await.cluster, None, "seed {seed}");
    }
}

async fn people(platform: &Platform) -> Vec<RecordId> {
    let mut people = Vec::new();
    for n in 0..PEOPLE {
        let mut person = person(n);
        person.number = None;
        people.push(settle(platform, n, HERE, person, None).await);
    }
    people
}

#[test]
fn joining_editing_and_separating_in_any_order_ends_with_the_same_bytes() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let people = people(&platform).await;
        for seed in 0..u64::from(SEQUENCES) {
            sequence(&platform, &people, seed).await;
        }
    });
}

#[test]
#[ignore = "takes minutes: `cargo xtask test --long` runs it"]
fn sequences_of_a_night() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let people = people(&platform).await;
        for seed in 0..10_000 {
            sequence(&platform, &people, seed).await;
        }
    });
}

#[test]
fn two_verified_numbers_are_two_persons() {
    on_both(async |platform| {
        open_facility(&platform, HERE).await;
        let answer = Some(casework::subject::person::RegisterAnswer::True);
        let one = settle(&platform, 1, HERE, person(1), answer.clone()).await;
        let other = settle(&platform, 2, HERE, person(2), answer).await;
        let mut without = person(3);
        without.number = None;
        let third = settle(&platform, 3, HERE, without, None).await;
        let joined = platform
            .join(&head(HERE), &[one.clone(), other.clone()])
            .await;
        assert_eq!(code_of(joined), "subject.other_person");
        let cluster = platform
            .join(&head(HERE), &[one.clone(), third.clone()])
            .await
            .expect("joins");
        let through = platform.join(&head(HERE), &[third, other]).await;
        assert_eq!(
            code_of(through),
            "subject.other_person",
            "not by a third either"
        );
        let foreign = platform
            .join(&clerk(THERE), &[one.clone(), id("S00003")])
            .await;
        assert_eq!(code_of(foreign), "record.not_found");
        assert_eq!(subject(&platform, &one).await.cluster, Some(cluster));
    });
}
