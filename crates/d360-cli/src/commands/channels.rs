//! `d360 channels`.
use super::block::{Columns, items};
use crate::{
    Result,
    args::{ApiName, Channels, Global},
    client,
    failure::Failure,
    output::Output,
};
use d360::partner::channels::{ChannelInfo, ListChannels};

pub(crate) fn run(global: &Global, verb: &Channels, output: Output) -> Result {
    let Channels::List(args) = verb;
    if !matches!(global.api, None | Some(ApiName::Partner)) {
        return Err(Failure::usage("only the Partner API has channels (--api partner)"));
    }
    let mut list = ListChannels::new(&client::partner_id(global)?);
    if let Some(limit) = args.limit {
        list = list.limit(limit);
    }
    let columns = Columns { none: "no channels", heads: &["ID", "NUMBER", "STATUS", "NAME"], cells };
    items(|| client::partner(global), list, "channels", columns, output)
}

fn cells(channel: &ChannelInfo) -> Vec<Option<String>> {
    let number = channel.setup_info.as_ref().and_then(|info| info.phone_number.as_ref());
    let name = channel.setup_info.as_ref().and_then(|info| info.phone_name.as_deref());
    let parts =
        [channel.id.as_deref(), number.map(|number| number.as_str()), channel.status.as_deref(), name];
    parts.map(|part| part.map(str::to_owned)).into()
}
