//! Tests of the rules: the examples, the table, and what holds for any text.

mod catalogue;
mod examples;
mod properties;
mod run;
