//! Rows on their way into a table, column by column.

/// The values of a column, one for each row.
#[derive(Debug)]
pub(crate) enum Column<'r> {
    Text(Vec<&'r str>),
    Integer(Vec<Option<i64>>),
    Bytes(Vec<&'r [u8]>),
}

/// Rows for one statement. All columns have the same length.
#[derive(Debug)]
pub(crate) struct Rows<'r> {
    pub(crate) table: &'static str,
    pub(crate) columns: Vec<(&'static str, Column<'r>)>,
    /// What becomes of a row that is there already: the rest of the statement, or nothing, and then it is an error.
    pub(crate) conflict: &'static str,
}

impl<'r> Rows<'r> {
    pub(crate) fn into(table: &'static str) -> Self {
        Self {
            table,
            columns: Vec::new(),
            conflict: "",
        }
    }

    pub(crate) fn text(
        mut self,
        name: &'static str,
        values: impl Iterator<Item = &'r str>,
    ) -> Self {
        self.columns.push((name, Column::Text(values.collect())));
        self
    }

    pub(crate) fn integer(self, name: &'static str, values: impl Iterator<Item = i64>) -> Self {
        self.maybe_integer(name, values.map(Some))
    }

    pub(crate) fn maybe_integer(
        mut self,
        name: &'static str,
        values: impl Iterator<Item = Option<i64>>,
    ) -> Self {
        self.columns.push((name, Column::Integer(values.collect())));
        self
    }

    pub(crate) fn bytes(
        mut self,
        name: &'static str,
        values: impl Iterator<Item = &'r [u8]>,
    ) -> Self {
        self.columns.push((name, Column::Bytes(values.collect())));
        self
    }

    pub(crate) fn on_conflict(mut self, rest: &'static str) -> Self {
        self.conflict = rest;
        self
    }

    /// How many rows.
    pub(crate) fn len(&self) -> usize {
        self.columns.first().map_or(0, |(_, column)| match column {
            Column::Text(values) => values.len(),
            Column::Integer(values) => values.len(),
            Column::Bytes(values) => values.len(),
        })
    }

    /// `TABLE (COLUMN, …)`.
    pub(crate) fn target(&self) -> String {
        let names: Vec<&str> = self.columns.iter().map(|(name, _)| *name).collect();
        format!("{} ({})", self.table, names.join(", "))
    }
}
