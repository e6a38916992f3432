//! The paths of login requests, and where their bodies hold the login.

use super::scalar::text;
use crate::fields::Refusal;
use crate::fields::read::{self, element};
use crate::value::{Object, View};

/// The maximum depth of a login in a body.
const DEPTH: usize = 4;

/// The path of login requests: in configurations a text, or a map with `path` and the field `login` of the body.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LoginRoute {
    /// The path, without a query.
    pub path: String,
    /// The keys that lead to the login in the body; empty if it is not known.
    keys: Vec<String>,
}

impl LoginRoute {
    /// Reads an entry of a configuration.
    pub fn read(entry: &Object) -> Result<Self, Refusal> {
        if !entry.is_map() {
            return Ok(LoginRoute { path: element(entry, text)?, keys: vec![] });
        }
        let fields = element(entry, read::map)?;
        let path = fields.required("path", text)?;
        let login = fields.required("login", text)?;
        let keys: Vec<String> = login.split('.').map(str::to_owned).collect();
        if keys.len() > DEPTH || keys.iter().any(String::is_empty) {
            return Err(Refusal::error(format!(
                "invalid field '{login}' of a body, expected up to {DEPTH} keys with dots"
            )));
        }
        Ok(LoginRoute { path, keys })
    }

    /// Returns the login in a body. Of a repeated field the first counts, as for attributes of rules.
    pub fn login<'b>(&self, body: &'b Object) -> Option<&'b Object> {
        if self.keys.is_empty() {
            return None;
        }
        let mut found = body;
        for key in &self.keys {
            found = found.get(key.as_bytes())?;
            if let View::Array(items) = found.view() {
                found = items.first()?;
            }
        }
        Some(found)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::value::json;

    #[test]
    fn logins_are_found_where_the_route_says() {
        for (entry, body, login) in [
            (r#""/login""#, r#"{"login":"bob"}"#, "null"),
            (r#"{"path":"/login","login":"email"}"#, r#"{"email":"bob"}"#, r#""bob""#),
            (r#"{"path":"/login","login":"email"}"#, r#"{"email":["bob","eve"]}"#, r#""bob""#),
            (r#"{"path":"/login","login":"user.email"}"#, r#"{"user":{"email":"bob"}}"#, r#""bob""#),
            (r#"{"path":"/login","login":"user.email"}"#, r#"{"user":"bob"}"#, "null"),
            (r#"{"path":"/login","login":"email"}"#, r#"{"email":[]}"#, "null"),
        ] {
            let parse = |text: &str| json::parse(text.as_bytes()).unwrap();
            let (entry, body) = (parse(entry), parse(body));
            let route = LoginRoute::read(&entry).unwrap();
            let found = route.login(&body).map_or("null".into(), json::to_string);
            assert_eq!(found, login, "{route:?}");
        }
        for wrong in [
            r#"{"path":"/login"}"#,
            r#"{"login":"x"}"#,
            r#"{"path":"/","login":"a..b"}"#,
            r#"{"path":"/","login":"a.b.c.d.e"}"#,
        ] {
            assert!(LoginRoute::read(&json::parse(wrong.as_bytes()).unwrap()).is_err(), "{wrong}");
        }
    }
}
