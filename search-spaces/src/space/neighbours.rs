//! Points next to a point, for local search.

use super::SearchSpace;
use crate::params::Params;

impl SearchSpace {
    /// The points that differ from a point in one parameter by one step (see [`crate::Domain::neighbours`]) and satisfy
    /// the constraints. Where a change makes other parameters exist, they take their defaults, or the middle of their
    /// domain; what no longer exists is left out, and lists whose length has changed are cut or repeat their last item.
    /// Each point comes once; the order depends on nothing but the point.
    pub fn neighbours(&self, params: &Params) -> Vec<Params> {
        let mut near: Vec<Params> = Vec::new();
        for parameter in &self.parameters {
            let Some(value) = params.get(&parameter.name) else { continue };
            for changed in parameter.domain.neighbours(value) {
                let mut point = params.clone();
                point.set(&parameter.name, changed);
                let point = self.mended(&point);
                if point != *params && !near.contains(&point) && self.check(point.clone()).is_ok() {
                    near.push(point);
                }
            }
        }
        near
    }

    /// A point with the parameters that exist there and no others.
    fn mended(&self, params: &Params) -> Params {
        let mut mended = Params::default();
        for parameter in self.parameters.iter() {
            if !parameter.is_active(&mended) {
                continue;
            }
            let kept = params.get(&parameter.name).cloned();
            let value = kept.or_else(|| parameter.default.clone()).unwrap_or_else(|| parameter.domain.decode(0.5));
            mended.set(&parameter.name, parameter.fitted(value, &mended));
        }
        mended
    }
}
