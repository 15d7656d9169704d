//! The pattern of a pair: one level per comparison, four bits each. Nothing here allocates per pair.

use registry::identity::PersonalId;

use crate::distance;
use crate::name;
use crate::records::{Area, Column, PackedDate, Records, pack_sex, unpack_number};
use crate::spec::{Comparison, Spec, Stated};

/// Jaro–Winkler similarity from which two texts are close, and from which they are similar.
const CLOSE: f64 = 0.92;
const SIMILAR: f64 = 0.80;
/// The relation of numbers that have nothing in common; of personal numbers it is split further.
const UNRELATED: usize = 4;
/// Shorter texts have no misspelling.
const SHORTEST_SLIP: usize = 2;

/// A candidate pair, compared.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Pair {
    /// Row of B.
    pub b_row: u32,
    /// Bit of each blocking rule that found it.
    pub rules: u32,
    /// Level of each comparison, four bits each, the first comparison lowest.
    pub pattern: u64,
    /// How much likelier (positive) than on average the agreement is between strangers, in bits: common values score high.
    pub frequency_bits: f32,
}

/// Compares rows of two sets of records.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Comparer<'a> {
    pub(crate) spec: &'a Spec,
    pub(crate) a: &'a Records,
    pub(crate) b: &'a Records,
}

impl Comparer<'_> {
    /// Levels of all comparisons.
    pub(crate) fn pattern(&self, i: u32, j: u32) -> u64 {
        let mut pattern = 0;
        for place in 0..self.spec.comparisons.len() {
            pattern |= (self.level(place, i, j) as u64) << (4 * place);
        }
        pattern
    }

    /// Level of one comparison; 0 when a side is missing.
    pub(crate) fn level(&self, comparison: usize, i: u32, j: u32) -> usize {
        self.relation(comparison, i, j).map_or(0, |relation| {
            usize::from(self.spec.comparisons[comparison].level(relation))
        })
    }

    /// Relation of two values, by its place among the relations of the kind; `None` when a side is missing.
    pub(crate) fn relation(&self, comparison: usize, i: u32, j: u32) -> Option<usize> {
        self.relate(comparison, self.a.row(i), self.b.row(j))
    }

    /// The same, of two rows.
    pub(crate) fn relate(&self, comparison: usize, one: &[u64], other: &[u64]) -> Option<usize> {
        let Comparison {
            field,
            two_digits,
            stated,
            ..
        } = self.spec.comparisons[comparison];
        let (x, y) = (*one.get(field)?, *other.get(field)?);
        if x == 0 || y == 0 {
            return None;
        }
        match (&self.a.columns[field], &self.b.columns[field]) {
            (Column::Name(a), Column::Name(b)) => {
                Some(name::relate(a, a.name(x)?, b, b.name(y)?) as usize)
            }
            (Column::Text(a), Column::Text(b)) => {
                let (one, other) = (a.entry(x)?, b.entry(y)?);
                Some(if one.hash == other.hash {
                    0
                } else {
                    relate_texts(a.folded(one), b.folded(other))
                })
            }
            (Column::Number, Column::Number) => match (relate_numbers(x, y, two_digits), stated) {
                (UNRELATED, Some(stated))
                    if !contradicts(x, one, stated) && !contradicts(y, other, stated) =>
                {
                    Some(UNRELATED + 1)
                }
                (relation, _) => Some(relation),
            },
            (Column::Date, Column::Date) => {
                Some(relate_dates(PackedDate::unpack(x), PackedDate::unpack(y)))
            }
            (Column::Sex, Column::Sex) => Some(usize::from(x != y)),
            (Column::Area, Column::Area) => relate_areas(Area::unpack(x), Area::unpack(y)),
            _ => None,
        }
    }
}

/// True when a personal number states another sex or year of birth than its own record: then it is somebody else's, or something is wrong.
fn contradicts(number: u64, row: &[u64], stated: Stated) -> bool {
    let value = |field: Option<usize>| field.and_then(|field| row.get(field)).copied();
    let (number, digits) = unpack_number(number);
    let Some(number) = PersonalId::from_u64(number).filter(|_| digits == 12) else {
        return false;
    };
    let sex = value(stated.sex).is_some_and(|sex| sex != 0 && sex != pack_sex(number.sex()));
    let birth = value(stated.birth).is_some_and(|birth| {
        birth != 0 && PackedDate::unpack(birth).year() != i32::from(number.birth_year())
    });
    sex || birth
}

/// Both values, unless one is zero.
fn both<T: Copy + PartialEq + Default>(a: T, b: T) -> Option<(T, T)> {
    (a != T::default() && b != T::default()).then_some((a, b))
}

fn relate_texts(a: &[u8], b: &[u8]) -> usize {
    if a.len().max(b.len()) >= SHORTEST_SLIP && distance::within(a, b, 1) {
        return 1;
    }
    match distance::jaro_winkler(a, b) {
        similarity if similarity >= CLOSE => 2,
        similarity if similarity >= SIMILAR => 3,
        _ => 4,
    }
}

fn relate_numbers(a: u64, b: u64, deep: bool) -> usize {
    if a == b {
        return 0;
    }
    let ((x, x_digits), (y, y_digits)) = (unpack_number(a), unpack_number(b));
    if x_digits == 0 || y_digits == 0 || x_digits.abs_diff(y_digits) > 1 {
        return 3;
    }
    let suspect = deep || x_digits != y_digits || near_difference(x.abs_diff(y));
    if suspect {
        let (x, y) = (Digits::of(x, x_digits), Digits::of(y, y_digits));
        if distance::within(x.as_slice(), y.as_slice(), 1) {
            return 1;
        }
        if deep && distance::within(x.as_slice(), y.as_slice(), 2) {
            return 2;
        }
    }
    UNRELATED
}

/// One wrong digit changes a number by k·10ⁿ, two exchanged neighbours by 9k·10ⁿ, k from 1 to 9: all other differences need no closer look.
fn near_difference(mut difference: u64) -> bool {
    while difference > 99 {
        if !difference.is_multiple_of(10) {
            return false;
        }
        difference /= 10;
    }
    true
}

/// Decimal digits on the stack.
struct Digits {
    digits: [u8; 20],
    start: usize,
}

impl Digits {
    fn of(mut value: u64, count: u32) -> Self {
        let mut digits = [0; 20];
        let start = digits.len() - count as usize;
        for digit in digits[start..].iter_mut().rev() {
            *digit = (value % 10) as u8;
            value /= 10;
        }
        Self { digits, start }
    }

    fn as_slice(&self) -> &[u8] {
        &self.digits[self.start..]
    }
}

fn relate_dates(a: PackedDate, b: PackedDate) -> usize {
    if a == b {
        return 0;
    }
    let (year, month, day) = (
        a.year() - b.year(),
        a.month() - b.month(),
        a.day() - b.day(),
    );
    if year == 0 {
        if a.only_year() || b.only_year() {
            return 2;
        }
        return match (month, day) {
            _ if a.month() == b.day() && a.day() == b.month() => 1,
            (0, _) if one_digit(a.day(), b.day()) => 3,
            (_, 0) if one_digit(a.month(), b.month()) => 4,
            _ => 6,
        };
    }
    if month == 0 && day == 0 && one_digit(a.year(), b.year()) {
        return 5;
    }
    if year.abs() == 1 { 7 } else { 8 }
}

/// Numbers of up to four digits that differ in one digit, by one, or by two exchanged digits.
fn one_digit(a: i32, b: i32) -> bool {
    let difference = a.abs_diff(b);
    if difference == 1 {
        return true;
    }
    let (mut a, mut b) = (a, b);
    let (mut differing, mut sum) = (0, 0);
    let mut adjacent = false;
    let mut last_differed = false;
    while a > 0 || b > 0 {
        let differs = a % 10 != b % 10;
        adjacent |= differs && last_differed;
        last_differed = differs;
        differing += i32::from(differs);
        sum += a % 10 - b % 10;
        (a, b) = (a / 10, b / 10);
    }
    differing == 1 || (differing == 2 && adjacent && sum == 0 && difference.is_multiple_of(9))
}

fn relate_areas(a: Area, b: Area) -> Option<usize> {
    if a.commune != 0 && a.commune == b.commune {
        return Some(0);
    }
    if a.successor != 0 && a.successor == b.successor {
        return Some(1);
    }
    if a.district != 0 && a.district == b.district {
        return Some(2);
    }
    // Codes of before and since the reform mean other provinces; those of today have no districts.
    let provinces = if a.district == 0 || b.district == 0 {
        both(a.province_of_today(), b.province_of_today())
    } else {
        None
    };
    match provinces.or_else(|| both(a.province, b.province)) {
        Some((one, other)) => Some(if one == other { 3 } else { 4 }),
        None => both(a.commune, b.commune).map(|_| 4),
    }
}

#[cfg(test)]
mod tests {
    use super::{Comparer, one_digit, relate_dates, relate_numbers};
    use crate::records::{PackedDate, Records, RecordsBuilder, unpack_number};
    use crate::spec::Spec;

    fn number(text: &str) -> u64 {
        let value: u64 = text.parse().expect("digits");
        let packed = (text.len() as u64) << 60 | value;
        assert_eq!(unpack_number(packed), (value, text.len() as u32));
        packed
    }

    #[test]
    fn numbers_are_related_by_their_digits() {
        for (a, b, relation) in [
            ("001084000999", "001084000999", 0),
            ("001084000999", "001084000989", 1),
            ("001084000999", "001048000999", 1),
            ("001084000999", "01084000999", 1),
            ("001084000999", "001084000888", 4),
            ("001084000999", "123456789", 3),
        ] {
            assert_eq!(
                relate_numbers(number(a), number(b), false),
                relation,
                "{a} {b}"
            );
        }
        assert_eq!(
            relate_numbers(number("1234567"), number("1234599"), true),
            2
        );
    }

    #[test]
    fn dates_are_related_by_their_parts() {
        let date = PackedDate::new;
        for (a, b, relation) in [
            (date(1984, 5, 3), date(1984, 5, 3), 0),
            (date(1984, 5, 3), date(1984, 3, 5), 1),
            (date(1984, 1, 1), date(1984, 3, 5), 2),
            (date(1984, 0, 0), date(1984, 3, 5), 2),
            (date(1984, 5, 13), date(1984, 5, 3), 3),
            (date(1984, 6, 3), date(1984, 5, 3), 4),
            (date(1974, 5, 3), date(1984, 5, 3), 5),
            (date(1984, 9, 30), date(1984, 5, 3), 6),
            (date(1985, 9, 30), date(1984, 5, 3), 7),
            (date(1960, 9, 30), date(1984, 5, 3), 8),
        ] {
            assert_eq!(relate_dates(a, b), relation, "{a:?} {b:?}");
        }
    }

    /// One record of the Vietnamese spec: birth date, sex, number, commune, district, province.
    fn record(spec: &Spec, values: [&str; 6]) -> Records {
        let mut records = RecordsBuilder::new(spec);
        let [birth, sex, number, area @ ..] =
            values.map(|value| Some(value).filter(|v| !v.is_empty()));
        let mut row = vec![Some("1"), Some("Trần Thị Mai"), birth, sex, number, None];
        row.extend(area);
        records.push(&row).expect("a row");
        records.finish()
    }

    fn level(column: &str, a: [&str; 6], b: [&str; 6]) -> String {
        let spec = Spec::builtin("vietnam").expect("built in");
        let comparisons = &spec.comparisons;
        let place = comparisons
            .iter()
            .position(|comparison| spec.fields[comparison.field].name == column)
            .expect("compared");
        let (a, b) = (record(&spec, a), record(&spec, b));
        let comparer = Comparer {
            spec: &spec,
            a: &a,
            b: &b,
        };
        comparisons[place]
            .level_name(comparer.level(place, 0, 0))
            .to_owned()
    }

    #[test]
    fn a_number_that_states_another_person_than_its_record_is_doubtful() {
        let entry = ["1984-05-03", "F", "001184000999", "", "", ""];
        for (record, expected) in [
            (["1984-05-03", "F", "001184777777", "", "", ""], "else"),
            (["1984-05-03", "F", "001084777777", "", "", ""], "doubtful"),
            (["1984-05-03", "F", "001190777777", "", "", ""], "doubtful"),
            (["1984-05-03", "", "001084777777", "", "", ""], "else"),
            (["", "M", "001184777777", "", "", ""], "doubtful"),
            (["1984-05-03", "M", "001184000999", "", "", ""], "equal"),
            (["1984-05-03", "F", "031245876", "", "", ""], "other_kind"),
        ] {
            assert_eq!(level("id_number", record, entry), expected, "{record:?}");
            assert_eq!(level("id_number", entry, record), expected, "{record:?}");
        }
    }

    #[test]
    fn communes_of_before_and_since_the_reform_are_related() {
        // Phúc Xá (00001) passed into Hồng Hà (00097), Trúc Bạch (00004) into Ba Đình, which has its code; Yên Bái (15) into Lào Cai (15, once 10).
        for (a, b, expected) in [
            (["00004", "001", "01"], ["00004", "", "01"], "equal"),
            (["00001", "001", "01"], ["00097", "", "01"], "district"),
            (["00001", "001", "01"], ["00004", "001", "01"], "district"),
            (["00001", "001", "01"], ["00025", "", "01"], "province"),
            (["00001", "001", "01"], ["02647", "", "15"], "else"),
            (["02647", "080", "10"], ["02671", "", "15"], "province"),
        ] {
            let row = |area: [&'static str; 3]| ["", "", "", area[0], area[1], area[2]];
            assert_eq!(level("residence", row(a), row(b)), expected, "{a:?} {b:?}");
            assert_eq!(level("residence", row(b), row(a)), expected, "{b:?} {a:?}");
        }
    }

    #[test]
    fn a_digit_may_be_wrong_or_exchanged() {
        assert!(one_digit(1948, 1984) && one_digit(12, 21) && one_digit(9, 10));
        assert!(!one_digit(12, 24) && !one_digit(1948, 1849));
    }
}
