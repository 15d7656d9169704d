//! A person in JSON, and names and dates in it: no text makes the reader panic, and whoever was read can be signed or is refused.
#![no_main]

use std::sync::LazyLock;

use libfuzzer_sys::fuzz_target;
use passport::person::Person;
use passport::profile::Profile;

static PROFILE: LazyLock<Profile> =
    LazyLock::new(|| Profile::parse(Profile::EU_2023).expect("a profile of ours"));

fuzz_target!(|text: &str| {
    if let Ok(person) = Person::from_json(text, &PROFILE) {
        let claims = person.claims(1);
        for part in [claims.name.family_icao(), claims.name.given_icao()] {
            assert!(part.is_none_or(|part| {
                part.bytes()
                    .all(|byte| byte == b'<' || byte.is_ascii_uppercase())
            }));
        }
    }
});
