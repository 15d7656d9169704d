//! ID tokens: signature, issuer, audience, expiry and nonce (OpenID Connect Core 1.0, 3.1.3.7).

use jiff::Timestamp;
use jsonwebtoken::jwk::{Jwk, JwkSet, PublicKeyUse};
use jsonwebtoken::{Algorithm, DecodingKey, Validation, decode, decode_header};
use serde::Deserialize;

/// What a token has to say.
pub(in crate::access) struct Expected<'a> {
    pub issuer: &'a str,
    pub audience: &'a str,
    pub nonce: &'a str,
    pub at: Timestamp,
}

/// Signatures that are accepted: never one with a shared secret, never none.
const ALGORITHMS: [Algorithm; 4] = [
    Algorithm::RS256,
    Algorithm::PS256,
    Algorithm::ES256,
    Algorithm::EdDSA,
];

/// Clocks differ by so many seconds.
const LEEWAY_SECONDS: f64 = 60.0;

/// A subject is no longer than that (OpenID Connect Core 1.0, 2).
const LONGEST_SUBJECT: usize = 255;

#[derive(Deserialize)]
struct Claims {
    iss: String,
    sub: String,
    aud: Audience,
    #[serde(default)]
    azp: Option<String>,
    /// Seconds since 1970; the standard allows fractions.
    exp: f64,
    iat: f64,
    #[serde(default)]
    nonce: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Audience {
    One(String),
    Many(Vec<String>),
}

/// The key that a token names; the only one, where it names none.
pub(super) fn key<'k>(keys: &'k JwkSet, token: &str) -> Option<&'k Jwk> {
    match (decode_header(token).ok()?.kid, keys.keys.as_slice()) {
        (Some(kid), _) => keys.find(&kid),
        (None, [only]) => Some(only),
        (None, _) => None,
    }
}

/// Who the token is about, if everything about it holds.
pub(in crate::access) fn subject(
    keys: &JwkSet,
    token: &str,
    expected: &Expected<'_>,
) -> Option<String> {
    let algorithm = decode_header(token).ok()?.alg;
    let key = key(keys, token)?;
    let for_signatures = key.common.public_key_use.is_none()
        || key.common.public_key_use == Some(PublicKeyUse::Signature);
    let of_key = key.common.key_algorithm;
    let fits = of_key.is_none_or(|of_key| of_key.to_string() == format!("{algorithm:?}"));
    if !ALGORITHMS.contains(&algorithm) || !for_signatures || !fits {
        return None;
    }
    let mut rules = Validation::new(algorithm);
    // The library would ask the machine's clock; the claims are checked below, at the moment given.
    rules.validate_exp = false;
    rules.validate_aud = false;
    rules.required_spec_claims.clear();
    let decoding = DecodingKey::from_jwk(key).ok()?;
    let claims: Claims = decode(token, &decoding, &rules).ok()?.claims;
    holds(&claims, expected).then_some(claims.sub)
}

fn holds(claims: &Claims, expected: &Expected<'_>) -> bool {
    let now = expected.at.as_second() as f64;
    let for_us = match &claims.aud {
        Audience::One(one) => one == expected.audience,
        Audience::Many(many) => many.iter().any(|one| one == expected.audience),
    };
    let alone = matches!(&claims.aud, Audience::One(_))
        || matches!(&claims.aud, Audience::Many(many) if many.len() == 1);
    let party = claims.azp.as_deref();
    let party = party.map_or(alone, |party| party == expected.audience);
    claims.iss == expected.issuer
        && for_us
        && party
        && now < claims.exp + LEEWAY_SECONDS
        && claims.iat <= now + LEEWAY_SECONDS
        && claims.nonce.as_deref() == Some(expected.nonce)
        && (1..=LONGEST_SUBJECT).contains(&claims.sub.len())
}

#[cfg(test)]
mod tests {
    use jsonwebtoken::{EncodingKey, Header, encode};
    use serde_json::{Value, json};

    use super::*;

    const NOW: i64 = 1_650_344_400;

    /// A provider's key, and what it publishes of it.
    struct Signer {
        key: EncodingKey,
        keys: JwkSet,
    }

    impl Signer {
        fn new(kid: &str) -> Self {
            use aws_lc_rs::signature::{
                ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
            };
            use base64::Engine as _;
            use base64::engine::general_purpose::URL_SAFE_NO_PAD;
            let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key");
            let point = pair.public_key().as_ref();
            let jwk = json!({
                "kty": "EC", "crv": "P-256", "kid": kid, "use": "sig", "alg": "ES256",
                "x": URL_SAFE_NO_PAD.encode(&point[1..33]),
                "y": URL_SAFE_NO_PAD.encode(&point[33..65]),
            });
            let pkcs8 = pair.to_pkcs8v1().expect("a key");
            Self {
                key: EncodingKey::from_ec_der(pkcs8.as_ref()),
                keys: serde_json::from_value(json!({ "keys": [jwk] })).expect("keys"),
            }
        }

        fn sign(&self, kid: &str, claims: &Value) -> String {
            let mut header = Header::new(Algorithm::ES256);
            header.kid = Some(kid.to_owned());
            encode(&header, claims, &self.key).expect("signs")
        }
    }

    fn claims() -> Value {
        json!({
            "iss": "https://id.example.vn", "sub": "248289761001", "aud": "minhchung",
            "exp": NOW + 300, "iat": NOW, "nonce": "n-0S6",
        })
    }

    fn read(keys: &JwkSet, token: &str) -> Option<String> {
        let expected = Expected {
            issuer: "https://id.example.vn",
            audience: "minhchung",
            nonce: "n-0S6",
            at: Timestamp::from_second(NOW).expect("a time"),
        };
        subject(keys, token, &expected)
    }

    #[test]
    fn a_token_holds_when_everything_about_it_does_and_each_claim_counts() {
        let signer = Signer::new("k1");
        let token = signer.sign("k1", &claims());
        assert_eq!(read(&signer.keys, &token).as_deref(), Some("248289761001"));
        let wrong = [
            ("iss", json!("https://id.example.com")),
            ("aud", json!("another")),
            ("aud", json!(["minhchung", "another"])),
            ("azp", json!("another")),
            ("exp", json!(NOW - 61)),
            ("iat", json!(NOW + 61)),
            ("nonce", json!("another")),
            ("nonce", Value::Null),
            ("sub", json!("")),
        ];
        for (claim, value) in wrong {
            let mut claims = claims();
            claims[claim] = value;
            assert_eq!(
                read(&signer.keys, &signer.sign("k1", &claims)),
                None,
                "{claim}"
            );
        }
        let mut shared = claims();
        shared["aud"] = json!(["minhchung", "another"]);
        shared["azp"] = json!("minhchung");
        assert!(read(&signer.keys, &signer.sign("k1", &shared)).is_some());
    }

    #[test]
    fn a_token_of_another_key_with_a_shared_secret_or_without_signature_does_not_hold() {
        use base64::Engine as _;
        use base64::engine::general_purpose::URL_SAFE_NO_PAD;
        let (signer, other) = (Signer::new("k1"), Signer::new("k1"));
        assert_eq!(read(&signer.keys, &other.sign("k1", &claims())), None);
        assert_eq!(read(&signer.keys, &signer.sign("k2", &claims())), None);
        let published = serde_json::to_vec(&signer.keys).expect("bytes");
        let mut header = Header::new(Algorithm::HS256);
        header.kid = Some("k1".into());
        let shared = encode(&header, &claims(), &EncodingKey::from_secret(&published));
        assert_eq!(read(&signer.keys, &shared.expect("signs")), None);
        let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let none = format!("{}.{}.", part(&json!({ "alg": "none" })), part(&claims()));
        assert_eq!(read(&signer.keys, &none), None);
        let signed = signer.sign("k1", &claims());
        for place in [0, signed.len() / 2, signed.len() - 2] {
            let mut bytes = signed.clone().into_bytes();
            bytes[place] = if bytes[place] == b'A' { b'B' } else { b'A' };
            let altered = String::from_utf8(bytes).expect("a text");
            assert_eq!(read(&signer.keys, &altered), None, "{place}");
        }
    }
}
