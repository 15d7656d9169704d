//! Why a rule was failed: walks its logic along the way that the evaluation took, to the comparison that decided.

use super::words;
use crate::certlogic::{DateTime, EvaluationError, Evaluator, Node, Order, TimeUnit, Value};
use registry::text::Text;

const CLOCK: &str = "external.validationClock";
const MS_PER_HOUR: i64 = 3_600_000;

/// The reasons for which a logic gave `false`; none where they cannot be told from single comparisons.
pub(super) fn why_failed(logic: &Node, data: &Value<'_>) -> Vec<Text> {
    let mut explainer = Explainer {
        data,
        reasons: Vec::new(),
    };
    explainer.walk(logic, false);
    explainer
        .reasons
        .into_iter()
        .map(Reason::with_alternatives)
        .collect()
}

/// Why a logic could not be evaluated.
pub(super) fn undecided(error: &EvaluationError) -> Text {
    match error {
        EvaluationError::WrongType {
            path: Some(path),
            found: "null",
            ..
        } => missing(&words::field(path).noun),
        EvaluationError::WrongType {
            path: Some(path),
            found,
            ..
        } => {
            let noun = words::field(path).noun;
            Text {
                vi: format!("{} có kiểu dữ liệu sai", noun.vi),
                en: format!("{} is {found}, which it must not be", noun.en),
            }
        }
        EvaluationError::NoDate { text } => Text {
            vi: format!("“{text}” không phải là ngày hợp lệ"),
            en: format!("“{text}” is no date"),
        },
        other => Text {
            vi: "không tính được quy tắc này".to_owned(),
            en: format!("the rule could not be evaluated: {other}"),
        },
    }
}

struct Explainer<'d, 'a> {
    data: &'d Value<'a>,
    reasons: Vec<Reason>,
}

struct Reason {
    text: Text,
    /// It tells the age of a dose, test or recovery: what people ask about first.
    of_age: bool,
    /// What else would have been enough.
    alternatives: Vec<Text>,
}

impl Reason {
    fn with_alternatives(self) -> Text {
        if self.alternatives.is_empty() {
            return self.text;
        }
        let others = words::join(&self.alternatives, "; ");
        Text {
            vi: format!("{} (hoặc: {})", self.text.vi, others.vi),
            en: format!("{} (or else: {})", self.text.en, others.en),
        }
    }
}

/// A moment as a rule writes it: something in the data, and an offset.
struct Moment<'n> {
    base: Option<&'n str>,
    amount: i64,
    unit: TimeUnit,
    time: DateTime,
    /// Without the offset.
    start: DateTime,
}

impl Explainer<'_, '_> {
    /// Explains a part of the logic that gave `outcome`, which led to the failure.
    fn walk(&mut self, node: &Node, outcome: bool) {
        match node {
            Node::If(parts) => {
                let [guard, then, otherwise] = parts.as_ref();
                let Some(truth) = self.truth(guard) else {
                    return;
                };
                match (then, if truth { then } else { otherwise }) {
                    // "If this, then no": the guard is the reason.
                    (_, Node::Bool(_)) => self.walk(guard, truth),
                    // "If this, then yes, otherwise ask that": neither of the two.
                    (Node::Bool(true), branch) if !outcome => self.none_of(&[guard, branch]),
                    (_, branch) => self.walk(branch, outcome),
                }
            }
            Node::And(nodes) if outcome => {
                for node in nodes {
                    self.walk(node, true);
                }
            }
            // What stands behind the first falsy operand was never asked.
            Node::And(nodes) => {
                if let Some(node) = nodes.iter().find(|node| self.truth(node) == Some(false)) {
                    self.walk(node, false);
                }
            }
            Node::Not(node) => self.walk(node, !outcome),
            Node::Var(path) => self.presence(&path.text, outcome),
            Node::CompareTimes(order, nodes) => self.times(required(*order, outcome), nodes),
            Node::CompareNumbers(order, nodes) => self.numbers(required(*order, outcome), nodes),
            Node::Equal(operands) => self.equality(operands, outcome),
            Node::In(operands) => match operands.as_ref() {
                // "One of these is true".
                [Node::Bool(true), Node::Array(nodes)] if !outcome => {
                    self.none_of(&nodes.iter().collect::<Vec<_>>());
                }
                operands => self.membership(operands, outcome),
            },
            _ => {}
        }
    }

    /// Any of these would have been enough: one of them, rather about an age than something else, with the rest as alternatives.
    fn none_of(&mut self, nodes: &[&Node]) {
        let mut inner = Explainer {
            data: self.data,
            reasons: Vec::new(),
        };
        for node in nodes {
            inner.walk(node, false);
        }
        inner.reasons.sort_by_key(|reason| !reason.of_age);
        let mut reasons = inner.reasons.into_iter();
        let Some(mut first) = reasons.next() else {
            return;
        };
        for reason in reasons {
            first.alternatives.push(reason.text);
            first.alternatives.extend(reason.alternatives);
        }
        self.reasons.push(first);
    }

    fn give(&mut self, text: Text) {
        self.reasons.push(Reason {
            text,
            of_age: false,
            alternatives: Vec::new(),
        });
    }

    fn value(&self, node: &Node) -> Option<serde_json::Value> {
        Evaluator::default()
            .evaluate(node, self.data)
            .ok()
            .map(|value| value.to_json())
    }

    fn truth(&self, node: &Node) -> Option<bool> {
        Evaluator::default().evaluate(node, self.data).ok()?.truth()
    }

    fn presence(&mut self, path: &str, there: bool) {
        let noun = words::field(path).noun;
        self.give(if there {
            Text {
                vi: format!("có {}", noun.vi),
                en: format!("there is {}", noun.en),
            }
        } else {
            missing(&noun)
        });
    }

    /// The pairs of neighbours that do not stand in the required order.
    fn times(&mut self, order: Order, nodes: &[Node]) {
        for (left, right) in nodes.iter().zip(nodes.iter().skip(1)) {
            let (Some(left), Some(right)) = (self.moment(left), self.moment(right)) else {
                continue;
            };
            if !order.holds(&left.time, &right.time) {
                let text = compare_moments(order, &left, &right);
                let of_age = [left.base, right.base]
                    .iter()
                    .all(|base| *base != Some("payload.dob"));
                self.reasons.push(Reason {
                    text,
                    of_age,
                    alternatives: Vec::new(),
                });
            }
        }
    }

    fn moment<'n>(&self, node: &'n Node) -> Option<Moment<'n>> {
        let (operand, amount, unit) = match node {
            Node::PlusTime(operand, amount, unit) => (operand, *amount, *unit),
            Node::DateOfBirth(operand) => (operand, 0, TimeUnit::Day),
            Node::If(parts) => {
                let [guard, then, otherwise] = parts.as_ref();
                return self.moment(if self.truth(guard)? { then } else { otherwise });
            }
            _ => return None,
        };
        let base = match operand.as_ref() {
            Node::Var(path) => Some(&*path.text),
            _ => None,
        };
        let text = self.value(operand)?;
        let start = DateTime::parse(text.as_str()?)?;
        Some(Moment {
            base,
            amount,
            unit,
            time: start.plus(amount, unit)?,
            start,
        })
    }

    fn numbers(&mut self, order: Order, nodes: &[Node]) {
        for (left, right) in nodes.iter().zip(nodes.iter().skip(1)) {
            let (Some(a), Some(b)) = (self.value(left), self.value(right)) else {
                continue;
            };
            let (Some(a), Some(b)) = (a.as_i64(), b.as_i64()) else {
                continue;
            };
            if order.holds(&a, &b) {
                continue;
            }
            // The field is the subject, the literal the limit.
            let (subject, order, value, limit, other) = match (left, right) {
                (Node::Int(_), subject) => (subject, mirrored(order), b, a, left),
                (subject, other) => (subject, order, a, b, other),
            };
            let Some(noun) = subject_of(subject) else {
                continue;
            };
            let (vi, en) = match order {
                Order::Less => ("phải nhỏ hơn", "must be less than"),
                Order::AtMost => ("nhiều nhất được", "must be at most"),
                Order::Greater => ("phải lớn hơn", "must be more than"),
                Order::AtLeast => ("ít nhất phải", "must be at least"),
            };
            let mut reason = Text {
                vi: format!("{} là {value}, {vi} {limit}", noun.vi),
                en: format!("{} is {value}, {en} {limit}", noun.en),
            };
            if let Some(other) = subject_of(other) {
                reason.vi = format!("{} ({})", reason.vi, other.vi);
                reason.en = format!("{} ({})", reason.en, other.en);
            }
            self.give(reason);
        }
    }

    fn equality(&mut self, operands: &[Node; 2], equal: bool) {
        let (subject, other) = match operands {
            [literal @ (Node::Text(_) | Node::Int(_)), subject] => (subject, literal),
            [subject, other] => (subject, other),
        };
        let (Some(noun), Some(value), Some(wanted)) =
            (subject_of(subject), self.value(subject), self.value(other))
        else {
            return;
        };
        if value.is_null() {
            return self.give(missing(&noun));
        }
        let (value, wanted) = (in_words(&value), in_words(&wanted));
        self.give(if equal {
            not_accepted(&noun, &value)
        } else {
            Text {
                vi: format!("{} là {}, phải là {}", noun.vi, value.vi, wanted.vi),
                en: format!("{} is {}, must be {}", noun.en, value.en, wanted.en),
            }
        });
    }

    fn membership(&mut self, operands: &[Node; 2], member: bool) {
        let [subject, list] = operands;
        let (Some(noun), Some(value)) = (subject_of(subject), self.value(subject)) else {
            return;
        };
        if value.is_null() {
            return self.give(missing(&noun));
        }
        let mut reason = not_accepted(&noun, &in_words(&value));
        // A short list helps; value sets of a hundred products do not.
        if let Some(serde_json::Value::Array(accepted)) = self.value(list)
            && !member
            && accepted.len() <= 6
        {
            let mut accepted: Vec<_> = accepted.iter().map(in_words).collect();
            accepted.dedup();
            let accepted = words::join(&accepted, ", ");
            reason.vi = format!("{} (chấp nhận: {})", reason.vi, accepted.vi);
            reason.en = format!("{} (accepted: {})", reason.en, accepted.en);
        }
        self.give(reason);
    }
}

/// The order that should have held: where a comparison held and that led to the failure, its contrary.
fn required(order: Order, outcome: bool) -> Order {
    match (order, outcome) {
        (order, false) => order,
        (Order::Less, true) => Order::AtLeast,
        (Order::AtMost, true) => Order::Greater,
        (Order::Greater, true) => Order::AtMost,
        (Order::AtLeast, true) => Order::Less,
    }
}

/// The same with the operands exchanged.
fn mirrored(order: Order) -> Order {
    match order {
        Order::Less => Order::Greater,
        Order::AtMost => Order::AtLeast,
        Order::Greater => Order::Less,
        Order::AtLeast => Order::AtMost,
    }
}

/// `left` had to stand in `order` to `right`, and does not.
fn compare_moments(order: Order, left: &Moment<'_>, right: &Moment<'_>) -> Text {
    match (left.base, right.base) {
        (Some(CLOCK), Some(path)) => against_clock(order, left, right, path),
        (Some(path), Some(CLOCK)) => against_clock(mirrored(order), right, left, path),
        _ => dates(order, left, right),
    }
}

/// The clock had to stand in `order` to a date of the certificate with its offset: told as the age of the thing and its limit.
fn against_clock(order: Order, clock: &Moment<'_>, field: &Moment<'_>, path: &str) -> Text {
    let words = words::field(path);
    let limit = match (clock.amount, field.amount) {
        (0, amount) => Some((amount, field.unit)),
        (amount, 0) => Some((-amount, clock.unit)),
        (back, forth) if clock.unit == field.unit => Some((forth - back, field.unit)),
        _ => None,
    };
    match (limit, words.age) {
        (_, Some(_)) if field.start > clock.start => Text {
            vi: format!(
                "{} là {}, còn ở tương lai",
                words.noun.vi,
                day(field.start).vi
            ),
            en: format!(
                "{} is {}, which is in the future",
                words.noun.en,
                day(field.start).en
            ),
        },
        (Some((amount, unit)), Some([vi, en])) if amount > 0 => {
            let age = age_in(unit, field.start, clock.start, amount);
            let limit = limit_in_words(order, &words::quantity(amount, unit));
            Text {
                vi: format!("{}, {}", vi.replace("{}", &age.vi), limit.vi),
                en: format!("{}, {}", en.replace("{}", &age.en), limit.en),
            }
        }
        _ => dates(mirrored(order), field, clock),
    }
}

fn limit_in_words(order: Order, limit: &Text) -> Text {
    let (vi, en) = match order {
        Order::AtMost => {
            return Text {
                vi: format!("giới hạn {}", limit.vi),
                en: format!("limit {}", limit.en),
            };
        }
        Order::Less => ("phải dưới", "must be less than"),
        Order::AtLeast => ("phải đủ ít nhất", "must be at least"),
        Order::Greater => ("phải trên", "must be more than"),
    };
    Text {
        vi: format!("{vi} {}", limit.vi),
        en: format!("{en} {}", limit.en),
    }
}

/// The time between, in whole units; with the rest in the next smaller unit where the whole units alone would look like the limit.
fn age_in(unit: TimeUnit, from: DateTime, to: DateTime, limit: i64) -> Text {
    let hours = (to.as_millisecond() - from.as_millisecond()).div_euclid(MS_PER_HOUR);
    let whole = match unit {
        TimeUnit::Hour => hours,
        TimeUnit::Day => hours.div_euclid(24),
        TimeUnit::Month | TimeUnit::Year => whole_units(unit, from, to),
    };
    let age = words::quantity(whole, unit);
    let passed = from.plus(whole, unit);
    let rest_ms = passed.map_or(0, |passed| to.as_millisecond() - passed.as_millisecond());
    if whole != limit || rest_ms == 0 {
        return age;
    }
    let rest = match unit {
        TimeUnit::Month | TimeUnit::Year => {
            words::quantity(rest_ms / (24 * MS_PER_HOUR), TimeUnit::Day)
        }
        TimeUnit::Day => words::quantity(rest_ms / MS_PER_HOUR, TimeUnit::Hour),
        TimeUnit::Hour => {
            let minutes = rest_ms / (MS_PER_HOUR / 60);
            Text {
                vi: format!("{minutes} phút"),
                en: format!("{minutes} min"),
            }
        }
    };
    Text {
        vi: format!("{} {}", age.vi, rest.vi),
        en: format!("{} and {}", age.en, rest.en),
    }
}

/// The largest number of calendar units that fits between two moments.
fn whole_units(unit: TimeUnit, from: DateTime, to: DateTime) -> i64 {
    let days = (to.as_millisecond() - from.as_millisecond()).div_euclid(24 * MS_PER_HOUR);
    let days_per_unit = if unit == TimeUnit::Year { 365 } else { 28 };
    let mut whole = days / days_per_unit;
    while whole > 0 && from.plus(whole, unit).is_none_or(|reached| reached > to) {
        whole -= 1;
    }
    whole
}

/// Two moments side by side.
fn dates(order: Order, left: &Moment<'_>, right: &Moment<'_>) -> Text {
    let noun = |moment: &Moment<'_>| match moment.base {
        Some(CLOCK) => Text::new("ngày nhập cảnh", "the day of entry"),
        Some(path) => words::field(path).noun,
        None => Text::new("thời điểm", "the moment"),
    };
    let offset = |moment: &Moment<'_>| match moment.amount {
        0 => Text::new("", ""),
        amount => {
            let quantity = words::quantity(amount.abs(), moment.unit);
            let sign = if amount > 0 { '+' } else { '−' };
            Text {
                vi: format!(" {sign} {}", quantity.vi),
                en: format!(" {sign} {}", quantity.en),
            }
        }
    };
    let (a, b) = (noun(left), noun(right));
    let (x, y) = (offset(left), offset(right));
    let (vi, en) = match order {
        Order::Less => ("phải trước", "must be before"),
        Order::AtMost => ("không được sau", "must not be after"),
        Order::Greater => ("phải sau", "must be after"),
        Order::AtLeast => ("không được trước", "must not be before"),
    };
    let (from, to) = (day(left.start), day(right.start));
    Text {
        vi: format!(
            "{} ({}){} {vi} {} ({}){}",
            a.vi, from.vi, x.vi, b.vi, to.vi, y.vi
        ),
        en: format!(
            "{} ({}){} {en} {} ({}){}",
            a.en, from.en, x.en, b.en, to.en, y.en
        ),
    }
}

fn day(time: DateTime) -> Text {
    time.date().map_or_else(
        || Text::new("", ""),
        |date| Text {
            vi: date.strftime("%d/%m/%Y").to_string(),
            en: date.to_string(),
        },
    )
}

/// What a comparison is about: the field that it reads.
fn subject_of(node: &Node) -> Option<Text> {
    match node {
        Node::Var(path) => Some(words::field(&path.text).noun),
        Node::ExtractFromUvci(uci, index) => {
            let noun = subject_of(uci)?;
            Some(Text {
                vi: format!("phần {index} của {}", noun.vi),
                en: format!("part {index} of {}", noun.en),
            })
        }
        // All countries that count do it over the three groups of entries.
        Node::Reduce(parts) => match parts.as_ref() {
            [Node::Array(_), Node::Plus(_), Node::Int(0)] => Some(Text::new(
                "số loại mục trong chứng nhận",
                "the number of kinds of entries",
            )),
            _ => None,
        },
        _ => None,
    }
}

fn in_words(value: &serde_json::Value) -> Text {
    value
        .as_str()
        .map_or_else(|| words::same(&value.to_string()), words::code)
}

fn not_accepted(noun: &Text, value: &Text) -> Text {
    Text {
        vi: format!("{} là {}, không được chấp nhận", noun.vi, value.vi),
        en: format!("{} is {}, which is not accepted", noun.en, value.en),
    }
}

fn missing(noun: &Text) -> Text {
    Text {
        vi: format!("thiếu {}", noun.vi),
        en: format!("{} is missing", noun.en),
    }
}
