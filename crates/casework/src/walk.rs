//! What the tests of procedures share: walks that must be replayable, and dice for them.

use rand::Rng as _;
use rand_pcg::Pcg64Mcg;
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::{Act, Procedure, Refusal, carry_out, replay};

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
