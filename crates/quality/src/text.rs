//! Comparing short texts.

/// True when the texts are equal or one typing slip apart: a character wrong, missing or too many, or two neighbours swapped.
pub(crate) fn one_slip(a: &str, b: &str) -> bool {
    let head = a
        .chars()
        .zip(b.chars())
        .take_while(|(x, y)| x == y)
        .map(|(x, _)| x.len_utf8())
        .sum::<usize>();
    let (a, b) = (&a[head..], &b[head..]);
    let tail = a
        .chars()
        .rev()
        .zip(b.chars().rev())
        .take_while(|(x, y)| x == y)
        .map(|(x, _)| x.len_utf8())
        .sum::<usize>();
    let mut a = a[..a.len() - tail].chars();
    let mut b = b[..b.len() - tail].chars();
    match (
        (a.next(), a.next(), a.next()),
        (b.next(), b.next(), b.next()),
    ) {
        ((_, None, _), (_, None, _)) => true,
        ((Some(a1), Some(a2), None), (Some(b1), Some(b2), None)) => (a1, a2) == (b2, b1),
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::one_slip;

    #[test]
    fn one_slip_is_one_wrong_missing_surplus_or_swapped_character() {
        for (a, b, expected) in [
            ("hoa", "hoa", true),
            ("hoa", "hòa", true),
            ("hoa", "ho", true),
            ("hoa", "hoaa", true),
            ("hoa", "hao", true),
            ("", "a", true),
            ("hoa", "han", false),
            ("hoa", "aho", false),
            ("an", "ấna", false),
            ("aa", "aaa", true),
        ] {
            assert_eq!(one_slip(a, b), expected, "{a} {b}");
            assert_eq!(one_slip(b, a), expected, "{b} {a}");
        }
    }
}
