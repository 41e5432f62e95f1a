//! What goes together: things of one colour that many buy at once, so that what somebody has says what they may like.

use super::order::{Line, Product};
use super::random::Random;
use super::words::COLOURS;

/// Places in the lists of words: a ceramic mug, cake stand and storage jar.
const CERAMIC: u64 = 2;
const PIECES: [u64; 3] = [1, 4, 10];

/// What somebody buys of a set, one of each: often not every piece. Some colours sell better than others.
pub fn lines(random: &mut Random) -> Vec<Line> {
    let colours = COLOURS.len() as u64;
    let colour = random.below(colours).min(random.below(colours));
    let left_out = random.below(2 * PIECES.len() as u64) as usize;
    let pieces = PIECES.iter().enumerate();
    pieces
        .filter(|(place, _)| *place != left_out)
        .map(|(_, thing)| Line {
            product: Product::made_of(colour, CERAMIC, *thing),
            quantity: 1,
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_is_of_one_colour_and_lacks_one_piece_at_most() {
        let mut random = Random::new(7, "sets", 1);
        for _ in 0..100 {
            let lines = lines(&mut random);
            assert!((2..=3).contains(&lines.len()));
            let names: Vec<String> = lines.iter().map(|it| it.product.description()).collect();
            let make = names[0].rsplit_once("CERAMIC").expect("ceramic").0;
            assert!(names.iter().all(|name| name.starts_with(make)), "{names:?}");
        }
    }
}
