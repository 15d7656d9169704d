//! Every rate that the generator uses, as a TOML profile.
//!
//! A section of mistakes throws at most one of its kinds at a record, so its rates add up to at most 1. A mistake that a record cannot have
//! (day and month swapped on the 25th) is not made: the truth file says what was made.

use serde::{Deserialize, Serialize};

use crate::SynthError;
use crate::dice::{Dice, Rate, Scale};

/// Declares one section of mutually exclusive mistakes: its rates, and the truth column of each kind.
macro_rules! section {
    ($(#[$doc:meta])* $section:ident of $kinds:ident { $($(#[$kind_doc:meta])* $field:ident $kind:ident),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
        #[serde(deny_unknown_fields, default)]
        pub struct $section { $($(#[$kind_doc])* pub $field: Rate),* }

        impl $section {
            /// At most one of the kinds.
            pub(crate) fn draw(&self, dice: &mut Dice, scale: Scale) -> Option<$kinds> {
                dice.kind(&[$((self.$field, $kinds::$kind)),*], scale)
            }
            /// What the rates add up to.
            fn total(&self) -> f64 {
                0.0 $(+ self.$field.share())*
            }
        }
    };
}

/// Declares the kinds of mistakes of one truth file in the order of its columns.
macro_rules! kinds {
    ($(#[$doc:meta])* $kinds:ident, $set:ident: $word:ty { $($(#[$kind_doc:meta])* $kind:ident $column:literal),* $(,)? }) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum $kinds { $($(#[$kind_doc])* $kind),* }

        impl $kinds {
            /// All kinds in the order of the truth columns.
            pub const ALL: &'static [Self] = &[$(Self::$kind),*];
            /// Name of the truth column.
            pub fn column(self) -> &'static str {
                match self { $(Self::$kind => $column),* }
            }
        }

        /// The kinds of mistakes that one record has.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
        pub(crate) struct $set($word);

        impl $set {
            pub(crate) fn add(&mut self, kind: $kinds) {
                self.0 |= 1 << kind as u32;
            }
            pub(crate) fn has(self, kind: $kinds) -> bool {
                self.0 >> kind as u32 & 1 == 1
            }
        }
    };
}

kinds! {
    /// What can be wrong with a subject, or special about it. Each is a boolean column of `truth`.
    SubjectMistake, SubjectMistakes: u64 {
        /// A child under sixteen at the end of the campaign.
        Child "child",
        /// Lives away from the commune of permanent residence.
        Migrant "migrant",
        /// A twin.
        Twin "twin",
        /// A foreigner: not in the register by right.
        Foreigner "foreigner",
        /// Typed by somebody careless: all rates were higher.
        Careless "careless",
        /// One of several subjects of one person.
        Split "split",
        /// Holds doses of a second person.
        Merged "merged",
        /// A test or placeholder record: no person.
        Placeholder "placeholder",
        /// A child entered without a number of its own.
        ChildWithoutNumber "child_without_number",
        /// A foreigner entered without a passport number.
        ForeignerWithoutPassport "foreigner_without_passport",
        /// No number.
        NumberMissing "number_missing",
        /// Wrong count of digits.
        NumberLength "number_length",
        /// Letters that no number has.
        NumberLetters "number_letters",
        /// Spaces, dots or dashes inside: still readable.
        NumberSpaces "number_spaces",
        /// A spreadsheet dropped the leading zero.
        NumberLostZero "number_lost_zero",
        /// Scientific notation or decimal tail.
        NumberScientific "number_scientific",
        /// O, I, l, S or B in place of a digit.
        NumberOcr "number_ocr",
        /// Repeated or sequential filler.
        NumberFiller "number_filler",
        /// The telephone number in the number field.
        NumberPhone "number_phone",
        /// One wrong digit.
        NumberDigit "number_digit",
        /// Two neighbouring digits exchanged.
        NumberTransposed "number_transposed",
        /// The number of a family member (of a child: the guardian).
        NumberFamily "number_family",
        /// The number of a stranger.
        NumberStranger "number_stranger",
        /// The old nine-digit number.
        NumberCmnd "number_cmnd",
        /// A middle name left out.
        NameMiddleDropped "name_middle_dropped",
        /// Words in another order.
        NameSwapped "name_swapped",
        /// A nickname in place of the given name.
        NameNickname "name_nickname",
        /// One letter slipped.
        NameSlip "name_slip",
        /// A Sino-Vietnamese variant of one word.
        NameVariant "name_variant",
        /// A title or a note glued on.
        NameTitle "name_title",
        /// No diacritics at all.
        AccentsLost "accents_lost",
        /// Diacritics of some words lost.
        AccentsPart "accents_part",
        /// The tone mark of one word is another.
        AccentsTone "accents_tone",
        /// Tone mark on the other vowel, or i for y: the same name.
        AccentsPlacement "accents_placement",
        /// Telex keys left in the text.
        AccentsTelex "accents_telex",
        /// VNI keys left in the text.
        AccentsVni "accents_vni",
        /// TCVN3 read as Latin-1.
        AccentsTcvn3 "accents_tcvn3",
        /// VNI font encoding read as Latin-1.
        AccentsVniFont "accents_vni_font",
        /// UTF-8 read as Windows-1252.
        AccentsUtf8 "accents_utf8",
        /// Eth in place of Đ.
        AccentsEth "accents_eth",
        /// Day and month exchanged.
        BirthSwapped "birth_swapped",
        /// Day and month stored as 1 January.
        BirthFirstJanuary "birth_first_january",
        /// Year off by one.
        BirthYearOne "birth_year_one",
        /// Year off by ten.
        BirthYearTen "birth_year_ten",
        /// Only the year.
        BirthYearOnly "birth_year_only",
        /// Another digit wrong.
        BirthDigit "birth_digit",
        /// Two-digit year.
        BirthTwoDigits "birth_two_digits",
        /// Spreadsheet serial number.
        BirthSerial "birth_serial",
        /// No birth date.
        BirthMissing "birth_missing",
        /// The other sex.
        SexFlipped "sex_flipped",
        /// No sex.
        SexMissing "sex_missing",
        /// No telephone.
        PhoneMissing "phone_missing",
        /// A newer or older telephone than the register's.
        PhoneChanged "phone_changed",
        /// The prefix of before 2018.
        PhoneOldPrefix "phone_old_prefix",
        /// One wrong digit.
        PhoneTypo "phone_typo",
        /// The telephone of somebody at the facility.
        PhoneStaff "phone_staff",
        /// No address.
        AddressMissing "address_missing",
        /// Where the person lives, or lived, not the permanent residence.
        AddressMoved "address_moved",
        /// Names in place of codes, some of a former kind of unit.
        AddressOldName "address_old_name",
        /// A dose that was given is not in the file.
        DoseMissing "dose_missing",
        /// A number that the register has superseded.
        NumberSuperseded "number_superseded",
        /// The register entry is missing.
        RegisterMissing "register_missing",
        /// The register's own name, birth date or sex is wrong.
        RegisterWrong "register_wrong",
    }
}

kinds! {
    /// What can be wrong with a dose. Each is a boolean column of `truth_doses`.
    DoseMistake, DoseMistakes: u32 {
        /// The same dose once more, alike in everything.
        DuplicateExact "duplicate_exact",
        /// The same dose entered by a second facility, same day.
        DuplicateFacility "duplicate_facility",
        /// The same dose entered by a second facility, one to ten days away.
        DuplicateNear "duplicate_near",
        /// The dose number is another.
        NumberWrong "number_wrong",
        /// No dose number.
        NumberMissing "number_missing",
        /// The day of entry in place of the day of injection.
        DateOfEntry "date_of_entry",
        /// Day and month of the injection exchanged.
        DateSwapped "date_swapped",
        /// No injection date.
        DateMissing "date_missing",
        /// Another product than the one given.
        VaccineWrong "vaccine_wrong",
        /// "Vero Cell" without its maker.
        VaccineVeroCell "vaccine_vero_cell",
        /// "Covid vaccine".
        VaccineGeneric "vaccine_generic",
        /// No vaccine.
        VaccineMissing "vaccine_missing",
        /// No lot.
        LotMissing "lot_missing",
        /// One character of the lot mistaken.
        LotTypo "lot_typo",
        /// Text around the lot.
        LotText "lot_text",
        /// A lot that had expired on the day.
        LotExpired "lot_expired",
        /// A lot of another product.
        LotOfOther "lot_of_other",
        /// No facility.
        FacilityMissing "facility_missing",
        /// No vaccinator.
        VaccinatorMissing "vaccinator_missing",
        /// Entered more than two weeks late.
        EnteredLate "entered_late",
        /// Belongs to another person than the subject.
        OfOther "of_other_person",
        /// Recorded after the death that the register holds.
        AfterDeath "after_death",
    }
}

section! {
    /// Mistakes in the identity number.
    NumberRates of SubjectMistake {
        /// No number.
        missing NumberMissing,
        /// Wrong count of digits.
        length NumberLength,
        /// Letters.
        letters NumberLetters,
        /// Spaces, dots or dashes.
        spaces NumberSpaces,
        /// Leading zero lost.
        lost_zero NumberLostZero,
        /// Scientific notation.
        scientific NumberScientific,
        /// Letters that look like digits.
        ocr NumberOcr,
        /// Filler.
        filler NumberFiller,
        /// Telephone number.
        phone NumberPhone,
        /// One wrong digit.
        digit NumberDigit,
        /// Two digits exchanged.
        transposed NumberTransposed,
        /// A family member's number.
        family NumberFamily,
        /// A stranger's number.
        stranger NumberStranger,
        /// The old nine-digit number.
        cmnd NumberCmnd,
    }
}

section! {
    /// Mistakes in the words of a name.
    NameRates of SubjectMistake {
        /// Middle name left out.
        middle_dropped NameMiddleDropped,
        /// Other word order.
        swapped NameSwapped,
        /// Nickname.
        nickname NameNickname,
        /// Letter slip.
        slip NameSlip,
        /// Sino-Vietnamese variant.
        variant NameVariant,
        /// Title or note glued on.
        title NameTitle,
    }
}

section! {
    /// Mistakes in the letters of a name.
    AccentRates of SubjectMistake {
        /// No diacritics.
        lost AccentsLost,
        /// Some words without diacritics.
        part AccentsPart,
        /// Another tone mark.
        tone AccentsTone,
        /// The other style of placing the tone mark.
        placement AccentsPlacement,
        /// Telex.
        telex AccentsTelex,
        /// VNI typing.
        vni AccentsVni,
        /// TCVN3 mojibake.
        tcvn3 AccentsTcvn3,
        /// VNI font mojibake.
        vni_font AccentsVniFont,
        /// UTF-8 mojibake.
        utf8 AccentsUtf8,
        /// Eth for Đ.
        eth AccentsEth,
    }
}

section! {
    /// Mistakes in the birth date.
    BirthRates of SubjectMistake {
        /// Day and month exchanged.
        swapped BirthSwapped,
        /// 1 January.
        first_january BirthFirstJanuary,
        /// Year ± 1.
        year_one BirthYearOne,
        /// Year ± 10.
        year_ten BirthYearTen,
        /// Year only.
        year_only BirthYearOnly,
        /// Another digit.
        digit BirthDigit,
        /// Two-digit year.
        two_digits BirthTwoDigits,
        /// Spreadsheet serial.
        serial BirthSerial,
        /// No birth date.
        missing BirthMissing,
    }
}

section! {
    /// Mistakes in the sex.
    SexRates of SubjectMistake {
        /// The other sex.
        flipped SexFlipped,
        /// No sex.
        missing SexMissing,
    }
}

section! {
    /// Mistakes in the telephone number.
    PhoneRates of SubjectMistake {
        /// No number.
        missing PhoneMissing,
        /// Another number than the register's.
        changed PhoneChanged,
        /// Prefix of before 2018.
        old_prefix PhoneOldPrefix,
        /// One wrong digit.
        typo PhoneTypo,
        /// Somebody's at the facility.
        staff PhoneStaff,
    }
}

section! {
    /// Mistakes in the address.
    AddressRates of SubjectMistake {
        /// No address.
        missing AddressMissing,
        /// Another place than the permanent residence.
        moved AddressMoved,
        /// Names, some out of date, in place of codes.
        old_name AddressOldName,
    }
}

section! {
    /// Doses that are too many.
    DuplicateRates of DoseMistake {
        /// The same dose once more.
        exact DuplicateExact,
        /// By a second facility, same day.
        facility DuplicateFacility,
        /// By a second facility, one to ten days away.
        near DuplicateNear,
    }
}

section! {
    /// Mistakes in the dose number.
    DoseNumberRates of DoseMistake {
        /// Another number.
        wrong NumberWrong,
        /// None.
        missing NumberMissing,
    }
}

section! {
    /// Mistakes in the injection date.
    DoseDateRates of DoseMistake {
        /// The day of entry.
        of_entry DateOfEntry,
        /// Day and month exchanged.
        swapped DateSwapped,
        /// None.
        missing DateMissing,
    }
}

section! {
    /// Mistakes in the vaccine.
    VaccineRates of DoseMistake {
        /// Another product.
        wrong VaccineWrong,
        /// "Vero Cell" without maker, of the doses of such a product.
        vero_cell VaccineVeroCell,
        /// Generic name.
        generic VaccineGeneric,
        /// None.
        missing VaccineMissing,
    }
}

section! {
    /// Mistakes in the lot.
    LotRates of DoseMistake {
        /// None.
        missing LotMissing,
        /// One character mistaken.
        typo LotTypo,
        /// Text around it.
        text LotText,
        /// Expired on the day.
        expired LotExpired,
        /// Of another product.
        of_other LotOfOther,
    }
}

section! {
    /// Mistakes in who, where and when entered.
    EntryRates of DoseMistake {
        /// No facility.
        facility_missing FacilityMissing,
        /// No vaccinator.
        vaccinator_missing VaccinatorMissing,
        /// More than two weeks late.
        late EnteredLate,
    }
}

/// Who the people are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PeopleRates {
    /// Of those born before 1965: registered on 1 January.
    pub elders_on_first_january: Rate,
    /// Of births: twins.
    pub twins: Rate,
    /// Of households: foreigners.
    pub foreigners: Rate,
    /// Of people in the register: have no record on the platform.
    pub without_record: Rate,
    /// Of subjects: health insurance card entered.
    pub health_card: Rate,
    /// Of subjects: e-mail entered.
    pub email: Rate,
    /// Of adults born before 2000: had a nine-digit number before.
    pub had_cmnd: Rate,
}

/// Who lives away from home, and how much worse their records are.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Migration {
    /// Of households: live away from their commune of permanent residence.
    pub share: Rate,
    /// The same for households at home in an industrial province: they live elsewhere in it.
    pub share_industrial: Rate,
    /// Of those who live away: in an industrial province.
    pub to_industrial: Rate,
    /// Codes of the industrial provinces.
    pub industrial: Vec<u8>,
    /// Error rates of those who live away are multiplied by this.
    pub migrant_factor: f64,
    /// Error rates of everybody in an industrial province are multiplied by this.
    pub industrial_factor: f64,
}

/// Errors come together: some records are typed by somebody careless.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Carelessness {
    /// Of records.
    pub share: Rate,
    /// Their rates are multiplied by this, and all others reduced so that the mean stays. `share × factor` is at most 1.
    pub factor: f64,
}

/// How wrong the register itself is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RegisterRates {
    /// Person missing.
    pub missing: Rate,
    /// Died during the campaign.
    pub deceased: Rate,
    /// Alive but registered as dead.
    pub deceased_wrongly: Rate,
    /// Personal number superseded by another.
    pub superseded: Rate,
    /// Name wrong.
    pub name_wrong: Rate,
    /// Birth date wrong.
    pub birth_wrong: Rate,
    /// Sex wrong.
    pub sex_wrong: Rate,
    /// Moved, and the register does not know.
    pub moved: Rate,
    /// Sealed.
    pub protected: Rate,
    /// Of nine-digit numbers: known to the register.
    pub old_number_known: Rate,
}

/// Records that do not stand for exactly one person.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PersonRates {
    /// Of persons with two doses or more: split into several subjects.
    pub split: Rate,
    /// Of persons in a household: doses stand under another member's subject.
    pub merged: Rate,
    /// Test and placeholder records, per person.
    pub placeholder: Rate,
    /// Of children under 14: no number of their own.
    pub child_without_number: Rate,
    /// Of foreigners: no passport number.
    pub foreigner_without_passport: Rate,
}

/// The course of the campaign.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Series {
    /// Of those with a first dose: have a second.
    pub second: Rate,
    /// Of adults with a full course: have a booster.
    pub booster: Rate,
    /// Of adults with a booster: have another.
    pub second_booster: Rate,
    /// Of doses: in another commune of the district, or at a hospital.
    pub elsewhere_in_district: Rate,
    /// Of doses: in another province.
    pub other_province: Rate,
    /// Of doses: entered one to fourteen days late.
    pub entered_days_late: Rate,
    /// Of doses: entered later from paper, as historical.
    pub historical: Rate,
    /// Of doses: not in the file.
    pub missing: Rate,
}

/// How things are written without being wrong.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Style {
    /// Names in capitals.
    pub capitals: Rate,
    /// Doubled or trailing spaces.
    pub spaces: Rate,
    /// Birth dates as `dd/mm/yyyy`.
    pub slash_dates: Rate,
    /// Sex as `Nam` or `Nữ`.
    pub sex_words: Rate,
    /// Address as text beside the codes.
    pub address_text: Rate,
    /// Vaccine under another common name.
    pub vaccine_alias: Rate,
}

/// All rates. See the built-in profiles for how a file looks.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Profile {
    /// Who the people are.
    pub people: PeopleRates,
    /// Who lives away from home.
    pub migration: Migration,
    /// Records that are careless in everything.
    pub carelessness: Carelessness,
    /// The register's own mistakes.
    pub register: RegisterRates,
    /// Persons split, merged, or none.
    pub person: PersonRates,
    /// Identity number.
    pub number: NumberRates,
    /// Words of the name.
    pub name: NameRates,
    /// Letters of the name.
    pub accents: AccentRates,
    /// Birth date.
    pub birth: BirthRates,
    /// Sex.
    pub sex: SexRates,
    /// Telephone.
    pub phone: PhoneRates,
    /// Address.
    pub address: AddressRates,
    /// Writing habits.
    pub style: Style,
    /// Course of the campaign.
    pub series: Series,
    /// Doses entered twice.
    pub duplicate: DuplicateRates,
    /// Dose number.
    pub dose_number: DoseNumberRates,
    /// Injection date.
    pub dose_date: DoseDateRates,
    /// Vaccine.
    pub vaccine: VaccineRates,
    /// Lot.
    pub lot: LotRates,
    /// Facility, vaccinator, time of entry.
    pub entry: EntryRates,
}

impl Profile {
    /// Names of the profiles that come with the program.
    pub const BUILTIN: [&'static str; 3] = ["brief", "hard", "national"];

    /// `brief` (the ordinary case), `hard` (most children have no number, every field is worse) or `national` (tuned to the figures that
    /// Vietnam published in March and April 2022).
    ///
    /// # Errors
    /// [`SynthError::UnknownProfile`] for any other name.
    pub fn builtin(name: &str) -> Result<Self, SynthError> {
        match name {
            "brief" => Self::parse(include_str!("../profiles/brief.toml")),
            "hard" => Self::parse(include_str!("../profiles/hard.toml")),
            "national" => Self::parse(include_str!("../profiles/national.toml")),
            _ => Err(SynthError::UnknownProfile(name.to_owned())),
        }
    }

    /// Reads a profile in TOML and checks it.
    ///
    /// # Errors
    /// [`SynthError::Profile`] with the place for text that is no profile, [`SynthError::ProfileValue`] for rates that cannot be.
    pub fn parse(text: &str) -> Result<Self, SynthError> {
        let profile: Self = toml::from_str(text)?;
        profile.check()?;
        Ok(profile)
    }

    /// What the types cannot say: sums of exclusive rates, factors.
    fn check(&self) -> Result<(), SynthError> {
        let sums = [
            ("number", self.number.total()),
            ("name", self.name.total()),
            ("accents", self.accents.total()),
            ("birth", self.birth.total()),
            ("sex", self.sex.total()),
            ("phone", self.phone.total()),
            ("address", self.address.total()),
            ("duplicate", self.duplicate.total()),
            ("dose_number", self.dose_number.total()),
            ("dose_date", self.dose_date.total()),
            ("vaccine", self.vaccine.total()),
            ("lot", self.lot.total()),
            ("entry", self.entry.total()),
        ];
        if let Some((section, sum)) = sums.into_iter().find(|&(_, sum)| sum > 1.0) {
            return Err(SynthError::ProfileValue(format!(
                "the rates of [{section}] exclude each other and add up to {sum}: at most 1"
            )));
        }
        let factors = [
            ("migration.migrant_factor", self.migration.migrant_factor),
            (
                "migration.industrial_factor",
                self.migration.industrial_factor,
            ),
            ("carelessness.factor", self.carelessness.factor),
        ];
        for (name, factor) in factors {
            if !(0.0..=100.0).contains(&factor) {
                return Err(SynthError::ProfileValue(format!(
                    "{name} is {factor}: it must lie between 0 and 100"
                )));
            }
        }
        if self.carelessness.share.share() * self.carelessness.factor > 1.0
            || self.carelessness.share.share() >= 1.0
        {
            return Err(SynthError::ProfileValue(
                "carelessness.share × carelessness.factor is more than 1, or nobody is careful"
                    .into(),
            ));
        }
        Ok(())
    }

    /// How the rates of a record are multiplied.
    pub(crate) fn scales(&self) -> Scales {
        let share = self.carelessness.share.share();
        let careful = (1.0 - share * self.carelessness.factor) / (1.0 - share);
        let scale = |factor| Scale::new(factor).unwrap_or(Scale::ONE);
        Scales {
            careful: scale(careful),
            careless: scale(self.carelessness.factor),
            migrant: scale(self.migration.migrant_factor),
            industrial: scale(self.migration.industrial_factor),
        }
    }
}

/// The factors of a profile in fixed point.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Scales {
    careful: Scale,
    careless: Scale,
    migrant: Scale,
    industrial: Scale,
}

impl Scales {
    /// The scale of one record.
    pub(crate) fn of(self, careless: bool, migrant: bool, industrial: bool) -> Scale {
        let mut scale = if careless {
            self.careless
        } else {
            self.careful
        };
        if migrant {
            scale = scale.times(self.migrant);
        }
        if industrial {
            scale = scale.times(self.industrial);
        }
        scale
    }
}
