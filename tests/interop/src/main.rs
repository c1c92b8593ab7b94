//! A member of a call that was written from docs/protocol alone, to show that the pages say enough: `interop <link> <name>` joins, says
//! each line of its standard input, and prints a JSON line for each new epoch, with its security code, and for each thing it hears.
//! At the end of its input it says bye. It leaves commits to others (LOG-8) and takes no part in the media.

mod gateway;
mod group;
mod words;

use std::io::BufRead as _;
use std::sync::mpsc::{Receiver, TryRecvError, channel};

use serde_json::{Value, json};

use crate::gateway::{Socket, get, post};
use crate::group::{Keys, Member, field};
use crate::words::{Done, Link, b64, sha256, unb64};

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(link), Some(name)) = (arguments.next(), arguments.next()) else {
        eprintln!("usage: interop <link> <name>");
        std::process::exit(2);
    };
    if let Err(sentence) = run(&link, &name) {
        println!("{}", json!({"event": "failed", "sentence": sentence}));
        std::process::exit(1);
    }
}

fn run(link: &str, name: &str) -> Done<()> {
    let (link, keys) = (Link::read(link)?, Keys::new()?);
    let origin = link.origin.clone();
    let device = b64(&sha256(&keys.public())[..16]);
    let request = json!({"v": 1, "meeting": link.meeting, "link_id": b64(&link.link_id), "name": name,
        "signature_key": b64(&keys.public()), "device": device});
    let ticket = post(&format!("{origin}/api/v1/join"), &request)?;
    let mut socket = Socket::open(&origin, field(&ticket, "socket")?)?;
    let (participant, seat) = (field(&ticket, "participant")?, field(&ticket, "seat")?);
    socket.tell(&json!({"t": "hello", "v": 1, "participant": participant, "seat": seat, "incarnation": null, "log": 0, "said": 0}))?;
    let seat = format!("{participant}.{seat}");
    let mut member = Member::new(link, ticket, keys);
    let lines = input();
    loop {
        match lines.try_recv() {
            Ok(line) => socket.tell(&member.say(&line)?)?,
            Err(TryRecvError::Empty) => {}
            Err(TryRecvError::Disconnected) => return socket.tell(&json!({"t": "bye"})),
        }
        let Some(message) = socket.hear()? else { continue };
        match field(&message, "t")? {
            "ready" | "renew" => {
                if message["mode"] != "join" {
                    return Err("nobody is in the call yet".to_owned());
                }
                socket.tell(&member.announce(field(&message, "incarnation")?)?)?;
            }
            "welcome" => {
                let tree = tree(&message, &origin, &seat)?;
                member.enter(&message, &tree)?;
                arrived(&mut socket, &mut member)?;
            }
            "entries" => {
                if member.read(&message)? {
                    arrived(&mut socket, &mut member)?;
                }
            }
            "said" => {
                for item in message["items"].as_array().ok_or("nothing was said")? {
                    if let Some(heard) = member.hear(item)? {
                        println!("{heard}");
                    }
                }
            }
            "error" | "gone" => return Err(message.to_string()),
            _ => {}
        }
    }
}

/// The tree by its hash, which is also what the message brings, if it does (delivery.md, "Join").
fn tree(message: &Value, origin: &str, seat: &str) -> Done<Vec<u8>> {
    let hash = field(message, "tree")?;
    let tree = get(&format!("{origin}/api/v1/trees/{hash}"), seat)?;
    let found: String = sha256(&tree).iter().map(|byte| format!("{byte:02x}")).collect();
    let brought = message["tree_bytes"].as_str().map(unb64).transpose()?;
    if found == hash && brought.is_none_or(|brought| brought == tree) { Ok(tree) } else { Err("the tree is another".to_owned()) }
}

/// In an epoch: acknowledge it, and show what people compare.
fn arrived(socket: &mut Socket, member: &mut Member) -> Done<()> {
    socket.tell(&member.acknowledgement()?)?;
    println!("{}", member.state()?);
    Ok(())
}

fn input() -> Receiver<String> {
    let (sender, receiver) = channel();
    std::thread::spawn(move || {
        for line in std::io::stdin().lock().lines().map_while(Result::ok) {
            if sender.send(line).is_err() {
                return;
            }
        }
    });
    receiver
}
