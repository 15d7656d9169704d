//! CertLogic: no JSON makes the reader or the evaluator panic, hang or eat memory, and the same expression gives the same value.
#![no_main]

use libfuzzer_sys::fuzz_target;
use passport::certlogic::{Expression, Value};
use passport::rules::{RuleSet, Situation};

// An expression and its data as a JSON array of two; anything is tried as a rule as well.
fuzz_target!(|text: &str| {
    if let Ok(serde_json::Value::Array(parts)) = serde_json::from_str(text)
        && let [expression, data] = parts.as_slice()
        && let Ok(expression) = Expression::parse(expression)
    {
        let evaluate = || {
            let value = expression.evaluate(&Value::from_json(data));
            value.map(|value| value.to_json())
        };
        assert_eq!(evaluate(), evaluate());
    }
    let mut rules = RuleSet::default();
    if rules.add_json(text).is_ok()
        && let Some(rule) = rules.rules().first()
    {
        let payload =
            serde_json::json!({"v": [{"dt": "2021-05-04", "dn": 1, "sd": 2}], "dob": "1985"});
        let clock = jiff::Timestamp::UNIX_EPOCH;
        let situation = Situation::new(&rule.country, &rule.country, clock, &payload);
        let _ = rules.check(&payload, &situation).summary();
    }
});
