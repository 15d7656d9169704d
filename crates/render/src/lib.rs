//! Turns plain view structs into pictures and paper, and reads codes back out of both. It knows no other crate of ours and owns the fonts.
//!
//! * [`Qr`]: a text as QR code, as PNG, SVG or outline.
//! * [`Certificate::pdf`]: a vaccination certificate as PDF/A-2a and PDF/UA-1, on A4 or on a card; [`print_all`] does many.
//! * [`read_codes`]: the texts of the QR codes in a photo, a scan or a PDF.
//!
//! ```
//! use std::num::NonZeroU8;
//!
//! use render::{Level, Mask, Qr, read_codes};
//!
//! let picture = Qr::encode("HC1:6BF", Level::Q, Mask::Fixed)?.png(NonZeroU8::MIN.saturating_add(3));
//! assert_eq!(read_codes(&picture)?, ["HC1:6BF"]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod a4;
mod batch;
mod card;
mod certificate;
mod font;
mod page;
mod paper;
mod qr;
mod read;

pub use batch::{Summary, print_all};
pub use certificate::{Bilingual, Certificate, PartialDate};
pub use paper::{Form, PaperError};
pub use qr::{Level, Mask, QUIET_ZONE, Qr, QrError};
pub use read::{FileKind, MAX_PAGES, MAX_PIXELS, ReadError, read_codes};
