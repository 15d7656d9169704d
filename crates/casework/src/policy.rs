//! The ministry's rules as dated data: who gets a passport, how long answers and passports count, when the clock warns.
//!
//! The shipped file is `policies/policy.toml`; a deployment may bring its own of the same form.

use jiff::civil::Date;
use registry::vaccine::{Product, product};
use serde::{Deserialize, Serialize};

use crate::subject::dose::Dose;

/// All dated rules.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    /// Who gets a passport, the earliest policy first.
    pub eligibility: Vec<Eligibility>,
    /// Passports.
    pub passport: PassportTerms,
    /// The register.
    pub register: RegisterTerms,
    /// Citizens' feedback.
    pub feedback: crate::feedback::Terms,
    /// Questions to other communes.
    pub inquiry: InquiryTerms,
}

/// Who gets a passport.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Eligibility {
    /// Its id.
    pub id: String,
    /// First day.
    pub valid_from: Date,
    /// The document that it rests on.
    pub document: String,
    /// Keys of the vaccines that count.
    pub products: Vec<String>,
    /// How much of the course.
    pub course: Course,
}

/// How much of the course a passport needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Course {
    /// The whole primary course.
    Complete,
    /// One dose.
    Any,
}

/// Terms of a passport.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PassportTerms {
    /// The renewal window opens so many days before it expires.
    pub renewal_days: u16,
}

/// Terms of the register's answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterTerms {
    /// An answer of FALSE or UNVERIFIABLE is asked again after so many days.
    pub ask_again_days: u16,
}

/// Terms of a question to another commune.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct InquiryTerms {
    /// Days for the answer.
    pub days: u16,
}

/// Why doses do not qualify.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(tag = "reason", rename_all = "snake_case")]
pub enum Ineligible {
    /// A vaccine that does not count, as recorded.
    Vaccine {
        /// The vaccine.
        vaccine: String,
    },
    /// The course is not complete.
    Course {
        /// Doses that count.
        have: u8,
        /// Doses that the course needs.
        need: u8,
    },
    /// No policy is in force that day.
    NoPolicy,
}

/// A policy file that can't be used.
#[derive(Debug, thiserror::Error)]
pub enum PolicyError {
    /// Not the form of a policy.
    #[error("the policy can't be read: {0}")]
    Form(#[from] toml::de::Error),
    /// A product that the vaccine table does not have.
    #[error(
        "policy `{id}` names `{product}`, which is no key of the vaccine table; `minhchung rules list` shows them"
    )]
    UnknownProduct {
        /// The policy.
        id: String,
        /// The key.
        product: String,
    },
    /// Not in order of their first days.
    #[error(
        "policy `{0}` begins before the one above it: put the policies in order of `valid_from`"
    )]
    OutOfOrder(String),
    /// None at all.
    #[error("no [[eligibility]] in the policy: nobody could get a passport")]
    Empty,
}

impl Policy {
    /// The shipped policy.
    ///
    /// # Panics
    /// Never: a test reads it.
    #[expect(clippy::expect_used, reason = "the embedded file is read by a test")]
    pub fn shipped() -> Self {
        Self::parse(include_str!("../policies/policy.toml"))
            .expect("the embedded policy is well-formed")
    }

    /// Reads a policy.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        let policy: Self = toml::from_str(text)?;
        if policy.eligibility.is_empty() {
            return Err(PolicyError::Empty);
        }
        for eligibility in &policy.eligibility {
            if let Some(unknown) = eligibility
                .products
                .iter()
                .find(|key| product(key).is_none())
            {
                return Err(PolicyError::UnknownProduct {
                    id: eligibility.id.clone(),
                    product: unknown.clone(),
                });
            }
        }
        let mut pairs = policy.eligibility.windows(2);
        let disorder = pairs.find_map(|pair| match pair {
            [first, second] if second.valid_from < first.valid_from => Some(second.id.clone()),
            _ => None,
        });
        match disorder {
            Some(id) => Err(PolicyError::OutOfOrder(id)),
            None => Ok(policy),
        }
    }

    /// The eligibility in force on a day; nobody is eligible before the first.
    pub fn eligibility_on(&self, day: Date) -> InForce<'_> {
        InForce(
            self.eligibility
                .iter()
                .rev()
                .find(|eligibility| eligibility.valid_from <= day),
        )
    }
}

/// The eligibility in force, if any.
#[derive(Debug, Clone, Copy)]
pub struct InForce<'p>(Option<&'p Eligibility>);

impl<'p> InForce<'p> {
    /// The policy's id, for the record.
    pub fn id(self) -> Option<&'p str> {
        self.0.map(|eligibility| eligibility.id.as_str())
    }

    /// Whether these doses earn a passport.
    ///
    /// # Errors
    /// Why not. A dose that does not count takes nothing from those that do.
    pub fn check(self, doses: &[&Dose]) -> Result<(), Ineligible> {
        let eligibility = self.0.ok_or(Ineligible::NoPolicy)?;
        let counts = |product: &&Product| eligibility.products.iter().any(|key| key == product.key);
        let counted = |dose: &&Dose| dose.facts.product().filter(counts);
        let products: Vec<&Product> = doses.iter().filter_map(counted).collect();
        let have = u8::try_from(products.len()).unwrap_or(u8::MAX);
        let longest = products.iter().map(|product| product.primary_doses).max();
        let need = match eligibility.course {
            Course::Any => 1,
            Course::Complete => longest.unwrap_or(1),
        };
        if have >= need {
            return Ok(());
        }
        let odd = doses.iter().find(|dose| counted(dose).is_none());
        Err(odd.map_or(Ineligible::Course { have, need }, |dose| {
            Ineligible::Vaccine {
                vaccine: dose.facts.vaccine.clone(),
            }
        }))
    }
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    fn with(from: &str, to: &str) -> Result<Policy, PolicyError> {
        let shipped = include_str!("../policies/policy.toml");
        assert!(shipped.contains(from), "{from}");
        Policy::parse(&shipped.replace(from, to))
    }

    #[test]
    fn nobody_is_eligible_before_the_first_policy() {
        let policy = Policy::shipped();
        assert_eq!(
            policy.eligibility_on(date(2021, 12, 19)).check(&[]),
            Err(Ineligible::NoPolicy)
        );
        let in_force = policy.eligibility_on(date(2021, 12, 20));
        assert_eq!(in_force.id(), Some("5772"));
        assert_eq!(
            in_force.check(&[]),
            Err(Ineligible::Course { have: 0, need: 1 })
        );
    }

    #[test]
    fn a_policy_that_cannot_be_used_says_where_it_is_wrong() {
        let message =
            |policy: Result<Policy, PolicyError>| policy.expect_err("refused").to_string();
        assert!(message(with("\"jcovden\"", "\"jansen\"")).contains("`5772` names `jansen`"));
        assert!(message(with("renewal_days", "renewal_day")).contains("renewal_day"));
        let second = "\n[[eligibility]]\nid = \"old\"\nvalid_from = \"2021-01-01\"\ndocument = \"\"\nproducts = []\ncourse = \"any\"\n";
        assert!(
            message(with("[passport]", &format!("{second}[passport]")))
                .contains("`old` begins before")
        );
        assert!(message(Policy::parse("eligibility = []")).contains("missing field"));
    }
}
