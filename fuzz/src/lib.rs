//! What several targets share: reading a file to its end.

use intake::{IntakeError, Options, Wanted, fields_of, open_bytes};
use registry::fields::SubjectField;

pub mod sign_in;

/// Reads a file in both ways in which the product does, under our headings and under its own.
pub fn read(name: &str, bytes: &[u8]) {
    let subjects = fields_of(&[SubjectField::UniqueId]);
    for wanted in [Wanted::Fields(&subjects), Wanted::AsInFile] {
        // An unreadable file is a good answer; which one is a matter for the tests of `intake`.
        let _ = read_to_end(name, bytes, wanted);
    }
}

/// Holds the reader to its promise after every batch: `rows read = accepted + rejected`, and no more rows than were counted.
fn read_to_end(name: &str, bytes: &[u8], wanted: Wanted<'_>) -> Result<(), IntakeError> {
    let options = Options {
        batch_rows: 16,
        ..Options::default()
    };
    let mut reader = open_bytes(name, bytes.to_vec(), wanted, &options)?;
    let (mut rows, mut rejects) = (0, 0);
    while let Some(batch) = reader.next_batch()? {
        rows += batch.rows.num_rows() as u64;
        rejects += batch.rejects.len() as u64;
        let counts = reader.counts();
        assert_eq!(counts.read, counts.accepted + counts.rejected);
    }
    let counts = reader.counts();
    assert_eq!((rows, rejects), (counts.accepted, counts.rejected));
    Ok(())
}
