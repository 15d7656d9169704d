//! The signed envelope: `COSE_Sign1` (RFC 9052, section 4.2) as the EU specification narrows it.

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error as Malformed;
use signing::Algorithm;

use crate::cbor::{Items, Writer};

/// A message as it was received. Everything borrows from the bytes, since a signature covers bytes and not their meaning.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sign1<'a> {
    protected: &'a [u8],
    /// The CWT.
    pub payload: &'a [u8],
    /// As long as its maker made it.
    pub signature: &'a [u8],
    /// Header parameter 1, the registered number of the algorithm; the protected header wins.
    pub algorithm: Option<i64>,
    /// Header parameter 4, the key identifier; the protected header wins.
    pub kid: Option<&'a [u8]>,
}

impl<'a> Sign1<'a> {
    /// Reads a message with no tag, with tag 18 (COSE) or with tags 61 and 18 (CWT and COSE); all three occur.
    ///
    /// # Errors
    /// [`CoseError`]: no such message, something after it, or a header that must be understood and is not.
    pub fn parse(bytes: &'a [u8]) -> Result<Self, CoseError> {
        let mut d = Decoder::new(bytes);
        skip_tags(&mut d)?;
        if d.datatype()? != Type::Array || d.array()? != Some(4) {
            return Err(CoseError::NotSign1);
        }
        let protected = d.bytes()?;
        let inner = Header::protected(protected)?;
        let outer = Header::read(&mut d)?;
        if d.datatype()? == Type::Null {
            return Err(CoseError::Detached);
        }
        let message = Self {
            protected,
            payload: d.bytes()?,
            signature: d.bytes()?,
            algorithm: inner.algorithm.or(outer.algorithm),
            kid: inner.kid.or(outer.kid),
        };
        if d.position() < bytes.len() {
            return Err(CoseError::Trailing);
        }
        if inner.critical || outer.critical {
            return Err(CoseError::Critical);
        }
        Ok(message)
    }

    /// The bytes that the signature covers: the `Sig_structure` (RFC 9052, section 4.4).
    pub fn to_be_signed(&self) -> Vec<u8> {
        to_be_signed(self.protected, self.payload)
    }

    /// The algorithm, where it is one of the two of the EU specification.
    pub fn known_algorithm(&self) -> Option<Algorithm> {
        match self.algorithm {
            Some(ES256) => Some(Algorithm::Es256),
            Some(PS256) => Some(Algorithm::Ps256),
            _ => None,
        }
    }
}

/// The protected header that names an algorithm and a key.
pub fn protected_header(algorithm: Algorithm, kid: &[u8]) -> Vec<u8> {
    let mut w = Writer::default();
    w.map(2);
    w.integer(ALGORITHM);
    w.integer(match algorithm {
        Algorithm::Es256 => ES256,
        Algorithm::Ps256 => PS256,
    });
    w.integer(KID);
    w.bytes(kid);
    w.into_bytes()
}

/// The bytes to sign for a protected header and a payload.
pub fn to_be_signed(protected: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut w = Writer::with_capacity(payload.len() + protected.len() + 24);
    w.array(4);
    w.text("Signature1");
    w.bytes(protected);
    w.bytes(&[]);
    w.bytes(payload);
    w.into_bytes()
}

/// The whole message with tag 18.
pub fn sign1(protected: &[u8], payload: &[u8], signature: &[u8]) -> Vec<u8> {
    let mut w = Writer::with_capacity(payload.len() + protected.len() + signature.len() + 16);
    w.tag(COSE_SIGN1);
    w.array(4);
    w.bytes(protected);
    w.map(0);
    w.bytes(payload);
    w.bytes(signature);
    w.into_bytes()
}

/// Why bytes are no signed message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CoseError {
    /// Not well-formed.
    #[error("not well-formed CBOR: {0}")]
    Malformed(String),
    /// Some other thing in CBOR.
    #[error("not a COSE_Sign1 message")]
    NotSign1,
    /// The payload is not in the message.
    #[error("the message does not contain what it signs")]
    Detached,
    /// More bytes after the message.
    #[error("something follows the message")]
    Trailing,
    /// A critical header parameter (RFC 9052, section 3.1) that nobody here understands.
    #[error("the message has a critical header that is not understood")]
    Critical,
}

impl From<Malformed> for CoseError {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error.to_string())
    }
}

const COSE_SIGN1: u64 = 18;
const CWT: u64 = 61;
const ALGORITHM: i64 = 1;
const CRITICAL: i64 = 2;
const KID: i64 = 4;
const ES256: i64 = -7;
const PS256: i64 = -37;

fn skip_tags(d: &mut Decoder<'_>) -> Result<(), CoseError> {
    let mut expected = [COSE_SIGN1, CWT].as_slice();
    while d.datatype()? == Type::Tag {
        let tag = d.tag()?.as_u64();
        let Some(place) = expected.iter().position(|known| *known == tag) else {
            return Err(CoseError::NotSign1);
        };
        // After 61 may come 18; after 18 nothing.
        expected = expected.get(..place).unwrap_or_default();
    }
    Ok(())
}

/// What we look for in a header.
#[derive(Default)]
struct Header<'a> {
    algorithm: Option<i64>,
    kid: Option<&'a [u8]>,
    critical: bool,
}

impl<'a> Header<'a> {
    /// A protected header is a byte string; an empty one stands for no parameters.
    fn protected(bytes: &'a [u8]) -> Result<Self, CoseError> {
        if bytes.is_empty() {
            return Ok(Self::default());
        }
        let mut d = Decoder::new(bytes);
        let header = Self::read(&mut d)?;
        if d.position() < bytes.len() {
            return Err(CoseError::Trailing);
        }
        Ok(header)
    }

    fn read(d: &mut Decoder<'a>) -> Result<Self, CoseError> {
        let mut header = Self::default();
        let mut items = Items::map(d)?;
        while items.next(d)? {
            let label = match d.datatype()? {
                Type::String | Type::StringIndef => {
                    d.skip()?;
                    None
                }
                _ => Some(d.i64()?),
            };
            match (label, d.datatype()?) {
                // An algorithm that is a text is none that we know.
                (Some(ALGORITHM), Type::String | Type::StringIndef) => d.skip()?,
                (Some(ALGORITHM), _) => header.algorithm = Some(d.i64()?),
                (Some(KID), _) => header.kid = Some(d.bytes()?),
                (Some(CRITICAL), _) => {
                    header.critical = true;
                    d.skip()?;
                }
                _ => d.skip()?,
            }
        }
        Ok(header)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(tags: &[u64], protected: &[u8], unprotected: &[u8]) -> Vec<u8> {
        let mut w = Writer::default();
        for &tag in tags {
            w.tag(tag);
        }
        w.array(4);
        w.bytes(protected);
        w.raw(unprotected);
        w.bytes(b"payload");
        w.bytes(b"signature");
        w.into_bytes()
    }

    fn header(kid: &[u8]) -> Vec<u8> {
        protected_header(Algorithm::Es256, kid)
    }

    #[test]
    fn all_three_taggings_are_read_and_no_other() {
        for (tags, good) in [
            (&[][..], true),
            (&[18], true),
            (&[61, 18], true),
            (&[61], true),
            (&[18, 18], false),
            (&[18, 61], false),
            (&[98], false),
        ] {
            let bytes = message(tags, &header(b"12345678"), &[0xA0]);
            assert_eq!(Sign1::parse(&bytes).is_ok(), good, "{tags:?}");
        }
    }

    #[test]
    fn the_protected_header_wins_and_either_may_be_empty() {
        let empty = [0xA0];
        for (protected, unprotected, kid) in [
            (header(b"in"), header(b"out"), Some(&b"in"[..])),
            (header(b"in"), empty.to_vec(), Some(b"in")),
            (empty.to_vec(), header(b"out"), Some(b"out")),
            (vec![], header(b"out"), Some(b"out")),
            (vec![], empty.to_vec(), None),
        ] {
            let bytes = message(&[18], &protected, &unprotected);
            let message = Sign1::parse(&bytes).unwrap();
            assert_eq!(message.kid, kid);
            assert_eq!(message.known_algorithm(), kid.map(|_| Algorithm::Es256));
            assert_eq!(message.to_be_signed(), to_be_signed(&protected, b"payload"));
        }
    }

    #[test]
    fn what_is_written_is_read() {
        let bytes = sign1(&header(b"12345678"), b"payload", b"signature");
        let read = Sign1::parse(&bytes).unwrap();
        assert_eq!(
            (read.payload, read.signature, read.kid),
            (&b"payload"[..], &b"signature"[..], Some(&b"12345678"[..]))
        );
        let longer = [&bytes[..], b"x"].concat();
        assert_eq!(Sign1::parse(&longer), Err(CoseError::Trailing));
    }

    #[test]
    fn a_critical_header_is_refused_because_nobody_here_understands_one() {
        let critical = [0xA1, 0x02, 0x81, 0x18, 0x2A];
        let bytes = message(&[18], &critical, &header(b"12345678"));
        assert_eq!(Sign1::parse(&bytes), Err(CoseError::Critical));
    }
}
