//! The claims around a certificate (RFC 8392): who issued it, when, until when.

use jiff::Timestamp;
use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error as Malformed;

use crate::cbor::{self, CborError, Items, Writer};

/// The claims of a health certificate (hcert spec 1.0.5, section 2.6).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cwt<'a> {
    /// Claim 1, the country of the issuer; optional.
    pub issuer: Option<&'a str>,
    /// Claim 6. Certificates without it occur.
    pub issued_at: Option<Timestamp>,
    /// Claim 4. Certificates without it occur.
    pub expires_at: Option<Timestamp>,
    /// Claim -260, member 1: the certificate, as CBOR.
    pub dcc: &'a [u8],
}

impl<'a> Cwt<'a> {
    /// Reads claims. Times may be integers or floats, which other issuers write.
    ///
    /// # Errors
    /// [`CwtError`]: malformed, or without a health certificate.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CwtError> {
        let mut d = Decoder::new(bytes);
        let (mut issuer, mut issued_at, mut expires_at, mut dcc) = (None, None, None, None);
        let mut items = claims(&mut d)?;
        while items.next(&mut d)? {
            match key(&mut d)? {
                Some(ISSUER) if d.datatype()? == Type::String => once(&mut issuer, d.str()?)?,
                Some(ISSUED_AT) => once(&mut issued_at, time(&mut d)?)?,
                Some(EXPIRES_AT) => once(&mut expires_at, time(&mut d)?)?,
                Some(HEALTH_CERTIFICATE) => once(&mut dcc, health_certificate(&mut d)?)?,
                _ => d.skip()?,
            }
        }
        if d.position() < bytes.len() {
            return Err(CborError::Trailing.into());
        }
        let dcc = dcc.flatten().ok_or(CwtError::NoCertificate)?;
        Ok(Self {
            issuer,
            issued_at: issued_at.flatten(),
            expires_at: expires_at.flatten(),
            dcc,
        })
    }

    /// The claims as CBOR, with integer times.
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(self.dcc.len() + 32);
        let present = [self.expires_at, self.issued_at];
        let times = present.iter().flatten().count();
        w.map(usize::from(self.issuer.is_some()) + times + 1);
        if let Some(issuer) = self.issuer {
            w.integer(ISSUER);
            w.text(issuer);
        }
        for (claim, time) in [EXPIRES_AT, ISSUED_AT].into_iter().zip(present) {
            if let Some(time) = time {
                w.integer(claim);
                w.integer(time.as_second());
            }
        }
        w.integer(HEALTH_CERTIFICATE);
        w.map(1);
        w.integer(EU_DCC_V1);
        w.raw(self.dcc);
        w.into_bytes()
    }
}

/// Why bytes are no claims of a health certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CwtError {
    /// Not well-formed, or not as claims are.
    #[error(transparent)]
    Cbor(#[from] CborError),
    /// A token, but none that holds a health certificate of the EU's form.
    #[error("the signed data contain no EU health certificate")]
    NoCertificate,
}

impl From<Malformed> for CwtError {
    fn from(error: Malformed) -> Self {
        Self::Cbor(error.into())
    }
}

const ISSUER: i64 = 1;
const EXPIRES_AT: i64 = 4;
const ISSUED_AT: i64 = 6;
const HEALTH_CERTIFICATE: i64 = -260;
const EU_DCC_V1: i64 = 1;

/// The head of the claims; anything but a map is no token.
fn claims(d: &mut Decoder<'_>) -> Result<Items, CwtError> {
    if !matches!(d.datatype()?, Type::Map | Type::MapIndef) {
        return Err(CwtError::NoCertificate);
    }
    Ok(Items::map(d)?)
}

/// The bytes of member 1.
fn health_certificate<'a>(d: &mut Decoder<'a>) -> Result<Option<&'a [u8]>, CwtError> {
    let mut dcc = None;
    let mut items = claims(d)?;
    while items.next(d)? {
        let wanted = key(d)? == Some(EU_DCC_V1);
        let start = d.position();
        d.skip()?;
        if wanted {
            let bytes = d.input().get(start..d.position()).unwrap_or_default();
            once(&mut dcc, bytes)?;
        }
    }
    Ok(dcc)
}

/// A key, where it is a number.
fn key(d: &mut Decoder<'_>) -> Result<Option<i64>, CwtError> {
    if matches!(d.datatype()?, Type::String | Type::StringIndef) {
        d.skip()?;
        return Ok(None);
    }
    Ok(Some(d.i64()?))
}

/// Seconds since 1970, with or without tag 1; anything but a number states no time.
fn time(d: &mut Decoder<'_>) -> Result<Option<Timestamp>, CwtError> {
    if d.datatype()? == Type::Tag {
        d.tag()?;
    }
    if !matches!(
        d.datatype()?,
        Type::U8
            | Type::U16
            | Type::U32
            | Type::U64
            | Type::I8
            | Type::I16
            | Type::I32
            | Type::I64
            | Type::F16
            | Type::F32
            | Type::F64
    ) {
        d.skip()?;
        return Ok(None);
    }
    let seconds = cbor::seconds(d)?;
    match Timestamp::from_second(seconds) {
        Ok(time) => Ok(Some(time)),
        Err(_) => Err(CborError::Value(seconds.to_string()).into()),
    }
}

/// A claim that is there twice could be read in two ways.
fn once<T>(slot: &mut Option<T>, value: T) -> Result<(), CwtError> {
    match slot.replace(value) {
        None => Ok(()),
        Some(_) => Err(CborError::Key.into()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TIME: i64 = 1_650_000_000;

    fn claims_of(time: &[u8]) -> Vec<u8> {
        let mut w = Writer::default();
        w.map(2);
        w.integer(EXPIRES_AT);
        w.raw(time);
        w.integer(HEALTH_CERTIFICATE);
        w.raw(&[0xA1, 0x01, 0xA0]);
        w.into_bytes()
    }

    #[test]
    fn times_are_read_as_integer_and_float_and_written_as_integer() {
        let float = [&[0xFB][..], &1_650_000_000.75_f64.to_be_bytes()].concat();
        let integer = [&[0x1A][..], &1_650_000_000_u32.to_be_bytes()].concat();
        let tagged = [&[0xC1][..], &integer].concat();
        for time in [&float, &integer, &tagged] {
            let bytes = claims_of(time);
            let read = Cwt::parse(&bytes).unwrap();
            assert_eq!(read.expires_at.map(Timestamp::as_second), Some(TIME));
            assert_eq!(read.to_cbor(), claims_of(&integer));
        }
    }

    #[test]
    fn an_impossible_time_and_a_claim_twice_are_refused() {
        for time in [f64::NAN, f64::INFINITY, 1e300] {
            let time = [&[0xFB][..], &time.to_be_bytes()].concat();
            assert!(Cwt::parse(&claims_of(&time)).is_err());
        }
        let twice = [0xA2, 0x04, 0x01, 0x04, 0x02];
        assert_eq!(Cwt::parse(&twice), Err(CborError::Key.into()));
    }

    #[test]
    fn a_token_of_another_kind_says_that_it_holds_no_certificate() {
        for other in [
            &[0xA0][..],
            &[0xA1, 0x01, 0x62, b'V', b'N'],
            &[0x80],
            &[0x01],
        ] {
            assert_eq!(Cwt::parse(other), Err(CwtError::NoCertificate));
        }
    }
}
