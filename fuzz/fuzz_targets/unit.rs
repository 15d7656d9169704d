//! Names of units and accounts: no text makes the readers panic, and a unit reads back from what it is written as.
#![no_main]

use casework::{AccountId, Unit};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    if let Ok(unit) = text.parse::<Unit>() {
        assert_eq!(unit.to_string().parse(), Ok(unit));
    }
    if let Some(account) = AccountId::parse(text) {
        assert_eq!(AccountId::parse(&account.0), Some(account));
    }
});
