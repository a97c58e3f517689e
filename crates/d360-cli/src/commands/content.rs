//! Messages of `d360 send` other than contact cards and locations, and `d360 read`.
use super::send_file::{self, PLACEHOLDER, Source};
use crate::{
    Result,
    args::{
        ApiName, Captioned, Content as Verb, Document, Global, Media, Reaction, Read, Template, Text, To,
    },
    client,
    failure::{Exit, Failure},
    input,
    output::Output,
};
use clap::ArgMatches;
use d360::{
    cloud::messages::MarkMessageRead,
    model::{self, Content, Findings, Message, Recipient},
    onprem,
};
use serde_json::{Value, json};
use std::path::Path;

type Step<T> = std::result::Result<T, Box<Failure>>;

/// Returns the recipients and the options of a message besides its content.
pub(crate) fn to(verb: &Verb) -> &To {
    match verb {
        Verb::Text(args) => &args.to,
        Verb::Image(args) | Verb::Video(args) => &args.media.to,
        Verb::Audio(args) => &args.media.to,
        Verb::Document(args) => &args.captioned.media.to,
        Verb::Sticker(args) => &args.to,
        Verb::Reaction(args) => &args.to,
        Verb::Template(args) => &args.to,
    }
}

/// Builds the Cloud message of a command, with findings. `uploaded` is the media ID of its file.
pub(crate) fn cloud(
    verb: &Verb,
    to: Recipient,
    uploaded: &str,
    matches: &ArgMatches,
) -> Step<(Message, Findings)> {
    let content = match verb {
        Verb::Text(args) => {
            let mut text = model::Text::new(body(args)?);
            text.preview_url = args.preview_url.then_some(true);
            Content::Text(text)
        }
        Verb::Image(args) => Content::Image(image(args, uploaded)),
        Verb::Video(args) => Content::Video(video(args, uploaded)),
        Verb::Audio(args) => {
            let mut audio = audio(&args.media, uploaded);
            audio.voice = args.voice.then_some(true);
            Content::Audio(audio)
        }
        Verb::Document(args) => Content::Document(document(args, uploaded)),
        Verb::Sticker(args) => Content::Sticker(sticker(args, uploaded)),
        Verb::Reaction(args) => Content::Reaction(reaction(args)?),
        Verb::Template(args) => {
            if args.namespace.is_some() {
                return Err(Failure::usage("--namespace is for --api onprem; Cloud templates have none"));
            }
            let language = json!({ "code": args.language });
            let (message, found) = Message::from_json(&template(args, &language, matches)?)
                .map_err(|invalid| Box::new(Failure::Invalid(invalid)))?;
            return Ok((Message::new(to, message.content), found));
        }
    };
    Ok((Message::new(to, content), Findings::new()))
}

/// Builds the On-Premise message of a command, with findings.
pub(crate) fn onprem(verb: &Verb, to: Recipient, matches: &ArgMatches) -> Step<(onprem::Message, Findings)> {
    use onprem::Content;
    let content = match verb {
        Verb::Text(args) => {
            let mut message = onprem::Message::text(to, body(args)?);
            message.preview_url = args.preview_url.then_some(true);
            return Ok((message, Findings::new()));
        }
        Verb::Image(args) => Content::Image(image(args, PLACEHOLDER).into()),
        Verb::Video(args) => Content::Video(video(args, PLACEHOLDER).into()),
        Verb::Audio(args) if args.voice => Content::Voice(audio(&args.media, PLACEHOLDER).into()),
        Verb::Audio(args) => Content::Audio(audio(&args.media, PLACEHOLDER).into()),
        Verb::Document(args) => Content::Document(document(args, PLACEHOLDER).into()),
        Verb::Sticker(args) => Content::Sticker(sticker(args, PLACEHOLDER).into()),
        Verb::Reaction(args) => Content::Reaction(reaction(args)?),
        Verb::Template(args) => {
            let language = json!({ "code": args.language, "policy": "deterministic" });
            let (message, found) = onprem::Message::from_json(&template(args, &language, matches)?)
                .map_err(|invalid| Box::new(Failure::Invalid(invalid)))?;
            return Ok((onprem::Message::new(to, message.content), found));
        }
    };
    Ok((onprem::Message::new(to, content), Findings::new()))
}

fn body(args: &Text) -> Step<String> {
    if args.body == "-" { text_of(Path::new("-")) } else { Ok(args.body.clone()) }
}

fn image(args: &Captioned, uploaded: &str) -> model::Image {
    let mut image = source(&args.media, uploaded, model::Image::id, model::Image::link);
    image.caption.clone_from(&args.caption);
    image
}

fn video(args: &Captioned, uploaded: &str) -> model::Video {
    let mut video = source(&args.media, uploaded, model::Video::id, model::Video::link);
    video.caption.clone_from(&args.caption);
    video
}

fn audio(media: &Media, uploaded: &str) -> model::Audio {
    source(media, uploaded, model::Audio::id, model::Audio::link)
}

fn document(args: &Document, uploaded: &str) -> model::Document {
    let media = &args.captioned.media;
    let mut document = source(media, uploaded, model::Document::id, model::Document::link);
    document.caption.clone_from(&args.captioned.caption);
    document.filename.clone_from(&args.filename);
    if let (None, Source::File(path)) = (&args.filename, send_file::source(media)) {
        document.filename = path.file_name().map(|name| name.to_string_lossy().into_owned());
    }
    document
}

fn sticker(media: &Media, uploaded: &str) -> model::Sticker {
    source(media, uploaded, model::Sticker::id, model::Sticker::link)
}

fn reaction(args: &Reaction) -> Step<model::Reaction> {
    let emoji = args.emoji.clone().or_else(|| args.named.clone()).unwrap_or_default();
    if emoji.is_empty() && !args.remove {
        return Err(Failure::usage("the emoji is empty; --remove removes a reaction"));
    }
    Ok(model::Reaction::new(args.message.as_str(), emoji))
}

fn source<T>(media: &Media, uploaded: &str, id: fn(String) -> T, link: fn(String) -> T) -> T {
    match send_file::source(media) {
        Source::Link(url) => link(url.to_owned()),
        Source::Id(known) => id(known.to_owned()),
        Source::File(_) => id(uploaded.to_owned()),
    }
}

fn text_of(path: &Path) -> Step<String> {
    let text = String::from_utf8(input::read(path)?);
    text.map_err(|_| Failure::invalid("text.body", "is not UTF-8".to_owned()))
}

/// Builds a whole message, so that findings have its paths.
fn template(args: &Template, language: &Value, matches: &ArgMatches) -> Step<Vec<u8>> {
    let mut template = json!({ "name": args.name, "language": language });
    if let Some(namespace) = &args.namespace {
        template["namespace"] = json!(namespace);
    }
    if let Some(path) = &args.components {
        let components: Value = serde_json::from_slice(&input::read(path)?).map_err(|error| {
            Failure::invalid("template.components", format!("{} is not JSON: {error}", input::name(path)))
        })?;
        template["components"] = components;
    } else if !(args.body.is_empty() && args.texts.is_empty()) {
        let texts = in_order(matches, &[("texts", &args.texts), ("body", &args.body)]);
        let texts: Vec<Value> = texts.iter().map(|text| json!({ "type": "text", "text": text })).collect();
        template["components"] = json!([{ "type": "body", "parameters": texts }]);
    }
    Ok(json!({ "to": "+10000000", "type": "template", "template": template }).to_string().into_bytes())
}

/// Returns the values of several arguments in command-line order.
fn in_order<'v>(matches: &ArgMatches, values: &[(&str, &'v Vec<String>)]) -> Vec<&'v String> {
    let matches = std::iter::successors(Some(matches), |matches| Some(matches.subcommand()?.1)).last();
    let places = |name: &str| matches.and_then(|it| it.indices_of(name)).into_iter().flatten();
    let mut all: Vec<(usize, &String)> =
        values.iter().flat_map(|(name, values)| places(name).zip(values.iter())).collect();
    all.sort_by_key(|(place, _)| *place);
    all.into_iter().map(|(_, value)| value).collect()
}

/// `d360 read`.
pub(crate) fn read(global: &Global, args: &Read, output: Output) -> Result {
    if global.api == Some(ApiName::Onprem) {
        if args.typing {
            return Err(Failure::usage(
                "--typing is for --api cloud and graph; On-Premise has no typing indicator",
            ));
        }
        let mark = onprem::messages::MarkMessageRead::new(args.message.as_str());
        client::onprem(global, true)?.call(mark)?;
    } else {
        let mark = MarkMessageRead::new(args.message.as_str());
        let mark = if args.typing { mark.typing() } else { mark };
        client::cloud_alone(global, "read marks")?.call(mark)?;
    }
    if output.is_json() {
        output.document(&json!({ "success": true }));
    } else {
        output.line(format!("marked as read: {}", args.message));
    }
    Ok(Exit::Done)
}
