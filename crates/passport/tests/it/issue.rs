//! Issuing: what comes out, and what is refused.

use jiff::civil::date;
use passport::dcc::Entry;
use passport::issue::{Claims, IssueError, Issuer};
use passport::names::HolderName;
use passport::numbering::{DoseNumber, Policy};
use passport::profile::Profile;
use passport::verify::{Warning, verify};
use registry::date::BirthDate;
use registry::vaccine::{product, products};
use signing::{Algorithm, Purpose, Signer as _};

use crate::support::{Dsc, Kind, claims, eu_2023, issued, now};

#[test]
fn both_profiles_issue_what_verifies_without_a_warning() {
    for (toml, digits) in [(Profile::EU_2023, 34), (Profile::VN_2022, 32)] {
        let profile = Profile::parse(toml).unwrap();
        let dsc = Dsc::new(&Kind {
            algorithm: profile.algorithm,
            purposes: &[Purpose::Vaccination],
            ..Kind::default()
        });
        let issuer = Issuer::new(&profile, &dsc.certificate, &dsc.key).unwrap();
        let name = HolderName::from_full_name("Đặng Thị Ánh Tuyết").unwrap();
        let issued = issuer.issue(&claims(&name, &profile), now()).unwrap();

        let report = verify(&issued.code, dsc.trusted(), now());
        assert!(report.is_valid(), "{:?}", report.sentence());
        assert_eq!(report.warnings, []);
        let contents = report.contents.unwrap();
        assert_eq!(contents.dcc.as_ref(), Some(&issued.dcc));
        assert_eq!(
            contents.expires_at,
            Some("2025-03-01T08:00:00Z".parse().unwrap())
        );
        assert_eq!(contents.kid.as_deref(), Some(&issued.kid[..]));
        let Entry::Vaccination(entry) = &issued.dcc.entry else {
            panic!("no vaccination")
        };
        assert_eq!(entry.id.len(), "URN:UVCI:01:VN:".len() + digits);
        assert_eq!(entry.issuer, profile.issuer);
        assert_eq!(issued.dcc.name.given_icao.as_deref(), Some("THI<ANH<TUYET"));
    }
}

#[test]
fn every_product_and_every_precision_of_birth_date_can_be_issued() {
    let profile = eu_2023();
    let dsc = Dsc::usual();
    let issuer = Issuer::new(&profile, &dsc.certificate, &dsc.key).unwrap();
    let name = HolderName::new("", "Suharto").unwrap();
    let births = [
        (BirthDate::Year(1950), "1950"),
        (
            BirthDate::Month {
                year: 1950,
                month: 2,
            },
            "1950-02",
        ),
        (BirthDate::Day(date(2009, 12, 31)), "2009-12-31"),
    ];
    for product in products() {
        for (birth_date, expected) in births {
            let vaccine = profile.codes(product).unwrap();
            let claims = Claims {
                vaccine,
                birth_date,
                ..claims(&name, &profile)
            };
            let issued = issuer.issue(&claims, now()).unwrap();
            let report = verify(&issued.code, dsc.trusted(), now());
            assert!(
                report.is_valid() && report.warnings.is_empty(),
                "{}",
                product.key
            );
            assert_eq!(issued.dcc.birth_date, expected);
            assert_eq!(issued.dcc.birth_date(), Some(birth_date));
        }
    }
}

#[test]
fn boosters_are_numbered_by_the_policy_of_the_profile() {
    let profile = eu_2023();
    let doses = [
        (date(2021, 9, 1), product("jcovden").unwrap()),
        (date(2022, 3, 1), product("comirnaty").unwrap()),
    ];
    let number = profile.numbering.number(&doses).unwrap().pop().unwrap();
    let name = HolderName::from_full_name("Lê Văn Đức").unwrap();
    let dsc = Dsc::usual();
    let issuer = Issuer::new(&profile, &dsc.certificate, &dsc.key).unwrap();
    let issued = issuer
        .issue(
            &Claims {
                number,
                ..claims(&name, &profile)
            },
            now(),
        )
        .unwrap();
    let Entry::Vaccination(entry) = issued.dcc.entry else {
        panic!("no vaccination")
    };
    assert_eq!((entry.dose, entry.doses), (2, 1));
    assert_eq!(profile.numbering, Policy::by_id("2022").unwrap());
}

#[test]
fn a_certificate_never_begins_before_its_signer_nor_outlives_it() {
    let profile = eu_2023();
    let name = HolderName::from_full_name("Lê Văn Đức").unwrap();
    for (years, refused) in [((2025, 2030), "early"), ((2020, 2025), "late")] {
        let dsc = Dsc::new(&Kind {
            years,
            ..Kind::default()
        });
        let issuer = Issuer::new(&profile, &dsc.certificate, &dsc.key).unwrap();
        let error = issuer.issue(&claims(&name, &profile), now()).unwrap_err();
        match refused {
            "early" => assert!(
                matches!(error, IssueError::SignerNotYetValid { .. }),
                "{error}"
            ),
            _ => assert!(
                matches!(error, IssueError::OutlivesSigner { .. }),
                "{error}"
            ),
        }
    }
}

#[test]
fn an_incomplete_course_is_refused() {
    let profile = eu_2023();
    let name = HolderName::from_full_name("Lê Văn Đức").unwrap();
    let dsc = Dsc::usual();
    let issuer = Issuer::new(&profile, &dsc.certificate, &dsc.key).unwrap();
    let number = DoseNumber {
        dose: 1,
        doses: 2,
        course: 2,
    };
    let error = issuer
        .issue(
            &Claims {
                number,
                ..claims(&name, &profile)
            },
            now(),
        )
        .unwrap_err();
    assert!(matches!(
        error,
        IssueError::Incomplete { dose: 1, course: 2 }
    ));
}

#[test]
fn a_key_of_another_algorithm_or_purpose_is_refused_before_anything_is_signed() {
    let ps256 = Dsc::new(&Kind {
        algorithm: Algorithm::Ps256,
        ..Kind::default()
    });
    assert_eq!(ps256.key.algorithm(), Algorithm::Ps256);
    let wrong = Issuer::new(&eu_2023(), &ps256.certificate, &ps256.key).err();
    assert!(matches!(wrong, Some(IssueError::Algorithm)));
    let for_tests = Dsc::new(&Kind {
        purposes: &[Purpose::Test],
        ..Kind::default()
    });
    let wrong = Issuer::new(&eu_2023(), &for_tests.certificate, &for_tests.key).err();
    assert!(matches!(wrong, Some(IssueError::KeyUsage)));
}

#[test]
fn a_birth_date_that_the_schema_does_not_know_is_refused() {
    let profile = eu_2023();
    let name = HolderName::from_full_name("Lê Văn Đức").unwrap();
    let dsc = Dsc::usual();
    let issuer = Issuer::new(&profile, &dsc.certificate, &dsc.key).unwrap();
    let birth_date = BirthDate::Year(1815);
    let error = issuer
        .issue(
            &Claims {
                birth_date,
                ..claims(&name, &profile)
            },
            now(),
        )
        .unwrap_err();
    assert!(matches!(error, IssueError::Schema(_)), "{error}");
}

#[test]
fn a_dose_that_was_given_after_the_issue_is_noticed_by_the_verifier() {
    let profile = eu_2023();
    let name = HolderName::from_full_name("Lê Văn Đức").unwrap();
    let dsc = Dsc::usual();
    let issuer = Issuer::new(&profile, &dsc.certificate, &dsc.key).unwrap();
    for (day, odd) in [(2, false), (5, true)] {
        let date = date(2024, 3, day);
        let issued = issuer
            .issue(
                &Claims {
                    date,
                    ..claims(&name, &profile)
                },
                now(),
            )
            .unwrap();
        let warnings = verify(&issued.code, dsc.trusted(), now()).warnings;
        assert_eq!(warnings.contains(&Warning::DoseAfterIssue { date }), odd);
    }
}

#[test]
fn a_code_is_no_longer_than_the_floor_of_the_format() {
    // 589 characters is the length of the country's sample with an ES256 signature.
    let length = issued().code.len();
    assert!((500..640).contains(&length), "{length}");
}
