//! One integration binary: worked cases of law, journeys over sockets, and the house rules.

mod cases;
