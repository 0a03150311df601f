//! Any JSON as a search space, as programs send it: it is refused, or its points keep their promises.
#![no_main]

use libfuzzer_sys::fuzz_target;
use seqtune_space::SearchSpace;

fuzz_target!(|input: (&str, u64)| {
    let (text, seed) = input;
    let Ok(space) = serde_json::from_str::<SearchSpace>(text) else { return };
    let unit: Vec<f64> = (0..space.dimensions().len() as u64)
        .map(|index| (seed.wrapping_mul(0x9e37_79b9_7f4a_7c15).wrapping_add(index << 40) >> 11) as f64 / 2f64.powi(53))
        .collect();
    for point in [space.decode(&unit), space.decode_quantiles(&unit)] {
        let point = point.expect("the length is right");
        let free = SearchSpace::new(space.parameters().to_vec()).expect("its parameters are those of a space");
        assert_eq!(free.check(point.clone()).expect("a decoded point is in the space"), point);
        let again: Vec<f64> = space.encode(&point).into_iter().map(|u| u.unwrap_or(0.0)).collect();
        assert_eq!(space.decode(&again).expect("the length is right"), point);
        for near in space.neighbours(&point).into_iter().take(8) {
            assert!(space.check(near).is_ok());
        }
    }
    let json = serde_json::to_string(&space).expect("a space has a JSON form");
    assert_eq!(serde_json::from_str::<SearchSpace>(&json).expect("it is one"), space);
    if let Some(points) = space.points(500) {
        assert!(points.len() as u64 <= space.cardinality().expect("it is finite"));
    }
});
