//! What a certificate says: the EU DCC payload, version 1.x, typed.
//!
//! [`Dcc::from_cbor`] reads the *structure*: every required member is there once and of its type. What the members may contain is the
//! matter of [`crate::schema`]. Both together are the JSON schema 1.3.3 of the EU.

use minicbor::Decoder;
use minicbor::data::Type;
use minicbor::decode::Error as Malformed;
use serde_json::Value;

use crate::cbor::{self, Items, Writer};
use crate::schema::{Rule, Violation};

/// One certificate of one person. Texts are as the issuer wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Dcc {
    /// `ver`, the version of the schema that it was made for.
    pub version: String,
    /// `nam`.
    pub name: PersonName,
    /// `dob`: `YYYY-MM-DD`, `YYYY-MM`, `YYYY` or nothing; see [`Dcc::birth_date`].
    pub birth_date: String,
    /// What it certifies; a certificate has exactly one entry.
    pub entry: Entry,
}

/// `nam`: the name as the person writes it and as machines do (ICAO 9303).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct PersonName {
    /// `fn`
    pub family: Option<String>,
    /// `fnt`
    pub family_icao: Option<String>,
    /// `gn`
    pub given: Option<String>,
    /// `gnt`
    pub given_icao: Option<String>,
}

/// The three kinds of certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Entry {
    /// Member `v`.
    Vaccination(Vaccination),
    /// Member `t`.
    Test(Test),
    /// Member `r`.
    Recovery(Recovery),
}

/// The latest dose.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vaccination {
    /// `tg`
    pub disease: String,
    /// `vp`
    pub prophylaxis: String,
    /// `mp`
    pub product: String,
    /// `ma`
    pub manufacturer: String,
    /// `dn`
    pub dose: u32,
    /// `sd`
    pub doses: u32,
    /// `dt`, a date
    pub date: String,
    /// `co`, where it was given
    pub country: String,
    /// `is`
    pub issuer: String,
    /// `ci`, the UVCI
    pub id: String,
}

/// A test for the disease.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Test {
    /// `tg`
    pub disease: String,
    /// `tt`
    pub kind: String,
    /// `nm`, of a NAA test
    pub name: Option<String>,
    /// `ma`, of a rapid test
    pub manufacturer: Option<String>,
    /// `sc`, date and time
    pub sampled_at: String,
    /// `tr`
    pub result: String,
    /// `tc`
    pub centre: Option<String>,
    /// `co`
    pub country: String,
    /// `is`
    pub issuer: String,
    /// `ci`, the UVCI
    pub id: String,
}

/// A past infection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recovery {
    /// `tg`
    pub disease: String,
    /// `fr`, date of the first positive test
    pub first_positive: String,
    /// `co`
    pub country: String,
    /// `is`
    pub issuer: String,
    /// `df`, a date
    pub valid_from: String,
    /// `du`, a date
    pub valid_until: String,
    /// `ci`, the UVCI
    pub id: String,
}

/// Why a payload is no certificate.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DccError {
    /// Not well-formed.
    #[error("not well-formed CBOR: {0}")]
    Malformed(String),
    /// Well-formed, but not what the schema demands.
    #[error(transparent)]
    Schema(#[from] Violation),
}

impl Dcc {
    /// Reads a payload in CBOR. Members that the schema does not know are skipped, as it allows.
    ///
    /// # Errors
    /// [`DccError`]: the first member that is missing, twice there or of a wrong type, or malformed CBOR.
    pub fn from_cbor(bytes: &[u8]) -> Result<Self, DccError> {
        let mut d = Decoder::new(bytes);
        let dcc = dcc(&mut d).map_err(Fault::into_error)?;
        if d.position() < bytes.len() {
            return Err(DccError::Malformed("something follows the end".into()));
        }
        Ok(dcc)
    }

    /// Reads a payload in JSON.
    ///
    /// # Errors
    /// As [`Dcc::from_cbor`].
    pub fn from_json(json: &Value) -> Result<Self, DccError> {
        Self::from_cbor(&cbor::from_json(json))
    }

    /// The payload in CBOR, keys in the deterministic order of RFC 8949, section 4.2.1.
    pub fn to_cbor(&self) -> Vec<u8> {
        let mut w = Writer::with_capacity(512);
        self.write(&mut w);
        w.into_bytes()
    }

    /// The payload in JSON, as rules read it.
    pub fn to_json(&self) -> Value {
        // What our writer wrote, our reader reads.
        cbor::to_json(&self.to_cbor()).unwrap_or_default()
    }

    /// The birth date as precisely as it is stated; `None` when it is empty or no date that exists.
    pub fn birth_date(&self) -> Option<registry::date::BirthDate> {
        crate::schema::birth_date(&self.birth_date)
    }
}

impl Entry {
    /// `tg`
    pub fn disease(&self) -> &str {
        match self {
            Self::Vaccination(entry) => &entry.disease,
            Self::Test(entry) => &entry.disease,
            Self::Recovery(entry) => &entry.disease,
        }
    }
    /// `co`
    pub fn country(&self) -> &str {
        match self {
            Self::Vaccination(entry) => &entry.country,
            Self::Test(entry) => &entry.country,
            Self::Recovery(entry) => &entry.country,
        }
    }
    /// `is`
    pub fn issuer(&self) -> &str {
        match self {
            Self::Vaccination(entry) => &entry.issuer,
            Self::Test(entry) => &entry.issuer,
            Self::Recovery(entry) => &entry.issuer,
        }
    }
    /// `ci`, the UVCI.
    pub fn id(&self) -> &str {
        match self {
            Self::Vaccination(entry) => &entry.id,
            Self::Test(entry) => &entry.id,
            Self::Recovery(entry) => &entry.id,
        }
    }
    /// What a signer certificate must be allowed to sign.
    pub fn purpose(&self) -> signing::Purpose {
        match self {
            Self::Vaccination(_) => signing::Purpose::Vaccination,
            Self::Test(_) => signing::Purpose::Test,
            Self::Recovery(_) => signing::Purpose::Recovery,
        }
    }
    /// `v`, `t` or `r`.
    pub fn member(&self) -> &'static str {
        match self {
            Self::Vaccination(_) => "v",
            Self::Test(_) => "t",
            Self::Recovery(_) => "r",
        }
    }
}

// Reading -----------------------------------------------------------------------------------------------------------------------------

fn dcc(d: &mut Decoder<'_>) -> Result<Dcc, Fault> {
    let (mut version, mut name, mut birth_date) = (None, None, None);
    let mut entry = None;
    members(d, |d, member| {
        match member {
            "ver" => once(&mut version, text(d)),
            "nam" => once(&mut name, person_name(d)),
            "dob" => once(&mut birth_date, text(d)),
            "v" => only(&mut entry, single(d, vaccination).map(Entry::Vaccination)),
            "t" => only(&mut entry, single(d, test).map(Entry::Test)),
            "r" => only(&mut entry, single(d, recovery).map(Entry::Recovery)),
            _ => return skip(d),
        }
        .map_err(|fault| fault.inside(member))
    })?;
    Ok(Dcc {
        version: need(version, "ver")?,
        name: need(name, "nam")?,
        birth_date: need(birth_date, "dob")?,
        entry: entry.ok_or(Fault::Rule(Rule::Entries))?,
    })
}

fn person_name(d: &mut Decoder<'_>) -> Result<PersonName, Fault> {
    let mut name = PersonName::default();
    members(d, |d, member| {
        match member {
            "fn" => once(&mut name.family, text(d)),
            "fnt" => once(&mut name.family_icao, text(d)),
            "gn" => once(&mut name.given, text(d)),
            "gnt" => once(&mut name.given_icao, text(d)),
            _ => return skip(d),
        }
        .map_err(|fault| fault.inside(member))
    })?;
    Ok(name)
}

fn vaccination(d: &mut Decoder<'_>) -> Result<Vaccination, Fault> {
    let (mut tg, mut vp, mut mp, mut ma, mut dn) = (None, None, None, None, None);
    let (mut sd, mut dt, mut co, mut is, mut ci) = (None, None, None, None, None);
    members(d, |d, member| {
        match member {
            "tg" => once(&mut tg, text(d)),
            "vp" => once(&mut vp, text(d)),
            "mp" => once(&mut mp, text(d)),
            "ma" => once(&mut ma, text(d)),
            "dn" => once(&mut dn, positive(d)),
            "sd" => once(&mut sd, positive(d)),
            "dt" => once(&mut dt, text(d)),
            "co" => once(&mut co, text(d)),
            "is" => once(&mut is, text(d)),
            "ci" => once(&mut ci, text(d)),
            _ => return skip(d),
        }
        .map_err(|fault| fault.inside(member))
    })?;
    Ok(Vaccination {
        disease: need(tg, "tg")?,
        prophylaxis: need(vp, "vp")?,
        product: need(mp, "mp")?,
        manufacturer: need(ma, "ma")?,
        dose: need(dn, "dn")?,
        doses: need(sd, "sd")?,
        date: need(dt, "dt")?,
        country: need(co, "co")?,
        issuer: need(is, "is")?,
        id: need(ci, "ci")?,
    })
}

fn test(d: &mut Decoder<'_>) -> Result<Test, Fault> {
    let (mut tg, mut tt, mut nm, mut ma, mut sc) = (None, None, None, None, None);
    let (mut tr, mut tc, mut co, mut is, mut ci) = (None, None, None, None, None);
    members(d, |d, member| {
        match member {
            "tg" => once(&mut tg, text(d)),
            "tt" => once(&mut tt, text(d)),
            "nm" => once(&mut nm, text(d)),
            "ma" => once(&mut ma, text(d)),
            "sc" => once(&mut sc, text(d)),
            "tr" => once(&mut tr, text(d)),
            "tc" => once(&mut tc, text(d)),
            "co" => once(&mut co, text(d)),
            "is" => once(&mut is, text(d)),
            "ci" => once(&mut ci, text(d)),
            _ => return skip(d),
        }
        .map_err(|fault| fault.inside(member))
    })?;
    Ok(Test {
        disease: need(tg, "tg")?,
        kind: need(tt, "tt")?,
        name: nm,
        manufacturer: ma,
        sampled_at: need(sc, "sc")?,
        result: need(tr, "tr")?,
        centre: tc,
        country: need(co, "co")?,
        issuer: need(is, "is")?,
        id: need(ci, "ci")?,
    })
}

fn recovery(d: &mut Decoder<'_>) -> Result<Recovery, Fault> {
    let (mut tg, mut fr, mut co, mut is) = (None, None, None, None);
    let (mut df, mut du, mut ci) = (None, None, None);
    members(d, |d, member| {
        match member {
            "tg" => once(&mut tg, text(d)),
            "fr" => once(&mut fr, text(d)),
            "co" => once(&mut co, text(d)),
            "is" => once(&mut is, text(d)),
            "df" => once(&mut df, text(d)),
            "du" => once(&mut du, text(d)),
            "ci" => once(&mut ci, text(d)),
            _ => return skip(d),
        }
        .map_err(|fault| fault.inside(member))
    })?;
    Ok(Recovery {
        disease: need(tg, "tg")?,
        first_positive: need(fr, "fr")?,
        country: need(co, "co")?,
        issuer: need(is, "is")?,
        valid_from: need(df, "df")?,
        valid_until: need(du, "du")?,
        id: need(ci, "ci")?,
    })
}

/// What went wrong while reading; the way to the member is added on the way out.
enum Fault {
    Malformed(String),
    Rule(Rule),
    Violation(Violation),
}

impl From<Malformed> for Fault {
    fn from(error: Malformed) -> Self {
        Self::Malformed(error.to_string())
    }
}

impl Fault {
    fn inside(self, member: &str) -> Self {
        match self {
            Self::Malformed(_) => self,
            Self::Rule(rule) => Self::Violation(Violation {
                at: member.into(),
                rule,
            }),
            Self::Violation(Violation { at, rule }) => Self::Violation(Violation {
                at: format!("{member}/{at}"),
                rule,
            }),
        }
    }

    fn into_error(self) -> DccError {
        match self {
            Self::Malformed(reason) => DccError::Malformed(reason),
            Self::Rule(rule) => DccError::Schema(Violation {
                at: String::new(),
                rule,
            }),
            Self::Violation(violation) => DccError::Schema(violation),
        }
    }
}

/// Hands every member of an object to `read`, which must consume its value.
fn members<'b>(
    d: &mut Decoder<'b>,
    mut read: impl FnMut(&mut Decoder<'b>, &str) -> Result<(), Fault>,
) -> Result<(), Fault> {
    if !matches!(d.datatype()?, Type::Map | Type::MapIndef) {
        return Err(Fault::Rule(Rule::Type("object")));
    }
    let mut items = Items::map(d)?;
    while items.next(d)? {
        match d.datatype()? {
            Type::String => {
                let member = d.str()?;
                read(d, member)?;
            }
            Type::StringIndef => {
                let member = cbor::text(d)?;
                read(d, &member)?;
            }
            _ => {
                d.skip()?;
                d.skip()?;
            }
        }
    }
    Ok(())
}

/// An array of exactly one entry.
fn single<'b, T>(
    d: &mut Decoder<'b>,
    read: impl Fn(&mut Decoder<'b>) -> Result<T, Fault>,
) -> Result<T, Fault> {
    if !matches!(d.datatype()?, Type::Array | Type::ArrayIndef) {
        return Err(Fault::Rule(Rule::Type("array")));
    }
    let mut items = Items::array(d)?;
    if !items.next(d)? {
        return Err(Fault::Rule(Rule::Entries));
    }
    let entry = read(d)?;
    if items.next(d)? {
        return Err(Fault::Rule(Rule::Entries));
    }
    Ok(entry)
}

/// A text, also one that CBOR marks as a date (tag 0) or a moment (tag 1).
fn text(d: &mut Decoder<'_>) -> Result<String, Fault> {
    match d.datatype()? {
        Type::String | Type::StringIndef => Ok(cbor::text(d)?),
        Type::Tag => {
            let (start, bytes) = (d.position(), d.input());
            d.skip()?;
            let item = bytes.get(start..d.position()).unwrap_or_default();
            match cbor::to_json(item) {
                Ok(Value::String(text)) => Ok(text),
                _ => Err(Fault::Rule(Rule::Type("string"))),
            }
        }
        _ => Err(Fault::Rule(Rule::Type("string"))),
    }
}

/// An integer of 1 or more; JSON Schema counts 2.0 among the integers.
fn positive(d: &mut Decoder<'_>) -> Result<u32, Fault> {
    let number = match d.datatype()? {
        Type::U8 | Type::U16 | Type::U32 => d.u32()?,
        Type::U64 | Type::I8 | Type::I16 | Type::I32 | Type::I64 | Type::Int => {
            return Err(Fault::Rule(Rule::Dose));
        }
        Type::F16 | Type::F32 | Type::F64 => {
            let number = cbor::float(d)?;
            if number.fract() != 0.0 || !(0.0..=f64::from(u32::MAX)).contains(&number) {
                return Err(Fault::Rule(Rule::Type("integer")));
            }
            number as u32
        }
        _ => return Err(Fault::Rule(Rule::Type("integer"))),
    };
    if number == 0 {
        return Err(Fault::Rule(Rule::Dose));
    }
    Ok(number)
}

fn skip(d: &mut Decoder<'_>) -> Result<(), Fault> {
    Ok(d.skip()?)
}

/// A member that is there twice could be read in two ways, so it is refused.
fn once<T>(slot: &mut Option<T>, value: Result<T, Fault>) -> Result<(), Fault> {
    match slot.replace(value?) {
        None => Ok(()),
        Some(_) => Err(Fault::Rule(Rule::Twice)),
    }
}

/// Of the three kinds of entry only one may be there.
fn only(slot: &mut Option<Entry>, value: Result<Entry, Fault>) -> Result<(), Fault> {
    match slot.replace(value?) {
        None => Ok(()),
        Some(_) => Err(Fault::Rule(Rule::Entries)),
    }
}

fn need<T>(value: Option<T>, member: &'static str) -> Result<T, Fault> {
    value.ok_or_else(|| Fault::Rule(Rule::Missing).inside(member))
}

// Writing -----------------------------------------------------------------------------------------------------------------------------

impl Dcc {
    pub(crate) fn write(&self, w: &mut Writer) {
        w.map(4);
        w.text(self.entry.member());
        w.array(1);
        match &self.entry {
            Entry::Vaccination(entry) => entry.write(w),
            Entry::Test(entry) => entry.write(w),
            Entry::Recovery(entry) => entry.write(w),
        }
        w.text("dob");
        w.text(&self.birth_date);
        w.text("nam");
        self.name.write(w);
        w.text("ver");
        w.text(&self.version);
    }
}

impl PersonName {
    fn write(&self, w: &mut Writer) {
        let members = [
            ("fn", &self.family),
            ("gn", &self.given),
            ("fnt", &self.family_icao),
            ("gnt", &self.given_icao),
        ];
        w.map(members.iter().filter(|(_, text)| text.is_some()).count());
        for (member, text) in members {
            write_optional(w, member, text.as_deref());
        }
    }
}

impl Vaccination {
    fn write(&self, w: &mut Writer) {
        w.map(10);
        write_text(w, "ci", &self.id);
        write_text(w, "co", &self.country);
        w.text("dn");
        w.unsigned(self.dose.into());
        write_text(w, "dt", &self.date);
        write_text(w, "is", &self.issuer);
        write_text(w, "ma", &self.manufacturer);
        write_text(w, "mp", &self.product);
        w.text("sd");
        w.unsigned(self.doses.into());
        write_text(w, "tg", &self.disease);
        write_text(w, "vp", &self.prophylaxis);
    }
}

impl Test {
    fn write(&self, w: &mut Writer) {
        let optional = [&self.manufacturer, &self.name, &self.centre];
        w.map(7 + optional.into_iter().flatten().count());
        write_text(w, "ci", &self.id);
        write_text(w, "co", &self.country);
        write_text(w, "is", &self.issuer);
        write_optional(w, "ma", self.manufacturer.as_deref());
        write_optional(w, "nm", self.name.as_deref());
        write_text(w, "sc", &self.sampled_at);
        write_optional(w, "tc", self.centre.as_deref());
        write_text(w, "tg", &self.disease);
        write_text(w, "tr", &self.result);
        write_text(w, "tt", &self.kind);
    }
}

impl Recovery {
    fn write(&self, w: &mut Writer) {
        w.map(7);
        write_text(w, "ci", &self.id);
        write_text(w, "co", &self.country);
        write_text(w, "df", &self.valid_from);
        write_text(w, "du", &self.valid_until);
        write_text(w, "fr", &self.first_positive);
        write_text(w, "is", &self.issuer);
        write_text(w, "tg", &self.disease);
    }
}

fn write_text(w: &mut Writer, member: &str, text: &str) {
    w.text(member);
    w.text(text);
}

fn write_optional(w: &mut Writer, member: &str, text: Option<&str>) {
    if let Some(text) = text {
        write_text(w, member, text);
    }
}
