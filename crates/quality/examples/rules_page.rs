//! Writes the rules' page to standard output: `cargo run -p quality --example rules_page > docs/rules.md`.

use std::io::Write;

fn main() -> std::io::Result<()> {
    std::io::stdout().write_all(quality::markdown(quality::catalogue()).as_bytes())
}
