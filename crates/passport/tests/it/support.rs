//! Signers and holders for the tests. Nobody here exists.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::date;
use passport::issue::{Claims, Issued, Issuer};
use passport::names::HolderName;
use passport::numbering::DoseNumber;
use passport::profile::Profile;
use registry::date::BirthDate;
use signing::authority::{Request, Subject, Validity, create_authority, issue_signer};
use signing::{Algorithm, Certificate, KeyKind, Purpose, SoftwareKey};

/// When the tests take place.
pub(crate) const NOW: &str = "2024-03-01T08:00:00Z";

pub(crate) fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// A key with its certificate.
pub(crate) struct Dsc {
    pub(crate) key: SoftwareKey,
    pub(crate) certificate: Certificate,
}

/// What is said about a signer when it is made.
pub(crate) struct Kind {
    pub(crate) algorithm: Algorithm,
    /// First and last year of validity.
    pub(crate) years: (i16, i16),
    /// Extended key usage.
    pub(crate) purposes: &'static [Purpose],
}

impl Default for Kind {
    fn default() -> Self {
        Self {
            algorithm: Algorithm::Es256,
            years: (2023, 2027),
            purposes: &[],
        }
    }
}

impl Dsc {
    pub(crate) fn new(kind: &Kind) -> Self {
        let key = SoftwareKey::generate(match kind.algorithm {
            Algorithm::Es256 => KeyKind::P256,
            Algorithm::Ps256 => KeyKind::Rsa2048,
        })
        .unwrap();
        let (authority_key, authority) = authority();
        let request = Request::create(&key, &subject("Test signer")).unwrap();
        let validity = validity(kind.years);
        let certificate =
            issue_signer(authority_key, authority, &request, kind.purposes, validity).unwrap();
        Self { key, certificate }
    }

    /// One signer for every test that needs no special one.
    pub(crate) fn usual() -> &'static Self {
        static DSC: OnceLock<Dsc> = OnceLock::new();
        DSC.get_or_init(|| Self::new(&Kind::default()))
    }

    pub(crate) fn trusted(&self) -> &[Certificate] {
        std::slice::from_ref(&self.certificate)
    }
}

/// The authority above all signers of the tests.
fn authority() -> &'static (SoftwareKey, Certificate) {
    static AUTHORITY: OnceLock<(SoftwareKey, Certificate)> = OnceLock::new();
    AUTHORITY.get_or_init(|| {
        let key = SoftwareKey::generate(KeyKind::P256).unwrap();
        let certificate = create_authority(&key, &subject("Test CSCA"), validity((2015, 2040)));
        (key, certificate.unwrap())
    })
}

fn subject(name: &str) -> Subject {
    Subject {
        country: "VN".into(),
        organisation: "Tests".into(),
        common_name: name.into(),
    }
}

/// From the first day of one year to that of another.
fn validity((from, until): (i16, i16)) -> Validity {
    let first = |year| format!("{year}-01-01T00:00:00Z").parse().unwrap();
    Validity {
        not_before: first(from),
        not_after: first(until),
    }
}

pub(crate) fn eu_2023() -> Profile {
    Profile::parse(Profile::EU_2023).unwrap()
}

/// What a certificate of an invented person says.
pub(crate) fn claims<'a>(name: &'a HolderName, profile: &Profile) -> Claims<'a> {
    Claims {
        name,
        birth_date: BirthDate::Day(date(1985, 7, 21)),
        vaccine: profile.codes_of("AstraZeneca", None).unwrap(),
        number: DoseNumber {
            dose: 2,
            doses: 2,
            course: 2,
        },
        date: date(2021, 10, 15),
        id: 0x8F2C_1A7D_4B9E_4C65_A0D3_F1B2_C3D4_E5F6,
    }
}

/// A certificate of the usual signer.
pub(crate) fn issued() -> Issued {
    let name = HolderName::from_full_name("Nguyễn Thị Hồng Đào").unwrap();
    let profile = eu_2023();
    let dsc = Dsc::usual();
    let issuer = Issuer::new(&profile, &dsc.certificate, &dsc.key).unwrap();
    issuer.issue(&claims(&name, &profile), now()).unwrap()
}

/// The repository's copy of the public data.
pub(crate) fn public(path: &str) -> std::path::PathBuf {
    std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../data/dcc")
        .join(path)
}
