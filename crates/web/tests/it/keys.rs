//! Keys that the tests' server holds: of one facility, and the ministry's for passports.

use std::collections::BTreeMap;
use std::sync::Arc;

use passport::profile::Profile;
use platform::Keys;
use platform::issuing::PassportKey;
use platform::signing::SigningKey;
use signing::authority::{Request, Subject as Name, Validity, create_authority, issue_signer};
use signing::{Certificate, KeyKind, Purpose, SoftwareKey, Trust};

/// Keys of the station of Trúc Bạch and of the ministry, by one authority each.
pub(crate) fn keys() -> Keys {
    let (station, of_station, authority) = certified("Trạm Y tế", &[]);
    let (ministry, of_ministry, _) = certified("DSC", &[Purpose::Vaccination]);
    let unit: casework::Unit = "facility/TYT-00004".parse().expect("a unit");
    let station = SigningKey {
        signer: Arc::new(station),
        chain: vec![of_station],
        unit: unit.clone(),
    };
    Keys {
        of_units: BTreeMap::from([(unit, station)]),
        passports: Some(PassportKey {
            profile: Profile::parse(Profile::EU_2023).expect("a profile"),
            certificate: of_ministry,
            signer: Arc::new(ministry),
        }),
        trust: Trust::new([authority]),
    }
}

/// A new key with its certificate, and the authority that vouches for it.
fn certified(common_name: &str, purposes: &[Purpose]) -> (SoftwareKey, Certificate, Certificate) {
    let name = |common_name: &str| Name {
        country: "VN".into(),
        organisation: "Bộ Y tế".into(),
        common_name: common_name.into(),
    };
    let years = Validity {
        not_before: "2022-01-01T00:00:00Z".parse().expect("a time"),
        not_after: "2032-01-01T00:00:00Z".parse().expect("a time"),
    };
    let authority_key = SoftwareKey::generate(KeyKind::P256).expect("a key");
    let authority = create_authority(&authority_key, &name("CA"), years).expect("an authority");
    let key = SoftwareKey::generate(KeyKind::P256).expect("a key");
    let request = Request::create(&key, &name(common_name)).expect("a request");
    let certificate = issue_signer(&authority_key, &authority, &request, purposes, years);
    (key, certificate.expect("a certificate"), authority)
}
