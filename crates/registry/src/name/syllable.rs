//! Which words can be Vietnamese syllables: onsets × rimes, with the rules of spelling between them.

use std::collections::HashSet;
use std::sync::OnceLock;

use super::spelling::{NANG, SAC, Spelling};

/// True when the (folded or accented) word can be a Vietnamese syllable.
///
/// A word with marks must be right with them; a word of plain ASCII letters passes when some way to put marks on it is right.
///
/// ```
/// use registry::name::is_syllable;
/// assert!(is_syllable("Nguyễn") && is_syllable("NGUYEN"));
/// assert!(!is_syllable("Nguyeenx") && !is_syllable("Đưc"));
/// ```
pub fn is_syllable(word: &str) -> bool {
    let Some(spelling) = Spelling::of(word) else {
        return false;
    };
    is_spelled(&spelling, word.is_ascii())
}

/// [`is_syllable`] of a word already taken apart.
pub(super) fn is_spelled(spelling: &Spelling, plain: bool) -> bool {
    let mut buffer = [0; 28];
    let (onset, rime) = spelling.split(&mut buffer);
    let stopped = [SAC, NANG].contains(&spelling.tone) || !ends_in_stop(rime);
    let list = rimes();
    let known = if plain { &list.folded } else { &list.accented };
    if !(plain || stopped) {
        return false;
    }
    match onset {
        "qu" => known.contains(&("qu", rime)),
        "gi" => known.contains(&("gi", rime)),
        onset => is_onset(onset, rime) && known.contains(&("", rime)),
    }
}

/// A syllable that ends in p, t, c or ch has the tone sắc or nặng.
fn ends_in_stop(rime: &str) -> bool {
    rime.ends_with(['p', 't', 'c']) || rime.ends_with("ch")
}

fn is_onset(onset: &str, rime: &str) -> bool {
    let front = rime.starts_with(['e', 'ê', 'i', 'y']);
    match onset {
        "" | "b" | "ch" | "d" | "đ" | "h" | "kh" | "l" | "m" | "n" | "nh" | "p" | "ph" | "r"
        | "s" | "t" | "th" | "tr" | "v" | "x" => true,
        "c" | "ng" => !front,
        "g" => !front || rime.starts_with('i'),
        "k" | "gh" | "ngh" => front,
        _ => false,
    }
}

struct Rimes {
    accented: HashSet<(&'static str, &'static str)>,
    folded: HashSet<(&'static str, &'static str)>,
}

fn rimes() -> &'static Rimes {
    static RIMES: OnceLock<Rimes> = OnceLock::new();
    RIMES.get_or_init(|| {
        let accented: HashSet<_> = [("", RIMES_OF_ALL), ("qu", RIMES_OF_QU), ("gi", RIMES_OF_GI)]
            .into_iter()
            .flat_map(|(onset, list)| list.split_whitespace().map(move |rime| (onset, rime)))
            .collect();
        let folded = accented
            .iter()
            .map(|&(onset, rime)| (onset, &*super::fold(rime).leak()))
            .collect();
        Rimes { accented, folded }
    })
}

/// Rimes without tone, as they are spelled behind any onset but "qu" and "gi".
const RIMES_OF_ALL: &str = "
    a ac ach ai am an ang anh ao ap at au ay  ăc ăm ăn ăng ăp ăt  âc âm ân âng âp ât âu ây
    e ec em en eng eo ep et  ê êch êm ên ênh êp êt êu
    i ia ich im in inh ip it iu  iêc iêm iên iêng iêp iêt iêu
    o oc oi om on ong op ot  oong ooc  oa oac oach oai oam oan oang oanh oao oap oat oay  oăc oăm oăn oăng oăt  oe oem oen oeo oet
    ô ôc ôi ôm ôn ông ôp ôt  ơ ơi ơm ơn ơp ơt
    u ua uc ui um un ung up ut  uôc uôi uôm uôn uông uôt  uân uâng uât uây  uê uêch uênh  uơ
    uy uya uych uynh uyt uyp uyu uyên uyêt
    ư ưa ưc ưi ưm ưn ưng ưt ưu  ươc ươi ươm ươn ương ươp ươt ươu
    y yêm yên yêng yêt yêu";

const RIMES_OF_QU: &str = "
    a ac ach ai an ang anh ao at au ay  ăc ăm ăn ăng ăp ăt  ân âng ât ây  e en eo et  ê êch ên ênh êt
    i in inh it ich  y yt ych ynh yên yêt  ơ ơt  ôc";

const RIMES_OF_GI: &str = "
    a ac ai am an ang anh ao ap at au ay  ăc ăm ăn ăng ăp ăt  âc âm ân âng âp ât âu ây  eo ep  êc êm ên êng êt
    o oc oi on ong ot  ôc ôi ôn ông ôt  ơ ơi  u ua uc ui um un ung  uôc  ư ưa  ươc ương";

#[cfg(test)]
mod tests {
    use super::*;
    use crate::name::spelling::{LEVEL, VOWELS};

    #[test]
    fn a_folded_syllable_is_a_syllable() {
        for &(onset, rime) in &rimes().accented {
            let word = super::super::fold(&format!("{onset}{rime}"));
            assert!(is_syllable(&word), "{word}");
        }
    }

    #[test]
    fn stops_need_sắc_or_nặng() {
        for (tone, &a) in (LEVEL..).zip(VOWELS[0].iter()).skip(1) {
            let word = format!("c{a}c");
            assert_eq!(is_syllable(&word), [SAC, NANG].contains(&tone), "{word}");
        }
    }
}
