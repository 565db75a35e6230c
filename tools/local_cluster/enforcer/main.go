// Command enforcer is kube-network-policies, which decides by NetworkPolicies about the first packet of each connection
// that the kernel hands to it in a queue.
//
// The whole program takes its API server and token from a pod's own files, and here it is a process beside the kubelet:
// it gets a kubeconfig. What fills the queue is the caller's to set up (enforcer.py), for the program's own nftables
// rules need a part that some kernels lack (CONFIG_NFT_QUEUE); it says so in its log and goes on.
package main

import (
	"context"
	"flag"
	"log"
	"os/signal"
	"syscall"

	"k8s.io/client-go/informers"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"
	"sigs.k8s.io/kube-network-policies/pkg/networkpolicy"
)

func main() {
	klog.InitFlags(nil)
	kubeconfig := flag.String("kubeconfig", "", "`FILE` that says where the API server is")
	node := flag.String("node", "", "`NAME` of the node whose pods are looked after")
	queue := flag.Int("queue", 100, "`NUMBER` of the queue that the kernel hands packets to")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, *kubeconfig, networkpolicy.Config{QueueID: *queue, NodeName: *node}); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, kubeconfig string, config networkpolicy.Config) error {
	found, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	// as the whole program asks: an empty list of peers comes as none at all, which it takes for "nobody" and a list
	// that is empty for "everybody"
	found.AcceptContentTypes = "application/vnd.kubernetes.protobuf,application/json"
	found.ContentType = "application/vnd.kubernetes.protobuf"
	client, err := kubernetes.NewForConfig(found)
	if err != nil {
		return err
	}
	shared := informers.NewSharedInformerFactory(client, 0)
	// it also looks for a container runtime that tells of pods (NRI), in vain here: told not to, this version fails at the
	// first address that is no pod's
	controller, err := networkpolicy.NewController(
		client,
		shared.Networking().V1().NetworkPolicies(),
		shared.Core().V1().Namespaces(),
		shared.Core().V1().Pods(),
		nil, nil, nil, nil,
		config,
	)
	if err != nil {
		return err
	}
	shared.Start(ctx.Done())
	return controller.Run(ctx)
}
