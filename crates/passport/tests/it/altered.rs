//! Random alterations of valid codes: none is accepted, nothing panics.

use passport::verify::verify;
use rand::{RngExt as _, SeedableRng as _};
use rand_pcg::Pcg64;

use crate::support::{Dsc, issued, now};

const ALPHABET: &[u8] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";

/// One of the ways in which a code gets altered on its way.
fn alter(code: &str, rng: &mut Pcg64) -> String {
    let mut bytes = code.as_bytes().to_vec();
    let place = rng.random_range(0..bytes.len());
    let other = rng.random_range(0..bytes.len());
    let character = ALPHABET[rng.random_range(0..ALPHABET.len())];
    match rng.random_range(0..8) {
        0..3 => bytes[place] = character,
        3 => bytes.insert(place, character),
        4 => drop(bytes.remove(place)),
        5 => bytes.swap(place, other),
        6 => bytes.truncate(place),
        _ => {
            for _ in 0..rng.random_range(2..8) {
                let place = rng.random_range(0..bytes.len());
                bytes[place] = ALPHABET[rng.random_range(0..ALPHABET.len())];
            }
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[test]
fn no_altered_code_is_accepted() {
    let code = issued().code;
    let trusted = Dsc::usual().trusted();
    let mut rng = Pcg64::seed_from_u64(5772);
    let mut altered = 0;
    while altered < 100_000 {
        let text = alter(&code, &mut rng);
        if text == code {
            continue;
        }
        altered += 1;
        let report = verify(&text, trusted, now());
        assert!(!report.is_valid(), "{text}");
        assert!(report.failure().is_some());
    }
    assert!(verify(&code, trusted, now()).is_valid());
}

/// Behind the compression, where a checksum no longer finds the alteration: every byte of the message, every bit.
#[test]
fn no_altered_bit_of_the_message_is_accepted_where_it_is_signed() {
    let code = issued().code;
    let stream = passport::base45::decode(&code["HC1:".len()..]).unwrap();
    let message = passport::zlib::inflate(&stream).unwrap();
    let trusted = Dsc::usual().trusted();
    // Tag, array and the empty unprotected header carry no meaning that is signed.
    let unsigned = message.iter().position(|byte| *byte == 0xA0).unwrap();
    for bit in 16..message.len() * 8 {
        if bit / 8 == unsigned {
            continue;
        }
        let mut altered = message.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        let report = passport::verify::verify_message(&altered, trusted, now());
        assert!(!report.is_valid(), "bit {bit}");
    }
}
