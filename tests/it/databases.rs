//! The whole way on both databases, over real sockets.

use caixing::cli::{JourneyInput, play};

use crate::support::*;

const EXAMPLE: &str = include_str!("../../examples/hefei-manufacturer.json");

on_both!(the_journey_ends_in_a_verified_voucher);

async fn the_journey_ends_in_a_verified_voucher(on: On) {
    let server = Server::on(on).await;
    let input = JourneyInput::parse(EXAMPLE).unwrap();
    let outcome = play(&server.address, &input, true).await.unwrap();
    assert_eq!(outcome.voucher.total_yuan, "917129.19");
    assert_eq!(outcome.payment.surcharge_yuan, "0.00");
    server.stop().await;
}
