//! S3 inside the test process, on a loopback port. s3s-fs checks `If-None-Match` and writes in two
//! steps; a lock around conditional puts makes them atomic, as they are on S3.

use std::convert::Infallible;
use std::path::Path;
use std::sync::Arc;

use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service, service_fn};
use hyper::{Method, Request};
use hyper_util::rt::TokioIo;
use object_store::ObjectStore;
use object_store::aws::AmazonS3Builder;
use s3s::auth::SimpleAuth;
use s3s::service::{S3Service, S3ServiceBuilder};
use tokio::net::TcpListener;
use tokio::sync::Mutex;

const USER: &str = "tester";
const SECRET: &str = "of-no-consequence";

/// Serves the folder; each folder in it is a bucket. Returns the endpoint's URL.
pub async fn serve(folder: &Path) -> String {
    let files = s3s_fs::FileSystem::new(folder).expect("a folder to serve");
    let mut builder = S3ServiceBuilder::new(files);
    builder.set_auth(SimpleAuth::from_single(USER, SECRET));
    let service = builder.build();
    let listener = TcpListener::bind("127.0.0.1:0")
        .await
        .expect("a loopback port");
    let address = listener.local_addr().expect("bound");
    tokio::spawn(accept(listener, service));
    format!("http://{address}")
}

async fn accept(listener: TcpListener, service: S3Service) {
    let conditional = Arc::new(Mutex::new(()));
    while let Ok((socket, _)) = listener.accept().await {
        // Small answers would otherwise wait 40 ms for the client's acknowledgement.
        socket.set_nodelay(true).expect("a TCP socket");
        let (service, conditional) = (service.clone(), Arc::clone(&conditional));
        let serving =
            service_fn(move |request| answer(request, service.clone(), Arc::clone(&conditional)));
        tokio::spawn(async move {
            // A client that hangs up is no concern of ours.
            let _ = http1::Builder::new()
                .serve_connection(TokioIo::new(socket), serving)
                .await;
        });
    }
}

async fn answer(
    request: Request<Incoming>,
    service: S3Service,
    conditional: Arc<Mutex<()>>,
) -> Result<s3s::HttpResponse, Infallible> {
    let guarded =
        request.method() == Method::PUT && request.headers().contains_key("if-none-match");
    let _guard = match guarded {
        true => Some(conditional.lock().await),
        false => None,
    };
    Ok(Service::call(&service, request)
        .await
        .expect("s3s turns errors into answers"))
}

/// A store on a bucket of the server. Credentials are handed over directly because a test cannot
/// set the environment that other tests share.
pub fn store(endpoint: &str, bucket: &str) -> Arc<dyn ObjectStore> {
    let store = AmazonS3Builder::new()
        .with_endpoint(endpoint)
        .with_bucket_name(bucket)
        .with_region("us-east-1")
        .with_access_key_id(USER)
        .with_secret_access_key(SECRET)
        .with_allow_http(true)
        .build();
    Arc::new(store.expect("complete settings"))
}
