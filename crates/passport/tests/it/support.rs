//! Signers and holders for the tests. Nobody here exists.

use std::sync::OnceLock;

use jiff::Timestamp;
use jiff::civil::date;
use passport::issue::{Claims, Issued, Issuer};
use passport::names::HolderName;
use passport::numbering::DoseNumber;
use passport::profile::Profile;
use rcgen::{
    CertificateParams, ExtendedKeyUsagePurpose, KeyPair, PKCS_ECDSA_P256_SHA256, PKCS_RSA_SHA256,
    RsaKeySize, date_time_ymd,
};
use registry::date::BirthDate;
use signing::{Algorithm, Certificate, SoftwareKey};

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
    pub(crate) years: (i32, i32),
    /// Extended key usage, as the last numbers of the identifiers.
    pub(crate) purposes: &'static [u64],
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
        let key = match kind.algorithm {
            Algorithm::Es256 => KeyPair::generate_for(&PKCS_ECDSA_P256_SHA256),
            Algorithm::Ps256 => KeyPair::generate_rsa_for(&PKCS_RSA_SHA256, RsaKeySize::_2048),
        }
        .unwrap();
        let mut params = CertificateParams::default();
        params.not_before = date_time_ymd(kind.years.0, 1, 1);
        params.not_after = date_time_ymd(kind.years.1, 1, 1);
        let usage = |last: &u64| {
            ExtendedKeyUsagePurpose::Other(vec![1, 3, 6, 1, 4, 1, 1847, 2021, 1, *last])
        };
        params.extended_key_usages = kind.purposes.iter().map(usage).collect();
        let certificate = params.self_signed(&key).unwrap();
        Self {
            key: SoftwareKey::from_pkcs8_der(&key.serialize_der()).unwrap(),
            certificate: Certificate::from_der(certificate.der()).unwrap(),
        }
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
