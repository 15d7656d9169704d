//! Logs in folders: closed well, torn, shortened, altered.

use std::fs::{self, OpenOptions};
use std::path::Path;

use ledger::{
    Checkpoint, FileStore, KeyType, Log, NodeStore as _, NoteSigner, OpenError, StoreError,
    node_count,
};

use crate::{leaves, log_of};

#[test]
fn a_log_in_a_folder_goes_on_where_it_ended() {
    let folder = tempfile::tempdir().expect("folder");
    for (from, to) in [(0, 7), (7, 7), (7, 40_000), (40_000, 40_001)] {
        let (mut log, recovery) = Log::open(folder.path()).expect("opens");
        assert_eq!((log.size(), recovery), (from, None));
        log.append((from..to).map(|entry| entry.to_string()))
            .expect("appends");
        log.sync().expect("syncs");
    }
    let (log, _) = Log::open(folder.path()).expect("opens");
    let reference = log_of(40_001);
    assert_eq!(log.root(), reference.root());
    for (index, size) in [(0, 40_001), (39_999, 40_000), (17, 18)] {
        assert_eq!(
            log.inclusion(index, size).expect("proves"),
            reference.inclusion(index, size).expect("proves")
        );
    }
    assert_eq!(
        log.consistency(7, 40_001).expect("proves"),
        reference.consistency(7, 40_001).expect("proves")
    );
}

#[test]
fn entries_that_wait_to_be_written_can_be_proved_already() {
    let folder = tempfile::tempdir().expect("folder");
    let (mut log, _) = Log::open(folder.path()).expect("opens");
    log.append_hashes(leaves(20)).expect("appends");
    log.sync().expect("syncs");
    log.append_hashes(leaves(33)).expect("appends");
    for index in 0..53 {
        let proof = log.inclusion(index, 53).expect("proves");
        assert_eq!(
            proof.verify(log.leaf(index).expect("there"), log.root()),
            Ok(())
        );
    }
}

#[test]
fn a_tail_torn_at_any_byte_is_cut_back_to_the_checkpoint_and_reported() {
    let (signed, appended) = (13, 21);
    let whole = node_count(appended) * 32;
    let kept = node_count(signed) * 32;
    for end in kept..whole {
        let folder = tempfile::tempdir().expect("folder");
        log_in(folder.path(), signed, appended);
        shorten(folder.path(), end);
        let (log, recovery) = Log::open(folder.path()).expect("opens");
        let at_an_entry = (signed..appended).find(|size| node_count(*size) * 32 == end);
        if let Some(size) = at_an_entry {
            assert_eq!((log.size(), recovery), (size, None), "{end} bytes");
        } else {
            assert_eq!(log.size(), signed, "{end} bytes");
            let recovery = recovery.expect("reported");
            assert_eq!((recovery.entries, recovery.bytes_cut), (signed, end - kept));
        }
        assert_eq!(log.root(), log_of(log.size()).root());
    }
}

#[test]
fn a_tail_of_zeros_or_with_a_wrong_node_is_cut_back_too() {
    for spoil in [
        |nodes: &mut Vec<u8>| nodes.extend([0; 32]),
        |nodes: &mut Vec<u8>| *nodes.last_mut().expect("nodes") ^= 1,
    ] {
        let folder = tempfile::tempdir().expect("folder");
        log_in(folder.path(), 13, 20);
        edit(folder.path(), spoil);
        let (log, recovery) = Log::open(folder.path()).expect("opens");
        assert_eq!((log.size(), recovery.map(|of| of.entries)), (13, Some(13)));
    }
}

#[test]
fn a_log_shorter_than_its_checkpoint_is_not_opened() {
    let folder = tempfile::tempdir().expect("folder");
    log_in(folder.path(), 13, 13);
    shorten(folder.path(), node_count(12) * 32);
    assert!(matches!(
        Log::open(folder.path()),
        Err(OpenError::Lost {
            signed: 13,
            present: 12,
            ..
        })
    ));
}

#[test]
fn a_log_whose_nodes_contradict_its_checkpoint_is_not_opened() {
    let folder = tempfile::tempdir().expect("folder");
    log_in(folder.path(), 16, 16);
    edit(folder.path(), |nodes| {
        *nodes.last_mut().expect("nodes") ^= 1;
    });
    assert!(matches!(
        Log::open(folder.path()),
        Err(OpenError::Altered { .. })
    ));
}

#[test]
fn a_checkpoint_file_that_is_none_is_named() {
    let folder = tempfile::tempdir().expect("folder");
    log_in(folder.path(), 5, 5);
    fs::write(folder.path().join("checkpoint"), b"\xff\xfe").expect("writes");
    assert!(matches!(
        Log::open(folder.path()),
        Err(OpenError::Checkpoint { .. })
    ));
}

#[test]
fn only_one_has_a_log_open() {
    let folder = tempfile::tempdir().expect("folder");
    let first = Log::open(folder.path()).expect("opens");
    assert!(matches!(
        Log::open(folder.path()),
        Err(OpenError::InUse { .. })
    ));
    drop(first);
    assert!(Log::open(folder.path()).is_ok());
}

#[test]
fn checkpoints_of_another_log_or_of_the_past_are_not_kept() {
    let folder = tempfile::tempdir().expect("folder");
    log_in(folder.path(), 13, 20);
    let (mut log, _) = Log::open(folder.path()).expect("opens");
    let root = log_of(20).root();
    for (size, root) in [(21, root), (19, root), (12, log_of(12).root())] {
        let foreign = Checkpoint::new("example.org/log", size, root)
            .sign(&signer())
            .expect("signs");
        let refused = log.save_checkpoint(foreign);
        assert!(
            matches!(refused, Err(StoreError::ForeignCheckpoint { .. })),
            "size {size}"
        );
    }
    assert_eq!(
        log.store().checkpoint().map(|of| of.unverified().size),
        Some(13)
    );
    assert_eq!(log.store().len(), node_count(20));
}

/// A log with so many entries in a folder, with a checkpoint over the first `signed`.
fn log_in(folder: &Path, signed: u64, appended: u64) {
    let (mut log, _): (Log<FileStore>, _) = Log::open(folder).expect("opens");
    log.append_hashes(leaves(appended)).expect("appends");
    let root = log.root_at(signed).expect("in range");
    let checkpoint = Checkpoint::new("example.org/log", signed, root)
        .sign(&signer())
        .expect("signs");
    log.save_checkpoint(checkpoint).expect("keeps");
}

fn signer() -> NoteSigner {
    NoteSigner::from_seed("example.org/log", KeyType::Ed25519, &[1; 32]).expect("key")
}

fn shorten(folder: &Path, bytes: u64) {
    let file = OpenOptions::new()
        .write(true)
        .open(folder.join("nodes"))
        .expect("nodes");
    file.set_len(bytes).expect("shortens");
}

fn edit(folder: &Path, spoil: impl Fn(&mut Vec<u8>)) {
    let path = folder.join("nodes");
    let mut nodes = fs::read(&path).expect("nodes");
    spoil(&mut nodes);
    fs::write(&path, nodes).expect("writes");
}
