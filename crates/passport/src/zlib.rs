//! Compression of a certificate (RFC 1950), bounded in both directions.
//!
//! A verifier inflates what strangers hand it, so [`inflate`] stops at [`MAX_INFLATED`] bytes, and it takes only *one* spelling of a
//! stream: bytes after the end or bits after the last code are refused, although they would change nothing. Otherwise a code could be
//! altered and still be accepted.

use std::cell::RefCell;

use libdeflater::{CompressionLvl, Compressor, DecompressionError, Decompressor, adler32};

/// No certificate inflates to more bytes. The largest QR code (version 40-L) holds 4,296 characters or 2,864 bytes, which even a good
/// compressor fills from no more than some ten thousand bytes of CBOR.
pub const MAX_INFLATED: usize = 64 * 1024;

/// The inflated bytes of a zlib stream.
///
/// # Errors
/// [`ZlibError`]: not zlib, damaged, or more than [`MAX_INFLATED`] bytes.
pub fn inflate(stream: &[u8]) -> Result<Vec<u8>, ZlibError> {
    let (deflated, checksum) = open(stream)?;
    thread_local!(static DECOMPRESSOR: RefCell<Decompressor> = RefCell::new(Decompressor::new()));
    DECOMPRESSOR.with_borrow_mut(|decompressor| {
        let inflated = inflate_raw(decompressor, deflated)?;
        if adler32(&inflated) != u32::from_be_bytes(checksum)
            || !ends_in_zero_bits(decompressor, deflated, &inflated)
        {
            return Err(ZlibError::Damaged);
        }
        Ok(inflated)
    })
}

/// The zlib stream of the bytes, at the level at which a certificate gets no smaller any more.
///
/// # Errors
/// [`ZlibError::TooLarge`] for input that [`inflate`] would refuse to give back.
pub fn deflate(bytes: &[u8]) -> Result<Vec<u8>, ZlibError> {
    if bytes.len() > MAX_INFLATED {
        return Err(ZlibError::TooLarge);
    }
    thread_local!(static COMPRESSOR: RefCell<Compressor> = RefCell::new(Compressor::new(
        CompressionLvl::new(LEVEL).unwrap_or_default()
    )));
    COMPRESSOR.with_borrow_mut(|compressor| {
        let mut stream = vec![0; compressor.zlib_compress_bound(bytes.len())];
        let length = compressor
            .zlib_compress(bytes, &mut stream)
            .map_err(|_| ZlibError::TooLarge)?;
        stream.truncate(length);
        Ok(stream)
    })
}

/// Level 9 of libdeflate; the slower ones save no byte on a certificate.
const LEVEL: i32 = 9;

/// Why bytes are no zlib stream of a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ZlibError {
    /// The header is not that of zlib: the certificate may not be compressed at all.
    #[error("not compressed with zlib")]
    NotZlib,
    /// It begins like zlib and does not hold together: truncated, altered, or followed by something else.
    #[error("the compressed data are damaged or cut off")]
    Damaged,
    /// More bytes than any certificate has.
    #[error("more than {MAX_INFLATED} bytes when inflated: no certificate is so large")]
    TooLarge,
}

/// The deflate data and the checksum (RFC 1950, section 2.2).
fn open(stream: &[u8]) -> Result<(&[u8], [u8; 4]), ZlibError> {
    const DEFLATE: u8 = 8;
    const DICTIONARY: u8 = 0x20;
    let Some((&[method, flags], rest)) = stream.split_first_chunk() else {
        return Err(ZlibError::NotZlib);
    };
    let good = method & 0x0F == DEFLATE
        && method >> 4 <= 7
        && u16::from_be_bytes([method, flags]).is_multiple_of(31)
        && flags & DICTIONARY == 0;
    if !good {
        return Err(ZlibError::NotZlib);
    }
    let (deflated, &checksum) = rest.split_last_chunk().ok_or(ZlibError::Damaged)?;
    Ok((deflated, checksum))
}

fn inflate_raw(decompressor: &mut Decompressor, deflated: &[u8]) -> Result<Vec<u8>, ZlibError> {
    let mut inflated = vec![0; 2048];
    loop {
        match decompressor.deflate_decompress(deflated, &mut inflated) {
            Ok(length) => {
                inflated.truncate(length);
                return Ok(inflated);
            }
            Err(DecompressionError::InsufficientSpace) if inflated.len() < MAX_INFLATED => {
                let length = (inflated.len() * 4).min(MAX_INFLATED);
                inflated.resize(length, 0);
            }
            Err(DecompressionError::InsufficientSpace) => return Err(ZlibError::TooLarge),
            Err(_) => return Err(ZlibError::Damaged),
        }
    }
}

/// Whether the bits after the last code are zero, as every compressor writes them. A bit that could be cleared without changing the
/// output is one of them.
fn ends_in_zero_bits(decompressor: &mut Decompressor, deflated: &[u8], inflated: &[u8]) -> bool {
    let mut cleared = deflated.to_vec();
    match cleared.last_mut() {
        Some(last) if *last != 0 => *last &= !(1 << last.ilog2()),
        _ => return true,
    }
    let mut again = vec![0; inflated.len()];
    let same = decompressor.deflate_decompress(&cleared, &mut again) == Ok(inflated.len());
    !(same && again == inflated)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_deflated_comes_back_and_too_much_is_refused_both_ways() {
        for length in [0, 1, 400, 5_000, MAX_INFLATED] {
            let bytes: Vec<u8> = (0..length).map(|i| (i * i % 251) as u8).collect();
            assert_eq!(inflate(&deflate(&bytes).unwrap()), Ok(bytes));
        }
        assert_eq!(
            deflate(&vec![0; MAX_INFLATED + 1]),
            Err(ZlibError::TooLarge)
        );
    }

    #[test]
    fn a_bomb_stops_at_the_limit() {
        let mut compressor = Compressor::new(CompressionLvl::best());
        let bomb = vec![0; 100_000_000];
        let mut stream = vec![0; compressor.zlib_compress_bound(bomb.len())];
        let length = compressor.zlib_compress(&bomb, &mut stream).unwrap();
        assert_eq!(inflate(&stream[..length]), Err(ZlibError::TooLarge));
    }

    #[test]
    fn every_altered_bit_and_every_added_or_missing_byte_is_noticed() {
        let bytes = b"one certificate, one spelling";
        let stream = deflate(bytes).unwrap();
        for bit in 16..stream.len() * 8 {
            let mut altered = stream.clone();
            altered[bit / 8] ^= 1 << (bit % 8);
            assert_eq!(inflate(&altered), Err(ZlibError::Damaged), "bit {bit}");
        }
        for length in 0..stream.len() {
            assert!(inflate(&stream[..length]).is_err(), "{length} bytes");
        }
        assert_eq!(
            inflate(&[&stream[..], b"x"].concat()),
            Err(ZlibError::Damaged)
        );
        assert_eq!(inflate(bytes), Err(ZlibError::NotZlib));
    }
}
