//! The paths on which logins succeed, for rules about login requests.
//!
//! Whoever has an account can log in on paths of their own, if the application accepts several or takes the path from the
//! request. So successes are counted per path, in a list of bounded length (Metwally et al., "Space-Saving"), and only
//! paths with a share of them are used.

/// The number of paths that are counted.
const COUNTED: usize = 64;
/// The number of paths that are used.
const USED: usize = 16;
/// The share of successes that a used path has: one in so many.
const SHARE: u32 = 256;
/// The number of successes after which all counts are halved, so that a new path needs few successes to be used.
const HALVED_AT: u32 = 1 << 16;

/// See the [module](self).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(in crate::takeover) struct LoginRoutes {
    counted: Vec<Counted>,
    successes: u32,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Counted {
    path: String,
    /// The number of successes, which is never too low.
    count: u32,
    /// By how much it may be too high.
    error: u32,
}

impl LoginRoutes {
    /// Counts a success.
    pub fn note(&mut self, path: &str) {
        self.add(path, 1);
    }

    fn add(&mut self, path: &str, successes: u32) {
        self.successes += successes;
        if self.successes >= HALVED_AT {
            self.successes /= 2;
            self.counted.iter_mut().for_each(|one| (one.count, one.error) = (one.count / 2, one.error / 2));
        }
        if let Some(known) = self.counted.iter_mut().find(|known| known.path == path) {
            known.count += successes;
        } else if self.counted.len() < COUNTED {
            self.counted.push(Counted { path: path.into(), count: successes, error: 0 });
        } else if let Some(least) = self.counted.iter_mut().min_by_key(|known| known.count) {
            *least = Counted { path: path.into(), count: least.count + successes, error: least.count };
        }
    }

    /// The paths that rules are about, the most frequent first.
    pub fn used(&self) -> impl Iterator<Item = &str> {
        let sure = |one: &Counted| one.count - one.error;
        let least = (self.successes / SHARE).max(1);
        let mut used: Vec<&Counted> = self.counted.iter().filter(|one| sure(one) >= least).collect();
        used.sort_by(|one, other| (sure(other), &one.path).cmp(&(sure(one), &other.path)));
        used.into_iter().take(USED).map(|one| one.path.as_str())
    }

    /// The counts for a snapshot: paths and their successes.
    pub fn counts(&self) -> impl Iterator<Item = (&str, u32)> {
        self.counted.iter().map(|one| (one.path.as_str(), one.count - one.error)).filter(|(_, sure)| *sure > 0)
    }

    /// The inverse of [`LoginRoutes::counts`].
    pub fn restored(counts: impl IntoIterator<Item = (String, u32)>) -> Self {
        let mut routes = LoginRoutes::default();
        counts.into_iter().for_each(|(path, count)| routes.add(&path, count.min(HALVED_AT / 2)));
        routes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_of_few_successes_do_not_displace_those_of_many() {
        let mut routes = LoginRoutes::default();
        (0..100).for_each(|n| routes.note(&format!("/mine/{n}")));
        for n in 0..3000 {
            routes.note(if n % 3 == 0 { "/api/login" } else { "/login" });
            routes.note(&format!("/mine/{}", 100 + n % 900));
        }
        assert_eq!(routes.used().collect::<Vec<_>>(), ["/login", "/api/login"]);
        assert!(routes.counted.len() == COUNTED);
        let restored = LoginRoutes::restored(routes.counts().map(|(path, count)| (path.to_owned(), count)));
        assert_eq!(restored.used().collect::<Vec<_>>(), ["/login", "/api/login"]);
    }

    #[test]
    fn a_new_path_is_used_at_once_in_a_small_service_and_soon_in_a_large_one() {
        let mut routes = LoginRoutes::default();
        routes.note("/login");
        assert_eq!(routes.used().collect::<Vec<_>>(), ["/login"]);
        (0..1_000_000).for_each(|_| routes.note("/login"));
        (0..300).for_each(|_| routes.note("/v2/login"));
        assert_eq!(routes.used().collect::<Vec<_>>(), ["/login", "/v2/login"]);
    }
}
