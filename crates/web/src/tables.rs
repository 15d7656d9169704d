//! The table of codes for the documentation, from the reasons themselves.

use std::fmt::Write as _;

use crate::problem::{self, reasons, status_of};

/// All codes that an answer may carry, as a table in Markdown.
pub fn codes_as_markdown() -> String {
    let mut table = String::from(
        "| code | status | Tiếng Việt | English | what to do |\n|---|---|---|---|---|\n",
    );
    for fault in problem::ALL {
        row(
            &mut table,
            [fault.code, fault.vi, fault.en, fault.hint_en],
            fault.status,
        );
    }
    for reason in reasons() {
        let words = [reason.code, reason.vi, reason.en, reason.hint_en];
        row(&mut table, words, status_of(reason));
    }
    table
}

fn row(table: &mut String, words: [&str; 4], status: u16) {
    let [code, vi, en, hint] = words.map(|text| text.replace('|', "\\|"));
    // Writing into a text can't fail.
    let _ = writeln!(table, "| `{code}` | {status} | {vi} | {en} | {hint} |");
}
