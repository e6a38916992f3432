//! The bodies of blocking responses: our own, or an operator's templates.
//!
//! Our page is self-contained (a blocked client cannot load assets from the site), follows the reader's light or dark
//! setting, and is readable without CSS. The response id has an element of its own, so that people can select it and
//! programs find it.

use std::borrow::Cow;

/// The placeholder for the response id in a template, wherever it occurs.
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
    /// An operator's templates; ours for those that are missing or empty.
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
