//! What the tests of all procedures share: walks that must be replayable, fixtures of events, and the manners of reasons.

use std::collections::BTreeSet;

use rand::Rng as _;
use rand_pcg::Pcg64Mcg;
use registry::text::Lang;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Act, Procedure, Reason, Refusal, carry_out, replay};

/// A record on its way, with everything that happened to it.
pub(crate) struct Walk<P: Procedure> {
    pub(crate) state: Option<P>,
    log: Vec<(P::Event, Act)>,
}

impl<P: Procedure> Walk<P> {
    pub(crate) fn new() -> Self {
        Self {
            state: None,
            log: Vec::new(),
        }
    }

    /// Carries out a command, or leaves everything as it is.
    pub(crate) fn step(
        &mut self,
        command: &P::Command,
        act: &Act,
    ) -> Result<Vec<P::Event>, Refusal> {
        let (after, events) = carry_out(self.state.clone(), command, act)?;
        assert!(
            !events.is_empty() || after == self.state,
            "no event, no change"
        );
        self.state = after;
        self.log
            .extend(events.iter().map(|event| (event.clone(), act.clone())));
        Ok(events)
    }

    /// The events alone rebuild the state, and both survive being written.
    pub(crate) fn check(&self) {
        let rebuilt: Option<P> = replay(self.log.iter().map(|(event, act)| (event, act)));
        assert_eq!(rebuilt, self.state);
        assert_eq!(written_and_read(&self.state), self.state);
        for (event, _) in &self.log {
            assert_eq!(&written_and_read(event), event);
        }
    }
}

fn written_and_read<T: Serialize + DeserializeOwned>(value: &T) -> T {
    let text = serde_json::to_string(value).expect("writes");
    serde_json::from_str(&text).expect("reads")
}

/// Events of version 1 are read for ever, mean the same when written again, and show every variant.
pub(crate) fn check_fixtures<E: Serialize + DeserializeOwned + std::fmt::Debug>(json: &str) {
    let fixtures: Vec<serde_json::Value> = serde_json::from_str(json).expect("a list of events");
    let mut seen = BTreeSet::new();
    for fixture in &fixtures {
        let event: E = serde_json::from_value(fixture.clone())
            .unwrap_or_else(|error| panic!("{fixture}: {error}"));
        assert_eq!(
            &serde_json::to_value(&event).expect("writes"),
            fixture,
            "{event:?}"
        );
        seen.insert(
            fixture["type"]
                .as_str()
                .expect("an event has a type")
                .to_owned(),
        );
    }
    let unknown = serde_json::from_value::<E>(serde_json::json!({"type": "?"}))
        .expect_err("no such event")
        .to_string();
    let variants: BTreeSet<String> = unknown
        .split('`')
        .skip(3)
        .step_by(2)
        .map(str::to_owned)
        .collect();
    assert!(!variants.is_empty(), "{unknown}");
    assert_eq!(seen, variants, "each variant has a fixture");
}

/// Codes are unique and of their procedure, texts are there, and the Vietnamese ones are Vietnamese.
pub(crate) fn check_reasons(prefixes: &[&str], reasons: &[&Reason]) {
    let mut codes = BTreeSet::new();
    for reason in reasons {
        assert!(codes.insert(reason.code), "{} is there twice", reason.code);
        let of_procedure = prefixes
            .iter()
            .any(|prefix| reason.code.starts_with(prefix));
        assert!(of_procedure, "{}", reason.code);
        for (vi, en) in [
            (reason.text(Lang::Vi), reason.text(Lang::En)),
            (reason.hint(Lang::Vi), reason.hint(Lang::En)),
        ] {
            assert!(!vi.is_ascii(), "{}: {vi}", reason.code);
            assert!(
                !en.trim().is_empty() && vi.trim() == vi && en.trim() == en,
                "{}",
                reason.code
            );
        }
    }
}

/// A seeded source of choices.
pub(crate) struct Dice(Pcg64Mcg);

impl Dice {
    pub(crate) fn new(seed: u128) -> Self {
        Self(Pcg64Mcg::new(seed))
    }

    pub(crate) fn below(&mut self, end: usize) -> usize {
        let bits = self.0.next_u64() >> 32;
        ((bits * end as u64) >> 32) as usize
    }

    pub(crate) fn pick<'a, T>(&mut self, list: &'a [T]) -> &'a T {
        &list[self.below(list.len())]
    }
}
