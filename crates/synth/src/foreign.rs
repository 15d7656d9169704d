//! Foreigners: known by a passport, not by the population register.

use std::fmt::Write as _;

use crate::dice::{Dice, mix};
use crate::people::{Household, Person};

/// A nation, and what names of its people look like.
#[derive(Debug)]
pub(crate) struct Nation {
    /// ISO 3166-1 alpha-2.
    pub(crate) code: &'static str,
    families: [&'static str; 8],
    men: [&'static str; 6],
    women: [&'static str; 6],
    /// Letters before the digits of a passport number, and how many digits.
    passport: (&'static str, u32),
    /// Family name first, as at home.
    family_first: bool,
}

/// The nations that send most foreign residents.
pub(crate) const NATIONS: [Nation; 5] = [
    Nation {
        code: "KR",
        families: ["KIM", "LEE", "PARK", "CHOI", "JUNG", "KANG", "YOON", "HAN"],
        men: [
            "MINJUN", "SEOJIN", "JIHOON", "DONGHYUN", "SUNGHO", "TAEYANG",
        ],
        women: ["JIWOO", "SEOYEON", "HAEUN", "MINJI", "YUNA", "SOOMIN"],
        passport: ("M", 8),
        family_first: true,
    },
    Nation {
        code: "CN",
        families: [
            "WANG", "LI", "ZHANG", "LIU", "CHEN", "YANG", "ZHAO", "HUANG",
        ],
        men: ["WEI", "JUN", "QIANG", "HAORAN", "LEI", "TAO"],
        women: ["FANG", "NA", "XIULAN", "JING", "YAN", "MEI"],
        passport: ("E", 8),
        family_first: true,
    },
    Nation {
        code: "JP",
        families: [
            "SATO",
            "SUZUKI",
            "TAKAHASHI",
            "TANAKA",
            "ITO",
            "WATANABE",
            "YAMAMOTO",
            "NAKAMURA",
        ],
        men: ["HIROSHI", "KENJI", "TAKASHI", "DAIKI", "SHOTA", "YUTO"],
        women: ["YUKI", "SAKURA", "AIKO", "HARUKA", "EMI", "NAOMI"],
        passport: ("TR", 7),
        family_first: true,
    },
    Nation {
        code: "US",
        families: [
            "SMITH", "JOHNSON", "WILLIAMS", "BROWN", "MILLER", "DAVIS", "WILSON", "MOORE",
        ],
        men: ["JAMES", "ROBERT", "MICHAEL", "DAVID", "THOMAS", "DANIEL"],
        women: ["MARY", "LINDA", "SUSAN", "KAREN", "LAURA", "EMILY"],
        passport: ("A", 8),
        family_first: false,
    },
    Nation {
        code: "FR",
        families: [
            "MARTIN", "BERNARD", "DUBOIS", "THOMAS", "ROBERT", "PETIT", "DURAND", "LEROY",
        ],
        men: ["PIERRE", "JEAN", "LUC", "ANTOINE", "HUGO", "PAUL"],
        women: ["MARIE", "CLAIRE", "JULIE", "CAMILLE", "SOPHIE", "ANNE"],
        passport: ("19FV", 5),
        family_first: false,
    },
];

/// One foreigner or a couple, at home where they live.
pub(crate) fn household(dice: &mut Dice, common: &Household, people: &mut Vec<Person>) {
    let nation = dice.below(NATIONS.len() as u32) as u8;
    let male = dice.percent(65);
    people.push(common.foreigner(dice, nation, male));
    if dice.percent(35) {
        people.push(common.foreigner(dice, nation, !male));
    }
}

/// Appends the name of a foreigner, a function of the person's number in the country.
pub(crate) fn write_name(nation: u8, male: bool, person: u64, out: &mut String) {
    let (nation, mut dice) = (of(nation), Dice::of_key(person));
    let family = dice.one(&nation.families);
    let given = dice.one(if male { &nation.men } else { &nation.women });
    let (first, second) = if nation.family_first {
        (family, given)
    } else {
        (given, family)
    };
    out.push_str(first);
    out.push(' ');
    out.push_str(second);
}

/// Appends the passport number.
pub(crate) fn write_passport(nation: u8, person: u64, out: &mut String) {
    let (letters, digits) = of(nation).passport;
    let number = mix(person) % 10_u64.pow(digits);
    // Writing to a String cannot fail.
    let _ = write!(out, "{letters}{number:0width$}", width = digits as usize);
}

/// A nation by position.
pub(crate) fn of(nation: u8) -> &'static Nation {
    &NATIONS[usize::from(nation) % NATIONS.len()]
}
