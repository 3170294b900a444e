//! `/api/Chat/upload` and `/api/Chat/upload-multiple`: files by `multipart/form-data`, and the message they are for.

use std::sync::Arc;

use axum::extract::{FromRequestParts as _, Request, State};
use serde_json::Value;

use super::{Caller, Failure, Params, Reply, multipart::Multipart, request};
use crate::{
    app::App,
    services::media,
    services::{
        Error, Principal,
        media::{Received, Wanted},
        messages::{MOST_FILES, Via},
    },
    views::{Attachment, Message, Uploaded, input::NewMessage},
};

/// `POST /api/Chat/upload`
pub async fn one(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
    request: Request,
) -> Result<Reply<Uploaded>, Failure> {
    let uploaded = upload(&app, &principal, &params, request).await?;
    Ok(Reply::new(match uploaded {
        Uploaded::Files(files) => match <[Attachment; 1]>::try_from(files) {
            Ok([file]) => Uploaded::File(file.into()),
            Err(files) => Uploaded::Files(files),
        },
        other => other,
    }))
}

/// `POST /api/Chat/upload-multiple`: without a message the answer is a list, also of one.
pub async fn several(
    State(app): State<Arc<App>>,
    Caller(principal): Caller,
    params: Params,
    request: Request,
) -> Result<Reply<Uploaded>, Failure> {
    Ok(Reply::new(upload(&app, &principal, &params, request).await?))
}

async fn upload(app: &Arc<App>, principal: &Principal, params: &Params, request: Request) -> Result<Uploaded, Failure> {
    let is_split = params.flag("split")?;
    let (mut parts, body) = request.into_parts();
    let not_multipart = || Failure::unsupported_media("The body must be multipart/form-data");
    let mut multipart = Multipart::new(&parts.headers, body).ok_or_else(not_multipart)?;
    let slot = match app.media.enter(principal) {
        Ok(slot) => slot,
        Err(error) => return Err(refused(error.into(), multipart).await),
    };
    let (files, message) = match receive(app, principal, &mut multipart).await {
        Ok(received) => received,
        Err(failure) => return Err(refused(failure, multipart).await),
    };
    // A body may take longer than its sender is let in.
    let Caller(principal) = &Caller::from_request_parts(&mut parts, app).await?;
    let wanted = if !message.has_target()? {
        Wanted::Files
    } else {
        let mut draft = message.draft(None, Via::Rest)?;
        if draft.client_message_id.is_none() {
            draft.client_message_id = request::idempotency_key(&parts.headers)?;
        }
        if is_split {
            Wanted::Messages(draft.into())
        } else {
            Wanted::Message(draft.into())
        }
    };
    let uploaded = app.media.upload(principal, slot, files, wanted).await?;
    Ok(match uploaded {
        media::Uploaded::Files(files) => Uploaded::Files(files.iter().map(Attachment::from).collect()),
        media::Uploaded::Messages(posted) => {
            let mut messages = posted.iter().map(|posted| Message::for_sender(&posted.message));
            match messages.next() {
                Some(message) if !is_split => Uploaded::Message(message.into()),
                first => Uploaded::Messages(first.into_iter().chain(messages).collect()),
            }
        }
    })
}

/// All of the body: the files, and what the fields say, which may come before or behind them.
async fn receive(
    app: &App,
    principal: &Principal,
    multipart: &mut Multipart,
) -> Result<(Vec<Received>, NewMessage), Failure> {
    let (mut files, mut fields) = (Vec::new(), Vec::new());
    while let Some(part) = multipart.next().await? {
        let is_file = part.file.is_some() || ["file", "files", "files[]"].contains(&part.name.as_str());
        if !is_file {
            let text = multipart.text().await?;
            fields.push((part.name, text));
            continue;
        }
        if files.len() == MOST_FILES {
            return Err(Error::invalid("file", format!("must be there {MOST_FILES} times at most")).into());
        }
        if files.is_empty() {
            app.media.begin(principal)?;
        }
        let name = part.file.unwrap_or_default();
        let pieces = Box::pin(multipart.pieces());
        files.push(app.media.receive(&name, pieces).await?);
    }
    if files.is_empty() {
        return Err(Error::invalid("file", "is needed").into());
    }
    let members = fields.iter().map(|(name, text)| {
        // Only an object can be one: anything else is refused where it is looked at.
        let object = || serde_json::from_str(text).unwrap_or_else(|_| Value::from(text.as_str()));
        let is_object = name.eq_ignore_ascii_case("metadata");
        (
            name.as_str(),
            if is_object {
                object()
            } else {
                Value::from(text.as_str())
            },
        )
    });
    Ok((files, request::input(members)?))
}

/// A client that still sends reads no answer.
async fn refused(failure: Failure, multipart: Multipart) -> Failure {
    multipart.drain().await;
    failure
}
