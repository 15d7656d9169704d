//! The engine on published sets and on small families, as callers use it.

mod auto;
mod family;
mod files;
mod index;
mod properties;
mod published;
