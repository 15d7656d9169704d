//! A record's events as a log may hold them: whatever was read is written and read back as the same, no order of events makes a procedure
//! panic, and the state that they lead to says where it waits and reads back too.
//!
//! The first line names the kind of record, the second is a list of events.
#![no_main]

use casework::account::Account;
use casework::campaign::Campaign;
use casework::cleaning::item::Item;
use casework::cleaning::list::List;
use casework::contact::Contact;
use casework::facility::Facility;
use casework::feedback::Feedback;
use casework::inquiry::Inquiry;
use casework::report::Report;
use casework::subject::Subject;
use casework::{Act, Kind, Procedure};
use jiff::Timestamp;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let Some((kind, events)) = text.split_once('\n') else {
        return;
    };
    match Kind::parse(kind) {
        Some(Kind::Subject) => folds::<Subject>(events),
        Some(Kind::Facility) => folds::<Facility>(events),
        Some(Kind::CleaningList) => folds::<List>(events),
        Some(Kind::CleaningItem) => folds::<Item>(events),
        Some(Kind::Inquiry) => folds::<Inquiry>(events),
        Some(Kind::Feedback) => folds::<Feedback>(events),
        Some(Kind::Campaign) => folds::<Campaign>(events),
        Some(Kind::Report) => folds::<Report>(events),
        Some(Kind::Contact) => folds::<Contact>(events),
        Some(Kind::Account) => folds::<Account>(events),
        None => {}
    }
});

fn folds<P: Procedure>(events: &str) {
    let Ok(events) = serde_json::from_str::<Vec<P::Event>>(events) else {
        return;
    };
    let written = serde_json::to_string(&events).expect("events are written");
    let again: Vec<P::Event> = serde_json::from_str(&written).expect("events are read back");
    assert_eq!(again, events);
    let act = Act::system("fuzz", Timestamp::UNIX_EPOCH);
    let mut state: Option<P> = None;
    for event in &events {
        // An event that can't stand there leaves what was before it.
        if let Some(after) = P::apply(state.clone(), event, &act) {
            after.tasks();
            after.reminders();
            after.keys();
            let written = serde_json::to_string(&after).expect("a state is written");
            let again: P = serde_json::from_str(&written).expect("a state is read back");
            assert_eq!(again, after);
            state = Some(after);
        }
    }
}
