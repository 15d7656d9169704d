//! What all chunks share: tables, places, campaign, rates.

use arrow_array::RecordBatch;
use jiff::civil::Date;
use registry::area::{ProvinceCode, Vintage};
use registry::fields::{FacilityField, LotField};

use crate::campaign::Campaign;
use crate::names::Names;
use crate::places::Places;
use crate::profile::{Profile, Scales};
use crate::tables::{Table, Texts};
use crate::{CHUNK, Chunk, Counts, Order, SynthError};

/// Read-only surroundings of the people.
#[derive(Debug)]
pub(crate) struct World {
    pub(crate) seed: u64,
    pub(crate) people: u64,
    /// Number of chunks.
    pub(crate) chunks: u64,
    pub(crate) today: Date,
    pub(crate) profile: Profile,
    pub(crate) scales: Scales,
    pub(crate) names: Names,
    pub(crate) places: Places,
    pub(crate) campaign: Campaign,
}

impl World {
    /// The world of an order.
    pub(crate) fn new(order: &Order) -> Result<Self, SynthError> {
        if order.people == 0 || order.people > crate::MOST_PEOPLE {
            return Err(SynthError::People(order.people));
        }
        Ok(Self {
            seed: order.seed,
            people: order.people,
            chunks: order.people.div_ceil(CHUNK as u64),
            today: order.today,
            scales: order.profile.scales(),
            names: Names::new(),
            places: Places::new(
                order.provinces.as_deref(),
                &order.profile.migration.industrial,
            )?,
            campaign: Campaign::new(order.seed)?,
            profile: order.profile.clone(),
        })
    }

    /// How many people a chunk has.
    pub(crate) fn chunk_len(&self, chunk: u64) -> usize {
        let first = chunk * CHUNK as u64;
        (self.people.saturating_sub(first)).min(CHUNK as u64) as usize
    }
}

impl World {
    /// Facilities and lots.
    pub(crate) fn catalogues(&self) -> Result<Chunk, SynthError> {
        let counts = Counts {
            facilities: self.places.sites.len() as u64,
            lots: self.campaign.lots.len() as u64,
            ..Counts::default()
        };
        let batches = vec![
            (Table::Facilities, self.facilities()?),
            (Table::Lots, self.lots()?),
        ];
        Ok(Chunk { batches, counts })
    }

    fn facilities(&self) -> Result<RecordBatch, SynthError> {
        let mut rows = Texts::<FacilityField>::with_capacity(self.places.sites.len());
        for site in &self.places.sites {
            let place = self.places.place(site.place);
            rows.put(FacilityField::Code, &site.code);
            rows.put(FacilityField::Name, &site.name);
            rows.put(FacilityField::Commune, &place.commune.to_string());
            rows.put(FacilityField::District, &place.district.to_string());
            rows.put(FacilityField::Province, &place.province.to_string());
            rows.put(FacilityField::Phone, &format!("0{:09}", site.phone));
            rows.put(
                FacilityField::AuthorisedFrom,
                &site.authorised_from.to_string(),
            );
            rows.put(
                FacilityField::ClosedOn,
                &site
                    .closed_on
                    .map_or_else(String::new, |day| day.to_string()),
            );
            let successor = site
                .successor
                .map_or("", |successor| &self.places.site(successor).code);
            rows.put(FacilityField::Successor, successor);
            rows.end_row();
        }
        Ok(rows.batch(Table::Facilities)?)
    }

    fn lots(&self) -> Result<RecordBatch, SynthError> {
        let mut rows = Texts::<LotField>::with_capacity(self.campaign.lots.len());
        for lot in &self.campaign.lots {
            let provinces: Vec<String> = lot
                .provinces
                .iter()
                .map(|&code| ProvinceCode(code))
                .filter(|code| Vintage::Of2022.province(*code).is_some())
                .map(|code| code.to_string())
                .collect();
            rows.put(LotField::Lot, &lot.number);
            rows.put(LotField::Product, lot.product.key);
            rows.put(LotField::Expiry, &lot.expiry.to_string());
            rows.put(LotField::Provinces, &provinces.join("|"));
            rows.put(
                LotField::RecalledOn,
                &lot.recalled_on
                    .map_or_else(String::new, |day| day.to_string()),
            );
            rows.end_row();
        }
        Ok(rows.batch(Table::Lots)?)
    }
}
