//! What `d360 send` sends beside cards and places, and `d360 read`.
use crate::{
    Result,
    args::{
        ApiName, Captioned, Content as Verb, Document, Global, Media, Reaction, Read, Template, Text, To,
    },
    client, input,
    output::{Exit, Failure, Output},
};
use d360::{
    cloud::messages::MarkMessageRead,
    model::{self, Content, Findings, Message, Recipient, WaId},
    onprem,
};
use serde_json::{Value, json};
use std::path::Path;

type Step<T> = std::result::Result<T, Box<Failure>>;

/// Who a verb sends to, and what else stands beside its content.
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

/// What a verb says on Cloud, and what was found.
pub(crate) fn cloud(verb: &Verb) -> Step<(Message, Findings)> {
    let to = recipient(to(verb), false)?;
    let content = match verb {
        Verb::Text(args) => {
            let mut text = model::Text::new(body(args)?);
            text.preview_url = args.preview_url.then_some(true);
            Content::Text(text)
        }
        Verb::Image(args) => Content::Image(image(args)),
        Verb::Video(args) => Content::Video(video(args)),
        Verb::Audio(args) => {
            let mut audio = audio(&args.media);
            audio.voice = args.voice.then_some(true);
            Content::Audio(audio)
        }
        Verb::Document(args) => Content::Document(document(args)),
        Verb::Sticker(args) => Content::Sticker(sticker(args)),
        Verb::Reaction(args) => Content::Reaction(reaction(args)?),
        Verb::Template(args) => {
            if args.namespace.is_some() {
                return Err(Failure::usage("--namespace is for --api onprem; Cloud's templates have none"));
            }
            let (message, found) = Message::from_json(&template(args, &json!({ "code": args.language }))?)
                .map_err(|invalid| Box::new(Failure::Invalid(invalid)))?;
            return Ok((Message::new(to, message.content), found));
        }
    };
    Ok((Message::new(to, content), Findings::new()))
}

/// What a verb says on On-Premise, and what was found.
pub(crate) fn onprem(verb: &Verb) -> Step<(onprem::Message, Findings)> {
    use onprem::Content;
    let to = recipient(to(verb), true)?;
    let content = match verb {
        Verb::Text(args) => {
            let mut message = onprem::Message::text(to, body(args)?);
            message.preview_url = args.preview_url.then_some(true);
            return Ok((message, Findings::new()));
        }
        Verb::Image(args) => Content::Image(image(args).into()),
        Verb::Video(args) => Content::Video(video(args).into()),
        Verb::Audio(args) if args.voice => Content::Voice(audio(&args.media).into()),
        Verb::Audio(args) => Content::Audio(audio(&args.media).into()),
        Verb::Document(args) => Content::Document(document(args).into()),
        Verb::Sticker(args) => Content::Sticker(sticker(args).into()),
        Verb::Reaction(args) => Content::Reaction(reaction(args)?),
        Verb::Template(args) => {
            let language = json!({ "code": args.language, "policy": "deterministic" });
            let (message, found) = onprem::Message::from_json(&template(args, &language)?)
                .map_err(|invalid| Box::new(Failure::Invalid(invalid)))?;
            return Ok((onprem::Message::new(to, message.content), found));
        }
    };
    Ok((onprem::Message::new(to, content), Findings::new()))
}

fn body(args: &Text) -> Step<String> {
    if args.body == "-" { text_of(Path::new("-")) } else { Ok(args.body.clone()) }
}

fn image(args: &Captioned) -> model::Image {
    let mut image = source(&args.media, model::Image::id, model::Image::link);
    image.caption.clone_from(&args.caption);
    image
}

fn video(args: &Captioned) -> model::Video {
    let mut video = source(&args.media, model::Video::id, model::Video::link);
    video.caption.clone_from(&args.caption);
    video
}

fn audio(media: &Media) -> model::Audio {
    source(media, model::Audio::id, model::Audio::link)
}

fn document(args: &Document) -> model::Document {
    let mut document = source(&args.captioned.media, model::Document::id, model::Document::link);
    document.caption.clone_from(&args.captioned.caption);
    document.filename.clone_from(&args.filename);
    document
}

fn sticker(media: &Media) -> model::Sticker {
    source(media, model::Sticker::id, model::Sticker::link)
}

fn reaction(args: &Reaction) -> Step<model::Reaction> {
    let emoji = args.emoji.clone().unwrap_or_default();
    if emoji.is_empty() && !args.remove {
        return Err(Failure::usage("--emoji is empty; --remove takes a reaction back"));
    }
    Ok(model::Reaction::new(args.message.as_str(), emoji))
}

fn source<T>(media: &Media, id: fn(String) -> T, link: fn(String) -> T) -> T {
    match &media.link {
        Some(url) => link(url.clone()),
        // The parser asks for one of the two.
        None => id(media.id.clone().unwrap_or_default()),
    }
}

/// Who `--to` names. Digits alone are a WhatsApp ID to On-Premise, and refused elsewhere.
pub(crate) fn recipient(to: &To, onprem: bool) -> Step<Recipient> {
    let text = to.to.trim();
    if onprem && !text.starts_with("00") && text.bytes().all(|b| b.is_ascii_digit()) {
        let id = Recipient::from(WaId::new(text));
        if id.problem().is_none() {
            return Ok(id);
        }
    }
    text.parse::<Recipient>().map_err(|error| Failure::invalid("to", error.problem()))
}

fn text_of(path: &Path) -> Step<String> {
    let text = String::from_utf8(input::read(path)?);
    text.map_err(|_| Failure::invalid("text.body", "is not UTF-8".to_owned()))
}

/// A whole message, so that mistakes have the paths of one.
fn template(args: &Template, language: &Value) -> Step<Vec<u8>> {
    let mut template = json!({ "name": args.name, "language": language });
    if let Some(namespace) = &args.namespace {
        template["namespace"] = json!(namespace);
    }
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
    Ok(json!({ "to": "+10000000", "type": "template", "template": template }).to_string().into_bytes())
}

/// `d360 read`.
pub(crate) fn read(global: &Global, args: &Read, output: Output) -> Result {
    if global.api == Some(ApiName::Onprem) {
        if args.typing {
            return Err(Failure::usage("--typing is for --api cloud and graph; On-Premise cannot show it"));
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
