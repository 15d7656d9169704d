//! How large revocation lists are and how fast they answer, and how fast a rule is evaluated. Run with `--release`:
//!
//! ```sh
//! cargo run --release -p passport --example revocation_speed
//! ```

#![expect(clippy::print_stdout, reason = "printing is what it is for")]
#![expect(clippy::disallowed_methods, reason = "it measures time")]

use std::hint::black_box;
use std::time::Instant;

use jiff::Timestamp;
use passport::certlogic::{Expression, Value};
use passport::revocation::{
    CertificateHashes, HashKind, Options, RevocationHash, RevocationList, Revocations, SliceForm,
};
use rand::{RngExt, SeedableRng};
use rand_pcg::Pcg64;
use serde_json::json;

const KID: [u8; 8] = [1; 8];
const LOOKUPS: usize = 200_000;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (now, stale) = (
        Timestamp::from_second(1_800_000_000)?,
        Timestamp::from_second(1_900_000_000)?,
    );
    println!(
        "{:>9} {:>12} {:>8} {:>9} {:>9} {:>12} {:>12}",
        "entries", "form", "build", "bytes", "bits/hash", "false rate", "lookup"
    );
    for entries in [10_000, 1_000_000] {
        let list = random_list(entries, stale)?;
        for (name, form) in [
            ("Bloom", SliceForm::BloomFilter),
            ("hash list", SliceForm::VarHashList { shortest: 4 }),
        ] {
            let options = Options {
                form,
                ..Options::default()
            };
            let started = Instant::now();
            let published = list.publish(&options, now, stale)?;
            let built = started.elapsed();
            let revocations = Revocations::open(&published.manifest_json(), |id| {
                published.slices.get(id).cloned()
            })?;
            let certificates = random_certificates();
            let started = Instant::now();
            for hashes in &certificates {
                black_box(revocations.find(&KID, hashes, now)?);
            }
            let lookup = started.elapsed().as_nanos() / LOOKUPS as u128;
            let size = published.size;
            println!(
                "{entries:>9} {name:>12} {:>6} ms {:>9} {:>9.1} {:>12.1e} {lookup:>9} ns",
                built.as_millis(),
                size.bytes,
                size.bytes as f64 * 8.0 / size.entries as f64,
                size.false_positive_rate,
            );
        }
    }
    rule_speed()
}

fn random_list(entries: usize, expires: Timestamp) -> Result<RevocationList, jiff::Error> {
    let mut random = Pcg64::seed_from_u64(1);
    let mut list = RevocationList::default();
    for number in 0..entries {
        // Spread over a year, as the expiry of certificates is.
        let days = (number % 365) as i64;
        let expires = Timestamp::from_second(expires.as_second() - days * 86_400)?;
        list.revoke(
            Some(KID),
            HashKind::Uci,
            RevocationHash(random.random()),
            expires,
        );
    }
    Ok(list)
}

fn random_certificates() -> Vec<CertificateHashes> {
    let mut random = Pcg64::seed_from_u64(2);
    let mut hash = || RevocationHash(random.random());
    let certificate = || CertificateHashes {
        uci: hash(),
        country_code_uci: hash(),
        signature: hash(),
    };
    std::iter::repeat_with(certificate).take(LOOKUPS).collect()
}

/// A rule such as most countries have: a complete course, between 14 and 270 days ago.
fn rule_speed() -> Result<(), Box<dyn std::error::Error>> {
    let clock = json!({"plusTime": [{"var": "external.validationClock"}, 0, "day"]});
    let rule = Expression::parse(&json!({"if": [
        {"var": "payload.v.0"},
        {"and": [
            {">=": [{"var": "payload.v.0.dn"}, {"var": "payload.v.0.sd"}]},
            {"in": [{"var": "payload.v.0.mp"}, ["EU/1/20/1507", "EU/1/20/1525", "EU/1/20/1528", "EU/1/21/1529"]]},
            {"not-after": [
                {"plusTime": [{"var": "payload.v.0.dt"}, 14, "day"]},
                clock,
                {"plusTime": [{"var": "payload.v.0.dt"}, 270, "day"]}
            ]}
        ]},
        true
    ]}))?;
    let data = json!({
        "payload": {"v": [{"dn": 2, "sd": 2, "mp": "EU/1/20/1528", "dt": "2022-01-01"}]},
        "external": {"validationClock": "2022-05-26T10:00:00Z"}
    });
    let started = Instant::now();
    for _ in 0..LOOKUPS {
        black_box(rule.evaluate(black_box(&Value::from_json(&data)))?);
    }
    let each = started.elapsed().as_nanos() / LOOKUPS as u128;
    println!("a rule with three conditions: {each} ns");
    Ok(())
}
