// The TLS server: Caddy, with what it needs to tell TURN from HTTPS on one port (docs/decisions/0011-turn-on-the-https-port.md).
package main

import (
	caddycmd "github.com/caddyserver/caddy/v2/cmd"
	_ "github.com/caddyserver/caddy/v2/modules/standard"
	_ "github.com/mholt/caddy-l4/layer4"
	_ "github.com/mholt/caddy-l4/modules/l4proxy"
	_ "github.com/mholt/caddy-l4/modules/l4regexp"
)

func main() {
	caddycmd.Main()
}
