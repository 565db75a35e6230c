// Command versitygw is the S3 server of that name with one backend, a directory, as that is all the cluster needs.
//
// The whole program also carries backends on Azure, ScoutFS and other S3 servers, and what they need to be compiled. The
// command line and the defaults are those of the whole program, as far as they go.
package main

import (
	"context"
	"errors"
	"flag"
	"log"
	"os"
	"os/signal"
	"syscall"

	"github.com/versity/versitygw/backend/meta"
	"github.com/versity/versitygw/backend/posix"
	"github.com/versity/versitygw/embedgw"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		log.Fatal(err)
	}
}

func run(ctx context.Context, arguments []string) error {
	global := flag.NewFlagSet("versitygw", flag.ExitOnError)
	port := global.String("port", ":7070", "listen on `ADDRESS:PORT`")
	access := global.String("access", os.Getenv("ROOT_ACCESS_KEY"), "root user's access key")
	secret := global.String("secret", os.Getenv("ROOT_SECRET_KEY"), "root user's secret key")
	certificate := global.String("cert", "", "speak TLS, with the certificate in `FILE`")
	key := global.String("key", "", "the certificate's private key, in `FILE`")
	accessLog := global.String("access-log", "", "append a line for each request to `FILE`")
	if err := global.Parse(arguments); err != nil {
		return err
	}
	if global.Arg(0) != "posix" {
		return errors.New("usage: versitygw [OPTIONS] posix [--sidecar DIRECTORY] DIRECTORY")
	}
	directory := flag.NewFlagSet("versitygw posix", flag.ExitOnError)
	sidecar := directory.String("sidecar", "", "keep metadata in `DIRECTORY` instead of extended attributes")
	if err := directory.Parse(global.Args()[1:]); err != nil {
		return err
	}
	if directory.NArg() != 1 {
		return errors.New("posix needs exactly one directory")
	}

	options := posix.PosixOpts{
		Concurrency:         5000,
		IOBufferSize:        1 << 20,
		CopyObjectThreshold: 5 << 30,
		SideCarDir:          *sidecar,
	}
	options.SetNewDirPerm(0o755)
	options.SetNewFilePerm(0o644)
	var metadata meta.MetadataStorer
	if *sidecar != "" {
		files, err := meta.NewSideCar(*sidecar)
		if err != nil {
			return err
		}
		metadata = files
	} else {
		if err := (meta.XattrMeta{}).Test(directory.Arg(0)); err != nil {
			return err
		}
		metadata = meta.XattrMeta{}
	}
	backend, err := posix.New(directory.Arg(0), metadata, options)
	if err != nil {
		return err
	}
	return embedgw.RunVersityGW(ctx, backend, &embedgw.Config{
		RootUserAccess:      *access,
		RootUserSecret:      *secret,
		Ports:               []string{*port},
		CertFile:            *certificate,
		KeyFile:             *key,
		MaxConnections:      250_000,
		MaxRequests:         100_000,
		AdminMaxConnections: 250_000,
		AdminMaxRequests:    100_000,
		MultipartMaxParts:   10_000,
		IAMCacheTTL:         120,
		IAMCachePrune:       3600,
		AccessLog:           *accessLog,
	})
}
