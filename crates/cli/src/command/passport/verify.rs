//! `passport verify`: may this code be believed?

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use clap::Args;
use jiff::Timestamp;
use passport::revocation::{CertificateHashes, RevocationError, Revocations, SliceId};
use passport::rules::{Decision, RuleSet, Situation};
use passport::trust::{TrustError, TrustList};
use passport::value_sets::ValueSets;
use passport::verify::{Failure as StepFailure, Outcome as StepOutcome, Report, verify};
use registry::text::Text;
use serde_json::{Map, Value, json};
use signing::{Certificate, Trust};

use super::code;
use crate::Outcome;
use crate::clock::{moment, now};
use crate::command::clean::read_text;
use crate::command::lang::Lang;
use crate::command::revocation::{MANIFEST, SLICES};
use crate::command::sealed::{all_certificates, authorities, read_jws};
use crate::exit::{Exit, Failure, usage};

/// Verify a code, a photo or a PDF: every step, and one sentence why not.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung passport verify photo.jpg --trust trust.json --json\n\nCODE is the text of the QR code, a picture (PNG, JPEG), a PDF, a text file, or - for stdin.\nWithout --revocation and --rules these two steps are skipped.\nExit code 0 when the certificate is valid, 1 when it is not."
)]
pub struct Verify {
    /// The code, a file that shows it, or - for stdin.
    #[arg(value_name = "CODE|FILE|-", allow_hyphen_values = true)]
    code: String,
    /// Certificates of the signers to believe (PEM or DER).
    #[arg(long, value_name = "FILE.pem|der", conflicts_with = "trust")]
    signer: Vec<PathBuf>,
    /// A trust list. The signature beside it (FILE.jws) is checked with --authority.
    #[arg(long, value_name = "FILE")]
    trust: Option<PathBuf>,
    /// Certificates of the authorities (CSCA) that vouch for whoever signed the trust list and the revocation list.
    #[arg(long, value_name = "FILE.pem|der")]
    authority: Vec<PathBuf>,
    /// The moment of the check [default: now].
    #[arg(long, value_name = "RFC3339", value_parser = moment)]
    at: Option<Timestamp>,
    /// A folder of business rules (JSON), to run those of the destination.
    #[arg(long, value_name = "DIR", requires = "destination")]
    rules: Option<PathBuf>,
    /// Country of arrival, two letters.
    #[arg(long, value_name = "XX", requires = "rules")]
    destination: Option<String>,
    /// A published revocation list: the folder that `revocation publish` wrote.
    #[arg(long, value_name = "DIR")]
    revocation: Option<PathBuf>,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Language of sentences.
    #[arg(long, value_enum, default_value = "vi")]
    lang: Lang,
}

impl Verify {
    /// Runs the command.
    pub(super) fn run(self) -> Outcome {
        let at = self.at.unwrap_or_else(now);
        let sources = self.sources(at)?;
        let code = code::read(&self.code)?;
        let answer = sources.judge(&code, at);
        if self.json {
            println!("{}", answer.to_json(self.lang));
        } else {
            answer.print(self.lang);
        }
        Ok(if answer.valid() { Exit::Good } else { Exit::No })
    }

    /// Everything that the check rests on, read before the code is looked at.
    fn sources(&self, at: Timestamp) -> Result<Sources, Failure> {
        let anchors = match self.authority.as_slice() {
            [] => None,
            files => Some(authorities(files)?),
        };
        let anchors = anchors.as_ref();
        let signers = match &self.trust {
            Some(path) => trust_list(path, anchors, at)?,
            None if self.signer.is_empty() => Signers::Nobody(Text::new(
                "Chưa cho biết tin ai: hãy dùng --signer hoặc --trust.",
                "Nobody is trusted: give --signer or --trust.",
            )),
            None => Signers::Given(all_certificates(&self.signer)?),
        };
        let revocation = self.revocation.as_deref();
        let rules = self.rules.as_deref().map(rule_set).transpose()?;
        Ok(Sources {
            signers,
            revocations: revocation
                .map(|folder| revocations(folder, anchors, at))
                .transpose()?,
            rules: rules.zip(self.destination.as_deref().map(str::to_uppercase)),
        })
    }
}

/// What the check rests on.
struct Sources {
    signers: Signers,
    revocations: Option<Result<Revocations, RevocationError>>,
    rules: Option<(RuleSet, String)>,
}

/// Who may have signed.
enum Signers {
    /// These.
    Given(Vec<Certificate>),
    /// Those of a list that is fresh.
    Listed(TrustList),
    /// Nobody can be believed, and why: to be said in place of "unknown signer".
    Nobody(Text),
}

impl Sources {
    fn judge(&self, code: &str, at: Timestamp) -> Answer {
        let nobody: &[Certificate] = &[];
        let (report, distrust) = match &self.signers {
            Signers::Given(certificates) => (verify(code, certificates.as_slice(), at), None),
            Signers::Listed(list) => match list.at(at) {
                Ok(signers) => (verify(code, &signers, at), None),
                Err(error) => (verify(code, nobody, at), Some(error.message())),
            },
            Signers::Nobody(why) => (verify(code, nobody, at), Some(why.clone())),
        };
        let mut answer = Answer::of(report, distrust);
        if let Some(revocations) = &self.revocations {
            answer.look_up(revocations, at);
        }
        if let Some((rules, destination)) = &self.rules {
            answer.run_rules(rules, destination, at);
        }
        answer
    }
}

/// How a step went, in the words of the JSON.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Went {
    Ok,
    Failed,
    Skipped,
}

impl Went {
    fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Failed => "failed",
            Self::Skipped => "skipped",
        }
    }
}

/// The verdict over one code.
struct Answer {
    report: Report,
    /// Why no signer can be believed; then the signature was not tried.
    distrust: Option<Text>,
    revocation: Went,
    rules: Went,
    /// The first reason against it.
    reason: Option<Text>,
    /// What the destination says, whatever it is.
    entry: Option<Text>,
}

impl Answer {
    fn of(report: Report, distrust: Option<Text>) -> Self {
        let untried = matches!(report.failure(), Some(StepFailure::UnknownSigner { .. }));
        let reason = report.failure().map(StepFailure::text);
        Self {
            reason: match &distrust {
                Some(why) if untried || reason.is_none() => Some(why.clone()),
                _ => reason,
            },
            report,
            distrust,
            revocation: Went::Skipped,
            rules: Went::Skipped,
            entry: None,
        }
    }

    fn valid(&self) -> bool {
        self.report.is_valid()
            && self.distrust.is_none()
            && self.revocation != Went::Failed
            && self.rules != Went::Failed
    }

    /// A list that is stale or broken counts as a failure: who cannot know must not let pass.
    fn look_up(&mut self, revocations: &Result<Revocations, RevocationError>, at: Timestamp) {
        let Some(contents) = &self.report.contents else {
            return;
        };
        let (Some(kid), Some(hashes)) = (&contents.kid, CertificateHashes::of(contents)) else {
            return;
        };
        let reason = match revocations {
            Ok(revocations) => match revocations.find(kid, &hashes, at) {
                Ok(None) => {
                    self.revocation = Went::Ok;
                    return;
                }
                Ok(Some(_)) => Text::new(
                    "Chứng nhận đã bị thu hồi.",
                    "The certificate has been revoked.",
                ),
                Err(error) => error.message(),
            },
            Err(error) => error.message(),
        };
        self.revocation = Went::Failed;
        self.reason.get_or_insert(reason);
    }

    fn run_rules(&mut self, rules: &RuleSet, destination: &str, at: Timestamp) {
        let Some(contents) = &self.report.contents else {
            return;
        };
        let (Some(dcc), Ok(payload)) = (&contents.dcc, passport::cbor::to_json(&contents.payload))
        else {
            return;
        };
        let kid = contents.kid.as_deref().map(|kid| STANDARD.encode(kid));
        let issuer = contents.issuer.as_deref();
        let situation = Situation {
            issued_at: contents.issued_at,
            expires_at: contents.expires_at,
            kid: kid.as_deref(),
            ..Situation::new(
                destination,
                issuer.unwrap_or_else(|| dcc.entry.country()),
                at,
                ValueSets::eu().lists(),
            )
        };
        let verdict = rules.check(&payload, &situation);
        let summary = verdict.summary();
        self.rules = match verdict.decision {
            Decision::Accepted => Went::Ok,
            // What could not be decided is no yes.
            Decision::Refused | Decision::Open => {
                self.reason.get_or_insert_with(|| summary.clone());
                Went::Failed
            }
        };
        self.entry = Some(summary);
    }

    /// The steps by name, in order.
    fn steps(&self) -> Vec<(&'static str, Went)> {
        let untried = self.distrust.is_some();
        let of_report = self.report.steps().map(|(step, outcome)| {
            let went = match outcome {
                StepOutcome::Ok => Went::Ok,
                StepOutcome::Failed(StepFailure::UnknownSigner { .. }) if untried => Went::Skipped,
                StepOutcome::Failed(_) => Went::Failed,
                StepOutcome::Skipped => Went::Skipped,
            };
            (step.name(), went)
        });
        let own = [("revocation", self.revocation), ("rules", self.rules)];
        of_report.chain(own).collect()
    }

    fn claims(&self) -> Value {
        let Some(contents) = &self.report.contents else {
            return Value::Null;
        };
        let mut claims = json!({
            "issuer": contents.issuer,
            "issued_at": contents.issued_at,
            "expires_at": contents.expires_at,
            "kid": contents.kid.as_deref().map(|kid| STANDARD.encode(kid)),
        });
        let payload = passport::cbor::to_json(&contents.payload);
        if let (Value::Object(claims), Ok(Value::Object(payload))) = (&mut claims, payload) {
            claims.extend(payload);
        }
        claims
    }

    fn to_json(&self, lang: Lang) -> Value {
        let steps: Map<_, _> = self
            .steps()
            .into_iter()
            .map(|(name, went)| (name.to_owned(), json!(went.as_str())))
            .collect();
        let warnings = self.report.warnings.iter();
        let warnings: Vec<_> = warnings.map(|warning| lang.of(warning.text())).collect();
        json!({
            "valid": self.valid(),
            "reason": self.reason.clone().map(|reason| lang.of(reason)),
            "steps": steps,
            "warnings": warnings,
            "claims": self.claims(),
            "signer": self.report.signer.as_ref().map(Certificate::subject),
            "entry": self.entry.clone().map(|entry| lang.of(entry)),
        })
    }

    fn print(&self, lang: Lang) {
        match &self.reason {
            Some(reason) => println!("{}", lang.of(reason.clone())),
            None => println!("{}", lang.of(self.report.sentence())),
        }
        println!();
        for (name, went) in self.steps() {
            println!("  {name:<12} {}", went.as_str());
        }
        if let Some(signer) = &self.report.signer {
            println!("  signed by    {}", signer.subject());
        }
        for warning in &self.report.warnings {
            println!("  warning      {}", lang.of(warning.text()));
        }
        if let Some(entry) = &self.entry {
            println!("  entry        {}", lang.of(entry.clone()));
        }
        if let Some(contents) = &self.report.contents {
            println!();
            super::inspect::print_contents(contents);
        }
    }
}

/// A trust list. One that cannot be read is the caller's fault; one that cannot be believed is an answer.
fn trust_list(path: &Path, anchors: Option<&Trust>, at: Timestamp) -> Result<Signers, Failure> {
    let text = read_text(path)?;
    let list = if let Some(anchors) = anchors {
        TrustList::open(&text, &read_jws(path)?, anchors, at)
    } else {
        eprintln!("note: the signature of the trust list is not checked without --authority");
        TrustList::from_json(&text)
    };
    match list {
        Ok(list) => Ok(Signers::Listed(list)),
        Err(
            error @ (TrustError::Stale { .. }
            | TrustError::Future { .. }
            | TrustError::Signature(_)),
        ) => Ok(Signers::Nobody(error.message())),
        Err(error) => Err(usage(format!("{}: {error}", path.display()))),
    }
}

/// A published revocation list. What is wrong with it is an answer: it must not let anybody pass.
fn revocations(
    folder: &Path,
    anchors: Option<&Trust>,
    at: Timestamp,
) -> Result<Result<Revocations, RevocationError>, Failure> {
    let path = folder.join(MANIFEST);
    let manifest = read_text(&path)?;
    let fetch = |id: &SliceId| std::fs::read(folder.join(SLICES).join(id.to_string())).ok();
    Ok(if let Some(anchors) = anchors {
        Revocations::open_signed(&manifest, &read_jws(&path)?, anchors, at, fetch)
    } else {
        eprintln!("note: the signature of the revocation list is not checked without --authority");
        Revocations::open(&manifest, fetch)
    })
}

/// The rules in all JSON files of a folder.
fn rule_set(folder: &Path) -> Result<RuleSet, Failure> {
    let unreadable = |error: std::io::Error| usage(format!("{}: {error}", folder.display()));
    let entries = std::fs::read_dir(folder).map_err(unreadable)?;
    let paths: Result<Vec<PathBuf>, _> = entries
        .map(|entry| entry.map(|entry| entry.path()))
        .collect();
    let mut paths = paths.map_err(unreadable)?;
    paths.retain(|path| {
        path.extension()
            .is_some_and(|extension| extension == "json")
    });
    paths.sort();
    if paths.is_empty() {
        return Err(usage(format!(
            "{}: no rule in it (*.json)",
            folder.display()
        )));
    }
    let mut rules = RuleSet::default();
    for path in paths {
        rules
            .add_json(&read_text(&path)?)
            .map_err(|error| usage(format!("{}: {error}", path.display())))?;
    }
    Ok(rules)
}
