//! Codes of authenticator apps after RFC 6238: HMAC-SHA-1, six digits, a new one every thirty seconds. That is what every app reads.

use aws_lc_rs::hmac;
use jiff::Timestamp;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use super::secret::base32;

/// Seconds of a step.
const STEP_SECONDS: i64 = 30;

/// What may stand in an address as it is.
const KEPT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The step of a moment.
fn step(at: Timestamp) -> u64 {
    at.as_second()
        .div_euclid(STEP_SECONDS)
        .try_into()
        .unwrap_or_default()
}

/// The code of a step.
fn code(secret: &[u8], step: u64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, secret);
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let tag = tag.as_ref();
    let offset = tag.last().map_or(0, |last| usize::from(last & 0x0f));
    let word = tag
        .get(offset..)
        .and_then(|rest| rest.first_chunk::<4>())
        .map_or(0, |word| u32::from_be_bytes(*word) & 0x7fff_ffff);
    format!("{:06}", word % 1_000_000)
}

/// The step whose code this is: the present one, the one before or the one after, since phones' clocks differ. All three are looked at,
/// whatever was found.
pub(crate) fn step_of(secret: &[u8], typed: &str, at: Timestamp) -> Option<u64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).collect();
    let now = step(at);
    let mut found = None;
    for step in [now.saturating_sub(1), now, now.saturating_add(1)] {
        let code = code(secret, step);
        if aws_lc_rs::constant_time::verify_slices_are_equal(code.as_bytes(), typed.as_bytes())
            .is_ok()
        {
            found = Some(step);
        }
    }
    found
}

/// The address that an app reads from a QR code.
pub(crate) fn uri(secret: &[u8], issuer: &str, account: &str) -> String {
    let issuer = utf8_percent_encode(issuer, KEPT);
    let account = utf8_percent_encode(account, KEPT);
    format!(
        "otpauth://totp/{issuer}:{account}?secret={}&issuer={issuer}&algorithm=SHA1&digits=6&period={STEP_SECONDS}",
        base32(secret)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Timestamp {
        Timestamp::from_second(second).expect("a time")
    }

    #[test]
    fn codes_are_those_of_rfc_6238() {
        let secret = b"12345678901234567890";
        let known = [
            (59, "287082"),
            (1_111_111_109, "081804"),
            (1_111_111_111, "050471"),
            (1_234_567_890, "005924"),
            (2_000_000_000, "279037"),
            (20_000_000_000, "353130"),
        ];
        for (second, code) in known {
            assert_eq!(step_of(secret, code, at(second)), Some(step(at(second))));
        }
    }

    #[test]
    fn a_code_holds_one_step_early_and_late_and_no_longer() {
        let secret = b"12345678901234567890";
        for (second, holds) in [
            (0, false),
            (30, true),
            (60, true),
            (119, true),
            (120, false),
        ] {
            let accepted = step_of(secret, &code(secret, 2), at(second)).is_some();
            assert_eq!(accepted, holds, "{second}");
        }
        assert_eq!(step_of(secret, "", at(60)), None);
    }

    #[test]
    fn the_address_carries_name_and_secret() {
        let uri = uri(b"12345678901234567890", "Minh Chứng", "le.van.an");
        assert_eq!(
            uri,
            "otpauth://totp/Minh%20Ch%E1%BB%A9ng:le.van.an?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Minh%20Ch%E1%BB%A9ng&algorithm=SHA1&digits=6&period=30"
        );
    }
}
