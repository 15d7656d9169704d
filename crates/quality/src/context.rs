//! What the checks know besides the record: the catalogue, the day, the lists of facilities and lots, the columns of the file.

use jiff::civil::Date;
use registry::fields::{DoseField, Field, SubjectField};

use crate::catalogue::{Catalogue, Severity};
use crate::finding::Finding;
use crate::limits::Limits;
use crate::rule_id::RuleId;
use crate::tables::{FacilityTable, LotTable};

/// What the checks know besides the record. Shared by all threads.
#[derive(Debug)]
pub struct Context<'a> {
    /// The rules.
    pub catalogue: &'a Catalogue,
    /// The day of the data: nothing may lie after it.
    pub as_of: Date,
    /// The list of facilities, where there is one.
    pub facilities: Option<FacilityTable>,
    /// The list of lots, where there is one.
    pub lots: Option<LotTable>,
    subject_columns: u64,
    dose_columns: u64,
    /// Severity of each rule in force on the day; `None` for the others.
    active: Vec<Option<Severity>>,
}

impl<'a> Context<'a> {
    /// A context without lists, for files that have all columns.
    pub fn new(catalogue: &'a Catalogue, as_of: Date) -> Self {
        let active = catalogue
            .rules()
            .iter()
            .map(|rule| rule.in_force(as_of).then_some(rule.severity))
            .collect();
        Self {
            catalogue,
            as_of,
            facilities: None,
            lots: None,
            subject_columns: u64::MAX,
            dose_columns: u64::MAX,
            active,
        }
    }

    /// With a list of facilities.
    #[must_use]
    pub fn with_facilities(mut self, facilities: FacilityTable) -> Self {
        self.facilities = Some(facilities);
        self
    }

    /// With a list of lots.
    #[must_use]
    pub fn with_lots(mut self, lots: LotTable) -> Self {
        self.lots = Some(lots);
        self
    }

    /// Says which columns the file of subjects has. A column that is absent altogether is a remark about the file, not a finding in each row.
    #[must_use]
    pub fn with_subject_columns(mut self, columns: &[SubjectField]) -> Self {
        self.subject_columns = columns
            .iter()
            .fold(0, |set, field| set | 1 << field.index());
        self
    }

    /// Says which columns the file of doses has.
    #[must_use]
    pub fn with_dose_columns(mut self, columns: &[DoseField]) -> Self {
        self.dose_columns = columns
            .iter()
            .fold(0, |set, field| set | 1 << field.index());
        self
    }

    pub(crate) fn subject_has(&self, field: SubjectField) -> bool {
        self.subject_columns & (1 << field.index()) != 0
    }

    pub(crate) fn dose_has(&self, field: DoseField) -> bool {
        self.dose_columns & (1 << field.index()) != 0
    }

    pub(crate) fn limits(&self) -> &'a Limits {
        self.catalogue.limits()
    }

    /// The finding with its severity, when its rule is in force.
    pub(crate) fn admit(&self, mut finding: Finding) -> Option<Finding> {
        finding.severity = (*self.active.get(usize::from(finding.rule.index()))?)?;
        Some(finding)
    }

    /// True when the rule is in force, for checks that cost something.
    pub(crate) fn is_active(&self, rule: RuleId) -> bool {
        self.active
            .get(usize::from(rule.index()))
            .is_some_and(Option::is_some)
    }
}

/// Where findings go.
pub(crate) struct Sink<'s, 'c> {
    pub(crate) ctx: &'s Context<'c>,
    out: &'s mut Vec<Finding>,
}

impl<'s, 'c> Sink<'s, 'c> {
    pub(crate) fn new(ctx: &'s Context<'c>, out: &'s mut Vec<Finding>) -> Self {
        Self { ctx, out }
    }

    pub(crate) fn raise(&mut self, finding: Finding) {
        self.out.extend(self.ctx.admit(finding));
    }

    /// Raises a finding of a rule with grades at most as a hint.
    pub(crate) fn hint(&mut self, finding: Finding) {
        self.out.extend(self.ctx.admit(finding).map(|mut finding| {
            finding.severity = Severity::Info;
            finding
        }));
    }

    pub(crate) fn limits(&self) -> &'c Limits {
        self.ctx.limits()
    }
}
