//! `passport inspect`: everything in a code, without judging it.

use clap::Args;
use passport::cose::Sign1;
use passport::cwt::Cwt;
use passport::dcc::Entry;
use passport::issue::PREFIX;
use passport::value_sets::{Set, ValueSets};
use passport::verify::{self, Contents, Report};
use passport::{base45, zlib};
use serde_json::{Value, json};
use signing::{Algorithm, Certificate};

use super::code;
use crate::Outcome;
use crate::command::lang::Lang;
use crate::exit::Exit;

/// Show everything in a code, layer by layer. The signature is not checked.
#[derive(Args)]
#[command(
    after_help = "Example:\n  minhchung passport inspect photo.jpg\n\nWhoever can write a QR code can write anything into it: only `passport verify` tells whether it may be believed.\nExit code 1 when the code cannot be opened to its end; what could be opened is shown."
)]
pub struct Inspect {
    /// The code, a file that shows it, or - for stdin.
    #[arg(value_name = "CODE|FILE|-", allow_hyphen_values = true)]
    code: String,
    /// Print one JSON object.
    #[arg(long)]
    json: bool,
    /// Language of sentences.
    #[arg(long, value_enum, default_value = "vi")]
    lang: Lang,
}

impl Inspect {
    /// Runs the command.
    pub(super) fn run(self) -> Outcome {
        let code = code::read(&self.code)?;
        let nobody: &[Certificate] = &[];
        // Steps that ask for a signer fail, and nobody looks at them: this command does not judge.
        let report = verify::verify(&code, nobody, jiff::Timestamp::UNIX_EPOCH);
        let layers = Layers::of(&code);
        let problem = report
            .failure()
            .filter(|_| report.contents.is_none())
            .map(|failure| self.lang.of(failure.text()));
        if self.json {
            println!("{}", to_json(&layers, &report, problem.as_deref()));
        } else {
            layers.print();
            if let Some(contents) = &report.contents {
                print_contents(contents);
                print_payload(contents);
            }
            if let Some(problem) = &problem {
                println!("{problem}");
            }
            println!("The signature was not checked; `passport verify` does.");
        }
        Ok(if problem.is_none() {
            Exit::Good
        } else {
            Exit::No
        })
    }
}

/// Sizes and headers of the layers, as far as they open; sizes in bytes, but of the code in characters.
#[derive(Default)]
struct Layers {
    code: usize,
    compressed: Option<usize>,
    message: Option<usize>,
    envelope: Option<Envelope>,
}

struct Envelope {
    algorithm: Option<i64>,
    known: Option<Algorithm>,
    kid: Option<String>,
    claims: usize,
    certificate: Option<usize>,
    signature: usize,
}

impl Layers {
    fn of(code: &str) -> Self {
        let mut layers = Self {
            code: code.chars().count(),
            ..Self::default()
        };
        let Some(stream) = code
            .strip_prefix(PREFIX)
            .and_then(|body| base45::decode(body).ok())
        else {
            return layers;
        };
        layers.compressed = Some(stream.len());
        let Ok(message) = zlib::inflate(&stream) else {
            return layers;
        };
        layers.message = Some(message.len());
        layers.envelope = Sign1::parse(&message).ok().map(|sign1| Envelope {
            algorithm: sign1.algorithm,
            known: sign1.known_algorithm(),
            kid: sign1.kid.map(hex::encode),
            claims: sign1.payload.len(),
            certificate: Cwt::parse(sign1.payload).ok().map(|cwt| cwt.dcc.len()),
            signature: sign1.signature.len(),
        });
        layers
    }

    fn print(&self) {
        println!("code          {} characters", self.code);
        let sizes = [("compressed", self.compressed), ("message", self.message)];
        for (name, size) in sizes {
            if let Some(size) = size {
                println!("{name:<13} {size} bytes");
            }
        }
        let Some(envelope) = &self.envelope else {
            return;
        };
        println!("claims        {} bytes", envelope.claims);
        if let Some(size) = envelope.certificate {
            println!("certificate   {size} bytes");
        }
        println!("signature     {} bytes", envelope.signature);
        println!("algorithm     {}", envelope.algorithm_name());
    }

    fn to_json(&self) -> Value {
        let envelope = self.envelope.as_ref();
        json!({
            "code_characters": self.code,
            "compressed_bytes": self.compressed,
            "message_bytes": self.message,
            "claims_bytes": envelope.map(|envelope| envelope.claims),
            "certificate_bytes": envelope.and_then(|envelope| envelope.certificate),
            "signature_bytes": envelope.map(|envelope| envelope.signature),
        })
    }
}

impl Envelope {
    fn algorithm_name(&self) -> String {
        match (self.known, self.algorithm) {
            (Some(Algorithm::Es256), _) => "ES256".into(),
            (Some(Algorithm::Ps256), _) => "PS256".into(),
            (None, Some(number)) => format!("COSE {number}"),
            (None, None) => "none".into(),
        }
    }
}

fn to_json(layers: &Layers, report: &Report, problem: Option<&str>) -> Value {
    let contents = report.contents.as_ref();
    let payload = contents.and_then(|contents| passport::cbor::to_json(&contents.payload).ok());
    json!({
        "signature_checked": false,
        "problem": problem,
        "layers": layers.to_json(),
        "header": layers.envelope.as_ref().map(|envelope| json!({
            "algorithm": envelope.algorithm_name(),
            "kid": envelope.kid,
        })),
        "issuer": contents.and_then(|contents| contents.issuer.as_deref()),
        "issued_at": contents.and_then(|contents| contents.issued_at),
        "expires_at": contents.and_then(|contents| contents.expires_at),
        "certificate": payload,
    })
}

/// What the certificate says, for people.
pub(super) fn print_contents(contents: &Contents) {
    let line = |name: &str, value: &str| {
        if !value.is_empty() {
            println!("{name:<13} {value}");
        }
    };
    let time = |time: Option<jiff::Timestamp>| time.map(|time| time.to_string());
    line(
        "kid",
        &contents.kid.as_deref().map(hex::encode).unwrap_or_default(),
    );
    line("issuer", contents.issuer.as_deref().unwrap_or_default());
    line("issued", &time(contents.issued_at).unwrap_or_default());
    line("expires", &time(contents.expires_at).unwrap_or_default());
    let Some(dcc) = &contents.dcc else {
        return;
    };
    let name = [&dcc.name.family, &dcc.name.given];
    let icao = [&dcc.name.family_icao, &dcc.name.given_icao];
    let join = |parts: [&Option<String>; 2], by: &str| {
        parts
            .into_iter()
            .flatten()
            .cloned()
            .collect::<Vec<_>>()
            .join(by)
    };
    line("name", &join(name, " "));
    line("name, A-Z", &join(icao, "<<"));
    line("born", &dcc.birth_date);
    let named = |set, code: &str| match ValueSets::eu().display(set, code) {
        Some(display) => format!("{display} ({code})"),
        None => code.to_owned(),
    };
    match &dcc.entry {
        Entry::Vaccination(entry) => {
            line("vaccine", &named(Set::Product, &entry.product));
            line(
                "manufacturer",
                &named(Set::Manufacturer, &entry.manufacturer),
            );
            line("kind", &named(Set::Prophylaxis, &entry.prophylaxis));
            line("dose", &format!("{} of {}", entry.dose, entry.doses));
            line("given", &entry.date);
        }
        Entry::Test(entry) => {
            line("test", &named(Set::TestType, &entry.kind));
            line("result", &named(Set::TestResult, &entry.result));
            line("sampled", &entry.sampled_at);
        }
        Entry::Recovery(entry) => {
            line(
                "recovered",
                &format!("first positive {}", entry.first_positive),
            );
            line(
                "counts",
                &format!("{} to {}", entry.valid_from, entry.valid_until),
            );
        }
    }
    line("disease", &named(Set::Disease, dcc.entry.disease()));
    line("country", dcc.entry.country());
    line("issued by", dcc.entry.issuer());
    line("identifier", dcc.entry.id());
}

/// The certificate as it was signed, with members that nobody knows.
fn print_payload(contents: &Contents) {
    if let Ok(payload) = passport::cbor::to_json(&contents.payload)
        && let Ok(text) = serde_json::to_string_pretty(&payload)
    {
        println!("{text}");
    }
}
