//! `cargo xtask bench platform`: queues, acts, places in the ledger and imports, on SQLite and on PostgreSQL.

use std::path::{Path, PathBuf};

use anyhow::{Context, Result, ensure};
use serde_json::Value;

use super::{Section, Targets, clean, grouped, national, out, table};
use crate::measure::{Spread, Usage, measure};
use crate::postgres::{For, Server};
use crate::shell;

/// Open rows of the two stores that are compared.
const SMALL: u64 = 10_000;
const LARGE: u64 = 500_000;
/// Pages at random places, of each queue in each run.
const PAGES: &str = "300";
/// What a page or a count of the larger store may take of the time that it takes in the smaller one, each in its least disturbed run.
const MOST_GROWTH: f64 = 1.5;
/// Seconds for a million subjects with their doses.
const MOST_SECONDS: [(Kind, f64); 2] = [(Kind::Sqlite, 180.0), (Kind::Postgres, 90.0)];

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Sqlite,
    Postgres,
}

/// The stores of a bench: files in a folder, databases of a server that ends with it.
struct Stores {
    folder: PathBuf,
    server: Server,
}

/// A figure that the example printed, and of which store.
struct Figure {
    store: Kind,
    items: u64,
    what: String,
    /// Milliseconds on the wall, or how many in a second.
    value: Timed,
    /// Milliseconds of the example's processor time for each.
    cpu: f64,
}

#[derive(Clone, Copy)]
enum Timed {
    Each { p50: f64, p95: f64 },
    PerSecond(f64),
}

/// An import.
struct Imported {
    store: Kind,
    ours: Usage,
    /// Seconds of the server's processor time.
    server: f64,
    rows: u64,
    doses: u64,
}

pub(super) fn run(people: u64, runs: u64) -> Result<Section> {
    let rates = shell::build(
        &[
            "--release",
            "--package",
            "platform",
            "--package",
            "minhchung",
            "--bin",
            "minhchung",
            "--example",
            "store_rates",
        ],
        "store_rates",
    )?;
    // The same build: both packages with the same features.
    let minhchung = rates
        .parent()
        .and_then(Path::parent)
        .context("the example lies in no target folder")?
        .join("minhchung");
    let stores = Stores::open()?;
    let queues = queues(&rates, &stores, runs)?;
    let mut acts = acts(&rates, &stores, runs)?;
    let imports = imports(&minhchung, &stores, people, runs)?;
    let mut targets = Targets::default();
    let rows = growth(&queues, &mut targets);
    let queue_table = table(
        &[
            "store",
            "what",
            &format!("{}: p50 ms", grouped(SMALL)),
            "p95 ms",
            &format!("{}: p50 ms", grouped(LARGE)),
            "p95 ms",
            "times p50",
            "times CPU of ours",
        ],
        &rows,
    );
    acts.extend(queues.into_iter().filter(Figure::is_rate));
    let (import_table, subjects, doses) = import_table(&imports, &mut targets);
    let text = format!(
        "## Queues, acts and imports\n\n\
         `cargo xtask bench platform --people {people} --runs {runs}` on SQLite (`synchronous=FULL`) and on a PostgreSQL server of its own\n\
         ({}), which writes through too. Median (smallest–largest) of {runs} runs.\n\n\
         ### Queues of {} and of {} open rows\n\n\
         Rows of cleaning lists, put in through batches of the store: a tenth of them in the province, a fiftieth in the commune, the others all\n\
         over the country. {PAGES} pages of 50 rows at random places and as many counts, both sizes in turn. \"Times\" compares\n\
         the runs that were disturbed least.\n\n{queue_table}\n\
         ### Acts and the ledger\n\n\
         A station looks at a row of the larger store and hands it out: load, rights, decision, one transaction with state, event, task and\n\
         counters, written through. Then entries get their places in the Merkle tree.\n\n{}\n\
         ### Import of {subjects} subjects with {doses} doses\n\n\
         `minhchung import --records subjects.parquet --doses doses.parquet --facilities facilities.parquet --cleaned result` into an empty store,\n\
         after `clean`; with every event's place in the ledger.\n\n{import_table}",
        For::Benches.words(),
        grouped(SMALL),
        grouped(LARGE),
        table(
            &[
                "store",
                "what",
                "p50 ms",
                "p95 ms",
                "a second",
                "CPU of ours, ms each"
            ],
            &act_rows(&acts)
        ),
    );
    Ok(Section {
        name: "platform",
        text,
        targets,
    })
}

impl Kind {
    const ALL: [Self; 2] = [Self::Sqlite, Self::Postgres];

    fn name(self) -> &'static str {
        match self {
            Self::Sqlite => "SQLite",
            Self::Postgres => "PostgreSQL",
        }
    }
}

impl Stores {
    fn open() -> Result<Self> {
        let folder = out().join("platform");
        shell::empty_folder(&folder)?;
        Ok(Self {
            folder,
            server: Server::start(For::Benches)?,
        })
    }

    /// A new store of this name.
    fn new_store(&self, kind: Kind, name: &str) -> Result<String> {
        self.drop_store(kind, name)?;
        match kind {
            Kind::Sqlite => Ok(format!("sqlite:{}", self.file(name).display())),
            Kind::Postgres => self.server.database(name),
        }
    }

    /// Stores are large: none stays that is not needed any more.
    fn drop_store(&self, kind: Kind, name: &str) -> Result<()> {
        if kind == Kind::Postgres {
            return self.server.drop_database(name);
        }
        for end in ["", "-wal", "-shm"] {
            let file = PathBuf::from(format!("{}{end}", self.file(name).display()));
            if file.exists() {
                std::fs::remove_file(&file)
                    .with_context(|| format!("cannot remove {}", file.display()))?;
            }
        }
        Ok(())
    }

    fn file(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.db"))
    }
}

/// Runs the example and reads what it prints.
fn figures(rates: &Path, store: Kind, items: u64, words: &[&str]) -> Result<Vec<Figure>> {
    let (_, printed) = measure(&mut shell::command(rates, words))?;
    let figure = |line: &str| {
        let told: Value = serde_json::from_str(line)?;
        let number = |name: &str| told[name].as_f64();
        let value = match (number("p50"), number("p95"), number("per_second")) {
            (Some(p50), Some(p95), _) => Timed::Each { p50, p95 },
            (_, _, Some(rate)) => Timed::PerSecond(rate),
            _ => anyhow::bail!("the example printed `{line}`"),
        };
        Ok(Figure {
            store,
            items,
            what: told["what"].as_str().unwrap_or_default().to_owned(),
            value,
            cpu: number("cpu").context("no CPU time")?,
        })
    };
    printed.lines().map(figure).collect()
}

/// Both sizes in turn, so that whatever else the machine does meets both.
fn queues(rates: &Path, stores: &Stores, runs: u64) -> Result<Vec<Figure>> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let mut urls = Vec::new();
        for items in [SMALL, LARGE] {
            let url = stores.new_store(kind, &format!("queue_{items}"))?;
            all.extend(figures(
                rates,
                kind,
                items,
                &["fill", &url, &items.to_string()],
            )?);
            urls.push((items, url));
        }
        for run in 0..runs {
            for (items, url) in &urls {
                let words = ["queues", url.as_str(), PAGES, &run.to_string()];
                all.extend(figures(rates, kind, *items, &words)?);
            }
        }
        stores.drop_store(kind, &format!("queue_{SMALL}"))?;
    }
    Ok(all)
}

/// Acts in the larger store.
fn acts(rates: &Path, stores: &Stores, runs: u64) -> Result<Vec<Figure>> {
    let mut all = Vec::new();
    for kind in Kind::ALL {
        let name = format!("queue_{LARGE}");
        let url = match kind {
            Kind::Sqlite => format!("sqlite:{}", stores.file(&name).display()),
            Kind::Postgres => stores.server.url_of(&name),
        };
        for run in 0..runs {
            // Not the rows with which the store was filled.
            let seed = (LARGE + 1 + run).to_string();
            all.extend(figures(rates, kind, LARGE, &["acts", &url, &seed])?);
        }
        stores.drop_store(kind, &name)?;
    }
    Ok(all)
}

/// What there are figures of, in the order in which they came.
fn whats(figures: &[Figure]) -> Vec<(Kind, &str)> {
    let mut whats = Vec::new();
    for figure in figures {
        let what = (figure.store, figure.what.as_str());
        if !whats.contains(&what) {
            whats.push(what);
        }
    }
    whats
}

fn of<'f>(figures: &'f [Figure], what: (Kind, &str), items: u64) -> Vec<&'f Figure> {
    let same =
        |figure: &&Figure| (figure.store, figure.what.as_str()) == what && figure.items == items;
    figures.iter().filter(same).collect()
}

impl Figure {
    fn is_rate(&self) -> bool {
        matches!(self.value, Timed::PerSecond(_))
    }

    fn p50(&self) -> f64 {
        match self.value {
            Timed::Each { p50, .. } => p50,
            Timed::PerSecond(_) => f64::NAN,
        }
    }

    fn p95(&self) -> f64 {
        match self.value {
            Timed::Each { p95, .. } => p95,
            Timed::PerSecond(_) => f64::NAN,
        }
    }

    fn per_second(&self) -> f64 {
        match self.value {
            Timed::Each { .. } => f64::NAN,
            Timed::PerSecond(rate) => rate,
        }
    }
}

/// Pages and counts of both sizes side by side.
fn growth(figures: &[Figure], targets: &mut Targets) -> Vec<Vec<String>> {
    let mut rows = Vec::new();
    for what in whats(figures) {
        let (small, large) = (of(figures, what, SMALL), of(figures, what, LARGE));
        let spread =
            |of: &[&Figure], figure: fn(&Figure) -> f64| Spread::of(of, 2, |it| figure(it));
        let times = spread(&large, Figure::p50).min() / spread(&small, Figure::p50).min();
        if times.is_nan() {
            continue;
        }
        let cpu = |of: &[&Figure]| Spread::of(of, 3, |figure| figure.cpu).min();
        let mut row = vec![what.0.name().to_owned(), what.1.to_owned()];
        for of_size in [&small, &large] {
            row.push(spread(of_size, Figure::p50).to_string());
            row.push(spread(of_size, Figure::p95).to_string());
        }
        row.push(format!("{times:.2}"));
        row.push(format!("{:.2}", cpu(&large) / cpu(&small)));
        rows.push(row);
        targets.add(
            format!("{}, {} at {} rows takes at most {MOST_GROWTH} times what it takes at {}; measured {times:.2}", what.0.name(), what.1, grouped(LARGE), grouped(SMALL)),
            times <= MOST_GROWTH,
        );
    }
    rows
}

fn act_rows(figures: &[Figure]) -> Vec<Vec<String>> {
    let row = |what: (Kind, &str)| {
        let of = of(figures, what, LARGE);
        let each = |figure: fn(&Figure) -> f64, digits| {
            let spread = Spread::of(&of, digits, |it| figure(it));
            if spread.median().is_nan() {
                String::new()
            } else {
                spread.to_string()
            }
        };
        vec![
            what.0.name().to_owned(),
            what.1.to_owned(),
            each(Figure::p50, 2),
            each(Figure::p95, 2),
            each(Figure::per_second, 0),
            each(|figure| figure.cpu, 3),
        ]
    };
    whats(figures).into_iter().map(row).collect()
}

/// Cleans a country and takes it into an empty store of each kind, as often as there are runs.
fn imports(minhchung: &Path, stores: &Stores, people: u64, runs: u64) -> Result<Vec<Imported>> {
    let data = national(minhchung, people)?;
    let cleaned = out().join(format!("cleaned_{people}"));
    if !cleaned.join("summary.json").exists() {
        shell::empty_folder(&cleaned)?;
        measure(&mut clean::command(minhchung, &data, &cleaned))?;
    }
    let mut imports = Vec::new();
    for _ in 0..runs {
        for store in Kind::ALL {
            let url = stores.new_store(store, "import")?;
            let before = stores.server.cpu_seconds()?;
            let mut import = shell::command(minhchung, &["import", "--json", "--store", &url]);
            import.arg("--records").arg(data.join("subjects.parquet"));
            import.arg("--doses").arg(data.join("doses.parquet"));
            import
                .arg("--facilities")
                .arg(data.join("facilities.parquet"));
            import.arg("--cleaned").arg(&cleaned);
            let (ours, printed) = measure(&mut import)?;
            let tally: Value = serde_json::from_str(&printed)?;
            ensure!(tally["reconciles"] == true, "rows are lost: {tally}");
            let count = |name: &str| tally[name].as_u64().context("no count");
            imports.push(Imported {
                store,
                ours,
                server: stores.server.cpu_seconds()? - before,
                rows: count("new")?,
                doses: count("doses")?,
            });
            stores.drop_store(store, "import")?;
        }
    }
    Ok(imports)
}

/// The table of imports, and how many subjects and doses went in.
fn import_table(imports: &[Imported], targets: &mut Targets) -> (String, String, String) {
    let count = |of: fn(&Imported) -> u64| imports.first().map_or(0, of);
    let (subjects, doses) = (count(|it| it.rows), count(|it| it.doses));
    let mut rows = Vec::new();
    for (kind, most) in MOST_SECONDS {
        let of: Vec<&Imported> = imports.iter().filter(|it| it.store == kind).collect();
        let wall = Spread::of(&of, 1, |it| it.ours.wall);
        if subjects >= 1_000_000 {
            targets.add(
                format!(
                    "{}: a million subjects in at most {most} s; measured {:.1}",
                    kind.name(),
                    wall.median()
                ),
                wall.median() <= most,
            );
        }
        rows.push(vec![
            kind.name().to_owned(),
            wall.to_string(),
            Spread::of(&of, 1, |it| it.ours.cpu).to_string(),
            Spread::of(&of, 1, |it| it.server).to_string(),
            Spread::of(&of, 0, |it| it.ours.memory as f64 / 1_048_576.0).to_string(),
            Spread::of(&of, 0, |it| it.rows as f64 / it.ours.wall).to_string(),
        ]);
    }
    let head = [
        "store",
        "wall s",
        "CPU s of ours",
        "CPU s of the server",
        "peak MiB of ours",
        "subjects a second",
    ];
    (table(&head, &rows), grouped(subjects), grouped(doses))
}
