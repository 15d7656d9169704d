//! Many certificates at once, on all cores, handed over in the order in which they came.

use rayon::prelude::*;

use crate::certificate::Certificate;
use crate::paper::{Form, PaperError};
use crate::qr::Level;

/// Certificates drawn before any of them is handed over: enough to keep all cores busy, few enough to keep memory small.
const AT_ONCE: usize = 512;

/// What became of a batch. `read` is always `printed + refused`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Certificates that came in.
    pub read: usize,
    /// PDFs handed over.
    pub printed: usize,
    /// Certificates that can't be printed; each was handed over with its reason.
    pub refused: usize,
}

/// Draws certificates in parallel and hands each result to `deliver`, in order and on the calling thread, with its number from 0. That
/// is the place to write the file, to list a refusal and to move a progress bar. The bytes don't depend on the number of threads.
///
/// # Errors
///
/// Whatever `deliver` returns; nothing is drawn after that.
pub fn print_all<E>(
    certificates: impl IntoIterator<Item = Certificate>,
    form: Form,
    level: Level,
    mut deliver: impl FnMut(usize, Result<Vec<u8>, PaperError>) -> Result<(), E>,
) -> Result<Summary, E> {
    let mut certificates = certificates.into_iter();
    let mut summary = Summary::default();
    loop {
        let portion: Vec<Certificate> = certificates.by_ref().take(AT_ONCE).collect();
        if portion.is_empty() {
            return Ok(summary);
        }
        let drawn = portion.into_par_iter();
        let drawn: Vec<_> = drawn
            .map(|certificate| certificate.pdf(form, level))
            .collect();
        for result in drawn {
            let counter = if result.is_ok() {
                &mut summary.printed
            } else {
                &mut summary.refused
            };
            *counter += 1;
            deliver(summary.read, result)?;
            summary.read += 1;
        }
    }
}
