//! An issuing profile: everything about a certificate that a country decides, as dated data.

use jiff::civil::Date;
use registry::text::Text;
use registry::vaccine::{Named, Product, named};
use serde::Deserialize;
use signing::Algorithm;

use crate::numbering::Policy;
use crate::uvci::UvciStyle;
use crate::value_sets::{Encoding, ValueSets};

/// How one country issues.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// Its name.
    pub id: String,
    /// First day on which certificates are issued by it.
    pub valid_from: Date,
    /// ISO 3166-1 alpha-2, for `iss`, `co` and the UVCI.
    pub country: String,
    /// `is`, at most 80 characters.
    pub issuer: String,
    /// Of the signature.
    pub algorithm: Algorithm,
    /// `ver`
    pub schema_version: String,
    /// Which code stands in `vp`.
    pub prophylaxis: Prophylaxis,
    /// Form of identifiers.
    pub uvci: UvciStyle,
    /// How doses are numbered.
    pub numbering: &'static Policy,
    /// Months from creation to expiry, 1 to 12 (Decision 5772/QĐ-BYT: 12).
    pub validity_months: u8,
    /// Of the QR code.
    pub qr_error_correction: QrErrorCorrection,
    /// What the certificate is called, on paper.
    pub title: Text,
    /// Who issues it, on paper: the authority that `issuer` names in the letters of the code.
    pub authority: Text,
    /// Its ground, on paper: one sentence.
    pub basis: Text,
}

impl Profile {
    /// The current advice of the EU.
    pub const EU_2023: &str = include_str!("../profiles/eu-2023.toml");
    /// The country's production profile of 2022, its errors corrected.
    pub const VN_2022: &str = include_str!("../profiles/vn-2022.toml");

    /// Reads a profile from TOML; those that ship are the pattern.
    ///
    /// # Errors
    /// [`ProfileError`]: what has to be mended in the file.
    ///
    /// ```
    /// use passport::profile::Profile;
    /// assert_eq!(Profile::parse(Profile::VN_2022)?.issuer, "Ban Co Yeu");
    /// # Ok::<(), passport::profile::ProfileError>(())
    /// ```
    pub fn parse(toml: &str) -> Result<Self, ProfileError> {
        let file: File =
            toml::from_str(toml).map_err(|error| ProfileError::Form(error.to_string()))?;
        file.check()?;
        let numbering = Policy::by_id(&file.numbering)
            .ok_or_else(|| ProfileError::Numbering(file.numbering.clone()))?;
        Ok(Self {
            id: file.id,
            valid_from: file.valid_from,
            country: file.country,
            issuer: file.issuer,
            algorithm: match file.algorithm {
                AlgorithmName::Es256 => Algorithm::Es256,
                AlgorithmName::Ps256 => Algorithm::Ps256,
            },
            schema_version: file.schema_version,
            prophylaxis: file.prophylaxis,
            uvci: file.uvci,
            numbering,
            validity_months: file.validity_months,
            qr_error_correction: file.qr_error_correction,
            title: file.title,
            authority: file.authority,
            basis: file.basis,
        })
    }

    /// The codes of a vaccine as someone wrote it, with the manufacturer where it is given.
    ///
    /// # Errors
    /// [`Refusal`]: why no certificate can be issued for it.
    ///
    /// ```
    /// use passport::profile::{Profile, Refusal};
    /// let profile = Profile::parse(Profile::EU_2023)?;
    /// let codes = profile.codes_of("Vero Cell", Some("Beijing Institute"));
    /// assert_eq!(codes.map(|codes| codes.product), Ok("BBIBP-CorV"));
    /// assert!(matches!(profile.codes_of("Vero Cell", None), Err(Refusal::Ambiguous { .. })));
    /// # Ok::<(), passport::profile::ProfileError>(())
    /// ```
    pub fn codes_of(
        &self,
        vaccine: &str,
        manufacturer: Option<&str>,
    ) -> Result<VaccineCodes, Refusal> {
        match named(vaccine, manufacturer) {
            Named::Product(product) | Named::Alias { product, .. } => self.codes(product),
            Named::Generic => Err(Refusal::Generic),
            Named::Ambiguous(products) => Err(Refusal::Ambiguous {
                products: products
                    .iter()
                    .map(|product| product.name)
                    .collect::<Vec<_>>()
                    .join(", "),
            }),
            Named::Unknown => Err(Refusal::NoCode {
                vaccine: vaccine.into(),
            }),
        }
    }

    /// The codes of a product: never a deprecated one, never a manufacturer or prophylaxis that does not belong to it.
    ///
    /// # Errors
    /// [`Refusal`]: it has no code, or none that may be issued.
    pub fn codes(&self, product: &'static Product) -> Result<VaccineCodes, Refusal> {
        let no_code = || Refusal::NoCode {
            vaccine: product.name.into(),
        };
        let mp = product.mp.ok_or_else(no_code)?;
        let encoding = ValueSets::eu().encoding(mp).ok_or_else(no_code)?;
        if !encoding.issuable {
            return Err(Refusal::Deprecated { code: mp.into() });
        }
        Ok(VaccineCodes {
            vaccine: product,
            product: mp,
            manufacturer: &encoding.manufacturer,
            prophylaxis: self.prophylaxis.of(encoding).ok_or_else(no_code)?,
        })
    }
}

/// The three codes of one product, which belong together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct VaccineCodes {
    /// The product in our table.
    pub vaccine: &'static Product,
    /// `mp`
    pub product: &'static str,
    /// `ma`
    pub manufacturer: &'static str,
    /// `vp`
    pub prophylaxis: &'static str,
}

/// Why no certificate can be issued for a vaccine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Refusal {
    /// The name stands for several products.
    #[error(
        "several products have this name ({products}); the lot or the manufacturer must decide"
    )]
    Ambiguous {
        /// Which.
        products: String,
    },
    /// "Covid vaccine".
    #[error("no product is named")]
    Generic,
    /// As Nanocovax: nobody abroad could read it.
    #[error("{vaccine:?} has no code in the EU value sets")]
    NoCode {
        /// As it was written.
        vaccine: String,
    },
    /// Its code must not be written any more.
    #[error("the code {code} is deprecated and no longer issued")]
    Deprecated {
        /// Which.
        code: String,
    },
}

/// Which prophylaxis code is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Prophylaxis {
    /// The kind of vaccine (mRNA, vector, inactivated), where it has a code.
    Specific,
    /// 28531000087107, any vaccine against COVID-19.
    General,
}

impl Prophylaxis {
    fn of(self, encoding: &'static Encoding) -> Option<&'static str> {
        const ANY: &str = "28531000087107";
        let mut codes = encoding.prophylaxis.iter().map(String::as_str);
        let specific = codes.clone().find(|code| *code != ANY);
        let any = codes.find(|code| *code == ANY);
        match self {
            Self::Specific => specific.or(any),
            Self::General => any.or(specific),
        }
    }
}

/// How much of a QR code may be lost.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum QrErrorCorrection {
    /// 7 %
    L,
    /// 15 %
    M,
    /// 25 %, the EU's advice.
    Q,
    /// 30 %
    H,
}

/// What is wrong with a profile.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileError {
    /// Not TOML, a field missing, unknown or of another type.
    #[error("the profile cannot be read: {0}")]
    Form(String),
    /// A value that cannot be.
    #[error("{field}: {problem}")]
    Value {
        /// Which field.
        field: &'static str,
        /// What is wrong.
        problem: &'static str,
    },
    /// No policy of that name.
    #[error("numbering: there is no policy {0:?}")]
    Numbering(String),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    id: String,
    valid_from: Date,
    country: String,
    issuer: String,
    algorithm: AlgorithmName,
    schema_version: String,
    value_sets: String,
    prophylaxis: Prophylaxis,
    uvci: UvciStyle,
    numbering: String,
    validity_months: u8,
    qr_error_correction: QrErrorCorrection,
    title: Text,
    authority: Text,
    basis: Text,
}

#[derive(Deserialize)]
#[serde(rename_all = "UPPERCASE")]
enum AlgorithmName {
    Es256,
    Ps256,
}

impl File {
    fn check(&self) -> Result<(), ProfileError> {
        let wrong = |field, problem| Err(ProfileError::Value { field, problem });
        if self.country.len() != 2 || !self.country.bytes().all(|b| b.is_ascii_uppercase()) {
            return wrong("country", "not two capital letters");
        }
        if self.issuer.trim().is_empty() || self.issuer.chars().count() > crate::schema::MAX_LENGTH
        {
            return wrong("issuer", "empty or longer than 80 characters");
        }
        for (field, text) in [("title", &self.title), ("authority", &self.authority)] {
            if text.vi.trim().is_empty() || text.en.trim().is_empty() {
                return wrong(field, "empty in a language");
            }
        }
        if self.value_sets != ValueSets::RELEASE {
            return wrong("value_sets", "not the release that this program contains");
        }
        if !(1..=12).contains(&self.validity_months) {
            return wrong("validity_months", "not 1 to 12");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_profiles_are_whole_and_their_texts_are_in_nfc() {
        for toml in [Profile::EU_2023, Profile::VN_2022] {
            let profile = Profile::parse(toml).unwrap();
            assert!(toml.contains(&profile.id));
            for text in [profile.title, profile.authority, profile.basis] {
                assert_eq!(registry::name::nfc(&text.vi), text.vi);
                assert_ne!(text.vi, text.en);
            }
        }
    }

    #[test]
    fn every_licensed_vaccine_has_consistent_codes_that_are_not_deprecated() {
        for toml in [Profile::EU_2023, Profile::VN_2022] {
            let profile = Profile::parse(toml).unwrap();
            for product in registry::vaccine::products() {
                let codes = profile.codes(product).unwrap();
                let encoding = ValueSets::eu().encoding(codes.product).unwrap();
                assert!(encoding.issuable);
                assert_eq!(encoding.manufacturer, codes.manufacturer);
                assert!(
                    encoding
                        .prophylaxis
                        .iter()
                        .any(|vp| vp == codes.prophylaxis)
                );
            }
        }
    }

    #[test]
    fn a_vaccine_that_cannot_be_issued_is_refused_with_the_reason() {
        let profile = Profile::parse(Profile::EU_2023).unwrap();
        let nanocovax = Refusal::NoCode {
            vaccine: "Nanocovax".into(),
        };
        assert_eq!(profile.codes_of("Nanocovax", None), Err(nanocovax));
        assert_eq!(
            profile.codes_of("Vaccine Covid-19", None),
            Err(Refusal::Generic)
        );
        let ambiguous = profile.codes_of("Vero Cell", Some("Sinopharm"));
        assert!(matches!(ambiguous, Err(Refusal::Ambiguous { .. })));
        // The deprecated code of a product that has a successor is read as its successor.
        let old = profile.codes_of("Inactivated-SARS-CoV-2-Vero-Cell", None);
        assert_ne!(
            old.map(|codes| codes.product),
            Ok("Inactivated-SARS-CoV-2-Vero-Cell")
        );
    }

    #[test]
    fn a_wrong_profile_is_refused_with_the_field() {
        for (from, to) in [
            ("country = \"VN\"", "country = \"vn\""),
            ("validity_months = 12", "validity_months = 36"),
            ("value_sets = \"2.12.0\"", "value_sets = \"3\""),
            ("numbering = \"2022\"", "numbering = \"1999\""),
            ("algorithm = \"ES256\"", "algorithm = \"RS256\""),
            (
                "authority]\nvi = \"Bộ Y tế Việt Nam\"",
                "authority]\nvi = \"\"",
            ),
            ("id = ", "unknown = 1\nid = "),
        ] {
            let changed = Profile::EU_2023.replace(from, to);
            assert_ne!(changed, Profile::EU_2023);
            let field = from.split([' ', ']']).next().unwrap();
            let error = Profile::parse(&changed).unwrap_err().to_string();
            assert!(
                error.contains(field) || error.contains("unknown"),
                "{error}"
            );
        }
    }
}
