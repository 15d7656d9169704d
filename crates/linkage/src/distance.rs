//! Distances between short folded words. Nothing here allocates.

/// Longest word compared letter by letter; longer ones are cut.
const LONGEST: usize = 64;

fn cut(text: &[u8]) -> &[u8] {
    text.get(..LONGEST).unwrap_or(text)
}

/// True when at most `limit` insertions, deletions, replacements or exchanges of neighbouring letters lead from one word to the other
/// (optimal string alignment).
pub(crate) fn within(a: &[u8], b: &[u8], limit: usize) -> bool {
    let (mut a, mut b) = (cut(a), cut(b));
    while let ([first_a, rest_a @ ..], [first_b, rest_b @ ..]) = (a, b)
        && first_a == first_b
    {
        (a, b) = (rest_a, rest_b);
    }
    while let ([rest_a @ .., last_a], [rest_b @ .., last_b]) = (a, b)
        && last_a == last_b
    {
        (a, b) = (rest_a, rest_b);
    }
    if a.len().abs_diff(b.len()) > limit {
        return false;
    }
    match (a, b) {
        ([], rest) | (rest, []) => rest.len() <= limit,
        ([_], [_]) => limit >= 1,
        ([x, y], [v, w]) if x == w && y == v => limit >= 1,
        _ if limit < 2 => false,
        _ => alignment(a, b) <= limit,
    }
}

/// Optimal string alignment distance by dynamic programming over three rows.
fn alignment(a: &[u8], b: &[u8]) -> usize {
    let mut before = [0_u8; LONGEST + 1];
    let mut previous: [u8; LONGEST + 1] = std::array::from_fn(|i| i as u8);
    let mut current = [0_u8; LONGEST + 1];
    for (i, &x) in a.iter().enumerate() {
        current[0] = i as u8 + 1;
        for (j, &y) in b.iter().enumerate() {
            let mut best = (previous[j] + u8::from(x != y))
                .min(previous[j + 1] + 1)
                .min(current[j] + 1);
            if i > 0 && j > 0 && x == b[j - 1] && a[i - 1] == y {
                best = best.min(before[j - 1] + 1);
            }
            current[j + 1] = best;
        }
        (before, previous, current) = (previous, current, before);
    }
    usize::from(previous[b.len()])
}

/// Jaro–Winkler similarity, 0 to 1, prefix weight 0.1 over at most four letters. Matched letters are held as bits of one word per side.
pub(crate) fn jaro_winkler(a: &[u8], b: &[u8]) -> f64 {
    let (a, b) = (cut(a), cut(b));
    if a.is_empty() || b.is_empty() {
        return f64::from(u8::from(a.len() == b.len()));
    }
    let reach = (a.len().max(b.len()) / 2).saturating_sub(1);
    let (mut seen_a, mut seen_b) = (0_u64, 0_u64);
    for (i, &x) in a.iter().enumerate() {
        let from = i.saturating_sub(reach);
        let to = (i + reach + 1).min(b.len());
        for (j, &y) in b.iter().enumerate().take(to).skip(from) {
            if x == y && seen_b >> j & 1 == 0 {
                seen_a |= 1 << i;
                seen_b |= 1 << j;
                break;
            }
        }
    }
    let matches = seen_a.count_ones();
    if matches == 0 {
        return 0.0;
    }
    let in_order = ones(seen_a)
        .zip(ones(seen_b))
        .filter(|&(i, j)| a[i] != b[j])
        .count();
    let matches = f64::from(matches);
    let jaro = (matches / a.len() as f64
        + matches / b.len() as f64
        + (matches - (in_order / 2) as f64) / matches)
        / 3.0;
    let prefix = a.iter().zip(b).take(4).take_while(|(x, y)| x == y).count();
    jaro + prefix as f64 * 0.1 * (1.0 - jaro)
}

/// Positions of the set bits, lowest first.
fn ones(mut word: u64) -> impl Iterator<Item = usize> {
    std::iter::from_fn(move || {
        (word != 0).then(|| {
            let place = word.trailing_zeros() as usize;
            word &= word - 1;
            place
        })
    })
}

#[cfg(test)]
mod tests {
    use super::{jaro_winkler, within};
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn within_agrees_with_the_textbook_distance(a in "[abc]{0,8}", b in "[abc]{0,8}", limit in 0_usize..4) {
            let distance = strsim::osa_distance(&a, &b);
            prop_assert_eq!(within(a.as_bytes(), b.as_bytes(), limit), distance <= limit);
        }

        #[test]
        fn jaro_winkler_agrees_with_the_textbook(a in "[abcd]{0,12}", b in "[abcd]{0,12}") {
            let jaro = strsim::jaro(&a, &b);
            let prefix = a.bytes().zip(b.bytes()).take(4).take_while(|(x, y)| x == y).count();
            let expected = jaro + prefix as f64 * 0.1 * (1.0 - jaro);
            prop_assert!((jaro_winkler(a.as_bytes(), b.as_bytes()) - expected).abs() < 1e-12);
        }
    }
}
