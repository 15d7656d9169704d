//! The catalogue as a page: `docs/rules.md` is what this writes.

use std::fmt::Write;

use registry::text::Lang;

use crate::catalogue::{Catalogue, Needs, Rule, SafeFix};
use crate::examples::{Example, RuleExamples, examples};

/// The catalogue as Markdown: how to read it, then section by section a table and a page for each rule.
pub fn markdown(catalogue: &Catalogue) -> String {
    let mut out = String::with_capacity(400_000);
    out.push_str(INTRODUCTION);
    for section in SECTIONS {
        let rules: Vec<&Rule> = catalogue
            .rules()
            .iter()
            .filter(|rule| section.groups.contains(&rule.id.group()))
            .collect();
        write_section(&mut out, section, &rules);
    }
    // One line end at the end of the file.
    out.truncate(out.trim_end().len());
    out.push('\n');
    out
}

struct Section {
    title: &'static str,
    groups: &'static [&'static str],
}

const SECTIONS: &[Section] = &[
    Section {
        title: "Số giấy tờ · Identity number",
        groups: &["ID"],
    },
    Section {
        title: "Họ tên · Name",
        groups: &["NM"],
    },
    Section {
        title: "Ngày sinh, giới tính, quốc tịch, tình trạng · Birth date, sex, nationality, life status",
        groups: &["DB", "SX", "NT", "LS"],
    },
    Section {
        title: "Liên lạc và nơi ở · Contact and address",
        groups: &["CT", "AD"],
    },
    Section {
        title: "Ngày giờ tiêm · Vaccination date and time",
        groups: &["VD"],
    },
    Section {
        title: "Vắc xin, số lô, hạn dùng · Product, lot, expiry",
        groups: &["VP", "LT", "EX"],
    },
    Section {
        title: "Số mũi, thứ tự, khoảng cách · Dose number, series, intervals",
        groups: &["DN"],
    },
    Section {
        title: "Cơ sở, con người, nguồn gốc · Facility, people, provenance",
        groups: &["FC"],
    },
    Section {
        title: "Trùng lặp · Duplicates",
        groups: &["DU"],
    },
    Section {
        title: "Đối chiếu · Verification",
        groups: &["NV"],
    },
    Section {
        title: "Chữ ký và chứng nhận · Signature and certificate",
        groups: &["SG", "CE"],
    },
    Section {
        title: "Phản ánh · Feedback",
        groups: &["TK"],
    },
];

const INTRODUCTION: &str = "\
# Danh mục quy tắc · The rules

150 rules say what can be wrong in an immunisation record, why it matters, who fixes it and how. This page is generated from the table that is
executed (`crates/quality/rules.toml`) and from the examples that are tested (`crates/quality/examples.toml`); don't edit it.

| mark | Vietnamese | meaning |
|---|---|---|
| B | chặn | the record cannot be signed; *B issue*: no passport can be issued |
| E | lỗi | must be fixed, or overridden by a second person with a reason |
| W | cảnh báo | a clerk may accept it with a reason |
| I | thông tin | statistics and hints |
| V | cấm tự động | not a finding to be accepted: it forbids the automatic act |
| A | tự động | starts an act by itself |
| R | lý do từ chối | a reason that an officer chooses when handling feedback |

- A **safe fix** is a proposal. Identity fields change only on evidence of the register or the police.
- Ids are stable for ever. Severity, thresholds and validity dates can be changed by a file of overrides without a release; each change needs
  a reason, raises the rule's version and is listed here.
- An example states only what differs from a sound record; ✔ means that the rule is raised, ✘ that it is not.
- *Waits for the platform* means that files alone cannot decide the rule; the reason stands with it.
- Findings about a facility point at the facility, never at a person. People in the examples are invented.

";

fn write_section(out: &mut String, section: &Section, rules: &[&Rule]) {
    let _ = write!(
        out,
        "## {}\n\n| id | mark | rule | safe fix |\n|---|---|---|---|\n",
        section.title
    );
    for rule in rules {
        let _ = writeln!(
            out,
            "| [{id}](#{anchor}) | {mark} | {vi} · {en} | {fix} |",
            id = rule.id,
            anchor = rule.id.as_str().to_lowercase(),
            mark = rule.mark(),
            vi = cell(&rule.title.vi),
            en = cell(&rule.title.en),
            fix = match rule.safe_fix {
                SafeFix::None => "–",
                fix => fix.text(Lang::En),
            },
        );
    }
    out.push('\n');
    for rule in rules {
        write_rule(out, rule);
    }
}

fn write_rule(out: &mut String, rule: &Rule) {
    let _ = write!(
        out,
        "### {}\n\n**{}**  \n**{}**\n\n",
        rule.id,
        escape(&rule.title.vi),
        escape(&rule.title.en)
    );
    let _ = writeln!(out, "| | Tiếng Việt | English |\n|---|---|---|");
    let mut row = |name: &str, vi: &str, en: &str| {
        let _ = writeln!(out, "| {name} | {} | {} |", cell(vi), cell(en));
    };
    if let Some(message) = &rule.message {
        row("message", &message.vi, &message.en);
    }
    row("why", &rule.why.vi, &rule.why.en);
    row("how to fix", &rule.fix.vi, &rule.fix.en);
    if rule.safe_fix != SafeFix::None {
        row(
            "safe fix",
            rule.safe_fix.text(Lang::Vi),
            rule.safe_fix.text(Lang::En),
        );
    }
    if let Some(note) = &rule.note {
        row("note", &note.vi, &note.en);
    }
    if let Some(waits) = &rule.waits {
        row("waits for the platform", &waits.vi, &waits.en);
    }
    out.push('\n');
    write_facts(out, rule);
    if let Some(found) = examples().of(rule.id) {
        write_examples(out, found);
    }
}

/// Mark, version, fields, thresholds, where it is decided, source, changes.
fn write_facts(out: &mut String, rule: &Rule) {
    let _ = write!(out, "- mark {}, version {}", rule.mark(), rule.version);
    if let Some(from) = rule.valid_from {
        let _ = write!(out, ", from {from}");
    }
    if let Some(to) = rule.valid_to {
        let _ = write!(out, ", to {to}");
    }
    out.push('\n');
    if !rule.fields.is_empty() {
        let _ = writeln!(out, "- fields: `{}`", rule.fields.join("`, `"));
    }
    let numbers = rule
        .thresholds
        .iter()
        .map(|(name, value)| format!("`{name}` = {value}"));
    let days = rule
        .dates
        .iter()
        .map(|(name, day)| format!("`{name}` = {day}"));
    let values: Vec<String> = numbers.chain(days).collect();
    if !values.is_empty() {
        let _ = writeln!(out, "- thresholds: {}", values.join(", "));
    }
    for (name, words) in &rule.lists {
        let _ = writeln!(
            out,
            "- `{name}`: {}",
            words
                .iter()
                .map(|word| escape(word.trim()))
                .collect::<Vec<_>>()
                .join(" · ")
        );
    }
    let needs: Vec<&str> = rule.needs.iter().map(|need| need_word(*need)).collect();
    match &rule.by {
        Some(by) => {
            let _ = writeln!(out, "- decided by `{by}` from {}", needs.join(", "));
        }
        None => out.push_str("- waits for the platform\n"),
    }
    let _ = writeln!(out, "- source: {}", escape(&rule.source));
    for change in &rule.changes {
        let _ = writeln!(
            out,
            "- version {} on {} by {}: {} ({})",
            change.version,
            change.on,
            escape(&change.by),
            escape(&change.what.join(", ")),
            escape(&change.reason)
        );
    }
    out.push('\n');
}

fn need_word(need: Needs) -> &'static str {
    match need {
        Needs::Record => "the record",
        Needs::File => "the whole file",
        Needs::Tables => "the tables",
        Needs::Register => "the register",
        Needs::History => "the person's doses",
        Needs::Platform => "the platform",
    }
}

fn write_examples(out: &mut String, found: &RuleExamples) {
    out.push_str("| example | raised | proposal |\n|---|---|---|\n");
    let positive = found.positive.iter().map(|example| (example, true));
    let negative = found.negative.iter().map(|example| (example, false));
    let boundary = found
        .boundary
        .iter()
        .map(|example| (example, example.raised.unwrap_or(true)));
    for (example, raised) in positive.chain(negative).chain(boundary) {
        let _ = writeln!(
            out,
            "| {} | {} | {} |",
            described(example),
            if raised { "✔" } else { "✘" },
            example.fix.as_deref().map(cell).unwrap_or_default(),
        );
    }
    out.push('\n');
}

fn described(example: &Example) -> String {
    let text = cell(&example.describe());
    match &example.note {
        Some(note) => format!("{text} – *{}*", cell(note)),
        None => text,
    }
}

fn cell(text: &str) -> String {
    escape(text).replace('|', "\\|")
}

fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        if matches!(c, '*' | '_' | '<' | '#' | '[' | ']') {
            out.push('\\');
        }
        out.push(c);
    }
    out
}
