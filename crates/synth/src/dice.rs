//! Seeded chance in integers only, so that every machine throws the same dice.

use rand::Rng as _;
use rand_pcg::Pcg64Mcg;
use serde::{Deserialize, Serialize};

/// A share between 0 and 1, held as a 32-bit threshold: 2^32 means always.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct Rate(u64);

/// 2^32 as a float; exact.
const WHOLE: f64 = 4_294_967_296.0;

impl Rate {
    /// Never.
    pub const NEVER: Self = Self(0);

    /// From a share; `None` outside 0–1.
    pub fn new(share: f64) -> Option<Self> {
        // IEEE multiplication and rounding are the same everywhere: the only float step of the crate.
        (0.0..=1.0)
            .contains(&share)
            .then(|| Self((share * WHOLE).round() as u64))
    }

    /// The share.
    pub fn share(self) -> f64 {
        self.0 as f64 / WHOLE
    }
}

impl TryFrom<f64> for Rate {
    type Error = String;
    fn try_from(share: f64) -> Result<Self, String> {
        Self::new(share).ok_or_else(|| format!("{share} is no share: it must lie between 0 and 1"))
    }
}

impl From<Rate> for f64 {
    fn from(rate: Rate) -> Self {
        rate.share()
    }
}

/// By how much the rates of a record are multiplied, as a fixed-point number with 16 binary places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Scale(u64);

impl Scale {
    /// Unchanged.
    pub(crate) const ONE: Self = Self(1 << 16);

    /// From a factor between 0 and 1000; `None` outside.
    pub(crate) fn new(factor: f64) -> Option<Self> {
        (0.0..=1000.0)
            .contains(&factor)
            .then(|| Self((factor * 65_536.0).round() as u64))
    }

    /// Both multiplied.
    pub(crate) fn times(self, other: Self) -> Self {
        Self((self.0 * other.0) >> 16)
    }

    /// The threshold of a rate under this scale; at most "always".
    fn threshold(self, rate: Rate) -> u64 {
        (((u128::from(rate.0) * u128::from(self.0)) >> 16) as u64).min(1 << 32)
    }
}

/// Independent streams of one seed: another error profile meets the same people.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Stream {
    World = 1,
    People = 2,
    Doses = 3,
    Mistakes = 4,
    Order = 5,
}

/// A seeded generator.
#[derive(Debug, Clone)]
pub(crate) struct Dice(Pcg64Mcg);

impl Dice {
    /// The generator of one part of a stream.
    pub(crate) fn new(seed: u64, stream: Stream, part: u64) -> Self {
        let key = mix(mix(seed).wrapping_add(stream as u64)).wrapping_add(part);
        let (high, low) = (mix(key), mix(key ^ 0x5851_f42d_4c95_7f2d));
        Self(Pcg64Mcg::new((u128::from(high) << 64) | u128::from(low)))
    }

    /// A generator for a thing with a name of its own (a facility's phone, a nurse).
    pub(crate) fn of_key(key: u64) -> Self {
        Self(Pcg64Mcg::new(
            (u128::from(mix(key)) << 64) | u128::from(mix(!key)),
        ))
    }

    /// 32 uniform bits: the high half, which is the better one in this family.
    pub(crate) fn bits(&mut self) -> u32 {
        (self.0.next_u64() >> 32) as u32
    }

    /// Uniform below `end`; 0 when `end` is 0.
    pub(crate) fn below(&mut self, end: u32) -> u32 {
        ((u64::from(self.bits()) * u64::from(end)) >> 32) as u32
    }

    /// Uniform from `first` to `last`, both included.
    pub(crate) fn between(&mut self, first: i32, last: i32) -> i32 {
        first + self.below((last - first + 1).max(1) as u32) as i32
    }

    /// True for this share of throws.
    pub(crate) fn chance(&mut self, rate: Rate) -> bool {
        u64::from(self.bits()) < rate.0
    }

    /// True for a scaled share of throws.
    pub(crate) fn chance_scaled(&mut self, rate: Rate, scale: Scale) -> bool {
        u64::from(self.bits()) < scale.threshold(rate)
    }

    /// True in `percent` of 100 throws: for facts of life that no profile changes.
    pub(crate) fn percent(&mut self, percent: u32) -> bool {
        self.below(100) < percent
    }

    /// One of a non-empty list.
    pub(crate) fn one<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.below(list.len() as u32) as usize]
    }

    /// At most one of several kinds that exclude each other.
    pub(crate) fn kind<K: Copy>(&mut self, kinds: &[(Rate, K)], scale: Scale) -> Option<K> {
        let mut rest = u64::from(self.bits());
        for &(rate, kind) in kinds {
            let threshold = scale.threshold(rate);
            if rest < threshold {
                return Some(kind);
            }
            rest -= threshold;
        }
        None
    }

    /// Puts a list into random order.
    pub(crate) fn shuffle<T>(&mut self, list: &mut [T]) {
        for end in (1..list.len()).rev() {
            list.swap(end, self.below(end as u32 + 1) as usize);
        }
    }
}

/// The finaliser of `SplitMix64` (Steele, Lea, Flood 2014): a bijection that spreads every bit.
pub(crate) fn mix(value: u64) -> u64 {
    let mut z = value.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A keyed bijection on `0..left * right` (Feistel with two unequal halves): numbers that look random and never meet.
pub(crate) fn scatter(value: u64, left: u64, right: u64, key: u64) -> u64 {
    let (mut l, mut r) = (value / right % left, value % right);
    for round in 0..3 {
        r = (r + mix(key ^ (l << 8) ^ round) % right) % right;
        l = (l + mix(!key ^ (r << 8) ^ round) % left) % left;
    }
    l * right + r
}

/// Things that are drawn more or less often.
#[derive(Debug, Clone)]
pub(crate) struct Weighted<T> {
    items: Vec<T>,
    /// Running sums of the weights.
    ends: Vec<u32>,
}

impl<T: Copy> Weighted<T> {
    /// From things and integer weights; those without weight are left out.
    pub(crate) fn new(weights: impl IntoIterator<Item = (T, u32)>) -> Self {
        let (mut items, mut ends, mut sum) = (Vec::new(), Vec::new(), 0);
        for (item, weight) in weights.into_iter().filter(|&(_, weight)| weight > 0) {
            sum += weight;
            items.push(item);
            ends.push(sum);
        }
        Self { items, ends }
    }

    /// True when nothing can be drawn.
    pub(crate) fn is_empty(&self) -> bool {
        self.items.is_empty()
    }

    /// Draws one. The table must not be empty.
    pub(crate) fn draw(&self, dice: &mut Dice) -> T {
        let sum = self.ends.last().copied().unwrap_or(0);
        let at = dice.below(sum);
        self.items[self.ends.partition_point(|&end| end <= at)]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_scattered_range_is_a_permutation() {
        let mut seen: Vec<u64> = (0..2_000).map(|v| scatter(v, 20, 100, 7)).collect();
        seen.sort_unstable();
        assert_eq!(seen, (0..2_000).collect::<Vec<_>>());
    }

    #[test]
    fn a_rate_of_one_always_happens_and_a_rate_of_zero_never() {
        let mut dice = Dice::new(1, Stream::World, 0);
        let always = Rate::new(1.0).expect("1 is a share");
        assert!((0..1000).all(|_| dice.chance(always) && !dice.chance(Rate::NEVER)));
    }

    #[test]
    fn weights_decide_how_often_a_thing_is_drawn() {
        let table = Weighted::new([('a', 1), ('b', 0), ('c', 3)]);
        let mut dice = Dice::new(1, Stream::World, 0);
        let draws: Vec<char> = (0..4000).map(|_| table.draw(&mut dice)).collect();
        let count = |c| draws.iter().filter(|&&d| d == c).count();
        assert_eq!(count('b'), 0);
        assert!((900..1100).contains(&count('a')), "{}", count('a'));
    }
}
