// Command argocd is the two parts of Argo CD that the local cluster runs, and its health checks for files; the name that
// it is started by picks one.
//
// The whole program is also the command line, an API server, notifications and generators for a dozen forges, a quarter
// of what there is to compile. What is here does what Argo CD's own main does, save to turn off the SRV look-ups of a gRPC
// balancer that only the other parts link.
package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	controller "github.com/argoproj/argo-cd/v3/cmd/argocd-application-controller/commands"
	reposerver "github.com/argoproj/argo-cd/v3/cmd/argocd-repo-server/commands"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/util/log"
	"github.com/spf13/cobra"
	"k8s.io/klog/v2"
)

var parts = map[string]func() *cobra.Command{
	common.CommandApplicationController: controller.NewCommand,
	common.CommandRepoServer:            reposerver.NewCommand,
	"argocd-health":                     healthCommand,
}

func main() {
	klog.SetLogger(log.NewLogrusLogger(log.NewWithCurrentConfig()))
	name := filepath.Base(os.Args[0])
	part, found := parts[name]
	if !found {
		fmt.Fprintf(os.Stderr, "there is no part of Argo CD here called %q: start this one by a link of that name\n", name)
		os.Exit(2)
	}
	if err := part().ExecuteContext(context.Background()); err != nil {
		os.Exit(1)
	}
}
