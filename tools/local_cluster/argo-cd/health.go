package main

import (
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/argoproj/argo-cd/gitops-engine/pkg/health"
	"github.com/argoproj/argo-cd/v3/common"
	"github.com/argoproj/argo-cd/v3/util/lua"
	"github.com/argoproj/argo-cd/v3/util/settings"
	"github.com/spf13/cobra"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/client-go/kubernetes/fake"
	"sigs.k8s.io/yaml"
)

// healthCommand is `argocd admin settings resource-overrides health`, by the same functions of Argo CD: what its Lua makes
// of an object, with the settings of a file.
func healthCommand() *cobra.Command {
	return &cobra.Command{
		Use:          "argocd-health OBJECT_YAML ARGOCD_CM_YAML",
		Args:         cobra.ExactArgs(2),
		SilenceUsage: true,
		RunE: func(command *cobra.Command, files []string) error {
			var object unstructured.Unstructured
			if err := read(files[0], &object); err != nil {
				return err
			}
			var configuration corev1.ConfigMap
			if err := read(files[1], &configuration); err != nil {
				return err
			}
			scripts, err := overrides(command.Context(), &configuration)
			if err != nil {
				return err
			}
			found, err := health.GetResourceHealth(&object, scripts)
			if err != nil {
				return err
			}
			if found == nil {
				return errors.New("no health check is configured for " + object.GroupVersionKind().String())
			}
			fmt.Printf("STATUS: %s\nMESSAGE: %s\n", found.Status, found.Message)
			return nil
		},
	}
}

func overrides(ctx context.Context, configuration *corev1.ConfigMap) (lua.ResourceHealthOverrides, error) {
	const namespace = "default"
	labels := map[string]string{"app.kubernetes.io/part-of": "argocd"}
	configuration.Namespace, configuration.Labels = namespace, labels
	secret := &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: common.ArgoCDSecretName, Namespace: namespace, Labels: labels},
		Data:       map[string][]byte{"admin.password": []byte("none"), "server.secretkey": []byte("none")},
	}
	manager := settings.NewSettingsManager(ctx, fake.NewClientset(secret, configuration), namespace)
	if err := manager.ResyncInformers(); err != nil {
		return nil, err
	}
	found, err := manager.GetResourceOverrides()
	return lua.ResourceHealthOverrides(found), err
}

func read(file string, object any) error {
	content, err := os.ReadFile(file)
	if err != nil {
		return err
	}
	return yaml.Unmarshal(content, object)
}
