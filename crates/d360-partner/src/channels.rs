//! `/partners/{partner_id}/channels`: the phone numbers of a partner's clients.
use crate::{Partner, PartnerId, endpoints};
use d360_model::{Extra, Findings, PhoneNumber, wire};
use d360_transport::{
    Endpoint, HttpResponse, Meta, PagedEndpoint, Path, Transfer, Unreadable, json, next_offset,
};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

/// `GET /api/v2/partners/{partner_id}/channels`: returns one page of the partner's channels. `Client::pages` reads
/// all pages.
///
/// The query parameters are `limit`, `offset`, `sort` (`-` in front for descending), and `filters` (a JSON object).
/// The maximum of `limit` is not documented (360dialog Partner API reference; the response as read by a public SDK).
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
    /// Requests the first page.
    pub fn new(partner: &PartnerId) -> Self {
        Self { partner: partner.clone(), limit: None, offset: 0, sort: None, filters: None }
    }
    /// Sets the number of channels per page, at least 1.
    pub fn limit(mut self, channels: u32) -> Self {
        self.limit = Some(channels);
        self
    }
    /// Skips this number of channels.
    pub fn offset(mut self, channels: u64) -> Self {
        self.offset = channels;
        self
    }
    /// Sorts by this property, such as `id` or `-id`.
    pub fn sort(mut self, property: impl Into<String>) -> Self {
        self.sort = Some(property.into());
        self
    }
    /// Filters by these properties, such as `{"setup_info.phone_number": "4930…"}`.
    pub fn filters(mut self, filters: Map<String, Value>) -> Self {
        self.filters = Some(Extra(filters));
        self
    }
}

/// The response of [`ListChannels`].
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
#[non_exhaustive]
pub struct ChannelPage {
    /// The channels of this page.
    pub partner_channels: Vec<ChannelInfo>,
    /// The number of items on the page, including those of unknown form. The next page begins after them.
    #[serde(skip)]
    items: u64,
    /// The total number of channels, if the server reports it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub total: Option<u64>,
}

impl ChannelPage {
    /// Reads a list of channels, or an object with one as `partner_channels`, `channels` or `data`. A channel of
    /// unknown form does not affect the others. A page with only such channels is an error.
    fn read(answer: Value) -> Result<Self, String> {
        let none = || "the response contains no list of channels".to_owned();
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

/// A channel. Every property except the ID is optional. [`extra`](Self::extra) has the properties that this version
/// does not know.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct ChannelInfo {
    /// The ID, for [`ChannelId`](crate::ChannelId).
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text")]
    pub id: Option<String>,
    /// The client that owns it.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "text")]
    pub client_id: Option<String>,
    /// The state, such as `running`.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub status: Option<String>,
    /// The number and name.
    #[serde(default, skip_serializing_if = "Option::is_none", deserialize_with = "wire::lenient")]
    pub setup_info: Option<SetupInfo>,
    /// All other properties, unchanged. They may contain phone numbers.
    #[serde(flatten)]
    pub extra: Extra,
}

/// The number and name of a channel.
#[derive(Clone, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct SetupInfo {
    /// The phone number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_number: Option<PhoneNumber>,
    /// The name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub phone_name: Option<String>,
}

d360_model::masked_fields!(SetupInfo { phone_number, phone_name });

/// Reads an ID as text, or as digits that arrive as a number.
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
