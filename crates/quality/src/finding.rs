//! What a rule found: the rule, the offending value, the proposed fix.

use std::borrow::Cow;

use registry::text::Lang;

use crate::catalogue::{Catalogue, Severity};
use crate::mask::mask;
use crate::rule_id::RuleId;

/// One finding. The version of the rule is that of the catalogue that the check ran with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// Rule.
    pub rule: RuleId,
    /// Severity at the time of the check; a rule with grades (VD-11) may find less than its own.
    pub severity: Severity,
    /// Canonical heading of the field at fault.
    pub field: &'static str,
    /// The offending value as it stood; empty when the value is missing.
    pub value: Box<str>,
    /// What it was held against.
    pub other: Option<Other>,
    /// The automatic suggestion.
    pub fix: Option<Fix>,
}

/// What a value was held against.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Other {
    /// A value of the same field, of another record or of the register: as confidential as the field.
    Value(Box<str>),
    /// Something that names nobody: a day, a product, a count, a row or a dose id.
    Plain(Box<str>),
}

impl Other {
    /// The text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Value(text) | Self::Plain(text) => text,
        }
    }
}

/// A proposed value of a field.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fix {
    /// Canonical heading of the field to change; the finding's own field, or another one.
    pub field: &'static str,
    /// The proposed value.
    pub value: Box<str>,
}

impl Finding {
    /// A finding of a rule on a field. Its severity is set when it is raised.
    pub(crate) fn new(rule: RuleId, field: &'static str, value: impl Into<Box<str>>) -> Self {
        Self {
            rule,
            severity: Severity::Info,
            field,
            value: value.into(),
            other: None,
            fix: None,
        }
    }

    /// Held against a value of the same field.
    pub(crate) fn against(mut self, other: impl Into<Box<str>>) -> Self {
        self.other = Some(Other::Value(other.into()));
        self
    }

    /// Held against something that names nobody.
    pub(crate) fn with(mut self, other: impl Into<Box<str>>) -> Self {
        self.other = Some(Other::Plain(other.into()));
        self
    }

    /// With a proposed value.
    pub(crate) fn fix(mut self, field: &'static str, value: impl Into<Box<str>>) -> Self {
        self.fix = Some(Fix {
            field,
            value: value.into(),
        });
        self
    }

    /// With a proposed value, where there is one.
    pub(crate) fn maybe_fix(self, field: &'static str, value: Option<impl Into<Box<str>>>) -> Self {
        match value {
            Some(value) => self.fix(field, value),
            None => self,
        }
    }

    /// What is wrong, in words, with the values as they are: for people who may see the record.
    pub fn message(&self, catalogue: &Catalogue, lang: Lang) -> String {
        self.render(catalogue, lang, |_, text| Cow::Borrowed(text))
    }

    /// [`Finding::message`] with numbers, phones, names and addresses masked: for reports.
    pub fn masked_message(&self, catalogue: &Catalogue, lang: Lang) -> String {
        self.render(catalogue, lang, mask)
    }

    /// The offending value, masked where it tells who the person is.
    pub fn masked_value(&self) -> Cow<'_, str> {
        mask(self.field, &self.value)
    }

    /// The proposed value, masked likewise.
    pub fn masked_fix(&self) -> Option<Cow<'_, str>> {
        self.fix.as_ref().map(|fix| mask(fix.field, &fix.value))
    }

    fn render(
        &self,
        catalogue: &Catalogue,
        lang: Lang,
        show: impl for<'a> Fn(&str, &'a str) -> Cow<'a, str>,
    ) -> String {
        let rule = catalogue.rule(self.rule);
        let Some(template) = &rule.message else {
            let title = rule.title.get(lang);
            return match &*self.value {
                "" => title.to_owned(),
                value => format!("{title}: {}", show(self.field, value)),
            };
        };
        fill(template.get(lang), |name| match name {
            "value" => Some(show(self.field, &self.value).into_owned()),
            "other" => self.other.as_ref().map(|other| match other {
                Other::Value(text) => show(self.field, text).into_owned(),
                Other::Plain(text) => text.to_string(),
            }),
            "fix" => self
                .fix
                .as_ref()
                .map(|fix| show(fix.field, &fix.value).into_owned()),
            _ => rule
                .thresholds
                .get(name)
                .map(ToString::to_string)
                .or_else(|| rule.dates.get(name).map(ToString::to_string)),
        })
    }
}

/// Puts values into a template; a name without a value becomes an ellipsis.
fn fill(template: &str, value: impl Fn(&str) -> Option<String>) -> String {
    let mut out = String::with_capacity(template.len() + 32);
    let mut rest = template;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        let Some((name, after)) = after.split_once('}') else {
            out.push('{');
            rest = after;
            continue;
        };
        out.push_str(&value(name).unwrap_or_else(|| "…".to_owned()));
        rest = after;
    }
    out.push_str(rest);
    out
}
