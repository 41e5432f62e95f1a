//! Orders to expect and chances to be a customer, beside the paper's formulas at 60 digits.

use crate::{BgNbd, History};

/// Parameters r, alpha, a, b; frequency, recency and age; time; chance to be a customer; orders to expect. Made with
/// mpmath's hyp2f1 of equation 10; where that has no value (a = 1, C = 0), of parameters 1e-25 away.
#[rustfmt::skip]
const TABLE: [[f64; 10]; 17] = [
    [0.243, 4.414, 0.793, 2.426, 2.0, 30.43, 38.86, 39.0, 0.726578570080673, 1.22602817476714],
    [0.243, 4.414, 0.793, 2.426, 0.0, 0.0, 38.86, 39.0, 1.0, 0.195098052011263],
    [0.82566, 69.231, 0.0039222, 6.6529, 131.0, 371.0, 373.0, 365.0, 0.999947833082811, 108.66101403753],
    [0.5, 40.0, 1.0, 2.5, 3.0, 100.0, 120.0, 365.0, 0.738216153469898, 3.57269520960603],
    [0.5, 40.0, 1.0000001, 2.5, 3.0, 100.0, 120.0, 365.0, 0.738216134144592, 3.5726949718427],
    [0.5, 40.0, 0.3, 0.5, 0.0, 0.0, 0.0, 90.0, 1.0, 0.797348998262379],
    [0.5, 40.0, 0.3, 0.7, 0.0, 0.0, 10.0, 90.0, 1.0, 0.70275814494933],
    [0.25, 4.0, 0.8, 2.4, 1.0, 2.0, 39.0, 4000.0, 0.20372257301203, 3.21430794952123],
    [0.25, 4.0, 0.8, 2.4, 2.0, 30.0, 39.0, 100000.0, 0.714742468635545, 46.3627563023093],
    [0.25, 4.0, 0.8, 2.4, 2.0, 30.0, 39.0, 43000000.0, 0.714742468635545, 191.328372840752],
    [0.25, 0.001, 0.8, 2.4, 0.0, 0.0, 0.0, 1000.0, 1.0, 73.1852848910495],
    [3.0, 10.0, 0.05, 0.02, 5.0, 40.0, 50.0, 60000.0, 0.949234636929256, 5484.37472656958],
    [3.0, 10.0, 2.0, 4.0, 5.0, 40.0, 50.0, 60000.0, 0.481938339035371, 4.81319529053129],
    [200.0, 2000.0, 25.0, 40.0, 3.0, 30.0, 100.0, 36500.0, 0.0017208386535005, 0.00480400790768889],
    [1.5, 30.0, 0.5, 3.0, 1200.0, 3600.0, 3650.0, 365.0, 0.000174789118208431, 0.0203377312954431],
    [1.5, 30.0, 4.0, 300.0, 1200.0, 3600.0, 3650.0, 36500.0, 2.72512012477017e-5, 0.0136336571263822],
    [2.0, 50.0, 0.7, 1.5, 4.0, 200.0, 300.0, 0.0001, 0.460561824836834, 7.89534467722162e-7],
];

#[test]
fn expectations_are_those_of_the_paper() {
    for [r, alpha, a, b, frequency, recency, age, time, alive, orders] in TABLE {
        let model = BgNbd::new(r, alpha, a, b).unwrap();
        let history = History::new(frequency, recency, age).unwrap();
        let off = (model.alive(&history) / alive - 1.0).abs();
        assert!(off < 1e-12, "{model:?} {history:?} alive: {off}");
        let off = (model.orders(&history, time).unwrap() / orders - 1.0).abs();
        assert!(off < 1e-11, "{model:?} {history:?} {time}: {off}");
    }
}

/// The example of the paper: customer 1 of the CDNOW data, the next 39 weeks.
#[test]
fn the_example_of_the_paper_comes_out() {
    let model = BgNbd::new(0.243, 4.414, 0.793, 2.426).unwrap();
    let history = History::new(2.0, 30.43, 38.86).unwrap();
    let orders = model.orders(&history, 39.0).unwrap();
    assert!((orders - 1.226).abs() < 0.0005, "{orders}");
}
