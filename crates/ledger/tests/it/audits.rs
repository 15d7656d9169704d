//! Whatever is done to entries or log, the audit names the first place.

use ledger::{
    Checkpoint, Difference, Hash, Log, MemoryStore, NodeStore as _, Verdict, audit, node_count,
    node_position,
};
use proptest::prelude::*;

use crate::{leaves, log_of, turned};

fn verdict(log: &Log<MemoryStore>, checkpoints: &[u64], entries: Vec<Hash>) -> Verdict {
    let original = log_of(log.size());
    let checkpoints: Vec<Checkpoint> = checkpoints
        .iter()
        .map(|&size| Checkpoint::new("log", size, original.root_at(size).expect("in range")))
        .collect();
    let audit = audit(log, &checkpoints, entries.into_iter().map(Ok)).expect("memory");
    assert_eq!(audit.signed + audit.unsigned, log.size());
    audit.verdict
}

/// A log whose stored nodes at these places are altered.
fn altered_log(size: u64, places: &[u64]) -> Log<MemoryStore> {
    let original = log_of(size);
    let all: Vec<u64> = (0..node_count(size)).collect();
    let mut nodes = original.store().read(&all).expect("memory");
    for &place in places {
        nodes[place as usize] = turned(nodes[place as usize]);
    }
    let mut store = MemoryStore::default();
    store.append(&nodes).expect("memory");
    Log::new(store).expect("a tree")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn the_first_place_is_named_whatever_was_done_to_the_entries(size in 3u64..300, at: prop::sample::Index, to: prop::sample::Index) {
        let log = log_of(size);
        let at = at.index(size as usize);
        let original = leaves(size);
        let check = |entries: Vec<Hash>, difference| {
            prop_assert_eq!(verdict(&log, &[size], entries), Verdict::EntryDiffers { index: at as u64, difference });
            Ok(())
        };

        prop_assert_eq!(verdict(&log, &[size], original.clone()), Verdict::Intact);
        let mut entries = original.clone();
        entries[at] = turned(entries[at]);
        check(entries, Difference::Altered)?;
        let mut entries = original.clone();
        entries.insert(at, Hash([9; 32]));
        check(entries, Difference::Inserted)?;
        check(original[..at].to_vec(), Difference::Truncated)?;
        let mut entries = original.clone();
        entries.remove(at);
        let removed = if at as u64 == size - 1 { Difference::Truncated } else { Difference::Removed };
        check(entries, removed)?;
        let other = to.index(size as usize);
        if other > at {
            let mut entries = original;
            entries.swap(at, other);
            check(entries, Difference::Reordered)?;
        }
    }

    #[test]
    fn a_leaf_altered_in_the_log_alone_is_told_from_an_altered_entry(size in 1u64..300, at: prop::sample::Index) {
        let index = at.index(size as usize) as u64;
        let log = altered_log(size, &[node_position(0, index)]);
        prop_assert_eq!(verdict(&log, &[size], leaves(size)), Verdict::LogDiffers { index });
    }

    #[test]
    fn an_altered_inner_node_is_named_though_no_entry_is_touched(size in 2u64..300, at: prop::sample::Index) {
        let is_leaf = |position: &u64| (0..size).any(|index| node_position(0, index) == *position);
        let inner: Vec<u64> = (0..node_count(size)).filter(|position| !is_leaf(position)).collect();
        let position = inner[at.index(inner.len())];
        let log = altered_log(size, &[position]);
        prop_assert_eq!(verdict(&log, &[size], leaves(size)), Verdict::NodeDiffers { position });
    }

    #[test]
    fn an_entry_altered_in_both_is_pinned_to_its_pair_by_the_nodes_above(size in 1u64..300, at: prop::sample::Index) {
        let index = at.index(size as usize) as u64;
        let log = altered_log(size, &[node_position(0, index)]);
        let mut entries = leaves(size);
        entries[index as usize] = turned(entries[index as usize]);
        let Verdict::BothDiffer { first, last } = verdict(&log, &[size], entries) else { panic!("both differ") };
        prop_assert!(first <= index && index <= last);
        let alone = index == size - 1 && size % 2 == 1;
        prop_assert!(alone || last - first <= 1, "{first}..={last}");
    }
}

#[test]
fn a_log_computed_anew_is_pinned_between_two_checkpoints() {
    let mut entries = leaves(100);
    entries[37] = turned(entries[37]);
    let mut log = Log::new(MemoryStore::default()).expect("an empty store");
    log.append_hashes(entries.clone()).expect("memory");
    let found = verdict(&log, &[10, 30, 50, 90], entries);
    assert_eq!(
        found,
        Verdict::BothDiffer {
            first: 30,
            last: 49
        }
    );
}

#[test]
fn entries_beyond_the_checkpoint_are_compared_with_the_log_and_counted() {
    let log = log_of(20);
    assert_eq!(verdict(&log, &[13], leaves(20)), Verdict::Intact);
    let more = verdict(&log, &[13], leaves(22));
    assert_eq!(
        more,
        Verdict::EntryDiffers {
            index: 20,
            difference: Difference::Inserted
        }
    );
    assert!(audit(&log, &[], leaves(20).into_iter().map(Ok)).is_err());
}
