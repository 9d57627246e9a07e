//! A gateway for tests: answers searches, describes itself and maps ports by UPnP, on loopback; or misbehaves.

#![allow(dead_code, reason = "each test file uses its own part of this")]

use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream, UdpSocket};
use tokio::sync::Notify;
use tokio::task::JoinSet;

/// How it behaves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manner {
    /// As it should.
    Good,
    /// Says of the port asked for that another machine has it.
    Taken,
    /// Knows no leases.
    Permanent,
    /// Lets nobody map.
    Forbidding,
    /// Has a private address on its outer side.
    Inner,
    /// Describes itself in megabytes.
    Huge,
    /// Never ends its answer to a request.
    Endless,
    /// Says nothing to a request.
    Silent,
    /// Answers the search from here, and names another host.
    Elsewhere,
    /// Describes itself, and has requests sent to another host.
    ElsewhereLater,
    /// Sends whoever asks on to another host.
    Redirecting,
    /// Answers with what is no XML, of the deepest kind.
    Nested,
    /// Answers the search with bytes of no meaning.
    Garbage,
}

/// A mapping that it was asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Mapping {
    /// The gateway's port.
    pub outer: u16,
    /// Where it forwards to.
    pub to: SocketAddr,
    /// For how many seconds; 0: for good.
    pub lease: u32,
}

/// What it holds.
#[derive(Clone, Debug, Default)]
pub struct Held {
    /// Mappings in force.
    pub mappings: Vec<Mapping>,
    /// Ports taken back.
    pub removed: Vec<u16>,
}

/// Works until it is dropped.
pub struct TestGateway {
    /// Where it hears searches.
    pub search: SocketAddr,
    /// What it holds.
    pub held: Arc<Mutex<Held>>,
    /// Told of each request that is not answered.
    pub heard: Arc<Notify>,
    manner: Arc<Mutex<Manner>>,
    _tasks: JoinSet<()>,
}

impl TestGateway {
    /// Starts one.
    pub async fn start(manner: Manner) -> Self {
        let udp = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let tcp = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (search, http) = (udp.local_addr().unwrap(), tcp.local_addr().unwrap());
        let held = Arc::<Mutex<Held>>::default();
        let manner = Arc::new(Mutex::new(manner));
        let of_searches = Arc::clone(&manner);
        let of_requests = Arc::clone(&manner);
        let mut tasks = JoinSet::new();
        tasks.spawn(async move {
            let mut buffer = [0; 2_048];
            loop {
                let Ok((length, from)) = udp.recv_from(&mut buffer).await else { continue };
                assert!(buffer[..length].starts_with(b"M-SEARCH * HTTP/1.1\r\n"));
                let manner = *of_searches.lock().unwrap();
                let location = match manner {
                    Manner::Elsewhere => "http://127.0.0.2:80/root.xml".to_owned(),
                    _ => format!("http://{http}/root.xml"),
                };
                let answer = match manner {
                    Manner::Garbage => vec![0xff; 1_400],
                    _ => format!("HTTP/1.1 200 OK\r\nEXT:\r\nLOCATION: {location}\r\nST: upnp:rootdevice\r\n\r\n").into_bytes(),
                };
                let _ = udp.send_to(&answer, from).await;
            }
        });
        let shared = Arc::clone(&held);
        let heard = Arc::new(Notify::new());
        let tell = Arc::clone(&heard);
        tasks.spawn(async move {
            while let Ok((stream, _)) = tcp.accept().await {
                let manner = *of_requests.lock().unwrap();
                tokio::spawn(serve(stream, manner, Arc::clone(&shared), Arc::clone(&tell)));
            }
        });
        Self { search, held, heard, manner, _tasks: tasks }
    }

    /// From now on it behaves so.
    pub fn turn(&self, manner: Manner) {
        *self.manner.lock().unwrap() = manner;
    }
}

async fn serve(mut stream: TcpStream, manner: Manner, held: Arc<Mutex<Held>>, tell: Arc<Notify>) {
    let Some((head, body)) = request(&mut stream).await else { return };
    let path = head.split(' ').nth(1).unwrap_or_default();
    let (status, text) = match path {
        "/root.xml" => match manner {
            Manner::Huge => ("200 OK", format!("<root>{}</root>", "<a>x</a>".repeat(400_000))),
            Manner::Nested => ("200 OK", "<a>".repeat(100_000)),
            Manner::Redirecting => ("302 Found\r\nLocation: http://127.0.0.2:80/root.xml", String::new()),
            Manner::ElsewhereLater => ("200 OK", description("http://127.0.0.2:80/control")),
            _ => ("200 OK", description("/control")),
        },
        "/actions.xml" => ("200 OK", actions()),
        _ => match manner {
            Manner::Silent => {
                tell.notify_one();
                return std::future::pending().await;
            }
            Manner::Endless => return endless(stream).await,
            _ => answer(&head, &body, manner, &mut held.lock().unwrap()),
        },
    };
    let length = text.len();
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Type: text/xml\r\nContent-Length: {length}\r\nConnection: close\r\n\r\n{text}");
    let _ = stream.write_all(answer.as_bytes()).await;
}

async fn endless(mut stream: TcpStream) {
    let mut chunk = "HTTP/1.1 200 OK\r\nContent-Type: text/xml\r\n\r\n<a>".to_owned();
    while stream.write_all(chunk.as_bytes()).await.is_ok() {
        chunk = "<b>endless</b>".repeat(1_000);
    }
}

/// A request's head, and its body.
async fn request(stream: &mut TcpStream) -> Option<(String, String)> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(at) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break at + 4;
        }
        if bytes.len() > 16_384 || stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8_lossy(&bytes[..end]).into_owned();
    let length = head.lines().find_map(|line| {
        let (name, value) = line.split_once(':')?;
        name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse::<usize>().ok())?
    });
    while bytes.len() < end + length.unwrap_or(0).min(16_384) {
        if stream.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    Some((head, String::from_utf8_lossy(&bytes[end..]).into_owned()))
}

fn description(control: &str) -> String {
    let service = format!(
        "<serviceList><service><serviceType>urn:schemas-upnp-org:service:WANIPConnection:1</serviceType>\
         <controlURL>{control}</controlURL><SCPDURL>/actions.xml</SCPDURL></service></serviceList>"
    );
    format!("<?xml version=\"1.0\"?><root><device><deviceList><device>{service}</device></deviceList></device></root>")
}

fn actions() -> String {
    let action = |name: &str, arguments: &[&str]| {
        let arguments: String =
            arguments.iter().map(|name| format!("<argument><name>{name}</name><direction>in</direction></argument>")).collect();
        format!("<action><name>{name}</name><argumentList>{arguments}</argumentList></action>")
    };
    let of_a_port = ["NewRemoteHost", "NewExternalPort", "NewProtocol"];
    let of_a_mapping = [
        "NewRemoteHost",
        "NewExternalPort",
        "NewProtocol",
        "NewInternalPort",
        "NewInternalClient",
        "NewEnabled",
        "NewPortMappingDescription",
        "NewLeaseDuration",
    ];
    let all = action("AddPortMapping", &of_a_mapping) + &action("DeletePortMapping", &of_a_port);
    format!("<?xml version=\"1.0\"?><scpd><actionList>{all}</actionList></scpd>")
}

/// The text between an element's tags.
fn element<'a>(body: &'a str, name: &str) -> &'a str {
    let (open, close) = (format!("<{name}>"), format!("</{name}>"));
    let rest = body.split_once(&open).map_or("", |(_, rest)| rest);
    rest.split_once(&close).map_or("", |(text, _)| text)
}

fn answer(head: &str, body: &str, manner: Manner, held: &mut Held) -> (&'static str, String) {
    let refuse = |code: u16| {
        let error = format!("<UPnPError><errorCode>{code}</errorCode><errorDescription>no</errorDescription></UPnPError>");
        ("500 Internal Server Error", envelope(&format!("<s:Fault><detail>{error}</detail></s:Fault>")))
    };
    let done = |name: &str, inner: &str| ("200 OK", envelope(&format!("<u:{name} xmlns:u=\"urn:x\">{inner}</u:{name}>")));
    if head.contains("#GetExternalIPAddress") {
        let outside = if manner == Manner::Inner { "192.168.178.2" } else { "203.0.113.7" };
        return done("GetExternalIPAddressResponse", &format!("<NewExternalIPAddress>{outside}</NewExternalIPAddress>"));
    }
    let outer: u16 = element(body, "NewExternalPort").parse().unwrap();
    assert_eq!(element(body, "NewProtocol"), "TCP");
    if head.contains("#DeletePortMapping") {
        held.mappings.retain(|mapping| mapping.outer != outer);
        held.removed.push(outer);
        return done("DeletePortMappingResponse", "");
    }
    let inner = format!("{}:{}", element(body, "NewInternalClient"), element(body, "NewInternalPort"));
    let mapping = Mapping { outer, to: inner.parse().unwrap(), lease: element(body, "NewLeaseDuration").parse().unwrap() };
    match manner {
        Manner::Forbidding => refuse(606),
        Manner::Taken if outer == mapping.to.port() => refuse(718),
        Manner::Permanent if mapping.lease > 0 => refuse(725),
        _ => {
            held.mappings.retain(|other| other.outer != outer);
            held.mappings.push(mapping);
            done("AddPortMappingResponse", "")
        }
    }
}

fn envelope(body: &str) -> String {
    format!(
        "<?xml version=\"1.0\"?><s:Envelope xmlns:s=\"http://schemas.xmlsoap.org/soap/envelope/\"><s:Body>{body}</s:Body></s:Envelope>"
    )
}
