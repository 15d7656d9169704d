//! One 64-bit hash for everything that is compared by identity across two record sets: names, tokens, keys.
//!
//! Two sets are built independently of each other, so that a dictionary number of one means nothing in the other; a 64-bit hash does.
//! Among 100 million distinct values the chance of any collision is below one in 3,000.

const A: u64 = 0xa076_1d64_78bd_642f;
const B: u64 = 0xe703_7ed1_a0b4_28db;

/// Mixes two words into one.
pub(crate) fn mix(a: u64, b: u64) -> u64 {
    let wide = u128::from(a ^ A) * u128::from(b ^ B);
    (wide as u64) ^ ((wide >> 64) as u64)
}

/// The hash of a byte string.
pub(crate) fn bytes(text: &[u8]) -> u64 {
    let mut state = mix(text.len() as u64, A);
    let mut chunks = text.chunks_exact(8);
    for chunk in &mut chunks {
        state = mix(
            state,
            chunk
                .iter()
                .fold(0, |word, byte| word << 8 | u64::from(*byte)),
        );
    }
    let rest = chunks
        .remainder()
        .iter()
        .fold(0, |word, byte| word << 8 | u64::from(*byte));
    // The top bit keeps a text of whole words apart from zero, which would swallow the state.
    mix(state, rest | 1 << 63)
}

/// The hash of a sequence of hashes; order matters.
pub(crate) fn sequence(words: impl IntoIterator<Item = u64>) -> u64 {
    words.into_iter().fold(B, mix)
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    #[test]
    fn short_texts_of_every_length_do_not_collide() {
        let words: Vec<String> = (0..50_000)
            .map(|n| format!("{:0width$}", n, width = n % 29))
            .collect();
        let distinct: HashSet<&String> = words.iter().collect();
        let hashes: HashSet<u64> = words
            .iter()
            .map(|word| super::bytes(word.as_bytes()))
            .collect();
        assert_eq!(hashes.len(), distinct.len());
        let low: HashSet<u64> = hashes.iter().map(|hash| hash & 0xffff_ffff).collect();
        assert!(
            low.len() + 5 > distinct.len(),
            "the low bits index the filter of blocking"
        );
    }
}
