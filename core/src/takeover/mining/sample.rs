//! A sample: the traits of one request as 32 numbers of 16 bits.

use super::dictionary::{Dictionary, NONE, OTHER};
use super::dimension::Dimension;
use super::traits::Traits;
use crate::takeover::event::TRAIT_HEADERS;

/// The number of columns that hold numbers of the dictionary.
pub const COLUMNS: usize = NAMES + 1 + ALWAYS.len() + TRAIT_HEADERS;
/// The column of the set of header names.
pub const NAMES: usize = SIMPLE.len();
/// The first column of the values of configured headers.
pub const CONFIGURED: usize = NAMES + 1 + ALWAYS.len();

/// The dimensions of the first columns.
const SIMPLE: [Dimension; 10] = [
    Dimension::UserAgent,
    Dimension::UserAgentFamily,
    Dimension::HeaderBits,
    Dimension::HeaderUnknown,
    Dimension::HeaderFull,
    Dimension::Path,
    Dimension::Order,
    Dimension::Proxies,
    Dimension::Endpoint,
    Dimension::Network,
];
/// The headers whose values every service compares.
const ALWAYS: [&str; 4] = ["accept", "accept-encoding", "accept-language", "content-type"];

/// The headers whose values are compared, in lower case: four, and those of the configuration.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Columns(Vec<String>);

impl Columns {
    /// The columns for these configured headers.
    pub fn new(configured: &[String]) -> Self {
        Columns(configured.iter().take(TRAIT_HEADERS).cloned().collect())
    }

    /// The configured headers.
    pub fn configured(&self) -> &[String] {
        &self.0
    }

    /// The dimension of a column and the name of its header, except for [`NAMES`].
    pub fn dimension(&self, column: usize) -> Option<(Dimension, &str)> {
        if let Some(dimension) = SIMPLE.get(column) {
            return Some((*dimension, ""));
        }
        let nth = column.checked_sub(NAMES + 1)?;
        let header = match ALWAYS.get(nth) {
            Some(header) => header,
            None => self.0.get(nth - ALWAYS.len())?.as_str(),
        };
        Some((Dimension::Value, header))
    }

    /// The column of a dimension and header.
    pub fn column(&self, dimension: Dimension, header: &str) -> Option<usize> {
        (0..COLUMNS).find(|column| self.dimension(*column) == Some((dimension, header)))
    }
}

/// What is known of a request besides its strings.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Facts(pub u16);

impl Facts {
    const FLAGGED: u16 = 1;
    const COOKIES_KNOWN: u16 = 2;
    const COOKIES: u16 = 4;
    const EXISTS_KNOWN: u16 = 8;
    const EXISTS: u16 = 16;

    fn of(traits: &Traits<'_>) -> Self {
        let known = |value: Option<bool>, known, bit| match value {
            None => 0,
            Some(false) => known,
            Some(true) => known | bit,
        };
        let flagged = if traits.is_flagged() { Self::FLAGGED } else { 0 };
        let cookies = known(traits.has_cookies(), Self::COOKIES_KNOWN, Self::COOKIES);
        Facts(flagged | cookies | known(traits.exists(), Self::EXISTS_KNOWN, Self::EXISTS))
    }

    /// Whether the source is a known offender.
    pub fn is_flagged(self) -> bool {
        self.0 & Self::FLAGGED != 0
    }

    /// Whether the request has cookies.
    pub fn has_cookies(self) -> Option<bool> {
        (self.0 & Self::COOKIES_KNOWN != 0).then_some(self.0 & Self::COOKIES != 0)
    }

    /// Whether the account exists.
    pub fn exists(self) -> Option<bool> {
        (self.0 & Self::EXISTS_KNOWN != 0).then_some(self.0 & Self::EXISTS != 0)
    }
}

/// A sampled request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sample {
    /// The number of each column's string.
    pub ids: [u16; COLUMNS],
    /// The other traits.
    pub facts: Facts,
    /// When it came, in seconds since the Unix epoch.
    pub at_s: u32,
    /// A hash of its source, for counting sources.
    pub source: u32,
}

impl Sample {
    /// Samples a request. The references it holds in the dictionary are returned by [`Sample::release`].
    pub fn take(traits: &Traits<'_>, at_s: u32, columns: &Columns, strings: &mut Dictionary) -> Self {
        let mut ids = [NONE; COLUMNS];
        for (column, id) in ids.iter_mut().enumerate() {
            if column == NAMES {
                *id = traits.header_names().map_or(NONE, |names| strings.refer(&names, false));
            } else if let Some((dimension, header)) = columns.dimension(column) {
                let value = traits.value(dimension, header);
                *id = value.map_or(NONE, |value| strings.refer(&value.text, value.cut));
            }
        }
        Sample { ids, facts: Facts::of(traits), at_s, source: traits.source() }
    }

    /// Returns the sample's references to the dictionary.
    pub fn release(&self, strings: &mut Dictionary) {
        self.ids.iter().for_each(|id| strings.release(*id));
    }

    /// Gives up the strings that no other sample has.
    pub fn give_up_unique(&mut self, strings: &mut Dictionary) {
        for id in &mut self.ids {
            if strings.references(*id) == 1 {
                strings.release(*id);
                *id = OTHER;
            }
        }
    }
}
