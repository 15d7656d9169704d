//! Certificates issued and verified per second of CPU time, on one core: `cargo run --release -p passport --example speed`.

#![expect(clippy::print_stdout, reason = "this example is a command")]

use std::error::Error;
use std::hint::black_box;
use std::time::Duration;

use cpu_time::ThreadTime;
use jiff::civil::date;
use passport::dcc::Dcc;
use passport::issue::{Claims, Issuer};
use passport::names::HolderName;
use passport::numbering::DoseNumber;
use passport::profile::Profile;
use passport::verify::verify;
use passport::{base45, cose, cwt, schema, zlib};
use registry::date::BirthDate;
use signing::{Algorithm, Certificate, Signer, SoftwareKey};

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
    measure(id, "sign alone", || {
        drop(black_box(key.sign(black_box(&signed))))
    });
    measure(id, "issue", || {
        claims.id += 1;
        drop(black_box(issuer.issue(&claims, now)));
    });
    measure(id, "verify the signature alone", || {
        black_box(certificate.verify(profile.algorithm, black_box(&signed), sign1.signature));
    });
    measure(id, "verify", || {
        drop(black_box(verify(black_box(&code), trusted, now)))
    });
    measure(id, "base45", || {
        drop(black_box(base45::decode(black_box(
            code.get(4..).unwrap_or_default(),
        ))))
    });
    measure(id, "deflate", || {
        drop(black_box(zlib::deflate(black_box(&message))))
    });
    measure(id, "inflate", || {
        drop(black_box(zlib::inflate(black_box(&stream))))
    });
    measure(id, "read the payload", || {
        drop(black_box(Dcc::from_cbor(black_box(payload))))
    });
    measure(id, "check the schema", || {
        drop(black_box(schema::check(black_box(&dcc))))
    });
    Ok(())
}

/// Prints the best of several rounds.
fn measure(profile: &str, what: &str, mut operation: impl FnMut()) {
    const ROUNDS: usize = 7;
    const ROUND: Duration = Duration::from_millis(150);
    let mut calls = 0_u32;
    let start = ThreadTime::now();
    while start.elapsed() < ROUND {
        operation();
        calls += 1;
    }
    let mut best = Duration::MAX;
    for _ in 0..ROUNDS {
        let start = ThreadTime::now();
        for _ in 0..calls {
            operation();
        }
        best = best.min(start.elapsed());
    }
    let each = best.as_secs_f64() / f64::from(calls);
    println!(
        "{profile} {what:28} {:9.0} /s {:7.2} µs",
        1.0 / each,
        each * 1e6
    );
}

/// A new key with a certificate of its own.
fn signer(algorithm: Algorithm) -> Result<(SoftwareKey, Certificate), Box<dyn Error>> {
    use rcgen::{
        CertificateParams, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256, RsaKeySize,
        date_time_ymd,
    };
    let key = match algorithm {
        Algorithm::Es256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
        Algorithm::Ps256 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
    }?;
    let mut params = CertificateParams::default();
    params.not_before = date_time_ymd(2023, 1, 1);
    params.not_after = date_time_ymd(2027, 1, 1);
    let certificate = params.self_signed(&key)?;
    Ok((
        SoftwareKey::from_pkcs8_der(&key.serialize_der())?,
        Certificate::from_der(certificate.der())?,
    ))
}
