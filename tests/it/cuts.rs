//! A connection cut at every byte of a filing and of a payment, on the way there and on the way
//! back. Whatever the client has seen, with nothing but its request id it learns what became of
//! its call: `GetOutcome` tells the answer or says that nothing happened, and the same request
//! again ends in one effect and one answer, byte for byte.

mod killed;
mod proxy;
mod shop;

use caixing::pb;
use tokio::task::JoinSet;
use tonic::transport::Channel;
use tonic::{Code, Response, Status};

use crate::support::{filing, fresh, is_replay, paying, reason};
use proxy::{Cut, through};
use shop::{Shop, WAIT};

/// Lanes that cut at the same time.
const LANES: usize = 8;
/// Frames that are not the answer's own (acknowledgements, window updates) come at no fixed
/// moment: so many bytes may come on top of those of the uncut exchange.
const MARGIN: usize = 32;

/// The two calls that must never be unknown and never be twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum What {
    Submit,
    Pay,
}

/// A prepared call.
#[derive(Debug, Clone)]
enum Request {
    Submit(pb::SubmitDeclarationRequest),
    Pay(pb::CreatePaymentRequest),
}

impl Request {
    fn new(what: What, declaration: &pb::Declaration) -> Self {
        match what {
            What::Submit => Self::Submit(filing(declaration)),
            What::Pay => Self::Pay(paying(declaration, "300.00")),
        }
    }

    fn taxpayer_id(&self) -> &str {
        match self {
            Self::Submit(request) => &request.taxpayer_id,
            Self::Pay(request) => &request.taxpayer_id,
        }
    }

    fn request_id(&self) -> &str {
        match self {
            Self::Submit(request) => &request.request_id,
            Self::Pay(request) => &request.request_id,
        }
    }

    /// The answer's bytes, and whether it is an earlier one given again.
    async fn send(&self, channel: Channel) -> Result<(Vec<u8>, bool), Status> {
        fn read<T: prost::Message>(answer: Response<T>) -> (Vec<u8>, bool) {
            let replay = is_replay(&answer);
            (answer.into_inner().encode_to_vec(), replay)
        }
        match self {
            Self::Submit(request) => {
                let mut client =
                    pb::declaration_service_client::DeclarationServiceClient::new(channel);
                client.submit_declaration(request.clone()).await.map(read)
            }
            Self::Pay(request) => {
                let mut client = pb::payment_service_client::PaymentServiceClient::new(channel);
                client.create_payment(request.clone()).await.map(read)
            }
        }
    }

    /// Sends it again until it is answered; a payment still at the bank takes its time.
    async fn finish(&self, shop: &Shop) -> (Vec<u8>, bool) {
        let started = std::time::Instant::now();
        for attempt in 1.. {
            match self.send(shop.channel.clone()).await {
                Ok(answer) => return answer,
                Err(status) if status.code() == Code::Aborted => {
                    assert_eq!(reason(&status), "REQUEST_STILL_RUNNING");
                }
                Err(status) => panic!("{status:?}"),
            }
            assert!(started.elapsed() < WAIT, "never answered");
            if attempt % 100 == 0 {
                // The caller left before the bank was asked: after a while that is a fact.
                shop.let_time_pass();
            }
            tokio::time::sleep(std::time::Duration::from_millis(5)).await;
        }
        unreachable!("attempts do not end")
    }
}

async fn outcome(shop: &Shop, request: &Request) -> pb::GetOutcomeResponse {
    let ask = pb::GetOutcomeRequest {
        taxpayer_id: request.taxpayer_id().to_owned(),
        request_id: request.request_id().to_owned(),
        tax_number: String::new(),
    };
    let channel = shop.channel.clone();
    let mut client = pb::outcome_service_client::OutcomeServiceClient::new(channel);
    client.get_outcome(ask).await.unwrap().into_inner()
}

/// One call whose connection is cut, and everything that must hold afterwards. Gives what
/// `GetOutcome` said first.
async fn cut_once(
    shop: &Shop,
    what: What,
    declaration: &pb::Declaration,
    cut: Cut,
) -> pb::OutcomeState {
    let request = Request::new(what, declaration);
    let (told, _) = through(shop.address, cut, |channel| {
        let request = request.clone();
        async move { request.send(channel).await }
    })
    .await;
    shop.check_whole_or_absent(what, &request, cut).await;
    let known = outcome(shop, &request).await;
    let state = known.state();
    if let Ok((bytes, _)) = &told {
        assert_eq!(state, pb::OutcomeState::Done, "{cut:?}: it was answered");
        assert_eq!(known.response, *bytes, "{cut:?}");
    }
    if state == pb::OutcomeState::Pending {
        assert_eq!(what, What::Pay, "{cut:?}");
    }
    let (bytes, replay) = request.finish(shop).await;
    if state == pb::OutcomeState::Done {
        assert!(replay, "{cut:?}: it was done already");
        assert_eq!(known.response, bytes, "{cut:?}");
    }
    let known = outcome(shop, &request).await;
    assert_eq!(known.state(), pb::OutcomeState::Done, "{cut:?}");
    assert_eq!(known.response, bytes, "{cut:?}");
    shop.check_one_effect(what, &request, cut).await;
    // The same id with other content is another call, and refused.
    let mut other = request.clone();
    match &mut other {
        Request::Submit(request) => request.content_digest = fresh(),
        Request::Pay(request) => request.agreement_number = fresh(),
    }
    let refused = other.send(shop.channel.clone()).await.unwrap_err();
    assert_eq!(reason(&refused), "REQUEST_ID_REUSED", "{cut:?}");
    state
}

/// Cuts at every byte of one direction.
async fn cut_everywhere(what: What, place: fn(usize) -> Cut) {
    let shop = Shop::open().await;
    let uncut = shop.prepare(what, 1).await.remove(0);
    let request = Request::new(what, &uncut);
    let (told, passed) = through(shop.address, Cut::Never, |channel| {
        let request = request.clone();
        async move { request.send(channel).await }
    })
    .await;
    told.unwrap();
    let length = match place(0) {
        Cut::Up(_) => passed.up,
        _ => passed.down,
    } + MARGIN;
    assert!(length > 300, "{passed:?}: too short for a call");
    let declarations = shop.prepare(what, length + 1).await;
    let mut lanes = JoinSet::new();
    let work: Vec<(usize, pb::Declaration)> = declarations.into_iter().enumerate().collect();
    for lane in 0..LANES {
        let shop = shop.clone();
        let own: Vec<_> = work.iter().skip(lane).step_by(LANES).cloned().collect();
        lanes.spawn(async move {
            let mut states = Vec::new();
            for (bytes, declaration) in own {
                states.push(cut_once(&shop, what, &declaration, place(bytes)).await);
            }
            states
        });
    }
    let states = lanes.join_all().await.concat();
    assert_eq!(states.len(), length + 1);
    // Cut early nothing happened, cut late it had: both were seen.
    for expected in [pb::OutcomeState::NotFound, pb::OutcomeState::Done] {
        assert!(states.contains(&expected), "{expected:?} was never seen");
    }
    shop.check_debits(what, length + 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filing_cut_at_any_byte_on_the_way_there_is_never_unknown() {
    cut_everywhere(What::Submit, Cut::Up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_filing_cut_at_any_byte_on_the_way_back_is_never_unknown() {
    cut_everywhere(What::Submit, Cut::Down).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_cut_at_any_byte_on_the_way_there_is_never_unknown_and_never_twice() {
    cut_everywhere(What::Pay, Cut::Up).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_payment_cut_at_any_byte_on_the_way_back_is_never_unknown_and_never_twice() {
    cut_everywhere(What::Pay, Cut::Down).await;
}
