//! What a column holds: what its heading promises, and whether its values bear it out.

use std::collections::HashSet;

use super::{Judged, SampleColumn};
use crate::records::RecordsBuilder;
use crate::spec::{Kind, Spec};

/// What part of a person a column tells. The order is that of the proposed spec.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Role {
    Id,
    FullName,
    Given,
    Middle,
    Family,
    Birth,
    Sex,
    PersonalNumber,
    Number,
    Phone,
    Email,
    PostCode,
    Commune,
    District,
    Province,
    Street,
    HouseNumber,
    Locality,
    Region,
}

/// Share of the values that a reader has to understand.
const UNDERSTOOD: f64 = 0.7;
/// Years between the oldest and the youngest tenth, from which dates may be births.
const GENERATIONS: i32 = 20;

/// Usual headings, folded to letters and digits. A word stands once.
const HEADINGS: &[(Role, &[&str])] = &[
    (
        Role::Id,
        &[
            "uniqueid",
            "id",
            "recid",
            "recordid",
            "rowid",
            "subjectid",
            "patientid",
            "personid",
            "memberid",
            "madoituong",
            "madoituongtiem",
            "madoituongtiemchung",
            "mahoso",
            "mabanghi",
            "mabenhnhan",
            "manguoidan",
            "macongdan",
            "stt",
            "sothutu",
        ],
    ),
    (
        Role::FullName,
        &[
            "fullname",
            "name",
            "personname",
            "patientname",
            "membername",
            "nameofpatient",
            "hovaten",
            "hoten",
            "hochudemvaten",
            "hotendoituong",
            "hovatendoituong",
            "hovatennguoiduoctiem",
            "hotennguoitiem",
            "hovatencongdan",
            "hovatenkhaisinh",
            "tendaydu",
            "tendoituong",
            "nomcomplet",
            "nombrecompleto",
            "nomecompleto",
        ],
    ),
    (
        Role::Given,
        &[
            "givenname",
            "givennames",
            "firstname",
            "forename",
            "forenames",
            "fname",
            "ten",
            "prenom",
            "nombre",
            "nome",
            "vorname",
        ],
    ),
    (
        Role::Middle,
        &[
            "middlename",
            "middlenames",
            "secondname",
            "tendem",
            "chudem",
            "dem",
        ],
    ),
    (
        Role::Family,
        &[
            "familyname",
            "surname",
            "lastname",
            "sname",
            "lname",
            "ho",
            "hodem",
            "hovadem",
            "hovatendem",
            "hochudem",
            "nom",
            "nomdefamille",
            "apellido",
            "apellidos",
            "sobrenome",
            "nachname",
        ],
    ),
    (
        Role::Birth,
        &[
            "dob",
            "dateofbirth",
            "birthdate",
            "birthday",
            "borndate",
            "born",
            "birth",
            "ngaysinh",
            "ngaythangnamsinh",
            "sinhngay",
            "ntns",
            "namsinh",
            "yearofbirth",
            "birthyear",
            "yob",
            "datedenaissance",
            "fechadenacimiento",
            "datadenascimento",
            "geburtsdatum",
        ],
    ),
    (
        Role::Sex,
        &[
            "sex",
            "gender",
            "gioitinh",
            "gioi",
            "phai",
            "namnu",
            "sexe",
            "sexo",
            "genero",
            "geschlecht",
        ],
    ),
    (
        Role::PersonalNumber,
        &[
            "idnumber",
            "cccd",
            "cmnd",
            "cmndcccd",
            "cccdcmnd",
            "socccd",
            "socmnd",
            "socmndcccd",
            "cmtcccd",
            "socancuoccongdan",
            "cancuoccongdan",
            "socancuoc",
            "sodinhdanh",
            "sodinhdanhcanhan",
            "madinhdanh",
            "sogiayto",
        ],
    ),
    (
        Role::Number,
        &[
            "nationalid",
            "nationalidnumber",
            "nin",
            "ssn",
            "socsecid",
            "socialsecuritynumber",
            "nhsnumber",
            "passport",
            "passportnumber",
            "mrn",
            "insurancenumber",
            "healthinsurancenumber",
            "bhyt",
            "sothebhyt",
            "hochieu",
            "sohochieu",
        ],
    ),
    (
        Role::Phone,
        &[
            "phone",
            "phonenumber",
            "telephone",
            "tel",
            "mobile",
            "mobilenumber",
            "mobilephone",
            "sodienthoai",
            "dienthoai",
            "sdt",
            "didong",
            "sodidong",
            "telefono",
            "telefone",
        ],
    ),
    (
        Role::Email,
        &["email", "emailaddress", "mail", "thudientu", "diachiemail"],
    ),
    (
        Role::PostCode,
        &[
            "postcode",
            "postalcode",
            "zip",
            "zipcode",
            "mabuuchinh",
            "mabuudien",
            "codepostal",
            "codigopostal",
            "plz",
        ],
    ),
    (
        Role::Commune,
        &[
            "commune",
            "communecode",
            "ward",
            "wardcode",
            "maxa",
            "maphuongxa",
            "xa",
            "xaphuong",
            "phuongxa",
            "phuong",
        ],
    ),
    (
        Role::District,
        &[
            "district",
            "districtcode",
            "mahuyen",
            "maquanhuyen",
            "huyen",
            "quanhuyen",
            "huyenquan",
            "quan",
        ],
    ),
    (
        Role::Province,
        &[
            "province",
            "provincecode",
            "matinh",
            "matinhthanh",
            "tinh",
            "tinhthanhpho",
            "tinhthanh",
            "tinhtp",
        ],
    ),
    (
        Role::Street,
        &[
            "street",
            "streetname",
            "streetaddress",
            "address",
            "address1",
            "addressline1",
            "addr1",
            "diachi",
            "diachithuongtru",
            "duong",
            "adresse",
            "direccion",
            "endereco",
        ],
    ),
    (
        Role::HouseNumber,
        &["streetnumber", "housenumber", "houseno", "sonha"],
    ),
    (
        Role::Locality,
        &[
            "city",
            "town",
            "suburb",
            "locality",
            "village",
            "municipality",
            "thon",
            "thonto",
            "ville",
            "ciudad",
            "cidade",
            "ort",
        ],
    ),
    (Role::Region, &["state", "region", "county", "bang", "vung"]),
];

impl Role {
    /// Name of its field.
    pub(crate) fn field(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::FullName | Self::Given | Self::Middle | Self::Family => "name",
            Self::Birth => "birth_date",
            Self::Sex => "sex",
            Self::PersonalNumber | Self::Number => "number",
            Self::Phone => "phone",
            Self::Email => "email",
            Self::PostCode => "postal_code",
            Self::Commune | Self::District | Self::Province => "residence",
            Self::Street => "street",
            Self::HouseNumber => "house_number",
            Self::Locality => "locality",
            Self::Region => "region",
        }
    }

    /// Heading of its column where the file has none.
    pub(crate) fn usual_heading(self) -> &'static str {
        match self {
            Self::Commune => "commune",
            Self::District => "district",
            Self::Province => "province",
            other => other.field(),
        }
    }

    pub(crate) fn label_en(self) -> &'static str {
        match self {
            Self::Id => "id of the record",
            Self::FullName => "name",
            Self::Given => "given name",
            Self::Middle => "middle name",
            Self::Family => "family name",
            Self::Birth => "birth date",
            Self::Sex => "sex",
            Self::PersonalNumber => "personal number",
            Self::Number => "number",
            Self::Phone => "telephone",
            Self::Email => "e-mail",
            Self::PostCode => "postal code",
            Self::Commune | Self::District | Self::Province => "residence",
            Self::Street => "street",
            Self::HouseNumber => "house number",
            Self::Locality => "locality",
            Self::Region => "region",
        }
    }

    pub(crate) fn label_vi(self) -> &'static str {
        match self {
            Self::Id => "mã bản ghi",
            Self::FullName => "họ và tên",
            Self::Given => "tên",
            Self::Middle => "tên đệm",
            Self::Family => "họ",
            Self::Birth => "ngày sinh",
            Self::Sex => "giới tính",
            Self::PersonalNumber => "số định danh",
            Self::Number => "số giấy tờ",
            Self::Phone => "điện thoại",
            Self::Email => "thư điện tử",
            Self::PostCode => "mã bưu chính",
            Self::Commune | Self::District | Self::Province => "nơi cư trú",
            Self::Street => "đường",
            Self::HouseNumber => "số nhà",
            Self::Locality => "địa phương",
            Self::Region => "vùng",
        }
    }

    /// A column of this role is a field of its own.
    pub(crate) fn alone(self) -> bool {
        use Role::{Commune, District, Family, FullName, Given, Id, Middle, Province};
        !matches!(
            self,
            Id | FullName | Given | Middle | Family | Commune | District | Province
        )
    }

    /// A file may have several columns of it.
    fn several(self) -> bool {
        matches!(
            self,
            Self::Number | Self::Locality | Self::Given | Self::Family
        )
    }
}

/// A column with what was found out about it.
pub(crate) struct Column<'a> {
    pub(crate) heading: &'a str,
    pub(crate) role: Option<Role>,
    why: &'static str,
    rows: &'a [Option<String>],
    /// The values that are not blank.
    values: Vec<&'a str>,
}

impl<'a> Column<'a> {
    fn new(sample: &'a SampleColumn) -> Self {
        let values = sample.values.iter().flatten();
        Self {
            heading: sample.heading.trim(),
            role: None,
            why: "",
            rows: &sample.values,
            values: values
                .map(|value| value.trim())
                .filter(|value| !value.is_empty())
                .collect(),
        }
    }

    pub(crate) fn judged(&self) -> Judged {
        Judged {
            heading: self.heading.to_owned(),
            taken_for: self.role.map(Role::label_en),
            why: self.why,
        }
    }

    /// Kind of the field that the column alone makes.
    pub(crate) fn kind(&self, role: Role) -> Kind {
        match role {
            Role::Birth => Kind::Date,
            Role::Sex => Kind::Sex,
            Role::PersonalNumber => Kind::PersonalNumber,
            // Telephones of other countries are numbers like others.
            Role::Phone if self.reads_as(Kind::Phone) => Kind::Phone,
            Role::Number | Role::Phone => Kind::Number,
            Role::PostCode if self.share(is_digits) >= UNDERSTOOD => Kind::Number,
            _ => Kind::Text,
        }
    }

    /// Most values are names with letters that only Vietnamese has.
    pub(crate) fn is_vietnamese_name(&self) -> bool {
        let name = matches!(
            self.role,
            Some(Role::FullName | Role::Given | Role::Middle | Role::Family)
        );
        name && self.share(|text| text.chars().any(is_vietnamese)) >= 0.2
    }

    fn share(&self, is: impl Fn(&str) -> bool) -> f64 {
        let count = self.values.iter().filter(|value| is(value)).count();
        count as f64 / self.values.len().max(1) as f64
    }

    fn distinct(&self) -> usize {
        self.values.iter().collect::<HashSet<_>>().len()
    }

    fn names_rows(&self) -> bool {
        let rows = self.rows.len();
        rows > 0 && self.values.len() == rows && self.distinct() == rows
    }

    /// The engine's reader of this kind understands most values.
    fn reads_as(&self, kind: Kind) -> bool {
        understood(kind, self.values.iter().map(|value| [Some(*value)])) >= UNDERSTOOD
    }

    /// Dates that are spread over generations.
    fn holds_births(&self) -> bool {
        let mut years: Vec<i32> = self
            .values
            .iter()
            .filter(|text| text.bytes().filter(u8::is_ascii_digit).count() >= 6)
            .filter_map(|text| registry::date::BirthDate::parse(text).ok())
            .map(|(date, _)| i32::from(date.year()))
            .collect();
        years.sort_unstable();
        let tenth = years.len() / 10;
        let (low, high) = (
            years.get(tenth),
            years.get(years.len().saturating_sub(tenth + 1)),
        );
        years.len() as f64 >= UNDERSTOOD * self.values.len() as f64
            && low
                .zip(high)
                .is_some_and(|(low, high)| high - low >= GENERATIONS)
    }

    /// The values bear out what the heading promises.
    fn bears_out(&self, role: Role) -> bool {
        match role {
            Role::Id => self.names_rows(),
            Role::FullName | Role::Given | Role::Middle | Role::Family => {
                self.share(|text| text.chars().any(char::is_alphabetic)) >= UNDERSTOOD
            }
            Role::Birth => self.reads_as(Kind::Date),
            Role::Sex => self.reads_as(Kind::Sex),
            Role::PersonalNumber => self.reads_as(Kind::PersonalNumber),
            Role::Number | Role::Phone => {
                self.share(|text| text.bytes().filter(u8::is_ascii_digit).count() >= 4)
                    >= UNDERSTOOD
            }
            Role::Email => self.share(is_email) >= UNDERSTOOD,
            _ => true,
        }
    }

    /// What the values alone look like.
    fn by_values(&self) -> Option<Role> {
        let words = |text: &str| {
            let words = text.split_whitespace();
            (2..=7).contains(&words.clone().count())
                && words.clone().all(|w| w.chars().all(is_of_name))
        };
        let long_number = |text: &str| {
            is_digits(text) && (6..=15).contains(&text.bytes().filter(u8::is_ascii_digit).count())
        };
        let many = self.distinct() * 2 >= self.values.len();
        if self.share(is_email) >= UNDERSTOOD {
            Some(Role::Email)
        } else if self.holds_births() {
            Some(Role::Birth)
        } else if self.share(|text| text.chars().any(char::is_alphabetic)) >= UNDERSTOOD
            && self.reads_as(Kind::Sex)
        {
            Some(Role::Sex)
        } else if many
            && self.share(|text| text.len() == 12 && is_digits(text)) >= UNDERSTOOD
            && self.reads_as(Kind::PersonalNumber)
        {
            Some(Role::PersonalNumber)
        } else if self.reads_as(Kind::Phone) {
            Some(Role::Phone)
        } else if many && self.share(long_number) >= UNDERSTOOD && !self.reads_as(Kind::Date) {
            Some(Role::Number)
        } else if many && self.share(words) >= UNDERSTOOD {
            Some(Role::FullName)
        } else {
            None
        }
    }
}

/// Judges all columns: first by their headings, then those without a known one by their values.
pub(crate) fn judge(sample: &[SampleColumn]) -> Vec<Column<'_>> {
    let mut columns: Vec<Column<'_>> = sample.iter().map(Column::new).collect();
    let mut taken: Vec<Role> = Vec::new();
    for column in &mut columns {
        let (role, why) = by_heading(column, &taken);
        (column.role, column.why) = (role, why);
        taken.extend(role);
    }
    for column in columns
        .iter_mut()
        .filter(|c| c.role.is_none() && c.why.is_empty())
    {
        let role = column.by_values().filter(|role| !is_taken(*role, &taken));
        column.role = role;
        column.why = if role.is_some() {
            "by its values"
        } else {
            "nothing known by heading or values"
        };
        taken.extend(role);
    }
    if !taken.contains(&Role::Id) {
        let spare = |column: &&mut Column<'_>| {
            column.names_rows() && matches!(column.role, None | Some(Role::Number))
        };
        if let Some(column) = columns.iter_mut().find(spare) {
            column.role = Some(Role::Id);
            column.why = "a different value in every row";
        }
    }
    settle_area(&mut columns);
    columns
}

/// What the heading says, if the values bear it out; a reason without a role where the column is of no use whatever it is.
fn by_heading(column: &Column<'_>, taken: &[Role]) -> (Option<Role>, &'static str) {
    if column.values.is_empty() {
        return (None, "no value in the rows looked at");
    }
    let folded = registry::name::fold(column.heading).replace(' ', "");
    let folded = folded.replace('_', "");
    let role = HEADINGS
        .iter()
        .find(|(_, headings)| headings.contains(&folded.as_str()))
        .map(|(role, _)| *role);
    if role != Some(Role::Id) && column.rows.len() > 1 && column.distinct() == 1 {
        return (None, "the same value in all rows looked at");
    }
    match role {
        Some(role) if is_taken(role, taken) => (None, "another column has the same role"),
        Some(role) if column.bears_out(role) => (Some(role), "by its heading"),
        // A number of another country under a heading of this one.
        Some(Role::PersonalNumber) if column.bears_out(Role::Number) => {
            (Some(Role::Number), "by its heading")
        }
        _ => (None, ""),
    }
}

/// A person has one birth date and one sex; and a name is either whole or in parts.
fn is_taken(role: Role, taken: &[Role]) -> bool {
    let part = |known: &Role| role == Role::FullName && known.field() == role.field();
    !role.several() && taken.iter().any(|known| *known == role || part(known))
}

/// Administrative units of other countries are texts: a district or commune is a locality, a province a region.
fn settle_area(columns: &mut [Column<'_>]) {
    if is_area(columns) {
        return;
    }
    for column in columns {
        match column.role {
            Some(Role::Commune | Role::District) => column.role = Some(Role::Locality),
            Some(Role::Province) => column.role = Some(Role::Region),
            _ => {}
        }
    }
}

/// The columns of commune, district and province hold Vietnamese units.
pub(crate) fn is_area(columns: &[Column<'_>]) -> bool {
    let roles = [Role::Commune, Role::District, Role::Province];
    let parts = roles.map(|role| columns.iter().find(|column| column.role == Some(role)));
    let count = parts
        .iter()
        .flatten()
        .map(|part| part.rows.len())
        .max()
        .unwrap_or(0);
    let rows = (0..count)
        .map(|row| parts.map(|part| part.and_then(|part| cell(part, row))))
        .filter(|row| row.iter().any(Option::is_some));
    understood(Kind::Area, rows) >= UNDERSTOOD
}

fn cell<'a>(column: &Column<'a>, row: usize) -> Option<&'a str> {
    column.rows.get(row)?.as_deref()
}

/// Share of the rows of which the engine's reader of a kind understands the value.
fn understood<'a, const N: usize>(
    kind: Kind,
    rows: impl Iterator<Item = [Option<&'a str>; N]>,
) -> f64 {
    let from = (0..N)
        .map(|place| format!("\"c{place}\""))
        .collect::<Vec<_>>()
        .join(", ");
    let spec = format!(
        "name = \"reader\"\nversion = 1\nid = \"id\"\n[[column]]\nname = \"v\"\nkind = \"{}\"\nfrom = [{from}]\n\
         [[comparison]]\ncolumn = \"v\"\nlevels = [\"equal\"]\n[[block]]\nname = \"v\"\nkeys = [\"v\"]\n",
        kind.word()
    );
    let Ok(spec) = Spec::from_toml(&spec) else {
        return 0.0;
    };
    let mut records = RecordsBuilder::new(&spec);
    for (place, row) in rows.enumerate() {
        let id = place.to_string();
        let mut cells = vec![Some(id.as_str())];
        cells.extend(row);
        if records.push(&cells).is_err() {
            return 0.0;
        }
    }
    let records = records.finish();
    let read = (0..records.len() as u32)
        .filter(|row| records.has(0, *row))
        .count();
    read as f64 / records.len().max(1) as f64
}

/// Words of the usual name, over all columns that make it.
pub(crate) fn words_of_names(columns: &[Column<'_>]) -> f64 {
    let names = [Role::FullName, Role::Family, Role::Middle, Role::Given];
    columns
        .iter()
        .filter(|column| column.role.is_some_and(|role| names.contains(&role)))
        .map(|column| {
            let words: usize = column
                .values
                .iter()
                .map(|text| text.split_whitespace().count())
                .sum();
            words as f64 / column.rows.len().max(1) as f64
        })
        .sum()
}

/// Digits with the marks that people write between them.
fn is_digits(text: &str) -> bool {
    text.bytes().any(|byte| byte.is_ascii_digit())
        && text
            .bytes()
            .all(|byte| byte.is_ascii_digit() || b" -./".contains(&byte))
}

fn is_email(text: &str) -> bool {
    text.split_once('@')
        .is_some_and(|(user, host)| !user.is_empty() && host.contains('.'))
}

fn is_of_name(c: char) -> bool {
    c.is_alphabetic() || unicode_mark(c) || "'’.-".contains(c)
}

/// A mark that stands after its letter in decomposed text.
fn unicode_mark(c: char) -> bool {
    ('\u{0300}'..='\u{036f}').contains(&c)
}

/// A letter that no other language of wide use has, composed or with its mark apart.
fn is_vietnamese(c: char) -> bool {
    matches!(
        c,
        'đ' | 'Đ' | 'ơ' | 'Ơ' | 'ư' | 'Ư' | 'ă' | 'Ă' | '\u{1ea0}'
            ..='\u{1ef9}' | '\u{0309}' | '\u{031b}' | '\u{0323}'
    )
}
