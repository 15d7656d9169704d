//! Variable-length hash lists in the EU's form (see [`super`]).

use super::RevocationHash;
use super::verify::SliceError;

const VERSION: u16 = 1;
const HEADER: usize = 11;
const MAX_LENGTH: u8 = 16;

/// The beginnings of hashes, in order.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct HashList {
    /// The promised false-positive rate.
    rate: f32,
    /// Bytes kept of each hash.
    length: u8,
    /// The beginnings behind one another, ascending as signed numbers.
    bytes: Vec<u8>,
}

impl HashList {
    /// Keeps so many bytes of each hash that a hash with the same first `digits` hexadecimal digits, which all of them share, is taken for
    /// one of them at most at the given rate; never less than `shortest`.
    pub(super) fn with_rate(
        hashes: &[RevocationHash],
        digits: u32,
        rate: f64,
        shortest: u8,
    ) -> Self {
        let few_enough = |length: &u8| {
            let free_bits = 8 * i32::from(*length) - 4 * digits as i32;
            hashes.len() as f64 * 2_f64.powi(-free_bits) <= rate
        };
        let length = (shortest.max(1)..MAX_LENGTH)
            .find(few_enough)
            .unwrap_or(MAX_LENGTH);
        let mut kept: Vec<&[u8]> = hashes
            .iter()
            .filter_map(|hash| hash.0.get(..usize::from(length)))
            .collect();
        kept.sort_unstable_by_key(|start| signed(start));
        kept.dedup();
        Self {
            rate: rate as f32,
            length,
            bytes: kept.concat(),
        }
    }

    /// Whether the hash may be among them; always, if it is.
    pub(super) fn may_contain(&self, hash: &RevocationHash) -> bool {
        let length = usize::from(self.length);
        let Some(start) = hash.0.get(..length) else {
            return false;
        };
        let wanted = signed(start);
        let (mut low, mut high) = (0, self.bytes.len() / length);
        while low < high {
            let middle = usize::midpoint(low, high);
            let Some(found) = self.bytes.get(middle * length..(middle + 1) * length) else {
                return false;
            };
            match signed(found).cmp(&wanted) {
                std::cmp::Ordering::Equal => return true,
                std::cmp::Ordering::Less => low = middle + 1,
                std::cmp::Ordering::Greater => high = middle,
            }
        }
        false
    }

    /// The rate for hashes that share their first `digits` digits with those in the list.
    pub(super) fn expected_rate(&self, digits: u32) -> f64 {
        let free_bits = 8 * i32::from(self.length) - 4 * digits as i32;
        (self.count() as f64 * 2_f64.powi(-free_bits)).min(1.0)
    }

    fn count(&self) -> usize {
        self.bytes.len() / usize::from(self.length)
    }

    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER + self.bytes.len());
        bytes.extend(VERSION.to_be_bytes());
        bytes.extend(self.rate.to_be_bytes());
        bytes.extend((self.count() as u32).to_be_bytes());
        bytes.push(self.length);
        bytes.extend(&self.bytes);
        bytes
    }

    pub(super) fn from_bytes(bytes: &[u8]) -> Result<Self, SliceError> {
        let (header, body) = bytes
            .split_first_chunk::<HEADER>()
            .ok_or(SliceError::Truncated)?;
        let [v0, v1, r0, r1, r2, r3, _, _, _, _, length] = *header;
        let version = u16::from_be_bytes([v0, v1]);
        if version != VERSION {
            return Err(SliceError::Unknown {
                version,
                function: 0,
            });
        }
        if !(1..=MAX_LENGTH).contains(&length) {
            return Err(SliceError::Impossible);
        }
        // The stated number is what the list was planned for, which the reference lets differ from what it holds.
        if body.len() % usize::from(length) != 0 {
            return Err(SliceError::Truncated);
        }
        let mut starts: Vec<&[u8]> = body.chunks_exact(usize::from(length)).collect();
        // Sorted already, if we wrote it.
        starts.sort_by_key(|start| signed(start));
        starts.dedup();
        Ok(Self {
            rate: f32::from_be_bytes([r0, r1, r2, r3]),
            length,
            bytes: starts.concat(),
        })
    }
}

/// A beginning as a key of the order in which signed numbers of its length stand.
fn signed(start: &[u8]) -> (u8, &[u8]) {
    match start.split_first() {
        Some((first, rest)) => (first ^ 0x80, rest),
        None => (0, start),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_list_of_the_reference_is_read() {
        // PartialVariableHashFilterTest of the reference: hashes 0102, 0304 … 0d0e, rate 2.7·10^-11.
        let bytes = [
            0, 1, 45, 47, 235, 255, 0, 0, 0, 7, 2, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14,
        ];
        let list = HashList::from_bytes(&bytes).unwrap();
        let with = |first: u8, second: u8| {
            let mut hash = RevocationHash([0; 16]);
            hash.0[..2].copy_from_slice(&[first, second]);
            list.may_contain(&hash)
        };
        assert!(with(3, 4) && with(13, 14));
        assert!(!with(4, 5) && !with(0, 0));
        assert_eq!(list.to_bytes(), bytes);
    }

    #[test]
    fn hashes_in_any_order_are_found_and_written_in_the_order_of_signed_numbers() {
        let hashes = [0x7f, 0x80, 0xff, 0x00].map(|first| RevocationHash([first; 16]));
        let list = HashList::with_rate(&hashes, 0, 1e-9, 4);
        assert!(hashes.iter().all(|hash| list.may_contain(hash)));
        assert_eq!(
            list.bytes,
            [[0x80; 4], [0xff; 4], [0x00; 4], [0x7f; 4]].concat()
        );
        let mut turned = list.to_bytes();
        turned[HEADER..].reverse();
        assert_eq!(HashList::from_bytes(&turned), Ok(list));
    }

    #[test]
    fn as_much_is_kept_of_a_hash_as_the_rate_asks() {
        let hashes: Vec<_> = (0..1000_u16)
            .map(|n| RevocationHash([n.to_be_bytes()[1]; 16]))
            .collect();
        let length = |digits, rate| HashList::with_rate(&hashes, digits, rate, 4).length;
        // 1000 of 2^32 is 2.3·10^-7.
        assert_eq!(length(0, 3e-7), 4);
        assert_eq!(length(0, 2e-7), 5);
        assert_eq!(length(3, 3e-7), 6);
        assert_eq!(length(0, 1e-60), 16);
    }

    #[test]
    fn a_list_that_cannot_be_is_refused() {
        let good = HashList::with_rate(&[RevocationHash([1; 16])], 0, 0.1, 4).to_bytes();
        let changed = |at: usize, byte: u8| {
            let mut bytes = good.clone();
            bytes[at] = byte;
            HashList::from_bytes(&bytes)
        };
        assert_eq!(
            changed(1, 9),
            Err(SliceError::Unknown {
                version: 9,
                function: 0
            })
        );
        assert_eq!(changed(10, 0), Err(SliceError::Impossible));
        assert_eq!(changed(10, 17), Err(SliceError::Impossible));
        assert_eq!(changed(10, 3), Err(SliceError::Truncated));
        assert_eq!(
            HashList::from_bytes(&good[..10]),
            Err(SliceError::Truncated)
        );
    }
}
