"""OpenVINO and faiss-cpu, run in an environment of their own: started by ``tools.bench.alternatives``.

Gets a file with what is asked, and prints one line of JSON: milliseconds of a processor, one thread.
"""

import json
import statistics
import sys
import time

import numpy as np

_ROUNDS = 9
_WARM = 2


def _milliseconds(work):  # type: ignore[no-untyped-def]
    seconds = []
    for _ in range(_ROUNDS):
        spent = time.process_time()
        work()
        seconds.append(time.process_time() - spent)
    return 1000 * statistics.median(seconds[_WARM:])


def _openvino(asked):  # type: ignore[no-untyped-def]
    import openvino

    core, found = openvino.Core(), []
    for name, graph, side in asked:
        picture = np.random.default_rng(0).standard_normal((1, 3, side, side)).astype(np.float32)
        for precision in ("f32", "bf16"):
            settings = {"INFERENCE_NUM_THREADS": 1, "INFERENCE_PRECISION_HINT": precision}
            spent = time.process_time()
            request = core.compile_model(graph, "CPU", settings).create_infer_request()
            opening = 1000 * (time.process_time() - spent)
            found.append([name, precision, opening, _milliseconds(lambda r=request, p=picture: r.infer([p]))])
    return openvino.__version__, found


def _faiss(stored, asked):  # type: ignore[no-untyped-def]
    import faiss

    faiss.omp_set_num_threads(1)
    width, heads = stored.shape[1], round(2 * len(stored) ** 0.5)
    flat = faiss.IndexFlatIP(width)
    filed = faiss.IndexIVFFlat(faiss.IndexFlatIP(width), width, heads, faiss.METRIC_INNER_PRODUCT)
    filed.nprobe = 8
    graph = faiss.IndexHNSWFlat(width, 32, faiss.METRIC_INNER_PRODUCT)
    found = []
    truth = None
    for name, index in (("IndexFlatIP", flat), ("IndexIVFFlat, 8 of its lists", filed), ("IndexHNSWFlat", graph)):
        spent = time.process_time()
        index.train(stored)
        index.add(stored)
        building = 1000 * (time.process_time() - spent)
        best = index.search(asked, 1)[0][:, 0]
        truth = best if truth is None else truth
        found.append([name, building, _milliseconds(lambda i=index: i.search(asked, 1)), float((truth - best).max())])
    return faiss.__version__, found


def main() -> None:
    """Answer the question in the file that is named."""
    with np.load(sys.argv[1]) as arrays:
        question = {name: arrays[name] for name in arrays.files}
    openvino_version, trunks = _openvino(json.loads(str(question["trunks"])))
    faiss_version, searches = _faiss(question["stored"], question["asked"])
    answer = {"openvino": openvino_version, "trunks": trunks, "faiss": faiss_version, "searches": searches}
    print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()
