//! The columns that the product knows, and raw rows of them: text as it stood in the file.

/// A fixed list of columns with their canonical headings.
pub trait Field: Copy + Eq + std::fmt::Debug + 'static {
    /// All fields in canonical order.
    const ALL: &'static [Self];
    /// Canonical heading, as in our own files.
    fn heading(self) -> &'static str;
    /// Position in [`Field::ALL`].
    fn index(self) -> usize;
    /// The field with this canonical heading.
    fn from_heading(heading: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|field| field.heading() == heading)
    }
}

macro_rules! fields {
    ($(#[$doc:meta])* $enum:ident, $(#[$row_doc:meta])* $row:ident { $($(#[$field_doc:meta])* $variant:ident $member:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $enum { $($(#[$field_doc])* $variant),* }

        impl Field for $enum {
            const ALL: &'static [Self] = &[$(Self::$variant),*];
            fn heading(self) -> &'static str {
                match self { $(Self::$variant => stringify!($member)),* }
            }
            fn index(self) -> usize { self as usize }
        }

        $(#[$row_doc])*
        #[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
        pub struct $row<'a> { $($(#[$field_doc])* pub $member: Option<&'a str>),* }

        impl<'a> $row<'a> {
            /// Builds a row by asking for each field. Blank text (only white space) becomes `None`.
            pub fn from_fn(mut text: impl FnMut($enum) -> Option<&'a str>) -> Self {
                Self { $($member: text($enum::$variant).filter(|t| !t.trim().is_empty())),* }
            }
            /// The raw text of a field.
            pub fn get(&self, field: $enum) -> Option<&'a str> {
                match field { $($enum::$variant => self.$member),* }
            }
        }
    };
}

fields! {
    /// Columns of a file of vaccination subjects (A).
    SubjectField,
    /// One subject as it stood in the file.
    SubjectRow {
        /// Id of the record within its file.
        UniqueId unique_id,
        /// Full name, family name first.
        FullName full_name,
        /// Birth date.
        BirthDate dob,
        /// Sex.
        Sex sex,
        /// Personal number, CMND or passport number.
        IdNumber id_number,
        /// Kind of number, where the file says so (CCCD, CMND, passport).
        IdType id_type,
        /// Nationality.
        Nationality nationality,
        /// Telephone.
        Phone phone,
        /// E-mail address.
        Email email,
        /// Health insurance card.
        Bhyt bhyt,
        /// Guardian's name, of a child.
        GuardianName guardian_name,
        /// Guardian's identity number.
        GuardianId guardian_id,
        /// Hamlet (free text).
        Hamlet hamlet,
        /// Commune code of permanent residence (5 digits), or its name.
        Commune commune,
        /// District code (3 digits), or its name.
        District district,
        /// Province code (2 digits), or its name.
        Province province,
        /// Address as free text.
        Address address,
        /// Code of the facility that entered the subject.
        Facility facility_code,
        /// When the record was entered.
        EnteredAt entered_at,
    }
}

fields! {
    /// Columns of a population register extract (B).
    RegisterField,
    /// One register entry as it stood in the file.
    RegisterRow {
        /// Id of the entry within its file.
        UniqueId unique_id,
        /// Full name.
        FullName full_name,
        /// Birth date.
        BirthDate dob,
        /// Sex.
        Sex sex,
        /// Personal number.
        IdNumber id_number,
        /// Former number: CMND or a superseded personal number.
        OldIdNumber old_id_number,
        /// Telephone.
        Phone phone,
        /// Hamlet.
        Hamlet hamlet,
        /// Commune code of permanent residence.
        Commune commune,
        /// District code.
        District district,
        /// Province code.
        Province province,
        /// `alive`, `deceased`, `cancelled` or `superseded`; blank means alive.
        LifeStatus status,
        /// Date of death.
        DeathDate death_date,
        /// Number that replaces a superseded one.
        SuccessorId successor_id,
        /// `1` when the record is protected (sealed lane).
        Protected protected,
    }
}

fields! {
    /// Columns of a file of doses (D).
    DoseField,
    /// One dose as it stood in the file.
    DoseRow {
        /// Id of the dose within its file.
        DoseId dose_id,
        /// `unique_id` of the subject.
        SubjectId subject_id,
        /// Declared dose number.
        DoseNumber dose_number,
        /// Date, or date and time, of the injection.
        InjectedAt injected_at,
        /// Vaccine as written.
        Vaccine vaccine,
        /// Manufacturer as written.
        Manufacturer manufacturer,
        /// Lot.
        Lot lot,
        /// Expiry date of the lot.
        Expiry expiry,
        /// Facility that injected.
        Facility facility_code,
        /// Vaccinator.
        Vaccinator vaccinator,
        /// When the dose was entered into the system.
        EnteredAt entered_at,
        /// Account that entered it.
        EnteredBy entered_by,
        /// `given`, `refused` or `not_given`; blank means given.
        Status status,
        /// `administered` or `historical`.
        Source source,
    }
}

fields! {
    /// Columns of a list of facilities.
    FacilityField,
    /// One facility as it stood in the file.
    FacilityRow {
        /// Facility code.
        Code facility_code,
        /// Name.
        Name name,
        /// Commune code.
        Commune commune,
        /// District code.
        District district,
        /// Province code.
        Province province,
        /// Telephone.
        Phone phone,
        /// First day on which it may vaccinate.
        AuthorisedFrom authorised_from,
        /// Last day.
        ClosedOn closed_on,
        /// Code of the facility that took over.
        Successor successor_code,
    }
}

fields! {
    /// Columns of a list of vaccine lots.
    LotField,
    /// One lot as it stood in the file.
    LotRow {
        /// Lot number.
        Lot lot,
        /// Product, by its key in the vaccine table.
        Product product,
        /// Expiry date, after official extensions.
        Expiry expiry,
        /// Province codes it was distributed to, joined by `|`; blank means everywhere.
        Provinces provinces,
        /// Date of recall.
        RecalledOn recalled_on,
    }
}
