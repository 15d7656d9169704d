//! `rules`: the catalogue of data-quality rules.

use clap::{Args, Subcommand};
use quality::{RuleId, catalogue};
use registry::text::Lang;
use serde_json::json;

use crate::Outcome;
use crate::command::lang;
use crate::exit::{Blame, Exit, usage};

/// List the rules, or explain one.
#[derive(Args)]
#[command(
    after_help = "Examples:\n  minhchung rules list\n  minhchung rules explain DB-05 --lang vi"
)]
pub struct Rules {
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// All rules with severity and title.
    List {
        /// Language.
        #[arg(long, value_enum, default_value = "vi")]
        lang: lang::Lang,
        /// The whole catalogue as Markdown (docs/rules.md).
        #[arg(long, conflicts_with = "json")]
        markdown: bool,
        /// As one JSON object.
        #[arg(long)]
        json: bool,
    },
    /// What a rule finds, why it matters and how to fix it.
    Explain {
        /// Rule id, e.g. DB-05.
        id: String,
        /// Language.
        #[arg(long, value_enum, default_value = "vi")]
        lang: lang::Lang,
    },
}

impl Rules {
    /// Runs the command.
    pub fn run(self) -> Outcome {
        match self.what {
            What::List { markdown: true, .. } => print!("{}", quality::markdown(catalogue())),
            What::List { json: true, .. } => print_json()?,
            What::List { lang, .. } => print_list(lang.into()),
            What::Explain { id, lang } => explain(&id, lang.into())?,
        }
        Ok(Exit::Good)
    }
}

fn print_list(lang: Lang) {
    for rule in catalogue().rules() {
        println!(
            "{:<6} {:<2} {}",
            rule.id.as_str(),
            rule.severity.as_str(),
            rule.title.get(lang)
        );
    }
}

fn print_json() -> Result<(), crate::exit::Failure> {
    let rules: Vec<_> = catalogue()
        .rules()
        .iter()
        .map(|rule| {
            json!({
                "id": rule.id.as_str(),
                "version": rule.version,
                "severity": rule.severity.as_str(),
                "decided_here": rule.is_decided_here(),
                "title": { "vi": rule.title.vi, "en": rule.title.en },
                "why": { "vi": rule.why.vi, "en": rule.why.en },
                "fix": { "vi": rule.fix.vi, "en": rule.fix.en },
                "thresholds": rule.thresholds,
            })
        })
        .collect();
    println!(
        "{}",
        serde_json::to_string(&json!({ "rules": rules })).or_fault()?
    );
    Ok(())
}

fn explain(id: &str, lang: Lang) -> Result<(), crate::exit::Failure> {
    let id = RuleId::parse(id).ok_or_else(|| {
        usage(format!(
            "no rule is called '{id}'; `minhchung rules list` shows all"
        ))
    })?;
    let rule = catalogue().rule(id);
    let words = match lang {
        Lang::Vi => [
            "Mức độ",
            "Vì sao quan trọng",
            "Cách sửa",
            "Gợi ý tự động",
            "Ngưỡng",
            "Chờ nền tảng",
        ],
        Lang::En => [
            "Severity",
            "Why it matters",
            "How to fix it",
            "Automatic suggestion",
            "Thresholds",
            "Waits for the platform",
        ],
    };
    println!("{} {}", rule.id.as_str(), rule.title.get(lang));
    println!(
        "{}: {} ({})",
        words[0],
        rule.mark(),
        rule.severity.word(lang)
    );
    println!("{}: {}", words[1], rule.why.get(lang));
    println!("{}: {}", words[2], rule.fix.get(lang));
    if !rule.safe_fix.text(lang).is_empty() {
        println!("{}: {}", words[3], rule.safe_fix.text(lang));
    }
    for (name, value) in &rule.thresholds {
        println!("{}: {name} = {value}", words[4]);
    }
    if let Some(waits) = &rule.waits {
        println!("{}: {}", words[5], waits.get(lang));
    }
    Ok(())
}
