//! A whole invented country in memory, by table and column.

use std::collections::HashMap;

use arrow_array::cast::AsArray as _;
use arrow_array::{Array as _, RecordBatch};
use arrow_schema::DataType;
use registry::area::ProvinceCode;
use synth::{Chunk, Counts, DEFAULT_TODAY, Order, Profile, Sink, SynthError, Table, generate};

/// The order of most tests.
pub(crate) fn order(people: u64, profile: &str) -> Order {
    let profile = Profile::builtin(profile).expect("a built-in profile is valid");
    Order {
        people,
        seed: 7,
        profile,
        provinces: None,
        today: DEFAULT_TODAY,
    }
}

/// The same in Thái Nguyên.
pub(crate) fn one_province(people: u64, profile: &str) -> Order {
    Order {
        provinces: Some(vec![ProvinceCode(19)]),
        ..order(people, profile)
    }
}

/// `national` with every rate of a mistake set to zero.
pub(crate) fn faultless() -> Profile {
    let mut table: toml::Table =
        toml::from_str(include_str!("../../profiles/national.toml")).expect("TOML");
    let facts = ["people", "migration", "series", "style", "carelessness"];
    for (section, rates) in table
        .iter_mut()
        .filter(|(section, _)| !facts.contains(&section.as_str()))
    {
        for (_, rate) in rates
            .as_table_mut()
            .unwrap_or_else(|| panic!("{section} is a section"))
        {
            *rate = toml::Value::Float(0.0);
        }
    }
    table["series"]["missing"] = toml::Value::Float(0.0);
    Profile::parse(&table.to_string()).expect("zeros are rates")
}

/// All rows of all tables.
#[derive(Default)]
pub(crate) struct Country {
    batches: HashMap<Table, Vec<RecordBatch>>,
    pub(crate) counts: Counts,
}

impl Sink for Country {
    fn take(&mut self, chunk: Chunk) -> Result<(), SynthError> {
        for (table, batch) in chunk.batches {
            self.batches.entry(table).or_default().push(batch);
        }
        Ok(())
    }
}

impl Country {
    pub(crate) fn of(order: &Order) -> Self {
        let mut country = Self::default();
        country.counts = generate(order, &mut country).expect("the order can be met");
        country
    }

    /// A column as text; booleans are "1" and "0", null is empty.
    pub(crate) fn column(&self, table: Table, name: &str) -> Vec<String> {
        let text = |column: &arrow_array::ArrayRef, row| match column.data_type() {
            DataType::Boolean => u8::from(column.as_boolean().value(row)).to_string(),
            _ if column.is_null(row) => String::new(),
            _ => column.as_string::<i32>().value(row).to_owned(),
        };
        self.batches[&table]
            .iter()
            .flat_map(|batch| {
                let column = batch
                    .column_by_name(name)
                    .unwrap_or_else(|| panic!("{name} is a column of {table:?}"));
                (0..batch.num_rows()).map(move |row| text(column, row))
            })
            .collect()
    }

    /// Some columns side by side.
    pub(crate) fn columns<const N: usize>(
        &self,
        table: Table,
        names: [&str; N],
    ) -> Vec<[String; N]> {
        let mut columns = names.map(|name| self.column(table, name).into_iter());
        let rows = self.batches[&table].iter().map(RecordBatch::num_rows).sum();
        (0..rows)
            .map(|_| {
                columns
                    .each_mut()
                    .map(|column| column.next().expect("columns are equally long"))
            })
            .collect()
    }
}
