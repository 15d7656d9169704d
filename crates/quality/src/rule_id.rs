//! The ids of the rules: stable for ever, in the order of the catalogue.

macro_rules! rule_ids {
    ($($variant:ident $text:literal),* $(,)?) => {
        /// A rule of the catalogue. Ids are never reused or renumbered; a retired rule keeps its id and gets an end date.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[repr(u16)]
        pub enum RuleId {
            $(#[doc = $text] $variant),*
        }

        impl RuleId {
            /// All rules, in the order of the catalogue.
            pub const ALL: &'static [Self] = &[$(Self::$variant),*];

            /// The id as people write it: `ID-03`.
            pub fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),* }
            }
        }
    };
}

#[rustfmt::skip]
rule_ids! {
    Id01 "ID-01", Id02 "ID-02", Id03 "ID-03", Id04 "ID-04", Id05 "ID-05", Id06 "ID-06", Id07 "ID-07", Id08 "ID-08", Id09 "ID-09", Id10 "ID-10", Id11 "ID-11", Id12 "ID-12", Id13 "ID-13", Id14 "ID-14", Id15 "ID-15", Id16 "ID-16", Id17 "ID-17",
    Nm01 "NM-01", Nm02 "NM-02", Nm03 "NM-03", Nm04 "NM-04", Nm05 "NM-05", Nm06 "NM-06", Nm07 "NM-07", Nm08 "NM-08", Nm09 "NM-09", Nm10 "NM-10", Nm11 "NM-11", Nm12 "NM-12", Nm13 "NM-13", Nm14 "NM-14", Nm15 "NM-15", Nm16 "NM-16",
    Db01 "DB-01", Db02 "DB-02", Db03 "DB-03", Db04 "DB-04", Db05 "DB-05", Db06 "DB-06", Db07 "DB-07", Db08 "DB-08", Db09 "DB-09", Db10 "DB-10", Db11 "DB-11",
    Sx01 "SX-01", Sx02 "SX-02", Sx03 "SX-03",
    Nt01 "NT-01",
    Ls01 "LS-01", Ls02 "LS-02", Ls03 "LS-03", Ls04 "LS-04",
    Ct01 "CT-01", Ct02 "CT-02", Ct03 "CT-03", Ct04 "CT-04", Ct05 "CT-05", Ct06 "CT-06",
    Ad01 "AD-01", Ad02 "AD-02", Ad03 "AD-03", Ad04 "AD-04",
    Vd01 "VD-01", Vd02 "VD-02", Vd03 "VD-03", Vd04 "VD-04", Vd05 "VD-05", Vd06 "VD-06", Vd07 "VD-07", Vd08 "VD-08", Vd09 "VD-09", Vd10 "VD-10", Vd11 "VD-11", Vd12 "VD-12", Vd13 "VD-13", Vd14 "VD-14",
    Vp01 "VP-01", Vp02 "VP-02", Vp03 "VP-03", Vp04 "VP-04", Vp05 "VP-05", Vp06 "VP-06", Vp07 "VP-07",
    Lt01 "LT-01", Lt02 "LT-02", Lt03 "LT-03", Lt04 "LT-04", Lt05 "LT-05", Lt06 "LT-06", Lt07 "LT-07", Lt08 "LT-08", Lt09 "LT-09",
    Ex01 "EX-01", Ex02 "EX-02",
    Dn01 "DN-01", Dn02 "DN-02", Dn03 "DN-03", Dn04 "DN-04", Dn05 "DN-05", Dn06 "DN-06", Dn07 "DN-07", Dn08 "DN-08", Dn09 "DN-09", Dn10 "DN-10",
    Fc01 "FC-01", Fc02 "FC-02", Fc03 "FC-03", Fc04 "FC-04", Fc05 "FC-05", Fc06 "FC-06", Fc07 "FC-07", Fc08 "FC-08", Fc09 "FC-09",
    Du01 "DU-01", Du02 "DU-02", Du03 "DU-03", Du04 "DU-04", Du05 "DU-05", Du06 "DU-06", Du07 "DU-07", Du08 "DU-08", Du09 "DU-09", Du10 "DU-10",
    Nv01 "NV-01", Nv02 "NV-02", Nv03 "NV-03", Nv04 "NV-04", Nv05 "NV-05",
    Sg01 "SG-01", Sg02 "SG-02", Sg03 "SG-03", Sg04 "SG-04",
    Ce01 "CE-01", Ce02 "CE-02", Ce03 "CE-03", Ce04 "CE-04",
    Tk01 "TK-01", Tk02 "TK-02", Tk03 "TK-03", Tk04 "TK-04", Tk05 "TK-05", Tk06 "TK-06", Tk07 "TK-07", Tk08 "TK-08", Tk09 "TK-09", Tk10 "TK-10", Tk11 "TK-11", Tk12 "TK-12", Tk13 "TK-13", Tk14 "TK-14",
}

impl RuleId {
    /// Reads `ID-03`, in any case.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|id| id.as_str().eq_ignore_ascii_case(text.trim()))
    }

    /// Position in [`RuleId::ALL`], for packed columns.
    pub fn index(self) -> u16 {
        self as u16
    }

    /// The rule at a position of [`RuleId::ALL`].
    pub fn from_index(index: u16) -> Option<Self> {
        Self::ALL.get(usize::from(index)).copied()
    }

    /// The letters before the dash: the group of rules, `ID`.
    pub fn group(self) -> &'static str {
        self.as_str().split('-').next().unwrap_or_default()
    }
}

impl std::fmt::Display for RuleId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}

impl<'de> serde::Deserialize<'de> for RuleId {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        Self::parse(&text)
            .ok_or_else(|| serde::de::Error::custom(format!("no rule has the id {text}")))
    }
}

impl serde::Serialize for RuleId {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
