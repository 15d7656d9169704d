//! What people are told: citizens by SMS, units on their notice board. Written in the transaction of what it tells.

use std::collections::{BTreeMap, BTreeSet};

use casework::campaign::{Addressee, Campaign};
use casework::feedback::{self, Feedback, Outcome};
use casework::subject::{self, Subject};
use casework::{RecordId, Unit, campaign, contact};
use jiff::Timestamp;
use registry::text::Lang;
use storage::Message;

use crate::acts::Done;

/// Goes to a phone.
pub const SMS: &str = "sms";
/// Stands on the notice board of a unit.
pub const NOTICE: &str = "notice";

/// Messages about feedback that its citizen is told; the sender's receipt closes the feedback.
const CITIZEN: &str = "citizen";

fn message(key: String, channel: &str, recipient: String, body: String, at: Timestamp) -> Message {
    Message {
        key,
        channel: channel.to_owned(),
        recipient,
        body,
        at,
    }
}

fn notice(key: String, unit: &Unit, body: String, at: Timestamp) -> Message {
    message(key, NOTICE, unit.to_string(), body, at)
}

/// The feedback that a message closes once it is sent.
pub(crate) fn closes(key: &str) -> Option<RecordId> {
    let mut parts = key.split('/');
    match (parts.next(), parts.next(), parts.next()) {
        (Some("feedback"), Some(id), Some(CITIZEN)) => Some(RecordId(id.to_owned())),
        _ => None,
    }
}

pub(crate) fn of_feedback(id: &RecordId, done: &Done<Feedback>, at: Timestamp) -> Vec<Message> {
    let phone = &done.state.submission.person.phone;
    let key = |to: &str| format!("feedback/{id}/{to}/{}", done.revision);
    let sms = |to: &str, body: String| message(key(to), SMS, phone.clone(), body, at);
    let mut messages = Vec::new();
    for event in &done.events {
        messages.extend(match event {
            feedback::Event::Decided(Outcome::Rejected { reason, text }) => {
                let why = reason.text(Lang::Vi);
                Some(sms(
                    CITIZEN,
                    format!(
                        "Phản ánh {id} chưa được chấp nhận ({}): {why}. {text} Ông/bà có thể gửi phản ánh mới.",
                        reason.code()
                    ),
                ))
            }
            feedback::Event::Decided(Outcome::Later { text, .. }) => {
                Some(sms("later", format!("Phản ánh {id} đang được xử lý. {text}")))
            }
            feedback::Event::Corrected(_) => {
                let text = done.state.outcome.as_ref().map_or("", |it| it.text());
                Some(sms(
                    CITIZEN,
                    format!("Phản ánh {id} đã được xử lý xong. {text}"),
                ))
            }
            feedback::Event::Warned { unit } => Some(notice(
                key("warned"),
                unit,
                format!("Phản ánh {id} sắp quá hạn 48 giờ."),
                at,
            )),
            feedback::Event::Escalated { to } => Some(notice(
                key("overdue"),
                to,
                format!("Phản ánh {id} đã quá hạn 48 giờ."),
                at,
            )),
            _ => None,
        });
    }
    messages
}

pub(crate) fn of_passport(id: &RecordId, done: &Done<Subject>, at: Timestamp) -> Vec<Message> {
    let Some(phone) = &done.state.contact.phone else {
        return Vec::new();
    };
    let sms = |what: &str, body: &str| {
        let key = format!("passport/{id}/{what}/{}", done.revision);
        message(key, SMS, phone.clone(), body.to_owned(), at)
    };
    let mut messages = Vec::new();
    for event in &done.events {
        messages.extend(match event {
            subject::Event::PassportIssued(_) => {
                Some(sms("issued", "Hộ chiếu vắc xin của ông/bà đã được cấp."))
            }
            subject::Event::PassportRenewed(_) => Some(sms(
                "renewed",
                "Mã QR hộ chiếu vắc xin của ông/bà đã được gia hạn.",
            )),
            subject::Event::PassportRevoked { .. } => Some(sms(
                "revoked",
                "Hộ chiếu vắc xin của ông/bà đã được thu hồi do dữ liệu thay đổi.",
            )),
            _ => None,
        });
    }
    messages
}

pub(crate) fn of_contact(
    id: &RecordId,
    done: &Done<contact::Contact>,
    at: Timestamp,
) -> Vec<Message> {
    let due = |event: &&contact::Event| matches!(event, contact::Event::ConfirmationDue { .. });
    let due = done.events.iter().filter(due);
    due.map(|_| {
        notice(
            format!("contact/{id}/due/{}", done.revision),
            &done.state.unit,
            "Đến hạn xác nhận cán bộ đầu mối của đơn vị.".to_owned(),
            at,
        )
    })
    .collect()
}

/// The dates of a campaign that are near or over, told to whoever issued it and to everybody of whom it is asked.
pub(crate) fn of_campaign(
    id: &RecordId,
    done: &Done<Campaign>,
    asked: &BTreeMap<Addressee, Vec<Unit>>,
    at: Timestamp,
) -> Vec<Message> {
    let mut messages = Vec::new();
    for (place, event) in done.events.iter().enumerate() {
        let (target, due, what) = match event {
            campaign::Event::TargetWarned { target, due } => (target, due, "sắp đến hạn"),
            campaign::Event::TargetPassed { target, due } => (target, due, "đã quá hạn"),
            _ => continue,
        };
        let title = &done.state.title;
        let day = due.strftime("%d/%m/%Y");
        let body = format!("{title}: mục tiêu {} {what} {day}.", target.0);
        let addressee = done.state.targets.get(target).map(|it| it.addressee);
        let asked = addressee.and_then(|addressee| asked.get(&addressee));
        let units: BTreeSet<&Unit> = asked
            .into_iter()
            .flatten()
            .chain([&done.state.issuer])
            .collect();
        for unit in units {
            let key = format!("campaign/{id}/{}/{place}/{unit}", done.revision);
            messages.push(notice(key, unit, body.clone(), at));
        }
    }
    messages
}
