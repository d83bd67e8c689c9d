//! Photos in a bucket of an S3 server that is not ours (Moto, through Werkzeug): kept sealed, read as
//! they were, not handed out once changed there, limited in size and sort; and what is said when the
//! bucket is gone.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use sha2::{Digest, Sha256};
use simpul::api::v1::attachment_service_client::AttachmentServiceClient;
use simpul::api::v1::{self, savings_service_client::SavingsServiceClient};
use tokio::task::block_in_place;
use tonic::transport::Channel;
use tonic::{Code, Status};
use tonic_types::StatusExt;

use crate::server::{Backend, SERVE, Server, data_folder, open_book, send, simpul};

const BUCKET: &str = "bukti-contoh";

/// The S3 server.
struct Bucket {
    child: Child,
    address: String,
}

impl Bucket {
    fn start() -> Bucket {
        let script = "from moto.server import main; main(['-H', '127.0.0.1', '-p', '0'])";
        let mut command = Command::new(python());
        command.args(["-u", "-c", script]).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("it starts");
        let log = child.stderr.take().expect("piped");
        let mut lines = BufReader::new(log).lines().map(|line| line.expect("text"));
        let said = lines.find_map(|line| line.split_once("http://").map(|(_, at)| at.to_owned()));
        let address = said.expect("where it listens").trim().to_owned();
        // It goes on writing a line for each request, which somebody has to read.
        std::thread::spawn(move || lines.for_each(drop));
        Bucket { child, address }
    }

    /// Has a client of another maker do something in the bucket; answers what it read.
    fn client(&self, word: &str, key: Option<&str>, bytes: &[u8]) -> Vec<u8> {
        let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/processes/bucket.py");
        let mut command = Command::new(python());
        command.arg(script).args([&format!("http://{}", self.address), word, BUCKET]).args(key);
        command.stdin(Stdio::piped()).stdout(Stdio::piped());
        let mut child = command.spawn().expect("it runs");
        child.stdin.take().expect("piped").write_all(bytes).expect("written");
        let output = child.wait_with_output().expect("it ends");
        assert!(output.status.success(), "{word} {key:?}");
        output.stdout
    }

    /// The names of what lies in the bucket.
    fn objects(&self) -> Vec<String> {
        let listed = String::from_utf8(self.client("list", None, b"")).expect("text");
        listed.lines().map(str::to_owned).collect()
    }

    fn get(&self, key: &str) -> Vec<u8> {
        self.client("get", Some(key), b"")
    }

    fn put(&self, key: &str, bytes: &[u8]) {
        self.client("put", Some(key), bytes);
    }
}

fn python() -> String {
    std::env::var("SIMPUL_TEST_PYTHON")
        .expect("SIMPUL_TEST_PYTHON names a Python with Moto; tests/run sets it")
}

impl Drop for Bucket {
    fn drop(&mut self) {
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

fn reason(status: &Status) -> String {
    let details = status.get_error_details();
    details.error_info().map(|info| info.reason.clone()).unwrap_or_default()
}

fn hash(bytes: &[u8]) -> String {
    hex::encode(Sha256::digest(bytes))
}

/// A file in the two parts that a telephone sends.
async fn put(channel: &Channel, parent: &str, bytes: &[u8]) -> Result<(), Status> {
    for (part, content) in (0..).zip(bytes.chunks(512 << 10)) {
        let request = v1::PutAttachmentPartRequest {
            parent: parent.to_owned(),
            sha256: hash(bytes),
            part,
            content: content.to_vec(),
        };
        AttachmentServiceClient::new(channel.clone()).put_attachment_part(request).await?;
    }
    Ok(())
}

async fn attach(channel: &Channel, parent: &str, bytes: &[u8]) -> Result<String, Status> {
    put(channel, parent, bytes).await?;
    let request = v1::AttachFileRequest {
        parent: parent.to_owned(),
        request_id: format!("lampirkan-{}", &hash(bytes)[..12]),
        details: None,
        sha256: hash(bytes),
        size_bytes: i64::try_from(bytes.len()).expect("small"),
    };
    let answer = AttachmentServiceClient::new(channel.clone()).attach_file(request).await?;
    Ok(answer.into_inner().attachment.expect("set").name)
}

async fn read(channel: &Channel, name: &str) -> Result<Vec<u8>, Status> {
    let request = v1::ReadAttachmentRequest { name: name.to_owned() };
    let mut client = AttachmentServiceClient::new(channel.clone());
    let mut parts = client.read_attachment(request).await?.into_inner();
    let mut bytes = Vec::new();
    while let Some(part) = parts.message().await? {
        bytes.extend(part.content);
    }
    Ok(bytes)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn photos_lie_in_a_bucket_of_another_maker() {
    let bucket = block_in_place(Bucket::start);
    block_in_place(|| bucket.client("make", None, b""));
    let (_folder, data) = data_folder();
    let mut command = simpul(&SERVE, &Backend::Sqlite, &data);
    command.args(["--attachments", &format!("s3://{BUCKET}/lampiran")]).stderr(Stdio::null());
    command.env("AWS_ENDPOINT", format!("http://{}", bucket.address));
    command.envs([
        ("AWS_ALLOW_HTTP", "true"),
        ("AWS_REGION", "us-east-1"),
        ("AWS_ACCESS_KEY_ID", "contoh"),
        ("AWS_SECRET_ACCESS_KEY", "contoh"),
    ]);
    let server = Server::spawn(command);
    let channel = server.connect().await;
    open_book(channel.clone()).await;
    let deposit = send(&mut SavingsServiceClient::new(channel.clone()), 1).await.expect("saved");
    let parent = deposit.name;
    let mut photo = vec![0xff, 0xd8, 0xff, 0xe0];
    photo.extend((0..600_000u32).map(|at| (at % 251) as u8));
    let name = attach(&channel, &parent, &photo).await.expect("attached");
    assert_eq!(read(&channel, &name).await.expect("read"), photo);

    // There are two parts, below the folder, and nothing of the photo shows in them.
    let objects = block_in_place(|| bucket.objects());
    assert_eq!(objects.len(), 2);
    for object in &objects {
        assert!(object.starts_with("lampiran/sibuk/transactions/"), "{object}");
        let sealed = block_in_place(|| bucket.get(object));
        assert!(!sealed.windows(40).any(|window| photo[100..].starts_with(window)));
    }

    // What is no photo is refused and forgotten, and so is what is too large.
    let page = attach(&channel, &parent, b"<html>bukan foto</html>").await.expect_err("no photo");
    assert_eq!((page.code(), reason(&page).as_str()), (Code::InvalidArgument, "ATTACHMENT_SORT"));
    assert_eq!(block_in_place(|| bucket.objects()).len(), 2);
    let large = v1::AttachFileRequest {
        parent: parent.clone(),
        request_id: "terlalu-besar".to_owned(),
        details: None,
        sha256: hash(&photo),
        size_bytes: 11 << 20,
    };
    let large = AttachmentServiceClient::new(channel.clone()).attach_file(large).await;
    assert_eq!(reason(&large.expect_err("too large")), "ATTACHMENT_TOO_LARGE");

    // A part that was changed there, or taken from there, is not handed out.
    let whole = block_in_place(|| bucket.get(&objects[0]));
    let mut sealed = whole.clone();
    sealed[200] ^= 1;
    block_in_place(|| bucket.put(&objects[0], &sealed));
    let altered = read(&channel, &name).await.expect_err("altered");
    assert_eq!((altered.code(), reason(&altered).as_str()), (Code::DataLoss, "ATTACHMENT_DAMAGED"));
    block_in_place(|| bucket.put(&objects[0], &whole));
    assert_eq!(read(&channel, &name).await.expect("as it was"), photo);

    // Without its bucket nothing is lost for good, and the answer says where to look.
    for object in &objects {
        block_in_place(|| bucket.client("delete", Some(object), b""));
    }
    let taken = read(&channel, &name).await.expect_err("taken away");
    assert_eq!(reason(&taken), "ATTACHMENT_DAMAGED");
    block_in_place(|| bucket.client("drop", None, b""));
    let other = [photo.as_slice(), b"lain"].concat();
    for missing in [
        read(&channel, &name).await.expect_err("no bucket"),
        put(&channel, &parent, &other).await.expect_err("no bucket"),
    ] {
        let said = (missing.code(), reason(&missing));
        assert_eq!(said, (Code::Unavailable, "ATTACHMENT_STORE".to_owned()));
        assert!(missing.message().contains("lampiran"), "{}", missing.message());
    }
    // The money is none of the bucket's business.
    send(&mut SavingsServiceClient::new(channel.clone()), 2).await.expect("saved");
    assert!(server.terminate().success());
}
