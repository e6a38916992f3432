//! The bodies of blocking answers: our own, or an operator's templates.
//!
//! Our page carries everything in itself (a blocked client can't load assets from the site), follows the reader's light or
//! dark setting, and reads well without CSS. The response id stands in an element by itself, for people to select and for
//! programs to find.

use std::borrow::Cow;

/// Replaced in a template, wherever it occurs, by the response's id.
pub const PLACEHOLDER: &str = "[security_response_id]";

/// One template for each representation.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Templates<'a> {
    pub html: Cow<'a, str>,
    pub json: Cow<'a, str>,
    pub graphql: Cow<'a, str>,
}

impl<'a> Templates<'a> {
    /// An operator's templates; what is missing or empty is ours.
    pub fn with(html: Option<Cow<'a, str>>, json: Option<Cow<'a, str>>, graphql: Option<Cow<'a, str>>) -> Self {
        let or = |custom: Option<Cow<'a, str>>, ours: &'static str| {
            custom.filter(|template| !template.is_empty()).unwrap_or(Cow::Borrowed(ours))
        };
        Self {
            html: or(html, include_str!("pages/blocked.html")),
            json: or(json, include_str!("pages/blocked.json")),
            graphql: or(graphql, include_str!("pages/blocked.graphql.json")),
        }
    }

    pub(super) fn fill(template: &str, id: &str) -> String {
        template.replace(PLACEHOLDER, id)
    }
}

impl Default for Templates<'_> {
    fn default() -> Self {
        Self::with(None, None, None)
    }
}
