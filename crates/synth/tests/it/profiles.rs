//! Profiles: what is accepted, what is refused with which words.

use proptest::prelude::*;
use synth::{Profile, SynthError};

const NATIONAL: &str = include_str!("../../profiles/national.toml");

#[test]
fn the_built_in_profiles_are_valid() {
    for name in Profile::BUILTIN {
        Profile::builtin(name).unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

#[test]
fn an_unknown_profile_is_refused_with_the_names_that_exist() {
    let error = Profile::builtin("nation").expect_err("no such profile");
    assert!(
        error.to_string().contains("brief, hard and national"),
        "{error}"
    );
}

#[test]
fn a_misspelt_rate_is_refused_with_its_line() {
    let error =
        Profile::parse(&NATIONAL.replace("lost_zero", "lost_zeros")).expect_err("no such rate");
    assert!(
        matches!(error, SynthError::Profile(_)) && error.to_string().contains("lost_zeros"),
        "{error}"
    );
}

#[test]
fn a_rate_above_one_is_refused() {
    for wrong in ["1.5", "-0.1", "nan"] {
        let text = NATIONAL.replace("twins = 0.012", &format!("twins = {wrong}"));
        assert!(
            matches!(Profile::parse(&text), Err(SynthError::Profile(_))),
            "{wrong}"
        );
    }
}

#[test]
fn exclusive_rates_that_exceed_one_together_are_refused_with_their_section() {
    let text = NATIONAL.replace("flipped = 0.031", "flipped = 0.999");
    let error = Profile::parse(&text).expect_err("0.999 + 0.004 is more than 1");
    assert!(error.to_string().contains("[sex]"), "{error}");
}

#[test]
fn more_carelessness_than_there_are_records_is_refused() {
    let text = NATIONAL.replace("factor = 3.0", "factor = 30.0");
    assert!(matches!(
        Profile::parse(&text),
        Err(SynthError::ProfileValue(_))
    ));
}

#[test]
fn a_profile_written_out_reads_back_the_same() {
    let profile = Profile::builtin("hard").expect("built in");
    let text = toml::to_string(&profile).expect("a profile is TOML");
    let again = Profile::parse(&text).expect("what we write we read");
    assert_eq!(again, profile);
}

proptest! {
    #[test]
    fn no_text_makes_the_profile_reader_panic(text in "\\PC{0,200}") {
        let _ = Profile::parse(&text);
    }

    #[test]
    fn a_damaged_profile_never_makes_it_panic(at in 0..NATIONAL.len(), by in "[\\[\\]=.0-9a-z\n-]{0,3}") {
        let at = (0..=at).rev().find(|&at| NATIONAL.is_char_boundary(at)).unwrap_or(0);
        let rest = NATIONAL[at..].chars().skip(1).collect::<String>();
        let _ = Profile::parse(&format!("{}{by}{rest}", &NATIONAL[..at]));
    }
}
