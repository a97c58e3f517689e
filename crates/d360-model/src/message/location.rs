//! Locations.
use crate::{
    check::{At, Findings, Validate, blank},
    wire::{FromJson, Reader},
};
use serde_json::Value;
use std::str::FromStr;

/// Why a number is not a coordinate.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("invalid {}: {}", self.name(), self.problem())]
#[non_exhaustive]
pub enum InvalidCoordinate {
    /// The number is NaN, infinite, or missing.
    NotANumber {
        /// `latitude` or `longitude`.
        name: &'static str,
    },
    /// The number is out of range.
    OutOfRange {
        /// 90 for a latitude, 180 for a longitude.
        name: &'static str,
        /// 90 for a latitude, 180 for a longitude.
        limit: u8,
    },
}

impl From<std::convert::Infallible> for InvalidCoordinate {
    fn from(never: std::convert::Infallible) -> Self {
        match never {}
    }
}

impl InvalidCoordinate {
    /// Returns the name of the coordinate: `latitude` or `longitude`.
    #[must_use]
    pub fn name(&self) -> &'static str {
        match self {
            Self::NotANumber { name } | Self::OutOfRange { name, .. } => name,
        }
    }
    /// Returns the problem without the subject, for a message that already names the place.
    #[must_use]
    pub fn problem(&self) -> String {
        match self {
            Self::NotANumber { .. } => "is not a finite number of degrees, such as -33.86".to_owned(),
            Self::OutOfRange { limit, .. } => format!("is outside -{limit} to {limit} degrees"),
        }
    }
}

macro_rules! coordinate {
    ($(#[$meta:meta])* $name:ident, $text:literal, $limit:literal) => {
        $(#[$meta])*
        #[derive(Clone, Copy, Debug, Default, PartialEq, PartialOrd, serde::Serialize)]
        #[serde(transparent)]
        pub struct $name(f64);

        impl $name {
            /// Creates a coordinate, if it is finite and in range.
            ///
            /// # Errors
            /// Returns [`InvalidCoordinate`] otherwise.
            pub fn new(degrees: f64) -> Result<Self, InvalidCoordinate> {
                if !degrees.is_finite() {
                    Err(InvalidCoordinate::NotANumber { name: $text })
                } else if degrees.abs() > f64::from($limit) {
                    Err(InvalidCoordinate::OutOfRange { name: $text, limit: $limit })
                } else {
                    Ok(Self(degrees))
                }
            }
            /// Returns decimal degrees.
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
                Self::new(text.trim().parse().map_err(|_| InvalidCoordinate::NotANumber { name: $text })?)
            }
        }
        impl FromJson for $name {
            /// Reads a number, or a string with one: the documentation has both.
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
    /// A latitude: degrees north (negative: south), -90 to 90. Sent as a number; read from a number or a string.
    Latitude, "latitude", 90u8
}
coordinate! {
    /// A longitude: degrees east (negative: west), -180 to 180. Sent as a number; read from a number or a string.
    Longitude, "longitude", 180u8
}

crate::wire_struct! {
    /// A location on the map. It is static.
    ///
    /// 360dialog documents `name` and `address` as required, Meta as optional (2026). Omit what you do not have, but
    /// an address is only shown with a name.
    ///
    /// ```
    /// use d360_model::Location;
    /// let place = Location::new(37.44216, -122.16153)?.name("Philz Coffee");
    /// assert_eq!(Location::new(91.0, 0.0).unwrap_err().to_string(), "invalid latitude: is outside -90 to 90 degrees");
    /// # Ok::<(), d360_model::InvalidCoordinate>(())
    /// ```
    pub struct Location {
        req {
            /// The latitude.
            latitude: Latitude = "latitude",
            /// The longitude.
            longitude: Longitude = "longitude",
        }
        opt {
            /// The name of the location.
            name: String = "name",
            /// The address; only shown with a name.
            address: String = "address",
        }
    }
}

impl Location {
    /// Creates a location at these coordinates in degrees: `f64`, or a [`Latitude`] and a [`Longitude`].
    ///
    /// # Errors
    /// Returns [`InvalidCoordinate`] if one is not finite or out of range.
    pub fn new<N, E>(latitude: N, longitude: E) -> Result<Self, InvalidCoordinate>
    where
        N: TryInto<Latitude>,
        E: TryInto<Longitude>,
        InvalidCoordinate: From<N::Error> + From<E::Error>,
    {
        Ok(Self {
            latitude: latitude.try_into()?,
            longitude: longitude.try_into()?,
            name: None,
            address: None,
        })
    }
}

impl Validate for Location {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        let absent = |text: &Option<String>| text.as_deref().is_none_or(blank);
        if absent(&self.name) && !absent(&self.address) {
            out.advise(at.key("address"), "is not shown without a name; add a name");
        }
    }
}
