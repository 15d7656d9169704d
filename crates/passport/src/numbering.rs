//! Which dose of how many: `dn` and `sd`, computed from dates and products by a dated policy and never from what was declared.

use std::sync::OnceLock;

use jiff::civil::Date;
use registry::vaccine::Product;
use serde::Deserialize;

/// The number of one dose.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DoseNumber {
    /// `dn`
    pub dose: u32,
    /// `sd`
    pub doses: u32,
    /// Doses of the basic course.
    pub course: u32,
}

impl DoseNumber {
    /// Whether the basic course is complete with it.
    pub fn completes_course(self) -> bool {
        self.dose >= self.course
    }
}

/// A rule of numbering with the day from which it holds.
#[derive(Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Its name in a profile.
    pub id: String,
    /// First day.
    pub valid_from: Date,
    after_one_dose_course: Total,
    after_longer_course: Total,
    /// Where the rule stands.
    pub source: String,
}

impl Policy {
    /// All policies, oldest first.
    pub fn all() -> &'static [Self] {
        static POLICIES: OnceLock<Vec<Policy>> = OnceLock::new();
        POLICIES.get_or_init(|| match toml::from_str::<File>(SOURCE) {
            Ok(file) => file.policy,
            Err(error) => unreachable!("the embedded policies: {error}"),
        })
    }

    /// The policy of a name.
    pub fn by_id(id: &str) -> Option<&'static Self> {
        Self::all().iter().find(|policy| policy.id == id)
    }

    /// The policy of a day.
    pub fn at(day: Date) -> Option<&'static Self> {
        Self::all().iter().rfind(|policy| policy.valid_from <= day)
    }

    /// The numbers of all doses of one person, in the order given. The product of the first dose decides how long the basic course is.
    ///
    /// # Errors
    /// [`NumberingError`]: the doses are not in the order of their dates, or two are on one day.
    ///
    /// ```
    /// use jiff::civil::date;
    /// use passport::numbering::Policy;
    /// use registry::vaccine::product;
    /// let (janssen, pfizer) = (product("jcovden").unwrap(), product("comirnaty").unwrap());
    /// let doses = [(date(2021, 8, 1), janssen), (date(2022, 3, 1), pfizer)];
    /// let numbers = Policy::by_id("2022").unwrap().number(&doses)?;
    /// assert_eq!((numbers[1].dose, numbers[1].doses), (2, 1));
    /// # Ok::<(), passport::numbering::NumberingError>(())
    /// ```
    pub fn number(&self, doses: &[(Date, &Product)]) -> Result<Vec<DoseNumber>, NumberingError> {
        for pair in doses.windows(2) {
            if let [(earlier, _), (later, _)] = pair
                && earlier >= later
            {
                return Err(NumberingError { day: *later });
            }
        }
        let course = doses
            .first()
            .map_or(0, |(_, product)| u32::from(product.primary_doses));
        let number = |dose| DoseNumber {
            dose,
            doses: self.total(dose, course),
            course,
        };
        Ok((1..).take(doses.len()).map(number).collect())
    }

    fn total(&self, dose: u32, course: u32) -> u32 {
        let rule = match course {
            0 | 1 => self.after_one_dose_course,
            _ => self.after_longer_course,
        };
        match rule {
            Total::Dose => dose.max(course),
            Total::Course => course,
        }
    }
}

/// Doses that have no order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error(
    "the dose of {day} does not come after the one before it: sort the doses, and settle duplicates first"
)]
pub struct NumberingError {
    /// The later of the two.
    pub day: Date,
}

const SOURCE: &str = include_str!("../numbering.toml");

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    policy: Vec<Policy>,
}

/// What `sd` is after the basic course.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Total {
    Dose,
    Course,
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;
    use registry::vaccine::product;

    fn numbers(policy: &str, first: &str, doses: i8) -> Vec<(u32, u32)> {
        let first = product(first).unwrap();
        let later = product("comirnaty").unwrap();
        let doses: Vec<_> = (1..=doses)
            .map(|k| (date(2022, k, 1), if k == 1 { first } else { later }))
            .collect();
        let numbers = Policy::by_id(policy).unwrap().number(&doses).unwrap();
        numbers.iter().map(|n| (n.dose, n.doses)).collect()
    }

    #[test]
    fn doses_are_numbered_as_the_policy_of_the_day_has_it() {
        for (policy, first, expected) in [
            ("2022", "vaxzevria", &[(1, 2), (2, 2), (3, 3), (4, 4)][..]),
            ("2022", "jcovden", &[(1, 1), (2, 1), (3, 1)]),
            ("2022", "abdala", &[(1, 3), (2, 3), (3, 3), (4, 4)]),
            ("2021", "jcovden", &[(1, 1), (2, 2)]),
        ] {
            assert_eq!(
                numbers(policy, first, expected.len() as i8),
                expected,
                "{first}"
            );
        }
    }

    #[test]
    fn the_policy_of_a_day_is_the_last_that_had_begun() {
        for (day, id) in [
            (date(2021, 5, 31), None),
            (date(2022, 1, 31), Some("2021")),
            (date(2022, 2, 1), Some("2022")),
            (date(2030, 1, 1), Some("2022")),
        ] {
            assert_eq!(Policy::at(day).map(|policy| policy.id.as_str()), id);
        }
        assert!(Policy::all().is_sorted_by_key(|policy| policy.valid_from));
    }

    #[test]
    fn two_doses_of_one_day_are_refused() {
        let product = product("comirnaty").unwrap();
        let day = date(2022, 1, 1);
        let doses = [(day, product), (day, product)];
        assert_eq!(Policy::all()[0].number(&doses), Err(NumberingError { day }));
    }

    #[test]
    fn a_course_is_complete_from_its_last_dose_on() {
        let product = product("comirnaty").unwrap();
        let doses = [1, 2, 3].map(|month| (date(2022, month, 1), product));
        let complete = Policy::all()[0].number(&doses).unwrap();
        let complete = complete.into_iter().map(DoseNumber::completes_course);
        assert!(complete.eq([false, true, true]));
    }
}
