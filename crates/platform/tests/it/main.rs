//! The acts of the system on both stores: every test runs on SQLite and on PostgreSQL and expects the same.

mod access;
mod campaigns;
mod cleaning;
mod clusters;
mod feedback;
mod progress;
mod rights;
mod sheets;
mod signing;
mod undo;
mod vault;
mod world;
