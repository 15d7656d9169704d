//! Bloom filters in the EU's form (see [`super`]).

use sha2::{Digest, Sha256};

use super::RevocationHash;
use super::verify::SliceError;

const VERSION: u16 = 1;
const SHA_256: u8 = 0;
const HEADER: usize = 20;
/// The reference counts rounds in a signed byte.
const MAX_ROUNDS: u8 = 127;
/// Bits are counted in 31 bits, as the reference does.
const MAX_WORDS: usize = (i32::MAX / 32) as usize;

/// A set that says "no" or "perhaps".
#[derive(Debug, Clone, PartialEq)]
pub(super) struct BloomFilter {
    rounds: u8,
    /// The promised false-positive rate.
    rate: f32,
    /// Elements for which it was built.
    capacity: u32,
    /// Elements that were added.
    elements: u32,
    words: Vec<u32>,
    /// 2^256 modulo the number of bits.
    wrap: u64,
}

impl BloomFilter {
    /// An empty filter for a number of elements and a false-positive rate between 0 and 1; `None` when it would need more than 2^31 bits.
    pub(super) fn with_rate(capacity: u32, rate: f64) -> Option<Self> {
        let n = f64::from(capacity.max(1));
        let bits = (n * rate.ln() / -std::f64::consts::LN_2.powi(2)).ceil();
        // Bytes to words as the reference reckons them: at most three words more than needed.
        let bytes = bits as usize / 8 + 1;
        let mut words = bytes / 4 + bytes % 4;
        // Rounding the number of rounds may cost a little more than was promised.
        while expected_rate(rounds(words, n), words, n) > rate && words <= MAX_WORDS {
            words += 1;
        }
        (words <= MAX_WORDS)
            .then(|| Self::new(rounds(words, n), rate as f32, [capacity, 0], vec![0; words]))
    }

    fn new(rounds: u8, rate: f32, [capacity, elements]: [u32; 2], words: Vec<u32>) -> Self {
        let bits = words.len() as u64 * 32;
        let wrap = (0..8).fold(1, |power, _| (power << 32) % bits);
        Self {
            rounds,
            rate,
            capacity,
            elements,
            words,
            wrap,
        }
    }

    pub(super) fn add(&mut self, element: &[u8]) {
        for round in 0..self.rounds {
            let bit = self.bit(element, round);
            if let Some(word) = self.words.get_mut(bit / 32) {
                *word |= mask(bit);
            }
        }
        self.elements = self.elements.saturating_add(1);
    }

    /// Whether the element may have been added; always, if it was.
    pub(super) fn may_contain(&self, element: &[u8]) -> bool {
        (0..self.rounds).all(|round| {
            let bit = self.bit(element, round);
            self.words
                .get(bit / 32)
                .is_some_and(|word| word & mask(bit) != 0)
        })
    }

    pub(super) fn may_contain_hash(&self, hash: &RevocationHash) -> bool {
        self.may_contain(&hash.0)
    }

    /// The rate that follows from the elements that it holds.
    pub(super) fn expected_rate(&self) -> f64 {
        expected_rate(self.rounds, self.words.len(), f64::from(self.elements))
    }

    fn bit(&self, element: &[u8], round: u8) -> usize {
        let mut sha = Sha256::new();
        sha.update(element);
        sha.update([round]);
        let bits = self.words.len() as u64 * 32;
        let hash = sha.finalize();
        let limbs = hash
            .chunks_exact(4)
            .map(|limb| limb.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte)));
        let unsigned = limbs.fold(0, |rest, limb| (rest << 32 | limb) % bits);
        // As a signed number a hash that begins with a one is 2^256 less.
        let negative = hash.first().is_some_and(|byte| *byte >= 0x80);
        let index = if negative {
            (unsigned + bits - self.wrap) % bits
        } else {
            unsigned
        };
        index as usize
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.words.len() * 4);
        bytes.extend(VERSION.to_be_bytes());
        bytes.extend([self.rounds, SHA_256]);
        bytes.extend(self.rate.to_be_bytes());
        bytes.extend(self.capacity.to_be_bytes());
        bytes.extend(self.elements.to_be_bytes());
        bytes.extend((self.words.len() as u32).to_be_bytes());
        bytes.extend(self.words.iter().flat_map(|word| word.to_be_bytes()));
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, SliceError> {
        let (header, body) = bytes
            .split_first_chunk::<HEADER>()
            .ok_or(SliceError::Truncated)?;
        let [
            v0,
            v1,
            b2,
            b3,
            r0,
            r1,
            r2,
            r3,
            c0,
            c1,
            c2,
            c3,
            e0,
            e1,
            e2,
            e3,
            w0,
            w1,
            w2,
            w3,
        ] = *header;
        let version = u16::from_be_bytes([v0, v1]);
        // The rounds are never 0 and the hash function always is: so it is plain which of the two orders this is.
        let (rounds, function) = if b2 == SHA_256 { (b3, b2) } else { (b2, b3) };
        if version != VERSION || function != SHA_256 {
            return Err(SliceError::Unknown { version, function });
        }
        let words = u32::from_be_bytes([w0, w1, w2, w3]) as usize;
        if body.len() != words.saturating_mul(4) {
            return Err(SliceError::Truncated);
        }
        if !(1..=MAX_ROUNDS).contains(&rounds) || !(1..=MAX_WORDS).contains(&words) {
            return Err(SliceError::Impossible);
        }
        let words = body.chunks_exact(4);
        let words = words.map(|word| word.iter().fold(0, |sum, byte| sum << 8 | u32::from(*byte)));
        let counts = [
            u32::from_be_bytes([c0, c1, c2, c3]),
            u32::from_be_bytes([e0, e1, e2, e3]),
        ];
        Ok(Self::new(
            rounds,
            f32::from_be_bytes([r0, r1, r2, r3]),
            counts,
            words.collect(),
        ))
    }
}

fn mask(bit: usize) -> u32 {
    0x8000_0000 >> (bit % 32)
}

/// The number of rounds that gives the lowest rate.
fn rounds(words: usize, n: f64) -> u8 {
    let best = (words as f64 * 32.0 / n * std::f64::consts::LN_2).round();
    best.clamp(1.0, f64::from(MAX_ROUNDS)) as u8
}

fn expected_rate(rounds: u8, words: usize, n: f64) -> f64 {
    let k = f64::from(rounds);
    (1.0 - (-k * n / (words as f64 * 32.0)).exp()).powf(k)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn filters_are_built_bit_for_bit_as_the_reference_does() {
        // filter-test.json of eu-digital-green-certificates/dgc-bloomfilter (Apache-2.0): rate 10^-4, elements in UTF-8.
        let vectors: [(&[&str], &[i32], u32); 4] = [
            (&["1"], &[2_102_098_068, 1_202_697_683, 439_752_268], 1),
            (&["1", "2"], &[2_129_861_756, 1_680_563_432], 2),
            (&["1", "3"], &[72_564_506, 917_192_896], 3),
            (
                &["1", "3", "4"],
                &[373_367_068, -1_457_290_747, -1_504_305_326, 379_210_944],
                4,
            ),
        ];
        for (elements, words, capacity) in vectors {
            let mut filter = BloomFilter::with_rate(capacity, 1e-4_f32.into()).unwrap();
            for element in elements {
                filter.add(element.as_bytes());
            }
            let words: Vec<_> = words.iter().map(|word| word.cast_unsigned()).collect();
            assert_eq!(filter.words, words, "{elements:?}");
        }
    }

    #[test]
    fn a_filter_has_the_size_and_rounds_of_the_reference() {
        // testProbabilistcRate3 of the reference.
        let filter = BloomFilter::with_rate(10_000, 0.000_01).unwrap();
        assert_eq!((filter.rounds, filter.words.len() * 32), (17, 239_680));
    }

    #[test]
    fn both_orders_of_the_header_are_read() {
        let mut filter = BloomFilter::with_rate(100, 0.01).unwrap();
        filter.add(b"x");
        let mut bytes = filter.to_bytes();
        assert_eq!(BloomFilter::from_bytes(&bytes), Ok(filter.clone()));
        bytes.swap(2, 3);
        assert_eq!(BloomFilter::from_bytes(&bytes), Ok(filter));
    }

    #[test]
    fn a_filter_that_cannot_be_is_refused() {
        let good = BloomFilter::with_rate(100, 0.01).unwrap().to_bytes();
        let changed = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            BloomFilter::from_bytes(&bytes)
        };
        assert_eq!(
            changed(1, 2),
            Err(SliceError::Unknown {
                version: 2,
                function: 0
            })
        );
        assert_eq!(
            changed(3, 1),
            Err(SliceError::Unknown {
                version: 1,
                function: 1
            })
        );
        assert_eq!(changed(2, 0), Err(SliceError::Impossible));
        assert_eq!(changed(2, 200), Err(SliceError::Impossible));
        assert_eq!(changed(16, 0xff), Err(SliceError::Truncated));
        assert_eq!(
            BloomFilter::from_bytes(&good[..good.len() - 1]),
            Err(SliceError::Truncated)
        );
        assert_eq!(
            BloomFilter::from_bytes(&good[..19]),
            Err(SliceError::Truncated)
        );
        let mut empty = good[..20].to_vec();
        empty[16..20].fill(0);
        assert_eq!(BloomFilter::from_bytes(&empty), Err(SliceError::Impossible));
    }
}
