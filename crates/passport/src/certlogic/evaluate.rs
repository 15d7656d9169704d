//! Evaluates a tree of operations.

use std::cell::Cell;

use super::value::List;
use super::{DateTime, Node, Order, Path, Value};

/// Why an expression has no value on some data.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EvaluationError {
    /// An operand of a type that the operation does not take.
    #[error("{operation} needs {needed}, but got {found}")]
    WrongType {
        /// The operation.
        operation: &'static str,
        /// The types that it takes.
        needed: &'static str,
        /// The type that it got.
        found: &'static str,
        /// The path in the data that was read for it, if it was read directly.
        path: Option<String>,
    },
    /// A text that is no date or date-time in an allowed form, or a day that does not exist.
    #[error("\"{text}\" is no date or date-time")]
    NoDate {
        /// The text.
        text: String,
    },
    /// A sum beyond 64 bits or a date beyond the calendar.
    #[error("{operation} goes beyond what can be counted")]
    Overflow {
        /// The operation.
        operation: &'static str,
    },
    /// More work, or a larger result, than any rule needs.
    #[error("the expression does not come to an end in reasonable time or space")]
    TooMuch,
}

/// Operations that one evaluation may take; the rules of all countries stay below two hundred.
const MAX_STEPS: u32 = 200_000;

/// One evaluation, with the work that it may still do.
pub(crate) struct Evaluator {
    steps_left: Cell<u32>,
}

impl Default for Evaluator {
    fn default() -> Self {
        Self {
            steps_left: Cell::new(MAX_STEPS),
        }
    }
}

impl Evaluator {
    pub(crate) fn evaluate<'a>(
        &self,
        node: &'a Node,
        data: &Value<'a>,
    ) -> Result<Value<'a>, EvaluationError> {
        let left = self
            .steps_left
            .get()
            .checked_sub(1)
            .ok_or(EvaluationError::TooMuch)?;
        self.steps_left.set(left);
        match node {
            Node::Bool(truth) => Ok(Value::Bool(*truth)),
            Node::Int(number) => Ok(Value::Int(*number)),
            Node::Text(text) => Ok(Value::Text(text)),
            Node::Array(nodes) => {
                let items = self.all(nodes, data)?;
                List::new(items)
                    .map(Value::Array)
                    .ok_or(EvaluationError::TooMuch)
            }
            Node::Var(path) => Ok(access(data, path)),
            Node::If(parts) => {
                let [guard, then, otherwise] = parts.as_ref();
                let branch = if self.truth("if", guard, data)? {
                    then
                } else {
                    otherwise
                };
                self.evaluate(branch, data)
            }
            Node::And(nodes) => self.and(nodes, data),
            Node::Not(node) => Ok(Value::Bool(!self.truth("!", node, data)?)),
            Node::Equal(operands) => {
                let [left, right] = self.pair(operands, data)?;
                Ok(Value::Bool(left.same(&right)))
            }
            Node::In(operands) => self.member(operands, data),
            Node::Plus(operands) => {
                let [left, right] = operands.as_ref();
                let (left, right) = (
                    self.integer("+", left, data)?,
                    self.integer("+", right, data)?,
                );
                let sum = left.checked_add(right);
                sum.map(Value::Int)
                    .ok_or(EvaluationError::Overflow { operation: "+" })
            }
            Node::CompareNumbers(order, nodes) => {
                let numbers: Result<Vec<_>, _> = nodes
                    .iter()
                    .map(|node| self.integer("a comparison", node, data))
                    .collect();
                Ok(Value::Bool(in_order(*order, &numbers?)))
            }
            Node::CompareTimes(order, nodes) => {
                let times: Result<Vec<_>, _> =
                    nodes.iter().map(|node| self.time(node, data)).collect();
                Ok(Value::Bool(in_order(*order, &times?)))
            }
            Node::PlusTime(date, amount, unit) => {
                let text = self.text("plusTime", date, data)?;
                let time = DateTime::parse(text).ok_or_else(|| no_date(text))?;
                let moved = time.plus(*amount, *unit);
                moved.map(Value::DateTime).ok_or(EvaluationError::Overflow {
                    operation: "plusTime",
                })
            }
            Node::DateOfBirth(date) => {
                let text = self.text("dccDateOfBirth", date, data)?;
                DateTime::parse_birth_date(text)
                    .map(Value::DateTime)
                    .ok_or_else(|| no_date(text))
            }
            Node::Reduce(parts) => self.reduce(parts, data),
            Node::ExtractFromUvci(uvci, index) => match self.evaluate(uvci, data)? {
                Value::Null => Ok(Value::Null),
                Value::Text(text) => Ok(fragment(text, *index).map_or(Value::Null, Value::Text)),
                other => Err(wrong_type(
                    "extractFromUVCI",
                    "a string or null",
                    uvci,
                    &other,
                )),
            },
        }
    }

    fn all<'a>(
        &self,
        nodes: &'a [Node],
        data: &Value<'a>,
    ) -> Result<Vec<Value<'a>>, EvaluationError> {
        nodes.iter().map(|node| self.evaluate(node, data)).collect()
    }

    fn pair<'a>(
        &self,
        nodes: &'a [Node; 2],
        data: &Value<'a>,
    ) -> Result<[Value<'a>; 2], EvaluationError> {
        let [left, right] = nodes;
        Ok([self.evaluate(left, data)?, self.evaluate(right, data)?])
    }

    fn truth<'a>(
        &self,
        operation: &'static str,
        node: &'a Node,
        data: &Value<'a>,
    ) -> Result<bool, EvaluationError> {
        let value = self.evaluate(node, data)?;
        let truth = value.truth();
        truth.ok_or_else(|| wrong_type(operation, "something truthy or falsy", node, &value))
    }

    /// The first falsy operand, or the last.
    fn and<'a>(&self, nodes: &'a [Node], data: &Value<'a>) -> Result<Value<'a>, EvaluationError> {
        let mut last = Value::Bool(true);
        for node in nodes {
            last = self.evaluate(node, data)?;
            match last.truth() {
                Some(true) => {}
                Some(false) => return Ok(last),
                None => return Err(wrong_type("and", "something truthy or falsy", node, &last)),
            }
        }
        Ok(last)
    }

    fn member<'a>(
        &self,
        operands: &'a [Node; 2],
        data: &Value<'a>,
    ) -> Result<Value<'a>, EvaluationError> {
        let [item, list] = operands;
        let item = self.evaluate(item, data)?;
        // A list of strings in the rule itself needs no copy.
        if let (Value::Text(text), Node::Array(literals)) = (&item, list)
            && literals
                .iter()
                .all(|literal| matches!(literal, Node::Text(_)))
        {
            let found = literals
                .iter()
                .any(|literal| matches!(literal, Node::Text(other) if **other == **text));
            return Ok(Value::Bool(found));
        }
        match self.evaluate(list, data)? {
            Value::Data(items) => Ok(Value::Bool(
                items
                    .iter()
                    .any(|other| item.same(&Value::from_json(other))),
            )),
            Value::Array(items) => Ok(Value::Bool(
                items.items().iter().any(|other| item.same(other)),
            )),
            other => Err(wrong_type("in", "an array on its right", list, &other)),
        }
    }

    fn reduce<'a>(
        &self,
        parts: &'a [Node; 3],
        data: &Value<'a>,
    ) -> Result<Value<'a>, EvaluationError> {
        let [operand, lambda, initial] = parts;
        let fold = |accumulator: Value<'a>, current: Value<'a>| {
            let context = Value::context(vec![("accumulator", accumulator), ("current", current)]);
            self.evaluate(lambda, &context)
        };
        let items = self.evaluate(operand, data)?;
        let initial = self.evaluate(initial, data)?;
        match items {
            Value::Null => Ok(initial),
            Value::Data(items) => items.iter().map(Value::from_json).try_fold(initial, fold),
            Value::Array(list) => list.items().iter().cloned().try_fold(initial, fold),
            other => Err(wrong_type("reduce", "an array or null", operand, &other)),
        }
    }

    fn integer<'a>(
        &self,
        operation: &'static str,
        node: &'a Node,
        data: &Value<'a>,
    ) -> Result<i64, EvaluationError> {
        match self.evaluate(node, data)? {
            Value::Int(number) => Ok(number),
            other => Err(wrong_type(operation, "integers", node, &other)),
        }
    }

    fn time<'a>(&self, node: &'a Node, data: &Value<'a>) -> Result<DateTime, EvaluationError> {
        match self.evaluate(node, data)? {
            Value::DateTime(time) => Ok(time),
            other => Err(wrong_type(
                "a comparison of times",
                "date-times",
                node,
                &other,
            )),
        }
    }

    fn text<'a>(
        &self,
        operation: &'static str,
        node: &'a Node,
        data: &Value<'a>,
    ) -> Result<&'a str, EvaluationError> {
        match self.evaluate(node, data)? {
            Value::Text(text) => Ok(text),
            other => Err(wrong_type(operation, "a date as a string", node, &other)),
        }
    }
}

fn access<'a>(data: &Value<'a>, path: &Path) -> Value<'a> {
    let mut steps = path.steps.iter();
    let Some((name, index)) = steps.next() else {
        return data.clone();
    };
    steps.fold(data.step(name, *index), |value, (name, index)| {
        value.step(name, *index)
    })
}

fn in_order<T: Ord>(order: Order, values: &[T]) -> bool {
    values
        .iter()
        .zip(values.iter().skip(1))
        .all(|(left, right)| order.holds(left, right))
}

/// The fragment of a UCI with the given index, the prefix `URN:UVCI:` not counted (specification, section "Extract data from an UCI").
fn fragment(uci: &str, index: i64) -> Option<&str> {
    let uci = uci.strip_prefix("URN:UVCI:").unwrap_or(uci);
    uci.split(['/', '#', ':']).nth(usize::try_from(index).ok()?)
}

fn no_date(text: &str) -> EvaluationError {
    // What stands in a certificate may be long; an error need not repeat all of it.
    EvaluationError::NoDate {
        text: text.chars().take(40).collect(),
    }
}

fn wrong_type(
    operation: &'static str,
    needed: &'static str,
    node: &Node,
    found: &Value<'_>,
) -> EvaluationError {
    let path = match node {
        Node::Var(path) => Some(path.text.to_string()),
        _ => None,
    };
    EvaluationError::WrongType {
        operation,
        needed,
        found: found.kind(),
        path,
    }
}
