//! What `d360 send` sends beside cards and places, and `d360 read`.
use crate::{
    Result,
    args::{Content as Verb, Global, Media, Read, Template, To},
    client, input,
    output::{Exit, Failure, Output},
};
use d360::{
    cloud::messages::MarkMessageRead,
    model::{self, Content, Findings, Message, Recipient},
};
use serde_json::{Value, json};
use std::path::Path;

type Step<T> = std::result::Result<T, Box<Failure>>;

/// The message of a verb, and what was found.
pub(crate) fn message(verb: &Verb) -> Step<(Message, Findings, &To)> {
    let none = Findings::new;
    let (to, content, found) = match verb {
        Verb::Text(args) => {
            let body = if args.body == "-" { text_of(Path::new("-"))? } else { args.body.clone() };
            let mut text = model::Text::new(body);
            text.preview_url = args.preview_url.then_some(true);
            (&args.to, Content::Text(text), none())
        }
        Verb::Image(args) => {
            let mut image = source(&args.media, model::Image::id, model::Image::link);
            image.caption.clone_from(&args.caption);
            (&args.media.to, Content::Image(image), none())
        }
        Verb::Video(args) => {
            let mut video = source(&args.media, model::Video::id, model::Video::link);
            video.caption.clone_from(&args.caption);
            (&args.media.to, Content::Video(video), none())
        }
        Verb::Audio(args) => {
            let mut audio = source(&args.media, model::Audio::id, model::Audio::link);
            audio.voice = args.voice.then_some(true);
            (&args.media.to, Content::Audio(audio), none())
        }
        Verb::Document(args) => {
            let media = &args.captioned.media;
            let mut document = source(media, model::Document::id, model::Document::link);
            document.caption.clone_from(&args.captioned.caption);
            document.filename.clone_from(&args.filename);
            (&media.to, Content::Document(document), none())
        }
        Verb::Sticker(args) => {
            (&args.to, Content::Sticker(source(args, model::Sticker::id, model::Sticker::link)), none())
        }
        Verb::Reaction(args) => {
            let emoji = args.emoji.clone().unwrap_or_default();
            if emoji.is_empty() && !args.remove {
                return Err(Failure::usage("--emoji is empty; --remove takes a reaction back"));
            }
            let reaction = model::Reaction::new(args.message.as_str(), emoji);
            (&args.to, Content::Reaction(reaction), none())
        }
        Verb::Template(args) => {
            let (template, found) = template(args)?;
            (&args.to, template, found)
        }
    };
    Ok((Message::new(recipient(to)?, content), found, to))
}

fn source<T>(media: &Media, id: fn(String) -> T, link: fn(String) -> T) -> T {
    match &media.link {
        Some(url) => link(url.clone()),
        // The parser asks for one of the two.
        None => id(media.id.clone().unwrap_or_default()),
    }
}

pub(crate) fn recipient(to: &To) -> Step<Recipient> {
    to.to.parse::<Recipient>().map_err(|error| Failure::invalid("to", error.to_string()))
}

fn text_of(path: &Path) -> Step<String> {
    let text = String::from_utf8(input::read(path)?);
    text.map_err(|_| Failure::invalid("text.body", "is not UTF-8".to_owned()))
}

/// Read as a whole message is, so that mistakes have the paths of one.
fn template(args: &Template) -> Step<(Content, Findings)> {
    let mut template = json!({ "name": args.name, "language": { "code": args.language } });
    if let Some(path) = &args.components {
        let components: Value = serde_json::from_slice(&input::read(path)?).map_err(|error| {
            Failure::invalid("template.components", format!("{}: not JSON: {error}", input::name(path)))
        })?;
        template["components"] = components;
    } else if !args.body.is_empty() {
        let texts: Vec<Value> =
            args.body.iter().map(|text| json!({ "type": "text", "text": text })).collect();
        template["components"] = json!([{ "type": "body", "parameters": texts }]);
    }
    let body = json!({ "to": "+10000000", "type": "template", "template": template }).to_string();
    let (message, found) =
        Message::from_json(body.as_bytes()).map_err(|invalid| Box::new(Failure::Invalid(invalid)))?;
    Ok((message.content, found))
}

/// `d360 read`.
pub(crate) fn read(global: &Global, args: &Read, output: Output) -> Result {
    let mark = MarkMessageRead::new(args.message.as_str());
    let mark = if args.typing { mark.typing() } else { mark };
    client::cloud_alone(global, "read marks")?.call(mark)?;
    if output.is_json() {
        output.document(&json!({ "success": true }));
    } else {
        output.line(format!("marked as read: {}", args.message));
    }
    Ok(Exit::Done)
}
