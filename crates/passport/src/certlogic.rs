//! CertLogic: the small JSON language in which countries write their entry rules.
//!
//! Implements the CertLogic specification, version 1.3.3 (eHealth Network, `ehn-dcc-development/eu-dcc-business-rules`), and is held to
//! its suites for evaluation and validation ([`conformance`]). An [`Expression`] is parsed once and evaluated as often as wanted: nothing
//! is copied out of the data, and a typical rule takes a few microseconds.
//!
//! ```
//! use passport::certlogic::{Expression, Value};
//! use serde_json::json;
//!
//! let minor = Expression::parse(&json!({"after": [
//!     {"dccDateOfBirth": [{"var": "payload.dob"}]},
//!     {"plusTime": [{"var": "external.validationClock"}, -18, "year"]}
//! ]}))?;
//! let data = json!({
//!     "payload": {"dob": "2004"},
//!     "external": {"validationClock": "2022-12-30T13:37:00.042Z"}
//! });
//! assert_eq!(minor.evaluate(&Value::from_json(&data))?.to_json(), json!(true));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Where the specification leaves a choice
//!
//! * An expression that is not valid is refused as a whole, before anything of it is evaluated.
//! * A date that does not exist (`2021-09-99`), which the specification leaves undefined, is an error: a rule must not be passed by it.
//! * `===` and the membership that `in` tests compare arrays and objects by their content.
//! * A number with a fraction and a date-time are neither truthy nor falsy.
//! * An index of `var` on anything but an array, as every step into a string, gives `null`.
//! * Depth, work and the size of what an expression builds are limited ([`EvaluationError::TooMuch`]): an expression comes from outside.

mod evaluate;
mod suite;
mod syntax;
mod time;
mod value;

pub use evaluate::EvaluationError;
pub use suite::{Failure, Report, SuiteError, conformance};
pub use syntax::Issue;
pub use time::{DateTime, TimeUnit};
pub use value::Value;

pub(crate) use evaluate::Evaluator;
pub(crate) use suite::{json_files, read_json};
pub(crate) use syntax::{Node, Order, Path};

use serde_json::Value as Json;

/// A valid CertLogic expression, ready to be evaluated.
#[derive(Debug, Clone, PartialEq)]
pub struct Expression {
    root: Node,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// The first of the issues that [`Expression::validate`] finds.
    pub fn parse(expression: &Json) -> Result<Self, Issue> {
        let mut issues = Vec::new();
        match syntax::node(expression, &mut issues) {
            Some(root) if issues.is_empty() => Ok(Self { root }),
            _ => Err(issues.into_iter().next().unwrap_or_else(|| Issue {
                expression: expression.clone(),
                message: "invalid CertLogic expression".to_owned(),
            })),
        }
    }

    /// Everything that is wrong with the form of an expression, in the words of the specification's validator; nothing when it is valid.
    pub fn validate(expression: &Json) -> Vec<Issue> {
        let mut issues = Vec::new();
        syntax::node(expression, &mut issues);
        issues
    }

    /// Evaluates the expression on a data context.
    ///
    /// # Errors
    /// When an operand has a type that its operation does not take, a date does not exist, or the work grows beyond all reason.
    pub fn evaluate<'a>(&'a self, data: &Value<'a>) -> Result<Value<'a>, EvaluationError> {
        Evaluator::default().evaluate(&self.root, data)
    }

    /// The paths of the data context that the expression reads, in order and each once. Paths inside a `reduce` lambda, which reads another
    /// context, are left out.
    pub fn data_accesses(&self) -> Vec<&str> {
        let mut paths = std::collections::BTreeSet::new();
        self.root.collect_paths(&mut paths);
        paths.into_iter().collect()
    }

    pub(crate) fn root(&self) -> &Node {
        &self.root
    }
}
