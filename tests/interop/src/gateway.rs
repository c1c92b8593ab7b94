//! HTTP and the meeting socket (docs/protocol/join.md).

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use serde_json::Value;
use tungstenite::{Error, Message, WebSocket};

use crate::words::Done;

/// POST with a JSON body; gives the JSON answer.
pub fn post(address: &str, body: &Value) -> Done<Value> {
    let mut answer = ureq::post(address).send_json(body).map_err(|error| format!("{address}: {error}"))?;
    answer.body_mut().read_json().map_err(|error| format!("{address}: {error}"))
}

/// GET with the seat's header; gives the bytes.
pub fn get(address: &str, seat: &str) -> Done<Vec<u8>> {
    let mut answer = ureq::get(address).header("Conclave-Seat", seat).call().map_err(|error| format!("{address}: {error}"))?;
    answer.body_mut().read_to_vec().map_err(|error| format!("{address}: {error}"))
}

/// The meeting socket.
pub struct Socket(WebSocket<TcpStream>);

impl Socket {
    pub fn open(origin: &str, path: &str) -> Done<Self> {
        let host = origin.strip_prefix("http://").ok_or("the link is not of a server on this machine")?;
        let stream = TcpStream::connect(host).map_err(|error| format!("{host}: {error}"))?;
        let (socket, _) = tungstenite::client(format!("ws://{host}{path}"), stream).map_err(|error| error.to_string())?;
        socket.get_ref().set_read_timeout(Some(Duration::from_millis(50))).map_err(|error| error.to_string())?;
        Ok(Self(socket))
    }

    pub fn tell(&mut self, message: &Value) -> Done<()> {
        self.0.send(Message::text(message.to_string())).map_err(|error| error.to_string())
    }

    /// The next message; none when nothing came for a moment.
    pub fn hear(&mut self) -> Done<Option<Value>> {
        match self.0.read() {
            Ok(Message::Text(text)) => serde_json::from_str(&text).map(Some).map_err(|error| error.to_string()),
            Ok(_) => Ok(None),
            Err(Error::Io(error)) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    }
}
