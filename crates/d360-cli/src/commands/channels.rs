//! `d360 channels`.
use crate::{
    Result,
    args::{ApiName, Channels, Global},
    client,
    output::{Failure, Output},
};
use d360::partner::channels::{ChannelInfo, ListChannels};

pub(crate) fn run(global: &Global, verb: &Channels, output: Output) -> Result {
    let Channels::List(args) = verb;
    if !matches!(global.api, None | Some(ApiName::Partner)) {
        return Err(Failure::usage("the Partner API alone has channels (--api partner)"));
    }
    let mut list = ListChannels::new(&client::partner_id(global)?);
    if let Some(limit) = args.limit {
        list = list.limit(limit);
    }
    super::block::items(|| client::partner(global), list, "channels", text, output)
}

fn text(channel: &ChannelInfo) -> String {
    let number = channel.setup_info.as_ref().and_then(|info| info.phone_number.as_ref());
    let name = channel.setup_info.as_ref().and_then(|info| info.phone_name.as_deref());
    let parts =
        [channel.id.as_deref(), number.map(|number| number.as_str()), channel.status.as_deref(), name];
    parts.into_iter().flatten().collect::<Vec<_>>().join(" ")
}
