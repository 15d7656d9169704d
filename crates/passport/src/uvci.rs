//! UVCI, the name of one certificate (eHealth Network, interoperability guidelines on proof of vaccination, annex 2, version 1).

use std::fmt;

use serde::Deserialize;

/// How an issuer writes its identifiers. Both are option 2 of the guidelines: an opaque text, which says nothing about the holder.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UvciStyle {
    /// `URN:UVCI:01:VN:` and 32 hexadecimal digits, `#` and a check character.
    CheckCharacter,
    /// The same without check character, as the country issued in 2022.
    Plain,
}

/// The identifier of a certificate.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Uvci(String);

impl Uvci {
    /// The identifier made of a number that no other certificate of the country has: random, or a keyed hash of what it certifies. Where
    /// the number comes from is the caller's choice, so that a batch that broke off can be repeated without a certificate of two names.
    ///
    /// ```
    /// use passport::uvci::{Uvci, UvciStyle};
    /// let id = Uvci::new("VN", 0x8F2C_1A7D_4B9E_4C65_A0D3_F1B2_C3D4_E5F6, UvciStyle::CheckCharacter);
    /// assert_eq!(id.as_str(), "URN:UVCI:01:VN:8F2C1A7D4B9E4C65A0D3F1B2C3D4E5F6#I");
    /// assert_eq!(passport::uvci::check(id.as_str()), Ok(()));
    /// ```
    pub fn new(country: &str, number: u128, style: UvciStyle) -> Self {
        let plain = format!("URN:UVCI:01:{country}:{number:032X}");
        let character = match style {
            UvciStyle::Plain => None,
            UvciStyle::CheckCharacter => check_character(&plain),
        };
        Self(match character {
            Some(character) => format!("{plain}#{character}"),
            None => plain,
        })
    }

    /// As it stands in the certificate.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Uvci {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether an identifier of any issuer is well formed: `URN:UVCI:01:` and a country (the prefix may be left out in print), and a check
/// character that fits, where there is one. Lower case occurs and has no check character that could be computed.
///
/// # Errors
/// [`UvciError`], which a verifier takes for a typing error when the identifier was typed, and for a warning in a signed certificate.
pub fn check(id: &str) -> Result<(), UvciError> {
    let plain = id.strip_prefix("URN:UVCI:").unwrap_or(id);
    let mut parts = plain.splitn(3, ':');
    let version = parts.next().unwrap_or_default();
    let country = parts.next().unwrap_or_default();
    let known_form = version == "01" && parts.next().is_some_and(|rest| !rest.is_empty());
    let capitals = country.bytes().all(|b| b.is_ascii_uppercase());
    if !known_form || !capitals || !(2..=10).contains(&country.len()) {
        return Err(UvciError::Form);
    }
    let Some((body, given)) = id.rsplit_once('#') else {
        return Ok(());
    };
    match check_character(body) {
        Some(expected) if given.len() == 1 && given.starts_with(expected) => Ok(()),
        Some(expected) => Err(UvciError::Check { expected }),
        None => Err(UvciError::Form),
    }
}

/// What is wrong with an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum UvciError {
    /// Not as the guidelines have it.
    #[error("not of the form URN:UVCI:01:country:identifier")]
    Form,
    /// The check character does not fit: a typing error, or an issuer that computes it in its own way.
    #[error("the check character should be {expected}")]
    Check {
        /// What fits.
        expected: char,
    },
}

/// Luhn mod N over the 38 characters of the guidelines; `None` when the text has any other.
fn check_character(text: &str) -> Option<char> {
    let n = CHARACTERS.len();
    let mut sum = 0;
    for (index, byte) in text.bytes().rev().enumerate() {
        let value = value(byte)?;
        let addend = if index % 2 == 0 { value * 2 } else { value };
        sum += addend / n + addend % n;
    }
    CHARACTERS.get((n - sum % n) % n).copied().map(char::from)
}

const CHARACTERS: &[u8; 38] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:";

/// The place of a character among [`CHARACTERS`].
fn value(character: u8) -> Option<usize> {
    Some(usize::from(match character {
        b'A'..=b'Z' => character - b'A',
        b'0'..=b'9' => character - b'0' + 26,
        b'/' => 36,
        b':' => 37,
        _ => return None,
    }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_several_countries_have_the_check_character_that_is_computed() {
        for id in [
            "URN:UVCI:01:DK:1D6DAB71F99A5C87A657D6D904558001#R",
            "URN:UVCI:01:GR:ZHYTK36RLRF5IN4GEH2DLVBTAQ#G",
            "URN:UVCI:01:LT:127BK2R6GHFDT97YW7WGH#7",
            "URN:UVCI:01:SE:EHM/C878/123456789ABC#B",
            "URN:UVCI:01:SI:C5A831C1889D43AEE053#I",
        ] {
            assert_eq!(check(id), Ok(()), "{id}");
        }
    }

    #[test]
    fn a_single_wrong_character_is_always_noticed() {
        let id = Uvci::new("VN", u128::MAX / 7, UvciStyle::CheckCharacter);
        assert_eq!(check(id.as_str()), Ok(()));
        let body = id.as_str().len() - 2;
        for place in "URN:UVCI:01:VN:".len()..body {
            for replacement in "0123456789ABCDEF".chars() {
                let mut altered = id.to_string();
                altered.replace_range(place..=place, &replacement.to_string());
                assert_eq!(check(&altered).is_ok(), altered == id.as_str(), "{altered}");
            }
        }
    }

    #[test]
    fn identifiers_of_all_options_are_well_formed_and_others_are_not() {
        for (id, good) in [
            ("URN:UVCI:01:VN:0123456789ABCDEF0123456789ABCDEF", true),
            ("01:AT:B5921A35D6A0D696421B3E24", true),
            ("URN:UVCI:01:SE:EHM/C878/123456789ABC", true),
            ("URN:UVCI:01:VN:", false),
            ("URN:UVCI:02:VN:X", false),
            ("urn:uvci:01:NL:e616", false),
            ("URN:UVCI:01:VN:AB#", false),
            ("", false),
        ] {
            assert_eq!(check(id).is_ok(), good, "{id}");
        }
    }

    #[test]
    fn the_plain_style_has_32_digits_and_nothing_else() {
        let id = Uvci::new("VN", 0xAB, UvciStyle::Plain);
        let digits = "0".repeat(30);
        assert_eq!(id.as_str(), format!("URN:UVCI:01:VN:{digits}AB"));
    }
}
