"""The original's surface, as facts: names, order, kinds and defaults of parameters. Nothing here has a body.

tests/launch/test_signatures.py compares `launch` with it. What the original has and we do not is in OUT_OF_SCOPE, which
docs/how-to/launch-client.md answers with what to use instead.
"""

from __future__ import annotations

from typing import Any

# launch/__init__.py
EXPORTS = [
    "LaunchClient",
    "Connection",
    "ModelBundle",
    "PostInferenceHooks",
    "SyncEndpoint",
    "AsyncEndpoint",
    "AsyncEndpointBatchResponse",
    "EndpointRequest",
    "EndpointResponse",
    "EndpointResponseFuture",
    "EndpointResponseStream",
]
# sub-modules that users import, and what they import from them
MODULES = {
    "launch.client": ["LaunchClient"],
    "launch.connection": ["Connection"],
    "launch.model_bundle": ["ModelBundle", "ModelBundleV2Response", "CreateModelBundleV2Response"],
    "launch.model_endpoint": ["ModelEndpoint", "EndpointRequest", "EndpointResponse", "SyncEndpoint"],
    "launch.hooks": ["PostInferenceHooks"],
    "launch.errors": ["APIError"],
    "launch.api_client.exceptions": ["ApiException", "ApiTypeError", "ApiValueError"],
}

# what may be left out with us, and what holds then
OPTIONAL_WITH_US = {
    ("LaunchClient.__init__", "api_key"): "the kubeconfig's credentials, or the pod's service account",
    ("Connection.__init__", "api_key"): "the same",
    ("LaunchClient.create_model_bundle_from_dirs", "load_predict_fn_module_path"): "the seed calls it load_predict_fn",
    ("LaunchClient.create_model_bundle_from_dirs", "requirements_path"): "no requirements",
}


class LaunchClient:
    def __init__(self, api_key, endpoint=None, self_hosted=False, use_path_with_custom_endpoint=False): ...

    def register_upload_bundle_fn(self, upload_bundle_fn): ...

    def register_bundle_location_fn(self, bundle_location_fn): ...

    def create_model_bundle(
        self,
        model_bundle_name,
        env_params,
        *,
        load_predict_fn=None,
        predict_fn_or_cls=None,
        requirements=None,
        model=None,
        load_model_fn=None,
        app_config=None,
        globals_copy=None,
        request_schema=None,
        response_schema=None,
    ): ...

    def create_model_bundle_from_dirs(
        self,
        *,
        model_bundle_name,
        base_paths,
        requirements_path,
        env_params,
        load_predict_fn_module_path,
        load_model_fn_module_path,
        app_config=None,
        request_schema=None,
        response_schema=None,
    ): ...

    def clone_model_bundle_with_changes(self, model_bundle, app_config=None): ...

    def list_model_bundles(self): ...

    def get_model_bundle(self, model_bundle): ...

    def create_model_bundle_from_callable_v2(
        self,
        *,
        model_bundle_name,
        load_predict_fn,
        load_model_fn,
        request_schema,
        response_schema,
        requirements=None,
        pytorch_image_tag=None,
        tensorflow_version=None,
        custom_base_image_repository=None,
        custom_base_image_tag=None,
        app_config=None,
        metadata=None,
    ): ...

    def create_model_bundle_from_dirs_v2(
        self,
        *,
        model_bundle_name,
        base_paths,
        load_predict_fn_module_path,
        load_model_fn_module_path,
        request_schema,
        response_schema,
        requirements_path=None,
        pytorch_image_tag=None,
        tensorflow_version=None,
        custom_base_image_repository=None,
        custom_base_image_tag=None,
        app_config=None,
        metadata=None,
    ): ...

    def get_model_bundle_v2(self, model_bundle_id): ...

    def get_latest_model_bundle_v2(self, model_bundle_name): ...

    def list_model_bundles_v2(self): ...

    def clone_model_bundle_with_changes_v2(self, original_model_bundle_id, new_app_config=None): ...

    def create_model_endpoint(
        self,
        *,
        endpoint_name,
        model_bundle,
        cpus=3,
        memory="8Gi",
        storage="16Gi",
        gpus=0,
        min_workers=1,
        max_workers=1,
        per_worker=10,
        forwarder_max_concurrency=None,
        gpu_type=None,
        endpoint_type="sync",
        high_priority=False,
        post_inference_hooks=None,
        default_callback_url=None,
        default_callback_auth_kind=None,
        default_callback_auth_username=None,
        default_callback_auth_password=None,
        default_callback_auth_cert=None,
        default_callback_auth_key=None,
        public_inference=None,
        update_if_exists=False,
        labels=None,
    ): ...

    def edit_model_endpoint(
        self,
        *,
        model_endpoint,
        model_bundle=None,
        cpus=None,
        memory=None,
        storage=None,
        gpus=None,
        min_workers=None,
        max_workers=None,
        per_worker=None,
        forwarder_max_concurrency=None,
        gpu_type=None,
        high_priority=None,
        post_inference_hooks=None,
        default_callback_url=None,
        default_callback_auth_kind=None,
        default_callback_auth_username=None,
        default_callback_auth_password=None,
        default_callback_auth_cert=None,
        default_callback_auth_key=None,
        public_inference=None,
    ): ...

    def get_model_endpoint(self, endpoint_name): ...

    def list_model_endpoints(self): ...

    def delete_model_endpoint(self, model_endpoint_name): ...

    def read_endpoint_creation_logs(self, model_endpoint): ...


class Connection:
    def __init__(self, api_key, endpoint=None): ...


class SyncEndpoint:
    def __init__(self, model_endpoint, client): ...

    def predict(self, request): ...

    def status(self): ...

    def resource_state(self): ...

    def deployment_state(self): ...


class EndpointRequest:
    def __init__(
        self,
        url=None,
        args=None,
        callback_url=None,
        callback_auth_kind=None,
        callback_auth_username=None,
        callback_auth_password=None,
        callback_auth_cert=None,
        callback_auth_key=None,
        return_pickled=False,
        request_id=None,
        extra_headers=None,
    ): ...


class EndpointResponse:
    def __init__(self, client, status, result_url=None, result=None, traceback=None, status_code=None): ...


class ModelBundle:
    def __init__(
        self,
        name,
        id=None,
        env_params=None,
        location=None,
        metadata=None,
        packaging_type=None,
        requirements=None,
        app_config=None,
        created_at=None,
    ): ...

    def to_dict(self): ...


CLASSES: list[Any] = [LaunchClient, Connection, SyncEndpoint, EndpointRequest, EndpointResponse, ModelBundle]

# what an object of these has, beside methods
ATTRIBUTES = {
    "launch.model_endpoint.ModelEndpoint": [
        "name",
        "id",
        "bundle_name",
        "status",
        "resource_state",
        "deployment_state",
        "metadata",
        "endpoint_type",
        "configs",
        "destination",
        "post_inference_hooks",
        "default_callback_url",
    ],
    "launch.model_bundle.ModelBundleV2Response": [
        "id",
        "name",
        "metadata",
        "created_at",
        "model_artifact_ids",
        "schema_location",
        "flavor",
    ],
    "launch.model_bundle.CreateModelBundleV2Response": ["model_bundle_id"],
}

OUT_OF_SCOPE = [
    "create_model_bundle_from_runnable_image_v2", "create_model_bundle_from_streaming_enhanced_runnable_image_v2",
    "create_model_bundle_from_triton_enhanced_runnable_image_v2", "register_upload_batch_csv_fn",
    "register_batch_csv_location_fn", "batch_async_request", "get_batch_async_response",
    "create_docker_image_batch_job_bundle", "get_docker_image_batch_job_bundle",
    "get_latest_docker_image_batch_job_bundle", "list_docker_image_batch_job_bundles",
    "create_docker_image_batch_job", "get_docker_image_batch_job", "update_docker_image_batch_job",
    "create_llm_model_endpoint", "get_llm_model_endpoint", "list_llm_model_endpoints", "delete_llm_model_endpoint",
    "completions_sync", "completions_stream", "create_fine_tune", "get_fine_tune", "list_fine_tunes",
    "cancel_fine_tune", "get_fine_tune_events", "upload_file", "get_file", "list_files", "delete_file",
    "get_file_content", "model_download", "AsyncEndpoint", "AsyncEndpointBatchResponse",
    "EndpointResponseFuture",
]  # fmt: skip
