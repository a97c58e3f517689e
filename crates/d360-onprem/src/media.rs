//! Files with a provider. (Meta shut On-Premise on 2025-10-23.)
use d360_model::{
    At, Audio, Document, Findings, Image, MediaSource, Sticker, Validate, Video,
    wire::{self, FromJson, Reader},
    wire_struct,
};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

wire_struct! {
    /// Who hosts a file behind a login that was set in `/v1/settings/application/media/providers`. (Meta shut On-Premise on
    /// 2025-10-23; Cloud fetches public links alone.)
    pub struct Provider {
        req {
            /// The name that it was set under.
            name: String = "name",
        }
    }
}

impl<T: Into<String>> From<T> for Provider {
    fn from(name: T) -> Self {
        Self { name: name.into() }
    }
}

/// A file as on Cloud, and who hosts it. (Meta shut On-Premise on 2025-10-23; on Cloud it is `T` alone.)
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct Media<T> {
    /// The file, and what is said beside it.
    #[serde(flatten)]
    pub file: T,
    /// Who hosts the file of a link (`provider.name` on the wire).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub provider: Option<Provider>,
}

impl<T> From<T> for Media<T> {
    fn from(file: T) -> Self {
        Self { file, provider: None }
    }
}

impl<T> Media<T> {
    /// A file that `provider` hosts.
    pub fn hosted(file: T, provider: impl Into<Provider>) -> Self {
        Self { file, provider: Some(provider.into()) }
    }
}

impl<T: FromJson> FromJson for Media<T> {
    fn read(value: &Value, reader: &mut Reader) -> Option<Self> {
        // What is known beside the provider, `T` says.
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

/// What the kinds of files have in common.
trait File: Validate {
    fn source(&self) -> &MediaSource;
    /// What Cloud has and On-Premise has not.
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
            out.error(at.key("voice"), "is Cloud's; on On-Premise the type of the message is \"voice\"");
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
                out.advise(at, "belongs to a link; a file that was uploaded has none");
            }
        }
    }
}
