//! The detector of an engine, with the paths of login requests.

use crate::support::fork::Versioned;
use crate::takeover::config::login_route::LoginRoute;
use crate::takeover::{Detector, Options};
use crate::value::Object;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The maximum number of learned login paths.
const ROUTES: usize = 64;
/// The maximum length of a learned path, in bytes.
const LONGEST_ROUTE: usize = 512;

/// See the [module](self).
pub(super) struct Takeover {
    pub detector: Arc<Detector>,
    /// The paths on which logins succeeded or failed; refusals there can look like a wrong password.
    routes: Versioned<Vec<Box<str>>>,
    requests: AtomicU64,
}

impl Takeover {
    pub fn new(options: Options) -> Self {
        Self { detector: Arc::new(Detector::new(options)), routes: Versioned::default(), requests: AtomicU64::new(0) }
    }

    /// Creates the id that the events of a request share.
    pub fn request_id(&self) -> String {
        self.requests.fetch_add(1, Ordering::Relaxed).to_string()
    }

    /// Whether a path serves logins, according to the configuration or to earlier events.
    pub fn logs_in(&self, path: &str) -> bool {
        self.route(path, |_| ()).is_some() || self.has_seen(path)
    }

    /// Returns the login in the body of a request to a configured login path.
    pub fn login<'b>(&self, path: &str, body: &'b Object) -> Option<&'b Object> {
        self.route(path, |route| route.login(body)).flatten()
    }

    fn route<T>(&self, path: &str, then: impl FnOnce(&LoginRoute) -> T) -> Option<T> {
        let plan = self.detector.plan();
        plan.config.settings.login_routes.iter().find(|route| route.path == path).map(then)
    }

    /// Learns a path on which somebody tried to log in.
    pub fn saw_login(&self, path: &str) {
        if path.len() <= LONGEST_ROUTE && !self.has_seen(path) && self.routes.load().len() < ROUTES {
            self.routes.change(|routes| {
                if routes.len() < ROUTES && routes.iter().all(|known| **known != *path) {
                    routes.push(path.into());
                }
            });
        }
    }

    fn has_seen(&self, path: &str) -> bool {
        self.routes.load().iter().any(|route| **route == *path)
    }
}
