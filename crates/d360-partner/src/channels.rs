//! `/partners/{partner_id}/channels`: the phone numbers of a partner's clients.
use crate::{Partner, PartnerId, endpoints};
use d360_model::{Extra, Findings, PhoneNumber, wire};
use d360_transport::{
    Endpoint, HttpResponse, Meta, PagedEndpoint, Path, Transfer, Unreadable, json, next_offset,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `GET /api/v2/partners/{partner_id}/channels`: a page of the partner's channels. `Client::pages` reads them all.
///
/// Query: `limit`, `offset`, `sort` (`-` in front for descending), `filters` (a JSON object). The documents name no maximum of
/// `limit`. Source: 360dialog Partner API reference; the answer as a public SDK reads it.
#[derive(Clone, Debug)]
#[must_use = "an endpoint does nothing until a client calls it"]
pub struct ListChannels {
    partner: PartnerId,
    limit: Option<u32>,
    offset: u64,
    sort: Option<String>,
    filters: Option<Extra>,
}

impl ListChannels {
    /// The first page.
    pub fn new(partner: &PartnerId) -> Self {
        Self { partner: partner.clone(), limit: None, offset: 0, sort: None, filters: None }
    }
    /// Channels a page, from 1.
    pub fn limit(mut self, channels: u32) -> Self {
        self.limit = Some(channels);
        self
    }
    /// Leaves out so many.
    pub fn offset(mut self, channels: u64) -> Self {
        self.offset = channels;
        self
    }
    /// Sorts by this property, such as `id` or `-id`.
    pub fn sort(mut self, property: impl Into<String>) -> Self {
        self.sort = Some(property.into());
        self
    }
    /// Only channels with these properties, such as `{"setup_info.phone_number": "4930…"}`.
    pub fn filters(mut self, filters: Map<String, Value>) -> Self {
        self.filters = Some(Extra(filters));
        self
    }
}

/// Answer of [`ListChannels`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChannelPage {
    /// The channels of this page.
    pub partner_channels: Vec<ChannelInfo>,
    /// How many items the page had, those of unknown shape among them: the next page begins behind them.
    #[serde(skip)]
    items: u64,
    /// How many there are in all, where the server says so.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

impl ChannelPage {
    /// A list of channels, or an object that holds one as `partner_channels`, `channels` or `data`. A channel of unknown
    /// shape costs no other; a page of nothing else is none.
    fn read(answer: Value) -> Result<Self, String> {
        let none = || "the answer holds no list of channels".to_owned();
        let (list, total) = match answer {
            list @ Value::Array(_) => (list, None),
            Value::Object(mut map) => {
                let total = map.get("total").and_then(Value::as_u64);
                let list = ["partner_channels", "channels", "data"].iter().find_map(|name| map.remove(*name));
                (list.ok_or_else(none)?, total)
            }
            _ => return Err(none()),
        };
        let items = list.as_array().map_or(0, Vec::len) as u64;
        let known = |channel: &ChannelInfo| channel.id.is_some();
        let partner_channels = wire::page_items(list, |channel| Some(channel).filter(known));
        Ok(Self { partner_channels: partner_channels.map_err(|error| error.to_string())?, items, total })
    }
}

/// A channel. Every property but the id may be absent; what this version does not name is in [`extra`](Self::extra).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChannelInfo {
    /// Its ID, for [`ChannelId`](crate::ChannelId).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text")]
    pub id: Option<String>,
    /// The client whose it is.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text")]
    pub client_id: Option<String>,
    /// Its state, such as `running`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub status: Option<String>,
    /// Its number and name.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub setup_info: Option<SetupInfo>,
    /// Everything else, as it came. It may hold phone numbers.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The number and name of a channel.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SetupInfo {
    /// Its phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<PhoneNumber>,
    /// Its name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_name: Option<String>,
}

d360_model::masked_fields!(SetupInfo { phone_number, phone_name });

/// An id as text, or digits that came as a number.
fn text<'de, D: serde::Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    Ok(match Value::deserialize(deserializer)? {
        Value::String(text) => Some(text),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    })
}

impl Endpoint for ListChannels {
    type Api = Partner;
    type Response = ChannelPage;
    const META: Meta = endpoints::CHANNELS_LIST;

    fn path(&self) -> Path {
        Path::fixed("/partners").segment(self.partner.as_str()).then("/channels")
    }
    fn query(&self, path: &mut Path) {
        if let Some(limit) = self.limit {
            path.push_param("limit", &limit.to_string());
        }
        if self.offset > 0 {
            path.push_param("offset", &self.offset.to_string());
        }
        if let Some(sort) = &self.sort {
            path.push_param("sort", sort);
        }
        if let Some(filters) = &self.filters {
            path.push_param("filters", &Value::Object(filters.0.clone()).to_string());
        }
    }
    fn check(&self) -> Findings {
        let mut findings = Findings::new();
        if self.limit == Some(0) {
            findings.error("limit", "must be at least 1");
        }
        findings
    }
    fn transfer(&self) -> Transfer {
        Transfer::page()
    }
    fn decode(response: &HttpResponse) -> Result<ChannelPage, Unreadable> {
        ChannelPage::read(json(response)?).map_err(|reason| Unreadable::Shape(reason.into()))
    }
}

impl PagedEndpoint for ListChannels {
    type Item = ChannelInfo;

    fn read(&self, page: ChannelPage) -> (Vec<ChannelInfo>, Option<Self>) {
        let next = next_offset(self.offset, page.items, self.limit.map(u64::from), page.total);
        (page.partner_channels, next.map(|offset| Self { offset, ..self.clone() }))
    }
    fn position(&self) -> Option<String> {
        (self.offset > 0).then(|| self.offset.to_string())
    }
    fn key(channel: &ChannelInfo) -> Option<String> {
        channel.id.clone()
    }
}
