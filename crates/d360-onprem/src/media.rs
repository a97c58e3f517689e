//! Files with a provider. (Meta retired On-Premise on 2025-10-23.)
use d360_model::{
    At, Audio, Document, Findings, Image, MediaSource, Sticker, Validate, Video,
    wire::{self, FromJson, Reader},
    wire_struct,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

wire_struct! {
    /// The host of a file behind a login, configured in `/v1/settings/application/media/providers`. (Meta retired
    /// On-Premise on 2025-10-23; Cloud only fetches public links.)
    pub struct Provider {
        req {
            /// The name of the configuration.
            name: String = "name",
        }
    }
}

impl<T: Into<String>> From<T> for Provider {
    fn from(name: T) -> Self {
        Self { name: name.into() }
    }
}

/// A file as on Cloud, with its host. (Meta retired On-Premise on 2025-10-23; on Cloud it is only `T`.)
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Media<T> {
    /// The file and its properties.
    #[serde(flatten)]
    pub file: T,
    /// The host of a linked file (`provider.name` on the wire).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
}

impl<T> From<T> for Media<T> {
    fn from(file: T) -> Self {
        Self { file, provider: None }
    }
}

impl<T> Media<T> {
    /// Creates a file that `provider` hosts.
    pub fn hosted(file: T, provider: impl Into<Provider>) -> Self {
        Self { file, provider: Some(provider.into()) }
    }
}

impl<T: FromJson> FromJson for Media<T> {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        // `T` determines the properties besides the provider.
        let mut file = value.clone();
        let provider = file.as_object_mut().and_then(|map| map.remove("provider"));
        let provider = provider.filter(|provider| !provider.is_null());
        let provider = provider.and_then(|it| reader.at_key("provider", |r| Provider::read(&it, r)));
        Some(Self { file: T::read(&file, reader)?, provider })
    }
}

impl<'de, T: FromJson> Deserialize<'de> for Media<T> {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        wire::deserialize(d)
    }
}

/// The common behavior of all kinds of files.
trait File: Validate {
    fn source(&self) -> &MediaSource;
    /// Validates what Cloud has and On-Premise has not.
    fn beyond(&self, _at: &At<'_>, _out: &mut Findings) {}
}

macro_rules! files {
    ($($name:ident),+) => {$(
        impl File for $name {
            fn source(&self) -> &MediaSource {
                &self.source
            }
        }
    )+};
}
files!(Image, Video, Document, Sticker);

impl File for Audio {
    fn source(&self) -> &MediaSource {
        &self.source
    }
    fn beyond(&self, at: &At<'_>, out: &mut Findings) {
        if self.voice.is_some() {
            out.error(at.key("voice"), "exists only on Cloud; on On-Premise the message type is \"voice\"");
        }
    }
}

impl<T: File> Validate for Media<T> {
    fn check(&self, at: &At<'_>, out: &mut Findings) {
        self.file.check(at, out);
        self.file.beyond(at, out);
        if let Some(provider) = &self.provider {
            let at = at.key("provider");
            out.require(at.key("name"), &provider.name);
            if let MediaSource::Id(_) = self.file.source() {
                out.advise(at, "belongs to a link; an uploaded file has none");
            }
        }
    }
}
