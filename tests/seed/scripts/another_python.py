"""A pickle for the image with Python 3.8, written by another Python. Steps as in second.py."""

from steps import settled, step

from launch import LaunchClient

client = LaunchClient(api_key=None)
made = []


def load_predict_fn(model):
    return lambda x: model + x


@step("create")
def create():
    env_params = {"framework_type": "pytorch", "pytorch_image_tag": "1.7.1-cuda11.0-cudnn8-runtime"}
    made.append(
        client.create_model_bundle(
            "another-python", env_params, model=1, load_predict_fn=load_predict_fn, requirements=[]
        )
    )
    return made[0].id


@step("condition")
def condition():
    made[0].deploy(replicas=1, gpus=0, cpus="10m", memory="256Mi")
    return settled(made[0], 300)
