//! Business rules of a destination, run against one passport and explained.
//!
//! A country publishes rules in CertLogic ([`crate::certlogic`]): *acceptance* rules say what it asks of somebody who arrives, *invalidation*
//! rules say which of its own certificates no longer count. Either is passed when it gives `true`, failed when it gives `false`, and open
//! when it cannot be decided, because something that it reads is missing or because it needs an engine that we are not. (eHealth Network,
//! "EU DCC Validation Rules", version 1.1. Its text does not say whether the result of an invalidation rule is turned round; it is not here.)
//!
//! [`RuleSet::check`] chooses the rules that apply (country and region, dates, newest version, kinds of entry), runs them all, and says in
//! Vietnamese and English what decided each, with the values that it saw:
//!
//! ```
//! use passport::rules::{RuleSet, Situation, Decision};
//! use serde_json::json;
//!
//! let mut rules = RuleSet::default();
//! rules.add_json(&json!({
//!     "Identifier": "VR-AT-0001", "Type": "Acceptance", "Country": "AT", "Version": "1.0.0", "SchemaVersion": "1.0.0",
//!     "Engine": "CERTLOGIC", "EngineVersion": "0.7.5", "CertificateType": "Vaccination",
//!     "Description": [{"lang": "en", "desc": "A vaccination counts for 270 days."}],
//!     "ValidFrom": "2021-06-01T00:00:00Z", "ValidTo": "2030-06-01T00:00:00Z", "AffectedFields": ["v.0", "v.0.dt"],
//!     "Logic": {"not-after": [
//!         {"plusTime": [{"var": "external.validationClock"}, 0, "day"]},
//!         {"plusTime": [{"var": "payload.v.0.dt"}, 270, "day"]}
//!     ]}
//! }).to_string())?;
//!
//! let payload = json!({"v": [{"dt": "2021-08-09", "dn": 2, "sd": 2}]});
//! let no_sets = json!({});
//! let situation = Situation::new("AT", "VN", "2022-05-26T10:00:00Z".parse()?, &no_sets);
//! let verdict = rules.check(&payload, &situation);
//! assert_eq!(verdict.decision, Decision::Refused);
//! assert_eq!(
//!     verdict.summary().en,
//!     "Entry to Austria: no, because the last dose is 290 days old, limit 270 days."
//! );
//! assert_eq!(
//!     verdict.summary().vi,
//!     "Nhập cảnh Áo: không, vì mũi tiêm gần nhất đã được 290 ngày, giới hạn 270 ngày."
//! );
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod explain;
mod rule;
mod suite;
mod words;

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use registry::text::Text;
use serde_json::Value as Json;

pub use rule::{CertificateType, Rule, RuleError, RuleKind, Version};
pub use suite::conformance;

use crate::certlogic::{DateTime, Value};

/// Rules of any number of countries, in several versions.
#[derive(Debug, Clone, Default)]
pub struct RuleSet {
    rules: Vec<Rule>,
}

/// Who wants to go where, when, with a certificate from whom: what CertLogic calls the external parameters.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// Country of arrival, two letters; its acceptance rules apply.
    pub destination: &'a str,
    /// Region of the country of arrival, if its rules differ.
    pub region: Option<&'a str>,
    /// Country that issued the certificate (`iss`, or `co` of the entry); its invalidation rules apply.
    pub issuer: &'a str,
    /// The moment of arrival.
    pub clock: Timestamp,
    /// When the certificate was issued (`iat`).
    pub issued_at: Option<Timestamp>,
    /// When the certificate expires (`exp`).
    pub expires_at: Option<Timestamp>,
    /// The identifier of the signer's certificate, in Base64.
    pub kid: Option<&'a str>,
    /// Value sets as CertLogic wants them: an object from a set's id to the array of its codes.
    pub value_sets: &'a Json,
}

impl<'a> Situation<'a> {
    /// What every check needs.
    pub fn new(
        destination: &'a str,
        issuer: &'a str,
        clock: Timestamp,
        value_sets: &'a Json,
    ) -> Self {
        Self {
            destination,
            region: None,
            issuer,
            clock,
            issued_at: None,
            expires_at: None,
            kid: None,
            value_sets,
        }
    }
}

/// Whether the rules let the holder in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decision {
    /// Every rule is passed.
    Accepted,
    /// A rule is failed.
    Refused,
    /// No rule is failed, but one could not be decided, or there is none for this destination: look at the certificate by other means.
    Open,
}

/// How one rule came out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RuleOutcome {
    /// It gave `true`.
    Passed,
    /// It gave `false`.
    Failed,
    /// It gave neither.
    Open,
}

/// One rule with its outcome.
#[derive(Debug, Clone)]
pub struct RuleResult<'r> {
    /// The rule.
    pub rule: &'r Rule,
    /// Its outcome.
    pub outcome: RuleOutcome,
    /// What decided it, with the values of this certificate; empty when it is passed, or when it is too intricate to say.
    pub reasons: Vec<Text>,
}

/// The outcome of all rules for one certificate and destination.
#[derive(Debug, Clone)]
pub struct Verdict<'r> {
    /// Country of arrival.
    pub destination: String,
    /// The sum of the results.
    pub decision: Decision,
    /// Every rule that applies, by identifier.
    pub results: Vec<RuleResult<'r>>,
}

impl RuleSet {
    /// Adds the rules of a JSON text: one rule, or an array of rules. Nothing is added when one of them is no rule; a rule whose logic is
    /// malformed is one (see [`Rule::logic`]).
    ///
    /// # Errors
    /// When the text is no JSON or something in it is no rule: see [`RuleError`].
    pub fn add_json(&mut self, text: &str) -> Result<(), RuleError> {
        let json: Json = serde_json::from_str(text)?;
        match json {
            Json::Array(rules) => {
                let rules: Result<Vec<_>, _> = rules.into_iter().map(Rule::from_json).collect();
                self.rules.extend(rules?);
            }
            rule => self.rules.push(Rule::from_json(rule)?),
        }
        Ok(())
    }

    /// Adds one rule.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push(rule);
    }

    /// All rules, in the order in which they were added.
    pub fn rules(&self) -> &[Rule] {
        &self.rules
    }

    /// The rules that apply to a certificate in a situation, by identifier: acceptance rules of the destination, invalidation rules of the
    /// issuer, valid at the clock and of each the newest version, for the kinds of entry that the certificate has.
    pub fn select(&self, payload: &Json, situation: &Situation<'_>) -> Vec<&Rule> {
        let clock = DateTime::from(situation.clock);
        let mut newest: BTreeMap<&str, &Rule> = BTreeMap::new();
        for rule in &self.rules {
            let country = match rule.kind {
                RuleKind::Acceptance => situation.destination,
                RuleKind::Invalidation => situation.issuer,
            };
            let applies = rule.country == country
                && rule
                    .region
                    .as_deref()
                    .is_none_or(|region| Some(region) == situation.region)
                && rule.valid_at(clock)
                && rule.certificate_type.covers(payload);
            let known = newest.get(rule.identifier.as_str());
            if applies && known.is_none_or(|known| known.version <= rule.version) {
                newest.insert(&rule.identifier, rule);
            }
        }
        newest.into_values().collect()
    }

    /// Runs every rule that applies.
    pub fn check<'r>(&'r self, payload: &Json, situation: &Situation<'_>) -> Verdict<'r> {
        let external = External::new(situation);
        let data = external.context(payload, situation.value_sets);
        let rules = self.select(payload, situation);
        let results: Vec<_> = rules.into_iter().map(|rule| run(rule, &data)).collect();
        let accepts = results
            .iter()
            .any(|result| result.rule.kind == RuleKind::Acceptance);
        let any = |outcome| results.iter().any(|result| result.outcome == outcome);
        let decision = if any(RuleOutcome::Failed) {
            Decision::Refused
        } else if any(RuleOutcome::Open) || !accepts {
            Decision::Open
        } else {
            Decision::Accepted
        };
        Verdict {
            destination: situation.destination.to_owned(),
            decision,
            results,
        }
    }
}

/// The texts that the data context borrows.
struct External<'s> {
    fields: Vec<(&'static str, String)>,
    region: Option<&'s str>,
}

impl<'s> External<'s> {
    /// Names as in "EU DCC Validation Rules", version 1.1, section "External parameters".
    fn new(situation: &Situation<'s>) -> Self {
        let time = |time: Timestamp| DateTime::from(time).to_string();
        let mut fields = vec![
            ("validationClock", time(situation.clock)),
            ("countryCode", situation.destination.to_owned()),
            ("issuerCountryCode", situation.issuer.to_owned()),
        ];
        fields.extend(situation.expires_at.map(|at| ("exp", time(at))));
        fields.extend(situation.issued_at.map(|at| ("iat", time(at))));
        fields.extend(situation.kid.map(|kid| ("kid", kid.to_owned())));
        Self {
            fields,
            region: situation.region,
        }
    }

    fn context<'a>(&'a self, payload: &'a Json, value_sets: &'a Json) -> Value<'a> {
        let mut external: Vec<_> = self
            .fields
            .iter()
            .map(|(name, text)| (*name, Value::Text(text)))
            .collect();
        external.extend(self.region.map(|region| ("region", Value::Text(region))));
        external.push(("valueSets", Value::from_json(value_sets)));
        Value::context(vec![
            ("payload", Value::from_json(payload)),
            ("external", Value::context(external)),
        ])
    }
}

fn run<'r>(rule: &'r Rule, data: &Value<'_>) -> RuleResult<'r> {
    let logic = match rule.runnable() {
        Ok(logic) => logic,
        Err(reason) => {
            return RuleResult {
                rule,
                outcome: RuleOutcome::Open,
                reasons: vec![reason],
            };
        }
    };
    let (outcome, reasons) = match logic.evaluate(data) {
        Ok(Value::Bool(true)) => (RuleOutcome::Passed, Vec::new()),
        Ok(Value::Bool(false)) => (RuleOutcome::Failed, explain::why_failed(logic.root(), data)),
        Ok(_) => (RuleOutcome::Open, Vec::new()),
        Err(error) => (RuleOutcome::Open, vec![explain::undecided(&error)]),
    };
    RuleResult {
        rule,
        outcome,
        reasons,
    }
}

impl RuleResult<'_> {
    /// What decided the rule; the rule's own description where the values alone do not tell.
    pub fn explanation(&self) -> Text {
        if self.reasons.is_empty() {
            let (id, en) = (&self.rule.identifier, self.rule.description("en"));
            let vi = self.rule.description_in("vi").unwrap_or(en);
            return Text {
                vi: format!("quy tắc {id} (“{vi}”)"),
                en: format!("rule {id} (“{en}”)"),
            };
        }
        words::join(&self.reasons, "; ")
    }
}

impl Verdict<'_> {
    /// The results with a certain outcome.
    pub fn with(&self, outcome: RuleOutcome) -> impl Iterator<Item = &RuleResult<'_>> {
        self.results
            .iter()
            .filter(move |result| result.outcome == outcome)
    }

    /// The verdict in one sentence.
    pub fn summary(&self) -> Text {
        let country = words::country(&self.destination);
        let mut text = Text {
            vi: format!("Nhập cảnh {}: ", country.vi),
            en: format!("Entry to {}: ", country.en),
        };
        let (answer_vi, answer_en, decisive) = match self.decision {
            Decision::Accepted => ("được", "yes", None),
            Decision::Refused => ("không, vì ", "no, because ", Some(RuleOutcome::Failed)),
            Decision::Open if self.results.is_empty() => (
                "chưa rõ, vì không có quy tắc nào của nước này",
                "not clear, because no rules of this country are known",
                None,
            ),
            Decision::Open => (
                "chưa rõ, vì ",
                "not clear, because ",
                Some(RuleOutcome::Open),
            ),
        };
        text.vi.push_str(answer_vi);
        text.en.push_str(answer_en);
        if let Some(outcome) = decisive {
            let mut explanations: Vec<_> =
                self.with(outcome).map(RuleResult::explanation).collect();
            // Two rules may rest on the same fact.
            explanations.dedup();
            let because = words::join(&explanations, "; ");
            let _ = write!(text.vi, "{}", because.vi);
            let _ = write!(text.en, "{}", because.en);
        }
        text.vi.push('.');
        text.en.push('.');
        text
    }
}
