//! One suite for both stores: every test runs on SQLite and on PostgreSQL and expects the same.

mod acts;
mod bulk;
mod clock;
mod first;
mod found;
mod intruder;
mod ledger;
mod lists;
mod once;
mod place;
