//! Random secrets, how they are written, and how one is kept that has to be read again.

use aws_lc_rs::aead::{AES_256_GCM, Aad, NONCE_LEN, Nonce, RandomizedNonceKey};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use storage::StorageError;
use storage::access::SecretHash;
use zeroize::Zeroizing;

use super::AccessError;

/// What a session's secret begins with.
pub(crate) const SESSION: &str = "mcs_";

/// What a token's secret begins with: whoever finds one in a file or a log knows what it is.
pub(crate) const TOKEN: &str = "mct_";

/// Base 32 after RFC 4648, as authenticator apps read it.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// Letters and digits that nobody takes for each other, for what is read off paper: 32 of them, five bits each.
const PLAIN: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";

/// A text that opens something: it goes to whoever it is for, and into no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Secret(String);

impl Secret {
    /// The text.
    pub fn expose(&self) -> &str {
        &self.0
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl std::fmt::Debug for Secret {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Secret(…)")
    }
}

/// So many random bytes.
pub(crate) fn random<const N: usize>() -> Result<[u8; N], StorageError> {
    let mut bytes = [0; N];
    aws_lc_rs::rand::fill(&mut bytes).map_err(|_| StorageError::NoRandomness)?;
    Ok(bytes)
}

/// A new secret of 256 bits, and what is kept of it.
pub(crate) fn new_secret(prefix: &str) -> Result<(Secret, SecretHash), StorageError> {
    let text = format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random::<32>()?));
    let hash = hash(&text);
    Ok((Secret(text), hash))
}

/// What is kept of a secret that is random: guessing it is hopeless, so one round is enough.
pub(crate) fn hash(secret: &str) -> SecretHash {
    Sha256::digest(secret).into()
}

/// A first password: 100 bits, in groups that can be read out.
pub(crate) fn first_password() -> Result<Secret, StorageError> {
    Ok(Secret(grouped(&random::<20>()?, 5)))
}

/// A recovery code: 80 bits.
pub(crate) fn recovery_code() -> Result<Secret, StorageError> {
    Ok(Secret(grouped(&random::<16>()?, 4)))
}

/// A recovery code as it was made, however it was typed.
pub(crate) fn plain_code(typed: &str) -> String {
    let letters = typed
        .chars()
        .filter(char::is_ascii_alphanumeric)
        .map(|letter| letter.to_ascii_lowercase());
    let mut code = String::new();
    for (place, letter) in letters.take(64).enumerate() {
        if place > 0 && place % 4 == 0 {
            code.push('-');
        }
        code.push(letter);
    }
    code
}

/// One letter for each byte (its lowest five bits), a dash after each group.
fn grouped(bytes: &[u8], group: usize) -> String {
    let groups: Vec<String> = bytes
        .chunks(group)
        .map(|chunk| chunk.iter().map(|byte| letter(PLAIN, *byte)).collect())
        .collect();
    groups.join("-")
}

fn letter(alphabet: &[u8; 32], value: u8) -> char {
    char::from(alphabet[usize::from(value % 32)])
}

/// Bytes in base 32, without padding.
pub(crate) fn base32(bytes: &[u8]) -> String {
    let mut text = String::new();
    let (mut held, mut bits) = (0u32, 0);
    for byte in bytes {
        held = held << 8 | u32::from(*byte);
        bits += 8;
        while bits >= 5 {
            bits -= 5;
            text.push(letter(BASE32, (held >> bits) as u8));
        }
        held &= (1 << bits) - 1;
    }
    if bits > 0 {
        text.push(letter(BASE32, (held << (5 - bits)) as u8));
    }
    text
}

/// The key under which secrets lie that have to be read again. Whoever takes the database without it has none of them.
#[derive(Clone)]
pub struct SealKey(Zeroizing<[u8; 32]>);

/// First byte of a secret that is not sealed.
const OPEN: u8 = 0;

/// First byte of a sealed one: AES-256-GCM, nonce, text and tag follow.
const SEALED: u8 = 1;

impl SealKey {
    /// The key of 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(Zeroizing::new(bytes))
    }

    /// Reads 64 hexadecimal digits.
    pub fn parse(text: &str) -> Option<Self> {
        let mut bytes = Zeroizing::new([0; 32]);
        hex::decode_to_slice(text.trim(), bytes.as_mut_slice()).ok()?;
        Some(Self(bytes))
    }

    fn cipher(&self) -> Result<RandomizedNonceKey, AccessError> {
        RandomizedNonceKey::new(&AES_256_GCM, self.0.as_slice())
            .map_err(|_| AccessError::Seal("the key is none of AES-256"))
    }
}

impl std::fmt::Debug for SealKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("SealKey(…)")
    }
}

/// A secret as it is kept, bound to whose it is: in another account's row it can't be opened.
pub(crate) fn seal(
    key: Option<&SealKey>,
    owner: &str,
    secret: &[u8],
) -> Result<Vec<u8>, AccessError> {
    let Some(key) = key else {
        return Ok([&[OPEN], secret].concat());
    };
    let mut text = secret.to_vec();
    let nonce = key
        .cipher()?
        .seal_in_place_append_tag(Aad::from(owner.as_bytes()), &mut text)
        .map_err(|_| AccessError::Seal("a secret can't be sealed"))?;
    Ok([&[SEALED], nonce.as_ref().as_slice(), &text].concat())
}

/// The secret again.
pub(crate) fn unseal(
    key: Option<&SealKey>,
    owner: &str,
    kept: &[u8],
) -> Result<Zeroizing<Vec<u8>>, AccessError> {
    match (kept.split_first(), key) {
        (Some((&OPEN, secret)), _) => Ok(Zeroizing::new(secret.to_vec())),
        (Some((&SEALED, _)), None) => Err(AccessError::Seal(
            "second factors are sealed and no key is given: start the platform with the key that it had",
        )),
        (Some((&SEALED, sealed)), Some(key)) => open(key, owner, sealed),
        _ => Err(AccessError::Seal("a kept secret is not one of ours")),
    }
}

fn open(key: &SealKey, owner: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, AccessError> {
    let wrong = AccessError::Seal(
        "a second factor can't be opened: it was sealed with another key, or altered",
    );
    let Some((nonce, text)) = sealed.split_first_chunk::<NONCE_LEN>() else {
        return Err(wrong);
    };
    let mut text = Zeroizing::new(text.to_vec());
    let cipher = key.cipher()?;
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let length = match cipher.open_in_place(nonce, Aad::from(owner.as_bytes()), &mut text) {
        Ok(secret) => secret.len(),
        Err(_) => return Err(wrong),
    };
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn base_32_is_that_of_rfc_4648() {
        let known = [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ];
        for (text, coded) in known {
            assert_eq!(base32(text.as_bytes()), coded);
        }
    }

    #[test]
    fn a_recovery_code_is_read_however_it_is_typed() {
        let code = recovery_code().expect("random");
        let code = code.expose();
        assert_eq!(code.len(), 19);
        let typed = code.to_uppercase().replace('-', " ");
        assert_eq!(plain_code(&typed), code);
    }

    proptest! {
        #[test]
        fn a_sealed_secret_opens_for_its_owner_with_its_key_alone(secret in prop::collection::vec(any::<u8>(), 0..40), at in any::<prop::sample::Index>(), bit in 0..8u8) {
            let key = SealKey::new([7; 32]);
            let sealed = seal(Some(&key), "an", &secret).expect("seals");
            let opened = unseal(Some(&key), "an", &sealed).expect("opens");
            prop_assert_eq!(opened.as_slice(), secret.as_slice());
            prop_assert!(unseal(Some(&key), "binh", &sealed).is_err());
            prop_assert!(unseal(Some(&SealKey::new([8; 32])), "an", &sealed).is_err());
            prop_assert!(unseal(None, "an", &sealed).is_err());
            let mut altered = sealed.clone();
            let place = 1 + at.index(altered.len() - 1);
            altered[place] ^= 1 << bit;
            prop_assert!(unseal(Some(&key), "an", &altered).is_err());
        }
    }
}
