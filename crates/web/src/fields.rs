//! Values that many requests hold, each refused where it stands when it can't be right.

use std::borrow::Cow;

use registry::area;
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::json;
use utoipa::openapi::schema::{ObjectBuilder, Schema, SchemaFormat, Type};
use utoipa::openapi::{KnownFormat, RefOr};
use utoipa::{PartialSchema, ToSchema};

/// A text of so many characters. Without control characters but line breaks and tabs, as every text that comes in.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Text<const MOST: usize, const LEAST: usize = 0>(String);

/// The id of a record, or of a part of one.
pub(crate) type Id = Text<100, 1>;

/// A name, a number, a word.
pub(crate) type Line = Text<200>;

/// A reason, a question, an answer.
pub(crate) type Words = Text<2000>;

/// What a signature hands on: a signature in text form, or the id of a scan.
pub(crate) type Proof = Text<20_000>;

impl<const MOST: usize, const LEAST: usize> Text<MOST, LEAST> {
    /// The text.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The text.
    pub(crate) fn into_string(self) -> String {
        self.0
    }
}

impl<'de, const MOST: usize, const LEAST: usize> Deserialize<'de> for Text<MOST, LEAST> {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let length = text.chars().count();
        if !(LEAST..=MOST).contains(&length) {
            let told = format!("a text of {length} characters; {LEAST} to {MOST} fit");
            return Err(serde::de::Error::custom(told));
        }
        Ok(Self(text))
    }
}

impl<const MOST: usize, const LEAST: usize> PartialSchema for Text<MOST, LEAST> {
    fn schema() -> RefOr<Schema> {
        let text = ObjectBuilder::new().schema_type(Type::String);
        text.min_length((LEAST > 0).then_some(LEAST))
            .max_length(Some(MOST))
            .into()
    }
}

impl<const MOST: usize, const LEAST: usize> ToSchema for Text<MOST, LEAST> {
    fn name() -> Cow<'static, str> {
        Cow::Owned(format!("Text{LEAST}to{MOST}"))
    }
}

/// So many things, neither fewer nor more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Items<T, const LEAST: usize, const MOST: usize>(Vec<T>);

impl<T, const LEAST: usize, const MOST: usize> Items<T, LEAST, MOST> {
    /// As what they are.
    pub(crate) fn into<U: From<T>>(self) -> Vec<U> {
        self.0.into_iter().map(U::from).collect()
    }
}

impl<'de, T: Deserialize<'de>, const LEAST: usize, const MOST: usize> Deserialize<'de>
    for Items<T, LEAST, MOST>
{
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let items = Vec::deserialize(from)?;
        let length = items.len();
        if !(LEAST..=MOST).contains(&length) {
            let told = format!("{length} items; {LEAST} to {MOST} fit");
            return Err(serde::de::Error::custom(told));
        }
        Ok(Self(items))
    }
}

impl From<Id> for casework::RecordId {
    fn from(id: Id) -> Self {
        Self(id.0)
    }
}

/// Declares a value that is written as text and read by its own type, with the form that it has.
macro_rules! written {
    ($($(#[$doc:meta])* $name:ident($inner:ty) $pattern:literal $example:literal $description:literal;)*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
        #[serde(transparent)]
        pub(crate) struct $name(pub(crate) $inner);

        impl PartialSchema for $name {
            fn schema() -> RefOr<Schema> {
                let text = ObjectBuilder::new().schema_type(Type::String);
                text.pattern(Some($pattern)).description(Some($description)).examples([json!($example)]).into()
            }
        }

        impl ToSchema for $name {}
    )*};
}

written! {
    /// The code of a facility.
    FacilityCode(registry::facility::FacilityCode)
        "^[A-Z0-9-]{2,20}$" "TYT-00004" "Code of a vaccination facility: 2 to 20 letters, digits, hyphens.";
    /// A unit.
    UnitCode(casework::Unit)
        "^(ministry|(province|province-police)/[0-9]{2}|(district|district-police)/[0-9]{3}|(commune|police)/[0-9]{5}|hamlet/[0-9]{5}/[^/]+|facility/[A-Z0-9-]{2,20})$"
        "commune/00004" "A unit as kind and code.";
    /// A province.
    ProvinceCode(area::ProvinceCode) "^[0-9]{2}$" "01" "Code of a province, in the list of 2022.";
    /// A district.
    DistrictCode(area::DistrictCode) "^[0-9]{3}$" "001" "Code of a district, in the list of 2022.";
    /// A commune.
    CommuneCode(area::CommuneCode) "^[0-9]{5}$" "00004" "Code of a commune, in the list of 2022.";
}

/// The name of an account: how a person of the staff is named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct AccountName(pub(crate) casework::AccountId);

impl<'de> Deserialize<'de> for AccountName {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let name = casework::AccountId::parse(&text).map(Self);
        name.ok_or_else(|| {
            serde::de::Error::custom(
                "the name of an account has 3 to 60 letters, digits, `.`, `-`, `_` or `@`",
            )
        })
    }
}

impl PartialSchema for AccountName {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[a-z0-9._@-]{3,60}$"))
            .description(Some("The name of a personal account."))
            .examples([json!("le.van.an")])
            .into()
    }
}

impl ToSchema for AccountName {}

/// What another system calls a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct ExternalId(pub(crate) String);

impl<'de> Deserialize<'de> for ExternalId {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let legal = |b: u8| b.is_ascii_alphanumeric() || b"._-".contains(&b);
        if (1..=60).contains(&text.len()) && text.bytes().all(legal) {
            return Ok(Self(text));
        }
        Err(serde::de::Error::custom(
            "an id has 1 to 60 letters, digits, `.`, `_` or `-`",
        ))
    }
}

impl PartialSchema for ExternalId {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[A-Za-z0-9._-]{1,60}$"))
            .description(Some("What the sender calls the person."))
            .examples([json!("HIS-000123")])
            .into()
    }
}

impl ToSchema for ExternalId {}

/// A SHA-256 hash in lower-case hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Sha256Hex(pub(crate) String);

impl<'de> Deserialize<'de> for Sha256Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let legal = |b: u8| b.is_ascii_digit() || (b'a'..=b'f').contains(&b);
        if text.len() == 64 && text.bytes().all(legal) {
            return Ok(Self(text));
        }
        Err(serde::de::Error::custom(
            "a SHA-256 hash has 64 lower-case hexadecimal digits",
        ))
    }
}

impl PartialSchema for Sha256Hex {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .pattern(Some("^[0-9a-f]{64}$"))
            .description(Some("SHA-256 in lower-case hexadecimal."))
            .examples([json!(
                "fc4cfb9b3d852e8b81da39f91af14ed34727f1e01866e42ee6b2838fd39e763e"
            )])
            .into()
    }
}

impl ToSchema for Sha256Hex {}

/// A moment, RFC 3339 with a zone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Moment(pub(crate) jiff::Timestamp);

impl PartialSchema for Moment {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::DateTime)))
            .examples([json!("2022-04-25T08:30:00Z")])
            .into()
    }
}

impl ToSchema for Moment {}

/// A day, `YYYY-MM-DD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub(crate) struct Day(pub(crate) jiff::civil::Date);

impl<'de> Deserialize<'de> for Day {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let day = text.parse().ok().filter(|_| text.len() == 10);
        day.map(Self)
            .ok_or_else(|| serde::de::Error::custom("a day is written YYYY-MM-DD"))
    }
}

impl PartialSchema for Day {
    fn schema() -> RefOr<Schema> {
        ObjectBuilder::new()
            .schema_type(Type::String)
            .format(Some(SchemaFormat::KnownFormat(KnownFormat::Date)))
            .examples([json!("2022-05-05")])
            .into()
    }
}

impl ToSchema for Day {}

/// An area of the list of 2022, as precisely as it is known: the smallest code is enough, and larger ones must agree with it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, ToSchema)]
#[schema(examples(json!({"commune": "00004"})))]
pub(crate) struct Place {
    /// Province.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    province: Option<ProvinceCode>,
    /// District.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    district: Option<DistrictCode>,
    /// Commune.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    commune: Option<CommuneCode>,
}

/// The members of a place as they are sent.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Sent {
    #[serde(default, deserialize_with = "crate::json::present")]
    province: Option<ProvinceCode>,
    #[serde(default, deserialize_with = "crate::json::present")]
    district: Option<DistrictCode>,
    #[serde(default, deserialize_with = "crate::json::present")]
    commune: Option<CommuneCode>,
}

impl<'de> Deserialize<'de> for Place {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let Sent {
            province,
            district,
            commune,
        } = Sent::deserialize(from)?;
        let place = Self {
            province,
            district,
            commune,
        };
        match place.known() {
            Some(_) => Ok(place),
            None => Err(serde::de::Error::custom(
                "no such place in the list of 2022, or its codes contradict each other",
            )),
        }
    }
}

impl Place {
    /// The place that the smallest code names, if the larger ones agree.
    fn known(&self) -> Option<area::Place> {
        let place = if let Some(CommuneCode(code)) = self.commune {
            area::Place::of_commune(code)?
        } else if let Some(DistrictCode(code)) = self.district {
            area::Place::of_district(code)?
        } else if let Some(ProvinceCode(code)) = self.province {
            area::Place::of_province(code)?
        } else {
            area::Place::default()
        };
        let province = self.province.as_ref().map(|code| code.0);
        let district = self.district.as_ref().map(|code| code.0);
        let agrees = province.is_none_or(|code| Some(code) == place.province)
            && district.is_none_or(|code| Some(code) == place.district);
        agrees.then_some(place)
    }
}

impl From<Place> for area::Place {
    fn from(place: Place) -> Self {
        place.known().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn place(value: Value) -> Result<area::Place, String> {
        serde_json::from_value::<Place>(value)
            .map(area::Place::from)
            .map_err(|error| error.to_string())
    }

    #[test]
    fn the_smallest_code_names_a_place_and_the_others_must_agree() {
        let trúc_bạch = area::Place::of_commune(area::CommuneCode(4)).expect("a commune");
        assert_eq!(place(json!({"commune": "00004"})), Ok(trúc_bạch));
        let whole = json!({"province": "01", "district": "001", "commune": "00004"});
        assert_eq!(place(whole), Ok(trúc_bạch));
        assert_eq!(place(json!({})), Ok(area::Place::default()));
        assert!(place(json!({"province": "79", "commune": "00004"})).is_err());
        assert!(place(json!({"commune": "99999"})).is_err());
        assert!(place(json!({"commune": null})).is_err());
        assert!(place(json!({"commun": "00004"})).is_err());
    }

    #[test]
    fn a_text_is_as_long_as_its_characters_and_no_longer_than_it_may_be() {
        let read = |text: &str| serde_json::from_value::<Text<3>>(json!(text));
        assert!(read("ếếế").is_ok());
        assert!(read("abcd").is_err());
    }

    #[test]
    fn a_day_is_a_day_of_the_calendar() {
        let read = |text: &str| serde_json::from_value::<Day>(json!(text));
        assert!(read("2022-02-28").is_ok());
        for wrong in ["2022-02-30", "20220228", "2022-02-28T00:00", "28/02/2022"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
