//! Certificates issued and verified per second of CPU time, on one core: `cargo run --release -p passport --example certificates`.

#![expect(clippy::print_stdout, reason = "this example is a command")]

use std::error::Error;
use std::hint::black_box;
use std::time::{Duration, Instant};

use cpu_time::ThreadTime;
use jiff::Timestamp;
use jiff::civil::date;
use passport::dcc::Dcc;
use passport::issue::{Claims, Issuer};
use passport::names::HolderName;
use passport::numbering::DoseNumber;
use passport::profile::Profile;
use passport::verify::verify;
use passport::{base45, cose, cwt, schema, zlib};
use registry::date::BirthDate;
use signing::authority::{Request, Subject, Validity, create_authority, issue_signer};
use signing::{Algorithm, Certificate, KeyKind, Purpose, Signer, SoftwareKey};

fn main() -> Result<(), Box<dyn Error>> {
    for toml in [Profile::EU_2023, Profile::VN_2022] {
        measure_profile(&Profile::parse(toml)?)?;
    }
    Ok(())
}

fn measure_profile(profile: &Profile) -> Result<(), Box<dyn Error>> {
    let (key, certificate) = signer(profile.algorithm)?;
    let now = "2024-03-01T08:00:00Z".parse()?;
    let name = HolderName::from_full_name("Nguyễn Thị Hồng Đào")?;
    let mut claims = Claims {
        name: &name,
        birth_date: BirthDate::Day(date(1985, 7, 21)),
        vaccine: profile.codes_of("AstraZeneca", None)?,
        number: DoseNumber {
            dose: 2,
            doses: 2,
            course: 2,
        },
        date: date(2021, 10, 15),
        id: 0,
    };
    let issuer = Issuer::new(profile, &certificate, &key)?;
    let code = issuer.issue(&claims, now)?.code;
    let trusted = std::slice::from_ref(&certificate);
    if !verify(&code, trusted, now).is_valid() {
        return Err("the code does not verify".into());
    }

    let stream = base45::decode(code.get(4..).unwrap_or_default())?;
    let message = zlib::inflate(&stream)?;
    let sign1 = cose::Sign1::parse(&message)?;
    let signed = sign1.to_be_signed();
    let payload = cwt::Cwt::parse(sign1.payload)?.dcc;
    let dcc = Dcc::from_cbor(payload)?;
    let id = &profile.id;
    let body = code.strip_prefix("HC1:").unwrap_or_default();
    measure(id, "sign alone", || key.sign(black_box(&signed)));
    measure(id, "issue", || {
        claims.id += 1;
        issuer.issue(&claims, now)
    });
    for threads in [1, 2] {
        let each = issued_together(&issuer, &claims, now, threads);
        print(id, &format!("issue, threads at once: {threads}"), each);
    }
    measure(id, "verify the signature alone", || {
        certificate.verify(profile.algorithm, black_box(&signed), sign1.signature)
    });
    measure(id, "verify", || verify(black_box(&code), trusted, now));
    measure(id, "base45", || base45::decode(black_box(body)));
    measure(id, "deflate", || zlib::deflate(black_box(&message)));
    measure(id, "inflate", || zlib::inflate(black_box(&stream)));
    measure(id, "read the payload", || {
        Dcc::from_cbor(black_box(payload))
    });
    measure(id, "check the schema", || schema::check(black_box(&dcc)));
    Ok(())
}

/// Prints the best of several rounds.
fn measure<T>(profile: &str, what: &str, mut operation: impl FnMut() -> T) {
    const ROUNDS: usize = 7;
    const ROUND: Duration = Duration::from_millis(150);
    let mut calls = 0_u32;
    let start = ThreadTime::now();
    while start.elapsed() < ROUND {
        black_box(operation());
        calls += 1;
    }
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = ThreadTime::now();
        for _ in 0..calls {
            black_box(operation());
        }
        best = best.min(start.elapsed());
    }
    print(profile, what, f64::from(calls) / best.as_secs_f64());
}

/// One JSON object a line, as the peers of bench/certificates print.
fn print(profile: &str, what: &str, per_second: f64) {
    println!(
        r#"{{"peer":"Minh Chứng, {profile}","operation":"{what}","per_second_per_core":{per_second:.0}}}"#
    );
}

/// Certificates that so many threads issue together, per second on the wall: the best of several rounds.
#[expect(
    clippy::disallowed_methods,
    reason = "what threads gain shows on the wall alone"
)]
fn issued_together(
    issuer: &Issuer<'_>,
    claims: &Claims<'_>,
    now: Timestamp,
    threads: usize,
) -> f64 {
    const ROUNDS: usize = 5;
    const ROUND: Duration = Duration::from_millis(400);
    let one_thread = || {
        let (start, mut claims, mut made) = (Instant::now(), claims.clone(), 0_u32);
        while start.elapsed() < ROUND {
            claims.id += 1;
            made += u32::from(issuer.issue(&claims, now).is_ok());
        }
        f64::from(made) / start.elapsed().as_secs_f64()
    };
    let mut best = 0_f64;
    for _ in 0..ROUNDS {
        let together = std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(one_thread)).collect();
            let made = running
                .into_iter()
                .map(|thread| thread.join().unwrap_or(0.0));
            made.sum::<f64>()
        });
        best = best.max(together);
    }
    best
}

/// A new key and its certificate.
fn signer(algorithm: Algorithm) -> Result<(SoftwareKey, Certificate), Box<dyn Error>> {
    let key = SoftwareKey::generate(match algorithm {
        Algorithm::Es256 => KeyKind::P256,
        Algorithm::Ps256 => KeyKind::Rsa2048,
    })?;
    let subject = Subject {
        country: "VN".into(),
        organisation: "Measurement".into(),
        common_name: "Signer".into(),
    };
    let validity = Validity {
        not_before: "2023-01-01T00:00:00Z".parse()?,
        not_after: "2027-01-01T00:00:00Z".parse()?,
    };
    let authority_key = SoftwareKey::generate(KeyKind::P256)?;
    let authority = create_authority(&authority_key, &subject, validity)?;
    let request = Request::create(&key, &subject)?;
    let certificate = issue_signer(
        &authority_key,
        &authority,
        &request,
        &[Purpose::Vaccination],
        validity,
    )?;
    Ok((key, certificate))
}
