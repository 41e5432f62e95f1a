//! The models beside known answers, slow obvious oracles, and customers made by the models themselves.

mod alike;
mod fitting;
mod made;
mod oracle;
mod table;
mod unfit;
mod worth;
