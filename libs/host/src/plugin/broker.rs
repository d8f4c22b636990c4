//! The HTTP broker: the master makes a plugin's requests, to the hosts that its manifest declares.
//!
//! A plugin's process has no socket. What it asks for is checked here: the host by its declaration, the addresses that
//! the host's name leads to (a public name may lead into a private network), each redirect again, sizes and time. One
//! connection a request, to an address that was checked: nothing is looked up twice.

use std::future::Future as _;
use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use bytes::Bytes;
use http_body_util::{BodyExt, Full, Limited};
use hyper::header::{self, HeaderMap, HeaderName, HeaderValue};
use hyper::{Method, Request, StatusCode, Uri};
use hyper_rustls::ConfigBuilderExt;
use hyper_util::rt::TokioIo;
use krepis_change::Failure;
use krepis_proto::v1::{HttpHeader, HttpRequest, HttpResponse};
use tokio::net::TcpStream;
use tokio::runtime::Runtime;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::ClientConfig;
use tokio_rustls::rustls::pki_types::ServerName;

use super::errors;
use super::hosts::{Hosts, Target, is_private};

/// The whole of a request, redirects included.
const TIME: Duration = Duration::from_secs(30);
/// Bytes of a body, either way.
const LARGEST: usize = 16 << 20;
/// Redirects followed.
const REDIRECTS: usize = 5;
/// Headers that say how the message travels; that is the broker's matter.
const OURS: &[&str] = &[
    "host",
    "connection",
    "content-length",
    "transfer-encoding",
    "te",
    "trailer",
    "upgrade",
    "expect",
    "keep-alive",
    "proxy-authorization",
    "proxy-connection",
    "accept-encoding",
];

/// Makes requests for one plugin.
#[derive(Debug)]
pub struct Broker<'a> {
    plugin: &'a str,
    hosts: &'a Hosts,
    runtime: Option<Runtime>,
    resolver: Resolver,
}

/// Where addresses come from.
#[derive(Debug, Clone)]
enum Resolver {
    System,
    #[cfg(test)]
    Fixed(Vec<SocketAddr>),
}

impl Resolver {
    async fn look_up(&self, host: &str, port: u16) -> io::Result<Vec<SocketAddr>> {
        match self {
            Self::System => Ok(tokio::net::lookup_host((host, port)).await?.collect()),
            #[cfg(test)]
            Self::Fixed(addresses) => Ok(addresses.clone()),
        }
    }
}

/// One hop of a request.
struct Hop {
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
}

impl<'a> Broker<'a> {
    /// For a plugin of that name with these hosts. Nothing is started before the first request.
    pub fn new(plugin: &'a str, hosts: &'a Hosts) -> Self {
        Self {
            plugin,
            hosts,
            runtime: None,
            resolver: Resolver::System,
        }
    }

    /// Makes a request; blocks until the answer is there or the time is up (30 s, or `left` if that is less).
    ///
    /// # Errors
    /// `KRP5232` to `KRP5235`.
    pub fn request(&mut self, request: HttpRequest, left: Duration) -> Result<HttpResponse, Failure> {
        let hop = self.first(request)?;
        if self.runtime.is_none() {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
            self.runtime = Some(runtime.map_err(|error| failed(&hop.uri, &error.to_string()))?);
        }
        let uri = hop.uri.clone();
        let time = TIME.min(left);
        let Some(runtime) = &self.runtime else {
            return Err(failed(&uri, "no runtime"));
        };
        runtime.block_on(async {
            tokio::time::timeout(time, self.follow(hop))
                .await
                .unwrap_or_else(|_| {
                    Err(failed(
                        &uri,
                        &format!("it took longer than {} ms", time.as_millis()),
                    ))
                })
        })
    }

    fn first(&self, request: HttpRequest) -> Result<Hop, Failure> {
        let wrong = |reason: String| {
            Failure::new(
                &errors::REQUEST_MALFORMED,
                format!("plugin `{}` made a request that cannot be made", self.plugin),
            )
            .reason(reason)
        };
        let method = match request.method.to_ascii_uppercase().as_str() {
            "" | "GET" => Method::GET,
            "HEAD" => Method::HEAD,
            "POST" => Method::POST,
            "PUT" => Method::PUT,
            "PATCH" => Method::PATCH,
            "DELETE" => Method::DELETE,
            "OPTIONS" => Method::OPTIONS,
            other => return Err(wrong(format!("the method `{}`", other.escape_debug()))),
        };
        if request.body.len() > LARGEST {
            return Err(wrong(format!(
                "its body has {} bytes; at most {LARGEST}",
                request.body.len()
            )));
        }
        let mut headers = HeaderMap::new();
        for HttpHeader { name, value } in &request.headers {
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|error| wrong(error.to_string()))?;
            if OURS.contains(&header.as_str()) {
                return Err(wrong(format!("the header `{header}` is not for a plugin to set")));
            }
            let value = HeaderValue::from_str(value).map_err(|error| wrong(format!("{header}: {error}")))?;
            headers.append(header, value);
        }
        Ok(Hop {
            method,
            uri: parse(&request.url).map_err(wrong)?,
            headers,
            body: request.body.into(),
        })
    }

    async fn follow(&self, mut hop: Hop) -> Result<HttpResponse, Failure> {
        for _ in 0..=REDIRECTS {
            let (status, headers, body) = self.send(&hop).await?;
            let location = status
                .is_redirection()
                .then(|| headers.get(header::LOCATION))
                .flatten();
            let Some(location) = location else {
                return Ok(HttpResponse {
                    status: u32::from(status.as_u16()),
                    headers: headers
                        .iter()
                        .map(|(name, value)| HttpHeader {
                            name: name.to_string(),
                            value: String::from_utf8_lossy(value.as_bytes()).into_owned(),
                        })
                        .collect(),
                    body: body.into(),
                    url: hop.uri.to_string(),
                });
            };
            let next = location
                .to_str()
                .ok()
                .and_then(|location| join(&hop.uri, location))
                .ok_or_else(|| failed(&hop.uri, "it redirects to something that is no address"))?;
            // What is meant for one host is not told another.
            if next.authority() != hop.uri.authority() || next.scheme() != hop.uri.scheme() {
                hop.headers.remove(header::AUTHORIZATION);
                hop.headers.remove(header::COOKIE);
            }
            let becomes_get = status == StatusCode::SEE_OTHER
                || (matches!(status, StatusCode::FOUND | StatusCode::MOVED_PERMANENTLY)
                    && hop.method == Method::POST);
            if becomes_get && hop.method != Method::HEAD {
                hop.method = Method::GET;
                hop.body = Bytes::new();
                hop.headers.remove(header::CONTENT_TYPE);
            }
            hop.uri = next;
        }
        Err(failed(
            &hop.uri,
            &format!("it redirects more than {REDIRECTS} times"),
        ))
    }

    /// The target of a request, if it is declared, and an address of it that may be used.
    async fn address(&self, uri: &Uri) -> Result<(SocketAddr, bool, String), Failure> {
        let plain = uri.scheme_str() == Some("http");
        let host = uri.host().unwrap_or_default();
        let host = host.trim_start_matches('[').trim_end_matches(']').to_owned();
        let port = uri.port_u16().unwrap_or(if plain { 80 } else { 443 });
        let target = Target {
            plain,
            host: &host,
            port,
        };
        let Some(permission) = self.hosts.permits(target) else {
            let scheme = if plain { "http://" } else { "" };
            let usual = port == if plain { 80 } else { 443 };
            let shown = if host.contains(':') {
                format!("[{host}]")
            } else {
                host.clone()
            };
            let entry = if usual {
                format!("{scheme}{shown}")
            } else {
                format!("{scheme}{shown}:{port}")
            };
            return Err(Failure::new(
                &errors::HOST_NOT_DECLARED,
                format!("plugin `{}` may not ask {uri}", self.plugin),
            )
            .reason(format!("its manifest does not declare the host `{entry}`"))
            .hint(format!(
                "declare it in the plugin's krepis.plugin.json: \"capabilities\": {{ \"network\": [\"{entry}\"] }}"
            )));
        };
        let addresses = self
            .resolver
            .look_up(&host, port)
            .await
            .map_err(|error| failed(uri, &error.to_string()))?;
        if !permission.private
            && let Some(address) = addresses.iter().find(|address| is_private(address.ip()))
        {
            return Err(Failure::new(
                &errors::ADDRESS_REFUSED,
                format!("plugin `{}` may not ask {uri}", self.plugin),
            )
            .reason(format!(
                "`{host}` leads to {}, which is no public address",
                address.ip()
            ))
            .hint("a private host is declared by its address or as `localhost`"));
        }
        let address = addresses
            .first()
            .copied()
            .ok_or_else(|| failed(uri, "its host has no address"))?;
        Ok((address, plain, host))
    }

    async fn send(&self, hop: &Hop) -> Result<(StatusCode, HeaderMap, Bytes), Failure> {
        let (address, plain, host) = self.address(&hop.uri).await?;
        let broken = |error: &dyn std::error::Error| failed(&hop.uri, &chain(error));
        let stream = TcpStream::connect(address)
            .await
            .map_err(|error| broken(&error))?;
        let path = hop.uri.path_and_query().map_or("/", |path| path.as_str());
        let authority = hop.uri.authority().map(ToString::to_string).unwrap_or_default();
        let mut request = Request::builder()
            .method(hop.method.clone())
            .uri(path)
            .header(header::HOST, authority)
            .header(header::CONNECTION, "close")
            .header(header::ACCEPT_ENCODING, "identity");
        if let Some(headers) = request.headers_mut() {
            for (name, value) in &hop.headers {
                headers.append(name, value.clone());
            }
            headers
                .entry(header::USER_AGENT)
                .or_insert(HeaderValue::from_static(concat!(
                    "krepis/",
                    env!("CARGO_PKG_VERSION")
                )));
        }
        let request = request
            .body(Full::new(hop.body.clone()))
            .map_err(|error| broken(&error))?;
        if plain {
            exchange(stream, request, &hop.uri).await
        } else {
            let name = ServerName::try_from(host).map_err(|error| broken(&error))?;
            let config = tls().map_err(|reason| failed(&hop.uri, &reason))?;
            let stream = TlsConnector::from(config)
                .connect(name, stream)
                .await
                .map_err(|error| broken(&error))?;
            exchange(stream, request, &hop.uri).await
        }
    }
}

async fn exchange<S>(
    stream: S,
    request: Request<Full<Bytes>>,
    uri: &Uri,
) -> Result<(StatusCode, HeaderMap, Bytes), Failure>
where
    S: tokio::io::AsyncRead + tokio::io::AsyncWrite + Unpin,
{
    let broken = |error: &dyn std::error::Error| failed(uri, &chain(error));
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream))
        .await
        .map_err(|error| broken(&error))?;
    let answer = async {
        let response = sender
            .send_request(request)
            .await
            .map_err(|error| broken(&error))?;
        let (head, body) = response.into_parts();
        let body = Limited::new(body, LARGEST).collect().await.map_err(|error| {
            failed(
                uri,
                &format!("its answer broke off or is larger than {LARGEST} bytes ({error})"),
            )
        })?;
        Ok((head.status, head.headers, body.to_bytes()))
    };
    // The connection moves the bytes that the answer waits for.
    let (mut answer, mut connection) = (std::pin::pin!(answer), std::pin::pin!(connection));
    let mut is_open = true;
    std::future::poll_fn(|context| {
        is_open = is_open && connection.as_mut().poll(context).is_pending();
        answer.as_mut().poll(context)
    })
    .await
}

/// The certificates of the operating system, read once.
fn tls() -> Result<Arc<ClientConfig>, String> {
    static CONFIG: OnceLock<Result<Arc<ClientConfig>, String>> = OnceLock::new();
    CONFIG
        .get_or_init(|| {
            let provider = Arc::new(tokio_rustls::rustls::crypto::ring::default_provider());
            let builder = ClientConfig::builder_with_provider(provider)
                .with_safe_default_protocol_versions()
                .map_err(|error| error.to_string())?;
            let builder = builder.with_native_roots().map_err(|error| error.to_string())?;
            Ok(Arc::new(builder.with_no_client_auth()))
        })
        .clone()
}

fn parse(url: &str) -> Result<Uri, String> {
    let url = url.split_once('#').map_or(url, |(before, _)| before);
    let uri: Uri = url
        .parse()
        .map_err(|error| format!("`{}`: {error}", url.escape_debug()))?;
    match uri.scheme_str() {
        Some("https" | "http") => {}
        _ => return Err(format!("`{}` is not an https: address", url.escape_debug())),
    }
    if uri
        .authority()
        .is_none_or(|authority| authority.as_str().contains('@'))
    {
        return Err("an address has a host and no user or password".to_owned());
    }
    Ok(uri)
}

/// Where a redirect leads: absolute, or relative to where it came from (RFC 3986 without `..`, which servers take apart).
fn join(from: &Uri, location: &str) -> Option<Uri> {
    if location.starts_with("http://") || location.starts_with("https://") {
        return parse(location).ok();
    }
    let (scheme, authority) = (from.scheme_str()?, from.authority()?);
    let absolute = if let Some(rest) = location.strip_prefix("//") {
        format!("{scheme}://{rest}")
    } else if location.starts_with('/') {
        format!("{scheme}://{authority}{location}")
    } else if location.contains(':') {
        return None;
    } else {
        let folder = from.path().rsplit_once('/').map_or("", |(folder, _)| folder);
        format!("{scheme}://{authority}{folder}/{location}")
    };
    parse(&absolute).ok()
}

fn failed(uri: &Uri, reason: &str) -> Failure {
    Failure::new(&errors::REQUEST_FAILED, format!("the request to {uri} failed")).reason(reason.to_owned())
}

/// An error with the errors behind it.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        text += &format!(": {error}");
        source = error.source();
    }
    text
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead, BufReader, Write};
    use std::net::TcpListener;

    use super::*;

    /// Answers each connection with the next of `answers`; gives the heads that came in.
    fn server(answers: Vec<String>) -> (u16, std::thread::JoinHandle<Vec<String>>) {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = listener.local_addr().expect("an address").port();
        let thread = std::thread::spawn(move || {
            let serve = |answer: String| {
                let (mut stream, _) = listener.accept().expect("a connection");
                let mut reader = BufReader::new(stream.try_clone().expect("a clone"));
                let mut head = String::new();
                while reader.read_line(&mut head).is_ok_and(|count| count > 2) {}
                drop(stream.write_all(answer.replace("PORT", &port.to_string()).as_bytes()));
                head
            };
            answers.into_iter().map(serve).collect()
        });
        (port, thread)
    }

    fn ok(body: &str) -> String {
        format!(
            "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nX-Here: yes\r\n\r\n{body}",
            body.len()
        )
    }

    fn ask(hosts: &[String], resolver: Resolver, url: &str, left: Duration) -> Result<HttpResponse, Failure> {
        let hosts = Hosts::parse(hosts).expect("hosts");
        let mut broker = Broker::new("acme", &hosts);
        broker.resolver = resolver;
        let request = HttpRequest {
            url: url.to_owned(),
            headers: vec![HttpHeader {
                name: "authorization".into(),
                value: "secret".into(),
            }],
            ..HttpRequest::default()
        };
        broker.request(request, left)
    }

    const LONG: Duration = Duration::from_secs(20);

    #[test]
    fn a_declared_host_is_asked_and_answers() {
        let (port, thread) = server(vec![ok("hello")]);
        let url = format!("http://127.0.0.1:{port}/path?x=1");
        let response = ask(
            &[format!("http://127.0.0.1:{port}")],
            Resolver::System,
            &url,
            LONG,
        )
        .expect("an answer");
        assert_eq!(
            (response.status, response.body.as_slice()),
            (200, b"hello".as_slice())
        );
        assert!(response.headers.iter().any(|header| header.name == "x-here"));
        let heads = thread.join().expect("served");
        assert!(heads[0].starts_with("GET /path?x=1 HTTP/1.1\r\n"), "{}", heads[0]);
        assert!(heads[0].contains(&format!("host: 127.0.0.1:{port}")));
    }

    #[test]
    fn an_undeclared_host_is_refused_with_the_declaration_that_is_missing() {
        let failure = ask(
            &["api.example.org".into()],
            Resolver::System,
            "https://evil.test:8443/x",
            LONG,
        )
        .expect_err("refused");
        assert_eq!(failure.code.id, "KRP5232");
        assert!(
            failure
                .hint
                .expect("a hint")
                .contains("\"network\": [\"evil.test:8443\"]")
        );
        for url in [
            "file:///etc/passwd",
            "https://user:pw@api.example.org/",
            "nonsense",
            "ftp://api.example.org/",
        ] {
            let failure = ask(&["api.example.org".into()], Resolver::System, url, LONG).expect_err(url);
            assert_eq!(failure.code.id, "KRP5234", "{url}");
        }
    }

    #[test]
    fn a_public_name_that_leads_to_a_private_address_is_refused() {
        for address in ["127.0.0.1:443", "169.254.169.254:443", "[::ffff:10.0.0.1]:443"] {
            let resolver = Resolver::Fixed(vec![
                "1.1.1.1:443".parse().expect("an address"),
                address.parse().expect("an address"),
            ]);
            let failure = ask(
                &["rebound.example.org".into()],
                resolver,
                "https://rebound.example.org/",
                LONG,
            )
            .expect_err("refused");
            assert_eq!(failure.code.id, "KRP5233", "{address}");
        }
    }

    #[test]
    fn redirects_are_followed_to_declared_hosts_only() {
        let away = "HTTP/1.1 302 Found\r\nLocation: http://metadata.test/latest\r\nContent-Length: 0\r\n\r\n"
            .to_owned();
        let (port, thread) = server(vec![away]);
        let hosts = [format!("http://127.0.0.1:{port}")];
        let failure = ask(
            &hosts,
            Resolver::System,
            &format!("http://127.0.0.1:{port}/"),
            LONG,
        )
        .expect_err("refused");
        assert_eq!(failure.code.id, "KRP5232");
        drop(thread.join());

        let near = "HTTP/1.1 302 Found\r\nLocation: /next\r\nContent-Length: 0\r\n\r\n".to_owned();
        let (port, thread) = server(vec![near, ok("there")]);
        let hosts = [format!("http://127.0.0.1:{port}")];
        let response = ask(
            &hosts,
            Resolver::System,
            &format!("http://127.0.0.1:{port}/"),
            LONG,
        )
        .expect("an answer");
        assert_eq!(response.body, b"there");
        let heads = thread.join().expect("served");
        assert!(heads[1].starts_with("GET /next ") && heads[1].contains("authorization: secret"));
    }

    #[test]
    fn what_is_meant_for_one_host_is_not_told_another() {
        let (second, second_thread) = server(vec![ok("there")]);
        let (first, first_thread) = server(vec![format!(
            "HTTP/1.1 302 Found\r\nLocation: http://localhost:{second}/\r\nContent-Length: 0\r\n\r\n"
        )]);
        let hosts = [
            format!("http://127.0.0.1:{first}"),
            format!("http://localhost:{second}"),
        ];
        let hosts_parsed = Hosts::parse(&hosts).expect("hosts");
        let mut broker = Broker::new("acme", &hosts_parsed);
        let request = HttpRequest {
            url: format!("http://127.0.0.1:{first}/"),
            headers: vec![HttpHeader {
                name: "Authorization".into(),
                value: "secret".into(),
            }],
            ..HttpRequest::default()
        };
        broker.request(request, LONG).expect("an answer");
        drop(first_thread.join());
        let heads = second_thread.join().expect("served");
        assert!(!heads[0].contains("secret"), "{}", heads[0]);
    }

    #[test]
    fn an_answer_without_end_and_one_that_never_comes_are_cut_off() {
        let (port, thread) = server(vec![
            format!("HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", 1_u64 << 40) + &"x".repeat(LARGEST + 1),
        ]);
        let hosts = [format!("http://127.0.0.1:{port}")];
        let failure = ask(
            &hosts,
            Resolver::System,
            &format!("http://127.0.0.1:{port}/"),
            LONG,
        )
        .expect_err("too large");
        assert_eq!(failure.code.id, "KRP5235");
        drop(thread.join());

        let silent = TcpListener::bind("127.0.0.1:0").expect("a port");
        let port = silent.local_addr().expect("an address").port();
        let hosts = [format!("http://127.0.0.1:{port}")];
        let failure = ask(
            &hosts,
            Resolver::System,
            &format!("http://127.0.0.1:{port}/"),
            Duration::from_millis(50),
        )
        .expect_err("too slow");
        assert!(failure.reason.expect("a reason").contains("longer than 50 ms"));
    }

    #[test]
    fn headers_that_are_the_brokers_are_not_set_by_a_plugin() {
        let hosts = Hosts::parse(&["api.example.org".to_owned()]).expect("hosts");
        for name in [
            "Host",
            "Content-Length",
            "Transfer-Encoding",
            "Proxy-Authorization",
            "x\r\ny",
        ] {
            let request = HttpRequest {
                url: "https://api.example.org/".into(),
                headers: vec![HttpHeader {
                    name: name.into(),
                    value: "1".into(),
                }],
                ..HttpRequest::default()
            };
            let failure = Broker::new("acme", &hosts)
                .request(request, LONG)
                .expect_err(name);
            assert_eq!(failure.code.id, "KRP5234", "{name}");
        }
    }
}
