// Command coredns is CoreDNS with the plugins that the cluster's Corefile names, and no others.
//
// The whole program carries those that ask Route 53, Azure, Google Cloud and Datadog, whose libraries are most of what
// there is to compile. A plugin that is used in configs.corefile is imported here, or CoreDNS says that it has no such
// directive.
package main

import (
	_ "github.com/coredns/coredns/core/dnsserver"
	"github.com/coredns/coredns/coremain"
	_ "github.com/coredns/coredns/plugin/bind"
	_ "github.com/coredns/coredns/plugin/cache"
	_ "github.com/coredns/coredns/plugin/errors"
	_ "github.com/coredns/coredns/plugin/kubernetes"
	_ "github.com/coredns/coredns/plugin/template"
)

func main() {
	coremain.Run()
}
