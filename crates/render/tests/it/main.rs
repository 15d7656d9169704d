//! Codes and certificates as others see them: read back by QR readers and PDF programs that share no code with this crate.

mod batch;
mod certificates;
mod codes;
mod invented;
mod photos;
mod support;
