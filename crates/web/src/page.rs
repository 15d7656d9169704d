//! Pages: a cursor says where the next one begins, so a page costs the same wherever it is.

use std::collections::BTreeMap;

use axum::extract::FromRequestParts;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use casework::{Kind, RecordId};
use hyper::http::request::Parts;
use jiff::Timestamp;
use percent_encoding::percent_decode_str;
use serde::{Deserialize, Serialize};
use storage::Cursor;

use crate::Api;
use crate::problem::{self, Problem};

/// Rows of a page when nobody says how many.
const ROWS: u32 = 50;

/// Rows of a page at most.
pub(crate) const MOST_ROWS: u32 = 200;

/// The parameters of a query, each given once.
#[derive(Debug, Default)]
pub(crate) struct Query(BTreeMap<String, String>);

impl FromRequestParts<Api> for Query {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _api: &Api) -> Result<Self, Problem> {
        Self::read(parts.uri.query().unwrap_or_default())
    }
}

impl Query {
    fn read(text: &str) -> Result<Self, Problem> {
        let bad = |told: String| Problem::of(&problem::BAD_QUERY).because(told);
        let mut parameters = BTreeMap::new();
        for pair in text.split('&').filter(|pair| !pair.is_empty()) {
            let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
            let decoded = |text: &str| {
                let spaced = text.replace('+', " ");
                let text = percent_decode_str(&spaced).decode_utf8().ok()?.into_owned();
                (!text.chars().any(char::is_control)).then_some(text)
            };
            let (Some(name), Some(value)) = (decoded(name), decoded(value)) else {
                return Err(bad("a parameter is no text".to_owned()));
            };
            if parameters.insert(name.clone(), value).is_some() {
                return Err(bad(format!("`{}` stands twice", shown(&name))));
            }
        }
        Ok(Self(parameters))
    }

    /// A parameter, if it is given.
    pub(crate) fn get(&self, name: &str) -> Option<&str> {
        self.0.get(name).map(String::as_str)
    }

    /// Refuses parameters that the route does not have: a filter with a typing mistake must not show everything.
    pub(crate) fn only(&self, names: &[&str]) -> Result<(), Problem> {
        let odd = self.0.keys().find(|name| !names.contains(&name.as_str()));
        match odd {
            None => Ok(()),
            Some(name) => Err(Problem::of(&problem::BAD_QUERY).because(format!(
                "`{}` is no parameter of this route; it has: {}",
                shown(name),
                names.join(", ")
            ))),
        }
    }

    /// How many rows.
    pub(crate) fn limit(&self) -> Result<u32, Problem> {
        let Some(text) = self.get("limit") else {
            return Ok(ROWS);
        };
        let digits = text.bytes().all(|b| b.is_ascii_digit());
        let limit = text.parse().ok().filter(|_| digits);
        limit
            .filter(|limit| (1..=MOST_ROWS).contains(limit))
            .ok_or_else(|| {
                Problem::of(&problem::BAD_QUERY).because(format!("`limit` is 1 to {MOST_ROWS}"))
            })
    }
}

/// What somebody sent, short enough to be shown again.
fn shown(text: &str) -> String {
    text.chars().take(40).collect()
}

/// Which part of a list that is at hand as a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Page {
    after: usize,
    limit: usize,
}

impl Page {
    /// The page that a query asks for, of a list whose cursor is a number.
    pub(crate) fn of_numbers(query: &Query) -> Result<Self, Problem> {
        query.only(&["after", "limit"])?;
        let after = query.get("after").map(decode::<usize>).transpose()?;
        Ok(Self {
            after: after.unwrap_or_default(),
            limit: query.limit()? as usize,
        })
    }

    /// The entries of the page, and the cursor of the next one.
    pub(crate) fn cut<T>(
        self,
        entries: impl ExactSizeIterator<Item = T>,
    ) -> (Vec<T>, Option<String>) {
        let end = self.after.saturating_add(self.limit);
        let next = (entries.len() > end).then(|| encode(&end));
        (entries.skip(self.after).take(self.limit).collect(), next)
    }
}

/// The place of a row in a queue, as a cursor carries it.
#[derive(Debug, Serialize, Deserialize)]
struct Place {
    due: Option<Timestamp>,
    kind: Kind,
    id: RecordId,
}

/// The cursor after a row of a queue.
pub(crate) fn after_row(cursor: &Cursor) -> String {
    encode(&Place {
        due: cursor.due,
        kind: cursor.kind,
        id: cursor.id.clone(),
    })
}

/// The row that a cursor comes after.
///
/// # Errors
/// Not a cursor of ours.
pub(crate) fn row_before(text: &str) -> Result<Cursor, Problem> {
    let Place { due, kind, id } = decode(text)?;
    if id.0.chars().any(char::is_control) {
        return Err(Problem::of(&problem::BAD_CURSOR));
    }
    Ok(Cursor { due, kind, id })
}

pub(crate) fn encode(value: &impl Serialize) -> String {
    // Numbers and texts always can be written; an empty cursor would be refused when it comes back.
    URL_SAFE_NO_PAD.encode(serde_json::to_vec(value).unwrap_or_default())
}

pub(crate) fn decode<T: serde::de::DeserializeOwned>(text: &str) -> Result<T, Problem> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok();
    let value = bytes.and_then(|bytes| serde_json::from_slice(&bytes).ok());
    value.ok_or_else(|| Problem::of(&problem::BAD_CURSOR))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn code<T>(result: Result<T, Problem>) -> Option<&'static str> {
        result.err().map(|problem| problem.code())
    }

    #[test]
    fn a_parameter_stands_once_and_is_one_that_the_route_has() {
        let query =
            Query::read("state=IN_REVIEW&limit=10&scope=desk%3Acommune%2F00004").expect("reads");
        assert_eq!(query.get("scope"), Some("desk:commune/00004"));
        assert_eq!(query.limit().ok(), Some(10));
        assert_eq!(code(query.only(&["state"])), Some("query.unfit"));
        assert_eq!(code(Query::read("a=1&a=2")), Some("query.unfit"));
        assert_eq!(code(Query::read("a=%00")), Some("query.unfit"));
        assert_eq!(code(Query::read("a=%ff")), Some("query.unfit"));
        for wrong in ["0", "201", "-1", "+5", "many", ""] {
            let query = Query::read(&format!("limit={wrong}")).expect("reads");
            assert_eq!(code(query.limit()), Some("query.unfit"), "{wrong}");
        }
    }

    #[test]
    fn a_cursor_that_nobody_gave_is_refused() {
        for wrong in ["", "x", "bm90IGEgY3Vyc29y", "e30"] {
            assert_eq!(
                code(row_before(wrong)),
                Some("query.cursor_unfit"),
                "{wrong}"
            );
        }
    }

    proptest! {
        #[test]
        fn pages_show_every_entry_once_and_a_cursor_reads_back(count in 0usize..300, limit in 1usize..=200, id in "[^\\x00-\\x1f\\x7f-\\x9f]{1,20}") {
            let entries: Vec<usize> = (0..count).collect();
            let mut seen = Vec::new();
            let mut page = Page { after: 0, limit };
            loop {
                let (shown, next) = page.cut(entries.iter().copied());
                seen.extend(shown);
                let Some(next) = next else { break };
                page.after = decode(&next).map_err(|_| TestCaseError::fail("a cursor"))?;
            }
            prop_assert_eq!(seen, entries);
            let cursor = Cursor { due: Some(Timestamp::UNIX_EPOCH), kind: Kind::Feedback, id: RecordId(id) };
            prop_assert_eq!(row_before(&after_row(&cursor)).ok(), Some(cursor));
        }
    }
}
