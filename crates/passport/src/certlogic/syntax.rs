//! From JSON to a tree of operations, with every fault of form named on the way.

use std::collections::BTreeSet;

use serde_json::Value as Json;

use super::TimeUnit;
use super::value::integer;

/// A fault in the form of an expression.
#[derive(Debug, Clone, PartialEq, thiserror::Error)]
#[error("{message} (in {expression})")]
pub struct Issue {
    /// The part of the expression that is at fault.
    pub expression: Json,
    /// What is wrong with it.
    pub message: String,
}

/// One operation with its operands, or a literal.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Node {
    Bool(bool),
    Int(i64),
    Text(Box<str>),
    Array(Vec<Node>),
    Var(Path),
    If(Box<[Node; 3]>),
    And(Vec<Node>),
    Not(Box<Node>),
    Equal(Box<[Node; 2]>),
    In(Box<[Node; 2]>),
    Plus(Box<[Node; 2]>),
    /// `<` and its like, two or three operands.
    CompareNumbers(Order, Vec<Node>),
    /// `before` and its like, two or three operands.
    CompareTimes(Order, Vec<Node>),
    PlusTime(Box<Node>, i64, TimeUnit),
    DateOfBirth(Box<Node>),
    Reduce(Box<[Node; 3]>),
    ExtractFromUvci(Box<Node>, i64),
}

/// How two operands of a comparison must stand to each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    /// `<`, `before`
    Less,
    /// `<=`, `not-after`
    AtMost,
    /// `>`, `after`
    Greater,
    /// `>=`, `not-before`
    AtLeast,
}

impl Order {
    pub(crate) fn holds<T: Ord>(self, left: &T, right: &T) -> bool {
        match self {
            Self::Less => left < right,
            Self::AtMost => left <= right,
            Self::Greater => left > right,
            Self::AtLeast => left >= right,
        }
    }
}

/// A path into the data context.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Path {
    pub(crate) text: Box<str>,
    /// Each step as a name, and as an index when it is one.
    pub(crate) steps: Vec<(Box<str>, Option<usize>)>,
}

impl Path {
    fn parse(text: &str) -> Option<Self> {
        let steps: Vec<_> = if text.is_empty() {
            Vec::new()
        } else {
            text.split('.').map(step).collect()
        };
        steps
            .iter()
            .all(|(name, _)| !name.is_empty())
            .then(|| Self {
                text: text.into(),
                steps,
            })
    }
}

fn step(name: &str) -> (Box<str>, Option<usize>) {
    let digits = name.bytes().all(|byte| byte.is_ascii_digit());
    (name.into(), digits.then(|| name.parse().ok()).flatten())
}

impl Node {
    pub(super) fn collect_paths<'a>(&'a self, paths: &mut BTreeSet<&'a str>) {
        match self {
            Self::Bool(_) | Self::Int(_) | Self::Text(_) => {}
            Self::Var(path) => {
                paths.insert(&path.text);
            }
            Self::Array(nodes)
            | Self::And(nodes)
            | Self::CompareNumbers(_, nodes)
            | Self::CompareTimes(_, nodes) => collect_all(nodes, paths),
            Self::If(nodes) => collect_all(nodes.as_slice(), paths),
            Self::Equal(nodes) | Self::In(nodes) | Self::Plus(nodes) => {
                collect_all(nodes.as_slice(), paths);
            }
            Self::Not(node)
            | Self::PlusTime(node, ..)
            | Self::DateOfBirth(node)
            | Self::ExtractFromUvci(node, _) => node.collect_paths(paths),
            Self::Reduce(nodes) => {
                let [operand, _, initial] = nodes.as_ref();
                operand.collect_paths(paths);
                initial.collect_paths(paths);
            }
        }
    }
}

fn collect_all<'a>(nodes: &'a [Node], paths: &mut BTreeSet<&'a str>) {
    for node in nodes {
        node.collect_paths(paths);
    }
}

/// Reads one expression; `None` goes with at least one new issue.
pub(super) fn node(expression: &Json, issues: &mut Vec<Issue>) -> Option<Node> {
    Parser { issues, depth: 0 }.node(expression)
}

/// Deeper nesting than any rule has, and shallow enough for every stack.
const MAX_DEPTH: usize = 64;

struct Parser<'i> {
    issues: &'i mut Vec<Issue>,
    depth: usize,
}

impl Parser<'_> {
    fn node(&mut self, expression: &Json) -> Option<Node> {
        if self.depth == MAX_DEPTH {
            return self.issue(expression, format!("nested more than {MAX_DEPTH} deep"));
        }
        self.depth += 1;
        let node = match expression {
            Json::Null => self.issue(expression, "invalid CertLogic expression"),
            Json::Bool(truth) => Some(Node::Bool(*truth)),
            Json::Number(number) => match integer(number) {
                Some(integer) => Some(Node::Int(integer)),
                None => self.issue(expression, format!("{number} is a non-integer number")),
            },
            Json::String(text) => Some(Node::Text(text.as_str().into())),
            Json::Array(items) => self.nodes(items).map(Node::Array),
            Json::Object(fields) => match (fields.len(), fields.iter().next()) {
                (1, Some((operator, operands))) => self.operation(expression, operator, operands),
                (keys, _) => self.issue(
                    expression,
                    format!("expression object must have exactly one key, but it has {keys}"),
                ),
            },
        };
        self.depth -= 1;
        node
    }

    fn operation(&mut self, expression: &Json, operator: &str, operands: &Json) -> Option<Node> {
        if operator == "var" {
            return self.var(expression, operands);
        }
        let Json::Array(operands) = operands else {
            return self.issue(
                expression,
                "operation not of the form { \"<operator>\": [ <values...> ] }",
            );
        };
        let order = match operator {
            "<" | "before" => Some(Order::Less),
            "<=" | "not-after" => Some(Order::AtMost),
            ">" | "after" => Some(Order::Greater),
            ">=" | "not-before" => Some(Order::AtLeast),
            _ => None,
        };
        match (operator, order) {
            ("<" | "<=" | ">" | ">=", Some(order)) => {
                let operands = self.compared(expression, operator, operands)?;
                Some(Node::CompareNumbers(order, operands))
            }
            (_, Some(order)) => {
                let operands = self.compared(expression, operator, operands)?;
                Some(Node::CompareTimes(order, operands))
            }
            ("if", _) => self
                .exactly(expression, "an \"if\"-operation", operands)
                .map(Node::If),
            ("reduce", _) => self
                .exactly(expression, "a \"reduce\"-operation", operands)
                .map(Node::Reduce),
            ("===", _) => self.two(expression, operator, operands).map(Node::Equal),
            ("in", _) => self.two(expression, operator, operands).map(Node::In),
            ("+", _) => self.two(expression, operator, operands).map(Node::Plus),
            ("and", _) => self.and(expression, operands),
            ("!", _) => self.not(expression, operands),
            ("plusTime", _) => self.plus_time(expression, operands),
            ("dccDateOfBirth", _) => {
                let [date] =
                    *self.exactly(expression, "a \"dccDateOfBirth\"-operation", operands)?;
                Some(Node::DateOfBirth(Box::new(date)))
            }
            ("extractFromUVCI", _) => self.extract_from_uvci(expression, operands),
            _ => self.issue(expression, format!("unrecognised operator: \"{operator}\"")),
        }
    }

    fn var(&mut self, expression: &Json, path: &Json) -> Option<Node> {
        let Json::String(text) = path else {
            return self.issue(expression, "not of the form { \"var\": \"<path>\" }");
        };
        match Path::parse(text) {
            Some(path) => Some(Node::Var(path)),
            None => self.issue(
                expression,
                format!("data access path doesn't have a valid format: {text}"),
            ),
        }
    }

    fn and(&mut self, expression: &Json, operands: &[Json]) -> Option<Node> {
        if operands.len() < 2 {
            let message = format!(
                "an \"and\" operation must have at least 2 operands, but it has {}",
                operands.len()
            );
            self.note(expression, message);
        }
        self.nodes(operands).map(Node::And)
    }

    fn not(&mut self, expression: &Json, operands: &[Json]) -> Option<Node> {
        let [operand] = operands else {
            let message = format!(
                "a !-operation (logical not/negation) must have exactly 1 operand, but it has {}",
                operands.len()
            );
            return self.issue(expression, message);
        };
        Some(Node::Not(Box::new(self.node(operand)?)))
    }

    fn plus_time(&mut self, expression: &Json, operands: &[Json]) -> Option<Node> {
        self.count(expression, "a \"plusTime\"-operation", 3, operands);
        let date = operands.first().and_then(|date| self.node(date));
        let amount = operands.get(1).and_then(|amount| {
            self.integer(
                expression,
                amount,
                "\"amount\" argument (#2) of \"plusTime\"",
            )
        });
        let unit = operands.get(2).and_then(|unit| match unit.as_str() {
            Some("year") => Some(TimeUnit::Year),
            Some("month") => Some(TimeUnit::Month),
            Some("day") => Some(TimeUnit::Day),
            Some("hour") => Some(TimeUnit::Hour),
            _ => self.issue(
                expression,
                format!(
                    "\"unit\" argument (#3) of \"plusTime\" must be a string equal to one of year, month, day, hour, but it is: {}",
                    plain(unit)
                ),
            ),
        });
        Some(Node::PlusTime(Box::new(date?), amount?, unit?))
    }

    fn extract_from_uvci(&mut self, expression: &Json, operands: &[Json]) -> Option<Node> {
        self.count(expression, "an \"extractFromUVCI\"-operation", 2, operands);
        let uvci = operands.first().and_then(|uvci| self.node(uvci));
        let index = operands.get(1).and_then(|index| {
            self.integer(
                expression,
                index,
                "\"index\" argument (#2) of \"extractFromUVCI\"",
            )
        });
        Some(Node::ExtractFromUvci(Box::new(uvci?), index?))
    }

    fn integer(&mut self, expression: &Json, operand: &Json, what: &str) -> Option<i64> {
        match operand {
            Json::Number(number) if integer(number).is_some() => integer(number),
            _ => self.issue(
                expression,
                format!("{what} must be an integer, but it is: {}", plain(operand)),
            ),
        }
    }

    fn compared(
        &mut self,
        expression: &Json,
        operator: &str,
        operands: &[Json],
    ) -> Option<Vec<Node>> {
        if !(2..=3).contains(&operands.len()) {
            let message = format!(
                "an operation with operator \"{operator}\" must have 2 or 3 operands, but it has {}",
                operands.len()
            );
            self.note(expression, message);
        }
        self.nodes(&operands[..operands.len().min(3)])
    }

    fn two(
        &mut self,
        expression: &Json,
        operator: &str,
        operands: &[Json],
    ) -> Option<Box<[Node; 2]>> {
        if operands.len() != 2 {
            let message = format!(
                "an operation with operator \"{operator}\" must have 2 operands, but it has {}",
                operands.len()
            );
            self.note(expression, message);
        }
        let nodes = self.nodes(&operands[..operands.len().min(2)])?;
        nodes.try_into().ok().map(Box::new)
    }

    fn exactly<const N: usize>(
        &mut self,
        expression: &Json,
        what: &str,
        operands: &[Json],
    ) -> Option<Box<[Node; N]>> {
        self.count(expression, what, N, operands);
        let nodes = self.nodes(&operands[..operands.len().min(N)])?;
        nodes.try_into().ok().map(Box::new)
    }

    fn count(&mut self, expression: &Json, what: &str, wanted: usize, operands: &[Json]) {
        if operands.len() != wanted {
            let message = format!(
                "{what} must have exactly {wanted} values/operands, but it has {}",
                operands.len()
            );
            self.note(expression, message);
        }
    }

    /// All of them are read, so that the faults of all are found.
    fn nodes(&mut self, expressions: &[Json]) -> Option<Vec<Node>> {
        let nodes: Vec<_> = expressions
            .iter()
            .map(|expression| self.node(expression))
            .collect();
        nodes.into_iter().collect()
    }

    fn note(&mut self, expression: &Json, message: impl Into<String>) {
        self.issues.push(Issue {
            expression: expression.clone(),
            message: message.into(),
        });
    }

    fn issue<T>(&mut self, expression: &Json, message: impl Into<String>) -> Option<T> {
        self.note(expression, message);
        None
    }
}

/// As JavaScript puts it into a message: a string without its quotes.
fn plain(value: &Json) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}
