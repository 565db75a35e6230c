"""A list of bundles and a bundle's page: what a user sees who asks how things are."""

from launch.cli.overview import age, bundle_json, bundles_table, page

NOW = 1_700_000_000.0


def bundle(name="sentiment", **status):
    return {
        "metadata": {
            "name": f"{name}-0123456789",
            "namespace": "models",
            "generation": 1,
            "creationTimestamp": "2023-11-14T22:12:20Z",
            "annotations": {"modelbundle.dev/bundle-name": name, "modelbundle.dev/owner": "ann"},
        },
        "spec": {"bundle": {"artifact": {}}, "serving": {"replicas": 2, "gpu": {"count": 1}}},
        "status": {"observedGeneration": 1, **status},
    }


READY = {"type": "Ready", "status": "False", "reason": "Progressing", "message": "1 of 2 pods\nanswer"}


def test_a_list_lines_up_and_says_how_many_pods_answer():
    found = bundles_table([bundle(conditions=[READY], readyReplicas=1), bundle("b")], NOW, wide=False)
    assert found == (
        "NAME       ID                    READY    REASON       REPLICAS  GPUS  AGE\n"
        "sentiment  sentiment-0123456789  False    Progressing  1/2       1     60s\n"
        "b          b-0123456789          Unknown               0/2       1     60s"
    )


def test_wide_adds_what_runs_and_whose_it_is():
    found = bundles_table([bundle(digest="sha256:abc", image="pytorch/pytorch:1")], NOW, wide=True)
    assert found.splitlines()[1].split()[-3:] == ["sha256:abc", "pytorch/pytorch:1", "ann"]


def test_for_programs_nothing_is_shortened():
    result = bundle_json(bundle(conditions=[READY], digest="sha256:abc"))
    assert result["digest"] == "sha256:abc"
    assert (result["ready"], result["reason"]) == ("False", "Progressing")
    assert (result["replicas"], result["readyReplicas"]) == (2, 0)
    assert result["createdAt"] == "2023-11-14T22:12:20+00:00"


def test_the_page_has_conditions_pods_and_events_and_leaves_out_what_is_unknown():
    pod = {
        "metadata": {"name": "p-1", "creationTimestamp": "2023-11-14T22:13:15Z"},
        "status": {
            "phase": "Running",
            "initContainerStatuses": [{"name": "prepare", "restartCount": 2}, {"name": "server", "ready": True}],
            "containerStatuses": [{"name": "worker", "ready": False, "restartCount": 1}],
        },
    }
    event = {"metadata": {}, "lastTimestamp": "2023-11-14T22:13:18Z", "type": "Warning", "reason": "LoadFailed"}
    lines = page(bundle(conditions=[READY]), [{"metadata": {"name": "mood"}}], [pod], [event], NOW).splitlines()
    assert lines[0].split() == ["Name:", "sentiment"]
    assert "Endpoints:    mood" in lines
    assert not [line for line in lines if line.startswith("Image")]
    assert "  Ready  False   Progressing  1 of 2 pods answer" in lines
    assert "  p-1   1/2    Running  3         5s" in lines
    assert lines[-1].split() == ["2s", "Warning", "LoadFailed"]
    assert "Pods: none" in page(bundle(), [], [], [], NOW)


def test_the_page_draws_the_parts_of_the_last_start():
    startup = {"check": 12, "scheduled": 1, "images": 3, "prepare": 3, "download": 1.25, "load": 13, "ready": 20}
    lines = page(bundle(startup=startup), [], [], [], NOW, {"import": 9.5}).splitlines()
    title = lines.index("Start, 20 s from the pod's creation until it answered, longest: load:")
    rows = lines[title + 2 : title + 7]
    assert [row.split()[:3] for row in rows] == [
        ["check", "12", "s"], ["scheduled", "1", "s"], ["images", "3", "s"], ["prepare", "3", "s"], ["load", "13", "s"],
    ]  # fmt: skip
    assert [row.count("#") for row in rows] == [28, 2, 7, 7, 30]
    assert rows[3].endswith("prepare fetched the artifact (download 1.25 s)")
    assert rows[4].endswith("(import 9.50 s)")
    assert "Start" not in page(bundle(), [], [], [], NOW)


def test_an_age_is_written_as_kubectl_writes_it():
    stamps = [
        "2023-11-14T22:13:20Z",
        "2023-11-14T22:11:21Z",
        "2023-11-14T20:13:20Z",
        "2023-11-01T22:13:20Z",
        "nonsense",
    ]
    assert [age(stamp, NOW) for stamp in stamps] == ["0s", "119s", "2h", "13d", "?"]
