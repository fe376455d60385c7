"""Models of anomalib, run in an environment of their own: started by ``tools.bench.peers``, knows nothing of ours.

Each line that comes in names a model; out go the seconds of a processor that one picture took.
Weights are random: they cost what trained ones do.
"""

import sys
import time

import torch

_SIDE = 256
_REFERENCES = 4
_CORESET = 0.1
"""Share of the references' patches that PatchCore keeps; anomalib's default."""


def _patchcore(backbone: str) -> torch.nn.Module:
    from anomalib.models.image.patchcore.torch_model import PatchcoreModel

    model = PatchcoreModel(layers=["layer2", "layer3"], backbone=backbone, pre_trained=False)
    channels = sum(model.feature_extractor.out_dims)
    model.memory_bank = torch.randn(int(_REFERENCES * (_SIDE // 8) ** 2 * _CORESET), channels)
    return model.eval()


def _efficient_ad() -> torch.nn.Module:
    from anomalib.models.image.efficient_ad.torch_model import EfficientAdModel

    return EfficientAdModel().eval()


_MODELS = {
    "PatchCore, ResNet-18": lambda: _patchcore("resnet18"),
    "PatchCore, WideResNet-50": lambda: _patchcore("wide_resnet50_2"),
    "EfficientAD-S": _efficient_ad,
}


def main() -> None:
    """Answer until nothing more is asked."""
    torch.manual_seed(0)
    models = {name: build() for name, build in _MODELS.items()}
    picture = torch.rand(1, 3, _SIDE, _SIDE)
    print(f"ready {torch.__version__}", flush=True)
    with torch.inference_mode():
        for line in sys.stdin:
            spent = time.process_time()
            models[line.strip()](picture)
            print(time.process_time() - spent, flush=True)


if __name__ == "__main__":
    main()
