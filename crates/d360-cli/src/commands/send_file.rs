//! `d360 send image FILE`: uploads a file and sends it.
use super::media;
use crate::{
    args::{ApiName, Content as Verb, Global, Media},
    failure::Failure,
    input,
    output::Output,
};
use d360::{
    cloud::media::UploadMedia,
    model::{MediaId, MediaKind},
    transport::Endpoint as _,
};
use std::path::{Path, PathBuf};

type Step<T> = std::result::Result<T, Box<Failure>>;

/// Placeholder for the ID of a file that is not uploaded yet.
pub(super) const PLACEHOLDER: &str = "MEDIA_ID";

/// A validated file from the command line.
pub(super) struct File {
    path: PathBuf,
    upload: UploadMedia,
}

/// The source of a message's file.
pub(super) enum Source<'m> {
    Id(&'m str),
    Link(&'m str),
    File(&'m Path),
}

pub(super) fn source(media: &Media) -> Source<'_> {
    match (&media.file, &media.link, &media.id) {
        // A public URL given as FILE is treated as --link.
        (Some(file), ..) => match file.to_str().filter(|text| text.contains("://")) {
            Some(url) => Source::Link(url),
            None => Source::File(file),
        },
        (None, Some(url), _) => Source::Link(url),
        // clap requires one of the three.
        (None, None, id) => Source::Id(id.as_deref().unwrap_or_default()),
    }
}

fn media_of(verb: &Verb) -> Option<(&Media, MediaKind)> {
    match verb {
        Verb::Image(args) => Some((&args.media, MediaKind::Image)),
        Verb::Video(args) => Some((&args.media, MediaKind::Video)),
        Verb::Audio(args) => Some((&args.media, MediaKind::Audio)),
        Verb::Document(args) => Some((&args.captioned.media, MediaKind::Document)),
        Verb::Sticker(args) => Some((args, MediaKind::Sticker)),
        _ => None,
    }
}

/// Returns the file of a command, if any, after checking that it can be sent as this message type.
pub(super) fn of(global: &Global, verb: &Verb, output: Output) -> Step<Option<File>> {
    let Some((media, kind)) = media_of(verb) else { return Ok(None) };
    let Source::File(path) = source(media) else { return Ok(None) };
    if global.api == Some(ApiName::Onprem) {
        return Err(Failure::usage(
            "files are uploaded with --api cloud and graph; give --id or --link here",
        ));
    }
    let upload = media::upload_of(path, None)?;
    let has = upload.kind();
    // Any file can be sent as a document.
    if let Some(has) = has.filter(|has| *has != kind && kind != MediaKind::Document) {
        let (name, has) = (input::name(path), has.as_str());
        return Err(Failure::invalid(
            &name,
            format!("is of type {has}; send it with: d360 send {has} {name}"),
        ));
    }
    let found = upload.check();
    found.clone().into_result(global.strict)?;
    output.advice(&found);
    Ok(Some(File { path: path.to_owned(), upload }))
}

impl File {
    pub(super) fn name(&self) -> String {
        input::name(&self.path)
    }

    pub(super) fn upload(self, global: &Global, output: Output) -> Step<MediaId> {
        media::transfer(global, self.upload, output)
    }
}
