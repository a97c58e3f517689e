//! Places.
use crate::{
    check::{At, Findings, Validate, blank},
    wire::{FromJson, Reader},
};
use serde_json::Value;
use std::str::FromStr;

/// Why a number is no coordinate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid coordinate: {}", self.problem())]
#[non_exhaustive]
pub enum InvalidCoordinate {
    /// NaN, infinite, or no number at all.
    NotANumber,
    /// Beyond the pole or the date line.
    OutOfRange {
        /// 90 for a latitude, 180 for a longitude.
        limit: u8,
    },
}

impl InvalidCoordinate {
    /// What is wrong, without the subject: for a message that names the place already.
    #[must_use]
    pub fn problem(&self) -> String {
        match self {
            Self::NotANumber => "is no finite number of degrees, such as -33.86".to_owned(),
            Self::OutOfRange { limit } => format!("lies outside -{limit} to {limit} degrees"),
        }
    }
}

macro_rules! coordinate {
    ($(#[$meta:meta])* $name:ident, $limit:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            /// The coordinate, if it is finite and in range.
            ///
            /// # Errors
            /// [`InvalidCoordinate`].
            pub fn new(degrees: f64) -> Result<Self, InvalidCoordinate> {
                if !degrees.is_finite() {
                    Err(InvalidCoordinate::NotANumber)
                } else if degrees.abs() > f64::from($limit) {
                    Err(InvalidCoordinate::OutOfRange { limit: $limit })
                } else {
                    Ok(Self(degrees))
                }
            }
            /// In decimal degrees.
            #[must_use]
            pub const fn degrees(self) -> f64 {
                self.0
            }
        }
        impl TryFrom<f64> for $name {
            type Error = InvalidCoordinate;
            fn try_from(degrees: f64) -> Result<Self, InvalidCoordinate> {
                Self::new(degrees)
            }
        }
        impl FromStr for $name {
            type Err = InvalidCoordinate;
            fn from_str(text: &str) -> Result<Self, InvalidCoordinate> {
                Self::new(text.trim().parse().map_err(|_| InvalidCoordinate::NotANumber)?)
            }
        }
        impl FromJson for $name {
            /// A number, or a string that holds one: the documents show both.
            fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
                let read = match value {
                    Value::Number(number) => Self::new(number.as_f64().unwrap_or(f64::NAN)),
                    Value::String(text) => text.parse(),
                    other => return reader.mismatch("a number", other),
                };
                crate::wire::checked(read.map_err(|invalid| invalid.problem()), reader)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
                crate::wire::deserialize(d)
            }
        }
    };
}

coordinate! {
    /// Degrees north (negative: south), -90 to 90. Sent as a number; read from a number or a string.
    Latitude, 90u8
}
coordinate! {
    /// Degrees east (negative: west), -180 to 180. Sent as a number; read from a number or a string.
    Longitude, 180u8
}

crate::wire_struct! {
    /// A place on the map. A static pin; it does not move.
    ///
    /// 360dialog calls `name` and `address` required, Meta calls both optional (2026): leave out what you do not
    /// have, but an address is shown only under a name.
    ///
    /// ```
    /// use d360_model::{Latitude, Location, Longitude};
    /// let place = Location::new(Latitude::new(37.44216)?, Longitude::new(-122.16153)?).name("Philz Coffee");
    /// # Ok::<(), d360_model::InvalidCoordinate>(())
    /// ```
    pub struct Location {
        req {
            /// Degrees north.
            latitude: Latitude = "latitude",
            /// Degrees east.
            longitude: Longitude = "longitude",
        }
        opt {
            /// What the place is called.
            name: String = "name",
            /// Where it is, in words; shown only where there is a name.
            address: String = "address",
        }
    }
}

impl Location {
    /// A pin at these coordinates.
    #[must_use]
    pub fn new(latitude: Latitude, longitude: Longitude) -> Self {
        Self { latitude, longitude, name: None, address: None }
    }
}

impl Validate for Location {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        let absent = |text: &Option<String>| text.as_deref().is_none_or(blank);
        if absent(&self.name) && !absent(&self.address) {
            out.advise(at.key("address"), "is not shown without a name; give the place a name");
        }
    }
}
